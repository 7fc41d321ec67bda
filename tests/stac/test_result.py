"""A map is written, described and linked, and comes back as it was."""

from __future__ import annotations

import json
from datetime import datetime, timezone
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
from rsdat.stac import get_asset, read_catalog, write_item
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
