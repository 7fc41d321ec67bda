"""A copy by the workers of a Dask cluster: each takes some files, and tells how they ended.

What travels are addresses and names of endpoints. Workers find the tokens themselves.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from rsdat.stac.copying.engine import Engine
from rsdat.stac.copying.facts import Job, Outcome
from rsdat.stac.copying.one import Policy
from rsdat.stac.copying.places import Places
from rsdat.stac.copying.running import run
from rsdat.stac.copying.signing import Signer
from rsdat.stac.store import portable

#: Files of one task at most: a lost worker costs little.
BATCH = 8
#: Files that wait, for each task: those of a host that is busy must not hold up the others.
_AHEAD = 4 * BATCH

_places: dict[str, Places] = {}
_making = threading.Lock()


@dataclass
class Limits:
    """How much of a copy is under way at once, on all workers together.

    Attributes:
        tasks: At most so many.
        host_tasks: Of these from one host.
        files: Of one task, all at once.
    """

    tasks: int
    host_tasks: int
    files: int

    @classmethod
    def of(cls, at_once: int, per_host: int, threads: int) -> Limits:
        """Such that neither limit is passed, wherever tasks run and however many threads come.

        Args:
            at_once: Files at once.
            per_host: Of these from one host.
            threads: Of the cluster now: with few of them a task copies several files at once.
        """
        files = max(1, min(BATCH, min(at_once, per_host) // max(1, threads)))
        return cls(at_once // files, min(at_once, per_host) // files, files)


@dataclass
class Waiting:
    """Jobs that are still to be sent, by their host, read from a stream as they are needed.

    Args:
        stream: The jobs.
        limits: How much is sent.
        host_of: Tells the host of a job.
        other: Told what in the stream is no job, but failed before.
    """

    stream: Iterator[Job | Outcome]
    limits: Limits
    host_of: Callable[[Job], str]
    other: Callable[[Outcome], object]
    #: Why the stream broke off.
    problem: Exception | None = None
    busy: Counter[str] = field(default_factory=Counter)
    _jobs: dict[str, deque[Job]] = field(default_factory=dict)
    _ended: bool = False

    def batch(self) -> tuple[str, list[Job]]:
        """The next jobs, all of one host; none where all hosts are busy, or nothing is left."""
        if sum(self.busy.values()) >= self.limits.tasks:
            return "", []
        while True:
            waiting = {
                host: len(jobs)
                for host, jobs in self._jobs.items()
                if jobs and self.busy[host] < self.limits.host_tasks
            }
            for host, count in waiting.items():
                if count >= self.limits.files:
                    return host, self._taken(host)
            room = _AHEAD * self.limits.tasks - sum(map(len, self._jobs.values()))
            if not self._ended and room > 0:
                self._read()
                continue
            if not waiting:
                return "", []
            # With very many hosts none may ever have enough for a whole task.
            host = max(waiting, key=lambda each: waiting[each])
            return host, self._taken(host)

    def _taken(self, host: str) -> list[Job]:
        jobs = self._jobs[host]
        return [jobs.popleft() for _ in range(min(len(jobs), self.limits.files))]

    def _read(self) -> None:
        try:
            each = next(self.stream)
        except StopIteration:
            self._ended = True
        except Exception as error:  # noqa: BLE001 - raised when what came before has ended
            self._ended, self.problem = True, error
        else:
            if isinstance(each, Outcome):
                self.other(each)
            else:
                self._jobs.setdefault(self.host_of(each), deque()).append(each)

    def drain(self) -> Iterator[Job]:
        """All that is left."""
        while not self._ended:
            self._read()
            for jobs in self._jobs.values():
                while jobs:
                    yield jobs.popleft()
        for jobs in self._jobs.values():
            while jobs:
                yield jobs.popleft()

    @property
    def ended(self) -> bool:
        """Whether all has been read, and sent."""
        return self._ended and not any(self._jobs.values())


def computers(client: Any) -> int:
    """How many computers the workers of a cluster are on."""
    return max(1, len({urlsplit(address).hostname for address in client.nthreads()}))


def spread(
    client: Any,
    jobs: Iterable[Job | Outcome],
    ended: Callable[[Outcome], object],
    *,
    places: Places,
    options: Mapping[str, Any],
    target_options: Mapping[str, Any],
    how: Mapping[str, Any],
    modifier: Callable[[Any], Any] | None,
    tick: Callable[[], object],
) -> None:
    """Copy files on a cluster.

    Args:
        client: A `distributed.Client`, not an asynchronous one.
        jobs: The files.
        ended: Told how each ended, in this thread.
        places: Tells the hosts of the files.
        options: Without secrets (`rsdat.stac.store.portable`).
        target_options: As `options`.
        how: `overwrite`, `retries`, `trust_items`; and `at_once`, `per_host` of all workers.
        modifier: Signs addresses, on the workers.
        tick: Called again and again.

    Raises:
        RuntimeError: Not all of `jobs` could be sent: never a copy that only seems whole.
        Exception: What reading `jobs` raised, after those that came before have ended.
    """
    from distributed import as_completed

    limits = Limits.of(how["at_once"], how["per_host"], sum(client.nthreads().values()))
    waiting = Waiting(iter(jobs), limits, lambda job: _host(places, job), ended)
    name = f"copy_assets-{uuid.uuid4().hex[:8]}"
    stopped: Outcome | None = None
    running: dict[Any, tuple[Any, str, list[Job]]] = {}
    number = 0
    coming = as_completed([], raise_errors=False)

    def send() -> bool:
        nonlocal number
        if stopped is not None:
            for job in waiting.drain():
                ended(_not_tried(job, stopped))
            return False
        host, batch = waiting.batch()
        if not batch:
            return False
        future = client.submit(
            copy_batch,
            [_travelling(job) for job in batch],
            dict(options),
            dict(target_options),
            dict(how),
            modifier,
            key=f"{name}-{number}",
            pure=False,
            retries=2,
        )
        number += 1
        waiting.busy[host] += 1
        running[future.key] = (future, host, batch)
        coming.add(future)
        return True

    try:
        while True:
            while send():
                pass
            if not running:
                if not waiting.ended:
                    raise RuntimeError("No file is under way, though some are left")
                break
            future = next(coming)
            _, host, batch = running.pop(future.key)
            waiting.busy[host] -= 1
            for outcome in _outcomes(future, batch):
                ended(outcome)
                if outcome.stops:
                    stopped = stopped or outcome
            future.release()
            tick()
    except BaseException:
        client.cancel([future for future, _, _ in running.values()])
        raise
    if waiting.problem is not None:
        raise waiting.problem


def _host(places: Places, job: Job) -> str:
    try:
        return run(places.reading(job.access).host(job.source))
    except Exception:  # noqa: BLE001 - told, with its words, when it is copied
        return ""


def _travelling(job: Job) -> Job:
    return job if job.access is None else replace(job, access=portable(job.access))


def _outcomes(future: Any, batch: list[Job]) -> list[Outcome]:
    if future.status == "finished":
        found: list[Outcome] = future.result()
        return found
    error = future.exception() if future.status == "error" else None
    words = f"The worker that copied it failed ({type(error).__name__ if error else 'cancelled'})"
    hint = "Retry: what arrived is not copied again."
    return [Outcome(job, "failed", reason=words, hint=hint, code="worker") for job in batch]


def _not_tried(job: Job, stopped: Outcome) -> Outcome:
    words = f"Not tried: {stopped.reason}"
    return Outcome(job, "failed", reason=words, hint=stopped.hint, code=stopped.code)


def copy_batch(
    jobs: list[Job],
    options: Mapping[str, Any],
    target_options: Mapping[str, Any],
    how: Mapping[str, Any],
    modifier: Callable[[Any], Any] | None,
) -> list[Outcome]:
    """What a worker does: copy some files, with credentials of its own."""
    outcomes: list[Outcome] = []

    async def work() -> None:
        policy = Policy(
            overwrite=how["overwrite"],
            retries=how["retries"],
            trust_items=how["trust_items"],
            sign=None if modifier is None else Signer(modifier),
        )
        engine = Engine(
            _shared(options, target_options),
            policy,
            at_once=len(jobs),
            per_host=len(jobs),
            ended=outcomes.append,
        )
        await engine.run(jobs)

    run(work())
    return outcomes


def _shared(options: Mapping[str, Any], target_options: Mapping[str, Any]) -> Places:
    """One set of file systems a process: connections are used again."""
    key = json.dumps([options, target_options], sort_keys=True, default=repr)
    with _making:
        return _places.setdefault(key, Places(options, target_options))
