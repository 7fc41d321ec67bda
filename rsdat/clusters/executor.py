"""Carries out what `reconcile` decided, writing down beforehand what could be lost."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rsdat.base import process
from rsdat.base.clock import Clock
from rsdat.base.errors import DoorBroken, NoSpace, NotPermitted, QueueSilent, RsdatError
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.link import SchedulerLink, WorkerSeen
from rsdat.clusters.naming import group_resource, worker_job
from rsdat.clusters.placement.submit import (
    after_scheduler,
    cancel_quietly,
    cancel_scheduler,
    submit_scheduler,
)
from rsdat.clusters.reconcile import (
    END_LIMIT,
    Action,
    Cancel,
    EndScheduler,
    EndStrays,
    Fail,
    Finish,
    Forget,
    Retire,
    StartScheduler,
    Submit,
)
from rsdat.clusters.record import Group, Record, SchedulerProcess
from rsdat.clusters.scheduler import (
    end_process,
    find_scheduler,
    listen_host,
    start_scheduler,
)
from rsdat.clusters.script import ScriptPaths, render_script
from rsdat.clusters.submitting import Submitter
from rsdat.queue.interface import Queue


@dataclass
class Executor:
    """Acts for one cluster. Its caller holds the cluster's act lock."""

    folder: ClusterFolder
    home: Path
    queue: Queue
    clock: Clock

    async def carry_out(
        self,
        actions: Sequence[Action],
        record: Record,
        link: SchedulerLink | None,
        workers: Mapping[str, Sequence[WorkerSeen]],
    ) -> None:
        """Do all of it. What goes wrong is written into the record, or tried again next time.

        Args:
            actions: As `reconcile` gave them.
            record: What it decided upon.
            link: To the scheduler, if there is one.
            workers: Connected workers by job.

        Raises:
            QueueSilent: The queue did not answer; what it was asked may have happened.
        """
        if record.mode == "job" and any(isinstance(each, StartScheduler) for each in actions):
            # First: the workers' jobs name it.
            submitted = await self._submit_scheduler(record)
            if submitted is None:
                return
            record = submitted
            actions = [each for each in actions if not isinstance(each, StartScheduler)]
        # Scheduler and workers at once: workers wait for the scheduler, people for both.
        at_once = [self._one(action, record, link, workers) for action in actions]
        results = await asyncio.gather(*at_once, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _one(
        self,
        action: Action,
        record: Record,
        link: SchedulerLink | None,
        workers: Mapping[str, Sequence[WorkerSeen]],
    ) -> None:
        if isinstance(action, StartScheduler):
            await self._start_scheduler(record)
        elif isinstance(action, Submit):
            await self._submit(action, record)
        elif isinstance(action, Cancel):
            await self._cancel(action.jobs, record)
        elif isinstance(action, Retire):
            if link is not None:
                await self._retire(action, link, workers)
        elif isinstance(action, Forget):
            await self._forget(action.group)
        elif isinstance(action, Fail):
            await self._fail(record)
        elif isinstance(action, EndScheduler):
            await self._end_scheduler(record, link)
        elif isinstance(action, EndStrays):
            await cancel_quietly(self.queue, action.jobs)
        elif isinstance(action, Finish):
            await self._finish()

    async def _start_scheduler(self, record: Record) -> None:
        now = self.clock.now()
        host = process.this_host()

        def start() -> None:
            # Written down first, without a process: a companion that dies on the next line leaves
            # something that its successor looks for by its command line.
            found = find_scheduler(self.folder, now)
            if found is None:
                self.folder.update(
                    lambda r: setattr(r, "scheduler", SchedulerProcess(host, 0, "", now))
                )
                address = listen_host(
                    local=self.queue.kind == "local", interface=record.first.options.interface
                )
                found = start_scheduler(self.folder, address, self.home, now)
            self.folder.update(lambda r: setattr(r, "scheduler", found))
            self.folder.add_event(now, "scheduler_started", pid=found.pid, host=host)

        try:
            await asyncio.to_thread(start)
        except NoSpace:
            raise  # it starts as soon as there is room
        except RsdatError as error:
            await self._trouble(error)
            await self._fail(record)

    async def _submit_scheduler(self, record: Record) -> Record | None:
        try:
            record = await submit_scheduler(self.folder, self.home, self.queue, record, self.clock)
        except QueueSilent:
            await self._event("scheduler_unsure")
            raise
        except NoSpace:
            raise
        except RsdatError as error:
            await self._trouble(error)
            await self._fail(record)
            return None
        job = record.scheduler_job.id if record.scheduler_job else None
        await self._event("scheduler_submitted", job=job)
        return record

    async def _submit(self, action: Submit, record: Record) -> None:
        tasks, group_name = action.tasks, action.group
        group = record.group(group_name)
        if group is None:
            return  # removed since this was decided
        directives = after_scheduler(record) if action.after else ()
        if directives is None:
            return  # with a later look, when the scheduler's job is known
        submitter = Submitter(self.folder, self.queue, self.clock, self._event)
        await submitter.submit(tasks, group_name, lambda: self._script(group, directives))

    async def _forget(self, name: str) -> None:
        def forget(record: Record) -> None:
            record.groups = [
                group for group in record.groups if group.name != name or not group.removing
            ]

        await asyncio.to_thread(self.folder.update, forget)
        await self._event("group_removed", group=name)

    def _script(self, group: Group, directives: Sequence[str]) -> str:
        paths = ScriptPaths.of(self.folder, self.home)
        resources = {group_resource(group.name): 1, **group.resources}
        return render_script(
            self.folder.id, group.options, paths, resources=resources, directives=directives
        )

    async def _cancel(self, jobs: Sequence[str], record: Record | None = None) -> None:
        now = self.clock.now()
        await asyncio.to_thread(
            self.folder.note, lambda r: r.leaving.update(dict.fromkeys(jobs, now)), record
        )
        try:
            await self.queue.cancel(jobs)
        except NotPermitted as error:
            await self._trouble(error)
            return
        await self._event("cancelled", jobs=list(jobs))

    async def _retire(
        self, action: Retire, link: SchedulerLink, workers: Mapping[str, Sequence[WorkerSeen]]
    ) -> None:
        now = self.clock.now()
        try:
            count = sum(map(len, workers.values()))
            order = await link.order_to_close(count, idle_only=action.idle_only)
            jobs = jobs_to_retire(self.folder.id, order, action)
            if not jobs:
                return
            await asyncio.to_thread(
                self.folder.update, lambda r: r.leaving.update(dict.fromkeys(jobs, now))
            )
            names = [worker.name for job in jobs for worker in workers.get(job, ())]
            gone = set(await link.retire(names))
        except DoorBroken:
            # Perhaps half done. Those that left are seen gone; the others are chosen anew.
            await asyncio.to_thread(self.folder.update, lambda r: _stay(r, action.candidates))
            return
        stayed = [
            job for job in jobs if any(worker.name not in gone for worker in workers.get(job, ()))
        ]
        await self._event("retired", jobs=[job for job in jobs if job not in stayed], stayed=stayed)
        if stayed and action.to_nothing:
            await self._cancel(stayed)
        elif stayed:
            await asyncio.to_thread(self.folder.update, lambda r: _stay(r, stayed))

    async def _fail(self, record: Record) -> None:
        if record.scheduler_job is not None:
            if record.scheduler_job.ended is None:
                await cancel_scheduler(self.folder, self.queue, self.clock.now())
        elif record.scheduler is not None:
            await end_process(record.scheduler)
        await asyncio.to_thread(self.folder.note, _mark_failed, record)
        await self._event("failed")

    async def _end_scheduler(self, record: Record, link: SchedulerLink | None) -> None:
        if link is not None:
            await link.terminate()
        if record.mode == "job":
            # One that still answers so long after it was told to end hangs in its ending.
            asked = record.stop_asked
            hangs = asked is not None and self.clock.now() - asked > END_LIMIT
            if link is None or hangs:
                job = await cancel_scheduler(self.folder, self.queue, self.clock.now())
                await self._event("scheduler_cancelled", job=job)
            return
        scheduler = record.scheduler
        if scheduler is not None and scheduler.pid == 0:
            scheduler = await asyncio.to_thread(find_scheduler, self.folder, scheduler.started)
        if scheduler is not None and await end_process(scheduler):
            await self._event("scheduler_ended")

    async def _finish(self) -> None:
        left = await asyncio.to_thread(find_scheduler, self.folder, self.clock.now())
        if left is not None and not await end_process(left):
            return

        def stop() -> None:
            self.folder.drop_secrets()
            self.folder.update(lambda r: _mark_stopped(r, self.clock.now()))

        await asyncio.to_thread(stop)
        await self._event("stopped")

    async def _trouble(self, error: RsdatError) -> None:
        await asyncio.to_thread(
            self.folder.update,
            lambda r: setattr(r, "problem", {"message": error.message, "hint": error.hint}),
        )

    async def _event(self, what: str, **facts: object) -> None:
        await asyncio.to_thread(self.folder.add_event, self.clock.now(), what, **facts)


def jobs_to_retire(cluster_id: str, order: Sequence[str], action: Retire) -> list[str]:
    """Which jobs go: those whose last worker comes first in the scheduler's order."""
    rank: dict[str, int] = {}
    for position, name in enumerate(order):
        job = worker_job(cluster_id, name)
        if job in action.candidates:
            rank[job] = position
    return sorted(rank, key=lambda job: rank[job])[: action.count]


def _stay(record: Record, jobs: Sequence[str]) -> None:
    for job in jobs:
        record.leaving.pop(job, None)


def _mark_failed(record: Record) -> None:
    if record.phase == "up":
        record.phase = "failed"
        record.end_reason = "failed"


def _mark_stopped(record: Record, now: datetime) -> None:
    record.phase = "stopped"
    record.stopped = now
