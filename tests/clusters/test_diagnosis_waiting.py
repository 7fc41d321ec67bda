"""Jobs that Slurm refuses, or lets wait: what the card says, each provoked on a real Slurm."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from rsdat.clusters.manager import ClusterManager
from tests.support.card import card_is_clear, card_says, side_by_side, squeue_shows
from tests.support.cluster_site import SMALL, ClusterSite, connected, stopped, until
from tests.support.slurm_site import SlurmSite

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(180)]

_TINY = {**SMALL, "memory": "512MiB"}
_numbers = itertools.count(1)


async def made(manager: ClusterManager, workers: int = 1, **options: Any) -> str:
    cluster = await manager.create({"workers": workers, "options": {**_TINY, **options}})
    return str(cluster["id"])


@contextlib.asynccontextmanager
async def limits(slurm: SlurmSite, what: str, **limit: str) -> AsyncIterator[None]:
    """A limit for as long as the block lasts."""
    order = ["modify", *what.split(), "set"]
    settings = [f"{key}={value}" for key, value in limit.items()]
    if what.startswith("qos"):
        # slurmctld shows a user's limits only when he has jobs; this comes with them.
        settings.append(f"Priority={next(_numbers)}")
    before = await asyncio.to_thread(_known_limits, slurm)
    await asyncio.to_thread(slurm.manage, *order, *settings)
    try:
        # slurmdbd tells slurmctld in the background.
        until_s = time.monotonic() + 10
        while await asyncio.to_thread(_known_limits, slurm) == before:
            assert time.monotonic() < until_s, f"slurmctld does not hear of {limit}"
            await asyncio.sleep(0.1)
        yield
    finally:
        # As `MaxTRESPerUser=cpu=-1`.
        none = [f"{key}={'cpu=' if '=' in limit[key] else ''}-1" for key in limit]
        await asyncio.to_thread(slurm.manage, *order, *none)


def _known_limits(slurm: SlurmSite) -> list[str]:
    told = slurm.command("scontrol", "show", "assoc_mgr", "flags=assoc,qos").stdout
    # In brackets is what is used of each, which changes all the time.
    wanted = re.compile(r"\s+(Max|Grp|Priority)")
    return [re.sub(r"\([^)]*\)", "", line) for line in told.splitlines() if wanted.match(line)]


def test_reasons_that_one_job_has_by_itself(
    limited_home: ClusterSite, slurm_accounting_site: SlurmSite
) -> None:
    """None of these needs anybody else, so all of them wait side by side."""
    slurm = slurm_accounting_site
    other = slurm.command("sbatch", "--parsable", "-H", "-o", "/dev/null", "--wrap", "true")
    node = slurm.node_names()[0]

    async def case(
        manager: ClusterManager, reason: str, words: str, step: str, **options: Any
    ) -> None:
        cluster_id = await made(manager, **options)
        fact = squeue_shows(slurm, cluster_id, f"PENDING|{reason}")
        await card_says(manager, cluster_id, words, step, fact=fact)

    async def held_by_root(manager: ClusterManager) -> None:
        cluster_id = await made(manager, directives=["--begin=now+1hour"])
        await until(manager, cluster_id, lambda c: bool(c["jobs"]))
        (job,) = (await manager.get(cluster_id))["jobs"]
        await asyncio.to_thread(slurm.command, "scontrol", "hold", job["id"])
        fact = squeue_shows(slurm, cluster_id, "JobHeldAdmin")
        words = "is held by an administrator"
        await card_says(manager, cluster_id, words, "administrators", fact=fact)

    async def life() -> None:
        async with limited_home.only_manager() as manager:
            later = {"directives": ["--begin=now+1hour"]}
            after = {"directives": [f"--dependency=afterok:{other.stdout.strip()}"]}
            long = {"partition": "short", "walltime": "02:00:00"}
            await side_by_side(
                case(manager, "PartitionTimeLimit", "never start: its walltime",
                     "shorter walltime", **long),
                case(manager, "PartitionConfig", "as large as it asks for", "fewer cores",
                     cores=64),
                case(manager, "BeginTime", "its start time", "at that time", **later),
                case(manager, "Dependency", "waits for another job", "has ended", **after),
                case(manager, "JobHeldUser", "is held", "Release it", directives=["--hold"]),
                case(manager, "ReqNodeNotAvail", "down, drained or reserved", "are back",
                     directives=[f"--nodelist={node}"]),
                held_by_root(manager),
            )  # fmt: skip

    slurm.command("scontrol", "update", f"nodename={node}", "state=drain", "reason=test")
    try:
        asyncio.run(life())
    finally:
        slurm.command("scontrol", "update", f"nodename={node}", "state=resume")
        slurm.command("scancel", other.stdout.strip())


def test_nodes_that_others_have_or_that_are_drained(
    limited_home: ClusterSite, slurm_accounting_site: SlurmSite
) -> None:
    slurm = slurm_accounting_site
    everything = ["-N", str(slurm.nodes), "--exclusive", "--wrap", "sleep 600"]
    nodes = f"nodename={','.join(slurm.node_names())}"

    async def life() -> None:
        async with limited_home.only_manager() as manager:
            first = await made(manager)
            fact = squeue_shows(slurm, first, "PENDING|Resources")
            await card_says(manager, first, "waits for free nodes", "by itself", fact=fact)
            second = await made(manager)
            fact = squeue_shows(slurm, second, "PENDING|Priority")
            await card_says(manager, second, "other jobs come first", "by itself", fact=fact)

            await asyncio.to_thread(
                slurm.command, "scontrol", "update", nodes, "state=drain", "reason=test"
            )
            await asyncio.to_thread(slurm.command, "scancel", blocker)
            fact = squeue_shows(slurm, first, "Nodes required for job are DOWN, DRAINED")
            words = "the nodes are down, drained or reserved"
            await card_says(manager, first, words, "are back", fact=fact)
            await asyncio.to_thread(slurm.command, "scontrol", "update", nodes, "state=resume")
            for cluster_id in (first, second):
                await until(manager, cluster_id, connected(1))
                await card_is_clear(manager, cluster_id)

    blocker = slurm.command("sbatch", "--parsable", "-o", "/dev/null", *everything).stdout.strip()
    try:
        asyncio.run(life())
    finally:
        slurm.command("scontrol", "update", nodes, "state=resume", check=False)
        slurm.command("scancel", blocker)


def test_limits_of_account_and_quality_of_service(
    limited_home: ClusterSite, slurm_accounting_site: SlurmSite
) -> None:
    """Some workers are there and others may not come: the card says so, and whose limit it is."""
    slurm = slurm_accounting_site

    async def case(
        manager: ClusterManager, what: str, limit: dict[str, str], reason: str, *told: str
    ) -> None:
        async with limits(slurm, what, **limit):
            cluster_id = await made(manager, 2)
            fact = squeue_shows(slurm, cluster_id, f"PENDING|{reason}")
            await card_says(manager, cluster_id, *told, fact=fact)
        # Without the limit they come, and nothing is left to be said.
        await until(manager, cluster_id, connected(2))
        await card_is_clear(manager, cluster_id)
        await manager.shutdown(cluster_id)
        await until(manager, cluster_id, stopped)

    async def life() -> None:
        async with limited_home.only_manager() as manager:
            for what, limit, reason, words, step in (
                ("qos normal", {"MaxTRESPerUser": "cpu=1"}, "QOSMaxCpuPerUserLimit",
                 "limit of its quality of service is reached (cores)", "fewer workers"),
                ("account proj", {"GrpJobs": "1"}, "AssocGrpJobsLimit",
                 "your account uses as much as it may at once (jobs)", "fewer workers"),
                ("account proj", {"GrpTRESMins": "cpu=1"}, "AssocGrpCPUMinutesLimit",
                 "the budget is used up", "more budget"),
                ("qos normal", {"MaxWall": "00:05:00"}, "QOSMaxWallDurationPerJobLimit",
                 "its walltime is longer than you may ask for", "shorter walltime"),
            ):  # fmt: skip
                await case(manager, what, limit, reason, words, step)

    asyncio.run(life())


def test_refusals_by_the_accounting(
    limited_home: ClusterSite, slurm_accounting_site: SlurmSite
) -> None:
    """In Slurm's own words, with a step of ours."""
    slurm = slurm_accounting_site

    async def case(
        manager: ClusterManager,
        words: str,
        step: str,
        workers: int = 1,
        jobs: int = 0,
        **options: Any,
    ) -> None:
        cluster_id = await made(manager, workers, **options)
        await card_says(manager, cluster_id, words, step)
        await until(manager, cluster_id, lambda each: len(each["jobs"]) == jobs)

    async def life() -> None:
        async with limited_home.only_manager() as manager:
            await side_by_side(
                case(manager, "Invalid account", "go together", account="nosuch"),
                case(manager, "Invalid qos", "quality of service", directives=["--qos=nosuch"]),
                case(manager, "generic resource", "gres", directives=["--gres=gpu:1"]),
            )
            async with limits(slurm, "qos normal", MaxSubmitJobsPerUser="2"):
                # As many as are allowed are there.
                await case(manager, "MaxSubmitJobPerUser", "smaller number", workers=4, jobs=2)

    asyncio.run(life())
