"""Fixtures that every room's tests may use."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections import Counter
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


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the files, those that may take long begin first.

    A file says by its timeout how long its tests may take; the last one that is begun should be
    over soon, or one process works on while the others have nothing left.
    """
    if not hasattr(config, "workerinput"):
        return
    allowed_s: dict[Path, float] = {}
    for item in items:
        marker = item.get_closest_marker("timeout")
        given_s = float(marker.args[0]) if marker else 0.0
        allowed_s[item.path] = max(given_s, allowed_s.get(item.path, 0.0))
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (-allowed_s[item.path], -tests[item.path], item.path))


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
