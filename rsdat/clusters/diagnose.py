"""Says in one sentence what is wrong with a cluster, and what to do. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rsdat.base.units import format_walltime
from rsdat.clusters.bookkeeping import MAX_FAILURES, is_held
from rsdat.clusters.reconcile import SchedulerState
from rsdat.clusters.record import EndedJob, Group, Record
from rsdat.queue.interface import Job

#: A job that runs for so long should have its worker connected.
WORKER_START = timedelta(seconds=45)
#: For so long an ended job is worth telling while all is well otherwise.
_NEWS = timedelta(minutes=15)

#: Slurm's reasons as sentences; first that is found at the beginning of the reason holds.
_REASONS = (
    ("Resources", "waits for free nodes"),
    ("Priority", "waits: other jobs come first"),
    ("Dependency", "waits for another job"),
    ("BeginTime", "waits for its start time"),
    ("JobArrayTaskLimit", "waits: the array may run only so many tasks at once"),
    ("JobHeldUser", "is held: release it with scontrol release"),
    ("JobHeldAdmin", "is held by an administrator"),
    ("PartitionTimeLimit", "will never start: its walltime is longer than the partition allows"),
    ("PartitionNodeLimit", "will never start: it asks for more nodes than the partition allows"),
    ("PartitionConfig", "will never start: no node of the partition is as large as it asks for"),
    ("PartitionDown", "waits: the partition is down"),
    ("PartitionInactive", "waits: the partition is closed"),
    ("ReqNodeNotAvail", "waits: nodes are reserved for maintenance, or down"),
    ("Nodes required for job are DOWN", "waits: the nodes are down, drained or reserved"),
    ("Reservation", "waits for its reservation"),
    ("Licenses", "waits for a licence"),
    ("AssociationJobLimit", "waits: your account runs as many jobs as it may"),
)
_LIMITS = (
    (re.compile(r"(QOS|Assoc).*(Minutes|RunMin)"), "will not start: the budget is used up"),
    (re.compile(r"(QOS|Assoc).*Wall"), "will never start: its walltime is longer than you may ask"),
    (re.compile(r"(QOS|Assoc).*PerJob"), "will never start: one job may not ask for so much"),
    (re.compile(r"QOS.*"), "waits: the limit of its quality of service is reached"),
    (re.compile(r"Assoc.*"), "waits: your account uses as much as it may at once"),
)

_ENDINGS = {
    "OUT_OF_MEMORY": ("ran out of memory", "Ask for more memory per worker."),
    "TIMEOUT": ("reached its walltime", "Ask for a longer walltime."),
    "NODE_FAIL": ("was lost: its node failed", None),
    "PREEMPTED": ("was preempted by a job that comes first", None),
    "CANCELLED": ("was cancelled outside rsdat", None),
    "DEADLINE": ("reached its deadline", None),
    "BOOT_FAIL": ("was lost: its node did not boot", None),
    "UNKNOWN": ("is gone, and the queue does not remember how it ended", None),
}

#: What a log's last lines mean; the first that is found counts.
_LOG_SIGNS = (
    (
        "Timed out starting worker",
        "its worker did not reach the scheduler",
        "The nodes may not reach the scheduler's address: choose another network interface.",
    ),
    (
        "TLS certificate does not match",
        "its worker was refused: another scheduler answers at that address",
        "Shut the cluster down and make a new one.",
    ),
    (
        "ModuleNotFoundError",
        "its Python lacks a package",
        "Workers need the same packages as the notebook: check python and prologue.",
    ),
    (
        "No such file or directory",
        "a file or program does not exist on the node",
        "Check python and prologue; the nodes must see the same files.",
    ),
    (
        "oom-kill",
        "it ran out of memory",
        "Ask for more memory per worker.",
    ),
)


@dataclass(frozen=True)
class Diagnosis:
    """One sentence, one next step, and the last lines of the log that tells most."""

    message: str
    hint: str | None = None
    log: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        """As the REST interface has it."""
        body: dict[str, str | None] = {"message": self.message, "hint": self.hint}
        if self.log:
            body["log"] = self.log
        return body


def explain(job: Job, now: datetime) -> str | None:
    """Why a job is as it is, in plain words; None when there is nothing to say."""
    if job.waiting:
        return explain_reason(job.reason)
    if job.alive or job.state == "COMPLETED":
        return None
    return _ENDINGS[job.state][0] if job.state in _ENDINGS else _exit_words(job.exit)


def explain_reason(reason: str | None) -> str | None:
    """Slurm's reason for a waiting job, in plain words; unknown ones in Slurm's own."""
    if not reason:
        return None
    for beginning, words in _REASONS:
        if reason.startswith(beginning):
            return words
    for pattern, words in _LIMITS:
        if pattern.match(reason):
            return f"{words} ({reason})"
    return f"waits: {reason}"


def diagnose(
    record: Record,
    jobs: Sequence[Job],
    connected: Sequence[str],
    scheduler: SchedulerState,
    now: datetime,
    tail: Callable[[str], str | None],
) -> Diagnosis | None:
    """What is wrong with a cluster, the worst first; None when all is as it should be.

    Args:
        record: After `bookkeeping.take_stock` with these jobs.
        jobs: As the queue last listed them.
        connected: Ids of jobs whose worker is connected.
        scheduler: How the scheduler is.
        now: The time.
        tail: Last lines of the log of `scheduler` or of a job, None where there is none.
    """
    if record.phase in ("stopping", "stopped"):
        return None
    if record.phase == "failed" or scheduler == "dead":
        return _scheduler_gone(record, tail)
    for problem in (record.problem, *(group.problem for group in record.groups)):
        if problem:
            return Diagnosis(problem["message"] or "", problem.get("hint"))
    # Groups that gave up first.
    for group in sorted(record.groups, key=is_held, reverse=True):
        # What ended before the last wish was for that wish to mend.
        since = group.wished or record.created
        unasked = [
            job
            for job in record.ended
            if job.group == group.name and not job.expected and job.at >= since
        ]
        fresh = unasked and now - unasked[-1].at < _NEWS and len(connected) < record.wanted
        if unasked and (is_held(group) or fresh):
            return _ended(unasked[-1], group, tail)
    return _slow(record, jobs, connected, scheduler, now, tail)


def _scheduler_gone(record: Record, tail: Callable[[str], str | None]) -> Diagnosis:
    reached = record.scheduler is not None and record.scheduler.dask_id is not None
    if record.problem and not reached:
        return Diagnosis(
            record.problem["message"] or "", record.problem.get("hint"), tail("scheduler")
        )
    message = (
        "The scheduler has ended; the workers have gone with it"
        if reached
        else "The scheduler did not start"
    )
    return Diagnosis(message, "Shut the cluster down and make a new one.", tail("scheduler"))


def _ended(job: EndedJob, group: Group, tail: Callable[[str], str | None]) -> Diagnosis:
    log = tail(job.id)
    words, hint = _ENDINGS.get(job.state, (_exit_words(job.exit), None))
    if job.state in ("FAILED", "COMPLETED", "UNKNOWN"):
        for sign, meaning, step in _LOG_SIGNS:
            if log and sign in log:
                words, hint = f"{words}: {meaning}", step
                break
    if job.exit == "0:53":
        # Slurm's own code when it could not open the job's output (nothing else says so).
        hint = "The folder for logs can't be written from the node."
    message = f"Job {job.id} {words}"
    if job.node:
        message += f" on {job.node}"
    if is_held(group):
        number = max(group.failures, 1)
        message += (
            f"; {number} in a row ended at once, no more are started"
            if group.failures >= MAX_FAILURES
            else "; too many ended within ten minutes, no more are started"
        )
        hint = f"{hint or 'Look at the log.'} Scale to try again."
    return Diagnosis(message, hint, log)


def _slow(
    record: Record,
    jobs: Sequence[Job],
    connected: Sequence[str],
    scheduler: SchedulerState,
    now: datetime,
    tail: Callable[[str], str | None],
) -> Diagnosis | None:
    if scheduler == "silent":
        return Diagnosis(
            "The scheduler does not answer",
            "It may be busy; else look at its log.",
            tail("scheduler"),
        )
    for job in jobs:
        if (
            job.alive
            and job.state == "RUNNING"
            and job.id not in connected
            and job.id not in record.leaving
            and job.started is not None
            and now - job.started > WORKER_START
        ):
            run = format_walltime(int((now - job.started).total_seconds()))
            return Diagnosis(
                f"Job {job.id} has run for {run} and its worker has not reached the scheduler",
                "Look at its log; the nodes may not reach the scheduler's address.",
                tail(job.id),
            )
    stuck = [job for job in jobs if job.waiting and "never" in (explain_reason(job.reason) or "")]
    if stuck:
        words = explain_reason(stuck[0].reason)
        return Diagnosis(f"Job {stuck[0].id} {words}", "Scale to 0 and choose other options.")
    if not connected and record.wanted:
        for job in jobs:
            if job.waiting and job.reason:
                return Diagnosis(_waiting_words(sum(each.waiting for each in jobs), job.reason))
    return None


def _waiting_words(count: int, reason: str) -> str:
    words = explain_reason(reason)
    return (
        f"1 job in the queue: it {words}"
        if count == 1
        else (f"{count} jobs in the queue: the first {words}")
    )


def _exit_words(exit_text: str | None) -> str:
    if not exit_text:
        return "ended"
    code, _, number = exit_text.partition(":")
    if number not in ("", "0"):
        return f"was ended by signal {number}"
    return "ended at once" if code == "0" else f"failed with exit code {code}"
