"""Workers whose environment really has another Dask: told before they start, and on the card."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import distributed
import pytest

from tests.support.cluster_site import SMALL, ClusterSite, connected, until

#: The oldest that rsdat itself runs with (pyproject.toml).
OLD = "2024.8.0"
INSTALL_S = 240

pytestmark = [pytest.mark.long, pytest.mark.timeout(INSTALL_S + 180)]


@pytest.fixture(scope="module")
def old_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with that Dask, from the package registry."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        pytest.skip("no uv to make an environment with")
    python = tmp_path_factory.mktemp("old") / "env" / "bin" / "python"
    packages = [f"dask=={OLD}", f"distributed=={OLD}"]
    for argv in (
        ["venv", "--python", sys.executable, str(python.parents[1])],
        ["pip", "install", "--python", str(python), *packages],
    ):
        done = subprocess.run(
            [uv, "--quiet", *argv], capture_output=True, text=True, timeout=INSTALL_S, check=False
        )
        if done.returncode:
            said = done.stderr.strip().splitlines()[-1:] or ["nothing"]
            pytest.skip(f"no environment with dask {OLD}: {said[0]}")
    return python


@pytest.fixture
def local(tmp_path: Path) -> ClusterSite:
    return ClusterSite(tmp_path / "home", "local")


def test_told_before_they_start_and_on_the_card(local: ClusterSite, old_python: Path) -> None:
    """They connect, the card says what differs and what to do, and the cluster goes on."""
    here = distributed.__version__
    request = {"workers": 1, "options": {**SMALL, "python": str(old_python)}}

    async def life() -> None:
        async with local.only_manager() as manager:
            told = ""
            while OLD not in told:
                preview = await manager.preview(request)
                told = " ".join([*preview["problems"], *preview["notes"]])
                await asyncio.sleep(0.1)
            assert f"{OLD} in '{old_python}'" in told
            cluster_id = (await manager.create(request))["id"]
            cluster = await until(manager, cluster_id, lambda c: c["diagnosis"] is not None)
            message = cluster["diagnosis"]["message"]
            assert "differ" in message, cluster
            assert OLD in message
            assert here in message
            assert "same versions" in cluster["diagnosis"]["hint"]
            await until(manager, cluster_id, connected(1))
            await manager.change(cluster_id, {"workers": 0})
            await until(manager, cluster_id, connected(0))

    asyncio.run(life())
