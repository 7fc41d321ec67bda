"""What people read with: rasterio, GDAL's own /vsicurl/, xarray, zarr, pandas, dask; lazily."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dask.bag
import fsspec
import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray
from rasterio.io import MemoryFile
from rasterio.transform import from_origin
from rasterio.windows import Window

from rsdat.dcache import DCacheFileSystem, configure_gdal
from tests.support.door import Door

SIDE = 2048
TILE = 256


@pytest.fixture(scope="module")
def cog() -> bytes:
    """A tiled GeoTIFF with overviews whose pixels can't be compressed: 4 MiB and more."""
    random = np.random.default_rng(1)
    data = random.integers(0, 255, (1, SIDE, SIDE), dtype="uint8")
    with MemoryFile() as memory:
        with memory.open(
            driver="COG",
            width=SIDE,
            height=SIDE,
            count=1,
            dtype="uint8",
            crs="EPSG:32631",
            transform=from_origin(500_000, 5_800_000, 10, 10),
            blocksize=TILE,
        ) as dataset:
            dataset.write(data)
        return bytes(memory.read())


@pytest.fixture
def scene(site: Door, folder: str, fs: DCacheFileSystem, cog: bytes) -> Iterator[str]:
    path = f"{folder}/scene #1.tif"
    fs.pipe(path, cog)
    site.forget()
    yield path
    assert site.movers() <= 8


def read_bytes(site: Door, *servers: str) -> int:
    """How many bytes were asked for in ranges; whole files count as far too much."""
    total = 0
    for server in servers:
        for request in site.requests(server, "GET"):
            if request["status"] not in (200, 206):
                continue
            assert request["range"].startswith("bytes="), request
            first, _, last = request["range"].removeprefix("bytes=").partition("-")
            assert first, "a suffix range"
            total += int(last) - int(first) + 1
    return total


@pytest.mark.parametrize("form", ["fsspec.open", "opener"])
def test_a_window_of_a_cog_reads_only_what_it_needs(
    site: Door, fs: DCacheFileSystem, scene: str, cog: bytes, form: str
) -> None:
    with MemoryFile(cog) as memory, memory.open() as local:
        expected = local.read(1, window=Window(600, 700, 200, 200))
    site.forget()
    # rasterio reads an open file whole before it looks at it; these two it opens by itself.
    options = {"api_url": site.api_url, "webdav_url": site.webdav_url, "token": site.token}
    given, opener = (
        (fsspec.open(f"dcache://{scene}", **options), None) if form != "opener" else (scene, fs)
    )
    with rasterio.open(given, opener=opener) as dataset:
        assert dataset.shape == (SIDE, SIDE)
        found = dataset.read(1, window=Window(600, 700, 200, 200))
    np.testing.assert_array_equal(found, expected)
    # The header, and two by two tiles at most; the file has 85.
    assert len(site.requests("redirect", "GET")) == 1
    assert len(site.requests("pool", "GET")) <= 8
    assert read_bytes(site, "pool") <= 10 * TILE * TILE < len(cog) / 6


def test_a_raster_is_opened_again_as_a_cell_is_run_again(
    fs: DCacheFileSystem, scene: str, cog: bytes
) -> None:
    """Each has a file of its own, whichever is closed first."""
    with MemoryFile(cog) as memory, memory.open() as local:
        near, far = Window(0, 0, 100, 100), Window(1900, 1900, 100, 100)
        expected = local.read(1, window=near), local.read(1, window=far)
    dataset = rasterio.open(scene, opener=fs)
    for _ in range(3):
        before, dataset = dataset, rasterio.open(scene, opener=fs)
        np.testing.assert_array_equal(dataset.read(1, window=near), expected[0])
        before.close()
        np.testing.assert_array_equal(dataset.read(1, window=far), expected[1])
    dataset.close()


def test_gdal_by_itself(
    site: Door,
    fs: DCacheFileSystem,
    scene: str,
    cog: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    with MemoryFile(cog) as memory, memory.open() as local:
        expected = local.read(1, window=Window(600, 700, 200, 200))
    with configure_gdal(fs) as access:
        name = access.path(scene)
        assert site.token not in name
        assert site.token not in repr(access)
        with rasterio.open(name) as dataset:
            found = dataset.read(1, window=Window(600, 700, 200, 200))
        np.testing.assert_array_equal(found, expected)
        assert site.token not in str(rasterio.env.getenv() if rasterio.env.hasenv() else {})
    assert dict(os.environ) == before
    assert list(tmp_path.iterdir()) == []
    requests = site.requests()
    assert {request["server"] for request in requests} == {"redirect", "pool"}
    # No listing of the folder, which may have 200 000 entries.
    assert not [r for r in requests if r["path"].rstrip("/").endswith(scene.split("/")[1])]
    assert read_bytes(site, "pool") < len(cog) / 4
    # Taken back: without a credential the door refuses.
    with pytest.raises(rasterio.errors.RasterioIOError):
        rasterio.open(name)


def test_gdal_sends_the_token_to_no_other_host(
    fs: DCacheFileSystem, cog: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").write_bytes(cog)
    with contextlib.ExitStack() as stack:
        pool, at_pool = stack.enter_context(serving(tmp_path, "pool"))
        door, at_door = stack.enter_context(serving(tmp_path, "door", redirect=pool))
        monkeypatch.setattr(fs, "endpoint", dataclasses.replace(fs.endpoint, webdav_url=door))
        access = stack.enter_context(configure_gdal(fs))
        with rasterio.open(access.path("/scene.tif")) as dataset:
            dataset.read(1, window=Window(0, 0, 10, 10))
        with rasterio.open(f"/vsicurl/{pool}/other.tif"):
            pass
    with_token = f"('Authorization', '{header_of(fs)}')"
    assert all(with_token in line for line in at_door.read_text().splitlines())
    lines = at_pool.read_text().splitlines()
    assert len(lines) >= 3
    assert not any("Authorization" in line or "Bearer" in line for line in lines)


def header_of(fs: DCacheFileSystem) -> str:
    header = asyncio.run(fs.endpoint.credential.header())
    assert header is not None
    return header.reveal()


# In a process of its own: GDAL keeps this one's interpreter lock while it waits for an answer.
_SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

data, redirect = open(sys.argv[1], "rb").read(), sys.argv[3]

class Handler(BaseHTTPRequestHandler):
    def note(self):
        with open(sys.argv[2], "a") as log:
            log.write(repr(sorted(self.headers.items())) + chr(10))

    def do_HEAD(self):
        self.note()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()

    def do_GET(self):
        self.note()
        if redirect:
            self.send_response(302)
            self.send_header("Location", redirect + self.path + "?uuid=1")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        first, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
        part = data[int(first) : int(last) + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


@contextlib.contextmanager
def serving(folder: Path, name: str, redirect: str = "") -> Iterator[tuple[str, Path]]:
    """A bare server of `folder/data`, or one that sends GETs elsewhere; and the headers it saw."""
    log = folder / name
    log.touch()
    argv = [sys.executable, "-c", _SERVER, str(folder / "data"), str(log), redirect]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as it:
        assert it.stdout is not None
        try:
            yield f"http://127.0.0.1:{it.stdout.readline().strip()}", log
        finally:
            it.terminate()


def test_many_reads_by_gdal_keep_no_movers(site: Door, fs: DCacheFileSystem, scene: str) -> None:
    with configure_gdal(fs) as access, rasterio.open(access.path(scene)) as dataset:
        for row in range(0, SIDE, TILE):
            for column in range(0, SIDE, 2 * TILE):
                dataset.read(1, window=Window(column, row, TILE, TILE))
        assert site.movers() <= 3


def test_gdal_without_any(monkeypatch: pytest.MonkeyPatch, fs: DCacheFileSystem) -> None:
    monkeypatch.setattr("rsdat.dcache.gdal._libraries", list)
    with pytest.raises(FileNotFoundError, match="No GDAL is loaded"):
        configure_gdal(fs)
    with pytest.raises(TypeError):
        configure_gdal(fs, endpoint="x")


def test_zarr_through_xarray_is_lazy(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    data = np.arange(512 * 512, dtype="int32").reshape(512, 512)
    url = f"dcache://{folder}/cube.zarr"
    options = {"api_url": site.api_url, "webdav_url": site.webdav_url, "token": site.token}
    made = xarray.Dataset({"height": (("y", "x"), data)}, {"y": np.arange(512)})
    made.to_zarr(url, storage_options=options, encoding={"height": {"chunks": (64, 64)}})
    site.forget()
    opened = xarray.open_zarr(url, storage_options=options, chunks={})
    read = {r["path"] for r in site.requests("pool", "GET")}
    assert not any("/height/c/" in path for path in read)
    np.testing.assert_array_equal(
        opened["height"][100:110, 200:210].compute(), data[100:110, 200:210]
    )
    read = {r["path"] for r in site.requests("pool", "GET")}
    assert [path for path in read if "/height/c/" in path] == [f"{folder}/cube.zarr/height/c/1/3"]


def test_pandas_and_dask(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    options = {"api_url": site.api_url, "webdav_url": site.webdav_url, "token": site.token}
    rows = 200_000
    frame = pd.DataFrame({"a": np.arange(rows), "b": np.arange(rows) * 2})
    url = f"dcache://{folder}/table #1.csv"
    frame.to_csv(url, index=False, storage_options=options)
    pd.testing.assert_frame_equal(pd.read_csv(url, storage_options=options), frame)
    size = fs.size(f"{folder}/table #1.csv")
    site.forget()
    assert len(pd.read_csv(url, nrows=10, storage_options=options)) == 10
    assert read_bytes(site, "pool") < size / 2
    lines = dask.bag.read_text(url, storage_options=options, blocksize=size // 4)
    assert lines.npartitions > 1
    assert lines.count().compute(scheduler="threads") == rows + 1
