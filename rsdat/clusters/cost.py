"""What a cluster has cost, in core-hours. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from rsdat.clusters.record import Record
from rsdat.queue.interface import Job


def core_hours(
    record: Record,
    jobs: Mapping[str, Sequence[Job]],
    now: datetime,
    scheduler: Job | None = None,
) -> float:
    """Up to now: of the jobs that ended, and of those that run.

    Args:
        record: Of the cluster.
        jobs: As the queue lists them, by group.
        now: The time.
        scheduler: The scheduler's own job, if it has one.
    """
    spent_core_s = record.spent_core_s
    for job, cores in _with_cores(record, jobs, scheduler):
        if job.started is not None:
            spent_core_s += max((now - job.started).total_seconds(), 0.0) * cores
    return spent_core_s / 3600


def cores_in_use(
    record: Record, jobs: Mapping[str, Sequence[Job]], scheduler: Job | None = None
) -> int:
    """Cores of the jobs that run: the core-hours that an hour costs."""
    return sum(cores for _, cores in _with_cores(record, jobs, scheduler))


def _with_cores(
    record: Record, jobs: Mapping[str, Sequence[Job]], scheduler: Job | None
) -> Iterator[tuple[Job, int]]:
    for group in record.groups:
        for job in jobs.get(group.name, ()):
            if job.alive:
                yield job, group.options.cores
    if scheduler is not None and scheduler.alive and record.scheduler_job is not None:
        yield scheduler, record.scheduler_job.options.cores
