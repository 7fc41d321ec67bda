"""Slurm refuses, hangs, or loses its answer: what the user reads, and what is not done twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.errors import QueueSilent
from rsdat.queue.interface import Estimate, Job, Queue, Site
from tests.support.cluster_site import SMALL, ClusterSite, connected, living, stopped, until

pytestmark = pytest.mark.timeout(180)


@pytest.mark.slurm
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"partition": "nosuch"}, "invalid partition specified: nosuch"),
        ({"memory": "900GiB"}, "Memory specification can not be satisfied"),
    ],
)
def test_what_slurm_refuses_is_on_the_card_in_its_words(
    slurm_home: ClusterSite, options: dict[str, Any], words: str
) -> None:
    async def life() -> None:
        async with slurm_home.only_manager() as manager:
            request = {"workers": 2, "options": {**SMALL, **options}}
            cluster_id = (await manager.create(request))["id"]
            cluster = await until(manager, cluster_id, lambda c: c["state"] == "running")
            cluster = await until(manager, cluster_id, lambda c: c["diagnosis"] is not None)
            assert words in cluster["diagnosis"]["message"]
            assert cluster["workers"]["wanted"] == 2
            assert cluster["jobs"] == []
            # Not again by itself, but at the next wish.
            tried = len(slurm_home.submissions())
            assert tried == 1
            await manager.change(cluster_id, {"workers": 3})
            await until(manager, cluster_id, lambda c: len(slurm_home.submissions()) == tried + 1)

    asyncio.run(life())


@pytest.mark.slurm
def test_waiting_jobs_say_why_and_are_cancelled_first(slurm_home: ClusterSite) -> None:
    async def life() -> None:
        async with slurm_home.only_manager() as manager:
            options = {**SMALL, "directives": ["--hold"]}
            cluster_id = (await manager.create({"workers": 3, "options": options}))["id"]
            cluster = await until(
                manager,
                cluster_id,
                lambda c: c["diagnosis"] and "held" in c["diagnosis"]["message"],
            )
            assert cluster["workers"]["queued"] == 3
            assert {job["reason"] for job in cluster["jobs"]} == {"JobHeldUser"}
            await manager.change(cluster_id, {"workers": 1})
            cluster = await until(manager, cluster_id, lambda c: len(living(c)) == 1)
            assert living(cluster)[0].endswith("_0")  # the newest went

    asyncio.run(life())


@pytest.mark.slurm
def test_slurm_that_hangs(slurm_home: ClusterSite, slurm_site: Any) -> None:
    """The last known jobs stay, with their age; then all goes on, and nothing was done twice."""

    async def life() -> None:
        queue = slurm_home.queue(limit_s=2)
        async with slurm_home.only_manager(queue) as manager:
            cluster_id = (await manager.create({"workers": 1, "options": SMALL}))["id"]
            await until(manager, cluster_id, connected(1))
            slurm_site.freeze_controller()
            try:
                await manager.change(cluster_id, {"workers": 2})
                deadline = asyncio.get_running_loop().time() + 20
                while (answer := await manager.list())["queue_problem"] is None:
                    assert asyncio.get_running_loop().time() < deadline
                    await asyncio.sleep(0.1)
                assert answer["queue_seen"] is not None
                (cluster,) = answer["clusters"]
                assert cluster["workers"]["connected"] == 1
                assert len(cluster["jobs"]) == 1
            finally:
                slurm_site.thaw_controller()
            await until(manager, cluster_id, connected(2))
            # One more of its answers may take longer than two seconds.
            while (await manager.list())["queue_problem"] is not None:
                await asyncio.sleep(0.1)
            assert len((await manager.get(cluster_id))["jobs"]) == 2

    asyncio.run(life())


class LosesAnswers:
    """A queue whose next submission happens (or not), and whose answer never comes."""

    def __init__(self, real: Queue) -> None:
        self.real = real
        self.lose: str | None = None
        self.submitted = 0

    @property
    def kind(self) -> Any:
        return self.real.kind

    async def submit(self, script: str, *, name: str, tasks: int, log_folder: Path) -> str:
        lose, self.lose = self.lose, None
        if lose == "before":
            raise QueueSilent("Socket timed out on send/recv operation")
        self.submitted += 1
        array_id = await self.real.submit(script, name=name, tasks=tasks, log_folder=log_folder)
        if lose == "after":
            raise QueueSilent("Socket timed out on send/recv operation")
        if lose == "hang":
            await asyncio.Event().wait()
        return array_id

    @property
    def can_hold(self) -> bool:
        return self.real.can_hold

    async def hold(self, ids: Sequence[str]) -> None:
        await self.real.hold(ids)

    async def release(self, ids: Sequence[str]) -> None:
        await self.real.release(ids)

    async def version(self) -> str | None:
        return await self.real.version()

    async def time_left_s(self, job_id: str) -> int | None:
        return await self.real.time_left_s(job_id)

    async def array_limit(self) -> int | None:
        return await self.real.array_limit()

    async def jobs(self, prefix: str) -> list[Job]:
        return await self.real.jobs(prefix)

    async def ended(self, ids: Sequence[str]) -> list[Job]:
        return await self.real.ended(ids)

    async def cancel(self, ids: Sequence[str]) -> None:
        await self.real.cancel(ids)

    async def estimate(self, script: str, *, tasks: int) -> Estimate:
        return await self.real.estimate(script, tasks=tasks)

    async def site(self) -> Site:
        return await self.real.site()


@pytest.mark.slurm
@pytest.mark.parametrize(("lost", "submissions"), [("after", 1), ("before", 1)])
def test_a_lost_answer_of_submit(slurm_home: ClusterSite, lost: str, submissions: int) -> None:
    """Jobs that came to be are adopted; those that did not are submitted once more."""

    async def life() -> None:
        queue = LosesAnswers(slurm_home.queue())
        queue.lose = lost
        async with slurm_home.only_manager(queue) as manager:
            cluster_id = (await manager.create({"workers": 2, "options": SMALL}))["id"]
            cluster = await until(manager, cluster_id, connected(2))
            assert queue.submitted == submissions
            assert len(cluster["jobs"]) == 2

    asyncio.run(life())


def test_a_companion_that_dies_while_it_submits(tmp_path: Path) -> None:
    """Its successor finds the jobs by their name and orders none anew."""
    site = ClusterSite(tmp_path / "home", "local")

    async def life() -> None:
        queue = LosesAnswers(site.queue())
        queue.lose = "hang"
        async with site.manager(queue) as manager:
            cluster_id = (await manager.create({"workers": 2, "options": SMALL}))["id"]
            while not await queue.jobs("rsdat-"):
                await asyncio.sleep(0.05)
        async with site.only_manager(queue) as manager:
            await until(manager, cluster_id, connected(2))
            assert queue.submitted == 1

    asyncio.run(life())


@pytest.mark.slurm
def test_shutdown_with_a_lost_answer_leaves_no_job(slurm_home: ClusterSite) -> None:
    async def life() -> None:
        queue = LosesAnswers(slurm_home.queue())
        queue.lose = "after"
        async with slurm_home.manager(queue) as manager:
            cluster_id = (await manager.create({"workers": 2, "options": SMALL}))["id"]
            await manager.shutdown(cluster_id)
            await until(manager, cluster_id, stopped)
            assert [job for job in await queue.jobs(f"rsdat-{cluster_id}-") if not job.ended] == []
        assert slurm_home.processes(cluster_id) == []

    asyncio.run(life())
