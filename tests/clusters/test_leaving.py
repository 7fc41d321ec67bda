"""Workers hand their data over before their job ends, however that comes about."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rsdat.clusters.leaving import left_early
from rsdat.clusters.preloads import rsdat_nanny
from rsdat.queue.local.queue import LocalQueue
from rsdat.queue.slurm.queue import SlurmQueue
from tests.support.slurm_conf import Features
from tests.support.slurm_site import PREFIX, SlurmSite, missing_programs
from tests.support.worker_jobs import WorkerJobs, wait, worker_jobs

pytestmark = pytest.mark.timeout(240)

#: Not known to the scheduler otherwise, so that nothing can compute them again.
VALUES = [f"value {number}" for number in range(20)]


@pytest.fixture(scope="module")
def slurm() -> Iterator[SlurmSite]:
    """A private Slurm in which jobs can be preempted."""
    reason = missing_programs()
    if reason:
        pytest.skip(f"no private Slurm: {reason}")
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        site = SlurmSite(Path(folder), features=Features(preemption=True))
        try:
            site.start()
            yield site
        finally:
            site.stop()


@pytest.fixture(scope="module")
def jobs(slurm: SlurmSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerJobs]:
    """A scheduler and one worker that nobody sends away."""
    with pytest.MonkeyPatch.context() as patch:
        for key, value in slurm.env().items():
            patch.setenv(key, value)
        home = tmp_path_factory.mktemp("leaving") / "home"
        with worker_jobs(home, SlurmQueue()) as started:
            started.start(partition="high", directives=[f"--nodelist={slurm.node_names()[1]}"])
            yield started


def _scancel(slurm: SlurmSite, jobs: WorkerJobs, job_id: str) -> None:
    slurm.command("scancel", job_id)


def _batch_signal(slurm: SlurmSite, jobs: WorkerJobs, job_id: str) -> None:
    slurm.command("scancel", "--signal=USR1", "--batch", job_id)


def _requeue(slurm: SlurmSite, jobs: WorkerJobs, job_id: str) -> None:
    slurm.command("scontrol", "update", f"jobid={job_id}", "requeue=1")
    slurm.command("scontrol", "requeue", job_id)


def _preempt(mode: str) -> Callable[[SlurmSite, WorkerJobs, str], None]:
    def preempt(slurm: SlurmSite, jobs: WorkerJobs, job_id: str) -> None:
        slurm.command("scontrol", "update", "partitionname=low", *mode.split())
        node = slurm.node_names()[0]
        slurm.command(
            *("sbatch", "-p", "high", f"--nodelist={node}", "--exclusive", "-t", "1"),
            *("-o", "/dev/null", "--wrap", "exit 0"),
        )

    return preempt


def _scale_down(slurm: SlurmSite, jobs: WorkerJobs, job_id: str) -> None:
    assert jobs.retire(job_id) == [f"{jobs.folder.id}-{job_id}"]


@pytest.mark.slurm
@pytest.mark.parametrize(
    ("end", "state"),
    [
        (_scancel, "CANCELLED"),
        (_batch_signal, "COMPLETED"),
        (_requeue, "PENDING"),
        (_preempt("PreemptMode=CANCEL GraceTime=5"), "PREEMPTED"),
        (_preempt("PreemptMode=REQUEUE GraceTime=0"), "PREEMPTED"),
        (_scale_down, "COMPLETED"),
    ],
    ids=["scancel", "signal", "requeue", "preempted with grace", "preempted", "scale down"],
)
def test_twenty_of_twenty(
    slurm: SlurmSite,
    jobs: WorkerJobs,
    end: Callable[[SlurmSite, WorkerJobs, str], None],
    state: str,
) -> None:
    node = slurm.node_names()[0]
    job_id = f"{jobs.start(partition='low', directives=[f'--nodelist={node}'])}_0"
    futures = jobs.scatter_to(job_id, VALUES)
    end(slurm, jobs, job_id)
    jobs.wait_until_gone(job_id)
    assert jobs.client.gather(futures, errors="skip") == VALUES
    wait(lambda: jobs.job(job_id).state == state, lambda: str(jobs.job(job_id)))
    assert not left_early(jobs.folder, [job_id])  # that is for the walltime
    slurm.command("scancel", job_id)


@pytest.mark.slurm
def test_walltime_on_slurm(slurm: SlurmSite, jobs: WorkerJobs) -> None:
    """Two of one array, so that both have the same end: no data are lost, no job times out."""
    array = jobs.start(2, partition="low", walltime="00:01:00")
    futures = [jobs.scatter_to(f"{array}_{number}", VALUES) for number in range(2)]
    for number in range(2):
        job_id = f"{array}_{number}"
        jobs.wait_until_gone(job_id, 90)
        wait(lambda: jobs.job(job_id).ended, lambda: str(jobs.job(job_id)))  # noqa: B023
        assert jobs.job(job_id).state == "COMPLETED"
        assert left_early(jobs.folder, [job_id]) == {job_id}
    assert [jobs.client.gather(each, errors="skip") for each in futures] == [VALUES, VALUES]


def test_a_running_task_may_end_and_those_behind_it_go_elsewhere(tmp_path: Path) -> None:
    with worker_jobs(tmp_path / "home", LocalQueue(tmp_path / "home")) as jobs:
        job_id = f"{jobs.start(walltime='0:40')}_0"
        leaving = jobs.address(job_id)
        futures = jobs.scatter_to(job_id, VALUES)
        ran = tmp_path / "ran"

        def work(number: int) -> int:
            with ran.open("a") as file:
                file.write(f"{number}\n")
            # Until the worker is about to leave, and a second more.
            limit = time.monotonic() + 60
            while "its workers leave" not in log.read_text() and time.monotonic() < limit:
                time.sleep(0.05)
            time.sleep(1.0)
            return number

        log = jobs.folder.logs / f"{job_id}.log"
        first = jobs.client.submit(work, 1, workers=[leaving], allow_other_workers=True)
        wait(ran.exists, lambda: jobs.log(job_id))
        second = jobs.client.submit(work, 2, workers=[leaving], allow_other_workers=True)
        jobs.start(walltime="0:05:00")
        assert jobs.client.gather([first, second]) == [1, 2]
        jobs.wait_until_gone(job_id)
        assert jobs.client.gather(futures, errors="skip") == VALUES
        assert ran.read_text().split() == ["1", "2"]  # none of them twice
        wait(lambda: jobs.job(job_id).ended, lambda: str(jobs.job(job_id)))
        assert (jobs.job(job_id).state, jobs.job(job_id).exit) == ("COMPLETED", "0:0")
        assert left_early(jobs.folder, [job_id]) == {job_id}


@pytest.mark.parametrize(
    ("environment", "end"),
    [
        ({}, None),
        ({"RSDAT_ENDS_AT": "1600"}, 1600.0),
        ({"RSDAT_ENDS_AT": "900"}, None),  # over: this clock is wrong, or the value old
        ({"RSDAT_ENDS_AT": "0", "RSDAT_TIME_LEFT": ""}, None),
        ({"RSDAT_TIME_LEFT": "0:59", "RSDAT_ASKED_AT": "990"}, 1049.0),
        ({"RSDAT_TIME_LEFT": "59:00", "RSDAT_ASKED_AT": "1000"}, 4540.0),
        ({"RSDAT_TIME_LEFT": "2:00:01", "RSDAT_ASKED_AT": "1000"}, 8201.0),
        ({"RSDAT_TIME_LEFT": "1-00:00:00", "RSDAT_ASKED_AT": "1000"}, 87400.0),
        ({"RSDAT_TIME_LEFT": "3600", "RSDAT_ASKED_AT": ""}, 4600.0),
        ({"RSDAT_TIME_LEFT": "UNLIMITED", "RSDAT_ASKED_AT": "1000"}, None),
        ({"RSDAT_TIME_LEFT": "INVALID", "RSDAT_ASKED_AT": "1000"}, None),
        ({"RSDAT_TIME_LEFT": "0:00", "RSDAT_ASKED_AT": "1000"}, None),
    ],
)
def test_when_a_job_ends(environment: dict[str, str], end: float | None) -> None:
    assert rsdat_nanny.job_end(environment, 1000.0) == end


def test_workers_of_one_array_leave_one_after_the_other() -> None:
    def begins(tasks: int, walltime_s: float, **environment: str) -> list[float]:
        return [
            walltime_s
            - rsdat_nanny.leave_times(
                {"SLURM_ARRAY_TASK_ID": str(task), **environment}, 0.0, walltime_s
            )[0]
            for task in range(tasks)
        ]

    hundreds = sorted(begins(300, 3600.0))
    assert hundreds[0] >= 40.0
    assert hundreds[-1] == 60.0
    # No second in which more than a few of them go: 300 over 20 s.
    assert max(sum(start <= each < start + 1 for each in hundreds) for start in range(40, 61)) <= 17
    assert begins(1, 60.0) == [15.0]  # a quarter
    assert begins(1, 86400.0, RSDAT_LEAVE_BEFORE_S="600") == [600.0]
    assert begins(1, 3600.0, RSDAT_LEAVE_BEFORE_S="nonsense") == [60.0]
    two = begins(2, 60.0)
    assert two[0] - two[1] > 2
    begin, last = rsdat_nanny.leave_times({}, 0.0, 3600.0)
    assert begin < last < 3600.0
