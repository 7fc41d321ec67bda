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
