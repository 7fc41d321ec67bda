"""A scheduler with a job of its own that hangs in its ending is cancelled; one that ends is not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from rsdat.base.clock import SystemClock
from rsdat.clusters.executor import Executor
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.reconcile import END_LIMIT, EndScheduler
from rsdat.clusters.record import Record, SchedulerJob, Submission
from tests.support.cluster_parts import ID, options, record


class Line:
    """A line to a scheduler that takes every order and does nothing."""

    def __init__(self) -> None:
        self.told = 0

    async def terminate(self) -> None:
        self.told += 1


class Orders:
    """A queue that notes what it is to cancel."""

    def __init__(self) -> None:
        self.cancelled: list[str] = []

    async def cancel(self, ids: list[str]) -> None:
        self.cancelled += ids


@pytest.mark.parametrize(("late", "cancelled"), [(False, []), (True, ["6_0"])])
def test_a_scheduler_that_hangs(tmp_path: Path, late: bool, cancelled: list[str]) -> None:
    clock = SystemClock()
    now = clock.now()
    asked = now - 2 * END_LIMIT if late else now
    mine: Record = record(
        phase="stopping",
        stop_asked=asked,
        scheduler_job=SchedulerJob(
            options=options(), submission=Submission("5eed5eed", 1, asked, "6", group="")
        ),
    )
    folder = ClusterFolder(tmp_path / "clusters" / ID)
    folder.make(mine, now, lambda _: None)
    queue, line = Orders(), Line()
    executor = Executor(folder, tmp_path, cast(Any, queue), clock)
    asyncio.run(executor.carry_out([EndScheduler()], mine, cast(Any, line), {}))
    assert line.told == 1
    assert queue.cancelled == cancelled
