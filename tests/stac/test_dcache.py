"""On dCache: only what is needed is read, tape is told at once, no token travels."""

from __future__ import annotations

import json
from typing import Any

import cloudpickle
import dask
import numpy as np
import pytest
import rasterio

from rsdat.base.errors import OnTape, RsdatError
from rsdat.demo.sample import DATA, make_radar_stack, put_sentinel2_scene
from rsdat.stac import get_asset, read_catalog, write_item
from rsdat.stac.raster.ranged import BLOCK_BYTES as RASTER_BLOCK_BYTES
from tests.support.door import Door

RAW = "/radar/slc-stack/slc-0000-20240101/slc.raw"
SCENE = "/scene/coast/S2-18SVG-coast"


@pytest.fixture(scope="module")
def data(stac_door: Door) -> Door:
    make_radar_stack(str(stac_door.root / "radar"), n=2, size=256)
    put_sentinel2_scene(str(stac_door.root / "scene"))
    return stac_door


def pool_ranges(dcache: Door, path: str) -> list[tuple[int, int]]:
    """First and last byte of each read of a file."""
    found = []
    for request in dcache.requests(method="GET"):
        if path in request["path"] and request["range"]:
            first, _, last = request["range"].removeprefix("bytes=").partition("-")
            found.append((int(first), int(last)))
    return found


def test_raw_reads_its_range_only(data: Door, dcache: Door) -> None:
    image = get_asset("dcache:///radar/catalog.json", "slc", "slc-0000-20240101", chunks=(64, 256))
    dcache.forget()
    image[64:128].compute()
    row = 256 * 8
    assert set(pool_ranges(dcache, RAW)) == {(64 * row, 128 * row - 1)}


def test_a_tile_costs_no_file(data: Door, dcache: Door) -> None:
    image = get_asset("dcache:///scene/catalog.json", "nir")
    with rasterio.open(DATA / "sentinel2/coast/S2-18SVG-coast/B08.tif") as raster:
        expected = raster.read(1)
    dcache.forget()

    # Header and first tile lie in the first block.
    assert image[0, 0].values == expected[0, 0]

    assert set(pool_ranges(dcache, f"{SCENE}/B08.tif")) == {(0, RASTER_BLOCK_BYTES - 1)}


def test_tape_is_told_at_once(data: Door, dcache: Door) -> None:
    image = get_asset("dcache:///radar/catalog.json", "slc", "slc-0001-20240113")
    dcache.set_file("/radar/slc-stack/slc-0001-20240113/slc.raw", locality="NEARLINE")
    dcache.set_file(f"{SCENE}/B02.tif", locality="NEARLINE")
    try:
        with pytest.raises(OnTape):
            image.compute()
        with pytest.raises(OnTape):
            get_asset("dcache:///scene/catalog.json", "blue")
    finally:
        dcache.set_file("/radar/slc-stack/slc-0001-20240113/slc.raw", locality="ONLINE")
        dcache.set_file(f"{SCENE}/B02.tif", locality="ONLINE")


def test_no_token_travels_to_the_workers(data: Door, dcache: Door) -> None:
    radar = get_asset("dcache:///radar/catalog.json", "slc", "slc-0000-20240101")
    scene = get_asset("dcache:///scene/catalog.json", "red", scaled=True)
    for image in (radar, scene):
        travelling = cloudpickle.dumps(image.data.__dask_graph__())
        assert dcache.token.encode() not in travelling
        assert b"token" not in travelling


def test_a_broken_door_is_an_error_and_no_crash(data: Door, dcache: Door) -> None:
    """GDAL's C++ code ends the process when an exception goes through it."""
    image = get_asset("dcache:///scene/catalog.json", "green")
    dcache.fault("status", server="pool", status=500, times=1000)
    dcache.fault("status", server="redirect", status=500, times=1000)
    with (
        dask.config.set(scheduler="synchronous"),
        pytest.raises((OSError, RsdatError)),
    ):
        image.compute()
    dcache.forget()
    assert image.shape == image.compute().shape


def test_a_failed_write_links_nothing(data: Door, dcache: Door) -> None:
    image = get_asset("dcache:///scene/catalog.json", "green")
    before = (dcache.root / "scene/catalog.json").read_bytes()
    dcache.fault("no_space", method="PUT", times=1000)
    with pytest.raises((OSError, RsdatError)):
        write_item("dcache:///scene/catalog.json", image, "result")
    dcache.forget()
    assert (dcache.root / "scene/catalog.json").read_bytes() == before
    assert list((dcache.root / "scene").glob("result/*")) == []


def test_a_failed_overwrite_leaves_the_old_pair(data: Door, dcache: Door) -> None:
    results = "dcache:///results/catalog.json"
    image = get_asset("dcache:///scene/catalog.json", "green")
    write_item(results, image, "twice")
    folder = dcache.root / "results/twice"
    before = {each.name: each.read_bytes() for each in folder.iterdir()}
    # The new image comes; the item, which is moved onto the old one, does not.
    prefix = "/api/v1/namespace/results/twice/.rsdat-"
    dcache.fault("status", method="POST", prefix=prefix, status=500, times=1000)
    with pytest.raises((OSError, RsdatError)):
        write_item(results, image + 1, "twice", overwrite=True)
    dcache.forget()
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before
    write_item(results, image + 1, "twice", overwrite=True)
    back = get_asset(results, "data", "twice")
    np.testing.assert_array_equal(back.values, image.values + 1)
    # The old image is gone.
    assert len(list(folder.iterdir())) == 2


def test_map_there_and_back(data: Door, dcache: Door) -> None:
    bands = [
        get_asset("dcache:///scene/catalog.json", key, scaled=True) for key in ("red", "green")
    ]
    mean = (bands[0] + bands[1]) / 2
    href = write_item("dcache:///scene/catalog.json", mean, "mean of two")

    item: Any = json.loads((dcache.root / "scene/mean of two/mean of two.json").read_text())
    assert href == "dcache://scene/mean of two/mean of two.json"
    assert item["assets"]["data"]["href"] == "./data.tif"
    back = get_asset(read_catalog("dcache:///scene/catalog.json"), "data", "mean of two")
    np.testing.assert_array_equal(back.values, mean.values)
