"""Workers that leave by themselves before their walltime: how early, and which ones did.

How they do it is the business of `preloads/rsdat_nanny.py`, which leaves a file for each of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import dask.config

from rsdat.clusters.configured import duration_s
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.record import Record
from rsdat.queue.interface import Job

#: So long before their walltime workers leave, at most a quarter of it: time to hand over, and for
#: a replacement to start. `rsdat.clusters.leave-before` in Dask's configuration.
LEAVE_BEFORE_S = 60.0
_KEY = "rsdat.clusters.leave-before"


def leave_before_s() -> float:
    """How long before its walltime a worker leaves, as configured, in seconds.

    Raises:
        InvalidInput: What is configured is no time.
    """
    value = dask.config.get(_KEY, None)
    return LEAVE_BEFORE_S if value is None else duration_s(_KEY, value)


def just_ended(record: Record, jobs: Sequence[Job], forgotten: Collection[str]) -> list[str]:
    """Jobs whose end is not in the record yet, and that nobody had asked to end. Pure."""
    known = {job.id for job in record.ended}
    ids = [*(job.id for job in jobs if job.ended), *forgotten]
    return [job_id for job_id in ids if job_id not in known and job_id not in record.leaving]


def left_early(folder: ClusterFolder, ids: Collection[str]) -> frozenset[str]:
    """Which of these jobs left by themselves before their walltime. Blocks for a file each.

    By name and not from a listing, which NFS may show as it was half a minute ago.
    """
    return frozenset(job_id for job_id in ids if (folder.left / job_id).exists())
