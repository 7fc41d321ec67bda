"""LocalQueue with its real runners in the background."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from rsdat.base.errors import QueueSilent, Refused
from rsdat.queue.local.processes import sessions
from rsdat.queue.local.queue import LocalQueue
from rsdat.queue.local.records import State
from tests.support.queue_waits import all_ended, all_running, jobs_when

SLEEP = "#!/bin/bash\nexec sleep 600\n"
NAME = "rsdat-c1-x"


class LaterClock:
    """The real time plus what a test adds."""

    def __init__(self) -> None:
        self.later = timedelta()

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + self.later

    def monotonic_s(self) -> float:
        return self.now().timestamp()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home folder; whatever still runs in it is ended."""
    (tmp_path / "logs").mkdir()
    yield tmp_path
    queue = LocalQueue(tmp_path)

    async def clean() -> None:
        arrays = {job.array_id for job in await queue.jobs("") if not job.ended}
        await queue.cancel(sorted(arrays))
        if arrays:
            await jobs_when(queue, "", all_ended)

    asyncio.run(clean())


async def submit(queue: LocalQueue, home: Path, script: str, *, tasks: int = 1) -> str:
    return await queue.submit(script, name=NAME, tasks=tasks, log_folder=home / "logs")


def test_an_array_from_submission_to_its_end(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "secret-of-the-hub")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "99")
    queue = LocalQueue(home)

    async def main() -> str:
        array = await submit(queue, home, "#!/bin/bash\nenv\nexit $SLURM_ARRAY_TASK_ID\n", tasks=3)
        await jobs_when(queue, NAME, all_ended)
        jobs = await queue.ended([f"{array}_{n}" for n in (2, 1, 0, 9)] + ["777_0"])
        assert [job.id for job in jobs] == [f"{array}_2", f"{array}_1", f"{array}_0"]
        assert [job.exit for job in jobs] == ["2:0", "1:0", "0:0"]
        assert [job.state for job in jobs] == ["FAILED", "FAILED", "COMPLETED"]
        assert await queue.jobs("other") == []
        return array

    array = asyncio.run(main())
    raw_ids = set()
    for task in range(3):
        log = (home / "logs" / f"{array}_{task}.log").read_text().splitlines()
        assert f"SLURM_ARRAY_JOB_ID={array}" in log
        assert f"SLURM_ARRAY_TASK_ID={task}" in log
        assert not any("secret-of-the-hub" in line for line in log)
        raw_ids |= {line for line in log if line.startswith("SLURM_JOB_ID=")}
    assert len(raw_ids) == 3


def test_cancel_some_then_all(home: Path) -> None:
    queue = LocalQueue(home)

    async def main() -> None:
        array = await submit(queue, home, SLEEP, tasks=3)
        jobs = await jobs_when(queue, NAME, all_running)
        assert all(job.node and job.started for job in jobs)
        leaders = [task.process for task in State.read(home / "local" / array).tasks.values()]
        await queue.cancel([f"{array}_1", f"{array}_44", "9999"])
        jobs = await jobs_when(queue, NAME, lambda jobs: any(job.ended for job in jobs))
        assert [job.state for job in jobs] == ["RUNNING", "CANCELLED", "RUNNING"]
        await queue.cancel([array])
        jobs = await jobs_when(queue, NAME, all_ended)
        assert {job.exit for job in jobs} == {"0:15"}
        await queue.cancel([array])  # has ended: no error
        assert not {leader.pid for leader in leaders if leader} & {*sessions()}

    asyncio.run(main())


def test_jobs_outlive_the_process_that_submitted_them(home: Path) -> None:
    """As after `kill -9` of a Jupyter server with everything it had started as its children."""
    code = (
        "import asyncio, sys, pathlib\n"
        "from rsdat.queue.local.queue import LocalQueue\n"
        "home = pathlib.Path(sys.argv[1])\n"
        "job = LocalQueue(home).submit(sys.argv[2], name=sys.argv[3], tasks=2,"
        " log_folder=home / 'logs')\n"
        "print(asyncio.run(job), flush=True)\n"
        "sys.stdin.read()\n"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", code, str(home), SLEEP, NAME],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert server.stdout
    assert server.stdin
    array = server.stdout.readline().strip()
    os.killpg(server.pid, signal.SIGKILL)
    server.wait(10)
    server.stdout.close()
    server.stdin.close()
    queue = LocalQueue(home)

    async def main() -> None:
        jobs = await jobs_when(queue, NAME, all_running)
        assert [job.array_id for job in jobs] == [array] * 2
        await queue.cancel([job.id for job in jobs])
        await jobs_when(queue, NAME, all_ended)

    asyncio.run(main())


def test_jobs_outlive_their_runner_and_can_still_be_cancelled(home: Path) -> None:
    queue = LocalQueue(home)

    async def main() -> None:
        array = await submit(queue, home, SLEEP, tasks=2)
        await jobs_when(queue, NAME, all_running)
        state = State.read(home / "local" / array)
        assert state.runner.send(signal.SIGKILL)
        while state.runner.is_alive():
            await asyncio.sleep(0.05)
        assert all_running(await queue.jobs(NAME))

        leader = state.tasks[0].process
        assert leader
        assert leader.send(signal.SIGKILL)
        jobs = await jobs_when(queue, NAME, lambda jobs: jobs[0].ended)
        assert [job.state for job in jobs] == ["NODE_FAIL", "RUNNING"]

        await queue.cancel([array])
        jobs = await jobs_when(queue, NAME, all_ended)
        assert [job.state for job in jobs] == ["NODE_FAIL", "CANCELLED"]

    asyncio.run(main())


def test_walltime(home: Path) -> None:
    queue = LocalQueue(home)

    async def main() -> None:
        await submit(queue, home, "#!/bin/bash\n#SBATCH -t 0:10\nexec sleep 600\n")
        (job,) = await jobs_when(queue, NAME, all_running)
        assert job.time_left_s is not None
        assert job.time_left_s <= 10
        (job,) = await jobs_when(queue, NAME, all_ended)
        assert (job.state, job.reason) == ("TIMEOUT", "TimeLimit")

    asyncio.run(main())


def test_two_companions_on_one_home_never_share_an_id(home: Path) -> None:
    script = "#!/bin/sh\ntrue\n"

    async def main() -> None:
        queues = [LocalQueue(home) for _ in range(2)]
        ids = await asyncio.gather(*(submit(queues[n % 2], home, script) for n in range(8)))
        assert len(set(ids)) == 8
        await jobs_when(queues[0], NAME, lambda jobs: len(jobs) == 8 and all_ended(jobs))
        assert await queues[1].jobs(NAME) == await queues[0].jobs(NAME)

    asyncio.run(main())


def test_ended_jobs_leave_the_list_then_the_records(home: Path) -> None:
    clock = LaterClock()
    queue = LocalQueue(home, clock)

    async def main() -> None:
        first = await submit(queue, home, "#!/bin/sh\nexit 3\n")
        await jobs_when(queue, NAME, all_ended)
        clock.later = timedelta(hours=1)
        assert await queue.jobs(NAME) == []
        assert [job.exit for job in await queue.ended([f"{first}_0"])] == ["3:0"]
        second = await submit(queue, home, "#!/bin/sh\nexit 0\n")
        assert second != first
        clock.later = timedelta(days=8)
        third = await submit(queue, home, "#!/bin/sh\nexit 0\n")
        assert await queue.ended([f"{first}_0"]) == []
        assert int(third) > int(second) > int(first)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("script", "tasks", "words"),
    [
        ("true\n", 1, "batch script"),
        ("#!/bin/sh\n#SBATCH --time=soon\n", 1, "Invalid --time"),
        ("#!/bin/sh\n", 0, "Invalid job array"),
        ("#!/bin/sh\n", 10001, "Invalid job array"),
    ],
)
def test_refusals(home: Path, script: str, tasks: int, words: str) -> None:
    queue = LocalQueue(home)

    async def main() -> None:
        with pytest.raises(Refused, match=words):
            await submit(queue, home, script, tasks=tasks)
        assert await queue.jobs("") == []
        estimate = await queue.estimate(script, tasks=tasks)
        assert estimate.problem
        assert estimate.start is None

    asyncio.run(main())


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    queue = LocalQueue(tmp_path / "file")
    with pytest.raises(Refused, match="can't be started"):
        asyncio.run(submit(queue, tmp_path, SLEEP))


def test_records_out_of_reach_are_silence(home: Path) -> None:
    (home / "local" / "1" / "array.json").mkdir(parents=True)
    with pytest.raises(QueueSilent, match="out of reach"):
        asyncio.run(LocalQueue(home).jobs(NAME))
    shutil.rmtree(home / "local")


def test_a_damaged_record_hides_nothing_else_and_a_newer_one_is_named(home: Path) -> None:
    queue = LocalQueue(home)

    async def main() -> None:
        await submit(queue, home, "#!/bin/sh\ntrue\n")
        other = home / "local" / "100"
        other.mkdir()
        (other / "array.json").write_text("{")
        assert len(await queue.jobs(NAME)) == 1
        (other / "array.json").write_text('{"format": 1}')
        assert len(await queue.jobs(NAME)) == 1
        (other / "array.json").write_text('{"format": 99}')
        with pytest.raises(QueueSilent, match="newer"):
            await queue.jobs(NAME)
        shutil.rmtree(other)

    asyncio.run(main())


def test_site_estimate_and_version(home: Path) -> None:
    queue = LocalQueue(home)
    (partition,) = asyncio.run(queue.site()).partitions
    assert partition.default
    assert partition.cores_per_node >= 1
    assert partition.memory_per_node_bytes > 2**28
    estimate = asyncio.run(queue.estimate(SLEEP, tasks=3))
    assert estimate.start
    assert estimate.problem is None
    assert asyncio.run(queue.version()) is None


def test_records_are_private(home: Path) -> None:
    queue = LocalQueue(home)
    array = asyncio.run(submit(queue, home, f"#!/bin/sh\n# {secrets.token_hex(4)}\n"))
    folder = home / "local" / array
    for path in (folder.parent, folder, folder / "script", folder / "array.json"):
        assert path.stat().st_mode & 0o077 == 0
