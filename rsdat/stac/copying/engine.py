"""Many files at once: bounded over all and for each host, whatever fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import islice

from rsdat.stac.copying.facts import Job, Outcome
from rsdat.stac.copying.one import Policy, copy_one
from rsdat.stac.copying.places import Places
from rsdat.stac.copying.staging import Staging

#: Jobs that wait, for each that runs: enough to keep all busy, few enough for any memory.
_AHEAD = 4
_BATCH = 32


class Engine:
    """Copies the files of a stream of jobs.

    Args:
        places: Both ends.
        policy: How.
        at_once: Files at once.
        per_host: Of these from one host.
        ended: Told how each ended, in the event loop.
        staging: Brings what is on tape to disk, and copies it then; None reports it.
        room: Awaited after each file, before the next: whoever is told may need time.
    """

    def __init__(
        self,
        places: Places,
        policy: Policy,
        *,
        at_once: int,
        per_host: int,
        ended: Callable[[Outcome], object],
        staging: Staging | None = None,
        room: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._places = places
        self._policy = policy
        self._at_once = at_once
        self._per_host = per_host
        self._hosts: dict[str, asyncio.Semaphore] = {}
        self._ended = ended
        self._staging = staging
        self._room = room
        self._taped: list[Job] = []
        self._stopped: dict[str, Outcome] = {}
        self._problem: Exception | None = None

    async def run(self, jobs: Iterable[Job | Outcome]) -> None:
        """Copy them all. `jobs` is read in a thread, and only as fast as files are copied.

        Raises:
            Exception: What reading `jobs` raised, after those that came before have ended.
        """
        await self._run(iter(jobs))
        if self._taped and self._staging is not None:
            taped, self._taped = self._taped, []
            staging, self._staging = self._staging, None
            async for ready in staging.ready(taped):
                await self._run(iter(ready))

    async def _run(self, jobs: Iterator[Job | Outcome]) -> None:
        queue: asyncio.Queue[Job | None] = asyncio.Queue(self._at_once * _AHEAD)
        workers = [asyncio.create_task(self._work(queue)) for _ in range(self._at_once)]
        try:
            await self._feed(jobs, queue)
            for _ in workers:
                await queue.put(None)
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        if self._problem is not None:
            raise self._problem

    async def _feed(self, jobs: Iterator[Job | Outcome], queue: asyncio.Queue[Job | None]) -> None:
        problem: Exception | None = None
        while problem is None:
            batch, problem = await asyncio.to_thread(_take, jobs)
            if not batch and problem is None:
                return
            for each in batch:
                if isinstance(each, Outcome):
                    self._ended(each)
                else:
                    await queue.put(each)
        # Raised when those that came before have ended.
        self._problem = self._problem or problem

    async def _work(self, queue: asyncio.Queue[Job | None]) -> None:
        while (job := await queue.get()) is not None:
            outcome = await self._copy(job)
            if outcome.code == "on_tape" and self._staging is not None:
                self._taped.append(job)
                continue
            try:
                self._ended(outcome)
            except Exception as error:  # noqa: BLE001 - or the others would wait for ever
                self._problem = self._problem or error
            if self._room is not None:
                await self._room()

    async def _copy(self, job: Job) -> Outcome:
        try:
            host = await self._places.reading(job.access).host(job.source)
        except Exception:  # noqa: BLE001 - told, with its words, when it is copied
            host = ""
        limit = self._hosts.setdefault(host, asyncio.Semaphore(self._per_host))
        async with limit:
            stopped = self._stopped.get("") or self._stopped.get(host)
            if stopped is not None:
                return Outcome(
                    job,
                    "failed",
                    reason=f"Not tried: {stopped.reason}",
                    hint=stopped.hint,
                    code=stopped.code,
                )
            outcome = await copy_one(job, self._places, self._policy)
            if outcome.stops:
                self._stopped.setdefault("" if outcome.stops == "all" else host, outcome)
            return outcome


def _take(jobs: Iterator[Job | Outcome]) -> tuple[list[Job | Outcome], Exception | None]:
    """The next ones, and why there are no more, if reading them failed."""
    batch: list[Job | Outcome] = []
    try:
        for job in islice(jobs, _BATCH):
            batch.append(job)  # noqa: PERF402 - those before a failure count
    except Exception as error:  # noqa: BLE001 - raised by the engine
        return batch, error
    return batch, None
