"""A whole cluster that outlives the walltime of its workers, with nobody looking at it."""

from __future__ import annotations

import asyncio
import time

import pytest

from rsdat.clusters.connect import connect
from tests.support.cluster_site import SMALL, ClusterSite, connected, until

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(300)]

VALUES = [f"value {number}" for number in range(20)]
#: Without any worker connected; the next look shows one again. The values would be lost in any such
#: gap, so this one only allows for looks that take long.
LONGEST_GAP_S = 10.0


def test_two_generations_of_workers(slurm_home: ClusterSite) -> None:
    site = slurm_home

    async def life() -> None:
        async with site.only_manager() as manager:
            options = {**SMALL, "walltime": "00:01:00"}
            request = {"workers": 2, "options": options, "renew": True}
            cluster_id = (await manager.create(request))["id"]
            await until(manager, cluster_id, connected(2))
            client = await asyncio.to_thread(connect, cluster_id, home=site.home)
            try:
                futures = await asyncio.to_thread(lambda: client.scatter(VALUES, hash=False))
                seen, gap_s, most = await asyncio.to_thread(_watch, client, 6)
                assert await asyncio.to_thread(client.gather, futures, "skip") == VALUES
            finally:
                await asyncio.to_thread(client.close)
            assert gap_s < LONGEST_GAP_S
            # Each generation is one array of two, and no more than two generations overlap.
            arrays = [name.rpartition("-")[2].partition("_")[0] for name in seen]
            assert [arrays.count(array) for array in dict.fromkeys(arrays)] == [2, 2, 2]
            assert most <= 4
            cluster = await manager.get(cluster_id)
            assert cluster["diagnosis"] is None
            gone = [job for job in cluster["jobs"] if job["state"] == "COMPLETED"]
            assert len(gone) >= 3
            assert {job["explanation"] for job in gone} == {"left before its walltime"}

    asyncio.run(life())


def _watch(client: object, number: int) -> tuple[list[str], float, int]:
    """Until so many workers have been there and the first four have gone.

    Returns their names, the longest time without any, and the most at once.
    """
    seen: list[str] = []
    gap_s, most, since_s = 0.0, 0, time.monotonic()
    deadline_s = since_s + 200
    while True:
        known = client.sync(client.scheduler.identity, n_workers=-1)["workers"]  # type: ignore[attr-defined]
        names = [worker["name"] for worker in known.values()]
        seen.extend(name for name in names if name not in seen)
        now_s = time.monotonic()
        if names:
            since_s = now_s
        gap_s, most = max(gap_s, now_s - since_s), max(most, len(names))
        if len(seen) >= number and not set(seen[:4]) & set(names):
            return seen, gap_s, most
        assert now_s < deadline_s, f"{names} of {seen}"
        time.sleep(0.1)
