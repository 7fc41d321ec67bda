"""Several writers of one file: who wins, and what a late one is told."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone

import pytest

from rsdat.base.clock import from_iso
from rsdat.base.errors import (
    Conflict,
)
from rsdat.dcache.client import DCacheClient
from tests.dcache.test_write import MIB, put
from tests.support.dcache import names, read, run
from tests.support.door import Door


def test_two_writers_replace(site: Door, folder: str) -> None:
    """The last one wins, whole; nothing is left over."""
    (site.root / folder[1:] / "f").write_text("old")
    versions = [bytes([65 + number]) * MIB for number in range(4)]

    async def work(client: DCacheClient) -> None:
        results = await asyncio.gather(
            *(put(client, f"{folder}/f", version) for version in versions), return_exceptions=True
        )
        assert all(isinstance(result, tuple) for result in results), results
        assert await read(client, f"{folder}/f") in versions

    run(site, work)
    assert names(site, folder) == ["f"]


def test_two_writers_create(site: Door, folder: str) -> None:
    """Exactly one of them gets the name."""
    versions = [bytes([65 + number]) * 1000 for number in range(5)]

    async def work(client: DCacheClient) -> None:
        results = await asyncio.gather(
            *(put(client, f"{folder}/f", each, replace=False) for each in versions),
            return_exceptions=True,
        )
        winners = [
            each
            for each, result in zip(versions, results, strict=True)
            if isinstance(result, tuple)
        ]
        assert len(winners) == 1
        assert await read(client, f"{folder}/f") == winners[0]
        for result in results:
            assert isinstance(result, tuple) or result.code == "exists"  # type: ignore[union-attr]

    run(site, work)
    assert names(site, folder) == ["f"]


def test_unchanged_since(site: Door, folder: str) -> None:
    file = site.root / folder[1:] / "f"
    file.write_text("old")
    path = f"{folder}/f"

    async def work(client: DCacheClient) -> None:
        first = await client.info(path)
        assert first.modified is not None
        entry, _ = await put(client, path, b"1", unchanged_since=first.modified)
        # As it comes back from REST, to the millisecond.
        seen = from_iso(entry.as_dict()["modified"])
        await put(client, path, b"2", unchanged_since=seen)
        for since in (first.modified - timedelta(days=1), datetime.now(timezone.utc)):
            with pytest.raises(Conflict, match="changed by somebody") as caught:
                await put(client, path, b"3", unchanged_since=since)
            assert caught.value.code == "changed_since"
        await client.delete(path)
        with pytest.raises(Conflict, match="deleted by somebody") as caught:
            await put(client, path, b"3", unchanged_since=seen)
        assert caught.value.code == "changed_since"

    run(site, work)
    assert names(site, folder) == []


def test_changed_since_within_one_second(site: Door, folder: str) -> None:
    """Two writers in one second are told apart, also if the first one's time is a whole second."""
    path = f"{folder}/f"

    async def work(client: DCacheClient) -> None:
        await put(client, path, b"mine")
        os.utime(site.root / path[1:], (1_700_000_000, 1_700_000_000))
        seen = from_iso((await client.info(path)).as_dict()["modified"])
        os.utime(site.root / path[1:], (1_700_000_000.7, 1_700_000_000.7))
        with pytest.raises(Conflict, match="changed by somebody") as caught:
            await put(client, path, b"late", unchanged_since=seen)
        assert caught.value.code == "changed_since"
        assert await read(client, path) == b"mine"

    run(site, work)


def test_changed_while_uploading(site: Door, folder: str) -> None:
    """Somebody else saves during our upload: theirs stands."""
    path = f"{folder}/f"

    async def work(client: DCacheClient) -> None:
        first, _ = await put(client, path, b"old")
        os.utime(site.root / path[1:], (1_700_000_000, 1_700_000_000))
        first = await client.info(path)

        async def source() -> AsyncIterator[bytes]:
            yield b"mi"
            await put(client, path, b"theirs")
            yield b"ne"

        with pytest.raises(Conflict) as caught:
            await client.write(path, source(), 4, replace=True, unchanged_since=first.modified)
        assert caught.value.code == "changed_since"
        assert await read(client, path) == b"theirs"

    run(site, work)
    assert names(site, folder) == ["f"]
