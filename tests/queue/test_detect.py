"""Which queue a computer has."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsdat.base.errors import InvalidInput
from rsdat.queue.detect import detect_queue


@pytest.mark.parametrize(
    ("sbatch", "forced", "kind"),
    [
        (True, "", "slurm"),
        (False, "", "local"),
        (True, "local", "local"),
        (False, "slurm", "slurm"),
    ],
)
def test_detect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sbatch: bool, forced: str, kind: str
) -> None:
    if sbatch:
        (tmp_path / "sbatch").write_text("#!/bin/sh\n")
        (tmp_path / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("RSDAT_QUEUE", forced)
    assert detect_queue(tmp_path).kind == kind


def test_a_name_that_is_no_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSDAT_QUEUE", "pbs")
    with pytest.raises(InvalidInput, match="pbs"):
        detect_queue(tmp_path)


def commands(folder: Path, scontrol: str) -> str:
    """A PATH with an `sbatch` and a `scontrol` that is this shell script."""
    folder.mkdir()
    for name, body in {"sbatch": "exit 0", "scontrol": scontrol}.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


NO_SITE = "echo 'scontrol: fatal: Could not establish a configuration source' >&2; exit 1"
NO_ANSWER = "echo 'Slurmctld(primary) at login is DOWN'; exit 1"


@pytest.mark.parametrize(
    ("scontrol", "kind"),
    [(NO_SITE, "local"), (NO_ANSWER, "slurm"), ("exec sleep 60", "slurm"), ("exit 0", "slurm")],
    ids=["not configured", "controller down", "hangs", "answers"],
)
def test_installed_slurm_counts_where_it_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scontrol: str, kind: str
) -> None:
    monkeypatch.delenv("RSDAT_QUEUE", raising=False)
    monkeypatch.setenv("PATH", commands(tmp_path / "bin", scontrol))
    monkeypatch.setattr("rsdat.queue.detect._PING_S", 1.0 if "sleep" in scontrol else 20.0)
    assert detect_queue(tmp_path).kind == kind
