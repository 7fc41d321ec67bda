"""Says in one sentence what is wrong with a cluster, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from rsdat.base.units import format_walltime
from rsdat.clusters.bookkeeping import MAX_FAILURES, is_held
from rsdat.clusters.diagnosis.endings import more_memory, read_ending, state_words
from rsdat.clusters.diagnosis.findings import Findings
from rsdat.clusters.diagnosis.reasons import WORST_FIRST, Reason, read_reason
from rsdat.clusters.diagnosis.refusals import after_refusal
from rsdat.clusters.diagnosis.schedulerjob import how_it_ended, out_of_reach, still_waits
from rsdat.clusters.diagnosis.signs import last_lines, signs
from rsdat.clusters.logs import SCHEDULER
from rsdat.clusters.reconcile import SchedulerState
from rsdat.clusters.record import EndedJob, Group, Record
from rsdat.queue.interface import Job

#: A job that runs for so long should have its worker connected.
WORKER_START = timedelta(seconds=45)
#: For so long after a submission it is no news that its jobs wait.
_PATIENCE = timedelta(seconds=3)
#: For so long an ended job is worth telling while workers are missing, and a worker that ran out
#: of memory in any case.
_NEWS = timedelta(minutes=15)
#: For so long an end is told although another job has taken the place.
_MENDED = timedelta(minutes=2)
#: Of so many waiting jobs it is looked up whether they have run before.
_LOGS_TRIED = 20

#: Says no more than that it was refused.
_SBATCH = "Batch job submission failed: "
_AGAIN = "Shut the cluster down and start it again: it is among the past clusters then."


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
    return None if job.alive else state_words(job.state, job.exit)


def explain_reason(reason: str | None) -> str | None:
    """Slurm's reason for a waiting job, in plain words; unknown ones in Slurm's own."""
    found = read_reason(reason)
    return found.words if found else None


def diagnose(
    record: Record,
    jobs: Sequence[Job],
    connected: Collection[str],
    scheduler: SchedulerState,
    now: datetime,
    tail: Callable[[str], str | None],
    *,
    findings: Findings | None = None,
    own: Sequence[Job] = (),
) -> Diagnosis | None:
    """What is wrong with a cluster, the worst first; None when all is as it should be.

    Args:
        record: After `bookkeeping.take_stock` with these jobs.
        jobs: As the queue last listed them.
        connected: Ids of jobs whose worker is connected.
        scheduler: How the scheduler is.
        now: The time.
        tail: Last lines of the log of `scheduler` or of a job, None where there is none. More
            than are shown: the telling one may be above.
        findings: What was learned beside.
        own: The scheduler's own job, if it has one, as the queue last listed it.
    """
    if record.phase in ("stopping", "stopped"):
        return None
    case = _Case(record, jobs, frozenset(connected), now, tail, findings or Findings())
    if record.phase == "failed" or scheduler == "dead":
        return case.scheduler_gone(own)
    return (
        case.refused()
        or case.given_up()
        or (case.scheduler_silent(own) if scheduler == "silent" else None)
        or (case.scheduler_waits(own) if scheduler == "waiting" else None)
        or case.lost()
        or case.restarted()
        or case.versions(serious=True)
        or case.not_reached()
        or case.waiting(WORST_FIRST[:3])
        or case.requeued()
        or case.waiting(WORST_FIRST[3:])
        or case.replaced()
        or case.versions(serious=False)
    )


@dataclass(frozen=True)
class _Case:
    """All that is known; each method looks at it for one kind of trouble."""

    record: Record
    jobs: Sequence[Job]
    connected: frozenset[str]
    now: datetime
    tail: Callable[[str], str | None]
    findings: Findings

    def scheduler_gone(self, own: Sequence[Job]) -> Diagnosis:
        record = self.record
        reached = record.scheduler is not None and record.scheduler.dask_id is not None
        log = last_lines(self.tail(SCHEDULER))
        if record.problem and not reached:
            return Diagnosis(record.problem["message"] or "", record.problem.get("hint"), log)
        told = how_it_ended(record, own, self.now, self.tail(SCHEDULER))
        if told is not None:
            return Diagnosis(*told)
        message = (
            "The scheduler has ended; the workers have gone with it"
            if reached
            else "The scheduler did not start"
        )
        return Diagnosis(message, _AGAIN, log)

    def refused(self) -> Diagnosis | None:
        problem = self.record.problem
        if problem:
            message = problem["message"] or ""
            return Diagnosis(message, problem.get("hint") or after_refusal(message))
        for group in self.record.groups:
            problem = group.problem
            if problem:
                said = (problem["message"] or "").replace(_SBATCH, "")
                message = f"The jobs{self._of(group)} were refused: {said}" if group.held else said
                return Diagnosis(message, problem.get("hint") or after_refusal(said))
        return None

    def given_up(self) -> Diagnosis | None:
        """A group whose jobs end again and again: no more are started."""
        for group in self.record.groups:
            ends = self._unasked(group)
            if is_held(group) and ends:
                number = max(group.failures, 1)
                more = (
                    f"; {number} in a row ended at once, no more are started"
                    if group.failures >= MAX_FAILURES
                    else "; too many ended within ten minutes, no more are started"
                )
                found = self._ended(ends[-1], group)
                step = found.hint or "Look at its log."
                return Diagnosis(found.message + more, f"{step} Scale to try again.", found.log)
        return None

    def scheduler_waits(self, own: Sequence[Job]) -> Diagnosis | None:
        told = still_waits(self.record, own, self.now)
        return Diagnosis(*told) if told else None

    def scheduler_silent(self, own: Sequence[Job]) -> Diagnosis:
        message, step = out_of_reach(self.record, own) or (
            "The scheduler does not answer",
            "It may be busy; else look at its log.",
        )
        return Diagnosis(message, step, last_lines(self.tail(SCHEDULER)))

    def lost(self) -> Diagnosis | None:
        """A job that ended lately, while its group has fewer workers than it should."""
        for group in self.record.groups:
            ends = self._unasked(group)
            if ends and self.now - ends[-1].at < _NEWS and self._here(group) < group.wanted:
                return self._ended(ends[-1], group)
        return None

    def replaced(self) -> Diagnosis | None:
        """A job that ended lately, and in whose place another runs."""
        for group in self.record.groups:
            for job in reversed(self._unasked(group)):
                memory = job.state == "OUT_OF_MEMORY"
                if self.now - job.at < (_NEWS if memory else _MENDED) and self._here(group):
                    found = self._ended(job, group)
                    message = f"{found.message}; another has taken its place"
                    return Diagnosis(message, found.hint, found.log)
        return None

    def restarted(self) -> Diagnosis | None:
        """Workers that died and came back in a job that goes on, and tasks that died of it."""
        fresh = [
            seen
            for seen in self.findings.trouble.values()
            if self.now - seen.at < _NEWS and seen.at >= self._wished(seen.source)
        ]
        if not fresh:
            return None
        # That a task was given up is what people notice; which worker died why is in its log.
        tasks = [seen for seen in fresh if seen.sign.kind == "task"]
        deaths = [seen for seen in fresh if seen.sign.kind == "restart"]
        if not deaths:
            (*_, seen) = tasks
            log = last_lines(self.tail(SCHEDULER), seen.sign)
            return Diagnosis(_sentence(seen.sign.words), seen.sign.step, log)
        (*_, seen) = deaths
        group = self._group_of(seen.source)
        step = seen.sign.step
        if "memory" in seen.sign.words:
            step = more_memory(group.options)
        times = "" if seen.count == 1 else f", {seen.count} times"
        message = f"Job {seen.source}{self._of(group)}: {seen.sign.words} and was restarted{times}"
        if tasks:
            message += f"; {tasks[-1].sign.words}"
        return Diagnosis(message, step, last_lines(self.tail(seen.source), seen.sign))

    def versions(self, *, serious: bool) -> Diagnosis | None:
        mismatch = self.findings.mismatch
        if mismatch is None or mismatch.serious is not serious:
            return None
        return Diagnosis(mismatch.message, mismatch.step)

    def not_reached(self) -> Diagnosis | None:
        """A job that runs for long, and whose worker is not there."""
        for job in self.jobs:
            if (
                job.state == "RUNNING"
                and job.id not in self.connected
                and job.id not in self.record.leaving
                # It was there and is ending, or was lost: its job's end tells which.
                and job.id not in self.record.connected
                and job.started is not None
                and self.now - job.started > WORKER_START
            ):
                run = format_walltime(int((self.now - job.started).total_seconds()))
                log = self.tail(job.id)
                sign = next(signs(log), None)
                message = (
                    f"Job {job.id}{self._of(self._group_of(job.id))} has run for {run} and its "
                    "worker has not reached the scheduler"
                )
                step = "Look at its log; the nodes may not reach the scheduler's address."
                if sign is not None and sign.kind == "start":
                    if "reach" not in sign.words:
                        message += f": {sign.words}"
                    step = sign.step
                return Diagnosis(message, step, last_lines(log, sign))
        return None

    def requeued(self) -> Diagnosis | None:
        """A job that ran and is back in the queue."""
        for job in self._waiting()[:_LOGS_TRIED]:
            # Slurm lets such a job wait for two minutes, until its BeginTime.
            if job.state == "PENDING" and job.reason != "BeginTime":
                continue
            log = self.tail(job.id)
            if log is None:
                continue
            sign = next(signs(log), None)
            words, step = "was put back into the queue", "It starts again by itself."
            if sign is not None and sign.kind in ("preempted", "node"):
                words = f"{sign.words.removeprefix('it ').removeprefix('its ')}"
                words = f"{'lost its ' if sign.kind == 'node' else ''}{words} and waits again"
                step = f"{step} {sign.step}"
            message = f"Job {job.id}{self._of(self._group_of(job.id))} {words}"
            return Diagnosis(message, step, last_lines(log, sign))
        return None

    def waiting(self, kinds: Sequence[str]) -> Diagnosis | None:
        """Jobs that wait, for the worst reason among `kinds`."""
        fresh = {
            submission.array_id
            for submission in self.record.submissions
            if self.now - submission.at < _PATIENCE
        }
        waiting = self._waiting()
        for kind in kinds:
            mine: list[tuple[Job, Reason]] = [
                (job, reason)
                for job in waiting
                if (reason := read_reason(job.reason)) is not None and reason.kind == kind
            ]
            if kind == "queue":
                mine = [(job, reason) for job, reason in mine if job.array_id not in fresh]
            if mine:
                job, reason = mine[0]
                return Diagnosis(self._waits(job, reason, len(waiting), len(mine)), reason.step)
        return None

    def _waits(self, job: Job, reason: Reason, waiting: int, alike: int) -> str:
        of_group = self._of(self._group_of(job.id))
        if waiting == 1:
            return f"1 job{of_group} in the queue: it {reason.words}"
        if reason.kind == "queue" or alike == waiting:
            return f"{waiting} jobs in the queue: the first{of_group} {reason.words}"
        some = f"{alike} of them" if alike > 1 else f"one, {job.id}"
        return f"{waiting} jobs in the queue, {some}{of_group} {reason.words}"

    @cached_property
    def _groups(self) -> dict[str, str]:
        return self.record.groups_of_arrays()

    def _waiting(self) -> list[Job]:
        return [job for job in self.jobs if job.waiting and job.id not in self.record.leaving]

    def _here(self, group: Group) -> int:
        # Slurm may have given up a node whose workers go on.
        over = {job.id for job in self.record.ended}
        return sum(
            self._group_of(job_id) is group for job_id in self.connected if job_id not in over
        )

    def _unasked(self, group: Group) -> list[EndedJob]:
        # What ended before the last wish was for that wish to mend.
        since = group.wished or self.record.created
        return [
            job
            for job in self.record.ended
            if job.group == group.name and not job.expected and job.at >= since
        ]

    def _ended(self, job: EndedJob, group: Group) -> Diagnosis:
        ending = read_ending(job, group.options, self.tail(job.id))
        where = f" on {job.node}" if job.node else ""
        message = f"Job {job.id}{self._of(group)}{where} {ending.words}"
        return Diagnosis(message, ending.step, ending.log)

    def _wished(self, source: str) -> datetime:
        wished = [group.wished for group in self.record.groups if group.wished is not None]
        mine = (
            [self._group_of(source).wished] if source != SCHEDULER else [max(wished, default=None)]
        )
        return mine[0] or self.record.created

    def _group_of(self, job_id: str) -> Group:
        name = self._groups.get(job_id.partition("_")[0])
        return self.record.group(name) or self.record.first

    def _of(self, group: Group) -> str:
        return f" of group {group.name}" if len(self.record.groups) > 1 else ""


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
