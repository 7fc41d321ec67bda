"""Waiting for what a queue does by itself, with a bound."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from rsdat.queue.interface import Job, Queue


async def jobs_when(
    queue: Queue,
    prefix: str,
    condition: Callable[[Sequence[Job]], bool],
    *,
    within_s: float = 30,
) -> list[Job]:
    """The jobs as soon as they fit the condition; fails with what was seen last."""
    until = time.monotonic() + within_s
    while True:
        jobs = await queue.jobs(prefix)
        if condition(jobs):
            return jobs
        if time.monotonic() > until:
            raise AssertionError(f"not within {within_s:g} s; last seen: {jobs}")
        await asyncio.sleep(0.1)


def all_ended(jobs: Sequence[Job]) -> bool:
    """There are jobs, and every one has ended."""
    return bool(jobs) and all(job.ended for job in jobs)


def all_running(jobs: Sequence[Job]) -> bool:
    """There are jobs, and every one runs."""
    return bool(jobs) and all(job.state == "RUNNING" for job in jobs)
