"""What Slurm's commands say when they fail. Lines as Slurm 22.05.8 printed them."""

from __future__ import annotations

import pytest

from rsdat.queue.slurm import words


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        (
            (
                "sbatch: error: invalid partition specified: nosuch\n"
                "sbatch: error: Batch job submission failed: Invalid partition name specified\n"
            ),
            (
                "invalid partition specified: nosuch. "
                "Batch job submission failed: Invalid partition name specified"
            ),
        ),
        (
            (
                "sbatch: error: Memory specification can not be satisfied\n"
                "sbatch: error: Batch job submission failed: "
                "Requested node configuration is not available\n"
            ),
            (
                "Memory specification can not be satisfied. "
                "Batch job submission failed: Requested node configuration is not available"
            ),
        ),
        ("allocation failure: Invalid account\n", "allocation failure: Invalid account"),
        ("", ""),
    ],
)
def test_own_words(stderr: str, said: str) -> None:
    assert words.own_words(stderr) == said


def test_own_words_are_bounded() -> None:
    assert len(words.own_words("sbatch: error: lua\n" * 10000)) == words.LONGEST_WORDS


@pytest.mark.parametrize(
    "stderr",
    [
        "slurm_load_jobs error: Socket timed out on send/recv operation\n",
        "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation\n",
        "slurm_load_partitions: Unable to contact slurm controller (connect failure)\n",
        "scancel: error: Kill job error on job id 3: Socket timed out on send/recv operation\n",
        "sbatch: error: Batch job submission failed: Zero Bytes were transmitted or received\n",
    ],
)
def test_silence(stderr: str) -> None:
    assert words.is_silent(stderr)


@pytest.mark.parametrize(
    "stderr",
    [
        "",
        "sbatch: error: Batch job submission failed: Invalid partition name specified\n",
        (
            "sbatch: error: Batch job submission failed: Requested time limit is invalid "
            "(missing or exceeds some limit)\n"
        ),
        "slurm_load_jobs error: Invalid job id specified\n",
    ],
)
def test_an_answer_is_no_silence(stderr: str) -> None:
    assert not words.is_silent(stderr)


def test_over_and_forbidden() -> None:
    over = "slurm_load_jobs error: Invalid job id specified\n"
    foreign = "scancel: error: Kill job error on job id 63: Access/permission denied\n"
    assert words.is_over(over)
    assert not words.is_over("")
    assert not words.is_over(over + foreign)
    assert words.is_forbidden(foreign)
    assert not words.is_forbidden(over)


def test_no_accounting() -> None:
    assert words.lacks_accounting("Slurm accounting storage is disabled\n")
    assert not words.lacks_accounting("sacct: error: slurm_persist_conn_open: Connection refused")
