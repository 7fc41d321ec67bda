"""Rasters and raw images on web servers that know no ranges, or tell no length."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pystac
import pytest
import rasterio
from affine import Affine

from rsdat.stac import get_asset, open_stack
from rsdat.stac.raster.ranged import BLOCK_BYTES
from tests.support.copies import item
from tests.support.webfiles import WebFiles, web_files

SIZE = 700


@pytest.fixture
def web() -> Iterator[WebFiles]:
    with web_files() as served, dask.config.set(scheduler="synchronous"):
        yield served


@pytest.fixture
def values(web: WebFiles, tmp_path: Path) -> Any:
    """Served as a GeoTIFF of some blocks, and raw."""
    made = np.random.default_rng(3).integers(0, 60_000, (SIZE, SIZE), dtype="u2")
    with rasterio.open(
        tmp_path / "a.tif",
        "w",
        driver="GTiff",
        count=1,
        height=SIZE,
        width=SIZE,
        dtype="uint16",
        tiled=True,
        blockxsize=128,
        blockysize=128,
        crs="EPSG:32631",
        transform=Affine(10, 0, 500_000, 0, -10, 5_000_000),
    ) as raster:
        raster.write(made, 1)
    web.files = {"/a.tif": (tmp_path / "a.tif").read_bytes(), "/a.raw": made.tobytes()}
    assert len(web.files["/a.tif"]) > 3 * BLOCK_BYTES
    return made


def described(web: WebFiles) -> pystac.Item:
    one = item("i", {"tif": f"{web.url}/a.tif", "raw": f"{web.url}/a.raw"})
    one.assets["tif"].media_type = "image/tiff"
    one.assets["raw"].media_type = "application/octet-stream"
    one.assets["raw"].extra_fields = {"proj:shape": [SIZE, SIZE], "data_type": "uint16"}
    return one


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("ranges", [True, False])
def test_the_pixels_are_the_files(web: WebFiles, values: Any, ranges: bool, length: bool) -> None:
    web.ranges, web.length = ranges, length
    one = described(web)
    for key in ("tif", "raw"):
        found = get_asset(one, key, chunks=(256, 512))
        np.testing.assert_array_equal(found.values, values)
        np.testing.assert_array_equal(found[300:310, 17:19].values, values[300:310, 17:19])
        stack: Any = open_stack([one], key, chunks={"y": 256})
        np.testing.assert_array_equal(stack.values[0], values)
