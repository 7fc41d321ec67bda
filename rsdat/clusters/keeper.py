"""Keeps one cluster: looks at its scheduler and jobs, and acts when it is this companion's turn."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from rsdat.base.clock import Clock
from rsdat.base.errors import DoorBroken, NotFound
from rsdat.clusters import process
from rsdat.clusters.bookkeeping import ends_to_ask, is_held, spelled_out, take_stock, vanished
from rsdat.clusters.diagnose import Diagnosis, diagnose
from rsdat.clusters.executor import Executor
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.link import SchedulerLink, SchedulerSeen
from rsdat.clusters.logs import tail
from rsdat.clusters.reconcile import EndScheduler, SchedulerState, reconcile
from rsdat.clusters.record import Record
from rsdat.clusters.rhythm import AdaptiveSize
from rsdat.clusters.scheduler import find_scheduler
from rsdat.clusters.view import Observed, cluster_view, jobs_of_workers, without_clock
from rsdat.queue.interface import Job, Queue

#: Without a scheduler file for so long, the start has failed.
_START_LIMIT = timedelta(seconds=120)
#: A scheduler on another computer that is silent for so long is taken to be gone.
_SILENT_LIMIT = timedelta(seconds=60)


class Keeper:
    """One cluster as this companion knows it. `close` it."""

    def __init__(
        self, folder: ClusterFolder, record: Record, home: Path, queue: Queue, clock: Clock
    ) -> None:
        self.folder = folder
        self.record = record
        self.observed = Observed()
        self.diagnosis: Diagnosis | None = None
        #: After it acted, the next look should come soon.
        self.acted = False
        self._stamp = 0
        self._queue = queue
        self._clock = clock
        self._link: SchedulerLink | None = None
        self._size = AdaptiveSize()
        self._silent_since = clock.now()
        self._shown: dict[str, Any] | None = None
        self._executor = Executor(folder, home, queue, clock)

    @property
    def moving(self) -> bool:
        """Whether something is expected to change by itself."""
        record, observed = self.record, self.observed
        if record.phase == "stopped":
            return False
        living = [job for job in observed.jobs if not job.ended]
        if record.phase == "failed":
            return bool(living)
        if record.phase == "stopping" or observed.scheduler != "up" or record.leaving:
            return True
        if any(submission.array_id is None for submission in record.submissions):
            return True
        connected = self._connected()
        if any(job.waiting or job.id not in connected for job in living):
            return True
        return len(connected) != record.wanted and not is_held(record)

    def view(self) -> dict[str, Any]:
        """The `Cluster` of docs/api.yaml."""
        return cluster_view(self.record, self.observed, self.diagnosis, self._clock.now())

    def changed(self) -> bool:
        """Whether the view is another than at the last call."""
        shown = without_clock(self.view())
        different = shown != self._shown
        self._shown = shown
        return different

    async def reload(self) -> bool:
        """Read the record again if somebody replaced it. False: the cluster is gone."""
        stamp = await asyncio.to_thread(self.folder.record_stamp)
        if stamp == 0:
            return False
        if stamp != self._stamp:
            try:
                self.record = await asyncio.to_thread(self.folder.read_record)
            except NotFound:
                return False
            self._stamp = stamp
        return True

    async def refresh(self) -> None:
        """Show what the record says now, after a change of it."""
        await self.reload()
        await self._show(self.observed)

    async def turn(self, jobs: Sequence[Job] | None) -> None:
        """Look at the scheduler, and act if it is our turn.

        Args:
            jobs: The cluster's jobs as the queue lists them now; None where it was not asked or
                gave no answer: then nothing is decided, and the last known jobs stay.

        Raises:
            QueueSilent: The queue stopped answering on the way.
        """
        self.acted = False
        if not await self.reload():
            return
        if jobs is not None:
            jobs = spelled_out(self.record, jobs)
        state, answer = await self._look()
        known = self.observed.jobs if jobs is None else tuple(jobs)
        await self._show(Observed(known, state, answer))
        try:
            if jobs is not None and self.record.phase != "stopped":
                await self._act(jobs, state)
            elif self.record.phase == "stopping" and state in ("up", "starting", "silent"):
                # The queue is silent, but the workers end when the scheduler does.
                await self._executor.carry_out([EndScheduler()], self.record, self._link, {})
        finally:
            await self.reload()
            await self._show(self.observed)

    async def close(self) -> None:
        """Close the line to the scheduler. The cluster lives on."""
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    def _connected(self) -> list[str]:
        answer = self.observed.answer
        return list(jobs_of_workers(self.folder.id, answer.workers if answer else ()))

    async def _look(self) -> tuple[SchedulerState, SchedulerSeen | None]:
        scheduler = self.record.scheduler
        living = None
        if scheduler is not None and scheduler.pid:
            # First, because an address where nobody listens costs seconds.
            facts = (scheduler.host, scheduler.pid, scheduler.birth)
            living = await asyncio.to_thread(process.alive, *facts)
            if living is False:
                await self.close()
                return "dead", None
        if self._link is None:
            self._link = await asyncio.to_thread(SchedulerLink.open, self.folder)
        link = self._link
        now = self._clock.now()
        if link is not None and (scheduler is None or scheduler.dask_id in (None, link.dask_id)):
            try:
                seen = await link.look()
            except DoorBroken:
                # The file may have been replaced since.
                await self.close()
            else:
                self._silent_since = now
                await self._note_reached(seen)
                return "up", seen
        if scheduler is None:
            return "none", None
        if scheduler.pid == 0:
            return await self._unwritten(), None
        if scheduler.dask_id is None and living:
            late = now - scheduler.started > _START_LIMIT
            return ("dead" if late else "starting"), None
        if living is None and now - self._silent_since > _SILENT_LIMIT:
            return "dead", None
        return "silent", None

    async def _note_reached(self, seen: SchedulerSeen) -> None:
        def note(record: Record) -> None:
            if record.scheduler is not None:
                record.scheduler.dask_id = seen.dask_id

        known = self.record.scheduler
        if known is not None and known.dask_id is None:
            self.record = await asyncio.to_thread(self.folder.update, note)

    async def _unwritten(self) -> SchedulerState:
        # A companion was about to start it. Is it there, or did nothing come of it?
        assert self.record.scheduler is not None  # noqa: S101 - the caller has looked
        found = await asyncio.to_thread(find_scheduler, self.folder, self.record.scheduler.started)
        if found is not None:
            self.record = await asyncio.to_thread(
                self.folder.update, lambda r: setattr(r, "scheduler", found)
            )
            return "starting"
        return "none"

    async def _act(self, jobs: Sequence[Job], state: SchedulerState) -> None:
        lock = await asyncio.to_thread(self.folder.take_act_lock)
        if lock is None:
            return  # another companion acts; the next look shows what it did
        try:
            await self._act_locked(jobs, state)
        finally:
            lock.release()

    async def _act_locked(self, jobs: Sequence[Job], state: SchedulerState) -> None:
        now = self._clock.now()
        connected = self._connected()
        if not await self.reload():
            return
        record = self.record
        lost = vanished(record, jobs, now)
        asked = [*lost, *ends_to_ask(record, jobs)]
        recalled = await self._queue.ended(asked) if asked else []
        forgotten = set(lost) - {job.id for job in recalled}
        target = await self._target(record, state)
        answer = self.observed.answer

        def book(record: Record) -> None:
            for submission in record.submissions:
                # Nobody else can be submitting while we hold the lock: it was cut off.
                submission.unsure = submission.unsure or submission.array_id is None
            take_stock(record, jobs, connected, now, recalled=recalled, forgotten=forgotten)
            if target is not None and record.adapt is not None:
                record.wanted = self._size.follow(record.wanted, target, record.adapt, now)

        self.record = record = await asyncio.to_thread(self.folder.update, book)
        actions = reconcile(record, jobs, connected, state, now)
        if actions:
            self.acted = True
            workers = jobs_of_workers(self.folder.id, answer.workers if answer else ())
            await self._executor.carry_out(actions, record, self._link, workers)

    async def _target(self, record: Record, state: SchedulerState) -> int | None:
        if record.adapt is None or state != "up" or self._link is None:
            return None
        try:
            return await self._link.target()
        except DoorBroken:
            return None

    async def _show(self, observed: Observed) -> None:
        workers = observed.answer.workers if observed.answer else ()
        diagnosis = await asyncio.to_thread(
            diagnose,
            self.record,
            observed.jobs,
            list(jobs_of_workers(self.folder.id, workers)),
            observed.scheduler,
            self._clock.now(),
            lambda source: tail(self.folder, source),
        )
        # Together, so that nobody sees a failed cluster without its reason.
        self.observed, self.diagnosis = observed, diagnosis
