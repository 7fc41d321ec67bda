"""Files written while they go to dCache: few blocks in memory, nothing half, nothing left."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import time
import tracemalloc
from typing import Any

import pytest

from rsdat.base.errors import NoSpace
from rsdat.dcache import DCacheFileSystem, outflow
from tests.support.dcache import names, until
from tests.support.door import Door

BLOCK = 64 * 1024
MIB = 1024 * 1024


def write_on(file: Any) -> None:
    """Until it fails: the connection takes some blocks before that shows."""
    for _ in range(1000):
        file.write(bytes(BLOCK))


def written(site: Door, path: str) -> bytes:
    return (site.root / path[1:]).read_bytes()


@pytest.mark.parametrize("proxy", [False, True])
@pytest.mark.parametrize("piece", [1000, BLOCK, 700_000])
def test_pieces_of_any_size(site: Door, folder: str, piece: int, proxy: bool) -> None:
    door = site.proxy_url if proxy else site.webdav_url
    fs = DCacheFileSystem(api_url=site.api_url, webdav_url=door, token=site.token)
    data = random.Random(piece).randbytes(2_100_003)
    with fs.open(f"{folder}/f.bin", "wb", block_size=BLOCK) as file:
        for start in range(0, len(data), piece):
            assert file.write(memoryview(data)[start : start + piece]) > 0
        assert file.tell() == len(data)
        assert not fs.exists(f"{folder}/f.bin")
    assert written(site, f"{folder}/f.bin") == data
    assert names(site, folder) == ["f.bin"]


def test_few_blocks_are_in_memory(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    block = os.urandom(MIB)
    with fs.open(f"{folder}/warm", "wb") as file:
        for _ in range(8):
            file.write(block)
    gc.collect()
    tracemalloc.start()
    try:
        with fs.open(f"{folder}/f", "wb") as file:
            for _ in range(96):
                file.write(block)
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            for _ in range(96):
                file.write(block)
            _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12 * MIB
    assert before < 12 * MIB
    assert fs.size(f"{folder}/f") == 192 * MIB


def test_one_large_write_is_not_copied(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    data = bytes(64 * MIB)
    gc.collect()
    tracemalloc.start()
    try:
        with fs.open(f"{folder}/f", "wb") as file:
            file.write(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12 * MIB
    assert fs.size(f"{folder}/f") == len(data)


def test_an_upload_that_breaks_is_told_at_the_next_write(
    site: Door, folder: str, fs: DCacheFileSystem
) -> None:
    fs.pipe(f"{folder}/f", b"old")
    site.fault("cut_upload", server="pool", method="PUT", at_bytes=3 * BLOCK)
    file = fs.open(f"{folder}/f", "wb", block_size=BLOCK)
    with pytest.raises(OSError, match="broke off"):
        write_on(file)
    with pytest.raises(OSError, match="broke off"):
        file.close()
    assert file.closed
    assert fs.cat(f"{folder}/f") == b"old"
    assert names(site, folder) == ["f"]


def test_what_a_door_takes_for_whole_is_not(site: Door, folder: str) -> None:
    """Trap 4: a chunked upload that is cut is committed as a short file by a door."""
    fs = DCacheFileSystem(api_url=site.api_url, webdav_url=site.proxy_url, token=site.token)
    fs.pipe(f"{folder}/f", b"old")
    site.fault("cut_upload", server="proxy", method="PUT", at_bytes=3 * BLOCK)
    file = fs.open(f"{folder}/f", "wb", block_size=BLOCK)
    with pytest.raises(OSError, match="broke off"):
        write_on(file)
    file.discard()
    assert written(site, f"{folder}/f") == b"old"
    assert names(site, folder) == ["f"]


def test_no_room_is_told(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    site.fault("no_space", method="PUT")
    file = fs.open(f"{folder}/f", "wb", block_size=BLOCK)
    with pytest.raises(NoSpace, match="quota"):
        write_on(file)
    file.discard()
    assert names(site, folder) == []
    site.fault("no_space", method="PUT")
    with pytest.raises(OSError, match="quota") as caught:
        fs.pipe(f"{folder}/f", b"x")
    assert caught.value.errno == 28
    assert names(site, folder) == []


def test_abandoned_by_an_exception(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    def work() -> None:
        with fs.open(f"{folder}/f", "wb", block_size=BLOCK) as file:
            for _ in range(20):
                file.write(bytes(BLOCK))
            raise RuntimeError("the computation failed")

    with pytest.raises(RuntimeError):
        work()
    assert names(site, folder) == []


def test_forgotten_while_it_streams(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    file = fs.open(f"{folder}/f", "wb", block_size=BLOCK)
    for _ in range(20):
        file.write(bytes(BLOCK))
    with pytest.warns(UserWarning, match="never closed"):
        del file
    deadline = time.monotonic() + 20
    while names(site, folder):
        assert time.monotonic() < deadline, "the upload is not taken back"
        fs.exists(f"{folder}/f")


def test_a_transaction_of_streams(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    fs.pipe(f"{folder}/a", b"old")

    def write() -> None:
        for name in ("a", "b"):
            with fs.open(f"{folder}/{name}", "wb", block_size=BLOCK) as file:
                for _ in range(10):
                    file.write(bytes(BLOCK))

    def fail() -> None:
        with fs.transaction:
            write()
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fail()
    assert names(site, folder) == ["a"]
    assert fs.cat(f"{folder}/a") == b"old"
    with fs.transaction:
        write()
        assert fs.cat(f"{folder}/a") == b"old"
    assert names(site, folder) == ["a", "b"]
    assert fs.cat(f"{folder}/a") == bytes(10 * BLOCK)


def test_a_long_pause_is_named(
    site: Door, folder: str, fs: DCacheFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outflow, "_LONG_PAUSE_S", 0.0)
    site.fault("cut_upload", server="pool", at_bytes=BLOCK)
    file = fs.open(f"{folder}/f", "wb", block_size=BLOCK)
    with pytest.raises(OSError, match="seekable=True"):
        write_on(file)
    file.discard()


def test_asynchronous_files(site: Door, folder: str) -> None:
    data = random.Random(1).randbytes(1_000_001)

    async def fail(fs: DCacheFileSystem) -> None:
        async with await fs.open_async(f"{folder}/g", "xb", block_size=BLOCK) as file:
            await file.write(data)
            raise RuntimeError("no")

    async def work() -> None:
        fs = DCacheFileSystem(
            api_url=site.api_url,
            webdav_url=site.webdav_url,
            token=site.token,
            asynchronous=True,
            skip_instance_cache=True,
        )
        async with await fs.open_async(f"{folder}/f", "wb", block_size=BLOCK) as file:
            for start in range(0, len(data), 300_000):
                await file.write(data[start : start + 300_000])
        async with await fs.open_async(f"{folder}/f") as file:
            assert await file.read(10) == data[:10]
            file.seek(-5, 2)
            assert await file.read() == data[-5:]
            file.seek(0)
            assert await file.read() == data
        with pytest.raises(RuntimeError):
            await fail(fs)
        forgotten = await fs.open_async(f"{folder}/h", "wb", block_size=BLOCK)
        await forgotten.write(data)
        with pytest.warns(UserWarning, match="never closed"):
            del forgotten
        await until(lambda: names(site, folder) == ["f"])
        with pytest.raises(FileExistsError):
            await fs.open_async(f"{folder}/f", "xb")
        with pytest.raises(NotImplementedError):
            await fs.open_async(f"{folder}/f", "ab")
        await fs.aclose()

    asyncio.run(asyncio.wait_for(work(), 60))
    assert names(site, folder) == ["f"]
