"""Slurms that take less than is asked for: small arrays, none at all, few jobs a user, slowly."""

from __future__ import annotations

import asyncio
import contextlib
import re
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.run import Completed, run
from rsdat.queue.slurm.queue import SlurmQueue
from tests.support.cluster_site import SMALL, ClusterSite, connected, living, stopped, until
from tests.support.commands import SlowCommand
from tests.support.slurm_site import SlurmSite

pytestmark = [pytest.mark.timeout(180), pytest.mark.slurm]

#: They cost nothing: they never start.
HELD = {**SMALL, "directives": ["--hold"]}


@contextlib.contextmanager
def array_size(site: SlurmSite, size: int) -> Iterator[None]:
    """The site with another MaxArraySize."""
    whole = site.conf.read_text()
    changed = re.sub(r"(?m)^MaxArraySize=.*$", f"MaxArraySize={size}", whole)
    try:
        for text in (changed, whole):
            site.stop_controller()
            site.conf.write_text(text)
            site.start_controller()
            site.wait_idle()
            if text is changed:
                yield
    finally:
        site.conf.write_text(whole)


def arrays(site: ClusterSite) -> list[str]:
    """The `--array` of each submission."""
    return [
        argument.partition("=")[2]
        for argv in site.submissions()
        for argument in argv
        if argument.startswith("--array")
    ]


def test_arrays_of_at_most_ten(slurm_home: ClusterSite, slurm_site: SlurmSite) -> None:
    """MaxArraySize 10: 25 jobs are three arrays, and can be dropped again."""

    async def life() -> None:
        async with slurm_home.only_manager() as manager:
            cluster_id = (await manager.create({"workers": 25, "options": HELD}))["id"]
            await until(manager, cluster_id, lambda c: c["workers"]["queued"] == 25)
            assert arrays(slurm_home) == ["0-9", "0-9", "0-4"]
            await manager.change(cluster_id, {"workers": 12})
            cluster = await until(manager, cluster_id, lambda c: len(living(c)) == 12)
            assert len(arrays(slurm_home)) == 3
            assert len({job["id"].partition("_")[0] for job in cluster["jobs"]}) >= 2

    with array_size(slurm_site, 10):
        asyncio.run(life())


def test_arrays_forbidden(slurm_home: ClusterSite, slurm_site: SlurmSite) -> None:
    """MaxArraySize 0: single jobs, with workers, logs and all that can be done to jobs."""

    async def life() -> None:
        async with slurm_home.only_manager() as manager:
            cluster_id = (await manager.create({"workers": 2, "options": SMALL}))["id"]
            cluster = await until(manager, cluster_id, connected(2))
            assert arrays(slurm_home) == []
            assert len(slurm_home.submissions()) == 2
            ids = living(cluster)
            assert all(re.fullmatch(r"\d+_0", each) for each in ids)
            assert all(job["worker"] for job in cluster["jobs"])
            assert (await manager.log(cluster_id, ids[0])).size > 0
            await manager.act_on_job(cluster_id, ids[0], "cancel")
            cluster = await until(manager, cluster_id, lambda c: living(c) == [ids[1]])
            assert cluster["workers"]["wanted"] == 1
            await manager.shutdown(cluster_id)
            cluster = await until(manager, cluster_id, stopped)
            assert cluster["diagnosis"] is None
            assert living(cluster) == []

    with array_size(slurm_site, 0):
        asyncio.run(life())


def test_fewer_jobs_than_asked_for(limited_home: ClusterSite, slurm_accounting_site: Any) -> None:
    """MaxSubmitJobs: an array that is too large is refused whole; what fits is submitted."""

    async def life() -> None:
        async with limited_home.only_manager() as manager:
            cluster_id = (await manager.create({"workers": 5, "options": HELD}))["id"]
            cluster = await until(manager, cluster_id, lambda c: c["diagnosis"] is not None)
            cluster = await until(manager, cluster_id, lambda c: c["workers"]["queued"] == 3)
            said = cluster["diagnosis"]["message"]
            assert "only 3 of 5 more fit in" in said
            assert "MaxSubmitJob" in said
            assert "scale again" in cluster["diagnosis"]["hint"]
            # Not tried for ever, but at the next wish.
            tried = len(limited_home.submissions())
            slurm_accounting_site.manage(
                "modify", "qos", "normal", "set", "MaxSubmitJobsPerUser=-1"
            )
            await manager.change(cluster_id, {"workers": 4})
            await until(manager, cluster_id, lambda c: c["workers"]["queued"] == 4)
            assert len(limited_home.submissions()) == tried + 1

    slurm_accounting_site.manage("modify", "qos", "normal", "set", "MaxSubmitJobsPerUser=3")
    try:
        asyncio.run(life())
    finally:
        slurm_accounting_site.manage("modify", "qos", "normal", "set", "MaxSubmitJobsPerUser=-1")


def test_an_sbatch_that_takes_long(
    slurm_home: ClusterSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than all other commands may take (30 s at a site whose limit is 15): no job twice."""
    sbatch = SlowCommand(tmp_path / "bin")
    monkeypatch.setenv("PATH", sbatch.path())
    monkeypatch.setattr("rsdat.queue.slurm.queue.MARGIN_S", -7)  # 10 s less 7: 3 s

    async def life() -> None:
        async with slurm_home.only_manager() as manager:
            await manager.site()
            sbatch.set("sleep 8")
            began_s = time.monotonic()
            cluster_id = (await manager.create({"workers": 1, "options": HELD}))["id"]
            answers: list[float] = []
            while (await manager.get(cluster_id))["workers"]["queued"] != 1:
                asked_s = time.monotonic()
                assert (await manager.list())["queue_problem"] is None
                answers.append(time.monotonic() - asked_s)
                assert asked_s - began_s < 60
                await asyncio.sleep(0.1)
            assert time.monotonic() - began_s > 7
            # Had they waited for sbatch there were one of them or two.
            assert len(answers) > 3
            assert statistics.median(answers) < 2
            assert sbatch.notes().count("called") == 1

    asyncio.run(life())


def test_ten_thousand_other_jobs() -> None:
    """One's own jobs that rsdat has nothing to do with cost nearly nothing."""
    others = "".join(
        f"{number}|PENDING|Priority|N/A|1:00:00||somebody's analysis {number}\n"
        for number in range(10_000)
    )
    mine = "70000_3|RUNNING|None|1700000000|1:00:00|n1|rsdat-c0ffee00-0badcafe\n"

    async def squeue(argv: Any, **more: Any) -> Completed:
        if argv[0] == "squeue":
            return Completed(tuple(argv), 0, others + mine, "")
        return await run(["true"], **more)

    async def look() -> float:
        queue = SlurmQueue(run=squeue)
        await queue.jobs("rsdat-")
        began_s = time.process_time()
        (job,) = await queue.jobs("rsdat-")
        assert job.id == "70000_3"
        return time.process_time() - began_s

    assert asyncio.run(look()) < 0.05
