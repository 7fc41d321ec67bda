"""Data and notebooks: adaptive sizes, jobs cancelled from outside, handles."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

import rsdat
import rsdat.clusters
from rsdat.base.errors import Conflict, NotFound
from rsdat.clusters.connect import connect
from tests.support.cluster_site import SMALL, ClusterSite, connected, living, until

pytestmark = pytest.mark.timeout(180)


def test_scancel_from_outside_loses_no_data_and_the_worker_is_replaced(site: ClusterSite) -> None:
    async def life() -> None:
        async with site.only_manager() as manager:
            cluster_id = (await manager.create({"workers": 2, "options": SMALL}))["id"]
            cluster = await until(manager, cluster_id, connected(2))
            client = await asyncio.to_thread(connect, cluster_id, home=site.home)
            try:
                victim = cluster["jobs"][0]
                futures = await asyncio.to_thread(
                    lambda: client.scatter(list(range(20)), workers=[victim["worker"]])
                )
                await site.queue().cancel([victim["id"]])
                cluster = await until(
                    manager,
                    cluster_id,
                    lambda c: connected(2)(c) and victim["id"] not in living(c),
                )
                assert await asyncio.to_thread(client.gather, futures) == list(range(20))
                assert len(cluster["jobs"]) == 3
            finally:
                await asyncio.to_thread(client.close)

    asyncio.run(life())


def test_adaptive_grows_with_the_work_and_manual_ends_it(tmp_path: Path) -> None:
    site = ClusterSite(tmp_path / "home", "local")

    async def life() -> None:
        async with site.only_manager() as manager:
            cluster_id = (await manager.create({"options": SMALL}))["id"]
            await manager.change(cluster_id, {"adapt": {"minimum": 0, "maximum": 2}})
            await until(manager, cluster_id, lambda c: c["state"] == "running")
            client = await asyncio.to_thread(connect, home=site.home)
            try:
                futures = client.map(lambda n: time.sleep(0.3) or n, range(40))
                cluster = await until(manager, cluster_id, connected(2))
                assert cluster["adapt"] == {"minimum": 0, "maximum": 2}
                assert cluster["workers"]["wanted"] == 2
                await manager.change(cluster_id, {"workers": 1})
                cluster = await until(manager, cluster_id, connected(1))
                assert cluster["adapt"] is None
                assert await asyncio.to_thread(client.gather, futures) == list(range(40))
            finally:
                await asyncio.to_thread(client.close)

    asyncio.run(life())


def test_handles_in_a_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RSDAT_QUEUE", "local")
    with pytest.raises(NotFound):
        rsdat.connect()
    cluster = rsdat.clusters.create("mine", workers=1, **SMALL)
    try:
        with cluster.client() as client:
            assert client.submit(sum, [1, 2]).result(timeout=60) == 3
        cluster.scale(2)
        cluster.wait_for_workers(2, timeout_s=60)
        assert "2 of 2 workers" in repr(cluster)
        assert [each.id for each in rsdat.clusters.list()] == [cluster.id]
        assert rsdat.clusters.get("mine").id == rsdat.clusters.get().id == cluster.id
        with rsdat.connect("mine") as client:
            assert len(client.scheduler_info()["workers"]) == 2
        other = rsdat.clusters.create("other", **SMALL)
        try:
            with pytest.raises(Conflict, match="several"):
                rsdat.connect()
        finally:
            other.close()
    finally:
        cluster.close()
    assert rsdat.clusters.list() == []
    with pytest.raises(NotFound):
        rsdat.clusters.get("mine")
