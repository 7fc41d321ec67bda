"""What GDAL reads through: any positions, few requests, and failures that are kept."""

from __future__ import annotations

import io
import random
from pathlib import Path

import fsspec
import numpy as np
import pytest
import rasterio

from rsdat.base.errors import DoorBroken, NotFound, OnTape
from rsdat.stac.again import LIMIT_S, WAITS_S, again
from rsdat.stac.raster.opened import open_raster
from rsdat.stac.raster.ranged import BLOCK_BYTES, RangedFile
from tests.support.ranges import CountedFileSystem

SIZE = 5 * BLOCK_BYTES + 77


@pytest.fixture
def data(counted: type[CountedFileSystem]) -> bytes:
    content = random.Random(1).randbytes(SIZE)
    fsspec.filesystem("counted").pipe_file("/file", content)
    return content


def opened() -> RangedFile:
    return RangedFile(fsspec.filesystem("counted"), "/file")


def test_reads_like_any_file(data: bytes) -> None:
    chance = random.Random(2)
    mine, theirs = opened(), io.BytesIO(data)
    for _ in range(300):
        whence = chance.choice([io.SEEK_SET, io.SEEK_SET, io.SEEK_CUR, io.SEEK_END])
        offset = {
            io.SEEK_SET: chance.randrange(SIZE + 1000),
            io.SEEK_CUR: chance.randrange(5000),
            io.SEEK_END: -chance.randrange(SIZE),
        }[whence]
        assert mine.seek(offset, whence) == theirs.seek(offset, whence)
        size = chance.choice([0, 1, 8, 5000, 2 * BLOCK_BYTES, -1])
        assert mine.read(size) == theirs.read(size)
        assert mine.tell() == theirs.tell()
    assert mine.failures == []


def test_small_reads_share_blocks(counted: type[CountedFileSystem], data: bytes) -> None:
    file = opened()
    for at in (0, 8, 16, 2000):
        file.seek(at)
        assert file.read(100) == data[at : at + 100]
    assert counted.ranges == [("/file", 0, BLOCK_BYTES)]


def test_reading_on_reads_ahead(counted: type[CountedFileSystem], data: bytes) -> None:
    """JPEG 2000 is read in order, in small steps."""
    file = opened()
    whole = b"".join(iter(lambda: file.read(10_000), b""))
    assert whole == data
    assert len(counted.ranges) <= 4


def test_ranges_come_in_one_call(counted: type[CountedFileSystem], data: bytes) -> None:
    file = opened()
    file.read(10)
    counted.ranges.clear()
    offsets, sizes = [3, 3 * BLOCK_BYTES, 4 * BLOCK_BYTES], [100, 500, 700]
    found = file.get_byte_ranges(offsets, sizes)
    assert found == [data[at : at + size] for at, size in zip(offsets, sizes, strict=True)]
    # What is there already is not asked for again.
    assert [first for _, first, _ in counted.ranges] == offsets[1:]


def test_failures_are_kept(counted: type[CountedFileSystem], data: bytes) -> None:
    file = opened()
    counted.failure = OnTape("on tape")
    assert file.read(10) == b""
    assert file.get_byte_ranges([5], [3]) == [b"\0\0\0"]
    assert [type(each) for each in file.failures] == [OnTape, OnTape]


def test_ranges_behind_the_end_are_failures(data: bytes) -> None:
    file = opened()
    assert file.get_byte_ranges([SIZE - 2], [10]) == [bytes(10)]
    assert "ends before" in str(file.failures[0])


def test_no_failed_read_is_taken_for_pixels(
    counted: type[CountedFileSystem], tmp_path: Path
) -> None:
    """Zeros are what GDAL gets; who reads gets the error, though GDAL saw none."""
    file = tmp_path / "plain.tif"
    with rasterio.open(
        file, "w", driver="GTiff", width=1024, height=1024, count=1, dtype="uint8", tiled=True,
        crs="EPSG:32631", transform=rasterio.Affine(1, 0, 5, 0, -1, 5),
    ) as raster:  # fmt: skip
        raster.write(np.ones((1024, 1024), "uint8"), 1)
    fsspec.filesystem("counted").pipe_file("/plain.tif", file.read_bytes())

    def read() -> object:
        with open_raster("counted:///plain.tif") as raster:
            counted.failure = OnTape("on tape")
            return raster.read(1, window=((512, 1024), (0, 1024)))

    with pytest.raises(OnTape):
        read()


def test_what_passes_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("rsdat.stac.again.time.sleep", waited.append)
    outcomes = [DoorBroken("x"), ConnectionResetError(), 5]

    def read() -> int:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert again(read) == 5
    assert waited == list(WAITS_S[:2])

    calls = 0

    def broken() -> None:
        nonlocal calls
        calls += 1
        raise DoorBroken("x")

    with pytest.raises(DoorBroken):
        again(broken)
    assert calls == len(WAITS_S) + 1

    def gone() -> None:
        nonlocal calls
        calls += 1
        raise NotFound("x")

    with pytest.raises(NotFound):
        again(gone)
    assert calls == len(WAITS_S) + 2

    now = [0.0]
    monkeypatch.setattr("rsdat.stac.again.time.monotonic", lambda: now[-1])

    def hanging() -> None:
        nonlocal calls
        calls += 1
        now.append(now[-1] + LIMIT_S + 1)
        raise DoorBroken("x")

    with pytest.raises(DoorBroken):
        again(hanging)
    assert calls == len(WAITS_S) + 3
