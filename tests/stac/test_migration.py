"""The code of docs/migrating-from-stac2dcache.md, run as it stands, top to bottom."""

from __future__ import annotations

import inspect
import json
import re
from datetime import datetime, timezone
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
from rsdat.demo.sample import make_radar_stack, put_sentinel2_scene
from rsdat.stac import (
    Catalog,
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
MOMENT = datetime(2024, 5, 1, tzinfo=timezone.utc)


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


def test_the_tutorial(dcache: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps of stac2dcache's own notebook (tutorial.ipynb), at the door's web address."""
    put_scene(tmp_path / "archive")
    [found] = read_catalog(tmp_path / "archive" / "catalog.json").get_items(recursive=True)
    found.add_asset("metadata", pystac.Asset(str(found.get_self_href())))
    monkeypatch.chdir(tmp_path)
    write_text(tmp_path / "macaroon.dat", dcache.token)
    fs, stac_io = configure(token_filename="macaroon.dat")
    urlpath = f"{dcache.webdav_url}/tutorial"

    catalog = Catalog(id="s2-catalog", description="Test catalog for Sentinel-2 data")
    catalog.add_items([found])
    catalog._stac_io = stac_io
    catalog.normalize_and_save(urlpath, catalog_type="SELF_CONTAINED")
    catalog = Catalog.from_file(f"{urlpath}/catalog.json", stac_io=stac_io)
    for key in ("metadata", "blue"):
        copy_asset(catalog, key, update_catalog=True, filesystem_to=fs, max_workers=4)
    catalog.normalize_and_save(urlpath)
    copy_asset(catalog, "blue", item_id="T05VMG", to_uri="./tmp", filesystem_from=fs)

    kept = dcache.root / "tutorial" / "T05VMG"
    assert (kept / "B02.tif").read_bytes() == (tmp_path / "tmp/T05VMG/B02.tif").read_bytes()
    saved = json.loads((kept / "T05VMG.json").read_text(encoding="utf-8"))
    assert saved["assets"]["blue"]["href"] == "./B02.tif"
    text = get_asset(catalog, "metadata", "T05VMG", "textfiles", filesystem=fs)
    assert json.loads(str(text))["id"] == "T05VMG"
    blue = get_asset(catalog, "blue", "T05VMG", filesystem=fs)
    with dask.config.set(scheduler="synchronous"):
        assert blue.mean().compute() > 100


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


def test_all_drivers(base: str) -> None:
    """rasterio, raw and textfiles (drivers/__init__.py:8); nothing else."""
    href = make_radar_stack(f"{base}/radar", n=1, size=8)
    item_id = "slc-0000-20240101"
    catalog = read_catalog(href)
    # Also of a file that rsdat would open as an array.
    raw = get_asset(catalog, "slc", item_id, "raw")
    assert isinstance(raw, bytes)
    assert raw == get_asset(catalog, "slc", item_id).values.astype("<c8").tobytes()
    item = next(catalog.get_items(recursive=True))
    own = str(item.get_self_href())
    item.add_asset("metadata", pystac.Asset(own, media_type="application/xml"))
    text = get_asset(catalog, "metadata", item_id, driver="textfiles")
    assert isinstance(text, str)
    assert json.loads(text)["id"] == item_id
    assert open_asset(catalog, "metadata", item_id) == text
    with pytest.raises(InvalidInput, match="'other'"):
        get_asset(catalog, "slc", item_id, "other")


def test_a_driver_s_file_system_is_taken(stac_door: Door) -> None:
    options = {"api_url": stac_door.api_url, "webdav_url": stac_door.webdav_url}
    fs = fsspec.filesystem("dcache", **options, token=stac_door.token)
    (stac_door.root / "words").mkdir()
    (stac_door.root / "words" / "a.xml").write_text("<a/>", encoding="utf-8")
    item = pystac.Item("words", None, None, MOMENT, {})
    item.add_asset("metadata", pystac.Asset("dcache://words/a.xml"))
    assert get_asset(item, "metadata", "words", "textfiles", fs) == "<a/>"


@pytest.mark.parametrize(
    ("chunks", "parts"),
    [
        ({"x": 64, "y": 32}, (32, 64)),
        ({"band": 1, "x": 64, "y": 32}, (32, 64)),
        ({"y": 32, "x": -1}, (32, None)),
        ((32, 64), (32, 64)),
        ([32, 64], (32, 64)),
    ],
)
def test_chunks_of_a_raster(tmp_path: Path, chunks: Any, parts: tuple[int, int | None]) -> None:
    """stac2dcache hands its keywords on to rioxarray, whose only one that is taken is this."""
    put_scene(tmp_path)
    blue = get_asset(tmp_path / "catalog.json", "blue", "T05VMG", chunks=chunks)
    assert blue.chunks is not None
    rows, columns = (sizes[0] for sizes in blue.chunks)
    assert (rows, columns) == (parts[0], parts[1] or blue.sizes["x"])


@pytest.mark.parametrize("chunks", [True, "auto", 64, (1, 64, 64), {"time": 1}])
def test_other_chunks_are_refused_in_words(tmp_path: Path, chunks: Any) -> None:
    put_scene(tmp_path)
    with pytest.raises(InvalidInput, match="rows, columns"):
        get_asset(tmp_path / "catalog.json", "blue", "T05VMG", chunks=chunks)


def test_one_band_has_no_dimension_of_its_own(tmp_path: Path) -> None:
    put_scene(tmp_path)
    blue = get_asset(tmp_path / "catalog.json", "blue", "T05VMG")
    assert blue.dims == ("y", "x")
    # What the page says that gives the old form.
    assert blue.expand_dims(band=[1]).dims == ("band", "y", "x")


def test_copies_of_a_catalog_s_path(tmp_path: Path) -> None:
    put_scene(tmp_path / "from")
    copy_asset(tmp_path / "from" / "catalog.json", "blue", to_uri=str(tmp_path / "to"))
    assert (tmp_path / "to" / "T05VMG" / "B02.tif").exists()


def test_logins(dcache: Door, tmp_path: Path) -> None:
    assert configure(dcache.user, dcache.password).fs.exists("/")
    # rclone's own form, with a section of any name.
    write_text(tmp_path / "any.conf", f"[other]\ntype = webdav\nbearer_token = {dcache.token}\n")
    assert configure(token_filename=tmp_path / "any.conf").fs.exists("/")
    # On the web a login would go to strangers.
    write_text(tmp_path / "token", "t0p\n")
    with pytest.raises(InvalidInput, match="every server") as caught:
        configure_filesystem("https", token_filename=tmp_path / "token")
    assert "client_kwargs" in str(caught.value.hint)
    for protocol in ("https", "http", "dcache", "file", "memory"):
        kind = fsspec.get_filesystem_class(protocol)
        assert isinstance(configure_filesystem(protocol), kind)
    assert configure_stac_io(configure_filesystem("https"))


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"username": "alice"}, InvalidInput),
        ({"username": "a", "password": "b", "token_filename": "c"}, InvalidInput),
        ({"protocol": "https", "username": "a", "password": "b"}, InvalidInput),
        ({"protocol": "memory", "username": "a", "password": "b"}, InvalidInput),
    ],
)
def test_bad_logins(given: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        configure_filesystem(**given)
