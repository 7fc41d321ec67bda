"""The ten traps of a real dCache that lose data or mislead, each as the file system meets it."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rsdat.dcache import DCacheFileSystem
from tests.support.dcache import names
from tests.support.door import Door

DATA = bytes(range(256)) * 40


@pytest.fixture(params=["redirecting", "proxying"])
def both(site: Door, request: pytest.FixtureRequest) -> DCacheFileSystem:
    """The file system at each kind of door."""
    url = site.webdav_url if request.param == "redirecting" else site.proxy_url
    return DCacheFileSystem(api_url=site.api_url, webdav_url=url, token=site.token)


def ways(fs: DCacheFileSystem, path: str, start: int) -> list[Callable[[], bytes]]:
    def opened(**options: Any) -> bytes:
        with fs.open(path, **options) as file:
            file.seek(start, os.SEEK_END if start < 0 else os.SEEK_SET)
            data: bytes = file.read()
            return data

    return [
        lambda: fs.cat_file(path, start=start),
        lambda: fs.cat_ranges([path, path], [start, start], [None, None])[1],
        lambda: fs.read_block(path, start, None) if start >= 0 else fs.tail(path, -start),
        opened,
        lambda: opened(cache_type="none"),
        lambda: opened(cache_type="bytes", block_size=100),
    ]


def test_1_a_suffix_range_gives_the_first_bytes(
    site: Door, folder: str, both: DCacheFileSystem
) -> None:
    both.pipe(f"{folder}/f", DATA)
    site.forget()
    for way in ways(both, f"{folder}/f", -5):
        assert way() == DATA[-5:]
    assert not [r for r in site.requests() if r["range"].startswith("bytes=-")]


def test_2_behind_the_end_there_is_no_416(site: Door, folder: str, both: DCacheFileSystem) -> None:
    both.pipe(f"{folder}/f", DATA)
    both.pipe(f"{folder}/empty", b"")
    site.forget()
    for start in (len(DATA), len(DATA) + 100):
        for way in ways(both, f"{folder}/f", start):
            assert way() == b""
    for way in ways(both, f"{folder}/empty", 0):
        assert way() == b""
    for request in site.requests(method="GET"):
        if request["range"]:
            assert int(request["range"].removeprefix("bytes=").partition("-")[0]) < len(DATA)


@pytest.mark.parametrize("known", [True, False])
def test_3_a_failed_redirected_upload_stays_and_becomes_readable(
    site: Door, folder: str, fs: DCacheFileSystem, known: bool
) -> None:
    site.fault("cut_upload", server="pool", method="PUT", at_bytes=500_000)
    send = fs.pipe_file if known else partial(write, fs)
    with pytest.raises(OSError, match="broke off"):
        send(f"{folder}/f", bytes(1_000_000))
    # dCache itself would keep it: nothing is left that a restart could turn into a file.
    assert names(site, folder) == []
    assert site.restart_pool() == []
    assert not fs.exists(f"{folder}/f")


def write(fs: DCacheFileSystem, path: str, data: bytes) -> None:
    with fs.open(path, "wb", block_size=64 * 1024) as file:
        file.write(data)


def test_4_a_cut_chunked_upload_is_committed_by_a_door(site: Door, folder: str) -> None:
    fs = DCacheFileSystem(api_url=site.api_url, webdav_url=site.proxy_url, token=site.token)
    site.fault("cut_upload", server="proxy", method="PUT", at_bytes=500_000)
    with pytest.raises(OSError, match="broke off"):
        write(fs, f"{folder}/f", bytes(1_000_000))
    assert names(site, folder) == []


def test_5_overwriting_deletes_first(site: Door, folder: str, both: DCacheFileSystem) -> None:
    path = f"{folder}/f"
    both.pipe(path, b"old")
    site.forget()
    with both.open(path, "wb", block_size=64 * 1024) as file:
        file.write(bytes(1_000_000))
        assert both.cat(path) == b"old"
    assert both.cat(path) == bytes(1_000_000)
    assert site.requests(method="PUT")
    assert not [r for r in site.requests(method="PUT") if r["path"] == path]
    assert names(site, folder) == ["f"]


def test_6_a_rename_that_overwrites_deletes_first(
    site: Door, folder: str, both: DCacheFileSystem
) -> None:
    both.pipe({f"{folder}/a": b"a", f"{folder}/b": b"b", f"{folder}/d/in": b"in"})
    site.forget()
    for source, destination in (("a", "b"), ("d", "a")):
        with pytest.raises(FileExistsError):
            both.mv([f"{folder}/{source}"], [f"{folder}/{destination}"])
    both.mv(f"{folder}/a", f"{folder}/a")
    both.mv(f"{folder}/a", f"{folder}/d")  # into it, as mv does
    assert both.cat([f"{folder}/d/a", f"{folder}/b", f"{folder}/d/in"]) == {
        f"{folder}/d/a": b"a",
        f"{folder}/b": b"b",
        f"{folder}/d/in": b"in",
    }
    # REST's mv replaces silently: it is not used.
    assert not site.requests("frontend", "POST")


def test_7_an_upload_has_a_type_of_its_own(site: Door, folder: str, both: DCacheFileSystem) -> None:
    for name, mime in (("a.tif", "image/tiff"), ("b.unknown", "application/octet-stream")):
        both.pipe(f"{folder}/{name}", DATA)
        assert both.info(f"{folder}/{name}")["mime"] == mime
        assert both.cat(f"{folder}/{name}") == DATA


def test_8_redirected_reads_leak_movers(
    site: Door, folder: str, fs: DCacheFileSystem, tmp_path: Path
) -> None:
    """The stand-in has 100: a client that keeps one for each read stands still at the 101st."""
    for number in range(40):
        (site.root / folder[1:] / f"{number}").write_bytes(DATA)
    for number in range(40):
        path = f"{folder}/{number}"
        assert fs.cat(path) == DATA
        assert fs.cat_file(path, 5, 10) == DATA[5:10]
        fs.get_file(path, str(tmp_path / "f"))
        with fs.open(path) as file:
            assert file.read(10) == DATA[:10]
    assert site.movers() <= 8


def test_9_one_pool_address_serves_many_ranges(
    site: Door, folder: str, fs: DCacheFileSystem
) -> None:
    fs.pipe(f"{folder}/f", DATA)
    site.forget()
    with fs.open(f"{folder}/f", cache_type="none") as file:
        for start in range(0, 5000, 50):
            file.seek(start)
            assert file.read(10) == DATA[start : start + 10]
    assert len(site.requests("redirect", "GET")) == 1
    assert len({r["connection"] for r in site.requests("pool", "GET")}) == 1


def test_10_nothing_walks_a_tree_by_one_request(
    site: Door, folder: str, fs: DCacheFileSystem
) -> None:
    fs.pipe({f"{folder}/{name}": b"x" for name in ("a", "d/b", "d/e/c")})
    site.forget()
    assert len(fs.find(folder)) == 3
    assert fs.du(folder) == 3
    assert fs.glob(f"{folder}/**/c") == [f"{folder}/d/e/c"]
    assert not site.requests(method="PROPFIND")
    # Nor does one delete it: a door's DELETE takes along what others put there meanwhile.
    site.forget()
    fs.rm(folder, recursive=True)
    assert not site.requests("redirect", "DELETE")
    assert len(site.requests("frontend", "DELETE")) == 6


def test_a_login_that_is_refused_is_asked_once(own_site: Door) -> None:
    fs = DCacheFileSystem(api_url=own_site.api_url, webdav_url=own_site.webdav_url, token="wrong")
    with pytest.raises(PermissionError):
        fs.cat_file("/f", 0, 5)
    assert [r["status"] for r in own_site.requests()] == [401]


def test_a_busy_door_is_waited_for(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    fs.pipe(f"{folder}/f", DATA)
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    fs._client.http.sleep = sleep
    for server in ("frontend", "redirect"):
        site.fault("status", server=server, status=429)
    assert fs.cat_file(f"{folder}/f", 1, 5) == DATA[1:5]
    assert len(waited) == 2
