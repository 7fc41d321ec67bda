"""COG and zarr: what is written is what is read again, and nobody finds half of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import cloudpickle
import dask.array
import fsspec
import numpy as np
import pytest
import rasterio
import xarray as xr

from rsdat.base.errors import Conflict, InvalidInput, RsdatError
from rsdat.stac.access import Access
from rsdat.stac.readers.cubes import open_zarr, zarr_store
from rsdat.stac.stack.open import open_stack
from rsdat.stac.writing import write_cog, write_zarr, zarr
from tests.support.cogs import put_cogs, truth
from tests.support.door import Door

needs_zarr = pytest.mark.skipif(sys.version_info < (3, 11), reason="zarr 3 needs Python 3.11")


@pytest.fixture
def stack(tmp_path: Path) -> xr.DataArray:
    found = open_stack(put_cogs(tmp_path / "cogs", n=2), "red", chunks={"y": 300, "x": 500})
    assert isinstance(found, xr.DataArray)
    return found


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    """fsspec's memory hands the same file, with one position, to everyone."""
    with dask.config.set(scheduler="synchronous"):
        yield


def names(base: str) -> list[str]:
    filesystem, folder = fsspec.core.url_to_fs(base)
    filesystem.invalidate_cache()
    return sorted(
        path.rstrip("/").rpartition("/")[2] for path in filesystem.ls(folder, detail=False)
    )


def test_cog_there_and_back(base: str, stack: xr.DataArray, tmp_path: Path) -> None:
    described = write_cog(stack[1], f"{base}/maps/red.tif")

    assert described["proj:code"] == "EPSG:32631"
    assert described["raster:bands"][0]["data_type"] == "uint16"
    filesystem, path = fsspec.core.url_to_fs(f"{base}/maps/red.tif")
    filesystem.get_file(path, str(tmp_path / "back.tif"))
    with rasterio.open(tmp_path / "back.tif") as raster:
        np.testing.assert_array_equal(raster.read(1), truth(1))
        assert raster.overviews(1)
    assert names(f"{base}/maps") == ["red.tif"]
    with pytest.raises(Conflict):
        write_cog(stack[0], f"{base}/maps/red.tif")
    write_cog(stack[0], f"{base}/maps/red.tif", overwrite=True)
    assert names(f"{base}/maps") == ["red.tif"]


def test_cog_replaces_nothing_that_came_meanwhile(base: str, stack: xr.DataArray) -> None:
    href = f"{base}/maps/red.tif"
    filesystem, path = fsspec.core.url_to_fs(href)

    def meanwhile(block: Any) -> Any:
        filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
        if not filesystem.exists(path):
            filesystem.pipe_file(path, b"of somebody else")
        return block

    late = stack[1].copy(data=stack[1].data.map_blocks(meanwhile, dtype=stack.dtype))
    with pytest.raises(Conflict):
        write_cog(late, href)
    assert filesystem.cat_file(path) == b"of somebody else"
    assert names(f"{base}/maps") == ["red.tif"]


def test_cog_without_a_place(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        write_cog(xr.DataArray(np.zeros((4, 4)), dims=("y", "x")), tmp_path / "x.tif")
    assert list(tmp_path.iterdir()) == []


@needs_zarr
def test_zarr_there_and_back(base: str, stack: xr.DataArray) -> None:
    href = f"{base}/maps/red.zarr"
    write_zarr(stack, href)

    back = open_zarr(href, Access(), "it")
    xr.testing.assert_equal(back.red.compute(), stack.compute())
    assert back.red.chunks == ((1, 1), (300, 300, 300, 124), (500, 500, 24))
    assert back.spatial_ref.attrs["crs_wkt"] == stack.spatial_ref.attrs["crs_wkt"]
    assert names(f"{base}/maps") == ["red.zarr"]
    with pytest.raises(Conflict):
        write_zarr(stack, href)
    write_zarr(stack[:1], href, overwrite=True)
    assert open_zarr(href, Access(), "it").red.shape[0] == 1
    assert names(f"{base}/maps") == ["red.zarr"]


@needs_zarr
def test_uneven_chunks(tmp_path: Path) -> None:
    values = dask.array.arange(10, chunks=((3, 5, 2),))
    write_zarr(xr.DataArray(values, dims="x", name="v"), tmp_path / "v.zarr")
    back = open_zarr(str(tmp_path / "v.zarr"), Access(), "it")
    assert back.v.chunks == ((5, 5),)
    assert list(back.v.values) == list(range(10))


@needs_zarr
def test_a_failed_store_leaves_the_old_one(
    dcache: Door, stack: xr.DataArray, tmp_path: Path
) -> None:
    href = "dcache:///zarrs/red.zarr"
    write_zarr(stack[:1], href)

    def fail(block: Any) -> Any:
        raise ValueError("bad luck")

    broken = stack.copy(data=stack.data.map_blocks(fail, dtype=stack.dtype))
    with pytest.raises(ValueError, match="bad luck"):
        write_zarr(broken, href, overwrite=True)
    assert names("dcache:///zarrs") == ["red.zarr"]

    dcache.fault("no_space", method="PUT", times=1000)
    with pytest.raises((OSError, RsdatError)):
        write_zarr(stack, href, overwrite=True)
    dcache.forget()
    assert names("dcache:///zarrs") == ["red.zarr"]
    assert open_zarr(href, Access(), "it").red.shape[0] == 1


@needs_zarr
@pytest.mark.parametrize("overwrite", [True, False])
def test_a_writer_killed_between_its_renames(
    base: str, stack: xr.DataArray, overwrite: bool
) -> None:
    """Both stores are whole then, and hidden: the next one who writes puts the new one there."""
    href = f"{base}/maps/red.zarr"
    write_zarr(stack[:1], f"{base}/maps/.rsdat-0123.red.zarr.old")
    write_zarr(stack, f"{base}/maps/.rsdat-0123.red.zarr.part")
    if overwrite:
        write_zarr(stack[:1], href, overwrite=True)
    else:
        with pytest.raises(Conflict):
            write_zarr(stack[:1], href)
    assert names(f"{base}/maps") == ["red.zarr"]
    assert open_zarr(href, Access(), "it").red.shape[0] == (1 if overwrite else 2)


@needs_zarr
def test_killed_for_good(tmp_path: Path) -> None:
    """The state that the test above begins with is the one that a kill leaves."""
    code = f"""
import os
import numpy as np, xarray as xr
from rsdat.stac import write_zarr
from rsdat.stac.writing import zarr
data = xr.Dataset({{"a": ("x", np.zeros(4))}})
write_zarr(data, {str(tmp_path / "r.zarr")!r})
rename, renamed = zarr._rename, []
def killed(*args):
    renamed.append(args)
    if len(renamed) == 2:
        os.kill(os.getpid(), 9)
    return rename(*args)
zarr._rename = killed
write_zarr(data + 1, {str(tmp_path / "r.zarr")!r}, overwrite=True)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert [name.rpartition(".")[2] for name in names(str(tmp_path))] == ["old", "part"]
    with pytest.raises(Conflict):
        write_zarr(xr.Dataset({"a": ("x", np.zeros(4))}), tmp_path / "r.zarr")
    assert list(open_zarr(str(tmp_path / "r.zarr"), Access(), "it").a.values) == [1] * 4


@needs_zarr
def test_what_is_left_of_an_old_store_never_comes_back(
    base: str, stack: xr.DataArray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its deletion broke off, and later the new one was deleted: it would be read as empty."""
    href = f"{base}/maps/red.zarr"
    write_zarr(stack, href)
    filesystem, path = fsspec.core.url_to_fs(href)

    with monkeypatch.context() as patched:
        patched.setattr(zarr, "_remove", lambda _, old: filesystem.rm_file(f"{old}/red/0.0.0"))
        write_zarr(stack + 1, href, overwrite=True)
    assert [name.rpartition(".")[2] for name in names(f"{base}/maps")] == ["old", "zarr"]
    filesystem.rm(path, recursive=True)
    write_zarr(stack[:1], href)
    assert names(f"{base}/maps") == ["red.zarr"]
    xr.testing.assert_equal(open_zarr(href, Access(), "it").red.compute(), stack[:1].compute())


@needs_zarr
@pytest.mark.parametrize("goes_on", ["before", "after"])
def test_a_writer_that_lives_is_not_disturbed(
    base: str, stack: xr.DataArray, monkeypatch: pytest.MonkeyPatch, goes_on: str
) -> None:
    """Another one looks between its two renames: nothing is moved into the new store."""
    href = f"{base}/maps/red.zarr"
    write_zarr(stack[:1], f"{base}/maps/.rsdat-0123.red.zarr.old")
    write_zarr(stack, f"{base}/maps/.rsdat-0123.red.zarr.part")
    filesystem, path = fsspec.core.url_to_fs(href)
    listing = type(filesystem).ls

    def late(self: Any, *args: Any, **options: Any) -> Any:
        monkeypatch.undo()
        found = listing(self, *args, **options) if goes_on == "after" else None
        self.mv(path.replace("red.zarr", ".rsdat-0123.red.zarr.part"), path, recursive=True)
        self.invalidate_cache()
        return listing(self, *args, **options) if found is None else found

    monkeypatch.setattr(type(filesystem), "ls", late)
    with pytest.raises(Conflict):
        write_zarr(stack[:1], href)
    assert sorted({*names(f"{base}/maps")} - {".rsdat-0123.red.zarr.old"}) == ["red.zarr"]
    assert not [name for name in names(href) if "rsdat" in name]
    xr.testing.assert_equal(open_zarr(href, Access(), "it").red.compute(), stack.compute())


@needs_zarr
def test_what_can_t_be_put_back_stays(
    tmp_path: Path, stack: xr.DataArray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither store has the name, and none is deleted."""
    href = str(tmp_path / "red.zarr")
    write_zarr(stack[:1], href)
    rename = zarr._rename

    def broken(filesystem: Any, source: str, target: str) -> None:
        if target.endswith("/red.zarr"):
            raise OSError("the connection broke")
        rename(filesystem, source, target)

    monkeypatch.setattr(zarr, "_rename", broken)
    with pytest.raises(OSError, match="broke"):
        write_zarr(stack, href, overwrite=True)
    monkeypatch.setattr(zarr, "_rename", rename)
    with pytest.raises(Conflict):
        write_zarr(stack[:1], href)
    assert names(str(tmp_path)) == ["cogs", "red.zarr"]
    xr.testing.assert_equal(open_zarr(href, Access(), "it").red.compute(), stack.compute())


@needs_zarr
def test_no_token_travels_with_what_is_written(dcache: Door) -> None:
    options = {"api_url": dcache.api_url, "webdav_url": dcache.webdav_url, "token": dcache.token}
    store = zarr_store("dcache:///x.zarr", Access({"dcache": options}), read_only=False)
    assert dcache.token.encode() not in cloudpickle.dumps(store)
