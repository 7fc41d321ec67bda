"""Assets are lazy arrays; only what is needed is read."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import dask
import fsspec
import numpy as np
import pytest
import rasterio
import xarray as xr

from rsdat.base.errors import InvalidInput, NotFound, OnTape
from rsdat.demo.sample import (
    DATA,
    ROWS_PER_STREAM,
    make_radar_stack,
    mean_amplitude,
    put_sentinel2_scene,
    radar_rows,
)
from rsdat.stac import get_asset, read_catalog
from rsdat.stac.pixels import RawPixels
from rsdat.stac.raster.ranged import BLOCK_BYTES as RASTER_BLOCK_BYTES
from tests.support.ranges import CountedFileSystem

SCENE = "S2-18SVG-coast"
FILES = {"blue": "B02", "green": "B03", "red": "B04", "nir": "B08"}


def on_disk(key: str) -> Any:
    with rasterio.open(DATA / "sentinel2" / "coast" / SCENE / f"{FILES[key]}.tif") as raster:
        return raster.read(1)


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    """fsspec's memory hands the same file, with one position, to everyone."""
    with dask.config.set(scheduler="synchronous"):
        yield


def test_radar_stack_has_the_known_mean(base: str) -> None:
    catalog = read_catalog(make_radar_stack(base, n=5, size=100))
    images = [get_asset(catalog, "slc", item.id) for item in catalog.get_items(recursive=True)]

    stack = xr.concat(images, "time")
    mean = np.abs(stack).mean("time")

    assert stack.dtype == np.complex64
    assert stack.dims == ("time", "y", "x")
    assert str(stack.time.values[1]) == "2024-01-13T05:50:00.000000000"
    np.testing.assert_allclose(mean.values, mean_amplitude(100), rtol=1e-5)


@pytest.mark.parametrize("key", FILES)
def test_raster_is_what_rasterio_reads(base: str, key: str) -> None:
    image = get_asset(put_sentinel2_scene(base), key)
    assert image.dtype == np.uint16
    np.testing.assert_array_equal(image.values, on_disk(key))


def test_raster_lies_where_it_should(base: str) -> None:
    image = get_asset(put_sentinel2_scene(base), "nir")
    with rasterio.open(DATA / "sentinel2" / "coast" / SCENE / "B08.tif") as raster:
        x, y = raster.xy(3, 5)
        assert raster.crs == rasterio.crs.CRS.from_wkt(image.spatial_ref.attrs["crs_wkt"])
    assert (image.x.values[5], image.y.values[3]) == (x, y)
    # The scene gives an interval: no single time is true.
    assert "time" not in image.coords


def test_scaled_to_reflectance(base: str) -> None:
    image = get_asset(put_sentinel2_scene(base), "red", scaled=True)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image.values, on_disk("red") / 10_000, rtol=1e-6)


@pytest.mark.parametrize(
    "key",
    [
        (slice(3, 40), slice(7, 90)),
        (slice(None, None, 7), slice(5, 60, 3)),
        (slice(None, None, -1), slice(90, 2, -4)),
        (5, slice(None)),
        (slice(None), -1),
        (17, 23),
        ([5, 3, 60, 3], slice(None)),
        (7, [-1, 2]),
        (slice(0, 0), slice(None)),
        (slice(80, 64), slice(3, 4)),
    ],
)
def test_any_slice(counted: type[CountedFileSystem], key: Any) -> None:
    """Raw and raster alike, across chunks and tiles."""
    radar = get_asset(make_radar_stack("counted://radar", n=1, size=100), "slc", chunks=(33, 40))
    whole = np.vstack([radar_rows(0, 1, 100, block) for block in range(2)])
    np.testing.assert_array_equal(radar[key].values, whole[key])

    scene = get_asset(put_sentinel2_scene("counted://scene"), "blue", chunks=(30, 50))[
        240:340, :100
    ]
    np.testing.assert_array_equal(scene[key].values, on_disk("blue")[240:340, :100][key])


def test_opening_reads_no_pixels(counted: type[CountedFileSystem]) -> None:
    radar = make_radar_stack("counted://radar", n=1, size=256)
    scene = put_sentinel2_scene("counted://scene")
    counted.ranges.clear()

    get_asset(radar, "slc")
    get_asset(scene, "blue")

    images = [each for each in counted.ranges if not each[0].endswith(".json")]
    assert [path for path, _, _ in images] == ["/scene/coast/S2-18SVG-coast/B02.tif"]
    assert counted.bytes_read() < 2 * RASTER_BLOCK_BYTES


def test_raw_reads_one_range_per_part(counted: type[CountedFileSystem]) -> None:
    image = get_asset(make_radar_stack("counted://radar", n=1, size=256), "slc", chunks=(64, 256))
    counted.ranges.clear()

    image[64:128].compute()
    image[10, 20:30].compute()

    path = "/radar/slc-stack/slc-0000-20240101/slc.raw"
    row = 256 * 8
    assert counted.ranges == [
        (path, 64 * row, 128 * row),
        (path, 10 * row + 20 * 8, 10 * row + 30 * 8),
    ]


def test_raster_reads_only_tiles(counted: type[CountedFileSystem], tmp_path: Path) -> None:
    """Of a file of many tiles one pixel costs its tile and the header, not the file."""
    values = np.random.default_rng(1).integers(0, 2**16, (2048, 2048), "uint16")
    file = tmp_path / "big.tif"
    with rasterio.open(
        file, "w", driver="GTiff", width=2048, height=2048, count=1, dtype="uint16",
        tiled=True, blockxsize=256, blockysize=256, transform=rasterio.Affine(1, 0, 0, 0, -1, 0),
    ) as raster:  # fmt: skip
        raster.write(values, 1)
    item = json.loads(
        (DATA / "sentinel2" / "coast" / SCENE / f"{SCENE}.json").read_text(encoding="utf-8")
    )
    put_sentinel2_scene("counted://scene")
    filesystem = fsspec.filesystem("counted")
    filesystem.pipe_file("/scene/big.tif", file.read_bytes())
    item["assets"]["big"] = {"href": "../../big.tif"}
    filesystem.pipe_file(f"/scene/coast/{SCENE}/{SCENE}.json", json.dumps(item).encode())
    image = get_asset("counted://scene/catalog.json", "big")
    counted.ranges.clear()

    assert image[1500, 1000].values == values[1500, 1000]

    assert {path for path, _, _ in counted.ranges} == {"/scene/big.tif"}
    assert counted.bytes_read() <= 4 * RASTER_BLOCK_BYTES
    assert filesystem.size("/scene/big.tif") > 8 * 2**20


def test_workers_get_an_address_and_nothing_else(counted: type[CountedFileSystem]) -> None:
    image = get_asset(make_radar_stack("counted://radar", n=1, size=64), "slc")
    pixels = next(
        value for value in _leaves(image.data.__dask_graph__()) if isinstance(value, RawPixels)
    )
    assert pickle.loads(pickle.dumps(pixels)) == pixels
    assert vars(pixels).keys() == {
        "href", "shape", "dtype", "header_bytes", "label", "access"
    }  # fmt: skip
    assert vars(pixels.access) == {"_options": {}}
    assert len(pickle.dumps(pixels)) < 1000


def _leaves(value: Any) -> Any:
    """Everything that a graph's tasks hold."""
    if hasattr(value, "args"):
        yield from _leaves(list(value.args))
    elif hasattr(value, "value"):
        yield from _leaves(value.value)
    elif hasattr(value, "items"):
        for each in list(dict(value).values()):
            yield from _leaves(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _leaves(each)
    else:
        yield value


def test_many_threads_read_one_raster(tmp_path: Path) -> None:
    image = get_asset(put_sentinel2_scene(str(tmp_path)), "nir", chunks=(64, 64))
    with dask.config.set(scheduler="threads", num_workers=8):
        np.testing.assert_array_equal(image.values, on_disk("nir"))


def test_the_store_s_own_error_comes_through(counted: type[CountedFileSystem]) -> None:
    """GDAL would only say that it could not open or read."""
    catalog = read_catalog(put_sentinel2_scene("counted://scene"))
    image = get_asset(catalog, "red")
    counted.failure = OnTape("on tape", hint="stage it")
    with pytest.raises(OnTape, match="on tape"):
        image.compute()
    with pytest.raises(OnTape, match="on tape"):
        get_asset(catalog, "red")


def test_a_changed_file_is_another_array(base: str) -> None:
    """A cluster may hold results of the old one under its name."""
    href = make_radar_stack(base, n=1, size=8)
    before = get_asset(href, "slc")
    again = get_asset(href, "slc")
    filesystem, path = fsspec.core.url_to_fs(f"{base}/slc-stack/slc-0000-20240101/slc.raw")
    filesystem.pipe_file(path, bytes(8 * 8 * 8))
    after = get_asset(href, "slc")
    assert before.data.name == again.data.name
    assert before.data.name != after.data.name


def test_truncated_raw_file(base: str) -> None:
    href = make_radar_stack(base, n=1, size=8)
    image = get_asset(href, "slc")
    filesystem, path = fsspec.core.url_to_fs(f"{base}/slc-stack/slc-0000-20240101/slc.raw")
    filesystem.pipe_file(path, bytes(100))
    with pytest.raises(OSError, match="ends at byte 100"):
        image.compute()


def test_missing_things(base: str) -> None:
    catalog = read_catalog(put_sentinel2_scene(base))
    with pytest.raises(NotFound, match="no asset 'B99'") as caught:
        get_asset(catalog, "B99")
    assert "blue" in caught.value.hint
    filesystem, path = fsspec.core.url_to_fs(f"{base}/coast/{SCENE}/B02.tif")
    filesystem.rm(path)
    with pytest.raises(NotFound, match=r"B02\.tif"):
        get_asset(catalog, "blue")


@pytest.mark.parametrize(
    ("drop", "missing"),
    [("proj:shape", "proj:shape"), ("raster:bands", "data_type")],
)
def test_raw_without_description(base: str, drop: str, missing: str) -> None:
    href = make_radar_stack(base, n=1, size=8)
    filesystem, path = fsspec.core.url_to_fs(
        f"{base}/slc-stack/slc-0000-20240101/slc-0000-20240101.json"
    )
    item = json.loads(filesystem.cat_file(path))
    del item["assets"]["slc"][drop]
    item["properties"].pop(drop, None)
    filesystem.pipe_file(path, json.dumps(item).encode())
    with pytest.raises(InvalidInput, match=missing):
        get_asset(href, "slc")


@pytest.mark.parametrize(
    ("described", "dtype"),
    [
        ({"data_type": "int16", "file:byte_order": "big-endian"}, ">i2"),
        ({"bands": [{"data_type": "uint8"}]}, "u1"),
        ({"raster:bands": [{"data_type": "cfloat64"}]}, "<c16"),
        ({"data_type": "float32", "file:header_size": 32}, "<f4"),
    ],
)
def test_raw_types(described: dict[str, Any], dtype: str) -> None:
    """As STAC 1.0 and 1.1 say it, either byte order, with a header before the pixels."""
    filesystem = fsspec.filesystem("memory")
    href = make_radar_stack("memory://typed", n=1, size=8)
    path = "/typed/slc-stack/slc-0000-20240101/slc-0000-20240101.json"
    item = json.loads(filesystem.cat_file(path))
    asset = item["assets"]["slc"]
    del asset["raster:bands"], asset["file:byte_order"], asset["file:header_size"]
    asset |= described
    filesystem.pipe_file(path, json.dumps(item).encode())
    values = np.arange(64).reshape(8, 8).astype(dtype)
    header = bytes(described.get("file:header_size", 0))
    filesystem.pipe_file(
        path.replace("slc-0000-20240101.json", "slc.raw"), header + values.tobytes()
    )

    image = get_asset(href, "slc")

    assert image.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(image.values, values)


def test_streams_do_not_depend_on_each_other() -> None:
    """Blocks are random streams of their own, so a stack is the same however it is written."""
    first, second = (radar_rows(0, 4, 2 * ROWS_PER_STREAM, block) for block in (0, 1))
    assert not np.array_equal(np.angle(first), np.angle(second))
    np.testing.assert_array_equal(second, radar_rows(0, 4, 2 * ROWS_PER_STREAM, 1))


def test_an_item_is_enough(tmp_path: Path) -> None:
    catalog = read_catalog(make_radar_stack(str(tmp_path), n=2, size=8))
    second = list(catalog.get_items(recursive=True))[1]
    assert get_asset(second, "slc").attrs["item"] == second.id


def test_what_is_no_raster_is_named(tmp_path: Path) -> None:
    catalog = put_sentinel2_scene(str(tmp_path))
    (tmp_path / "coast" / SCENE / "B04.tif").write_bytes(b"no raster")
    with pytest.raises(InvalidInput, match=f"'red' of the item '{SCENE}'") as caught:
        get_asset(catalog, "red")
    assert caught.value.code == "asset_broken"
    assert "vsiriopener" not in caught.value.message
