"""Brings a record up to date with what the queue and the scheduler show. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from rsdat.clusters.naming import job_order, parse_job_name
from rsdat.clusters.price import walltime_s
from rsdat.clusters.record import FIRST_GROUP, EndedJob, Group, Record, Submission
from rsdat.queue.interface import Job

#: For so long after a submission its jobs count although a look does not show them.
FRESH = timedelta(seconds=20)
#: Two looks so far apart that both miss an unsure submission mean that it never arrived.
SETTLE = timedelta(seconds=5)
_KEPT_ENDED = 20
_LOSS_WINDOW = timedelta(minutes=10)
#: Jobs in a row that end before their worker is connected; then the fault is not the node's.
MAX_FAILURES = 3


def spelled_out(record: Record, jobs: Sequence[Job]) -> tuple[Job, ...]:
    """The jobs, with arrays that were cancelled before a task started as their tasks.

    Slurm lists what is left of such an array as one job, `671` and no longer `671_0` (seen with
    22.05): a job that ended, and that nobody had asked to. Of a submission that has been settled
    since, there is nothing to add.
    """
    if not any(job.ended and job.id == job.array_id for job in jobs):
        return tuple(jobs)
    listed = {job.id for job in jobs}
    tasks = {submission.token: submission.tasks for submission in record.submissions}
    spelled: list[Job] = []
    for job in jobs:
        if not job.ended or job.id != job.array_id:
            spelled.append(job)
        elif (parsed := parse_job_name(job.name)) is not None:
            ids = (f"{job.array_id}_{number}" for number in range(tasks.get(parsed[1], 0)))
            spelled.extend(replace(job, id=each) for each in ids if each not in listed)
    return tuple(spelled)


def take_stock(
    record: Record,
    jobs: Sequence[Job],
    connected: Collection[str],
    now: datetime,
    *,
    recalled: Sequence[Job] = (),
    forgotten: Collection[str] = (),
    left: Collection[str] = (),
) -> None:
    """Write into the record what a look at the queue tells.

    Args:
        record: Is changed.
        jobs: The cluster's jobs as the queue lists them now.
        connected: Ids of the jobs whose worker is connected now.
        now: When that was.
        recalled: Jobs the queue no longer lists, as it remembers their end.
        forgotten: Jobs it does not even remember.
        left: Jobs whose worker left by itself before its walltime.
    """
    _find_submissions(record, jobs, now)
    ended = {job.id for job in record.ended}
    # A scheduler may know a worker for minutes after its node has gone; a job may be requeued.
    gone = ended - {job.id for job in jobs if not job.ended}
    _note_connected(record, set(connected) - gone)
    record.dismissed = [job_id for job_id in record.dismissed if job_id not in gone]
    groups = record.groups_of_arrays()
    listed = {job.id: job for job in jobs}
    # What is remembered tells more than what is listed, squeue for one knows no exit codes.
    for job in (*recalled, *jobs):
        if job.ended and job.id not in ended:
            ended.add(job.id)
            group = record.group(groups.get(job.array_id)) or record.first
            started = job.started or (listed[job.id].started if job.id in listed else None)
            run_s = int((now - started).total_seconds()) if started else 0
            # Nobody may have looked since it ended.
            run_s = min(run_s, walltime_s(group.options, None) or run_s)
            _note_end(record, group, job, max(run_s, 0), now, left=job.id in left)
            record.spent_core_s += max(run_s, 0) * group.options.cores
    for job_id in forgotten:
        if job_id not in ended:
            array = job_id.partition("_")[0]
            group = record.group(groups.get(array)) or record.first
            unknown = Job(job_id, array, "", "UNKNOWN")
            _note_end(record, group, unknown, 0, now, left=job_id in left)
    for group in record.groups:
        group.losses = [at for at in group.losses if now - at < _LOSS_WINDOW]
    _fold(record, jobs)


def vanished(record: Record, jobs: Sequence[Job], now: datetime) -> list[str]:
    """Jobs that were submitted, are not known to have ended, and that the queue lists no more."""
    listed = {job.id for job in jobs} | {job.id for job in record.ended}
    return [
        job_id
        for submission in record.submissions
        if now - submission.at > FRESH
        for job_id in submission.jobs()
        if job_id not in listed
    ]


def ends_to_ask(record: Record, jobs: Sequence[Job]) -> list[str]:
    """Jobs that have ended unasked, and whose list does not say how: worth one question each."""
    if record.phase != "up":
        return []
    known = {job.id for job in record.ended}
    return [
        job.id
        for job in jobs
        if job.ended and job.exit is None and job.id not in known and job.id not in record.leaving
    ]


def losses_allowed(wanted: int) -> int:
    """Jobs that may end unasked within ten minutes before we stop replacing them."""
    return MAX_FAILURES + 2 * wanted


def is_held(group: Group) -> bool:
    """Whether submitting again would most likely fail again."""
    return (
        group.held
        or group.failures >= MAX_FAILURES
        or len(group.losses) > losses_allowed(group.wanted)
    )


def _find_submissions(record: Record, jobs: Sequence[Job], now: datetime) -> None:
    arrays: dict[str, str] = {}
    tasks: dict[str, int] = {}
    living = set()
    for job in jobs:
        parsed = parse_job_name(job.name)
        if parsed is None:
            continue
        token = parsed[1]
        arrays[token] = job.array_id
        tasks[token] = max(tasks.get(token, 0), job_order(job.id)[1] + 1)
        if not job.ended:
            living.add(token)
    kept = []
    for submission in record.submissions:
        if submission.array_id is None and submission.token in arrays:
            submission.array_id = arrays[submission.token]
            submission.unsure = False
            submission.missing_since = None
        elif submission.unsure:
            if submission.missing_since is None:
                submission.missing_since = now
            elif now - submission.missing_since >= SETTLE:
                continue
        kept.append(submission)
    known = {submission.token for submission in kept}
    # Jobs that carry our name are ours, even where the record was lost with a home file system.
    kept.extend(
        Submission(token, tasks[token], now, arrays[token]) for token in sorted(living - known)
    )
    record.submissions = kept


def _note_connected(record: Record, connected: Collection[str]) -> None:
    new = sorted(set(connected) - set(record.connected), key=job_order)
    if new:
        record.connected = [*record.connected, *new]
        names = record.groups_of_arrays()
        for name in {names.get(job.partition("_")[0], FIRST_GROUP) for job in new}:
            group = record.group(name)
            if group is not None:
                group.failures = 0


def _note_end(
    record: Record, group: Group, job: Job, run_s: int, now: datetime, *, left: bool
) -> None:
    expected = record.leaving.pop(job.id, None) is not None or record.phase != "up" or left
    if job.id in record.dismissed:
        expected = True
        record.dismissed = [each for each in record.dismissed if each != job.id]
    was_connected = job.id in record.connected
    record.ended.append(
        EndedJob(
            id=job.id,
            state=job.state,
            exit=job.exit,
            reason=job.reason,
            node=job.node,
            run_s=run_s,
            expected=expected,
            connected=was_connected,
            at=now,
            group=group.name,
            left=left,
        )
    )
    record.jobs_ended += 1
    record.jobs_failed += not expected
    if was_connected:
        record.connected = [each for each in record.connected if each != job.id]
    if not expected:
        group.losses.append(now)
        if not was_connected:
            group.failures += 1


def _fold(record: Record, jobs: Sequence[Job]) -> None:
    # A submission whose jobs all ended and are listed no more has nothing left to tell.
    listed = {job.id for job in jobs}
    ended = {job.id for job in record.ended}
    still: list[Submission] = []
    for submission in record.submissions:
        ids = submission.jobs()
        if ids and ended.issuperset(ids) and listed.isdisjoint(ids):
            continue
        still.append(submission)
    if len(still) == len(record.submissions):
        return
    record.submissions = still
    needed = {job_id for submission in still for job_id in submission.jobs()}
    old = [job for job in record.ended if job.id not in needed]
    dropped = {job.id for job in old[:-_KEPT_ENDED]}
    record.ended = [job for job in record.ended if job.id not in dropped]
