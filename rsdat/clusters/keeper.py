"""Keeps one cluster: looks at its scheduler and jobs, and acts when it is this companion's turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dask.config

from rsdat.base import process
from rsdat.base.clock import Clock
from rsdat.base.errors import DoorBroken, NoSpace, NotFound
from rsdat.clusters import caps
from rsdat.clusters.adaptive import may_grow
from rsdat.clusters.bookkeeping import ends_to_ask, is_held, spelled_out, take_stock, vanished
from rsdat.clusters.caps import Usage, usage_of
from rsdat.clusters.clients import connection
from rsdat.clusters.cost import core_hours
from rsdat.clusters.diagnose import Diagnosis, diagnose
from rsdat.clusters.diagnosis.findings import Inspector
from rsdat.clusters.executor import Executor
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.idle import IdleWatch
from rsdat.clusters.leaving import just_ended, left_early
from rsdat.clusters.link import SchedulerLink, SchedulerSeen, WorkerSeen
from rsdat.clusters.logs import tail
from rsdat.clusters.placement.job import apart, job_state, note_job, strays, to_ask
from rsdat.clusters.reconcile import (
    EndScheduler,
    SchedulerState,
    by_record,
    jobs_of_groups,
    reconcile,
)
from rsdat.clusters.record import Record
from rsdat.clusters.register import others_held
from rsdat.clusters.renewal import being_replaced
from rsdat.clusters.scheduler import find_scheduler
from rsdat.clusters.settled import is_settled
from rsdat.clusters.sizing import Sizing, is_overspent
from rsdat.clusters.view import Observed, cluster_view, fingerprint, jobs_of_workers, warned_of
from rsdat.clusters.wishes import mark_ending, wish_end
from rsdat.queue.interface import Job, Queue

#: Without a scheduler file for so long, the start has failed.
_START_LIMIT = timedelta(seconds=120)
#: A scheduler on another computer that is silent for so long is taken to be gone.
_SILENT_LIMIT = timedelta(seconds=60)


class _LogWantedError(Exception):
    """A diagnosis wants to read a log, which must not be done in the event loop."""


def _no_log(source: str) -> str | None:
    raise _LogWantedError(source)


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
        #: Of the record that was read last; 0 for none.
        self.stamp = 0
        self._home = home
        self._queue = queue
        self._clock = clock
        self._link: SchedulerLink | None = None
        self._sizing = Sizing()
        #: What all other clusters want and have taken.
        self.others: Callable[[], Usage] = Usage
        #: When the job that this companion runs in ends; None where nothing ends it.
        self.jupyter_ends: datetime | None = None
        #: When its end was asked for, while there is no room to write that down.
        self._end_unwritten: datetime | None = None
        self._no_space: NoSpace | None = None
        #: Jobs whose worker was connected at some look since the last stock was taken.
        self._met: set[str] = set()
        #: Core-hours at the last look, with those of jobs that run; counted where there are caps.
        self._taken_h = 0.0
        #: The first look of a row that failed.
        self._silent_since: datetime | None = None
        self._jobs_seen = clock.now()
        self._idle = IdleWatch()
        self._inspector = Inspector(folder, clock)
        self._shown: tuple[Any, ...] | None = None
        #: Record and look with which there was nothing to do.
        self._settled: tuple[int, Observed] | None = None
        self._by_job: tuple[SchedulerSeen | None, dict[str, list[WorkerSeen]]] = (None, {})
        self._executor = Executor(folder, home, queue, clock)

    @property
    def moving(self) -> bool:
        """Whether something is expected to change by itself."""
        record, observed = self.record, self.observed
        if record.phase == "stopped" or self._is_settled():
            return False
        living = [job for job in observed.jobs if not job.ended]
        if record.phase == "failed":
            return bool(living) or any(not job.ended for job in observed.own)
        if self._idle.ends_at(record) is not None:
            return True
        if record.phase == "stopping" or observed.scheduler != "up" or record.leaving:
            return True
        if any(submission.array_id is None for submission in record.submissions):
            return True
        connected = self._connected()
        if any(job.waiting or job.id not in connected for job in living):
            return True
        mine = jobs_of_groups(record, observed.jobs)
        now, seen = self._clock.now(), self._jobs_seen
        if any(being_replaced(record, mine[group.name], now, seen=seen) for group in record.groups):
            return True
        if is_overspent(record, self._taken_h, self.others):
            return True
        if len(connected) == record.wanted:
            return any(group.removing for group in record.groups)
        return not all(is_held(group) for group in record.groups)

    def _is_settled(self) -> bool:
        if self._settled is None:
            return False
        stamp, observed = self._settled
        # The very look, and no other that showed the same: that one was not judged.
        return stamp == self.stamp and observed is self.observed

    def view(self) -> dict[str, Any]:
        """The `Cluster` of docs/api.yaml."""
        view = cluster_view(
            self.record,
            self.observed,
            self.diagnosis,
            self._clock.now(),
            idle_ends=self._idle.ends_at(self.record),
            can_hold=self._queue.can_hold,
            jupyter_ends=self.jupyter_ends,
        )
        return {**view, "connection": connection(self.folder, self.record)}

    def usage(self) -> Usage:
        """What the cluster wants and has taken."""
        known = usage_of(self.record)
        return replace(known, core_hours=max(known.core_hours, self._taken_h))

    def queued(self, group: str | None) -> int:
        """How many jobs of a group, the first for None, wait in the queue."""
        name = group or self.record.first.name
        mine = jobs_of_groups(self.record, self.observed.jobs).get(name, [])
        return sum(job.waiting and job.id not in self.record.leaving for job in mine)

    def job_row(self, job_id: str) -> dict[str, Any]:
        """One job as the `Job` of docs/api.yaml.

        Raises:
            NotFound: There is none.
        """
        for row in self.view()["jobs"]:
            if row["id"] == job_id:
                found: dict[str, Any] = row
                return found
        raise NotFound(f"The cluster has no job '{job_id}' now")

    def changed(self) -> bool:
        """Whether the view is another than at the last call."""
        shown = (
            self.stamp,
            self.diagnosis,
            self._idle.ends_at(self.record),
            self.jupyter_ends,
            warned_of(self.record, self.observed, self._clock.now(), self.jupyter_ends),
            fingerprint(self.observed),
        )
        different = shown != self._shown
        self._shown = shown
        return different

    async def reload(self, stamp: int | None = None) -> bool:
        """Read the record again if somebody replaced it. False: the cluster is gone.

        Args:
            stamp: The record's, if that was looked up just now.
        """
        if stamp is None:
            stamp = await asyncio.to_thread(self.folder.record_stamp)
        if stamp == 0:
            return False
        if stamp != self.stamp:
            try:
                self.record = await asyncio.to_thread(self.folder.read_record)
            except NotFound:
                return False
            self.stamp = stamp
        if self._end_unwritten is not None:
            mark_ending(self.record, self._end_unwritten)
        return True

    def end_unwritten(self, now: datetime) -> None:
        """End the cluster, although there is no room to write that down.

        A companion that has not heard of it finds a dead scheduler and cancels the jobs as well.
        """
        self._end_unwritten = self._end_unwritten or now

    async def refresh(self) -> None:
        """Show what the record says now, after a change of it."""
        await self.reload()
        await self._show(self.observed)

    async def turn(self, jobs: Sequence[Job] | None, *, reloaded: bool = False) -> None:
        """Look at the scheduler, and act if it is our turn.

        Args:
            jobs: The cluster's jobs as the queue lists them now; None where it was not asked or
                gave no answer: then nothing is decided, and the last known jobs stay.
            reloaded: The record was, just now. Before anything is done it is again.

        Raises:
            QueueSilent: The queue stopped answering on the way.
        """
        self.acted = False
        if not reloaded and not await self.reload():
            return
        own = self.observed.own
        if jobs is not None:
            own, jobs = apart(jobs)
            jobs = spelled_out(self.record, jobs)
            self._jobs_seen = self._clock.now()
        state, answer = await self._look(own)
        known = self.observed.jobs if jobs is None else tuple(jobs)
        await self._show(Observed(known, state, answer, own))
        self._met.update(self._connected())
        if jobs is None:
            # So that the queue is asked again when the countdown begins, though nobody looks.
            await self._note_idleness(self.record, state, self._clock.now())
        if self.record.phase == "up":
            running = [job.id for job in known if job.state == "RUNNING"]
            self._inspector.look(answer, running)
        if jobs is not None and is_settled(
            self.record, jobs, own, self._connected(), state, self._clock.now()
        ):
            self._settled = (self.stamp, self.observed)
            return
        try:
            if jobs is not None and self.record.phase != "stopped":
                await self._act(jobs, own, state)
            elif self.record.phase == "stopping" and state in self._endable():
                # The queue is silent, but the workers end when the scheduler does.
                await self._executor.carry_out([EndScheduler()], self.record, self._link, {})
        except NoSpace as problem:
            self._no_space = problem
        else:
            if jobs is not None:
                self._no_space = None
        finally:
            await self.reload()
            await self._show(self.observed)

    async def close(self) -> None:
        """Close the line to the scheduler. The cluster lives on."""
        await self._inspector.close()
        await self._close_link()

    async def _close_link(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    def _workers(self, answer: SchedulerSeen | None) -> dict[str, list[WorkerSeen]]:
        """Connected workers by job; sorted once for every answer."""
        if self._by_job[0] is not answer:
            workers = answer.workers if answer else ()
            self._by_job = (answer, jobs_of_workers(self.folder.id, workers))
        return self._by_job[1]

    def _connected(self) -> list[str]:
        return list(self._workers(self.observed.answer))

    def _endable(self) -> tuple[SchedulerState, ...]:
        # Its own job can only be cancelled by asking the queue.
        return ("up",) if self.record.mode == "job" else ("up", "starting", "silent")

    async def _look(self, own: Sequence[Job]) -> tuple[SchedulerState, SchedulerSeen | None]:
        if self.record.mode == "job":
            return await self._look_at_job(own)
        scheduler = self.record.scheduler
        living = None
        if scheduler is not None and scheduler.pid:
            # First, because an address where nobody listens costs seconds.
            facts = (scheduler.host, scheduler.pid, scheduler.birth)
            living = process.alive(*facts)  # /proc has it in memory
            if living is False:
                await self.close()
                return "dead", None
        link = await self._line()
        now = self._clock.now()
        seen = await self._ask(link)
        if seen is not None:
            self._silent_since = None
            return "up", seen
        if scheduler is None:
            return "none", None
        if scheduler.pid == 0:
            return await self._unwritten(), None
        if scheduler.dask_id is None and living:
            late = now - scheduler.started > _START_LIMIT
            return ("dead" if late else "starting"), None
        if living is None:
            # Not since it last answered: we may have been away, or busy, ourselves.
            self._silent_since = self._silent_since or now
            if now - self._silent_since > _SILENT_LIMIT:
                return "dead", None
        return "silent", None

    async def _look_at_job(self, own: Sequence[Job]) -> tuple[SchedulerState, SchedulerSeen | None]:
        record, now = self.record, self._clock.now()
        state = job_state(record, own, now, has_file=self._link is not None)
        if state in ("none", "dead"):
            await self.close()
            return state, None
        link = await self._line()
        seen = await self._ask(link)
        if seen is not None:
            return "up", seen
        return job_state(record, own, now, has_file=link is not None), None

    async def _line(self) -> SchedulerLink | None:
        """The line that the scheduler file leads to, if there is one."""
        if self._link is None:
            self._link = await asyncio.to_thread(SchedulerLink.open, self.folder)
        return self._link

    async def _ask(self, link: SchedulerLink | None) -> SchedulerSeen | None:
        """What the cluster's own scheduler says; None where it does not."""
        known = self.record.scheduler
        if link is None or (known is not None and known.dask_id not in (None, link.dask_id)):
            return None
        try:
            seen = await link.look()
        except DoorBroken:
            # The file may have been replaced since.
            await self._close_link()
            return None
        await self._note_reached(seen)
        return seen

    async def _note_reached(self, seen: SchedulerSeen) -> None:
        def note(record: Record) -> None:
            if record.scheduler is not None:
                record.scheduler.dask_id = seen.dask_id

        known = self.record.scheduler
        if known is not None and known.dask_id is None:
            self.record = await asyncio.to_thread(self.folder.note, note, self.record)

    async def _unwritten(self) -> SchedulerState:
        # A companion was about to start it. Is it there, or did nothing come of it?
        assert self.record.scheduler is not None  # noqa: S101 - the caller has looked
        found = await asyncio.to_thread(find_scheduler, self.folder, self.record.scheduler.started)
        if found is not None:
            self.record = await asyncio.to_thread(
                self.folder.note, lambda r: setattr(r, "scheduler", found), self.record
            )
            return "starting"
        return "none"

    async def _act(self, jobs: Sequence[Job], own: Sequence[Job], state: SchedulerState) -> None:
        lock = await self.folder.take_act_lock()
        if lock is None:
            return  # another companion acts; the next look shows what it did
        try:
            # An sbatch that outlives us must have ended before anybody else looks for its jobs.
            with lock.handed_on():
                await self._act_locked(jobs, own, state)
        finally:
            lock.release()

    async def _act_locked(
        self, jobs: Sequence[Job], own: Sequence[Job], state: SchedulerState
    ) -> None:
        now = self._clock.now()
        connected = self._connected()
        # Also those that died since: theirs is another fault than never having come.
        met = frozenset(self._met)
        if not await self.reload():
            return
        record = self.record
        lost = vanished(record, jobs, now)
        own_asked = to_ask(record, own, now)
        asked = [*lost, *ends_to_ask(record, jobs), *own_asked]
        recalled = await self._queue.ended(asked) if asked else []
        forgotten = set(lost) - {job.id for job in recalled}
        target = await self._target(record, state)
        await self._note_idleness(record, state, now)
        answer = self.observed.answer
        others = self.others()  # here: the other clusters may change while a thread counts them
        fresh = just_ended(record, jobs, lost)
        left = await asyncio.to_thread(left_early, self.folder, fresh) if fresh else frozenset()

        def book(record: Record, others: Usage = others) -> None:
            if self._end_unwritten is not None:
                mark_ending(record, self._end_unwritten)
            for submission in record.submissions:
                # Nobody else can be submitting while we hold the lock: it was cut off.
                submission.unsure = submission.unsure or submission.array_id is None
            note_job(record, own, now, asked=own_asked, told=recalled)
            told = [job for job in recalled if job.id not in own_asked]
            take_stock(record, jobs, met, now, recalled=told, forgotten=forgotten, left=left)
            self._sizing.apply(record, jobs, target, now, others)

        # Who ends must not need room for that; whoever else acts has to write it down first.
        if record.phase == "up":
            self.record = record = await asyncio.to_thread(
                self._write_down, book, others, grows=may_grow(record.groups, target)
            )
        else:
            self.record = record = await asyncio.to_thread(self.folder.note, book, record)
        self._met -= met
        if self._idle.is_over(record, now):
            await self._end_idle(now)
            return
        state = by_record(record, state)
        actions = reconcile(record, jobs, connected, state, now, strays=strays(record, own))
        if actions:
            self.acted = True
            workers = self._workers(answer)
            await self._executor.carry_out(actions, record, self._link, workers)

    def _write_down(
        self, book: Callable[[Record, Usage], None], others: Usage, *, grows: bool
    ) -> Record:
        if not grows:
            return self.folder.update(lambda record: book(record, others))
        # As last seen, two clusters would both take what is left under a cap of all.
        with others_held(self._home, self.folder.id) as held:
            held = replace(held, core_hours=others.core_hours)
            return self.folder.update(lambda record: book(record, held))

    async def _target(self, record: Record, state: SchedulerState) -> int | None:
        if not record.adapting or state != "up" or self._link is None:
            return None
        try:
            return await self._link.target()
        except DoorBroken:
            return None

    async def _note_idleness(self, record: Record, state: SchedulerState, now: datetime) -> None:
        if record.idle_after is None or record.phase != "up" or self._link is None:
            self._idle.forget()
        elif state == "up":
            try:
                self._idle.note(idle=await self._link.idle(), now=now)
            except DoorBroken:
                # Not known to be idle; who does not answer may well be busy.
                self._idle.forget()

    async def _end_idle(self, now: datetime) -> None:
        await asyncio.to_thread(wish_end, self.folder, now, "idle")
        self.acted = True

    async def _show(self, observed: Observed) -> None:
        def look(read: Callable[[str], str | None]) -> Diagnosis | None:
            return diagnose(
                self.record,
                observed.jobs,
                list(self._workers(observed.answer)),
                observed.scheduler,
                self._clock.now(),
                read,
                findings=self._inspector.findings,
                own=observed.own,
            )

        try:
            # Most of the time nothing is wrong, and no log needs to be read.
            diagnosis = look(_no_log)
        except _LogWantedError:
            diagnosis = await asyncio.to_thread(look, lambda source: tail(self.folder, source))
        if self._no_space is not None:
            diagnosis = Diagnosis(self._no_space.message, self._no_space.hint)
        # Together, so that nobody sees a failed cluster without its reason.
        self.observed, self.diagnosis = observed, diagnosis
        if dask.config.get(caps.KEY, None):
            mine = jobs_of_groups(self.record, observed.jobs)
            self._taken_h = core_hours(self.record, mine, self._clock.now())
