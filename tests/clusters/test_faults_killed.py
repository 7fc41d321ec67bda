"""Jupyter killed at each step: no job is left over, none is submitted twice."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rsdat.clusters.folder import ClusterFolder, cluster_folders
from rsdat.queue.interface import Job
from tests.support.cluster_site import SMALL, ClusterSite, living, stopped, until
from tests.support.commands import SlowCommand
from tests.support.companion import Companion

pytestmark = [pytest.mark.timeout(240), pytest.mark.slurm]

#: They cost nothing: they never start.
HELD = {**SMALL, "directives": ["--hold"]}


@pytest.fixture
def sbatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slurm_home: ClusterSite) -> SlowCommand:
    """The site's sbatch, under control."""
    wrapped = SlowCommand(tmp_path / "bin")
    monkeypatch.setenv("PATH", wrapped.path())
    return wrapped


def wait_until(condition: Callable[[], object], limit_s: float = 60) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def folder_of(site: ClusterSite) -> ClusterFolder:
    (folder,) = cluster_folders(site.home)
    return folder


def all_jobs(site: ClusterSite) -> list[Job]:
    """All jobs of the site's clusters, ended ones too."""
    ids = [folder.id for folder in cluster_folders(site.home)]
    jobs = asyncio.run(site.queue().jobs("rsdat-"))
    return [job for job in jobs if any(each in job.name for each in ids)]


def goes_on(site: ClusterSite, workers: int, *, then_end: bool = True) -> None:
    """Another companion comes, and makes of the cluster what was wanted."""

    async def life() -> None:
        async with site.manager() as manager:
            cluster_id = folder_of(site).id
            if workers:
                cluster = await until(
                    manager, cluster_id, lambda c: len(living(c)) == workers and c["jobs"]
                )
                assert cluster["workers"]["wanted"] == workers
            if then_end:
                await manager.shutdown(cluster_id)
            await until(manager, cluster_id, stopped)
            assert [
                job for job in await site.queue().jobs(f"rsdat-{cluster_id}") if not job.ended
            ] == []
            assert site.processes(cluster_id) == []

    asyncio.run(life())


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_sbatch(slurm_home: ClusterSite, sbatch: SlowCommand, moment: str) -> None:
    """Before sbatch has done anything (it does so later!), and between its deed and the record."""
    sbatch.set(moment)
    with Companion(slurm_home.home) as companion:
        companion.do("create", {"workers": 2, "options": HELD})
        sbatch.wait_for(moment)
        companion.kill()
    record = folder_of(slurm_home).read_record()
    assert [each.array_id for each in record.submissions] == [None]

    async def meanwhile() -> None:
        # The next one is there already, while the sbatch of the first still is at work.
        async with slurm_home.manager() as manager:
            await asyncio.sleep(7)  # longer than an unsure submission is waited for
            assert sbatch.notes().count("called") == 1
            sbatch.set()
            await until(manager, record.id, lambda c: len(living(c)) == 2)

    asyncio.run(meanwhile())
    assert len(all_jobs(slurm_home)) == 2
    goes_on(slurm_home, 2)
    assert sbatch.notes().count("called") == 1


def test_killed_while_it_submits_and_the_cluster_is_shut_down(
    slurm_home: ClusterSite, sbatch: SlowCommand
) -> None:
    """The late sbatch still leaves no job."""
    sbatch.set("before")
    with Companion(slurm_home.home) as companion:
        companion.do("create", {"workers": 2, "options": HELD})
        sbatch.wait_for("before")
        companion.kill()

    async def life() -> None:
        async with slurm_home.manager() as manager:
            cluster_id = folder_of(slurm_home).id
            await manager.shutdown(cluster_id)
            await asyncio.sleep(7)
            assert (await manager.get(cluster_id))["state"] == "stopping"
            sbatch.set()
            await until(manager, cluster_id, stopped)

    asyncio.run(life())
    assert [job for job in all_jobs(slurm_home) if not job.ended] == []


def test_killed_while_scaling(slurm_home: ClusterSite, sbatch: SlowCommand) -> None:
    """Up, in the midst of the second submission; then down, as soon as it is asked for."""
    with Companion(slurm_home.home) as companion:
        cluster_id = companion.do("create", {"workers": 1, "options": HELD})["id"]
        wait_until(lambda: companion.do("get", cluster_id)["workers"]["queued"] == 1)
        sbatch.set("after")
        companion.do("change", cluster_id, {"workers": 3})
        sbatch.wait_for("after")
        companion.kill()
    sbatch.set()
    with Companion(slurm_home.home) as companion:
        wait_until(lambda: companion.do("get", cluster_id)["workers"]["queued"] == 3)
        companion.tell("change", cluster_id, {"workers": 2})
        wait_until(lambda: folder_of(slurm_home).read_record().wanted == 2)
        companion.kill()
    goes_on(slurm_home, 2)
    assert len({job.array_id for job in all_jobs(slurm_home)}) == 2
    assert sbatch.notes().count("called") == 2


def test_killed_while_shutting_down(slurm_home: ClusterSite) -> None:
    with Companion(slurm_home.home) as companion:
        cluster_id = companion.do("create", {"workers": 2, "options": HELD})["id"]
        wait_until(lambda: companion.do("get", cluster_id)["workers"]["queued"] == 2)
        companion.tell("shutdown", cluster_id)
        wait_until(lambda: folder_of(slurm_home).read_record().phase == "stopping")
        companion.kill()
    goes_on(slurm_home, 0, then_end=False)


def test_the_one_that_acts_is_killed(slurm_home: ClusterSite, sbatch: SlowCommand) -> None:
    """Two Jupyter servers on one home: one acts; the other takes over when that one is gone."""
    with Companion(slurm_home.home) as one:
        cluster_id = one.do("create", {"workers": 1, "options": HELD})["id"]
        wait_until(lambda: one.do("get", cluster_id)["workers"]["queued"] == 1)
        sbatch.set("before")
        one.do("change", cluster_id, {"workers": 2})
        sbatch.wait_for("before")
        with Companion(slurm_home.home) as two:
            two.do("change", cluster_id, {"workers": 4})
            time.sleep(3)
            # Seen by both, done by the first alone, who is at it.
            assert two.do("list")["clusters"][0]["workers"]["wanted"] == 4
            assert one.do("list")["clusters"][0]["workers"]["wanted"] == 4
            assert sbatch.notes().count("called") == 2
            one.kill()
            sbatch.set()
            wait_until(lambda: two.do("get", cluster_id)["workers"]["queued"] == 4)
            assert len(all_jobs(slurm_home)) == 4
    goes_on(slurm_home, 4)
    assert sbatch.notes().count("called") == 3


def killed_at(
    site: ClusterSite, sbatch: SlowCommand, chance: random.Random, moment: str, *order: object
) -> None:
    """A companion gets an order, and is killed at that moment of it, more or less.

    Args:
        moment: `before`: sbatch was called and has done nothing; `after`: it has submitted and
            not said so; `any`: within two seconds.
        order: For `Companion.tell`.
    """
    times = sbatch.notes().count(moment)
    sbatch.set("" if moment == "any" else moment)
    with Companion(site.home) as companion:
        companion.tell(*order)  # type: ignore[arg-type]
        if moment != "any":
            sbatch.wait_for(moment, times + 1)
        time.sleep(chance.random() * (2 if moment == "any" else 0.3))  # the random moment
        companion.kill()
    # An sbatch that was caught on its way goes on, with nobody left to hear of it.
    sbatch.set()


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_killed_at_random_moments(slurm_home: ClusterSite, sbatch: SlowCommand) -> None:
    """20 rounds: made, scaled and shut down, each time by a companion that is killed meanwhile."""
    chance = random.Random(4)
    moments = ["any", "before", "after"]
    for _ in range(20):
        before = {folder.id for folder in cluster_folders(slurm_home.home)}
        first, wanted = chance.randint(1, 3), 0
        request = {"workers": first, "options": HELD}
        killed_at(slurm_home, sbatch, chance, chance.choice(moments), "create", request)
        for cluster_id in {folder.id for folder in cluster_folders(slurm_home.home)} - before:
            folder = ClusterFolder(slurm_home.home / "clusters" / cluster_id)
            if not folder.record_file.exists():
                continue  # killed while it was made: it is no cluster, and nothing was started
            is_as_wanted(slurm_home, cluster_id, first)
            moment = chance.choice(moments)
            wanted = chance.randint(0, 5) if moment == "any" else first + chance.randint(1, 2)
            order = ("change", cluster_id, {"workers": wanted})
            killed_at(slurm_home, sbatch, chance, moment, *order)
            if folder.read_record().wanted == wanted:
                is_as_wanted(slurm_home, cluster_id, wanted)
            killed_at(slurm_home, sbatch, chance, "any", "shutdown", cluster_id)
            with Companion(slurm_home.home) as companion:
                companion.do("shutdown", cluster_id)
                wait_until(lambda: companion.do("get", cluster_id)["state"] == "stopped")  # noqa: B023
            assert slurm_home.processes(cluster_id) == []
    assert [job for job in all_jobs(slurm_home) if not job.ended] == []
    # In many of the rounds each.
    assert min(sbatch.notes().count(moment) for moment in ("before", "after")) >= 5


def is_as_wanted(site: ClusterSite, cluster_id: str, workers: int) -> None:
    """Another companion makes it so, and leaves it so."""
    with Companion(site.home) as companion:
        wait_until(lambda: len(living(companion.do("get", cluster_id))) == workers)
        # Longer than it takes until somebody submits again what he can't find.
        until_s = time.monotonic() + 6
        while time.monotonic() < until_s:
            assert len(living(companion.do("get", cluster_id))) == workers
            time.sleep(0.2)


def test_two_computers_whose_flocks_are_their_own(
    slurm_home: ClusterSite, sbatch: SlowCommand
) -> None:
    """As above, on a file system that shares files and no flocks: there is a lease besides."""
    one_computer, other = ({"RSDAT_TEST_COMPUTER": name} for name in ("login1", "login2"))
    with Companion(slurm_home.home, env=one_computer) as one:
        cluster_id = one.do("create", {"workers": 1, "options": HELD})["id"]
        wait_until(lambda: one.do("get", cluster_id)["workers"]["queued"] == 1)
        sbatch.set("before")
        one.do("change", cluster_id, {"workers": 2})
        sbatch.wait_for("before")
        with Companion(slurm_home.home, env=other) as two:
            two.do("change", cluster_id, {"workers": 4})
            time.sleep(18)  # longer than a lease lives whose holder does not show up
            assert two.do("list")["clusters"][0]["workers"]["wanted"] == 4
            assert sbatch.notes().count("called") == 2
            one.kill()
            sbatch.set()
            wait_until(lambda: two.do("get", cluster_id)["workers"]["queued"] == 4)
            assert len(all_jobs(slurm_home)) == 4
            two.do("shutdown", cluster_id)
            wait_until(lambda: two.do("get", cluster_id)["state"] == "stopped")
    assert sbatch.notes().count("called") == 3
    assert [job for job in all_jobs(slurm_home) if not job.ended] == []
