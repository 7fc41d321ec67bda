"""Many parts of one file: shared requests, kept readers, few movers, reading ahead."""

from __future__ import annotations

import asyncio
import random
import time

import pytest

from rsdat.base.errors import Conflict
from rsdat.dcache import DCacheFileSystem, readers, spans
from rsdat.dcache.cache import AdaptiveCache
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.ranges import MAX_HELD
from rsdat.dcache.spans import grouped
from tests.support.dcache import endpoint_of, run, stream, until
from tests.support.door import Door

KIB = 1024


def groups(wanted: list[tuple[int, int]], gap: int, most: int = 10**9) -> list[tuple[int, int]]:
    return [(group.start, group.end) for group in grouped(wanted, gap, most)]


def test_close_spans_are_one_request() -> None:
    assert groups([(50, 60), (0, 10), (12, 20)], 5) == [(0, 20), (50, 60)]
    assert groups([(0, 10), (10, 20)], 0) == [(0, 20)]
    assert groups([(0, 100), (10, 20), (90, 120)], 0) == [(0, 120)]
    assert groups([(5, 5), (7, 3)], 10) == []
    assert groups([(0, 60), (60, 120)], 10, most=100) == [(0, 60), (60, 120)]
    assert groups([(0, 500), (20, 30)], 0, most=100) == [(0, 500)]
    members = grouped([(50, 60), (0, 10), (12, 20)], 5)
    assert [group.members for group in members] == [[1, 2], [0]]


@pytest.mark.parametrize("proxy", [False, True])
def test_spans_of_all_kinds(site: Door, folder: str, proxy: bool) -> None:
    data = random.Random(1).randbytes(9_000_000)
    (site.root / folder[1:] / "f").write_bytes(data)
    chosen = random.Random(2)
    wanted = []
    for _ in range(300):
        start = chosen.randrange(len(data))
        wanted.append((start, start + chosen.randrange(30_000)))
    wanted += [(-10, None), (None, 5), (0, 0), (len(data), None), (5, 2), (-50, -40)]

    async def work(client: DCacheClient) -> None:
        found = await client.read_spans(f"{folder}/f", wanted)
        for (start, end), part in zip(wanted, found, strict=True):
            assert part == data[start:end]
        assert len(site.requests("proxy" if proxy else "pool", "GET")) < 200
        if not proxy:
            assert len(site.requests("redirect", "GET")) <= 3

    run(site, work, proxy=proxy)
    assert site.movers() == 0
    for request in site.requests(method="GET"):
        assert not request["range"].startswith("bytes=-"), "a suffix range"


def test_max_gap_is_kept(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    fs.pipe(f"{folder}/f", bytes(100_000))
    for gap, requests in ((0, 3), (10_000, 1)):
        site.forget()
        starts = [0, 10_000, 20_000]
        fs.cat_ranges([f"{folder}/f"] * 3, starts, [s + 1000 for s in starts], max_gap=gap)
        # One more, a byte long, tells how the door does it.
        assert len(site.requests("pool", "GET")) <= requests + 1


def test_a_slow_way_gets_more_connections_but_few(
    site: Door, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spans, "_SLOW_S", 0.0)
    data = random.Random(1).randbytes(20_000_000)
    (site.root / folder[1:] / "f").write_bytes(data)
    wanted = [(start, start + 10) for start in range(0, len(data), 200_000)]

    async def work(client: DCacheClient) -> None:
        found = await client.read_spans(f"{folder}/f", wanted)
        assert [data[start:end] for start, end in wanted] == list(found)

    run(site, work)
    assert 2 <= len({r["connection"] for r in site.requests("pool", "GET")}) <= 3
    assert site.movers() == 0


def test_a_failure_ends_all(site: Door, folder: str) -> None:
    (site.root / folder[1:] / "f").write_bytes(bytes(5_000_000))
    wanted = [(start, start + 10) for start in range(0, 5_000_000, 200_000)]

    async def work(client: DCacheClient) -> None:
        site.fault("status", server="pool", status=500, times=1000)
        with pytest.raises(Exception, match=r"redirect|refused"):
            await client.read_spans(f"{folder}/f", wanted)

    run(site, work)


def test_parts_by_name_share_a_connection_for_a_moment(
    site: Door, folder: str, fs: DCacheFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "IDLE_S", 1.0)
    fs.pipe(f"{folder}/f", bytes(range(256)) * 1000)
    site.forget()
    for start in range(0, 200, 10):
        assert fs.cat_file(f"{folder}/f", start, start + 5) == bytes(range(start, start + 5))
    assert len(site.requests("redirect", "GET")) <= 2
    assert len({r["connection"] for r in site.requests("pool", "GET")}) <= 2
    # Given back when nobody reads on.
    deadline = time.monotonic() + 10
    while site.movers():
        assert time.monotonic() < deadline, "the mover is kept"
        time.sleep(0.02)


def test_a_kept_reader_never_gives_old_bytes_of_ones_own(
    site: Door, folder: str, fs: DCacheFileSystem
) -> None:
    path = f"{folder}/f"
    for number in range(5):
        fs.pipe(path, bytes([number]) * 1000)
        assert fs.cat_file(path, 10, 20) == bytes([number]) * 10
    with fs.open(path, "wb") as file:
        file.write(b"written")
    assert fs.cat_file(path, 0, 3) == b"wri"
    fs.mv(path, f"{folder}/g")
    with pytest.raises(FileNotFoundError):
        fs.cat_file(path, 0, 3)
    assert fs.cat_file(f"{folder}/g", 0, 3) == b"wri"
    fs.rm(f"{folder}/g")
    with pytest.raises(FileNotFoundError):
        fs.cat_file(f"{folder}/g", 0, 3)


def test_what_somebody_else_replaced_is_noticed(
    site: Door, folder: str, fs: DCacheFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "_FRESH_S", 0.0)
    other = DCacheFileSystem(api_url=site.api_url, webdav_url=site.proxy_url, token=site.token)
    for number in range(5):
        other.pipe(f"{folder}/f", bytes([number]) * 1000)
        assert fs.cat_file(f"{folder}/f", 10, 20) == bytes([number]) * 10


def test_many_open_files_hold_few_movers(site: Door, folder: str) -> None:
    for number in range(30):
        (site.root / folder[1:] / f"{number}").write_bytes(bytes([number]) * 1000)

    async def work(client: DCacheClient) -> None:
        opened = [await client.open_ranges(f"{folder}/{number}") for number in range(30)]
        for _ in range(2):
            for number, reader in enumerate(opened):
                assert await reader.read(5, 9) == bytes([number]) * 4
            await until(lambda: site.movers() <= MAX_HELD)
        # At once, too: who finds no free place waits for one.
        parts = await asyncio.gather(*(reader.read(0, 2) for reader in opened))
        assert list(parts) == [bytes([number]) * 2 for number in range(30)]
        await until(lambda: site.movers() <= MAX_HELD)
        for reader in opened:
            await reader.close()
        await until(lambda: site.movers() == 0)

    run(site, work)


def test_reads_of_a_door_that_moves_bytes_go_side_by_side(site: Door, folder: str) -> None:
    (site.root / folder[1:] / "f").write_bytes(bytes(1_000_000))

    async def work(client: DCacheClient) -> None:
        reader = await client.open_ranges(f"{folder}/f")
        await reader.read(0, 1)
        await asyncio.gather(*(reader.read(start, start + 10) for start in range(0, 1000, 10)))
        assert len({r["connection"] for r in site.requests("proxy", "GET")}) > 1
        await client.write(f"{folder}/f", stream(b"new" * 400_000), 1_200_000, replace=True)
        with pytest.raises(Conflict):
            await reader.read(0, 10)
        await reader.close()

    run(endpoint_of(site, proxy=True), work)


# ---------------------------------------------------------------- reading ahead


def cached(size: int, block: int) -> tuple[AdaptiveCache, bytes, list[tuple[int, int]]]:
    data = random.Random(size).randbytes(size)
    asked: list[tuple[int, int]] = []

    def fetch(start: int, end: int) -> bytes:
        asked.append((start, end))
        return data[start:end]

    return AdaptiveCache(block, fetch, size), data, asked


def test_reading_on_asks_for_more_and_more() -> None:
    cache, data, asked = cached(8_000_000, 1024 * KIB)
    for start in range(0, len(data), 1000):
        assert cache._fetch(start, start + 1000) == data[start : start + 1000]
    sizes = [end - start for start, end in asked]
    assert sizes[0] == 32 * KIB
    assert max(sizes) <= 1025 * KIB
    assert len(asked) < 16
    assert sum(sizes) == len(data)


def test_jumping_asks_for_what_is_wanted() -> None:
    cache, data, asked = cached(8_000_000, 1024 * KIB)
    chosen = random.Random(1)
    for _ in range(200):
        start = chosen.randrange(len(data))
        assert cache._fetch(start, start + 64 * KIB) == data[start : start + 64 * KIB]
    assert sum(end - start for start, end in asked) <= 200 * 64 * KIB * 1.05
    assert cache._fetch(None, None) == data
    assert cache._fetch(len(data), len(data) + 5) == b""


def test_a_small_block_is_kept_small() -> None:
    cache, data, asked = cached(100_000, 100)
    for start in range(0, 1000, 10):
        assert cache._fetch(start, start + 10) == data[start : start + 10]
    assert max(end - start for start, end in asked) <= 110
