"""Every cell that the panel inserts for a file runs, and reads what is in the file.

The cells are in src/dcache/__tests__/inserted_code.json, where the front end's tests hold them
against what the panel makes.
"""

from __future__ import annotations

import importlib.util
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec.config
import numpy as np
import pytest

from rsdat.base.files import write_json
from rsdat.dcache import DCacheFileSystem
from tests.support.door import Door, door

CELLS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "src/dcache/__tests__/inserted_code.json").read_text("utf-8")
)
ODD = 'odd "name" \\ :: é日.json'
VALUES = np.arange(12.0).reshape(3, 4)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A stand-in with a small file of each kind."""
    with door(tmp_path_factory.mktemp("inserted")) as running:
        data = running.root / "data"
        data.mkdir()
        write_plain(data)
        write_rasters(data)
        if has("zarr", "xarray"):
            write_zarr(data)
        if has("h5netcdf", "xarray"):
            write_hdf5(data)
        if has("pyarrow", "pandas"):
            write_parquet(data)
        yield running


@pytest.fixture(autouse=True)
def _endpoints(site: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in as the default endpoint, and once more as another one."""
    site.write_endpoint(tmp_path, name="here")
    home = json.loads((tmp_path / "endpoints.json").read_text())
    [endpoint] = home["endpoints"]
    both = {"endpoints": [endpoint, {**endpoint, "name": "there"}]}
    write_json(tmp_path / "endpoints.json", both, format_version=1)
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path))
    monkeypatch.setattr(fsspec.config, "conf", {})
    DCacheFileSystem.clear_instance_cache()


@pytest.mark.parametrize("cell", CELLS, ids=[cell["name"] for cell in CELLS])
def test_runs(cell: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    missing = [package for package in cell["needs"] if not has(package)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    names: dict[str, Any] = {}
    exec(compile("\n".join(cell["code"]), cell["name"], "exec"), names)
    check(cell, names, capsys.readouterr().out)


def check(cell: dict[str, Any], names: dict[str, Any], printed: str) -> None:
    """What the cell read is what was written."""
    several = len(cell["entries"]) > 1
    if "image" in names or "images" in names:
        images = names["images"] if several else [names["image"]]
        for image in images:
            # Compressed with loss, as JPEG 2000 is in Sentinel's products.
            np.testing.assert_allclose(image.read(1), RASTER, atol=2)
    elif "dataset" in names or "datasets" in names:
        for dataset in names["datasets"] if several else [names["dataset"]]:
            assert dataset["v"].chunks is not None  # read when it is needed
            np.testing.assert_array_equal(dataset["v"].compute(), VALUES)
    elif "table" in names or "tables" in names:
        for table in names["tables"] if several else [names["table"]]:
            frame = table.compute() if hasattr(table, "compute") else table
            assert frame["b"].tolist() == [0.5, 1.5, 2.5]
    elif "array" in names or "arrays" in names:
        for array in names["arrays"] if several else [names["array"]]:
            found = array["v"] if isinstance(array, dict) else array
            np.testing.assert_array_equal(found, VALUES)
    elif "infos" in names:
        assert [info["type"] for info in names["infos"]] == ["directory", "file"]
    elif "files" in names:
        assert names["files"] == ["/data/folder/a.txt", "/data/folder 2/b.txt"]
    elif "texts" in names or "text" in names:
        assert names.get("texts", [names.get("text")])[0] == "notes é\n"
        assert not several or names["texts"][1] == "log\n"
    elif "json" in names:
        odd = ODD in cell["entries"][0]["path"]
        expected = [{"odd": True}] if odd else [{"a": 1}, {"odd": True}]
        assert (names["data"] if several else [names["data"]]) == expected[: 1 + several]
    elif "data" in names:
        assert names["data"] == (b"notes \xc3\xa9\n" if several else b"\x00\x01raw")
    else:
        assert printed == "/data/folder/a.txt\n"


RASTER = (np.arange(64 * 64) % 200).astype("uint8").reshape(64, 64)


def has(*packages: str) -> bool:
    """Whether all of these can be imported."""
    return all(importlib.util.find_spec(package) for package in packages)


def write_plain(data: Path) -> None:
    """Files that need no package but numpy."""
    for folder, name in (("folder", "a.txt"), ("folder 2", "b.txt")):
        (data / folder).mkdir()
        (data / folder / name).touch()
    (data / "notes.txt").write_text("notes é\n", encoding="utf-8")
    (data / "log.log").write_text("log\n")
    (data / "raw #1?.dat").write_bytes(b"\x00\x01raw")
    (data / "facts.json").write_text('{"a": 1}')
    (data / ODD).write_text('{"odd": true}')
    for name in ("table.csv", "table 2.csv", "table [1]*.csv"):
        (data / name).write_text("a,b\n0,0.5\n1,1.5\n2,2.5\n")
    (data / "table.tsv").write_text("a\tb\n0\t0.5\n1\t1.5\n2\t2.5\n")
    for name in ("array.npy", "array 2.npy"):
        np.save(data / name, VALUES)
    np.savez(data / "arrays.npz", v=VALUES)


def write_rasters(data: Path) -> None:
    """GeoTIFF and JPEG 2000."""
    rasterio = pytest.importorskip("rasterio")
    profile = {"width": 64, "height": 64, "count": 1, "dtype": "uint8", "crs": "EPSG:32631"}
    place = rasterio.Affine(10, 0, 600_000, 0, -10, 5_800_000)
    for name, options in (
        ("scene.tif", {"driver": "GTiff", "tiled": True, "blockxsize": 16, "blockysize": 16}),
        ("scene 2.tif", {"driver": "GTiff"}),
        ("scene.jp2", {"driver": "JP2OpenJPEG", "QUALITY": "100", "REVERSIBLE": "YES"}),
    ):
        with rasterio.open(data / name, "w", **profile, **options, transform=place) as image:
            image.write(RASTER, 1)


def dataset() -> Any:
    """A small data set."""
    import xarray

    return xarray.Dataset({"v": (("y", "x"), VALUES)})


def write_zarr(data: Path) -> None:
    """Two stores, with consolidated metadata as is usual."""
    for name in ("cube.zarr", "a::b.zarr"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # format 3 has no standard for it yet
            dataset().to_zarr(str(data / "store"), consolidated=True)
        # The name itself would be split into a chain.
        (data / "store").rename(data / name)


def write_hdf5(data: Path) -> None:
    """NetCDF 4, and HDF5 without anything of NetCDF."""
    import h5py

    for name in ("cube.nc", "cube 2.nc"):
        dataset().to_netcdf(data / name, engine="h5netcdf")
    with h5py.File(data / "plain.h5", "w") as file:
        file["v"] = VALUES


def write_parquet(data: Path) -> None:
    """One file, and a folder of two."""
    import pandas as pd

    frame = pd.DataFrame({"a": [0, 1, 2], "b": [0.5, 1.5, 2.5]})
    frame.to_parquet(data / "table.parquet")
    (data / "parts.parquet").mkdir()
    frame[:1].to_parquet(data / "parts.parquet" / "part.0.parquet")
    frame[1:].to_parquet(data / "parts.parquet" / "part.1.parquet")
