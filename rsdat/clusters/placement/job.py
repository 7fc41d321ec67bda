"""The scheduler's own job in the queue: which it is, how it is, and how it ended. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from rsdat.clusters.bookkeeping import FRESH, SETTLE
from rsdat.clusters.naming import parse_scheduler_job_name
from rsdat.clusters.price import walltime_s
from rsdat.clusters.reconcile import SchedulerState
from rsdat.clusters.record import EndedJob, Record, SchedulerJob, Submission
from rsdat.queue.interface import Job

#: A job that runs for so long without a scheduler file has failed.
START_LIMIT = timedelta(seconds=120)


def apart(jobs: Sequence[Job]) -> tuple[tuple[Job, ...], tuple[Job, ...]]:
    """A cluster's jobs as those of its scheduler (seldom more than one) and those of workers."""
    own = tuple(job for job in jobs if parse_scheduler_job_name(job.name))
    return own, tuple(job for job in jobs if job not in own) if own else tuple(jobs)


def the_job(job: SchedulerJob | None, own: Sequence[Job]) -> Job | None:
    """The job of the submission that counts, as the queue lists it."""
    if job is None or job.submission is None:
        return None
    return next((each for each in own if _token(each) == job.submission.token), None)


def strays(record: Record, own: Sequence[Job]) -> tuple[str, ...]:
    """Jobs of submissions that were given up too early: a cluster has one scheduler."""
    if record.scheduler_job is None or record.scheduler_job.submission is None:
        return ()
    mine = the_job(record.scheduler_job, own)
    return tuple(
        job.id for job in own if job is not mine and not job.ended and job.state != "COMPLETING"
    )


def job_state(
    record: Record, own: Sequence[Job], now: datetime, *, has_file: bool
) -> SchedulerState:
    """How a scheduler that does not answer is, by its job.

    Args:
        record: With a `scheduler_job`.
        own: The scheduler's jobs as the queue last listed them.
        now: The time.
        has_file: It has written its scheduler file.
    """
    placed = record.scheduler_job
    if placed is None or placed.submission is None:
        return "none"
    if placed.ended is not None:
        return "dead"
    job = the_job(placed, own)
    reached = record.scheduler is not None and record.scheduler.dask_id is not None
    if job is None:
        # Submitted just now, or the queue is silent.
        return "silent" if reached else "waiting"
    if job.ended:
        return "dead"
    if job.waiting:
        return "waiting"
    if reached:
        return "silent"
    late = now - (job.started or placed.submission.at) > START_LIMIT
    if late:
        return "silent" if has_file else "dead"
    return "starting"


def to_ask(record: Record, own: Sequence[Job], now: datetime) -> list[str]:
    """The scheduler's job, where it is worth a question how it ended."""
    placed = record.scheduler_job
    if placed is None or placed.id is None or placed.submission is None or placed.ended:
        return []
    job = the_job(placed, own)
    if job is None:
        return [placed.id] if now - placed.submission.at > FRESH else []
    return [placed.id] if job.ended and job.exit is None else []


def note_job(
    record: Record, own: Sequence[Job], now: datetime, *, asked: Sequence[str], told: Sequence[Job]
) -> None:
    """Write into the record what a look at the queue tells of the scheduler's job.

    Args:
        record: Is changed.
        own: The scheduler's jobs as the queue lists them now.
        now: When that was.
        asked: What `to_ask` gave.
        told: What the queue remembers of those.
    """
    placed = record.scheduler_job
    if placed is None:
        return
    if placed.submission is None:
        _adopt(record, placed, own, now)
    job = the_job(placed, own)
    submission = placed.submission
    if submission is None:
        return
    if job is not None:
        submission.array_id, submission.unsure = job.array_id, False
        submission.missing_since = None
        if record.scheduler is not None and job.node:
            record.scheduler.host = job.node
    elif submission.unsure:
        submission.missing_since = submission.missing_since or now
        if now - submission.missing_since >= SETTLE:
            placed.submission = None
        return
    ended = next((each for each in told if each.id in asked), None)
    if ended is None and job is not None and job.ended:
        ended = job
    if ended is None and job is None and asked and placed.id:
        ended = Job(placed.id, placed.id.partition("_")[0], "", "UNKNOWN")
    if ended is not None and placed.ended is None:
        _note_end(record, placed, ended, job, now)


def _adopt(record: Record, placed: SchedulerJob, own: Sequence[Job], now: datetime) -> None:
    # One that carries our name is ours, even where the record was lost with a home file system.
    for job in own:
        token = _token(job)
        if token is not None and not job.ended:
            placed.submission = Submission(token, 1, now, job.array_id)
            return


def ending(record: Record, own: Sequence[Job], now: datetime) -> EndedJob | None:
    """How the scheduler's job ended, also where that is not written down yet."""
    placed = record.scheduler_job
    if placed is None or placed.ended is not None:
        return placed.ended if placed else None
    job = the_job(placed, own)
    return _ended(record, placed, job, job, now) if job is not None and job.ended else None


def _note_end(
    record: Record, placed: SchedulerJob, ended: Job, listed: Job | None, now: datetime
) -> None:
    placed.ended = _ended(record, placed, ended, listed, now)
    record.spent_core_s += placed.ended.run_s * placed.options.cores


def _ended(
    record: Record, placed: SchedulerJob, ended: Job, listed: Job | None, now: datetime
) -> EndedJob:
    started = ended.started or (listed.started if listed else None)
    run_s = max(int((now - started).total_seconds()), 0) if started else 0
    run_s = min(run_s, walltime_s(placed.options, None) or run_s)  # nobody may have looked since
    return EndedJob(
        id=placed.id or ended.id,
        state=ended.state,
        exit=ended.exit,
        reason=ended.reason,
        node=ended.node or (listed.node if listed else None),
        run_s=run_s,
        expected=record.phase != "up" or placed.cancelled is not None,
        connected=record.scheduler is not None and record.scheduler.dask_id is not None,
        at=now,
        group="",
    )


def _token(job: Job) -> str | None:
    parsed = parse_scheduler_job_name(job.name)
    return parsed[1] if parsed else None
