"""Every cell that a STAC tab inserts runs, and opens exactly what was selected.

The cells are in src/stac/__tests__/inserted_code.json, where the front end's tests hold them
against what the tab makes.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec.config
import numpy as np
import pytest

from rsdat.base.files import write_json
from rsdat.dcache import DCacheFileSystem
from rsdat.demo.sample import make_radar_stack, put_sentinel2_scene
from rsdat.demo.samples.stac_api import ArchiveApi
from tests.support.door import Door, door

CELLS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "src/stac/__tests__/inserted_code.json").read_text("utf-8")
)
IMAGES, SIZE = 4, 64


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A stand-in with the two sample catalogs."""
    pytest.importorskip("pystac")
    pytest.importorskip("rasterio")
    with door(tmp_path_factory.mktemp("stac-code")) as running:
        make_radar_stack(str(running.root / "radar"), n=IMAGES, size=SIZE)
        put_sentinel2_scene(str(running.root / "sentinel2"))
        yield running


@pytest.fixture(scope="module")
def other(site: Door, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """Another one, whose files have the same names and sizes, and no pixel that is not zero."""
    import rasterio

    with door(tmp_path_factory.mktemp("stac-code-other")) as running:
        shutil.copytree(site.root, running.root, dirs_exist_ok=True)
        for path in running.root.rglob("*.tif"):
            with rasterio.open(path) as file:
                profile, shape = file.profile, (file.count, file.height, file.width)
            with rasterio.open(path, "w", **profile) as file:
                file.write(np.zeros(shape, profile["dtype"]))
        for path in running.root.rglob("*.raw"):
            path.write_bytes(bytes(path.stat().st_size))
        yield running


def configure(home: Path, here: Door, there: Door) -> None:
    """Two endpoints, `here` is the default one."""
    known = []
    for running, name in ((here, "here"), (there, "there")):
        running.write_endpoint(home, name=name)
        known += json.loads((home / "endpoints.json").read_text())["endpoints"]
    write_json(home / "endpoints.json", {"endpoints": known}, format_version=1)
    DCacheFileSystem.clear_instance_cache()


@pytest.fixture(autouse=True)
def _own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path))
    monkeypatch.setattr(fsspec.config, "conf", {})


@pytest.fixture(scope="module")
def archive() -> Iterator[ArchiveApi]:
    """What the cells' API has."""
    running = ArchiveApi()
    yield running
    running.close()


@pytest.mark.parametrize("cell", CELLS, ids=[cell["name"] for cell in CELLS])
def test_runs(
    cell: dict[str, Any], archive: ArchiveApi, site: Door, other: Door, tmp_path: Path
) -> None:
    """With the pixels of the endpoint that the tab shows, not of the other one's same file."""
    is_there = cell["request"]["source"]["endpoint"] == "there"
    configure(tmp_path, *((other, site) if is_there else (site, other)))
    missing = [name for name in cell["needs"] if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    names: dict[str, Any] = {}
    code = "\n".join(cell["code"]).replace("https://stac.example.org", archive.url)
    exec(compile(code, cell["name"], "exec"), names)
    assert len(names["found"]) == cell["items"]
    wanted = cell["request"]["ids"]
    assert wanted is None or sorted(item.id for item in names["found"]) == sorted(wanted)
    stack = names["stack"]
    assert stack.sizes["time"] == cell["layers"]
    assets = cell["request"]["assets"]
    assert assets is None or sorted(stack.data_vars) == sorted(assets)
    for values in stack.data_vars.values():
        assert values.chunks is not None  # read when it is needed
        assert np.abs(values[0].compute()).max() > 0
