"""Tells that nothing of a cluster is to be written down or done. Pure.

With dozens of clusters most are as they should be at every look; for these, locks are not taken and
files not read. Whatever is not plainly so is left to `reconcile`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import dask.config

from rsdat.clusters import caps
from rsdat.clusters.bookkeeping import FRESH
from rsdat.clusters.reconcile import SchedulerState, jobs_of_groups
from rsdat.clusters.record import Record
from rsdat.queue.interface import Job


def is_settled(
    record: Record,
    jobs: Sequence[Job],
    own: Sequence[Job],
    connected: Collection[str],
    scheduler: SchedulerState,
    now: datetime,
) -> bool:
    """Whether a look at the cluster asks for nothing.

    Args:
        record: What was asked for and done.
        jobs: Its workers' jobs as the queue lists them.
        own: The jobs that the scheduler has for itself.
        connected: Ids of jobs whose worker is connected.
        scheduler: How the scheduler is.
        now: The time.
    """
    if (
        record.phase != "up"
        or scheduler != "up"
        or record.leaving
        or record.dismissed
        or record.adapting
        or record.renew
        or record.idle_after is not None
        or dask.config.get(caps.KEY, None)
    ):
        return False
    if record.scheduler_job is not None and not _is_known(record, own):
        return False
    for submission in record.submissions:
        if submission.unsure or submission.array_id is None or now - submission.at <= FRESH:
            return False
    ended = {job.id for job in record.ended}
    alive = {job.id for job in jobs if not job.ended}
    wanted = {job_id for submission in record.submissions for job_id in submission.jobs()} - ended
    if alive != wanted or any(job.ended and job.id not in ended for job in jobs):
        return False
    if not set(record.connected) == set(connected) == alive:
        return False
    if any(job.state != "RUNNING" for job in jobs if not job.ended):
        return False
    mine = jobs_of_groups(record, [job for job in jobs if not job.ended])
    return not any(
        group.removing or group.losses or len(mine[group.name]) != group.wanted
        for group in record.groups
    )


def _is_known(record: Record, own: Sequence[Job]) -> bool:
    """Whether the scheduler's job runs, and the record says which it is and where."""
    if record.scheduler_job is None or len(own) != 1 or own[0].state != "RUNNING":
        return False
    host = record.scheduler.host if record.scheduler is not None else own[0].node
    return own[0].id == record.scheduler_job.id and own[0].node in (None, host)
