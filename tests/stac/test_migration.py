"""The code of docs/migrating-from-stac2dcache.md, run as it stands, top to bottom."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import xarray as xr

from rsdat.base.errors import InvalidInput, NoCredential
from rsdat.base.files import write_text
from rsdat.demo.sample import put_sentinel2_scene
from rsdat.stac import configure, configure_filesystem, configure_stac_io, copy_asset, get_asset
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
    assert list(inspect.signature(get_asset).parameters)[:3] == ["catalog", "asset_key", "item_id"]
    login = ["username", "password", "token_filename"]
    assert list(inspect.signature(configure).parameters) == login
    assert list(inspect.signature(configure_filesystem).parameters) == ["protocol", *login]
    assert list(inspect.signature(configure_stac_io).parameters) == ["filesystem"]


def test_logins(dcache: Door, tmp_path: Path) -> None:
    assert configure(dcache.user, dcache.password).fs.exists("/")
    # rclone's own form, with a section of any name.
    write_text(tmp_path / "any.conf", f"[other]\ntype = webdav\nbearer_token = {dcache.token}\n")
    assert configure(token_filename=tmp_path / "any.conf").fs.exists("/")
    write_text(tmp_path / "token", "t0p\n")
    web = configure_filesystem("https", token_filename=tmp_path / "token")
    assert web.storage_options["headers"] == {"Authorization": "Bearer t0p"}
    assert "t0p" not in repr(configure_stac_io(web))


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"username": "alice"}, InvalidInput),
        ({"username": "a", "password": "b", "token_filename": "c"}, InvalidInput),
        ({"protocol": "https", "token_filename": "missing"}, NoCredential),
        ({"protocol": "s3"}, InvalidInput),
    ],
)
def test_bad_logins(given: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        configure_filesystem(**given)
