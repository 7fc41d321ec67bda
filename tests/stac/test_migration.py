"""The code of docs/migrating-from-stac2dcache.md, run as it stands, top to bottom."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import dask
import fsspec
import numpy as np
import pystac
import pytest
import xarray as xr

from rsdat.base.errors import InvalidInput
from rsdat.base.files import write_text
from rsdat.demo.sample import put_sentinel2_scene
from rsdat.stac import (
    configure,
    configure_filesystem,
    configure_stac_io,
    copy_asset,
    get_asset,
    open_asset,
    read_catalog,
)
from tests.support.door import Door

PAGE = Path(__file__).parents[2] / "docs" / "migrating-from-stac2dcache.md"
PROJECT = "pnfs/grid.sara.nl/data/project"


def put_scene(folder: Path) -> None:
    """A Sentinel-2 scene with the slides' id."""
    put_sentinel2_scene(str(folder))
    item = next(path for path in folder.rglob("S2-*.json"))
    value = json.loads(item.read_text(encoding="utf-8"))
    item.write_text(json.dumps({**value, "id": "T05VMG"}), encoding="utf-8")


def test_the_page_s_code(dcache: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_scene(dcache.root / PROJECT / "sentinel-2")
    monkeypatch.chdir(tmp_path)
    write_text(tmp_path / "macaroon.dat", dcache.token)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 6
    names: dict[str, Any] = {}
    with dask.config.set(scheduler="synchronous"):
        for block in blocks:
            exec(compile(block, str(PAGE), "exec"), names)
        blue = names["blue"]
        assert isinstance(blue, xr.DataArray)
        assert blue.dtype == np.uint16
        assert "crs_wkt" in blue.spatial_ref.attrs
        again = get_asset(f"dcache://{PROJECT}/search/catalog.json", "data", "blue-again")
        np.testing.assert_array_equal(again.values, blue.values)
    assert sorted(names["names"]) == ["T05VMG", "blue-again", "note"]
    assert names["problems"] == []
    mine = dcache.root / PROJECT / "mine"
    assert len(list(mine.rglob("B04.tif"))) == 1  # red, beside its item
    item = json.loads(next(mine.rglob("T05VMG.json")).read_text(encoding="utf-8"))
    assert item["assets"]["red"]["href"].rpartition("/")[2] == "B04.tif"


def test_signatures_are_taken() -> None:
    """Every argument of stac2dcache 0.4, in its order (utils.py:13-83, configure.py:7)."""
    assert list(inspect.signature(copy_asset).parameters)[:8] == [
        "catalog",
        "asset_key",
        "update_catalog",
        "item_id",
        "to_uri",
        "filesystem_from",
        "filesystem_to",
        "max_workers",
    ]
    assert list(inspect.signature(get_asset).parameters)[:5] == [
        "catalog",
        "asset_key",
        "item_id",
        "driver",
        "filesystem",
    ]
    login = ["username", "password", "token_filename"]
    assert list(inspect.signature(configure).parameters) == login
    assert list(inspect.signature(configure_filesystem).parameters) == ["protocol", *login]
    assert list(inspect.signature(configure_stac_io).parameters) == ["filesystem"]


def test_get_asset_with_a_file_system(stac_door: Door) -> None:
    """No endpoint is configured; the catalog comes from elsewhere."""
    options = {"api_url": stac_door.api_url, "webdav_url": stac_door.webdav_url}
    fs = fsspec.filesystem("dcache", **options, token=stac_door.token)
    put_scene(stac_door.root / "handed")
    item = next((stac_door.root / "handed").rglob("S2-*.json"))
    local = pystac.Item.from_dict(json.loads(item.read_text(encoding="utf-8")))
    local.set_self_href(f"dcache://{item.relative_to(stac_door.root)}")
    with dask.config.set(scheduler="synchronous"):
        assert get_asset(local, "blue", "T05VMG", "rasterio", fs).mean().compute() > 100


def test_other_drivers_are_named(tmp_path: Path) -> None:
    """What the error says to do does it."""
    put_scene(tmp_path)
    catalog = read_catalog(tmp_path / "catalog.json")
    with pytest.raises(InvalidInput, match="open_asset") as caught:
        get_asset(catalog, "blue", "T05VMG", "raw")
    assert "application/octet-stream" in str(caught.value.hint)
    found = open_asset(catalog, "blue", "T05VMG", media_type="application/octet-stream")
    assert found == next(tmp_path.rglob("B02.tif")).read_bytes()
    with pytest.raises(InvalidInput) as caught:
        get_asset(catalog, "blue", "T05VMG", "textfiles")
    assert "text/plain" in str(caught.value.hint)
    with pytest.raises(InvalidInput, match="'other'"):
        get_asset(catalog, "blue", "T05VMG", "other")


def test_logins(dcache: Door, tmp_path: Path) -> None:
    assert configure(dcache.user, dcache.password).fs.exists("/")
    # rclone's own form, with a section of any name.
    write_text(tmp_path / "any.conf", f"[other]\ntype = webdav\nbearer_token = {dcache.token}\n")
    assert configure(token_filename=tmp_path / "any.conf").fs.exists("/")
    # On the web a login would go to strangers.
    write_text(tmp_path / "token", "t0p\n")
    with pytest.raises(InvalidInput, match="every server"):
        configure_filesystem("https", token_filename=tmp_path / "token")
    assert configure_stac_io(configure_filesystem("https"))


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"username": "alice"}, InvalidInput),
        ({"username": "a", "password": "b", "token_filename": "c"}, InvalidInput),
        ({"protocol": "https", "username": "a", "password": "b"}, InvalidInput),
        ({"protocol": "s3"}, InvalidInput),
    ],
)
def test_bad_logins(given: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        configure_filesystem(**given)
