"""SlurmQueue on a real Slurm."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from rsdat.base.errors import QueueSilent, Refused
from rsdat.queue.slurm.queue import SlurmQueue
from tests.support.queue_waits import all_ended, all_running, jobs_when
from tests.support.slurm_site import CLUSTER_NAME, SlurmSite

pytestmark = pytest.mark.slurm

SLEEP = "#!/bin/bash\n#SBATCH -t 10\n#SBATCH --mem=100M\nexec sleep 600\n"


def script(command: str, *directives: str) -> str:
    lines = ["#!/bin/bash", "#SBATCH --mem=100M", *(f"#SBATCH {d}" for d in directives), command]
    return "\n".join(lines) + "\n"


@pytest.fixture
def site(slurm_site: SlurmSite, monkeypatch: pytest.MonkeyPatch) -> SlurmSite:
    monkeypatch.setenv("SLURM_CONF", slurm_site.env()["SLURM_CONF"])
    return slurm_site


@pytest.fixture
def queue(site: SlurmSite) -> SlurmQueue:
    return SlurmQueue()


@pytest.fixture
def name(site: SlurmSite) -> Iterator[str]:
    """A job name of this test alone; its jobs are ended afterwards."""
    unique = f"rsdat-q-{secrets.token_hex(4)}"
    yield unique
    site.command("scancel", f"--name={unique}", check=False)


def test_an_array_from_submission_to_cancel(queue: SlurmQueue, name: str, tmp_path: Path) -> None:
    async def main() -> None:
        array = await queue.submit(SLEEP, name=name, tasks=4, log_folder=tmp_path)
        jobs = await jobs_when(queue, name, all_running)
        assert [job.id for job in jobs] == [f"{array}_{task}" for task in range(4)]
        assert {job.array_id for job in jobs} == {array}
        assert {job.node for job in jobs} <= {"n1", "n2", "n3"}
        assert all(job.time_left_s is not None and 0 < job.time_left_s <= 600 for job in jobs)
        assert jobs[0].started
        age = datetime.now(timezone.utc) - jobs[0].started
        assert timedelta(0) <= age < timedelta(minutes=1), "times are read in the right zone"

        await queue.cancel([jobs[1].id, jobs[3].id, f"{array}_77"])
        jobs = await jobs_when(queue, name, lambda jobs: sum(job.ended for job in jobs) == 2)
        assert [job.state for job in jobs if job.ended] == ["CANCELLED"] * 2
        await queue.cancel([array])
        await jobs_when(queue, name, all_ended)
        await queue.cancel([array])  # has ended: no error

    asyncio.run(main())


def test_tasks_see_their_ids_and_no_outer_job(
    queue: SlurmQueue, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "99")
    monkeypatch.setenv("SLURM_MEM_PER_NODE", "5")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "secret-of-the-hub")
    logs = tmp_path / "100% of logs"
    logs.mkdir()

    async def main() -> str:
        array = await queue.submit(
            script("env; echo done", "-n 1"), name=name, tasks=2, log_folder=logs
        )
        await jobs_when(queue, name, all_ended)
        return array

    array = asyncio.run(main())
    for task in range(2):
        log = (logs / f"{array}_{task}.log").read_text()
        assert f"SLURM_ARRAY_JOB_ID={array}\n" in log
        assert f"SLURM_ARRAY_TASK_ID={task}\n" in log
        assert "SLURM_JOB_ID=" in log
        assert "SLURM_MEM_PER_NODE=5\n" not in log
        assert "SLURM_TIME_FORMAT" not in log
        assert "secret-of-the-hub" not in log


@pytest.mark.parametrize(
    ("directive", "tasks", "words"),
    [
        ("-p nosuch", 1, "invalid partition specified: nosuch"),
        ("--mem=900G", 1, "Memory specification can not be satisfied"),
        ("-t soon", 1, "Invalid --time specification"),
        ("-C nosuch", 1, "Invalid feature specification"),
        ("-n 1", 5000, "Invalid job array specification"),
    ],
)
def test_refusals_in_slurms_own_words(
    queue: SlurmQueue, name: str, tmp_path: Path, directive: str, tasks: int, words: str
) -> None:
    async def main() -> None:
        demand = script("true", directive)
        with pytest.raises(Refused) as caught:
            await queue.submit(demand, name=name, tasks=tasks, log_folder=tmp_path)
        assert words in caught.value.message
        assert "sbatch:" not in caught.value.message
        assert await queue.jobs(name) == []

    asyncio.run(main())


@pytest.mark.parametrize(
    ("command", "state", "code"),
    [
        ("exit 0", "COMPLETED", "0:0"),
        ("exit 3", "FAILED", "3:0"),
        ("no-such-program", "FAILED", "127:0"),
        ("kill -9 $$", "FAILED", "0:9"),
    ],
)
def test_how_jobs_ended(
    queue: SlurmQueue, name: str, tmp_path: Path, command: str, state: str, code: str
) -> None:
    async def main() -> None:
        demand = script(command)
        array = await queue.submit(demand, name=name, tasks=1, log_folder=tmp_path)
        await jobs_when(queue, name, all_ended)
        (job,) = await queue.ended([f"{array}_0", "999999_0"])
        assert (job.id, job.name, job.state, job.exit) == (f"{array}_0", name, state, code)

    asyncio.run(main())


def test_why_a_job_waits(queue: SlurmQueue, name: str, tmp_path: Path) -> None:
    async def main() -> None:
        demand = script("true", "-p short", "-t 3:00:00")
        array = await queue.submit(demand, name=name, tasks=1, log_folder=tmp_path)
        (job,) = await jobs_when(queue, name, lambda jobs: jobs[0].reason == "PartitionTimeLimit")
        assert job.waiting
        assert await queue.ended([job.id]) == [], "it has not"
        await queue.cancel([array])
        await jobs_when(queue, name, all_ended)

    asyncio.run(main())


def test_site(queue: SlurmQueue) -> None:
    site = asyncio.run(queue.site())
    assert site.name == CLUSTER_NAME
    main, short = site.partitions
    assert (main.name, main.default, main.nodes, main.cores_per_node) == ("main", True, 3, 4)
    assert main.memory_per_node_bytes == 8000 * 2**20
    assert (short.name, short.walltime_limit_s) == ("short", 3600)
    assert main.memory_per_core_default_bytes == 1000 * 2**20
    assert (main.walltime_default_s, main.nodes_down, len(main.node_kinds)) == (3600, 0, 1)
    assert (site.default_partition, site.array_limit, site.kill_wait_s) == ("main", 2001, 5)
    assert (site.accounts, site.reservations, site.refuses_over_limits) == ((), (), False)


def test_estimate_and_version(queue: SlurmQueue, name: str) -> None:
    async def main() -> None:
        estimate = await queue.estimate(script("true"), tasks=2)
        assert estimate.problem is None
        assert estimate.start is not None
        assert estimate.start - datetime.now(timezone.utc) < timedelta(days=2)
        refused = await queue.estimate(script("true", "-p nosuch"), tasks=2)
        assert refused.start is None
        assert "nosuch" in (refused.problem or "")
        assert await queue.jobs(name) == []
        assert "slurm" in (await queue.version() or "")

    asyncio.run(main())


@pytest.fixture
def frozen(site: SlurmSite) -> Iterator[SlurmSite]:
    """The site, with a controller that tests may freeze."""
    yield site
    site.thaw_controller()


def test_a_controller_that_hangs_is_silence_within_the_limit(frozen: SlurmSite) -> None:
    queue = SlurmQueue(limit_s=20)

    async def main() -> None:
        await queue.site()
        queue._limit_s = 2.0  # only where no answer comes
        frozen.freeze_controller()
        for question in (queue.jobs(""), queue.cancel(["1"]), queue.ended(["1_0"])):
            began = time.monotonic()
            with pytest.raises(QueueSilent):
                await question
            assert time.monotonic() - began < 12
        frozen.thaw_controller()
        queue._limit_s = 20.0
        await queue.jobs("")

    asyncio.run(main())


def test_a_submission_that_timed_out_is_found_by_its_name(
    frozen: SlurmSite, name: str, tmp_path: Path
) -> None:
    queue = SlurmQueue(limit_s=20)

    async def main() -> None:
        await queue.site()
        queue._limit_s = 2.0  # only where no answer comes
        frozen.freeze_controller()
        with pytest.raises(QueueSilent):
            await queue.submit(SLEEP, name=name, tasks=3, log_folder=tmp_path)
        frozen.thaw_controller()
        queue._limit_s = 20.0
        jobs = await jobs_when(queue, name, all_running)
        assert len({job.array_id for job in jobs}) == 1
        assert len(jobs) == 3

    asyncio.run(main())


def test_a_controller_that_is_gone_and_back(site: SlurmSite, name: str, tmp_path: Path) -> None:
    queue = SlurmQueue()

    async def main() -> None:
        array = await queue.submit(SLEEP, name=name, tasks=1, log_folder=tmp_path)
        await jobs_when(queue, name, all_running)
        await asyncio.to_thread(site.stop_controller)
        try:
            with pytest.raises(QueueSilent, match="Unable to contact slurm controller"):
                await queue.jobs(name)
        finally:
            await asyncio.to_thread(site.start_controller)
        (job,) = await jobs_when(queue, name, all_running)
        assert job.array_id == array

    asyncio.run(main())
