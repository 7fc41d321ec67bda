"""Decides what to do so that a cluster becomes what is wanted. Pure: no queue, no scheduler.

The executor carries the actions out; the next look shows what came of them. Nothing here
remembers anything: all that counts is in the record, the jobs and the workers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from rsdat.clusters.bookkeeping import FRESH, is_held
from rsdat.clusters.naming import job_order
from rsdat.clusters.record import FIRST_GROUP, Group, Record
from rsdat.clusters.renewal import being_replaced
from rsdat.queue.interface import Job

#: A job that was asked to go and lives on for so long is cancelled (again).
LINGER = timedelta(seconds=30)

#: How long workers get to end by themselves once their scheduler has.
END_BY_THEMSELVES = timedelta(seconds=6)

#: A scheduler with a job of its own that has not ended so long after it was asked to is cancelled.
END_LIMIT = timedelta(seconds=15)

#: none: not started yet. waiting: its own job waits. starting: its process lives, or its job runs,
#: nobody reached it yet. up: it answers. silent: it lives, as far as we can see, and does not
#: answer. dead: its process or its job is gone.
SchedulerState = Literal["none", "waiting", "starting", "up", "silent", "dead"]


@dataclass(frozen=True)
class StartScheduler:
    """Start the scheduler's process, or submit its job."""


@dataclass(frozen=True)
class Submit:
    """Submit one job array of a group; `after` the scheduler's job has started it may run."""

    tasks: int
    group: str = FIRST_GROUP
    after: bool = False


@dataclass(frozen=True)
class Cancel:
    """Cancel jobs that hold no data, or that had their chance to hand it over."""

    jobs: tuple[str, ...]


@dataclass(frozen=True)
class Retire:
    """Let so many of these jobs' workers go, those first that cost least; data handed over.

    Attributes:
        idle_only: Spare workers that compute (when nobody asked for this very number).
        to_nothing: No worker is to stay: those that can't hand over are cancelled.
    """

    count: int
    candidates: tuple[str, ...]
    idle_only: bool
    to_nothing: bool


@dataclass(frozen=True)
class Forget:
    """The last job of a group that is to go has gone."""

    group: str


@dataclass(frozen=True)
class Fail:
    """Write down that the cluster can't go on: its scheduler is gone."""


@dataclass(frozen=True)
class EndScheduler:
    """End the scheduler and see to it that its process, or its job, is gone."""


@dataclass(frozen=True)
class EndStrays:
    """Cancel jobs of schedulers that have no cluster."""

    jobs: tuple[str, ...]


@dataclass(frozen=True)
class Finish:
    """Nothing is left: delete the keys and call the cluster stopped."""


Action = (
    StartScheduler | Submit | Cancel | Retire | Forget | Fail | EndScheduler | EndStrays | Finish
)


def reconcile(
    record: Record,
    jobs: Sequence[Job],
    connected: Collection[str],
    scheduler: SchedulerState,
    now: datetime,
    *,
    strays: tuple[str, ...] = (),
) -> list[Action]:
    """What to do now.

    Args:
        record: After `bookkeeping.take_stock` with these jobs.
        jobs: The cluster's jobs as the queue lists them.
        connected: Ids of jobs whose worker is connected.
        scheduler: How the scheduler is.
        now: The time.
        strays: Jobs of schedulers besides the cluster's own.
    """
    if record.phase == "stopped":
        return []
    if strays:
        return [EndStrays(strays), *reconcile(record, jobs, connected, scheduler, now)]
    if record.phase == "stopping":
        return _stop(record, jobs, scheduler, now)
    if record.phase == "failed" or scheduler == "dead":
        actions: list[Action] = [Fail()] if record.phase != "failed" else []
        if record.mode == "job" and scheduler not in ("none", "dead") and _may_cancel(record, now):
            actions.append(EndScheduler())
        return [*actions, *_cancel_all(record, jobs, now)]
    actions = [StartScheduler()] if scheduler == "none" else []
    mine = jobs_of_groups(record, jobs)
    for group in record.groups:
        actions += _size(record, group, mine[group.name], connected, scheduler, now)
    return [
        *actions,
        *_dismissed(record, jobs, connected, scheduler),
        *_lingering(record, jobs, now),
    ]


def by_record(record: Record, scheduler: SchedulerState) -> SchedulerState:
    """How the scheduler is, where the record tells of more than the look before it was read.

    Another companion may have started it since, or its job was found by its name.
    """
    placed = record.scheduler_job
    if placed is not None and placed.ended is not None:
        return "dead"
    if scheduler != "none":
        return scheduler
    if placed is not None:
        return "waiting" if placed.submission is not None else "none"
    return "starting" if record.scheduler is not None and record.scheduler.pid else "none"


def jobs_of_groups(record: Record, jobs: Sequence[Job]) -> dict[str, list[Job]]:
    """The jobs by the name of their group; those of no group that is known are the first's."""
    if len(record.groups) == 1:
        return {record.first.name: list(jobs)}
    found: dict[str, list[Job]] = {group.name: [] for group in record.groups}
    names = record.groups_of_arrays()
    for job in jobs:
        found.get(names.get(job.array_id, FIRST_GROUP), found[record.first.name]).append(job)
    return found


def counting(
    record: Record, group: Group, jobs: Sequence[Job], now: datetime
) -> tuple[list[Job], int]:
    """The jobs that count towards a group's wanted size, and how many more are on their way.

    On their way are submissions that are still unsure, and those so fresh that the look at the
    queue may be older. `jobs` are those of the group.
    """
    living = [
        job
        for job in jobs
        if (job.waiting or job.alive)
        and job.state != "COMPLETING"
        and job.id not in record.leaving
        and job.id not in record.dismissed
    ]
    listed = {job.id for job in jobs} | {job.id for job in record.ended}
    coming = 0
    for submission in record.submissions:
        if submission.group != group.name:
            continue
        if submission.array_id is None:
            coming += submission.tasks
        elif now - submission.at <= FRESH:
            coming += sum(
                job_id not in listed and job_id not in record.leaving
                for job_id in submission.jobs()
            )
    return living, coming


def _size(
    record: Record,
    group: Group,
    jobs: Sequence[Job],
    connected: Collection[str],
    scheduler: SchedulerState,
    now: datetime,
) -> list[Action]:
    counted, coming = counting(record, group, jobs, now)
    replaced = being_replaced(record, counted, now)
    living = [job for job in counted if job.id not in replaced]
    have = len(living) + coming
    if have < group.wanted:
        if is_held(group):
            return []
        # In the queue already, and yet not on the clock before there is somebody to work for.
        after = record.mode == "job" and scheduler in ("none", "waiting")
        return [Submit(group.wanted - have, group.name, after=after)]
    # They leave by themselves, unless fewer than they are shall stay.
    old = [job for job in counted if job.id in replaced]
    actions = _send_away(group, old, len(old) - group.wanted, connected, scheduler)
    excess = have - group.wanted
    if excess == 0 and not old:
        gone = group.removing and have == 0 and all(job.ended for job in jobs)
        return [Forget(group.name)] if gone else []
    # Those on their way are seen at the next look: workers are not sent away in their stead.
    return [*actions, *_send_away(group, living, excess, connected, scheduler, coming=coming)]


def _send_away(
    group: Group,
    living: Sequence[Job],
    excess: int,
    connected: Collection[str],
    scheduler: SchedulerState,
    *,
    coming: int = 0,
) -> list[Action]:
    if excess <= 0:
        return []
    newest_first = sorted(living, key=lambda job: job_order(job.id), reverse=True)
    waiting = [job.id for job in newest_first if job.waiting]
    starting = [job.id for job in newest_first if job.alive and job.id not in connected]
    # Neither of them holds data; waiting jobs cost nothing yet, so they go first.
    cancelled = [*waiting, *starting][:excess]
    actions: list[Action] = [Cancel(tuple(cancelled))] if cancelled else []
    rest = excess - len(cancelled) - coming
    candidates = tuple(job.id for job in newest_first if job.alive and job.id in connected)
    if rest > 0 and candidates and scheduler == "up":
        actions.append(
            Retire(
                min(rest, len(candidates)),
                candidates,
                idle_only=group.adapt is not None,
                to_nothing=group.wanted == 0,
            )
        )
    return actions


def _dismissed(
    record: Record, jobs: Sequence[Job], connected: Collection[str], scheduler: SchedulerState
) -> list[Action]:
    going = [
        job.id
        for job in jobs
        if job.id in record.dismissed
        and job.id not in record.leaving
        and not job.ended
        and job.state != "COMPLETING"
    ]
    # Whoever holds data hands it over first; with nobody to hand it to, it goes all the same.
    holders = tuple(job for job in going if job in connected and scheduler == "up")
    others = tuple(job for job in going if job not in holders)
    actions: list[Action] = [Cancel(others)] if others else []
    if holders:
        actions.append(Retire(len(holders), holders, idle_only=False, to_nothing=True))
    return actions


def _lingering(record: Record, jobs: Sequence[Job], now: datetime) -> list[Action]:
    late = tuple(
        job.id
        for job in jobs
        if not job.ended
        and job.state != "COMPLETING"
        and job.id in record.leaving
        and now - record.leaving[job.id] > LINGER
    )
    return [Cancel(late)] if late else []


def _cancel_all(record: Record, jobs: Sequence[Job], now: datetime) -> list[Action]:
    fresh = tuple(
        job.id
        for job in jobs
        if not job.ended
        and job.state != "COMPLETING"
        and (job.id not in record.leaving or now - record.leaving[job.id] > LINGER)
    )
    return [Cancel(fresh)] if fresh else []


def _stop(
    record: Record, jobs: Sequence[Job], scheduler: SchedulerState, now: datetime
) -> list[Action]:
    # Workers end by themselves with their scheduler, and clean up; cancelled, they would look for
    # it in vain for a while.
    ending = record.stop_asked is not None and now - record.stop_asked <= END_BY_THEMSELVES
    to_cancel = [job for job in jobs if not (ending and job.id in record.connected)]
    actions = _cancel_all(record, to_cancel, now)
    if scheduler not in ("none", "dead"):
        # A scheduler that was told to end ends its job by itself.
        wait = record.mode == "job" and (
            (scheduler == "silent" and ending) or not _may_cancel(record, now)
        )
        return actions if wait else [*actions, EndScheduler()]
    nothing_left = all(job.ended for job in jobs)
    # An unsure submission may still become jobs; a fresh one may not be listed yet.
    coming = sum(counting(record, group, jobs, now)[1] for group in record.groups)
    if nothing_left and coming == 0:
        actions.append(Finish())
    return actions


def _may_cancel(record: Record, now: datetime) -> bool:
    """Whether the scheduler's own job is to be cancelled (again)."""
    placed = record.scheduler_job
    return placed is None or placed.cancelled is None or now - placed.cancelled > LINGER
