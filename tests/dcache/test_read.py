"""Reading: ranges, ends, tape, files that change, and movers given back."""

from __future__ import annotations

import asyncio
import os
import random

import pytest

from rsdat.base.errors import Conflict, DoorBroken, InvalidInput, NotFound, OnTape
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.read import window
from tests.support.dcache import read, run, stream, until
from tests.support.door import Door


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, None, (0, 10)),
        (3, None, (3, 10)),
        (0, 4, (0, 4)),
        (3, 99, (3, 10)),
        (-4, None, (6, 10)),
        (-99, None, (0, 10)),
        (2, -3, (2, 7)),
        (-4, -2, (6, 8)),
        (10, None, (10, 10)),
        (5, 3, (5, 5)),
    ],
)
def test_window(start: int, end: int | None, expected: tuple[int, int]) -> None:
    assert window(10, start, end) == expected


def test_window_behind_the_end() -> None:
    with pytest.raises(InvalidInput) as caught:
        window(10, 11, None)
    assert (caught.value.code, caught.value.details) == ("out_of_range", {"size": 10})


@pytest.mark.parametrize("proxy", [False, True])
def test_ranges_and_whole(site: Door, folder: str, proxy: bool) -> None:
    data = os.urandom(3_000_000)
    (site.root / folder[1:] / "f").write_bytes(data)
    (site.root / folder[1:] / "empty").touch()

    async def work(client: DCacheClient) -> None:
        path = f"{folder}/f"
        assert await read(client, path) == data
        assert await read(client, path, 5, 10) == data[5:10]
        assert await read(client, path, -5) == data[-5:]
        assert await read(client, path, len(data)) == b""
        assert await read(client, f"{folder}/empty") == b""
        async with client.open_read(path) as download:
            assert (download.size, download.entry.path) == (len(data), path)
            chunks = [chunk async for chunk in download]
        assert max(map(len, chunks)) <= 1024 * 1024

    run(site, work, proxy=proxy)
    # A door answers a suffix range with the first bytes, and one behind the end with none.
    asked = {seen["range"] for seen in site.requests(method="GET")}
    assert asked == {"", "bytes=5-9", f"bytes={len(data) - 5}-{len(data) - 1}"}
    assert site.movers() == 0


def test_what_can_not_be_read(site: Door, folder: str) -> None:
    for name in ("tape", "lost", "up"):
        (site.root / folder[1:] / name).write_bytes(b"x")
    site.set_file(f"{folder}/tape", locality="NEARLINE")
    site.set_file(f"{folder}/lost", locality="UNAVAILABLE")
    site.set_file(f"{folder}/up", state="uploading")

    async def work(client: DCacheClient) -> None:
        with pytest.raises(OnTape, match="is on tape") as caught:
            await read(client, f"{folder}/tape")
        assert "Stage" in (caught.value.hint or "")
        with pytest.raises(OnTape):
            await client.open_ranges(f"{folder}/tape")
        with pytest.raises(DoorBroken, match="UNAVAILABLE"):
            await read(client, f"{folder}/lost")
        with pytest.raises(Conflict, match="still being uploaded"):
            await read(client, f"{folder}/up")
        with pytest.raises(Conflict, match="is a folder"):
            await read(client, folder)
        with pytest.raises(NotFound):
            await read(client, f"{folder}/none")

    run(site, work)
    # Nothing reached a door, where it would have hung.
    assert {seen["server"] for seen in site.requests()} == {"frontend"}


@pytest.mark.parametrize("proxy", [False, True])
def test_a_download_that_is_cut_raises(site: Door, folder: str, proxy: bool) -> None:
    (site.root / folder[1:] / "f").write_bytes(os.urandom(3_000_000))
    server = "proxy" if proxy else "pool"
    site.fault("cut_download", at_bytes=1_000_000, server=server, times=2)

    async def work(client: DCacheClient) -> None:
        with pytest.raises(DoorBroken) as caught:
            await read(client, f"{folder}/f")
        assert caught.value.code == "cut"
        with pytest.raises(DoorBroken):
            await read(client, f"{folder}/f", 10, 2_000_000)
        assert len(await read(client, f"{folder}/f")) == 3_000_000

    run(site, work, proxy=proxy)


def test_broken_file_says_so(site: Door, folder: str) -> None:
    (site.root / folder[1:] / "f").write_bytes(b"half")
    site.set_file(f"{folder}/f", state="broken")

    async def work(client: DCacheClient) -> None:
        with pytest.raises(DoorBroken, match="File is broken"):
            await read(client, f"{folder}/f")

    run(site, work)


def test_many_ranges_use_one_mover_and_one_connection(site: Door, folder: str) -> None:
    data = os.urandom(500_000)
    (site.root / folder[1:] / "f").write_bytes(data)
    order = random.Random(1)
    starts = [order.randrange(len(data)) for _ in range(150)]

    async def work(client: DCacheClient) -> None:
        reader = await client.open_ranges(f"{folder}/f")
        for start in starts:
            assert await reader.read(start, start + 1000) == data[start : start + 1000]
        assert await reader.read(len(data), len(data) + 5) == b""
        both = await asyncio.gather(reader.read(0, 5), reader.read(5, 10))
        assert b"".join(both) == data[:10]
        assert site.movers() == 1
        await reader.close()
        await until(lambda: site.movers() == 0)

    run(site, work)
    assert len(site.requests("redirect", "GET")) == 1
    pool = site.requests("pool", "GET")
    assert len(pool) == 152
    assert len({seen["connection"] for seen in pool}) == 1


def test_ranges_go_on_after_the_pool_closed_the_connection(site: Door, folder: str) -> None:
    data = os.urandom(100_000)
    (site.root / folder[1:] / "f").write_bytes(data)

    async def work(client: DCacheClient) -> None:
        reader = await client.open_ranges(f"{folder}/f")
        assert await reader.read(0, 10) == data[:10]
        site.restart_pool()
        assert await reader.read(10, 20) == data[10:20]
        site.fault("drop", server="pool", times=2)
        assert await reader.read(20, 30) == data[20:30]
        await reader.close()

    run(site, work)


@pytest.mark.parametrize("proxy", [False, True])
def test_ranges_notice_another_file(site: Door, folder: str, proxy: bool) -> None:
    path = f"{folder}/f"

    async def work(client: DCacheClient) -> None:
        await client.write(path, stream(b"a" * 1000), 1000, replace=False)
        reader = await client.open_ranges(path)
        assert await reader.read(0, 2) == b"aa"
        await client.write(path, stream(b"b" * 1000), 1000, replace=True)
        site.restart_pool()
        with pytest.raises(Conflict) as caught:
            await reader.read(2, 4)
        assert caught.value.code == "changed"
        await reader.close()

    run(site, work, proxy=proxy)


def test_ranges_through_a_door_that_moves_the_bytes(site: Door, folder: str) -> None:
    (site.root / folder[1:] / "f").write_bytes(bytes(range(100)))

    async def work(client: DCacheClient) -> None:
        reader = await client.open_ranges(f"{folder}/f")
        for start in range(10):
            assert await reader.read(start, start + 2) == bytes([start, start + 1])
        await reader.close()

    run(site, work, proxy=True)
    assert len(site.requests("frontend")) == 1


def test_more_reads_than_movers(site: Door, folder: str) -> None:
    """Each read closes its pool connection: 100 movers do for any number of files."""
    (site.root / folder[1:] / "f").write_bytes(b"12345")

    async def work(client: DCacheClient) -> None:
        for _ in range(120):
            assert await read(client, f"{folder}/f", 1, 3) == b"23"

    run(site, work)
