"""Warns before the scheduler's own job and before the job that Jupyter runs in end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rsdat.base.clock import Clock, to_iso
from rsdat.base.errors import RsdatError
from rsdat.queue.interface import Job, Queue

#: So long before the end people are warned.
WARN_WITHIN = timedelta(minutes=30)
#: Walltimes are changed while jobs run, but seldom.
_ASK_AGAIN_S = 300.0
#: Two answers that differ by less tell of the same end.
_SAME = timedelta(seconds=30)
_JOB_ID = re.compile(r"\d+\Z")


@dataclass(frozen=True)
class Warning:  # noqa: A001 - the word of docs/api.yaml
    """What is going to end, and when."""

    message: str
    hint: str | None
    at: datetime

    def as_dict(self) -> dict[str, str | None]:
        """The `Warning` of docs/api.yaml."""
        return {"message": self.message, "hint": self.hint, "at": to_iso(self.at)}


class JupyterJob:
    """The Slurm job that this process runs in, if it runs in one."""

    def __init__(self, environment: Mapping[str, str], queue: Queue, clock: Clock) -> None:
        given = environment.get("SLURM_JOB_ID", "")
        # The local queue knows nothing of a job of Slurm's.
        self._id = given if queue.kind == "slurm" and _JOB_ID.match(given) else None
        self._queue = queue
        self._clock = clock
        self._asked_s: float | None = None
        #: When it ends, as far as that was asked; None where nothing ends it.
        self.ends_at: datetime | None = None

    async def look(self) -> datetime | None:
        """When it ends. Asks the queue at most every five minutes, and never outside a job.

        Where the queue does not answer, what was known last holds.
        """
        now_s = self._clock.monotonic_s()
        if self._id is None or (self._asked_s is not None and now_s - self._asked_s < _ASK_AGAIN_S):
            return self.ends_at
        self._asked_s = now_s
        try:
            left_s = await self._queue.time_left_s(self._id)
        except RsdatError:
            return self.ends_at
        ends_at = None if left_s is None else self._clock.now() + timedelta(seconds=left_s)
        if ends_at is None or self.ends_at is None or abs(ends_at - self.ends_at) > _SAME:
            self.ends_at = ends_at
        return self.ends_at


def job_end(job: Job, now: datetime) -> datetime | None:
    """When a running job's walltime is over; the same at every look."""
    if not job.alive or job.time_left_s is None:
        return None
    if job.started is None:
        return now + timedelta(seconds=job.time_left_s)
    # Both are whole seconds, and Slurm's limits whole minutes.
    minutes = round(((now - job.started).total_seconds() + job.time_left_s) / 60)
    return job.started + timedelta(minutes=minutes)


def warnings(
    *,
    scheduler_mode: str,
    scheduler_ends: datetime | None,
    jupyter_ends: datetime | None,
    now: datetime,
) -> list[dict[str, Any]]:
    """What ends within half an hour, the soonest first; each as `Warning` of docs/api.yaml.

    Args:
        scheduler_mode: `beside` or `job`, as in docs/api.yaml.
        scheduler_ends: The end of the scheduler's own job; None where it has none.
        jupyter_ends: The end of the job that Jupyter runs in; None where it runs in none.
        now: The time.
    """
    found = []
    if scheduler_ends is not None:
        found.append(
            Warning(
                "The scheduler's job reaches its walltime, and the cluster ends with it",
                "Save what you need. Start the cluster again with a longer walltime for the "
                "scheduler.",
                scheduler_ends,
            )
        )
    if jupyter_ends is not None:
        if scheduler_mode == "beside":
            found.append(
                Warning(
                    "The job that Jupyter runs in reaches its walltime, and the cluster's "
                    "scheduler ends with it",
                    "Save what you need. A scheduler in a job of its own outlives Jupyter.",
                    jupyter_ends,
                )
            )
        else:
            found.append(
                Warning(
                    "The job that Jupyter runs in reaches its walltime",
                    "The cluster goes on: a new Jupyter finds it again.",
                    jupyter_ends,
                )
            )
    due = [each for each in found if now <= each.at <= now + WARN_WITHIN]
    return [each.as_dict() for each in sorted(due, key=lambda each: each.at)]
