"""A demo without Lab: its dCache stand-in and its folder with the notebooks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsdat.demo.children import Records, ensure_door
from rsdat.demo.folder import DemoFolder
from tests.examples.running import Runner


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoFolder]:
    """A demo folder with its stand-in, without Lab."""
    folder = DemoFolder(tmp_path / "demo")
    folder.prepare()
    records = Records(folder.processes_file)
    addresses = ensure_door(folder, records)
    folder.write_endpoint(addresses["api_url"], addresses["webdav_url"])
    yield folder
    records.end("door")
    assert not records.lives("door")


@pytest.fixture(params=["local", pytest.param("slurm", marks=pytest.mark.slurm)])
def runner(
    demo: DemoFolder, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Runner:
    """Runs the demo's copies of the notebooks on a queue, in the demo's environment."""
    made = Runner(demo, request.param)
    environment = made.environment
    if request.param == "slurm":
        environment |= request.getfixturevalue("slurm_site").env()
    for name in (set(os.environ) | set(environment)) - {"PYTEST_CURRENT_TEST"}:
        if name in environment:
            monkeypatch.setenv(name, environment[name])
        else:
            monkeypatch.delenv(name)
    return made
