"""What of our environment reaches a job."""

from __future__ import annotations

import pytest

from rsdat.queue.environment import job_environment, question_environment


@pytest.mark.parametrize(
    ("name", "inherited"),
    [
        ("PATH", True),
        ("HOME", True),
        ("VIRTUAL_ENV", True),
        ("SLURM_CONF", True),
        ("SBATCH_ACCOUNT", True),
        ("FSSPEC_DCACHE_TOKEN", True),
        ("BEARER_TOKEN_FILE", True),
        ("SBATCH_WAIT", False),
        ("SLURM_ARRAY_TASK_ID", False),
        ("SLURM_MEM_PER_CPU", False),
        ("SLURMD_NODENAME", False),
        ("JUPYTERHUB_API_TOKEN", False),
        ("JUPYTER_SERVER_ROOT", False),
        ("JPY_API_TOKEN", False),
        ("CONFIGPROXY_AUTH_TOKEN", False),
        ("BEARER_TOKEN", False),
        ("SQUEUE_FORMAT", False),
    ],
)
def test_job_environment(name: str, inherited: bool) -> None:
    assert (name in job_environment({name: "x"})) is inherited


def test_questions_want_plain_times_and_whole_arrays() -> None:
    env = question_environment({"SLURM_TIME_FORMAT": "relative"})
    assert env == {"SLURM_TIME_FORMAT": "%s", "SLURM_BITSTR_LEN": "0"}
