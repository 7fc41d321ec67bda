"""Warnings before Jupyter's own job and the scheduler's end."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from rsdat.base.errors import QueueSilent
from rsdat.clusters.deadlines import JupyterJob, job_end, warnings
from tests.support.cluster_parts import NOW, ago, job


def soon(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("mode", "scheduler", "jupyter", "said"),
    [
        ("beside", None, None, []),
        ("beside", None, 31, []),
        ("beside", None, 30, ["scheduler ends with it"]),
        ("beside", None, -1, []),  # it has ended, or was extended since
        ("job", None, 10, ["Jupyter runs in reaches its walltime"]),
        ("job", 20, None, ["cluster ends with it"]),
        ("job", 20, 10, ["Jupyter runs in", "cluster ends with it"]),
        ("job", 5, 10, ["cluster ends with it", "Jupyter runs in"]),
        ("job", 300, 10, ["Jupyter runs in"]),
    ],
)
def test_what_is_said(
    mode: str, scheduler: float | None, jupyter: float | None, said: list[str]
) -> None:
    found = warnings(
        scheduler_mode=mode,
        scheduler_ends=None if scheduler is None else soon(scheduler),
        jupyter_ends=None if jupyter is None else soon(jupyter),
        now=NOW,
    )
    assert len(found) == len(said)
    for each, words in zip(found, said, strict=True):
        assert words in each["message"]
        assert each["hint"]
        assert set(each) == {"message", "hint", "at"}
    assert found == sorted(found, key=lambda each: str(each["at"]))


class Clock:
    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.passed_s)

    def monotonic_s(self) -> float:
        return self.passed_s


class Queue:
    """Tells how long job 77 has left, and counts how often it is asked."""

    def __init__(self, clock: Clock, left_s: int | None, kind: str = "slurm") -> None:
        self.kind = kind
        self.clock = clock
        self.left_s = left_s
        self.asked = 0
        self.silent = False

    async def time_left_s(self, job_id: str) -> int | None:
        assert job_id == "77"
        self.asked += 1
        if self.silent:
            raise QueueSilent("no answer")
        return None if self.left_s is None else self.left_s - int(self.clock.passed_s)


def jupyter(queue: Any, job_id: str | None = "77") -> JupyterJob:
    return JupyterJob({"SLURM_JOB_ID": job_id} if job_id else {}, queue, queue.clock)


def test_jupyters_job_is_asked_for_seldom() -> None:
    queue = Queue(Clock(), 3600)
    mine = jupyter(queue)
    for passed_s in (0, 1, 299, 300, 420.4):
        queue.clock.passed_s = passed_s
        assert asyncio.run(mine.look()) == NOW + timedelta(hours=1)
    assert queue.asked == 2
    queue.clock.passed_s, queue.silent = 700, True
    assert asyncio.run(mine.look()) == NOW + timedelta(hours=1)
    # Somebody gave it an hour more.
    queue.clock.passed_s, queue.silent, queue.left_s = 1000, False, 7200
    assert asyncio.run(mine.look()) == NOW + timedelta(hours=2)
    queue.clock.passed_s, queue.left_s = 1400, None
    assert asyncio.run(mine.look()) is None


def test_outside_a_job_nobody_is_asked() -> None:
    for queue, job_id in (
        (Queue(Clock(), 3600), None),
        (Queue(Clock(), 3600), "77 -u root"),
        (Queue(Clock(), 3600, kind="local"), "77"),
    ):
        assert asyncio.run(jupyter(queue, job_id).look()) is None
        assert queue.asked == 0


def test_a_jobs_end_is_the_same_at_every_look() -> None:
    started = ago(1000)
    ends = {
        job_end(
            job("7_0", started=started, time_left_s=2600 - passed + late),
            NOW + timedelta(seconds=passed),
        )
        for passed in (0, 1, 30, 59, 600)
        for late in (-1, 0, 1)
    }
    assert ends == {started + timedelta(hours=1)}
    assert job_end(job("7_0", "PENDING", time_left_s=60), NOW) is None
    assert job_end(job("7_0"), NOW) is None
