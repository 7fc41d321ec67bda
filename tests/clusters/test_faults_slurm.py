"""Slurm, nodes, workers and schedulers go away: what the panel says, and that clusters go on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psutil
import pytest

from rsdat.base.clock import from_iso
from rsdat.clusters.connect import connect
from rsdat.clusters.manager import ClusterManager
from tests.support.cluster_site import SMALL, ClusterSite, connected, living, until
from tests.support.slurm_processes import job_processes
from tests.support.slurm_site import SlurmSite

pytestmark = [pytest.mark.timeout(240), pytest.mark.slurm]

#: "At once" or nearly, on a busy machine; shorter than a command that gets no answer (15 s).
IN_TIME_S = 12.0


async def timely(answer: Awaitable[Any]) -> Any:
    began_s = time.monotonic()
    result = await answer
    assert time.monotonic() - began_s < IN_TIME_S
    return result


async def away(
    manager: ClusterManager, home: Path, slurm: SlurmSite, outage: str, seconds: float
) -> None:
    """slurmctld is away for a while; clusters compute, the panel answers, nothing is doubled."""
    cluster_id = (await manager.create({"name": "mine", "workers": 1, "options": SMALL}))["id"]
    await until(manager, cluster_id, connected(1))
    client = await asyncio.to_thread(connect, "mine", home=home)
    stop, start = _OUTAGES[outage]
    try:
        await asyncio.to_thread(stop, slurm)
        try:
            over = time.monotonic() + seconds
            await timely(manager.change(cluster_id, {"workers": 2}))
            while (answer := await timely(manager.list()))["queue_problem"] is None:
                assert time.monotonic() < over + 30
                await asyncio.sleep(0.1)
            while time.monotonic() < over:
                answer = await timely(manager.list())
                (cluster,) = answer["clusters"]
                assert cluster["state"] == "running"
                assert cluster["workers"]["connected"] == 1
                assert len(cluster["jobs"]) == 1
                await asyncio.sleep(0.5)
            age_s = (datetime.now(timezone.utc) - from_iso(answer["queue_seen"])).total_seconds()
            assert age_s >= seconds / 2  # the age of the view
            assert await asyncio.to_thread(client.submit(sum, [40, 2]).result, 30) == 42
        finally:
            await asyncio.to_thread(start, slurm)
        back_s = time.monotonic()
        await until(manager, cluster_id, connected(2), limit_s=90)
        answer = await manager.list()
        assert answer["queue_problem"] is None
        assert len(answer["clusters"][0]["jobs"]) == 2
        print(f"{outage} {seconds} s: second worker {time.monotonic() - back_s:.1f} s later")
    finally:
        await asyncio.to_thread(client.close)


_OUTAGES: dict[str, tuple[Callable[[SlurmSite], None], Callable[[SlurmSite], None]]] = {
    "frozen": (SlurmSite.freeze_controller, SlurmSite.thaw_controller),
    "killed": (SlurmSite.stop_controller, SlurmSite.start_controller),
}


@pytest.mark.parametrize("outage", ["killed"])
def test_controller_away_for_a_while(
    slurm_home: ClusterSite, slurm_site: SlurmSite, outage: str
) -> None:
    async def life() -> None:
        async with slurm_home.only_manager() as manager:
            await away(manager, slurm_home.home, slurm_site, outage, 5)

    asyncio.run(life())


@pytest.mark.long
@pytest.mark.parametrize("outage", ["frozen", "killed"])
def test_controller_away_for_a_minute(
    slurm_home: ClusterSite, slurm_site: SlurmSite, outage: str
) -> None:
    async def life() -> None:
        async with slurm_home.only_manager() as manager:
            await away(manager, slurm_home.home, slurm_site, outage, 60)

    asyncio.run(life())


def workers_of(site: ClusterSite, cluster_id: str) -> list[psutil.Process]:
    return [
        process
        for process in site.processes(cluster_id)
        if any("dask_worker" in argument for argument in process.cmdline())
    ]


def test_all_workers_killed_at_once(slurm_home: ClusterSite, slurm_site: SlurmSite) -> None:
    """Replaced, each time said; but not for ever."""

    async def life() -> None:
        async with slurm_home.only_manager() as manager:
            cluster_id = (await manager.create({"workers": 2, "options": SMALL}))["id"]
            for _ in range(10):
                await until(manager, cluster_id, connected(2))
                await asyncio.to_thread(_kill_all, slurm_home, cluster_id)
                cluster = await until(
                    manager,
                    cluster_id,
                    lambda c: (
                        c["diagnosis"] is not None
                        and (not living(c) or c["workers"]["connected"] == 0)
                    ),
                )
                cluster = await until(
                    manager,
                    cluster_id,
                    lambda c: connected(2)(c) or "no more are started" in str(c["diagnosis"]),
                )
                if "no more are started" in str(cluster["diagnosis"]):
                    break
                assert "taken its place" in cluster["diagnosis"]["message"]
            assert "too many ended within ten minutes" in cluster["diagnosis"]["message"]
            assert "Scale to try again" in cluster["diagnosis"]["hint"]
            # Two, and seven more at most: one for each that was lost before it was too much.
            numbers = [
                int(argument.rpartition("-")[2]) + 1
                for argv in slurm_home.submissions()
                for argument in argv
                if argument.startswith("--array=")
            ]
            assert 8 <= sum(numbers) <= 9
            await manager.change(cluster_id, {"workers": 1})
            await until(manager, cluster_id, connected(1))

    asyncio.run(life())


def _kill_all(site: ClusterSite, cluster_id: str) -> None:
    for process in workers_of(site, cluster_id):
        with contextlib.suppress(psutil.Error):
            process.kill()


def test_a_node_is_killed(slurm_home: ClusterSite, slurm_site: SlurmSite) -> None:
    """Its worker is replaced on another one, the node is named."""

    async def life() -> None:
        async with slurm_home.only_manager() as manager:
            cluster_id = (await manager.create({"workers": 1, "options": SMALL}))["id"]
            cluster = await until(manager, cluster_id, connected(1))
            (job,) = cluster["jobs"]
            node = job["node"]
            slurm_site.kill_node(node)
            for pid in list(job_processes(slurm_site.conf)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            try:
                # Slurm gives a silent node 20 s; it may be told at once that it is gone.
                slurm_site.command(
                    "scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=killed"
                )
                cluster = await until(
                    manager,
                    cluster_id,
                    lambda c: connected(1)(c) and living(c) not in ([], [job["id"]]),
                )
                assert job["id"] in cluster["diagnosis"]["message"]
                assert node in cluster["diagnosis"]["message"]
                (new,) = (each for each in cluster["jobs"] if each["id"] in living(cluster))
                assert new["node"] != node
            finally:
                slurm_site.start_node(node)
                slurm_site.command(
                    "scontrol", "update", f"NodeName={node}", "State=RESUME", check=False
                )

    asyncio.run(life())
    slurm_site.wait_idle()


def test_the_scheduler_is_killed(slurm_home: ClusterSite) -> None:
    """Said at once, with what to do; the jobs go; and the same again is one step."""

    async def life() -> None:
        async with slurm_home.only_manager() as manager:
            request = {"name": "mine", "workers": 1, "options": SMALL}
            cluster_id = (await manager.create(request))["id"]
            await until(manager, cluster_id, connected(1))
            for process in slurm_home.processes(cluster_id):
                if any("dask_scheduler" in argument for argument in process.cmdline()):
                    process.kill()
            killed_s = time.monotonic()
            cluster = await until(manager, cluster_id, lambda c: c["diagnosis"] is not None)
            assert time.monotonic() - killed_s < 15
            assert "scheduler has ended" in cluster["diagnosis"]["message"]
            assert "start it again" in cluster["diagnosis"]["hint"]
            await until(manager, cluster_id, lambda c: living(c) == [])
            await manager.shutdown(cluster_id)
            await until(manager, cluster_id, lambda c: c["state"] == "stopped")
            again = await manager.create({"again": cluster_id})
            assert (again["name"], again["workers"]["wanted"]) == ("mine", 1)

    asyncio.run(life())
