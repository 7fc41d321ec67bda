"""What has to be noticed although nobody looks, and so the queue is not asked."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import dask.config
import pytest

from rsdat.base import process
from rsdat.base.clock import SystemClock
from rsdat.base.errors import DoorBroken
from rsdat.clusters.caps import Usage
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.keeper import Keeper
from rsdat.clusters.link import SchedulerSeen, WorkerSeen
from rsdat.clusters.record import SchedulerProcess
from rsdat.queue.local.queue import LocalQueue
from tests.support.cluster_parts import ID, NOW, ago, job, record

JOBS = [job("7_0"), job("7_1")]


class HandClock(SystemClock):
    moment = NOW

    def now(self) -> Any:
        return self.moment


class Line:
    """A scheduler with two workers, to which nobody gives work unless told."""

    dask_id = "Scheduler-1"
    busy = True
    there: tuple[str, ...] = ("7_0", "7_1")

    async def look(self) -> SchedulerSeen:
        if not self.there:
            raise DoorBroken("nothing there")
        workers = [
            WorkerSeen(f"{ID}-{each}", f"tls://h:{each[-1]}", 1, 2**31) for each in self.there
        ]
        return SchedulerSeen(self.dask_id, "tls://h:1", None, tuple(workers))

    async def idle(self) -> bool:
        return not self.busy

    async def order_to_close(self, _count: int, **_: Any) -> list[str]:
        return []

    async def close(self) -> None: ...


def kept(tmp_path: Path, line: Line, clock: HandClock, **more: Any) -> Keeper:
    """A cluster of two workers whose scheduler, for the sake of /proc, is this process."""
    me = SchedulerProcess(
        process.this_host(), os.getpid(), str(process.birth(os.getpid())), ago(300), line.dask_id
    )
    mine = record(2, scheduler=me, connected=["7_0", "7_1"], **more)
    mine.submissions[0].tasks = 2
    folder = ClusterFolder(tmp_path / "clusters" / ID)
    folder.make(mine, NOW, lambda _: None)
    keeper = Keeper(folder, mine, tmp_path, LocalQueue(tmp_path), clock)
    keeper._link = line  # type: ignore[assignment]
    return keeper


def moves(keeper: Keeper) -> bool:
    return keeper.moving


def test_the_countdown_begins(tmp_path: Path) -> None:
    async def life() -> None:
        line, clock = Line(), HandClock()
        keeper = kept(tmp_path, line, clock, idle_after=60)
        await keeper.turn(JOBS)
        await keeper.turn(None)
        assert not moves(keeper)
        line.busy = False
        await keeper.turn(None)
        assert moves(keeper)  # the queue is asked, and the cluster ends in time
        line.busy = True
        await keeper.turn(None)
        assert not moves(keeper)
        await keeper.close()

    asyncio.run(life())


def test_a_worker_is_missed_at_every_look(tmp_path: Path) -> None:
    async def life() -> None:
        line, clock = Line(), HandClock()
        keeper = kept(tmp_path, line, clock)
        await keeper.turn(JOBS)
        assert not moves(keeper)
        for there in [line.there] * 3, [("7_0",)] * 4:
            for line.there in there:
                await keeper.turn(None)
                assert moves(keeper) is (len(line.there) == 1)
        await keeper.turn(JOBS)
        assert moves(keeper)  # its job runs on: the queue may tell why
        await keeper.close()

    asyncio.run(life())


@pytest.mark.parametrize("elsewhere", [0.0, 1.0])
def test_core_hours_are_used_up(tmp_path: Path, elsewhere: float) -> None:
    async def life() -> None:
        line, clock = Line(), HandClock()
        keeper = kept(tmp_path, line, clock)
        keeper.others = lambda: Usage(core_hours=elsewhere)
        most = {"all": {"core-hours": 2}} if elsewhere else {"core-hours": 2}
        with dask.config.set({"rsdat.clusters.caps": most}):
            await keeper.turn(JOBS)
            assert keeper.usage().core_hours == pytest.approx(2 / 60)
            assert not moves(keeper)
            # Two cores.
            clock.moment = NOW + timedelta(hours=0.6 if elsewhere else 1.1)
            await keeper.turn(None)
            assert moves(keeper)
            await keeper.turn(JOBS)
            assert keeper.record.wanted == 0
        await keeper.close()

    asyncio.run(life())


def test_who_was_away_does_not_take_the_scheduler_for_gone(tmp_path: Path) -> None:
    async def life() -> None:
        line, clock = Line(), HandClock()
        keeper = kept(tmp_path, line, clock)
        keeper.folder.update(lambda r: setattr(r.scheduler, "host", "elsewhere"))
        await keeper.turn(None)
        assert keeper.observed.scheduler == "up"
        line.there = ()
        for seconds, state in ((600, "silent"), (650, "silent"), (661, "dead")):
            clock.moment = NOW + timedelta(seconds=seconds)
            await keeper.turn(None)
            assert keeper.observed.scheduler == state
        await keeper.close()

    asyncio.run(life())


def test_what_goes_well_is_looked_at_without_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With dozens of clusters each look at a disk, and each thread for it, is one too many."""

    async def life() -> None:
        keeper = kept(tmp_path, Line(), HandClock())
        await keeper.turn(JOBS)
        monkeypatch.setattr(asyncio, "to_thread", None)
        keeper._inspector.look = lambda *_: None  # type: ignore[method-assign]  # it has its own pace
        await keeper.turn(JOBS, reloaded=True)
        assert keeper.observed.scheduler == "up"
        monkeypatch.undo()
        await keeper.close()

    asyncio.run(life())
