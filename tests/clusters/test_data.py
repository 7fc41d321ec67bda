"""Data and notebooks: adaptive sizes, jobs cancelled from outside, handles."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

import rsdat
import rsdat.clusters
from rsdat.base.errors import Conflict, InvalidInput, NotFound
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


def test_handles_in_a_loop_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RSDAT_QUEUE", "local")

    async def life() -> None:
        made = rsdat.clusters.create("mine", workers=1, asynchronous=True, **SMALL)
        async with made as cluster:
            await cluster.add_group("big", workers=1, resources={"GPU": 1}, **SMALL)
            await cluster.wait_for_workers(2, timeout_s=60)
            client = await cluster.client()
            try:
                # Code chooses the kind of worker by its resource.
                where = client.submit(lambda: None, resources={"group-big": 1, "GPU": 1})
                await where
                on = (await client.who_has([where]))[where.key]
                groups = {
                    job["workers"][0]["address"]: job["group"]
                    for job in await cluster.jobs()
                    if job["workers"]
                }
                assert [groups[address] for address in on] == ["big"]
            finally:
                await client.close()
            assert "distributed.scheduler" in await cluster.logs()
            await cluster.remove_group("big")
            state = await cluster.state()
            assert [group["workers"]["wanted"] for group in state["groups"]] == [1, 0]
            again = rsdat.clusters.get("mine", asynchronous=True)
            with pytest.raises(InvalidInput, match="pair"):
                await again.add_group("wrong", adapt=3)
            await again.cancel((await again.jobs())[0]["id"])
            assert "mine" in cluster._repr_html_()
        assert (await cluster.state())["state"] == "stopped"

    asyncio.run(life())
