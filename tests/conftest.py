"""Fixtures that every room's tests may use."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.slurm_site import (
    PREFIX,
    Features,
    SlurmSite,
    missing_accounting_programs,
    missing_programs,
    sweep,
)


@contextlib.contextmanager
def _started(features: Features | None = None) -> Iterator[SlurmSite]:
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    site = SlurmSite(folder, owner=os.getpid(), features=features)
    try:
        site.start()  # installed but not able to start is a failure, not a reason to skip
        yield site
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def slurm_site() -> Iterator[SlurmSite]:
    """A private real Slurm with three nodes, one for the whole run."""
    reason = missing_programs()
    if reason:
        pytest.skip(f"no private Slurm: {reason}")
    with _started() as site:
        yield site


@pytest.fixture(scope="session")
def slurm_accounting_site() -> Iterator[SlurmSite]:
    """Another one, with accounting, limits, memory that is enforced, and preemption."""
    reason = missing_programs() or missing_accounting_programs()
    if reason:
        pytest.skip(f"no private Slurm with accounting: {reason}")
    with _started(Features(accounting=True, memory=True, preemption=True)) as site:
        yield site
