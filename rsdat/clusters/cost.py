"""What a cluster has cost, in core-hours. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from rsdat.clusters.record import Record
from rsdat.queue.interface import Job


def core_hours(record: Record, jobs: Mapping[str, Sequence[Job]], now: datetime) -> float:
    """Up to now: of the jobs that ended, and of those that run.

    Args:
        record: Of the cluster.
        jobs: As the queue lists them, by group.
        now: The time.
    """
    spent_core_s = record.spent_core_s
    for group in record.groups:
        for job in jobs.get(group.name, ()):
            if job.alive and job.started is not None:
                running_s = max((now - job.started).total_seconds(), 0.0)
                spent_core_s += running_s * group.options.cores
    return spent_core_s / 3600


def cores_in_use(record: Record, jobs: Mapping[str, Sequence[Job]]) -> int:
    """Cores of the jobs that run: the core-hours that an hour costs."""
    return sum(
        group.options.cores
        for group in record.groups
        for job in jobs.get(group.name, ())
        if job.alive
    )
