"""A cluster without work shuts itself down, after a countdown that work and people stop."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import rsdat
from rsdat.base.clock import SystemClock
from rsdat.clusters.idle import IdleWatch
from tests.support.cluster_parts import NOW, record
from tests.support.cluster_site import SMALL, ClusterSite, connected, stopped, until


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_the_countdown() -> None:
    watch = IdleWatch()
    mine = record(2, idle_after=60)
    assert watch.ends_at(mine) is None
    watch.note(idle=True, now=NOW)
    watch.note(idle=True, now=at(20))
    assert watch.ends_at(mine) == at(60)
    assert not watch.is_over(mine, at(59))
    assert watch.is_over(mine, at(60))
    # Somebody wants it kept: anew.
    mine.kept = at(30)
    assert watch.ends_at(mine) == at(90)
    watch.note(idle=False, now=at(40))
    assert watch.ends_at(mine) is None
    watch.note(idle=True, now=at(50))
    assert watch.ends_at(mine) == at(110)
    assert watch.ends_at(record(2)) is None  # it never ends by itself
    assert watch.ends_at(record(2, idle_after=60, phase="stopping")) is None


class Ahead(SystemClock):
    """Runs ahead, so that nobody waits for the countdown."""

    by = timedelta()

    def now(self) -> datetime:
        return super().now() + self.by


def test_it_shuts_itself_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path / "home"))
    clock = Ahead()
    site = ClusterSite(tmp_path / "home", "local", clock=clock)

    def counting(cluster: dict[str, Any]) -> bool:
        return cluster["idle"]["ends_at"] is not None

    async def life() -> None:
        async with site.only_manager() as manager:
            request = {"workers": 1, "options": SMALL, "idle_after": 600}
            cluster_id = (await manager.create(request))["id"]
            await until(manager, cluster_id, connected(1))
            cluster = await until(manager, cluster_id, counting)
            first = cluster["idle"]["ends_at"]

            # Work stops it.
            client = await asyncio.to_thread(rsdat.connect, cluster_id)
            try:
                go = await asyncio.to_thread(_event, client)
                future = client.submit(_wait, go)
                await until(manager, cluster_id, lambda each: not counting(each))
                await asyncio.to_thread(go.set)
                await asyncio.to_thread(future.result, 60)
            finally:
                await asyncio.to_thread(client.close)

            # So does somebody who wants it kept.
            cluster = await until(manager, cluster_id, counting)
            assert cluster["idle"]["ends_at"] >= first
            clock.by = timedelta(seconds=590)
            await manager.change(cluster_id, {"keep": True})
            clock.by = timedelta(seconds=1180)
            cluster = await manager.get(cluster_id)
            assert cluster["state"] == "running"

            clock.by = timedelta(seconds=1300)
            await until(manager, cluster_id, stopped)
            (past,) = (await manager.attic.past())["clusters"]
            assert past["end"]["code"] == "idle"

    asyncio.run(life())
    assert site.processes(str(site.home)) == []


def _event(client: Any) -> Any:
    from distributed import Event

    return Event("go", client=client)


def _wait(go: Any) -> bool:
    return bool(go.wait(60))
