"""Jobs as squeue, sacct and scontrol print them. Pure: text in, `Job` out.

Times are seconds since 1970 (`question_environment` asks for them). Lines that are no job are
left out: a foreign job's name may hold a line break.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from functools import lru_cache

from rsdat.base.errors import InvalidInput
from rsdat.base.units import parse_walltime_s
from rsdat.queue.ids import array_of, expand, expand_tasks
from rsdat.queue.interface import ALIVE, WAITING, Job

#: `%i` one id a task (with -r), `%S` start or expected start, `%L` time left. The name comes
#: last: it alone may hold a `|`.
SQUEUE_FORMAT = "%i|%T|%r|%S|%L|%N|%j"
SACCT_FORMAT = "JobID,State,ExitCode,Start,NodeList,JobName"
_LINES_KEPT = 16384


def parse_squeue(text: str) -> list[Job]:
    """What `squeue -h -r -o SQUEUE_FORMAT` prints, without submissions that were refused.

    Slurm 22.05 lists a job that it refused for its memory as `FAILED|BadConstraints` for as long
    as one that ended; its submitter was told so, and has no such job.
    """
    jobs: list[Job] = []
    for line in text.splitlines():
        fields = line.split("|", 6)
        if len(fields) < 7:
            continue
        left = fields.pop(4)
        listed = _listed(*fields)
        if listed and listed[0].alive:
            left_s = _duration_s(left)
            jobs += [job.with_time_left(left_s) for job in listed]
        else:
            jobs += listed
    return jobs


@lru_cache(_LINES_KEPT)
def _listed(
    ids: str, state: str, reason: str, start: str, nodes: str, name: str
) -> tuple[Job, ...]:
    """The jobs of one line. Of thousands at each look, few differ in more than the time left."""
    node, why = _known(nodes), _known(reason)
    if (state, why, node) == ("FAILED", "BadConstraints", None):
        return ()
    waiting, alive = state in WAITING, state in ALIVE
    # What was cancelled while it waited has no node, and `start` is when that was.
    started = _time(start) if alive or (node and not waiting) else None
    return tuple(
        Job(
            id=single,
            array_id=array_of(single),
            name=name,
            state=state,
            reason=why,
            node=node,
            start_estimate=_time(start) if waiting else None,
            started=started,
        )
        for single in expand(ids)
    )


def parse_sacct(text: str) -> list[Job]:
    """What `sacct -nXP -o SACCT_FORMAT` prints; `70_[2-3]`, never started, is two jobs."""
    jobs: list[Job] = []
    for line in text.splitlines():
        fields = line.split("|", 5)
        if len(fields) < 6:
            continue
        job_id, state, exit_code, start, nodes, name = fields
        node = None if nodes == "None assigned" else _known(nodes)
        jobs.extend(
            Job(
                id=single,
                array_id=array_of(single),
                name=name,
                # CANCELLED carries a ` by UID`.
                state=state.partition(" ")[0],
                node=node,
                started=_time(start) if node else None,
                exit=exit_code,
            )
            for single in expand(job_id)
        )
    return jobs


_SCONTROL = re.compile(
    r"JobId=(?P<raw>\d+) (?:ArrayJobId=(?P<array>\d+) ArrayTaskId=(?P<tasks>\S+) )?"
    r"(?:ArrayTaskThrottle=\d+ )?JobName=(?P<name>.*?) UserId=.*?"
    r" JobState=(?P<state>\S+) Reason=(?P<reason>.*?) Dependency=.*?"
    r" ExitCode=(?P<exit>\d+:\d+) .*? StartTime=(?P<start>\S+) .*? NodeList=(?P<nodes>\S*) "
)


def parse_scontrol(text: str) -> list[Job]:
    """What `scontrol -o show job ID` prints, one line a job."""
    jobs: list[Job] = []
    for line in text.splitlines():
        match = _SCONTROL.match(line)
        if not match:
            continue
        array = match["array"] or match["raw"]
        ids = [f"{array}_{task}" for task in expand_tasks(match["tasks"] or "")] or [array]
        node = _known(match["nodes"])
        jobs.extend(
            Job(
                id=single,
                array_id=array,
                name=match["name"],
                state=match["state"],
                reason=_known(match["reason"]),
                node=node,
                started=_time(match["start"]) if node else None,
                exit=match["exit"],
            )
            for single in ids
        )
    return jobs


_ESTIMATE = re.compile(r"to start at (\d+) using")


def parse_estimate(stderr: str) -> datetime | None:
    """The expected start in what `sbatch --test-only` prints."""
    match = _ESTIMATE.search(stderr)
    return _time(match[1]) if match else None


def _known(word: str) -> str | None:
    return None if word.strip() in ("", "None", "N/A", "(null)", "Unknown") else word.strip()


@lru_cache(4096)
def _time(word: str) -> datetime | None:
    # Also `N/A`, `Unknown`, `None`; and 0 for a job that never started.
    if not word.isdigit() or int(word) == 0:
        return None
    return datetime.fromtimestamp(int(word), timezone.utc)


@lru_cache(4096)
def _duration_s(word: str) -> int | None:
    try:
        return parse_walltime_s(word)
    except InvalidInput:  # `INVALID` once the limit is over, `NOT_SET`
        return None
