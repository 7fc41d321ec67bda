"""Every cell that a STAC tab inserts runs, and opens exactly what was selected.

The cells are in src/stac/__tests__/inserted_code.json, where the front end's tests hold them
against what the tab makes.
"""

from __future__ import annotations

import importlib.util
import json
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


@pytest.fixture(autouse=True)
def _endpoints(site: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in as the default endpoint, and once more as another one."""
    site.write_endpoint(tmp_path, name="here")
    [endpoint] = json.loads((tmp_path / "endpoints.json").read_text())["endpoints"]
    both = {"endpoints": [endpoint, {**endpoint, "name": "there"}]}
    write_json(tmp_path / "endpoints.json", both, format_version=1)
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path))
    monkeypatch.setattr(fsspec.config, "conf", {})
    DCacheFileSystem.clear_instance_cache()


@pytest.fixture(scope="module")
def archive() -> Iterator[ArchiveApi]:
    """What the cells' API has."""
    running = ArchiveApi()
    yield running
    running.close()


@pytest.mark.parametrize("cell", CELLS, ids=[cell["name"] for cell in CELLS])
def test_runs(cell: dict[str, Any], archive: ArchiveApi) -> None:
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
