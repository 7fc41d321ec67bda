"""What the queue last said, for all clusters at once: one question at a time, nobody kept waiting.

A Slurm that hangs takes its full time limit for every answer. So questions run beside the work:
who needs an answer waits for it a moment, and goes on with what is known.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeVar

from rsdat.base.clock import Clock, to_iso
from rsdat.base.errors import QueueSilent, RsdatError
from rsdat.clusters.naming import JOB_PREFIX
from rsdat.queue.interface import Job, Queue, Site

_log = logging.getLogger(__name__)

#: So long an answer is worth waiting for where there is something to do without it.
PATIENCE_S = 2.0
_SITE_KEPT_S = 300.0

_T = TypeVar("_T")


class Outlook:
    """Jobs and site as the queue last told them, and whether it answers. `close` it.

    Args:
        on_trouble: Called when the queue falls silent, and when it answers again.
        on_answer: Called when an answer has come that nobody waited for any more.
    """

    def __init__(
        self,
        queue: Queue,
        clock: Clock,
        *,
        on_trouble: Callable[[], None],
        on_answer: Callable[[], None],
    ) -> None:
        self._queue = queue
        self._clock = clock
        self._on_trouble = on_trouble
        self._on_answer = on_answer
        self._jobs_task: asyncio.Task[list[Job]] | None = None
        self._site_task: asyncio.Task[Site] | None = None
        self._site: tuple[float, Site] | None = None
        #: When it last listed the jobs.
        self.seen: datetime | None = None
        #: What kept it from answering; None while it answers.
        self.problem: RsdatError | None = None
        #: Questions in a row without an answer.
        self.silences = 0

    @property
    def asking(self) -> bool:
        """The list of jobs was asked for, and its answer not taken yet."""
        return self._jobs_task is not None

    def as_dict(self) -> dict[str, Any]:
        """`queue_problem` and `queue_seen` of ClusterList in docs/api.yaml."""
        problem = self.problem
        return {
            "queue_problem": (
                {"message": problem.message, "hint": problem.hint} if problem else None
            ),
            "queue_seen": to_iso(self.seen) if self.seen else None,
        }

    async def jobs(self) -> Sequence[Job] | None:
        """All jobs of all clusters; None where there is no answer, or none yet: ask again."""
        task = self._jobs_task
        if task is None:
            task = self._jobs_task = self._ask(self._queue.jobs(JOB_PREFIX), "jobs")
            await asyncio.wait({task}, timeout=PATIENCE_S)
            if not task.done():
                task.add_done_callback(lambda _: self._on_answer())
        if not task.done():
            return None
        self._jobs_task = None
        try:
            jobs = task.result()
        except RsdatError as silence:
            self.note_silence(silence)
            return None
        except Exception as error:  # noqa: BLE001 - a bug in reading an answer is no answer
            if self.problem is None:
                _log.exception("What the queue said can't be read")
            self.note_silence(
                QueueSilent(
                    f"What the queue said can't be read ({type(error).__name__})",
                    hint="The Jupyter server's log tells more.",
                )
            )
            return None
        self.silences = 0
        self.seen = self._clock.now()
        if self.problem is not None:
            self.problem = None
            self._on_trouble()
        return jobs

    def note_silence(self, silence: RsdatError) -> None:
        """The queue did not answer, whoever asked it."""
        self.silences += 1
        first, self.problem = self.problem is None, silence
        if first:
            self._on_trouble()

    async def site(self) -> Site:
        """The site, at most five minutes old; older where the queue is silent.

        Raises:
            QueueSilent: The queue does not answer, and never did.
        """
        site = await self.known_site()
        if site is not None:
            return site
        if self.problem is not None:
            raise self.problem
        return await asyncio.shield(self._ask_site())

    async def known_site(self) -> Site | None:
        """The site as far as it is known, or can be told within a moment."""
        if self._site is None or self._clock.monotonic_s() - self._site[0] > _SITE_KEPT_S:
            await asyncio.wait({self._ask_site()}, timeout=PATIENCE_S)
        return self._site[1] if self._site is not None else None

    def last_site(self) -> Site | None:
        """The site as last told, however old; asks nobody."""
        return self._site[1] if self._site is not None else None

    async def close(self) -> None:
        """End the questions under way."""
        tasks = [task for task in (self._jobs_task, self._site_task) if task is not None]
        self._jobs_task = self._site_task = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ask_site(self) -> asyncio.Task[Site]:
        if self._site_task is None or self._site_task.done():
            self._site_task = self._ask(self._learn_site(), "site")
        return self._site_task

    async def _learn_site(self) -> Site:
        site = await self._queue.site()
        self._site = (self._clock.monotonic_s(), site)
        return site

    @staticmethod
    def _ask(question: Coroutine[Any, Any, _T], what: str) -> asyncio.Task[_T]:
        task = asyncio.create_task(question, name=f"rsdat asks for {what}")
        # Read, because nobody may be waiting any more: asyncio would complain of it at the end.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task
