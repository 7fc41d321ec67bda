"""What is to be said of the job that a scheduler has for itself. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from rsdat.clusters.diagnosis.endings import read_ending
from rsdat.clusters.diagnosis.reasons import read_reason
from rsdat.clusters.placement.job import ending as job_ending
from rsdat.clusters.placement.job import the_job
from rsdat.clusters.record import EndedJob, Record
from rsdat.queue.interface import Job

#: For so long after its submission it is no news that it waits.
_PATIENCE = timedelta(seconds=3)
_AGAIN = "Shut the cluster down and start it again"
_STEPS = {
    "TIMEOUT": f"{_AGAIN}, with a longer walltime for the scheduler.",
    "OUT_OF_MEMORY": f"{_AGAIN}, with more memory for the scheduler.",
    "PREEMPTED": f"{_AGAIN}, with a partition for the scheduler whose jobs are not preempted.",
}


def still_waits(record: Record, own: Sequence[Job], now: datetime) -> tuple[str, str] | None:
    """Why the scheduler's job has not started, and the next step; None where it is no news."""
    placed = record.scheduler_job
    job = the_job(placed, own)
    if job is None or placed is None or placed.submission is None or not job.waiting:
        return None
    reason = read_reason(job.reason)
    fresh = now - placed.submission.at < _PATIENCE
    if reason is None:
        return (
            None
            if fresh
            else (
                "The scheduler's job waits in the queue, and the workers for it",
                "It starts by itself.",
            )
        )
    if fresh and reason.kind == "queue":
        return None
    return f"The scheduler's job {reason.words}", reason.step


def out_of_reach(record: Record, own: Sequence[Job]) -> tuple[str, str] | None:
    """That it runs where it was never reached, and the next step; None where that is not so."""
    job = the_job(record.scheduler_job, own)
    reached = record.scheduler is not None and record.scheduler.dask_id is not None
    if job is None or reached:
        return None
    where = f" on {job.node}" if job.node else ""
    return (
        f"The scheduler runs in its job {job.id}{where}, and can't be reached from here",
        "The nodes may have another network: choose an interface that both have.",
    )


def how_it_ended(
    record: Record, own: Sequence[Job], now: datetime, log: str | None
) -> tuple[str, str, str | None] | None:
    """How the scheduler's job ended, the next step, and the telling lines; None where it did not.

    Args:
        record: Of the cluster.
        own: The scheduler's jobs as the queue last listed them.
        now: The time.
        log: The last lines of its log, more than are shown.
    """
    placed, ended = record.scheduler_job, job_ending(record, own, now)
    if placed is None or ended is None:
        return None
    ending = read_ending(ended, placed.options, log)
    where = f" on {ended.node}" if ended.node else ""
    message = f"The scheduler's job {ended.id} {ending.words}{where}"
    if placed.cancelled is not None and not ended.connected and ended.state == "CANCELLED":
        message = f"The scheduler did not come up in its job {ended.id}{where}"
    if ended.connected:
        message += "; the cluster has ended with it"
    return message, _step(ended, ending.words), ending.log


def why_it_failed(record: Record) -> str | None:
    """The same as one sentence, for clusters that are over."""
    found = how_it_ended(record, (), record.stopped or record.created, None)
    return found[0] if found else None


def _step(ended: EndedJob, words: str) -> str:
    if "memory" in words:
        return _STEPS["OUT_OF_MEMORY"]
    if "walltime" in words:
        return _STEPS["TIMEOUT"]
    if not ended.connected and ended.state in ("FAILED", "COMPLETED"):
        return "Look at its log."
    return _STEPS.get(ended.state, f"{_AGAIN}.")
