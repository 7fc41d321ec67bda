"""Traps of pixels: scales of each band, no-data that only the item knows, south up, 180 degrees."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pystac
import pytest
import rasterio
from affine import Affine

from rsdat.base.errors import InvalidInput, RsdatError
from rsdat.stac import get_asset, open_stack
from rsdat.stac.pixels import RawPixels
from tests.support.webfiles import web_files

SIZE = 64
COUNTS = np.arange(SIZE * SIZE, dtype="u2").reshape(SIZE, SIZE)
NORTH_UP = Affine(10, 0, 500_000, 0, -10, 5_000_000)
SOUTH_UP = Affine(10, 0, 500_000, 0, 10, 5_000_000 - 10 * SIZE)


def item(
    folder: Path, name: str, values: Any, transform: Affine, crs: str = "EPSG:32631", day: int = 1
) -> pystac.Item:
    """An item with one GeoTIFF, which says nothing of its pixels."""
    bands = values if values.ndim == 3 else values[np.newaxis]
    file = folder / f"{name}.tif"
    with rasterio.open(
        file,
        "w",
        driver="GTiff",
        count=len(bands),
        height=SIZE,
        width=SIZE,
        dtype=values.dtype,
        crs=crs,
        transform=transform,
    ) as raster:
        raster.write(bands)
    moment = dt.datetime(2024, 5, day, tzinfo=dt.timezone.utc)
    made = pystac.Item(name, None, None, moment, {})
    made.add_asset("a", pystac.Asset(str(file), media_type="image/tiff", roles=["data"]))
    return made


def test_each_band_has_its_own_scale(tmp_path: Path) -> None:
    one = item(tmp_path, "two", np.stack([COUNTS, COUNTS]), NORTH_UP)
    for said in (
        {"raster:bands": [{"scale": 1, "offset": 5}, {"scale": 0.5, "offset": 10}]},
        {"bands": [{"raster:offset": 5}, {"raster:scale": 0.5, "raster:offset": 10}]},
        {"raster:offset": 5, "bands": [{}, {"raster:scale": 0.5, "raster:offset": 10}]},
    ):
        one.assets["a"].extra_fields = said
        for found in (
            get_asset(one, "a", scaled=True).values,
            open_stack([one], "a", scaled=True).values[0],
        ):
            np.testing.assert_array_equal(found[0], COUNTS + 5.0)
            np.testing.assert_array_equal(found[1], COUNTS * 0.5 + 10)


def test_a_band_with_another_no_data(tmp_path: Path) -> None:
    one = item(tmp_path, "two", np.stack([COUNTS, COUNTS]), NORTH_UP)
    one.assets["a"].extra_fields = {"raster:bands": [{"nodata": 3}, {"nodata": 7}]}
    found = get_asset(one, "a", scaled=True).values
    assert np.argwhere(np.isnan(found)).tolist() == [[0, 0, 3], [1, 0, 7]]


@pytest.mark.parametrize("complete", [False, True])
def test_a_band_with_another_no_data_is_not_mixed_in(tmp_path: Path, complete: bool) -> None:
    """Whether the item says all, so that no header is read, or only that."""
    values = np.full((2, SIZE, SIZE), 10, "u2")
    values[0, 0, 0], values[1, 0, 0] = 3, 3
    values[0, 0, 2], values[1, 0, 2] = 7, 7
    one = item(tmp_path, "two", values, NORTH_UP)
    kind = {"data_type": "uint16"} if complete else {}
    one.assets["a"].extra_fields = {
        "proj:shape": [SIZE, SIZE],
        "proj:code": "EPSG:32631",
        "proj:transform": list(NORTH_UP)[:6],
        "raster:bands": [{**kind, "nodata": 3}, {**kind, "nodata": 7}],
    }
    plain = open_stack([one], "a")
    assert plain.nodata.values.tolist() == [3, 7]
    np.testing.assert_array_equal(plain.values[0], values)
    coarse = open_stack(
        [one], "a", resolution=2 * NORTH_UP.a, resampling="average", dtype="float32"
    )
    # A quarter of a cell has no data in one band, and counts in the other.
    np.testing.assert_allclose(coarse.values[0, :, 0, 0], [10, (3 + 3 * 10) / 4])
    np.testing.assert_allclose(coarse.values[0, :, 0, 1], [(7 + 3 * 10) / 4, 10])


@pytest.mark.parametrize("resampling", ["average", "bilinear", "cubic"])
@pytest.mark.parametrize("resolution", [15.0, 40.0])
def test_no_data_that_only_the_item_knows_is_not_mixed_in(
    tmp_path: Path, resampling: str, resolution: float
) -> None:
    values = COUNTS.astype("f4") + 1
    values[::5, ::7] = -9999
    one = item(tmp_path, "holes", values, NORTH_UP)
    said = {
        "proj:shape": [SIZE, SIZE],
        "proj:code": "EPSG:32631",
        "proj:transform": list(NORTH_UP)[:6],
        "raster:bands": [{"data_type": "float32", "nodata": -9999}],
    }
    one.assets["a"].extra_fields = said
    by_item = open_stack([one], "a", resolution=resolution, resampling=resampling).values
    one.assets["a"].extra_fields = {}
    by_hand = open_stack(
        [one], "a", resolution=resolution, resampling=resampling, nodata=-9999
    ).values
    for found in (by_item, by_hand):
        # Cubic may overshoot a little.
        assert found[found != -9999].min() > -1000
        assert (found != -9999).any()


def test_south_up_images_lie_where_they_should(tmp_path: Path) -> None:
    north = item(tmp_path, "north", COUNTS, NORTH_UP)
    south = item(tmp_path, "south", COUNTS[::-1], SOUTH_UP, day=2)
    stack = open_stack([north, south], "a")
    np.testing.assert_array_equal(stack.values, [COUNTS, COUNTS])
    alone = open_stack([south], "a").sortby("y", ascending=False)
    np.testing.assert_array_equal(alone.values[0], COUNTS)
    np.testing.assert_array_equal(alone.y.values, stack.y.values)


def test_a_box_across_the_antimeridian(tmp_path: Path) -> None:
    box = (179.8, 9.5, -179.8, 9.9)
    degrees = item(tmp_path, "east", COUNTS, Affine(0.01, 0, 179.7, 0, -0.01, 10), "EPSG:4326")
    stack = open_stack([degrees], "a", bbox=box)
    assert stack.shape == (1, 40, 40)
    np.testing.assert_array_equal(stack.values[0], COUNTS[10:50, 10:50])
    west = item(tmp_path, "west", COUNTS, Affine(0.01, 0, -180.3, 0, -0.01, 10), "EPSG:4326")
    np.testing.assert_array_equal(open_stack([west], "a", bbox=box).values[0], COUNTS[10:50, 10:50])
    meters = item(tmp_path, "utm", COUNTS, Affine(10, 0, 830_000, 0, -10, 1_100_000), "EPSG:32660")
    assert open_stack([meters], "a", bbox=box).shape[2] < 5000
    with pytest.raises(InvalidInput, match="antimeridian"):
        open_stack([meters], "a", bbox=box, crs="EPSG:4326", resolution=0.01)


def test_narrow_parts_of_a_large_image_need_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies between the wanted columns comes along, but never all of it at once."""
    values = np.arange(1000 * 500, dtype="<f4").reshape(1000, 500)
    values.tofile(tmp_path / "a.raw")
    pixels = RawPixels(str(tmp_path / "a.raw"), (1000, 500), np.dtype("<f4"))
    asked: list[int] = []
    from rsdat.stac import pixels as module

    read = module.read_range

    def noted(filesystem: Any, path: str, start: int, end: int) -> Any:
        asked.append(end - start)
        return read(filesystem, path, start, end)

    monkeypatch.setattr(module, "read_range", noted)
    monkeypatch.setattr(module, "MOST_BYTES", 100_000)
    for rows in (slice(None), slice(3, 900, 7), slice(990, 5, -3)):
        asked.clear()
        np.testing.assert_array_equal(pixels[rows, 7:19], values[rows, 7:19])
        assert len(asked) > 1
        assert max(asked) <= 7 * 100_000
    asked.clear()
    np.testing.assert_array_equal(pixels[:, :], values)
    assert len(asked) == 1


def test_no_signature_is_in_what_is_told(tmp_path: Path) -> None:
    with web_files() as web:
        one = item(tmp_path, "signed", COUNTS, NORTH_UP)
        one.assets["a"].href = f"{web.url}/gone.tif?sig=secret"
        web.files["/broken.tif"] = b"no raster"
        for name in ("gone", "broken"):
            one.assets["a"].href = f"{web.url}/{name}.tif?sig=secret"
            for read in (open_stack, get_asset):
                with pytest.raises((RsdatError, OSError)) as caught:
                    read([one] if read is open_stack else one, "a")
                assert "secret" not in str(caught.value), caught.value
        one.assets["a"].media_type = "application/octet-stream"
        with pytest.raises(InvalidInput) as caught:
            get_asset(one, "a")
        assert "secret" not in str(caught.value)
