"""Whole clusters, on the local queue and on the private real Slurm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cluster_site import ClusterSite
from tests.support.slurm_site import SlurmSite


@pytest.fixture(params=["local", pytest.param("slurm", marks=pytest.mark.slurm)])
def site(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ClusterSite:
    """A home folder with either queue."""
    if request.param == "slurm":
        slurm: SlurmSite = request.getfixturevalue("slurm_site")
        for key, value in slurm.env().items():
            monkeypatch.setenv(key, value)
    return ClusterSite(tmp_path / "home", request.param)


@pytest.fixture
def slurm_home(
    slurm_site: SlurmSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ClusterSite]:
    """A home folder on the real Slurm."""
    for key, value in slurm_site.env().items():
        monkeypatch.setenv(key, value)
    yield ClusterSite(tmp_path / "home", "slurm")
    slurm_site.thaw_controller()


@pytest.fixture
def limited_home(
    slurm_accounting_site: SlurmSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ClusterSite:
    """A home folder on the real Slurm with accounting, limits, enforced memory and preemption."""
    for key, value in slurm_accounting_site.env().items():
        monkeypatch.setenv(key, value)
    return ClusterSite(tmp_path / "home", "slurm")
