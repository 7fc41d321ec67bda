"""Each asset is opened as its media type says, wherever it lies, and in parts where it can be."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import dask
import fsspec
import laspy
import numpy as np
import pandas as pd
import pystac
import pytest
import xarray as xr

from rsdat.base.errors import InvalidInput, NoCredential, NotFound
from rsdat.demo.sample import make_radar_stack
from rsdat.stac import open_asset
from rsdat.stac.readers.kinds import kind_of
from tests.support.door import Door


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.fixture
def put(base: str, tmp_path: Path) -> Callable[..., pystac.Item]:
    """Bring a file or folder to where the test reads it, as the only asset of an item."""

    def bring(local: Path, media_type: str | None, name: str = "") -> pystac.Item:
        filesystem, folder = fsspec.core.url_to_fs(base)
        filesystem.makedirs(folder, exist_ok=True)
        target = f"{folder}/{name or local.name}"
        for file in [local] if local.is_file() else sorted(local.rglob("*")):
            inside = "" if local.is_file() else f"/{file.relative_to(local)}"
            if file.is_dir():
                filesystem.makedirs(f"{target}{inside}", exist_ok=True)
            else:
                filesystem.makedirs(filesystem._parent(f"{target}{inside}"), exist_ok=True)
                filesystem.pipe_file(f"{target}{inside}", file.read_bytes())
        item = {
            "type": "Feature", "stac_version": "1.0.0", "id": "thing", "geometry": None,
            "properties": {"datetime": "2024-01-01T00:00:00Z"},
            "links": [{"rel": "root", "href": "./catalog.json"}],
            "assets": {"data": {"href": f"./{name or local.name}"}},
        }  # fmt: skip
        if media_type:
            item["assets"]["data"]["type"] = media_type  # type: ignore[index]
        catalog = {
            "type": "Catalog", "stac_version": "1.0.0", "id": "c", "description": "d",
            "links": [{"rel": "item", "href": "./thing.json"}],
        }  # fmt: skip
        filesystem.pipe_file(f"{folder}/thing.json", json.dumps(item).encode())
        filesystem.pipe_file(f"{folder}/catalog.json", json.dumps(catalog).encode())
        return f"{base}/catalog.json"  # type: ignore[return-value]

    return bring


@pytest.fixture
def cube() -> xr.Dataset:
    values = np.random.default_rng(1).normal(size=(6, 40, 50)).astype("float32")
    return xr.Dataset(
        {"ndvi": (("time", "y", "x"), values)},
        {"time": pd.date_range("2024-01-01", periods=6), "x": np.arange(50.0)},
    )


@pytest.mark.parametrize("media_type", ["application/x-netcdf", "application/x-hdf5", None])
def test_netcdf(put: Any, tmp_path: Path, cube: xr.Dataset, media_type: str | None) -> None:
    file = tmp_path / "cube.nc"
    cube.to_netcdf(file, engine="h5netcdf", encoding={"ndvi": {"chunksizes": (1, 40, 50)}})
    opened = open_asset(put(file, media_type), "data")
    assert opened.ndvi.chunks is not None
    xr.testing.assert_identical(opened.compute(), cube)
    again = cloudpickle.loads(cloudpickle.dumps(opened.ndvi.data))
    np.testing.assert_array_equal(again.compute(), cube.ndvi.values)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="zarr 3 needs Python 3.11")
@pytest.mark.parametrize("version", [2, 3])
def test_zarr(put: Any, tmp_path: Path, cube: xr.Dataset, version: int) -> None:
    cube.chunk(time=2).to_zarr(
        tmp_path / "cube.zarr", zarr_format=version, consolidated=version == 2
    )
    opened = open_asset(put(tmp_path / "cube.zarr", "application/vnd+zarr"), "data")
    assert opened.ndvi.chunks[0] == (2, 2, 2)
    xr.testing.assert_identical(opened.compute(), cube)
    again = cloudpickle.loads(cloudpickle.dumps(opened.ndvi.data))
    np.testing.assert_array_equal(again.compute(), cube.ndvi.values)


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame({"id": np.arange(1000), "mag": np.linspace(8, 20, 1000)})


@pytest.mark.parametrize("media_type", ["application/vnd.apache.parquet", "application/x-parquet"])
def test_parquet(put: Any, tmp_path: Path, table: pd.DataFrame, media_type: str) -> None:
    table.to_parquet(tmp_path / "stars.parquet", row_group_size=250)
    opened = open_asset(put(tmp_path / "stars.parquet", media_type), "data")
    assert opened.npartitions == 4
    assert opened.mag.mean().compute() == pytest.approx(14)
    pd.testing.assert_frame_equal(opened.compute().reset_index(drop=True), table)


def test_geoparquet_has_shapes(tmp_path: Path) -> None:
    geopandas = pytest.importorskip("geopandas")
    shapely = pytest.importorskip("shapely")
    points = shapely.points([[0, 1], [2, 3]])
    frame = geopandas.GeoDataFrame({"n": [1, 2]}, geometry=points, crs="EPSG:4326")
    frame.to_parquet(tmp_path / "plots.parquet")
    opened = open_asset(_item(tmp_path / "plots.parquet", "application/vnd.apache.parquet"), "data")
    assert [each.x for each in opened.compute().geometry] == [0, 2]


def test_csv(put: Any, tmp_path: Path, table: pd.DataFrame) -> None:
    table.to_csv(tmp_path / "stars.csv", index=False)
    opened = open_asset(put(tmp_path / "stars.csv", "text/csv; charset=utf-8"), "data")
    assert opened.mag.max().compute() == pytest.approx(20)


@pytest.mark.parametrize("suffix", ["las", "laz"])
def test_points(put: Any, tmp_path: Path, suffix: str) -> None:
    random = np.random.default_rng(2)
    header = laspy.LasHeader(point_format=3, version="1.4")
    header.scales, header.offsets = np.full(3, 0.01), np.zeros(3)
    cloud = laspy.LasData(header)
    cloud.x, cloud.y, cloud.z = random.uniform(0, 100, (3, 5000))
    cloud.classification = random.integers(0, 6, 5000)
    cloud.write(str(tmp_path / f"cloud.{suffix}"))

    opened = open_asset(
        put(tmp_path / f"cloud.{suffix}", "application/vnd.laszip"), "data", points=2000
    )

    assert opened.npartitions == 3
    assert [len(part.compute()) for part in opened.partitions] == [2000, 2000, 1000]
    np.testing.assert_allclose(opened.z.compute(), cloud.z)
    ground = opened[opened.classification == 2]
    assert len(ground) == (np.asarray(cloud.classification) == 2).sum()


@pytest.mark.parametrize(
    ("media_type", "content", "expected"),
    [
        ("application/json", b'{"a": [1]}', {"a": [1]}),
        ("application/vnd.foo+json", b"[2]", [2]),
        ("text/plain", "é\n".encode(), "é\n"),
        ("application/xml", b"<a/>", "<a/>"),
        ("application/x-unheard-of", b"\x00\x01", b"\x00\x01"),
        ("application/octet-stream", b"\x00\x01", b"\x00\x01"),
    ],
)
def test_small_things(
    put: Any, tmp_path: Path, media_type: str, content: bytes, expected: Any
) -> None:
    (tmp_path / "thing.tif").write_bytes(content)  # its name says something else
    assert open_asset(put(tmp_path / "thing.tif", media_type), "data") == expected


def test_geojson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    value = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": "plot"},
                "geometry": {"type": "Point", "coordinates": [4.5, 52]},
            }
        ],
    }
    (tmp_path / "plots.geojson").write_text(json.dumps(value))
    item = _item(tmp_path / "plots.geojson", "application/geo+json")
    opened = open_asset(item, "data")
    assert list(opened.name) == ["plot"]
    assert opened.geometry[0].x == 4.5
    monkeypatch.setitem(sys.modules, "geopandas", None)
    assert open_asset(item, "data") == value


def test_images_and_raw_values_as_get_asset(tmp_path: Path) -> None:
    opened = open_asset(make_radar_stack(str(tmp_path), n=1, size=20), "slc")
    assert opened.dtype == np.complex64
    assert opened.shape == (20, 20)


@pytest.mark.parametrize(
    ("media_type", "href", "kind"),
    [
        ("image/tiff; application=geotiff; profile=cloud-optimized", "x", "image"),
        ("IMAGE/JP2", "x.bin", "image"),
        ("application/x-hdf5", "x.tif", "netcdf"),
        (None, "a/B.TIF", "image"),
        (None, "a/b.zarr/", "zarr"),
        (None, "a/b.unknown", "bytes"),
        ("application/pdf", "a.tif", "bytes"),
    ],
)
def test_media_types_count_and_names_only_without(
    media_type: str | None, href: str, kind: str
) -> None:
    assert kind_of(media_type, href) == kind


@pytest.mark.parametrize(
    "media_type",
    [
        "application/x-netcdf",
        "application/vnd+zarr",
        "application/vnd.laszip",
        "application/json",
        "image/tiff",
    ],
)
def test_what_is_something_else(tmp_path: Path, media_type: str) -> None:
    (tmp_path / "thing").write_bytes(b"neither this nor that \xff" * 50)
    with pytest.raises(InvalidInput, match="'data' of the item 'thing'") as caught:
        open_asset(_item(tmp_path / "thing", media_type), "data")
    assert caught.value.code == "asset_broken"


@pytest.mark.parametrize(
    "media_type",
    ["application/x-netcdf", "application/vnd+zarr", "text/plain", "image/tiff", "text/csv"],
)
def test_what_is_gone(tmp_path: Path, media_type: str) -> None:
    with pytest.raises(NotFound, match="'data' of the item 'thing' is gone"):
        open_asset(_item(tmp_path / "gone", media_type), "data")


def test_a_missing_package_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "laspy", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'laspy\[lazrs\]'"):
        open_asset(_item(tmp_path / "x.laz", "application/vnd.laszip"), "data")


def test_ranges_and_no_token(dcache: Door, tmp_path: Path, cube: xr.Dataset) -> None:
    """Of 40 MB of NetCDF one time costs one chunk; graphs of any kind hold no token."""
    big = xr.Dataset({"v": (("t", "y", "x"), np.random.default_rng(1).normal(size=(10, 700, 700)))})
    folder = dcache.root / "cubes"
    folder.mkdir()
    big.to_netcdf(
        folder / "big.nc", engine="h5netcdf", encoding={"v": {"chunksizes": (1, 700, 700)}}
    )
    pd.DataFrame({"a": range(100)}).to_parquet(folder / "t.parquet")
    options = {"api_url": dcache.api_url, "webdav_url": dcache.webdav_url, "token": dcache.token}
    opened = open_asset(
        _item("dcache:///cubes/big.nc", "application/x-netcdf"), "data", storage_options=options
    )
    dcache.forget()
    assert float(opened.v[3, 5, 6]) == float(big.v[3, 5, 6])
    read = 0
    for request in dcache.requests("pool", "GET"):
        first, _, last = request["range"].removeprefix("bytes=").partition("-")
        read += int(last) - int(first) + 1
    assert 0 < read < (folder / "big.nc").stat().st_size / 4
    assert dcache.token.encode() not in cloudpickle.dumps(opened.v.data)

    table = open_asset(
        _item("dcache:///cubes/t.parquet", "application/x-parquet"), "data", storage_options=options
    )
    assert table.a.sum().compute() == 4950
    assert dcache.token.encode() not in cloudpickle.dumps(table)


def test_a_token_as_text_is_not_put_into_tasks(dcache: Door, tmp_path: Path) -> None:
    (tmp_path / "rsdat-home" / "endpoints.json").unlink()
    options = {"api_url": dcache.api_url, "webdav_url": dcache.webdav_url, "token": dcache.token}
    item = _item("dcache:///t.parquet", "application/x-parquet")
    with pytest.raises(NoCredential, match="'data' of the item 'thing'"):
        open_asset(item, "data", storage_options=options)


def _item(where: Path | str, media_type: str) -> pystac.Item:
    from datetime import datetime, timezone

    item = pystac.Item("thing", None, None, datetime(2024, 1, 1, tzinfo=timezone.utc), {})
    item.add_asset("data", pystac.Asset(str(where), media_type=media_type))
    return item
