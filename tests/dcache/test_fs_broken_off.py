"""A write that is cancelled or interrupted in the middle: never a file that lacks a part."""

from __future__ import annotations

import asyncio
import gzip
import signal
import threading
import time
from typing import Any

import pytest

from rsdat.dcache import DCacheFileSystem, files
from tests.support.dcache import names
from tests.support.door import Door

BLOCK = 64 * 1024


def open_fs(site: Door) -> DCacheFileSystem:
    return DCacheFileSystem(
        api_url=site.api_url,
        webdav_url=site.webdav_url,
        token=site.token,
        asynchronous=True,
        skip_instance_cache=True,
    )


def test_a_write_that_was_cancelled_ends_the_file(site: Door, folder: str) -> None:
    """Tried again after a time limit it would go twice, and another part not at all."""

    async def work() -> None:
        before, fs = len(asyncio.all_tasks()), open_fs(site)
        file = await fs.open_async(f"{folder}/f", "wb", block_size=BLOCK)
        site.fault("hang", server="redirect", method="PUT")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(file.write(bytes(20 * BLOCK)), 0.2)
        with pytest.raises(OSError, match="broken off"):
            await file.write(bytes(BLOCK))
        for _ in range(2):
            with pytest.raises(OSError, match="write the file anew"):
                await file.close()
        assert len(asyncio.all_tasks()) == before
        await fs.aclose()

    asyncio.run(asyncio.wait_for(work(), 30))
    assert names(site, folder) == []


@pytest.mark.parametrize("blocks", [1, 5])
def test_a_close_that_was_cancelled_is_told_again(site: Door, folder: str, blocks: int) -> None:
    async def work() -> None:
        before, fs = len(asyncio.all_tasks()), open_fs(site)
        file = await fs.open_async(f"{folder}/f", "wb", block_size=BLOCK)
        await file.write(bytes(blocks * BLOCK))
        site.fault("hang", server="frontend", method="GET")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(file.close(), 0.2)
        # What was closed without a word would be taken for written.
        with pytest.raises(OSError, match="broken off"):
            await file.close()
        assert len(asyncio.all_tasks()) == before
        await fs.aclose()

    asyncio.run(asyncio.wait_for(work(), 30))
    assert names(site, folder) == []


def test_a_write_that_was_interrupted_ends_the_file(
    site: Door, folder: str, fs: DCacheFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the notebook's stop button; the cell that closes it comes later."""
    file = fs.open(f"{folder}/f", "wb", block_size=BLOCK)
    real = files.sync

    def interrupted(loop: Any, func: Any, *args: Any, **options: Any) -> Any:
        if getattr(func, "__name__", "") == "put":
            raise KeyboardInterrupt
        return real(loop, func, *args, **options)

    monkeypatch.setattr(files, "sync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        file.write(bytes(9 * BLOCK))
    monkeypatch.undo()
    with pytest.raises(OSError, match="broken off"):
        file.write(b"x")
    with pytest.raises(OSError, match="write the file anew"):
        file.close()
    assert names(site, folder) == []


@pytest.mark.parametrize("seekable", [False, True])
def test_a_compressed_write_that_was_interrupted_ends_the_file(
    site: Door,
    folder: str,
    fs: DCacheFileSystem,
    seekable: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A compressor that is stopped in the middle would end its file as if it were whole."""
    fs.pipe(f"{folder}/f.gz", b"old")
    file = fs.open(f"{folder}/f.gz", "wb", compression="gzip", seekable=seekable)
    file.write(b"some")

    def interrupted(*_: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(gzip.GzipFile, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        file.write(b"more")
    monkeypatch.undo()
    with pytest.raises(OSError, match="broken off"):
        file.close()
    assert names(site, folder) == ["f.gz"]
    assert fs.cat(f"{folder}/f.gz") == b"old"


def test_who_closes_it_where_an_error_is_dealt_with_is_told(
    site: Door, folder: str, fs: DCacheFileSystem
) -> None:
    file = fs.open(f"{folder}/f", "wb")
    file.write(b"some")
    try:
        raise ValueError("the computation failed")
    except ValueError:
        with pytest.warns(UserWarning, match="not written: .* ValueError"):
            file.close()
    assert names(site, folder) == []


@pytest.mark.parametrize(
    ("kind", "late"),
    [("small", False), ("small", True), ("seekable", False), ("seekable", True), ("large", True)],
)
def test_a_close_that_was_interrupted_leaves_nothing(
    site: Door, folder: str, fs: DCacheFileSystem, kind: str, late: bool
) -> None:
    """By Ctrl-C, while the bytes go up, or while dCache is asked what it has stored."""
    file = fs.open(f"{folder}/f", "wb", block_size=BLOCK, seekable=kind == "seekable")
    file.write(bytes(BLOCK if kind == "small" else 9 * BLOCK))
    site.forget()
    if late:
        site.fault(
            "delay",
            seconds=3,
            server="frontend",
            method="GET",
            prefix=f"/api/v1/namespace{folder}/.rsdat",
        )
    else:
        site.fault("delay", seconds=3, server="redirect", method="PUT")
    over = threading.Event()

    def interrupt() -> None:
        end = time.monotonic() + 20
        place = site.root / folder[1:]
        while not over.wait(0.02) and time.monotonic() < end:
            if late == bool(list(place.iterdir())):
                if not over.wait(0.5):  # else nobody is left to expect it
                    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
                return

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            file.close()
    finally:
        over.set()
        interrupting.join()
    end = time.monotonic() + 20
    while names(site, folder):
        assert time.monotonic() < end, names(site, folder)
        time.sleep(0.05)
    with fs.open(f"{folder}/f", "wb") as again:
        again.write(b"new")
    assert names(site, folder) == ["f"]
