"""Companions on computers whose clocks differ by an hour look after one cluster."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from rsdat.base.clock import SystemClock
from rsdat.clusters.diskclock import DiskClock
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.manager import ClusterManager
from tests.support.cluster_site import SMALL, ClusterSite, living, stopped, until

pytestmark = pytest.mark.timeout(180)

HELD = {**SMALL, "directives": ["--hold"]}


class WrongClock(SystemClock):
    """One that is ahead."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return super().now() + self._ahead


def test_the_clock_of_the_disk(tmp_path: Path) -> None:
    clock = DiskClock(tmp_path, WrongClock(timedelta(hours=-3)))
    assert datetime.now(timezone.utc) - clock.now() > timedelta(hours=2)
    clock.measure()
    assert abs(datetime.now(timezone.utc) - clock.now()) < timedelta(seconds=5)
    # Where it can't be measured, nothing is changed.
    own = DiskClock(tmp_path / "absent")
    own.measure()
    assert abs(datetime.now(timezone.utc) - own.now()) < timedelta(seconds=1)


@pytest.mark.slurm
@pytest.mark.parametrize("hours", [1, -1])
def test_a_companion_whose_clock_is_wrong(slurm_home: ClusterSite, hours: int) -> None:
    """What it submits is neither fresh for an hour to others, nor lost to them at once."""
    clock = DiskClock(slurm_home.home / "clusters", WrongClock(timedelta(hours=hours)))

    async def life() -> None:
        wrong = ClusterManager(slurm_home.home, slurm_home.queue(), clock=clock)
        await wrong.start()
        try:
            async with slurm_home.manager() as right:
                cluster_id = (await wrong.create({"workers": 2, "options": HELD}))["id"]
                await until(right, cluster_id, lambda c: len(living(c)) == 2)
                record = ClusterFolder(slurm_home.home / "clusters" / cluster_id).read_record()
                for moment in (record.created, record.submissions[0].at):
                    assert abs(datetime.now(timezone.utc) - moment) < timedelta(seconds=60)
                await right.change(cluster_id, {"workers": 3})
                cluster = await until(wrong, cluster_id, lambda c: len(living(c)) == 3)
                assert len(cluster["jobs"]) == 3
                await wrong.change(cluster_id, {"workers": 1})
                await until(right, cluster_id, lambda c: len(living(c)) == 1)
                assert len(slurm_home.submissions()) == 2
                await wrong.shutdown(cluster_id)
                await until(right, cluster_id, stopped)
        finally:
            await wrong.stop()

    asyncio.run(life())
