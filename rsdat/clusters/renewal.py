"""Which jobs are near enough to their end that their replacement is to be submitted now. Pure.

A job that is being replaced no longer counts towards the wanted size; so its replacement is
submitted, and is no excess while both live. It leaves by itself (`leaving.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import median

from rsdat.base.errors import InvalidInput
from rsdat.clusters.leaving import LEAVE_BEFORE_S, leave_before_s
from rsdat.clusters.record import Record
from rsdat.queue.interface import Job

#: From a job's start to its worker's first Dask task; Python environments on shared disks are slow.
START_UP_S = 20.0
#: In the queue, as long as nothing is known of that.
QUEUE_WAIT_S = 120.0
#: The queue may be longer next time.
CAUTION = 1.5
#: Jobs whose wait is looked at, the last ones.
_LOOKED_AT = 20


def queue_wait_s(record: Record, jobs: Sequence[Job]) -> float:
    """How long jobs of the cluster typically waited lately, in seconds."""
    submitted = {s.array_id: s.at for s in record.submissions if s.array_id is not None}
    waits = [
        max((job.started - submitted[job.array_id]).total_seconds(), 0.0)
        for job in sorted(jobs, key=lambda job: job.started.timestamp() if job.started else 0.0)
        if job.started is not None and job.array_id in submitted
    ]
    return median(waits[-_LOOKED_AT:]) if waits else QUEUE_WAIT_S


def lead_s(walltime_s: float, wait_s: float, leave_s: float) -> float:
    """How long before its end a job's replacement is submitted.

    Args:
        walltime_s: Of the job.
        wait_s: What the replacement will probably wait in the queue.
        leave_s: How long before its end a worker leaves, as configured.
    """
    leaves = min(leave_s, walltime_s / 4)
    # Not before half time: else replacements of replacements pile up where the queue is long.
    return min(leaves + START_UP_S + CAUTION * wait_s, walltime_s / 2)


def being_replaced(
    record: Record, jobs: Sequence[Job], now: datetime, *, seen: datetime | None = None
) -> frozenset[str]:
    """Ids of the jobs whose replacement is to be in the queue by now; none unless renewed.

    Args:
        record: Of the cluster.
        jobs: Those of one group, as the queue listed them.
        now: The time.
        seen: When it did; now, if left out.
    """
    if not record.renew:
        return frozenset()
    age_s = (now - seen).total_seconds() if seen is not None else 0.0
    try:
        leave_s = leave_before_s()
    except InvalidInput:  # who submits is told so
        leave_s = LEAVE_BEFORE_S
    wait_s = queue_wait_s(record, jobs)
    due = set()
    for job in jobs:
        if not job.alive or job.started is None or job.time_left_s is None:
            continue
        left_s = job.time_left_s - age_s
        walltime_s = max((now - job.started).total_seconds(), 0.0) + left_s
        if left_s <= lead_s(walltime_s, wait_s, leave_s):
            due.add(job.id)
    return frozenset(due)
