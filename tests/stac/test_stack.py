"""A stack shows each item's pixels where they belong; grids, types and layers are as asked."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import dask
import numpy as np
import odc.stac
import pystac
import pytest
import rasterio
import rasterio.warp
import xarray as xr

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.demo.sample import make_radar_stack, mean_amplitude, radar_rows
from rsdat.stac import open_stack, read_catalog
from rsdat.stac.georeference import crs_wkt_of, transform_of
from tests.support.cogs import NODATA, SIZE, TRANSFORM, put_cogs, truth, write_cog


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    return put_cogs(tmp_path / "cogs", n=3)


def test_pixels_are_the_files(catalog: Path) -> None:
    stack = open_stack(catalog, "red", chunks={"x": 500, "y": 300})

    assert isinstance(stack, xr.DataArray)
    assert stack.dims == ("time", "y", "x")
    assert stack.dtype == np.uint16
    assert stack.attrs["nodata"] == NODATA
    assert stack.data.chunks == ((1, 1, 1), (300, 300, 300, 124), (500, 500, 24))
    np.testing.assert_array_equal(stack.values, [truth(index) for index in range(3)])


def test_pixels_lie_where_they_should(catalog: Path) -> None:
    stack = open_stack(catalog, "red")
    assert transform_of(stack) == TRANSFORM
    assert rasterio.crs.CRS.from_wkt(crs_wkt_of(stack)).to_epsg() == 32631
    assert [str(each)[:10] for each in stack.time.values] == [
        "2024-05-01", "2024-05-02", "2024-05-03"
    ]  # fmt: skip


def test_items_come_in_many_forms(catalog: Path) -> None:
    opened = read_catalog(catalog)
    items = list(opened.get_items())

    class Search:
        def items(self) -> Any:
            return iter(items)

    forms = (str(catalog), opened, items, reversed(items), pystac.ItemCollection(items), Search())
    for form in forms:
        stack = open_stack(form, "red")
        assert stack.shape == (3, SIZE, SIZE)
        assert list(stack.time.values) == sorted(stack.time.values)
    assert open_stack(items[1], "red").shape == (1, SIZE, SIZE)


def test_without_a_word_in_the_item_headers_are_asked(tmp_path: Path) -> None:
    stack = open_stack(put_cogs(tmp_path / "silent", n=2, stated=False), "red")
    assert stack.dtype == np.uint16
    np.testing.assert_array_equal(stack.values, [truth(0), truth(1)])


def test_images_beside_each_other_share_a_grid(tmp_path: Path) -> None:
    stack = open_stack(put_cogs(tmp_path / "shifted", n=2, shift=100), "red")

    assert stack.shape == (2, SIZE, SIZE + 100)
    np.testing.assert_array_equal(stack.values[0, :, :SIZE], truth(0))
    np.testing.assert_array_equal(stack.values[1, :, 100:], truth(1))
    assert (stack.values[0, :, SIZE:] == NODATA).all()


def test_overlapping_items_of_one_layer_fill_each_other(tmp_path: Path) -> None:
    catalog = put_cogs(tmp_path / "mosaic", n=2, shift=100)
    items = list(read_catalog(catalog).get_items())
    for item in items:
        item.properties["orbit"] = 7

    stack = open_stack(items, "red", groupby="orbit")

    assert stack.shape == (1, SIZE, SIZE + 100)
    expected = np.full((SIZE, SIZE + 100), NODATA, "uint16")
    expected[:, 100:] = truth(1)
    first = truth(0)
    np.copyto(expected[:, :SIZE], first, where=first != NODATA)
    np.testing.assert_array_equal(stack.values[0], expected)


@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "average", "max"])
@pytest.mark.parametrize(
    "grid",
    [
        {"resolution": 40},
        {"resolution": 33},
        {"resolution": 20, "crs": "EPSG:32632"},
        {"bbox": (4.33, 51.95, 4.4, 52.0)},
        {"resolution": 10, "bbox": (4.33, 51.95, 4.36, 52.0)},
    ],
    ids=str,
)
def test_resampled_as_gdal_would_from_full_resolution(
    tmp_path: Path, resampling: str, grid: dict[str, Any]
) -> None:
    """Held against odc-stac's own reader, on a smooth image, where overviews change little."""
    file = put_cogs(tmp_path / "smooth", n=1)
    rows, columns = np.mgrid[:SIZE, :SIZE] / SIZE
    smooth = (20_000 * (2 + np.sin(4 * rows) * np.cos(5 * columns)) / 3).astype("uint16")
    write_cog(file.parent / "day-0" / "red.tif", smooth, TRANSFORM)

    mine = open_stack(file, "red", resampling=resampling, **grid)
    item = next(iter(read_catalog(file).get_items()))
    item.stac_extensions = [
        "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
        "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
    ]
    theirs = odc.stac.load([item], ["red"], chunks={}, resampling=resampling, **grid).red

    assert mine.shape == theirs.shape
    np.testing.assert_array_equal(mine.x.values, theirs.x.values)
    both = (mine.values != NODATA) & (theirs.values != NODATA)
    assert both.mean() > 0.5
    # Their edges are cut at other pixels where overviews are used.
    assert ((mine.values != NODATA) == (theirs.values != NODATA)).mean() > 0.98
    off = np.abs(mine.values.astype(int) - theirs.values.astype(int))[both]
    # The surface changes by at most 40 from pixel to pixel.
    assert np.percentile(off, 99) <= 60


def test_degrees_are_x_and_y_too(catalog: Path) -> None:
    stack = open_stack(catalog, ["red"], crs="EPSG:4326", resolution=0.001)
    assert isinstance(stack, xr.Dataset)
    assert stack.red.dims == ("time", "y", "x")
    assert 4 < float(stack.x[0]) < 5


def test_like_another_stack(catalog: Path) -> None:
    coarse = open_stack(catalog, "red", resolution=100)
    again = open_stack(catalog, "red", like=coarse)
    np.testing.assert_array_equal(again.x.values, coarse.x.values)
    assert again.shape == coarse.shape


def test_floating_point_says_nothing_as_nan(tmp_path: Path) -> None:
    stack = open_stack(
        put_cogs(tmp_path / "shifted", n=2, shift=100), "red", dtype="float32", nodata=float("nan")
    )
    assert stack.dtype == np.float32
    values = stack.values
    assert np.isnan(values[0, :, SIZE:]).all()
    assert not np.isnan(values[0, :, :SIZE]).all()


def test_bands_of_one_file(tmp_path: Path) -> None:
    catalog = put_cogs(tmp_path / "bands", n=1, stated=False)
    values = np.random.default_rng(3).integers(1, 9, (3, 64, 80), "uint8")
    with rasterio.open(
        catalog.parent / "day-0" / "red.tif", "w", driver="GTiff", count=3, height=64, width=80,
        dtype="uint8", crs="EPSG:32631", transform=TRANSFORM,
    ) as raster:  # fmt: skip
        raster.write(values)

    together = open_stack(catalog, "red")
    assert together.dims == ("time", "band", "y", "x")
    np.testing.assert_array_equal(together.values[0], values)
    apart = open_stack(catalog, ["red"])
    np.testing.assert_array_equal(apart["red.2"].values[0], values[1])


def test_one_type_holds_all(tmp_path: Path) -> None:
    catalog = put_cogs(tmp_path / "types", n=2, stated=False)
    signed = np.full((SIZE, SIZE), -5, "int16")
    write_cog(catalog.parent / "day-1" / "red.tif", signed, TRANSFORM)
    stack = open_stack(catalog, "red")
    assert stack.dtype == np.int32
    assert (stack.values[1] == -5).all()


def test_radar_stack_as_it_is(base: str) -> None:
    """Complex, raw, without resampling, with the known mean."""
    stack = open_stack(make_radar_stack(base, n=5, size=100), "slc", chunks={"y": 30})

    assert stack.dtype == np.complex64
    assert stack.dims == ("time", "y", "x")
    assert stack.data.chunks == ((1,) * 5, (30, 30, 30, 10), (100,))
    assert stack.item_id.values[0] == "slc-0000-20240101"
    with dask.config.set(scheduler="synchronous"):
        mean = np.abs(stack).mean("time").values
        first = stack[0].values
    np.testing.assert_allclose(mean, mean_amplitude(100), rtol=1e-5)
    np.testing.assert_array_equal(first, np.vstack([radar_rows(0, 5, 100, b) for b in range(2)]))


def test_rasters_without_a_map_are_stacked_as_they_are(tmp_path: Path) -> None:
    catalog = put_cogs(tmp_path / "radar", n=2, stated=False)
    for index in range(2):
        with rasterio.open(
            catalog.parent / f"day-{index}" / "red.tif", "w", driver="GTiff", count=1, height=50,
            width=70, dtype="complex64",
        ) as raster:  # fmt: skip
            raster.write(np.full((50, 70), 1j * index, "complex64"), 1)
    stack = open_stack(catalog, "red")
    assert stack.shape == (2, 50, 70)
    assert stack.values[1, 3, 4] == 1j
    with pytest.raises(InvalidInput, match="is not resampled") as caught:
        open_stack(catalog, "red", resolution=10)
    assert caught.value.code == "no_map"


def test_radar_images_that_differ(tmp_path: Path) -> None:
    make_radar_stack(str(tmp_path / "radar"), n=2, size=16)
    file = next((tmp_path / "radar").glob("slc-stack/slc-0001*/slc-0001*.json"))
    item = json.loads(file.read_text())
    item["assets"]["slc"]["proj:shape"] = [8, 32]
    file.write_text(json.dumps(item))
    with pytest.raises(InvalidInput, match="8 × 32 pixels") as caught:
        open_stack(tmp_path / "radar" / "catalog.json", "slc")
    assert caught.value.code == "different_grids"


def test_raw_images_are_cropped_where_their_place_is_known(tmp_path: Path) -> None:
    catalog = make_radar_stack(str(tmp_path / "radar"), n=2, size=64)
    whole = open_stack(catalog, "slc")
    west, south, east, north = rasterio.warp.transform_bounds(
        "EPSG:32631",
        "EPSG:4326",
        *(float(whole.x[10]) - 5, float(whole.y[40]) - 5),
        *(float(whole.x[30]) + 5, float(whole.y[20]) + 5),
    )
    part = open_stack(catalog, "slc", bbox=(west, south, east, north))
    assert 21 <= part.sizes["x"] <= 23
    assert 21 <= part.sizes["y"] <= 23
    np.testing.assert_array_equal(part.values, whole.sel(x=part.x, y=part.y).values)
    with pytest.raises(InvalidInput, match="within the bbox"):
        open_stack(catalog, "slc", bbox=(10, 10, 11, 11))


def test_scaled_to_what_the_counts_mean(catalog: Path) -> None:
    items = list(read_catalog(catalog).get_items())
    for item in items:
        item.assets["red"].extra_fields["raster:bands"][0] |= {"scale": 0.5, "offset": -1}
    stack = open_stack(items, "red", scaled=True)
    assert stack.dtype == np.float32
    assert "nodata" not in stack.attrs
    expected = np.where(truth(1) == NODATA, np.nan, truth(1) * np.float32(0.5) - 1)
    np.testing.assert_allclose(stack.values[1], expected)
    items[0].assets["red"].extra_fields["raster:bands"][0]["scale"] = 2
    with pytest.raises(InvalidInput, match="scale and offset") as caught:
        open_stack(items, "red", scaled=True)
    assert caught.value.code == "different_scales"


def test_what_makes_no_sense(catalog: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no item has an asset 'blue'") as missing:
        open_stack(catalog, "blue")
    assert "red" in (missing.value.hint or "")
    with pytest.raises(InvalidInput, match="chunks are of time, y, x"):
        open_stack(catalog, "red", chunks={"rows": 5})
    with pytest.raises(InvalidInput, match="on_tape"):
        open_stack(catalog, "red", on_tape="wait")  # type: ignore[arg-type]
    with pytest.raises(NotFound, match="no item to open"):
        open_stack([], "red")
    with pytest.raises(InvalidInput, match="STAC items, not of str"):
        open_stack(["x"], "red")
    timeless = next(iter(read_catalog(catalog).get_items()))
    timeless.datetime = None
    with pytest.raises(InvalidInput, match="has no time"):
        open_stack([timeless], "red")


def test_a_changed_file_is_another_task(catalog: Path) -> None:
    before = open_stack(catalog, "red").data.name
    assert open_stack(catalog, "red").data.name == before
    write_cog(catalog.parent / "day-0" / "red.tif", truth(9), TRANSFORM)
    assert open_stack(catalog, "red").data.name != before


def test_only_pixels_are_opened(catalog: Path) -> None:
    assert list(open_stack(catalog).data_vars) == ["red"]


def test_raw_files_of_two_grids_are_not_laid_among_each_other(tmp_path: Path) -> None:
    """xarray would put pixels without value between them, and turn them upside down."""

    def stack(coarse: dict[str, Any]) -> Any:
        found = pystac.Item("one", None, None, datetime(2024, 5, 1, tzinfo=timezone.utc), {})
        fine = {"proj:shape": [8, 8], "proj:transform": [10.0, 0, 0, 0, -10.0, 0]}
        for key, said in (("fine", fine), ("coarse", {**fine, **coarse})):
            rows, columns = said["proj:shape"]
            (tmp_path / f"{key}.raw").write_bytes(np.ones((rows, columns), "int16").tobytes())
            fields = {"proj:code": "EPSG:32631", "raster:bands": [{"data_type": "int16"}], **said}
            found.add_asset(
                key,
                pystac.Asset(
                    str(tmp_path / f"{key}.raw"),
                    media_type="application/octet-stream",
                    extra_fields={name: each for name, each in fields.items() if each is not None},
                ),
            )
        return open_stack([found], ["fine", "coarse"])

    wkt = rasterio.crs.CRS.from_epsg(32631).to_wkt()
    for alike in ({}, {"proj:transform": None}, {"proj:code": None, "proj:wkt2": wkt}):
        opened = stack(alike)
        assert {name: each.dtype for name, each in opened.items()} == {
            "fine": np.int16, "coarse": np.int16
        }  # fmt: skip
        assert (opened.coarse.values == 1).all()
        assert opened.sizes == {"time": 1, "y": 8, "x": 8}
    for other in (
        {"proj:shape": [4, 4], "proj:transform": [20.0, 0, 0, 0, -20.0, 0]},
        {"proj:shape": [4, 4], "proj:transform": None},
        {"proj:transform": [10.0, 0, 5.0, 0, -10.0, 0]},
        {"proj:code": "EPSG:32632"},
    ):
        with pytest.raises(InvalidInput, match=r"'coarse'.*'fine'") as error:
            stack(other)
        assert error.value.code == "different_grids"
