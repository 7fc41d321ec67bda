"""A map is written, described and linked, and comes back as it was."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import dask
import fsspec
import numpy as np
import pytest
import rasterio
import xarray as xr

from rsdat.base.errors import Conflict, InvalidInput
from rsdat.demo.sample import put_sentinel2_scene
from rsdat.stac import get_asset, image, read_catalog, write_item, write_result
from rsdat.stac.georeference import georeferenced


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    """fsspec's memory hands the same file, with one position, to everyone."""
    with dask.config.set(scheduler="synchronous"):
        yield


def make_map(dtype: str = "float32", bands: int = 0, size: int = 300) -> xr.DataArray:
    shape = (bands, size, size) if bands else (size, size)
    values = np.random.default_rng(0).integers(0, 100, shape).astype(dtype)
    array = xr.DataArray(values, dims=("band", "y", "x")[-len(shape) :], name="mean")
    return georeferenced(array, rasterio.Affine(20, 0, 590_000, 0, -20, 5_765_000), "EPSG:32631")


def read_json(href: str) -> Any:
    filesystem, path = fsspec.core.url_to_fs(href)
    return json.loads(filesystem.cat_file(path))


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "uint16", "int32", "complex64"])
@pytest.mark.parametrize("bands", [0, 3])
def test_round_trip(base: str, dtype: str, bands: int) -> None:
    catalog = put_sentinel2_scene(base)
    array = make_map(dtype, bands)

    href = write_item(catalog, array, "map-1", asset_key="mean")

    back = get_asset(catalog, "mean", "map-1")
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back.values, array.values)
    np.testing.assert_allclose(back.x, array.x)
    np.testing.assert_allclose(back.y, array.y)
    assert read_json(href)["properties"]["datetime"].endswith("Z")


def test_the_item(base: str) -> None:
    catalog = put_sentinel2_scene(base)
    when = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc)

    href = write_item(
        catalog,
        make_map(),
        "map-1",
        when=when,
        properties={"rsdat:images": 8},
        derived_from=["memory:///a/item.json"],
    )

    item = next(read_catalog(catalog).get_items("map-1"))
    assert item.get_self_href() == href
    assert item.datetime == when
    assert item.properties["rsdat:images"] == 8
    assert item.get_single_link("derived_from").target == "memory://a/item.json"
    assert item.get_root().id == "coast-catalog"
    asset = item.assets["data"]
    assert asset.media_type == "image/tiff; application=geotiff; profile=cloud-optimized"
    assert asset.extra_fields["proj:code"] == "EPSG:32631"
    assert asset.extra_fields["proj:shape"] == [300, 300]
    west, south, east, north = item.bbox
    assert 4 < west < east < 5
    assert 51 < south < north < 53


def test_derived_from_one_address(tmp_path: Path) -> None:
    catalog = put_sentinel2_scene(str(tmp_path))
    write_item(catalog, make_map(), "map-1", derived_from="dcache:///a/item.json")
    item = next(read_catalog(catalog).get_items("map-1"))
    assert [link.target for link in item.get_links("derived_from")] == ["dcache://a/item.json"]


def test_the_file_is_tiled_and_compressed(tmp_path: Path) -> None:
    write_item(put_sentinel2_scene(str(tmp_path)), make_map(size=700), "map-1")
    with rasterio.open(tmp_path / "map-1" / "data.tif") as raster:
        assert raster.block_shapes == [(256, 256)]
        assert raster.compression.name == "deflate"
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert raster.overviews(1)


def test_a_collection_owns_its_item(base: str) -> None:
    put_sentinel2_scene(base)
    write_item(f"{base}/coast/collection.json", make_map(), "map-1")
    item = next(read_catalog(f"{base}/catalog.json").get_items("map-1", recursive=True))
    assert item.collection_id == "coast"
    assert item.get_root().id == "coast-catalog"
    assert item.get_parent().id == "coast"


def test_everything_else_in_the_catalog_stays(base: str) -> None:
    catalog = put_sentinel2_scene(base)
    before = read_json(catalog)
    write_item(catalog, make_map(), "map-1")
    after = read_json(catalog)
    assert after["links"][:-1] == before.pop("links")
    assert {key: after[key] for key in before} == before


def test_no_item_is_replaced_unasked(base: str) -> None:
    catalog = put_sentinel2_scene(base)
    write_item(catalog, make_map(), "map-1")
    with pytest.raises(Conflict, match="map-1"):
        write_item(catalog, make_map(), "map-1")
    write_item(catalog, make_map() + 1, "map-1", overwrite=True)
    np.testing.assert_array_equal(get_asset(catalog, "data", "map-1").values, make_map().values + 1)
    links = [link for link in read_json(catalog)["links"] if link["rel"] == "item"]
    assert len(links) == 1


def test_no_image_is_replaced_unasked(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody writes the same id while we compute: theirs is whole, and we are told."""
    catalog = put_sentinel2_scene(base)
    ours = make_map() + 1

    def meanwhile(block: Any) -> Any:
        if not filesystem.exists(f"{path}/map-1/map-1.json"):
            write_item(catalog, make_map(), "map-1")
        return block

    filesystem, path = fsspec.core.url_to_fs(base)
    lazy = ours.chunk({"y": 300, "x": 300})
    lazy = lazy.copy(data=lazy.data.map_blocks(meanwhile, dtype=lazy.dtype, meta=lazy.data._meta))
    with pytest.raises(Conflict, match="map-1"):
        write_item(catalog, lazy, "map-1")
    np.testing.assert_array_equal(get_asset(catalog, "data", "map-1").values, make_map().values)


@pytest.mark.parametrize(
    ("dtype", "attrs", "expected"),
    [
        ("uint16", {"_FillValue": 0}, 0),  # as rioxarray has it
        ("uint8", {"nodata": np.uint8(3)}, 3),
        ("uint8", {"nodata": float("nan")}, None),
        ("uint8", {"nodata": -9999}, None),
        ("float32", {"nodata": float("-inf")}, "-inf"),
    ],
)
def test_no_data_values(
    tmp_path: Path, dtype: str, attrs: dict[str, Any], expected: float | str | None
) -> None:
    array = make_map(dtype)
    array.attrs.update(attrs)
    href = write_item(tmp_path / "catalog.json", array, "map-1")
    assert read_json(href)["assets"]["data"]["raster:bands"][0].get("nodata") == expected
    back = get_asset(str(tmp_path / "catalog.json"), "data", "map-1")
    nodata = back.attrs.get("nodata")
    assert nodata == (None if expected is None else float(expected))


def test_bad_properties_are_refused_at_once(base: str) -> None:
    with pytest.raises(InvalidInput, match="JSON"):
        write_item(f"{base}/catalog.json", make_map(), "map-1", properties={"what": object()})
    filesystem, path = fsspec.core.url_to_fs(base)
    assert not filesystem.exists(f"{path}/map-1")


def test_rows_from_the_south(base: str) -> None:
    """As many models have them: in its place, outline counterclockwise."""
    array = make_map().isel(y=slice(None, None, -1))
    href = write_item(f"{base}/catalog.json", array, "map-1")
    back = get_asset(f"{base}/catalog.json", "data", "map-1")
    np.testing.assert_allclose(back.y, array.y)
    np.testing.assert_array_equal(back.values, array.values)
    ring = read_json(href)["geometry"]["coordinates"][0]
    assert sum((x2 - x1) * (y2 + y1) for (x1, y1), (x2, y2) in pairwise(ring)) < 0


def test_nan_is_no_data(base: str) -> None:
    catalog = put_sentinel2_scene(base)
    array = make_map().where(make_map() > 50)
    write_item(catalog, array, "map-1")
    back = get_asset(catalog, "data", "map-1")
    np.testing.assert_array_equal(back.values, array.values)
    assert np.isnan(back.attrs["nodata"])


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (make_map().drop_vars("spatial_ref"), "reference system"),
        (make_map().drop_vars("x"), "along x"),
        (make_map().isel(y=[0, 1, 3]), "evenly"),
        (make_map().rename(y="lat"), "dimensions"),
        (make_map().isel(x=[0]), "along x"),
        (make_map().astype(str), "data type"),
    ],
)
def test_bad_arrays(base: str, array: xr.DataArray, words: str) -> None:
    """Refused before anything is written."""
    catalog = put_sentinel2_scene(base)
    with pytest.raises(InvalidInput, match=words):
        write_item(catalog, array, "map-1")
    filesystem, path = fsspec.core.url_to_fs(f"{base}/map-1")
    assert not filesystem.exists(path)


@pytest.mark.parametrize("name", ["", "..", "a/b"])
def test_bad_ids(base: str, name: str) -> None:
    with pytest.raises(InvalidInput, match="name of a file"):
        write_item(put_sentinel2_scene(base), make_map(), name)


def test_a_new_catalog(base: str) -> None:
    """Results may begin a catalog of their own, and go on in it."""
    href = f"{base}/results/catalog.json"
    write_item(href, make_map(), "map-1")
    write_item(href, make_map(), "map-2")
    catalog = read_catalog(href)
    assert catalog.id == "results"
    assert [item.id for item in catalog.get_items()] == ["map-1", "map-2"]
    assert next(catalog.get_items()).get_root() is catalog


@pytest.mark.parametrize("text", [b"no JSON", b"[]", b'{"type": "Feature"}'])
def test_no_catalog_there(base: str, text: bytes) -> None:
    filesystem, path = fsspec.core.url_to_fs(f"{base}/catalog.json")
    filesystem.makedirs(base, exist_ok=True)
    filesystem.pipe_file(path, text)
    with pytest.raises(InvalidInput):
        write_item(f"{base}/catalog.json", make_map(), "map-1")
    assert filesystem.cat_file(path) == text


@pytest.mark.parametrize("bands", [0, 2])
def test_written_part_by_part(base: str, monkeypatch: pytest.MonkeyPatch, bands: int) -> None:
    """A lazy array of many parts is never in memory as a whole."""
    monkeypatch.setattr(image, "PART_BYTES", 300 * 40 * 4)
    array = make_map(bands=bands)
    held: list[int] = []

    def seen(block: Any) -> Any:
        held.append(block.shape[-2])
        return block

    lazy = array.chunk({"y": 70, "x": 90})
    lazy = lazy.copy(data=lazy.data.map_blocks(seen, dtype=lazy.dtype, meta=lazy.data._meta))
    catalog = put_sentinel2_scene(base)
    write_item(catalog, lazy, "map-1")
    back = get_asset(catalog, "data", "map-1")
    np.testing.assert_array_equal(back.values, array.values)
    # Each chunk once: 5 rows of chunks of 4 (and of one band each, as xarray cuts them).
    assert len(held) == 5 * 4
    assert max(held) == 70


@pytest.mark.parametrize("chunked", [False, True])
def test_zarr(base: str, chunked: bool) -> None:
    catalog = put_sentinel2_scene(base)
    array = make_map()
    href = write_result(
        catalog, array.chunk({"y": 100, "x": 100}) if chunked else array, "cube", form="zarr"
    )
    asset = read_json(href)["assets"]["data"]
    assert asset["type"] == "application/vnd+zarr"
    assert asset["proj:code"] == "EPSG:32631"
    filesystem, path = fsspec.core.url_to_fs(href.replace("cube.json", asset["href"][2:]))
    back = xr.open_zarr(filesystem.get_mapper(path), decode_coords="all")["mean"]
    np.testing.assert_array_equal(back.values, array.values)
    assert back.spatial_ref.attrs["crs_wkt"] == array.spatial_ref.attrs["crs_wkt"]


def test_zarr_is_replaced_by_another(base: str) -> None:
    """Who still reads the old one reads it whole."""
    href = f"{base}/results/catalog.json"
    first = write_result(href, make_map(), "cube", form="zarr")
    before = read_json(first)["assets"]["data"]["href"]
    write_result(href, make_map() + 1, "cube", form="zarr", overwrite=True)
    after = read_json(first)["assets"]["data"]["href"]
    assert before != after
    filesystem, path = fsspec.core.url_to_fs(f"{base}/results/cube/{before[2:]}")
    assert filesystem.exists(f"{path}/.zmetadata")


def test_other_forms(base: str) -> None:
    with pytest.raises(InvalidInput, match="'png'"):
        write_result(f"{base}/catalog.json", make_map(), "x", form="png")  # type: ignore[arg-type]


def test_over_the_antimeridian(base: str) -> None:
    """The item's box has west > east, and its outline is in two parts."""
    array = xr.DataArray(np.zeros((10, 20), "uint8"), dims=("y", "x"))
    array = georeferenced(array, rasterio.Affine(1, 0, 170, 0, -1, 5), "EPSG:4326")
    item = read_json(write_item(f"{base}/catalog.json", array, "far"))
    assert item["bbox"] == [170, -5, -170, 5]
    assert item["geometry"]["type"] == "MultiPolygon"
    assert next(read_catalog(f"{base}/catalog.json").get_items()).bbox == item["bbox"]
