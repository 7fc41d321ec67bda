"""Jobs and workers that end, or never come: what the card says, provoked on a real Slurm."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dask.config
import distributed
import pytest

from rsdat.base.clock import SystemClock
from rsdat.clusters import diagnose
from rsdat.clusters.connect import connect
from rsdat.clusters.manager import ClusterManager
from tests.support.card import card_says, side_by_side, squeue_shows
from tests.support.cluster_site import SMALL, ClusterSite, connected, until
from tests.support.slurm_site import SlurmSite

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(240)]

_SMALL = {**SMALL, "memory": "600MiB"}
#: A worker without its nanny: nobody restarts it, and it does not leave before its walltime.
NO_NANNY = {"worker-extra-args": ["--no-nanny"]}
#: Shorter than in earnest; longer than any worker of these tests takes to come.
WORKER_START = timedelta(seconds=25)
#: Gives up looking for the scheduler soon.
IMPATIENT = {"death-timeout": 8}


@pytest.fixture(autouse=True)
def presets() -> Iterator[None]:
    """Two presets that a user might have configured."""
    sections = {"no-nanny": NO_NANNY, "impatient": IMPATIENT}
    with dask.config.set({f"jobqueue.{name}": value for name, value in sections.items()}):
        yield


async def made(
    manager: ClusterManager, workers: int = 1, preset: str = "generic", **options: Any
) -> str:
    request = {"workers": workers, "preset": preset, "options": {**_SMALL, **options}}
    return str((await manager.create(request))["id"])


def log_says(site: ClusterSite, cluster_id: str, words: str) -> Callable[[], bool]:
    """The fact that some log of a job of the cluster holds these words."""
    logs = site.home / "clusters" / cluster_id / "logs"
    return lambda: any(
        words in path.read_text(errors="replace") for path in logs.glob("[0-9]*.log")
    )


async def using(
    site: ClusterSite, manager: ClusterManager, cluster_id: str, work: Callable[[Any], Any]
) -> Any:
    """Give a cluster's client to a function, in a thread; what that returns."""
    name = (await manager.get(cluster_id))["name"]

    def run() -> Any:
        with connect(name, home=site.home) as client:
            return work(client)

    return await asyncio.to_thread(run)


def memory_task(megabytes: int) -> Callable[[], None]:
    """A task that uses memory, slowly enough for somebody to see it."""

    # Inside, so that it is sent as it is: workers can't import the tests.
    def fill() -> None:
        held = []
        for _ in range(megabytes // 20):
            held.append(b"x" * (20 << 20))
            time.sleep(0.02)
        time.sleep(5)

    return fill


def outcome(client: Any, task: Callable[[], None], limit_s: float = 150.0) -> str:
    """How a task ends; it may wait for a worker that never comes."""
    future = client.submit(task, pure=False)
    try:
        future.result(timeout=limit_s)
    except distributed.scheduler.KilledWorker:
        return "KilledWorker"
    except (asyncio.TimeoutError, TimeoutError):
        return "waits"
    return "done"


def test_jobs_whose_worker_never_comes(
    limited_home: ClusterSite, slurm_accounting_site: SlurmSite, tmp_path: Path
) -> None:
    """It exits at once, has no Python, no distributed, or no way to the scheduler."""
    slurm = slurm_accounting_site

    async def case(
        manager: ClusterManager, ended: str, words: str, step: str, log: str, **options: Any
    ) -> None:
        cluster_id = await made(manager, **options)
        fact = squeue_shows(slurm, cluster_id, f"FAILED|{ended}")
        found = await card_says(manager, cluster_id, words, step, fact=fact)
        assert log in found["log"]
        await card_says(manager, cluster_id, "no more are started", "Scale to try again")

    async def cut_off(manager: ClusterManager) -> None:
        # A network of its own, with nothing in it.
        alone = f"unshare --net {sys.executable}"
        cluster_id = await made(manager, preset="impatient", python=alone)
        fact = squeue_shows(slurm, cluster_id, "FAILED|")
        words = "its worker did not reach the scheduler"
        found = await card_says(manager, cluster_id, words, "network interface", fact=fact)
        assert "Timed out" in found["log"] or "unreachable" in found["log"]

    async def life() -> None:
        async with limited_home.only_manager() as manager:
            nowhere = str(tmp_path / "nosuch" / "python")
            bare = tmp_path / "python"
            bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
            bare.chmod(0o700)
            await side_by_side(
                case(manager, "NonZeroExitCode", "failed with exit code 3", "log",
                     "module gdal is not here",
                     prologue=["echo module gdal is not here", "exit 3"]),
                case(manager, "NonZeroExitCode", f"{nowhere} does not exist on the node",
                     "python and prologue", "No such file", python=nowhere),
                case(manager, "NonZeroExitCode", "lacks the package distributed",
                     "same packages", "distributed", python=str(bare)),
                cut_off(manager),
            )  # fmt: skip

    asyncio.run(life())


def test_out_of_memory(limited_home: ClusterSite, slurm_accounting_site: SlurmSite) -> None:
    """By Slurm the job ends; by the nanny it goes on, and only logs tell."""
    slurm = slurm_accounting_site
    print(f"memory is enforced by: {slurm.memory_guard}")

    async def by_slurm(manager: ClusterManager) -> None:
        cluster_id = await made(manager, preset="no-nanny")
        await until(manager, cluster_id, connected(1))
        work = asyncio.create_task(
            using(limited_home, manager, cluster_id, lambda c: outcome(c, memory_task(1500), 30.0))
        )
        fact = squeue_shows(slurm, cluster_id, "OUT_OF_MEMORY|")
        if slurm.memory_guard == "polling":
            fact = log_says(limited_home, cluster_id, "exceeded memory limit")
        found = await card_says(manager, cluster_id, "ran out of memory", "try 1.2 GiB", fact=fact)
        assert "oom" in found["log"] or "memory limit" in found["log"]
        await work

    async def by_nanny(manager: ClusterManager) -> None:
        cluster_id = await made(manager)
        cluster = await until(manager, cluster_id, connected(1))
        (job,) = cluster["jobs"]
        work = asyncio.create_task(
            using(limited_home, manager, cluster_id, lambda c: outcome(c, memory_task(420)))
        )
        fact = log_says(limited_home, cluster_id, "95% memory budget")
        words = f"Job {job['id']}: its worker used more memory than it has and was restarted"
        found = await card_says(manager, cluster_id, words, "try 1.2 GiB", fact=fact)
        assert "memory budget" in found["log"]
        assert await asyncio.to_thread(squeue_shows(slurm, cluster_id, "RUNNING"))
        # Its fourth death is the task's end.
        assert await work == "KilledWorker"
        words = "Dask gave up on a task: 4 workers died"
        await card_says(manager, cluster_id, words, "try 1.2 GiB")

    async def life() -> None:
        async with limited_home.only_manager() as manager:
            await side_by_side(by_slurm(manager), by_nanny(manager))

    asyncio.run(life())


def test_preempted(limited_home: ClusterSite, slurm_accounting_site: SlurmSite) -> None:
    """Replaced by rsdat; or put back into the queue by Slurm where that is allowed."""
    slurm = slurm_accounting_site

    async def life() -> None:
        async with limited_home.only_manager() as manager:
            plain = await made(manager, partition="low")
            again = await made(manager, partition="low")
            for cluster_id in (plain, again):
                await until(manager, cluster_id, connected(1))
            # rsdat forbids it, and a site's administrators may allow it again.
            (job,) = (await manager.get(again))["jobs"]
            allow = ("update", f"JobId={job['id']}", "Requeue=1")
            await asyncio.to_thread(slurm.command, "scontrol", *allow)
            blocker = await asyncio.to_thread(_fill, slurm, "high")
            try:
                await side_by_side(
                    card_says(manager, plain, "was preempted by a job that comes first",
                              "starts another",
                              fact=squeue_shows(slurm, plain, "PREEMPTED")),
                    card_says(manager, again, "was preempted by a job that comes first and waits",
                              "starts again by itself",
                              fact=squeue_shows(slurm, again, "PENDING|BeginTime")),
                )  # fmt: skip
            finally:
                await asyncio.to_thread(slurm.command, "scancel", blocker)

    asyncio.run(life())


def _fill(slurm: SlurmSite, partition: str) -> str:
    everything = ["-N", str(slurm.nodes), "--exclusive", "-o", "/dev/null", "--wrap", "sleep 600"]
    return slurm.command("sbatch", "--parsable", "-p", partition, *everything).stdout.strip()


def test_walltime_a_failed_node_and_a_worker_that_does_not_come(
    limited_home: ClusterSite, slurm_accounting_site: SlurmSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Side by side, because these take their time: some 35, 35 and 30 s."""
    slurm = slurm_accounting_site
    monkeypatch.setattr(diagnose, "WORKER_START", WORKER_START)
    node = slurm.node_names()[-1]
    # The node that fails takes no job of the other cases with it.
    elsewhere = [f"--exclude={node}"]

    async def walltime(manager: ClusterManager) -> None:
        cluster_id = await made(
            manager, preset="no-nanny", walltime="00:01:00", directives=elsewhere
        )
        cluster = await until(manager, cluster_id, connected(1))
        # Slurm counts walltimes in minutes, but ends may be moved.
        soon = ("update", f"JobId={cluster['jobs'][0]['id']}", "EndTime=now+1second")
        await asyncio.to_thread(slurm.command, "scontrol", *soon)
        fact = squeue_shows(slurm, cluster_id, "TIMEOUT|")
        words = "reached its walltime of 00:01:00"
        found = await card_says(
            manager, cluster_id, words, "longer walltime", fact=fact, limit_s=130
        )
        assert "DUE TO TIME LIMIT" in found["log"]

    async def node_fails(manager: ClusterManager) -> None:
        cluster_id = await made(manager, directives=[f"--nodelist={node}"])
        await until(manager, cluster_id, connected(1))
        slurm.kill_node(node)
        fact = squeue_shows(slurm, cluster_id, "NODE_FAIL|")
        words = f"on {node} was lost: its node failed"
        await card_says(manager, cluster_id, words, "starts another", fact=fact, limit_s=90)

    async def cancelled(manager: ClusterManager) -> None:
        cluster_id = await made(manager, directives=elsewhere)
        cluster = await until(manager, cluster_id, connected(1))
        await asyncio.to_thread(slurm.command, "scancel", cluster["jobs"][0]["id"])
        fact = squeue_shows(slurm, cluster_id, "CANCELLED")
        words = "was cancelled outside rsdat"
        await card_says(manager, cluster_id, words, "starts another", fact=fact)

    async def does_not_come(manager: ClusterManager) -> None:
        # After a while the card says so although the job runs, and why as far as its log tells.
        line = "x.sh: line 1: /opt/nosuch/activate: No such file or directory"
        prologue = [f"echo '{line}'", "sleep 300"]
        cluster_id = await made(manager, prologue=prologue, directives=elsewhere)
        await until(manager, cluster_id, lambda c: c["workers"]["starting"] == 1)
        begun = time.monotonic()
        words = "its worker has not reached the scheduler: /opt/nosuch/activate does not exist"
        found = await card_says(
            manager,
            cluster_id,
            words,
            "python and prologue",
            fact=lambda: time.monotonic() - begun > WORKER_START.total_seconds(),
        )
        assert line in found["log"]
        assert await asyncio.to_thread(squeue_shows(slurm, cluster_id, "RUNNING"))

    async def life() -> None:
        async with limited_home.only_manager() as manager:
            await side_by_side(
                walltime(manager),
                node_fails(manager),
                cancelled(manager),
                does_not_come(manager),
            )

    try:
        asyncio.run(life())
    finally:
        slurm.start_node(node)
        slurm.wait_idle()


def test_a_worker_of_another_version(
    limited_home: ClusterSite, slurm_accounting_site: SlurmSite, tmp_path: Path
) -> None:
    """Asked over rpc once a worker has come; the cluster goes on all the same."""
    preload = tmp_path / "other_version.py"
    # What another environment would answer, given by the worker's own process.
    preload.write_text(
        "from distributed.versions import get_versions\n"
        "def dask_setup(worker):\n"
        "    told = get_versions()\n"
        "    told['packages']['distributed'] = '2024.8.0'\n"
        "    worker.handlers['versions'] = lambda packages=None: told\n"
    )

    async def life() -> None:
        section = {"worker-extra-args": ["--preload", str(preload)]}
        with dask.config.set({"jobqueue.other-version": section}):
            async with limited_home.only_manager() as manager:
                cluster_id = await made(manager, 2, preset="other-version")
                same = await made(manager, 1)
                await until(manager, cluster_id, connected(2))
                here = distributed.__version__
                found = await card_says(
                    manager,
                    cluster_id,
                    f"Versions of distributed differ: {here} in the notebook and the scheduler; "
                    "2024.8.0 in the workers",
                    "same versions",
                )
                assert found["message"].endswith("the workers")
                await until(manager, same, connected(1))
                assert (await manager.get(same))["diagnosis"] is None

    asyncio.run(life())


class LaterClock(SystemClock):
    """The computer's own, with leaps of what is compared to tell how long ago something was."""

    def __init__(self) -> None:
        self.later_s = 0.0

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.later_s


def test_said_soon_although_it_was_quiet_for_long(
    limited_home: ClusterSite, slurm_accounting_site: SlurmSite
) -> None:
    """After an hour without news Slurm is asked seldom; a worker that is gone is news."""
    slurm = slurm_accounting_site
    limited_home.clock = clock = LaterClock()

    def looks() -> int:
        return sum(argv[0] == "squeue" for argv in limited_home.commands)

    async def life() -> None:
        async with limited_home.only_manager() as manager:
            cluster_id = await made(manager)
            cluster = await until(manager, cluster_id, connected(1))
            clock.later_s += 3600
            seen = looks()
            while looks() == seen:
                await manager.get(cluster_id)
                await asyncio.sleep(0.1)
            # From here on the next look would come in half a minute.
            await asyncio.to_thread(slurm.command, "scancel", cluster["jobs"][0]["id"])
            fact = squeue_shows(slurm, cluster_id, "CANCELLED")
            words = "was cancelled outside rsdat"
            await card_says(manager, cluster_id, words, "starts another", fact=fact)

    asyncio.run(life())
