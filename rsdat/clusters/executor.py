"""Carries out what `reconcile` decided, writing down beforehand what could be lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rsdat.base.clock import Clock
from rsdat.base.errors import DoorBroken, NotPermitted, QueueSilent, RsdatError
from rsdat.base.files import write_text
from rsdat.clusters import process
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.link import SchedulerLink, WorkerSeen
from rsdat.clusters.naming import group_resource, job_name, new_token, worker_job
from rsdat.clusters.reconcile import (
    Action,
    Cancel,
    EndScheduler,
    Fail,
    Finish,
    Forget,
    Retire,
    StartScheduler,
    Submit,
)
from rsdat.clusters.record import Group, Record, SchedulerProcess, Submission
from rsdat.clusters.scheduler import (
    end_process,
    find_scheduler,
    listen_host,
    start_scheduler,
)
from rsdat.clusters.script import ScriptPaths, render_script
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
            await self._submit(action.tasks, action.group, record)
        elif isinstance(action, Cancel):
            await self._cancel(action.jobs)
        elif isinstance(action, Retire):
            if link is not None:
                await self._retire(action, link, workers)
        elif isinstance(action, Forget):
            await self._forget(action.group)
        elif isinstance(action, Fail):
            await self._fail(record)
        elif isinstance(action, EndScheduler):
            await self._end_scheduler(record, link)
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
        except RsdatError as error:
            await self._trouble(error)
            await self._fail(record)

    async def _submit(self, tasks: int, group_name: str, record: Record) -> None:
        group = record.group(group_name)
        if group is None:
            return  # removed since this was decided
        submission = Submission(new_token(), tasks, self.clock.now(), group=group_name)
        # Both wait for the disk.
        _, script = await asyncio.gather(
            asyncio.to_thread(self.folder.update, lambda r: r.submissions.append(submission)),
            asyncio.to_thread(self._script, group, submission.token),
        )
        name = job_name(record.id, submission.token)

        def settle(record: Record, array_id: str | None, *, unsure: bool) -> None:
            for each in record.submissions:
                if each.token == submission.token:
                    each.unsure = unsure
                    each.array_id = array_id or each.array_id

        def drop(record: Record, error: RsdatError) -> None:
            record.submissions = [s for s in record.submissions if s.token != submission.token]
            refused = record.group(group_name)
            if refused is not None:
                refused.problem = {"message": error.message, "hint": error.hint}
                refused.held = True

        try:
            array_id = await self.queue.submit(
                script, name=name, tasks=tasks, log_folder=self.folder.logs
            )
        except QueueSilent:
            await asyncio.to_thread(self.folder.update, lambda r: settle(r, None, unsure=True))
            await self._event("submission_unsure", token=submission.token, tasks=tasks)
            raise
        except RsdatError as refusal:
            # Not to be tried again by itself: the next wish of the user may make it possible.
            error = refusal
            await asyncio.to_thread(self.folder.update, lambda r: drop(r, error))
            await self._event("submission_refused", tasks=tasks, message=error.message)
            return
        await asyncio.to_thread(self.folder.update, lambda r: settle(r, array_id, unsure=False))
        await self._event("submitted", array=array_id, tasks=tasks, token=submission.token)

    async def _forget(self, name: str) -> None:
        def forget(record: Record) -> None:
            record.groups = [
                group for group in record.groups if group.name != name or not group.removing
            ]

        await asyncio.to_thread(self.folder.update, forget)
        await self._event("group_removed", group=name)

    def _script(self, group: Group, token: str) -> str:
        paths = ScriptPaths.of(self.folder, self.home)
        resources = {group_resource(group.name): 1, **group.resources}
        script = render_script(self.folder.id, group.options, paths, resources=resources)
        write_text(self.folder.scripts / f"{token}.sh", script)
        return script

    async def _cancel(self, jobs: Sequence[str]) -> None:
        now = self.clock.now()
        await asyncio.to_thread(
            self.folder.update, lambda r: r.leaving.update(dict.fromkeys(jobs, now))
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
        if record.scheduler is not None:
            await end_process(record.scheduler)
        await asyncio.to_thread(self.folder.update, _mark_failed)
        await self._event("failed")

    async def _end_scheduler(self, record: Record, link: SchedulerLink | None) -> None:
        if link is not None:
            await link.terminate()
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
        # A chronicle for people: what was done stays done where it can't be written.
        with contextlib.suppress(OSError):
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
