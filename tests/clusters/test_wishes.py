"""Wishes that come while an earlier one is being carried out, with nobody looking on."""

from __future__ import annotations

import asyncio
import time

import pytest

from rsdat.clusters.folder import ClusterFolder
from tests.support.cluster_site import SMALL, ClusterSite, until

pytestmark = pytest.mark.timeout(180)

SLURM = pytest.mark.parametrize(
    "site", [pytest.param("slurm", marks=pytest.mark.slurm)], indirect=True
)
LIMIT_S = 20.0
#: Less than it takes until a job that is not listed is taken to be gone.
LOOKED_AGAIN_S = 10.0


@SLURM
def test_what_waits_is_taken_back_again_and_again(site: ClusterSite) -> None:
    """Each wish comes while the one before is being carried out, and nobody looks meanwhile."""

    async def pending(cluster_id: str, number: int) -> None:
        queue, deadline = site.queue(), time.monotonic() + LIMIT_S
        while sum(job.waiting for job in await queue.jobs(f"rsdat-{cluster_id}")) != number:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)

    async def life() -> None:
        async with site.only_manager() as manager:
            options = {**SMALL, "directives": ["--hold"]}
            cluster_id = (await manager.create({"options": options}))["id"]
            await until(manager, cluster_id, lambda cluster: cluster["state"] == "running")
            for _ in range(5):
                manager._rounds._watched_s = float("-inf")
                await manager.change(cluster_id, {"workers": 3})
                await pending(cluster_id, 3)
                await manager.change(cluster_id, {"workers": 0})
                await pending(cluster_id, 0)
            # Slurm lists the cancelled arrays without their tasks: they are ours all the same.
            folder = ClusterFolder(site.home / "clusters" / cluster_id)
            await until(
                manager, cluster_id, lambda _: not folder.read_record().leaving, LOOKED_AGAIN_S
            )
            record = folder.read_record()
            assert (record.first.failures, record.first.losses) == (0, [])
            assert all("_" in job.id for job in record.ended)

    asyncio.run(life())
