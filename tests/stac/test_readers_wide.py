"""Large parts of a file over two connections: the same bytes, and no harm by the second."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rsdat.base.errors import RsdatError
from rsdat.dcache.fs import DCacheFileSystem
from rsdat.stac.raster import wide
from rsdat.stac.raster.opened import open_raster
from rsdat.stac.raster.wide import LEAST_BYTES, PIECE_BYTES, read_range, read_ranges
from tests.support.cogs import TRANSFORM, truth, write_cog
from tests.support.door import Door, door

MIB = 2**20
SIZE = 5 * PIECE_BYTES + 12345
NAME = "/wide.raw"


@pytest.fixture(scope="module")
def content(stac_door: Door) -> bytes:
    data = np.random.default_rng(7).integers(0, 256, SIZE, dtype=np.uint8).tobytes()
    (stac_door.root / NAME[1:]).write_bytes(data)
    return data


@pytest.fixture
def slow(dcache: Door) -> Iterator[Door]:
    """8 MiB/s a connection."""
    dcache.configure(bytes_per_s_each=8 * MIB)
    yield dcache
    dcache.configure(bytes_per_s_each=None)
    dcache.forget()


def connections(site: Door, server: str = "pool") -> int:
    return len({each["connection"] for each in site.requests(server, "GET")})


def test_a_slow_one_gets_a_second(content: bytes, slow: Door) -> None:
    for start, end in ((0, SIZE), (1, SIZE - 1), (777, SIZE + 99)):
        slow.forget()
        assert read_range(DCacheFileSystem(), NAME, start, end) == content[start:end]
        assert connections(slow) == 2
    assert slow.movers() == 0


def test_that_it_was_slow_is_remembered_for_the_next(
    content: bytes, slow: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    filesystem = DCacheFileSystem()
    assert read_range(filesystem, NAME, 0, SIZE) == content
    # Not found out anew: no piece is waited for before the second connection is opened.
    monkeypatch.setattr(wide, "SLOW_S", 1000)
    slow.forget()
    assert read_range(filesystem, NAME, 0, SIZE) == content
    assert connections(slow) == 2
    # By this measure it was fast.
    slow.forget()
    assert read_range(filesystem, NAME, 0, SIZE) == content
    assert connections(slow) == 1


def test_a_fast_one_does_not(content: bytes, dcache: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wide, "SLOW_S", 1000)
    dcache.forget()
    assert read_range(DCacheFileSystem(), NAME, 0, SIZE) == content
    assert connections(dcache) == 1


def test_the_tiles_of_a_window_come_over_two_connections(content: bytes, slow: Door) -> None:
    """Ranges apart from each other, in any order, one in another, and one behind the end."""
    ranges = [
        (5 * MIB, 9 * MIB),
        (777, 777),
        (1 * MIB, 4 * MIB),
        (6 * MIB, 7 * MIB),
        (SIZE - 100, SIZE + 100),
        (4 * MIB + 5, 4 * MIB + 10),
    ]
    assert sum(end - start for start, end in ranges) > LEAST_BYTES
    slow.forget()
    found = read_ranges(DCacheFileSystem(), NAME, ranges)
    assert [bytes(each) for each in found] == [content[start:end] for start, end in ranges]
    assert connections(slow) == 2
    # What lies between was not read.
    sizes = [
        int(last) - int(first) + 1
        for each in slow.requests("pool", "GET")
        for first, last in [each["range"].removeprefix("bytes=").split("-")]
    ]
    assert sum(sizes) <= 8 * MIB + 2 * PIECE_BYTES
    small = [(0, 10), (SIZE - 10, SIZE)]
    assert read_ranges(DCacheFileSystem(), NAME, small) == [content[:10], content[-10:]]


def test_an_image_by_gdal_comes_over_two_connections(slow: Door, tmp_path: Path) -> None:
    size = 2048
    write_cog(tmp_path / "big.tif", truth(3, size), TRANSFORM)
    (tmp_path / "big.tif").replace(slow.root / "big.tif")
    slow.forget()
    with open_raster("dcache:///big.tif") as raster:
        np.testing.assert_array_equal(raster.read(1), truth(3, size))
    assert connections(slow) == 2


def test_small_parts_come_as_they_did(content: bytes, slow: Door) -> None:
    slow.forget()
    assert read_range(DCacheFileSystem(), NAME, 5, 5 + 100_000) == content[5:100_005]
    assert connections(slow) == 1


def test_a_door_that_moves_the_bytes_itself(content: bytes, slow: Door) -> None:
    filesystem = DCacheFileSystem(api_url=slow.api_url, webdav_url=slow.proxy_url, token=slow.token)
    slow.forget()
    assert read_range(filesystem, NAME, 3, SIZE) == content[3:]
    # Each of them starts a mover: the first piece, and the rest in two halves.
    assert len(slow.requests("proxy", "GET")) == 3


def test_without_a_second_mover_the_first_does_it_all(tmp_path: Path) -> None:
    """The second would wait until the first has ended."""
    with door(tmp_path, movers=1, arguments=("--rate-each", str(16 * MIB))) as site:
        data = bytes(range(256)) * (12 * MIB // 256)
        (site.root / "a.raw").write_bytes(data)
        filesystem = DCacheFileSystem(
            api_url=site.api_url, webdav_url=site.webdav_url, token=site.token
        )
        began = time.monotonic()
        assert read_range(filesystem, "/a.raw", 0, len(data)) == data
        assert time.monotonic() - began < 60


@pytest.mark.parametrize("fault", [{"kind": "status"}, {"kind": "drop"}])
def test_a_second_that_fails_does_no_harm(
    content: bytes, slow: Door, monkeypatch: pytest.MonkeyPatch, fault: dict[str, str]
) -> None:
    help_ = wide._Wide._help

    async def refused(self: Any, first: Any) -> None:
        # From here on only the second asks the door.
        slow.fault(server="redirect", method="GET", **fault)
        await help_(self, first)

    monkeypatch.setattr(wide._Wide, "_help", refused)
    slow.forget()
    assert read_range(DCacheFileSystem(), NAME, 0, SIZE) == content
    # The second asked, once or twice: aiohttp repeats a dropped GET.
    assert len(slow.requests("redirect", "GET")) in (2, 3)


def test_what_the_first_can_t_read_is_told(content: bytes, dcache: Door) -> None:
    with pytest.raises(FileNotFoundError):
        read_range(DCacheFileSystem(), "/nothing.raw", 0, SIZE)
    dcache.set_file(NAME, locality="NEARLINE")
    try:
        with pytest.raises(RsdatError, match="on tape"):
            read_range(DCacheFileSystem(), NAME, 0, SIZE)
    finally:
        dcache.set_file(NAME, locality="ONLINE")


def test_many_threads_at_once(content: bytes, slow: Door) -> None:
    filesystem = DCacheFileSystem()
    wrong: list[object] = []

    def read() -> None:
        try:
            if read_range(filesystem, NAME, 0, SIZE) != content:
                wrong.append("bytes")
        except Exception as error:  # noqa: BLE001 - looked at below
            wrong.append(error)

    threads = [threading.Thread(target=read) for _ in range(12)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(120)
    assert wrong == []


def test_a_file_that_is_cut_in_its_place_is_told_at_once(dcache: Door) -> None:
    """The pool sends what there is and ends the connection: nobody waits for the rest."""
    (dcache.root / "short.raw").write_bytes(bytes(4 * PIECE_BYTES))
    filesystem = DCacheFileSystem()
    dcache.configure(bytes_per_s_each=4 * MIB)
    cut = threading.Timer(1.0, lambda: os.truncate(dcache.root / "short.raw", PIECE_BYTES))
    cut.start()
    began = time.monotonic()
    try:
        with pytest.raises((RsdatError, OSError)):
            read_range(filesystem, "/short.raw", 0, 4 * PIECE_BYTES)
    finally:
        cut.join()
        dcache.configure(bytes_per_s_each=None)
    assert time.monotonic() - began < 60
