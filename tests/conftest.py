"""Fixtures that every room's tests may use."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.slurm_site import PREFIX, SlurmSite, missing_programs, sweep


@pytest.fixture(scope="session")
def slurm_site() -> Iterator[SlurmSite]:
    """A private real Slurm with three nodes, one for the whole run."""
    reason = missing_programs()
    if reason:
        pytest.skip(f"no private Slurm: {reason}")
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    site = SlurmSite(folder, owner=os.getpid())
    try:
        site.start()  # installed but not able to start is a failure, not a reason to skip
        yield site
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)
