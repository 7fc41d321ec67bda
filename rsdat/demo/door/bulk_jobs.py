"""Bulk requests at work: one job a request, one state a target, whatever route it came by."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rsdat.demo.door import bulk_work, paths
from rsdat.demo.door.auth import GIDS, UID
from rsdat.demo.door.rights import Rights
from rsdat.demo.door.tree import Entry

if TYPE_CHECKING:
    from rsdat.demo.door.site import Site

OWNER = f"{UID}:{GIDS[0]}"
_ENDED = ("CANCELLED", "COMPLETED", "FAILED", "SKIPPED")


@dataclass
class Target:
    """One path of a request, with its times in ms since 1970; `path` is as it was given."""

    path: str
    number: int
    state: str = "CREATED"
    submitted_ms: int = 0
    started_ms: int = 0
    finished_ms: int = 0
    error_type: str = ""
    error: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.state in _ENDED

    def end(self, state: str, failure: bulk_work.Failure | None = None) -> None:
        """Set its last state, unless it has one."""
        if self.has_ended:
            return
        self.state, self.finished_ms = state, now_ms()
        if failure is not None:
            self.error_type, self.error = failure.kind, failure.text


@dataclass
class Order:
    """What was asked for. `lifetimes_s` is of each path, for requests of the tape interface."""

    activity: str
    paths: list[str]
    rights: Rights
    arguments: dict[str, Any] = field(default_factory=dict)
    expand: str = "NONE"
    prefix: str = "/"
    clear_on_success: bool = False
    clear_on_failure: bool = False
    cancel_on_failure: bool = False
    lifetimes_s: dict[str, float] | None = None
    owner: str = OWNER


class Job:
    """A request from its arrival to its end."""

    def __init__(self, order: Order) -> None:
        self.id = str(uuid.uuid4())
        self.order = order
        self.arrived_ms = self.modified_ms = now_ms()
        self.started_ms = 0
        self.status = "QUEUED"
        self.targets: list[Target] = []
        self.task: asyncio.Task[None] | None = None
        self.works: dict[int, asyncio.Task[None]] = {}  # by the number of the target
        # Absent for a bad one: then all is cancelled, without a word.
        self.plan: bulk_work.Plan | None = None
        for path in order.paths:
            self.add(path)

    @property
    def is_done(self) -> bool:
        """Whether the whole request has ended."""
        return self.status in ("COMPLETED", "CANCELLED")

    def add(self, path: str) -> Target:
        """Count in another target."""
        target = Target(path, len(self.targets) + 1, submitted_ms=now_ms())
        self.targets.append(target)
        return target


class BulkJobs:
    """All requests of the stand-in, also those that came by the tape interface.

    They live in memory, but not in the frontend's: its restart does not touch them. Stop it at
    the end.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._jobs: dict[str, Job] = {}
        self.archived: dict[str, dict[str, Any]] = {}
        self.page = 10_000

    def start(self, order: Order) -> Job:
        """Take a request and begin."""
        job = Job(order)
        job.plan = bulk_work.plan(self._site, order.activity, order.arguments)
        self._jobs[job.id] = job
        job.task = asyncio.get_running_loop().create_task(self._run(job))
        return job

    def find(self, request_id: str) -> Job | None:
        """The request with this id."""
        return self._jobs.get(request_id)

    def all(self) -> list[Job]:
        """In order of their arrival."""
        return list(self._jobs.values())

    def cancel(self, job: Job, wanted: set[str] | None = None) -> None:
        """End targets that have not ended: those at these paths, or all and the request.

        The pins that the request has set for them end, too.
        """
        for target in job.targets:
            if (wanted is None or target.path in wanted) and not target.has_ended:
                target.end("CANCELLED")
                if target.number in job.works:
                    job.works[target.number].cancel()
                self._site.pins.end(job.order.rights.absolute_rest(target.path), job.id)
        job.modified_ms = now_ms()
        if wanted is None and not job.is_done:
            job.status = "CANCELLED"
            if job.task is not None:
                job.task.cancel()

    def remove(self, job: Job) -> None:
        """Cancel what is left of a request and forget it; a summary stays in the archive."""
        self.cancel(job)
        self._jobs.pop(job.id, None)
        self.archived[job.id] = {
            "uid": job.id,
            "owner": job.order.owner,
            "activity": job.order.activity,
            "status": job.status,
            "arrivedAt": job.arrived_ms,
            "lastModified": job.modified_ms,
            "targets": len(job.targets),
        }

    async def stop(self) -> None:
        """Give up all that is under way."""
        tasks = [job.task for job in self._jobs.values() if job.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, job: Job) -> None:
        job.status, job.started_ms = "STARTED", now_ms()
        # Nothing is said to be done before that; what was ordered is done at once, though.
        ready = time.monotonic() + self._site.bulk_delay_s
        try:
            for target in list(job.targets):
                await self._target(job, target, ready, top=True)
            for outcome in await asyncio.gather(*job.works.values(), return_exceptions=True):
                # Those of cancelled targets were cancelled.
                if isinstance(outcome, Exception):
                    raise outcome
        finally:
            for task in job.works.values():
                task.cancel()
        await asyncio.sleep(max(0.0, ready - time.monotonic()))
        job.status, job.modified_ms = "COMPLETED", now_ms()
        has_failed = any(target.state == "FAILED" for target in job.targets)
        if job.order.clear_on_failure if has_failed else job.order.clear_on_success:
            self.remove(job)

    async def _target(self, job: Job, target: Target, ready: float, *, top: bool) -> None:
        """Begin with one target, and with what is in it if that is wanted."""
        if target.has_ended:
            return
        if job.plan is None:
            target.end("CANCELLED")
            return
        target.state, target.started_ms = "RUNNING", now_ms()
        path = job.order.rights.absolute_rest(target.path)
        entry = self._site.tree.find(path)
        is_directory = entry is not None and entry.is_directory
        if is_directory and path != target.path:
            # dCache#7883: a directory relative to a root is never finished.
            await asyncio.get_running_loop().create_future()
        expands = job.order.expand == "ALL" or (top and job.order.expand == "TARGETS")
        if entry is not None and is_directory and expands:
            for child in self._children(job, entry):
                await self._target(job, job.add(child.path), ready, top=False)
        if is_directory and not job.plan.takes_directories:
            target.end("SKIPPED")
            return
        lifetime_s = (job.order.lifetimes_s or {}).get(target.path)
        work = job.plan.begin(job.id, path, entry, job.order.rights, lifetime_s)
        finishing = self._finish(job, target, work, ready)
        job.works[target.number] = asyncio.get_running_loop().create_task(finishing)
        if len(job.works) % 200 == 0:
            await asyncio.sleep(0)  # others want to be answered, too

    def _children(self, job: Job, entry: Entry) -> list[Entry]:
        if self._site.refuses(job.order.rights, entry.path, "LIST"):
            return []
        return self._site.tree.children(entry.path)

    async def _finish(self, job: Job, target: Target, work: bulk_work.Work, ready: float) -> None:
        if isinstance(work, bulk_work.Failure):
            failure: bulk_work.Failure | None = work
        else:
            failure = None if work is None else await work()
            await asyncio.sleep(max(0.0, ready - time.monotonic()))
        target.end("COMPLETED" if failure is None else "FAILED", failure)
        job.modified_ms = now_ms()
        if failure is not None and job.order.cancel_on_failure:
            self.cancel(job, {other.path for other in job.targets})


def read_paths(given: list[object], prefix: str) -> list[str]:
    """Targets as they are shown: absolute, below the prefix if they are relative."""
    found = []
    for item in given:
        text = str(item)
        absolute = text if text.startswith(prefix) else f"{prefix}/{text}"
        found.append(paths.normalise(absolute))
    return found


def now_ms() -> int:
    """Now, in ms since 1970."""
    return int(time.time() * 1000)
