"""A scheduler in a job of its own: its life, what outlives whom, how its end is told."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.errors import NotFound
from rsdat.base.run import run
from rsdat.clusters.connect import connect
from rsdat.clusters.folder import ClusterFolder
from rsdat.queue.environment import job_environment
from tests.clusters.test_bad_days import LosesAnswers
from tests.support.cluster_site import SMALL, ClusterSite, connected, living, stopped, until
from tests.support.slurm_site import SlurmSite

pytestmark = pytest.mark.timeout(300)
LIMIT_S = 120.0


def a_cluster(**request: Any) -> dict[str, Any]:
    scheduler = {"mode": "job", "memory": "600MiB", "walltime": "00:20:00"}
    return {"options": SMALL, **request, "scheduler": {**scheduler, **request.get("scheduler", {})}}


def scheduler_row(cluster: dict[str, Any]) -> dict[str, Any]:
    (row,) = [job for job in cluster["jobs"] if job["kind"] == "scheduler"]
    return dict(row)


def worker_rows(cluster: dict[str, Any]) -> list[dict[str, Any]]:
    return [job for job in cluster["jobs"] if job["kind"] == "worker"]


def test_its_life_leaves_nothing(site: ClusterSite) -> None:
    async def life() -> None:
        async with site.only_manager() as manager:
            cluster_id = (await manager.create(a_cluster(workers=1)))["id"]
            cluster = await until(manager, cluster_id, connected(1), LIMIT_S)
            row = scheduler_row(cluster)
            scheduler = cluster["scheduler"]
            assert (scheduler["mode"], scheduler["job"]) == ("job", row["id"])
            assert scheduler["address"].startswith("tls://")
            assert (row["state"], row["group"], row["workers"]) == ("RUNNING", None, [])
            started = time.strptime(row["started"], "%Y-%m-%dT%H:%M:%SZ")
            ends_at = time.strptime(scheduler["ends_at"], "%Y-%m-%dT%H:%M:%SZ")
            assert abs(time.mktime(ends_at) - time.mktime(started) - 20 * 60) <= 60
            # Its end is nearer than half an hour.
            assert [each["at"] for each in cluster["warnings"]] == [scheduler["ends_at"]]
            assert cluster["cost"]["per_hour"] == 2.0
            assert cluster["diagnosis"] is None

            client = await asyncio.to_thread(connect, cluster["name"], home=site.home)
            try:
                future = client.submit(lambda: 6 * 7)
                assert await asyncio.to_thread(future.result, 60) == 42
            finally:
                await asyncio.to_thread(client.close)
            for source in ("scheduler", row["id"]):
                log = (await manager.log(cluster_id, source)).text
                assert b"Scheduler at" in log
            logs = (await manager.logs.list(cluster_id))["logs"]
            assert [log["source"] for log in logs] == ["scheduler", worker_rows(cluster)[0]["id"]]

            await manager.shutdown(cluster_id)
            cluster = await until(manager, cluster_id, stopped, LIMIT_S)
            assert living(cluster) == []
            assert scheduler_row(cluster)["state"] == "COMPLETED"
            assert site.processes(cluster_id) == []
            assert not (site.home / "clusters" / cluster_id / "tls").exists()
            with pytest.raises(NotFound):
                connect(cluster["name"], home=site.home)
            (past,) = (await manager.attic.past())["clusters"]
            assert (past["mode"], past["end"]["code"]) == ("job", "asked")
            again = await manager.create({"again": cluster_id, "workers": 0})
            assert again["scheduler"]["mode"] == "job"

    asyncio.run(life())


COMPANION = """
import asyncio, sys
from pathlib import Path
from rsdat.clusters.manager import ClusterManager
from rsdat.queue.slurm.queue import SlurmQueue
async def main():
    manager = ClusterManager(Path(sys.argv[1]), SlurmQueue())
    await manager.start()
    await manager.create({request})
    while True:
        await manager.list()
        await asyncio.sleep(0.2)
asyncio.run(main())
"""


@pytest.mark.slurm
def test_it_outlives_the_job_that_jupyter_runs_in(slurm_home: ClusterSite, tmp_path: Path) -> None:
    """Made by a companion inside a job, which is cancelled: another finds it, and all goes on."""
    program = tmp_path / "companion.py"
    request = a_cluster(name="survivor", workers=1)
    program.write_text(COMPANION.replace("{request}", repr(request)), encoding="utf-8")

    async def life() -> None:
        home = slurm_home.home
        script = f"#!/bin/sh\nexec {sys.executable} {program} {home}\n"
        argv = ["sbatch", "--parsable", "--mem=300M", f"--output={tmp_path}/jupyter.log"]
        made = await run(argv, timeout_s=20, stdin=script, env=_env())
        jupyter = made.stdout.strip()
        address = await _poll(lambda: list(home.glob("clusters/*/scheduler.json")))
        assert address
        client = await asyncio.to_thread(connect, "survivor", home=home)
        try:
            await asyncio.to_thread(client.wait_for_workers, 1, LIMIT_S)
            kept = await asyncio.to_thread(client.scatter, 40)

            def slow(number: int) -> int:
                time.sleep(10)
                return number + 2

            future = client.submit(slow, kept)
            await run(["scancel", jupyter], timeout_s=20, env=_env())

            deadline = time.monotonic() + LIMIT_S
            while await _state(jupyter):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.2)
            async with slurm_home.only_manager() as manager:
                (cluster,) = (await manager.list())["clusters"]
                cluster = await until(manager, cluster["id"], connected(1), LIMIT_S)
                assert (cluster["state"], cluster["name"]) == ("running", "survivor")
                assert scheduler_row(cluster)["state"] == "RUNNING"
                assert await asyncio.to_thread(future.result, 60) == 42
                # And it can be acted upon.
                await manager.change(cluster["id"], {"workers": 2})
                await until(manager, cluster["id"], connected(2), LIMIT_S)
        finally:
            await asyncio.to_thread(client.close)
        assert slurm_home.processes(cluster["id"]) == []

    asyncio.run(life())


@pytest.mark.slurm
def test_its_job_is_cancelled_from_outside(slurm_home: ClusterSite) -> None:
    async def life() -> None:
        async with slurm_home.only_manager() as manager:
            cluster_id = (await manager.create(a_cluster(workers=2)))["id"]
            cluster = await until(manager, cluster_id, connected(2), LIMIT_S)
            job = cluster["scheduler"]["job"]
            await run(["scancel", job], timeout_s=20, env=_env())
            cluster = await until(manager, cluster_id, _failed_by("scheduler"), LIMIT_S)
            assert job in cluster["diagnosis"]["message"]
            assert "was cancelled outside rsdat" in cluster["diagnosis"]["message"]
            assert "start it again" in cluster["diagnosis"]["hint"]
            cluster = await until(manager, cluster_id, lambda c: living(c) == [], LIMIT_S)
            assert scheduler_row(cluster)["state"] == "CANCELLED"
            assert slurm_home.processes(cluster_id) == []
            folder = ClusterFolder(slurm_home.home / "clusters" / cluster_id)
            await _poll(lambda: folder.read_record().phase == "failed")
            await manager.shutdown(cluster_id)
            await until(manager, cluster_id, stopped, LIMIT_S)
            (past,) = (await manager.attic.past())["clusters"]
            assert past["end"]["code"] == "failed"
            assert "was cancelled outside rsdat" in past["end"]["message"]

    asyncio.run(life())


@pytest.mark.slurm
def test_it_waits_and_the_workers_with_it(slurm_home: ClusterSite, slurm_site: SlurmSite) -> None:
    """Longer than a worker looks for its scheduler, over a restart of the companion."""
    request = a_cluster(workers=1, scheduler={"partition": "short"})
    request["options"] = {**SMALL, "partition": "main"}

    async def life() -> None:
        _short(slurm_site, "DOWN")
        try:
            async with slurm_home.manager() as manager:
                cluster_id = (await manager.create(request))["id"]
                cluster = await until(
                    manager, cluster_id, lambda c: c["diagnosis"] is not None, LIMIT_S
                )
                message = cluster["diagnosis"]["message"]
                assert message.startswith("The scheduler's job waits"), message
                assert (cluster["state"], cluster["scheduler"]["address"]) == ("starting", None)
                cluster = await until(
                    manager,
                    cluster_id,
                    lambda c: [job["reason"] for job in worker_rows(c)] == ["Dependency"],
                )
                row = worker_rows(cluster)[0]
                assert row["explanation"] == "waits for the scheduler's job to start"
                assert cluster["workers"] == {
                    "wanted": 1,
                    "queued": 1,
                    "starting": 0,
                    "connected": 0,
                }
                waiting = scheduler_row(cluster)
                assert waiting["actions"] == ["hold"]
                await manager.act_on_job(cluster_id, waiting["id"], "hold")
                await until(
                    manager, cluster_id, lambda c: scheduler_row(c)["reason"] == "JobHeldUser"
                )
                await manager.act_on_job(cluster_id, waiting["id"], "release")
            async with slurm_home.only_manager() as manager:
                (cluster,) = (await manager.list())["clusters"]
                assert scheduler_row(cluster)["state"] == "PENDING"
                _short(slurm_site, "UP")
                cluster = await until(manager, cluster_id, connected(1), LIMIT_S)
                # The very jobs that waited: nothing was submitted a second time.
                assert scheduler_row(cluster)["id"] == waiting["id"]
                assert [job["id"] for job in worker_rows(cluster)] == [row["id"]]
                assert len(slurm_home.submissions()) == 2
        finally:
            _short(slurm_site, "UP")

    asyncio.run(life())


@pytest.mark.slurm
def test_shut_down_while_it_waits(slurm_home: ClusterSite, slurm_site: SlurmSite) -> None:
    request = a_cluster(workers=1, scheduler={"partition": "short"})

    async def life() -> None:
        _short(slurm_site, "DOWN")
        try:
            async with slurm_home.only_manager() as manager:
                cluster_id = (await manager.create(request))["id"]
                await until(manager, cluster_id, lambda c: len(living(c)) == 2, LIMIT_S)
                await manager.shutdown(cluster_id)
                cluster = await until(manager, cluster_id, stopped, LIMIT_S)
                assert living(cluster) == []
                assert {job["state"] for job in cluster["jobs"]} == {"CANCELLED"}
                listed = await run(["squeue", "-h"], timeout_s=20, env=_env())
                assert cluster_id not in listed.stdout
        finally:
            _short(slurm_site, "UP")

    asyncio.run(life())


@pytest.mark.slurm
def test_a_partition_that_does_not_exist(slurm_home: ClusterSite) -> None:
    """Refused in sbatch's words, and no worker is submitted for nothing."""

    async def life() -> None:
        async with slurm_home.only_manager() as manager:
            request = a_cluster(workers=1, scheduler={"partition": "nosuch"})
            cluster_id = (await manager.create(request))["id"]
            cluster = await until(manager, cluster_id, _failed_by("nosuch"), LIMIT_S)
            assert "invalid partition specified: nosuch" in cluster["diagnosis"]["message"]
            assert cluster["jobs"] == []
            assert len(slurm_home.submissions()) == 1

    asyncio.run(life())


@pytest.mark.slurm
@pytest.mark.parametrize("lost", ["after", "before"])
def test_a_lost_answer_of_its_submission(slurm_home: ClusterSite, lost: str) -> None:
    """Found by its name, or submitted once more; workers wait until one of them is sure."""

    async def life() -> None:
        queue = LosesAnswers(slurm_home.queue())
        queue.lose = lost
        async with slurm_home.only_manager(queue) as manager:
            cluster_id = (await manager.create(a_cluster(workers=1)))["id"]
            cluster = await until(manager, cluster_id, connected(1), LIMIT_S)
            assert queue.submitted == 2
            assert len(cluster["jobs"]) == 2

    asyncio.run(life())


@pytest.mark.slurm
def test_a_job_whose_scheduler_does_not_start(slurm_home: ClusterSite) -> None:
    async def life() -> None:
        async with slurm_home.only_manager() as manager:
            request = a_cluster(workers=1)
            request["options"] = {**SMALL, "prologue": ["echo no such module >&2", "exit 7"]}
            cluster_id = (await manager.create(request))["id"]
            cluster = await until(manager, cluster_id, _failed_by("exit code 7"), LIMIT_S)
            assert "The scheduler's job" in cluster["diagnosis"]["message"]
            assert "no such module" in cluster["diagnosis"]["log"]
            await until(manager, cluster_id, lambda c: living(c) == [], LIMIT_S)

    asyncio.run(life())


@pytest.mark.slurm
def test_beside_jupyter_it_ends_with_jupyters_job(
    slurm_home: ClusterSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until when, and a warning in good time."""

    async def life() -> None:
        argv = ["sbatch", "--parsable", "--mem=50M", "--time=20", f"--output={tmp_path}/job.log"]
        script = "#!/bin/sh\nexec sleep 600\n"
        jupyter = (await run(argv, timeout_s=20, stdin=script, env=_env())).stdout.strip()
        deadline = time.monotonic() + LIMIT_S
        while await _state(jupyter) != "RUNNING":
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        monkeypatch.setenv("SLURM_JOB_ID", jupyter)
        try:
            async with slurm_home.only_manager() as manager:
                request = {"options": SMALL, "scheduler": {"mode": "beside"}}
                cluster_id = (await manager.create(request))["id"]
                cluster = await until(
                    manager, cluster_id, lambda c: c["scheduler"]["ends_at"] is not None, LIMIT_S
                )
                assert cluster["scheduler"]["mode"] == "beside"
                (warning,) = cluster["warnings"]
                assert warning["at"] == cluster["scheduler"]["ends_at"]
                assert "The job that Jupyter runs in" in warning["message"]
        finally:
            await run(["scancel", jupyter], timeout_s=20, env=_env())

    asyncio.run(life())


def _failed_by(words: str) -> Callable[[dict[str, Any]], bool]:
    def failed(cluster: dict[str, Any]) -> bool:
        diagnosis = cluster["diagnosis"]
        return cluster["state"] == "failed" and diagnosis and words in diagnosis["message"]

    return failed


def _short(site: SlurmSite, state: str) -> None:
    site.command("scontrol", "update", "PartitionName=short", f"State={state}")


async def _state(job: str) -> str:
    """As squeue lists it; nothing once it has gone."""
    argv = ["squeue", "-h", "-j", job, "-o", "%T"]
    return (await run(argv, timeout_s=20, env=_env())).stdout.strip()


def _env() -> dict[str, str]:
    return job_environment(os.environ)


async def _poll(look: Any) -> Any:
    deadline = time.monotonic() + LIMIT_S
    while not (found := look()):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    return found
