"""The lock of a writer that was killed goes; no other folder does, and no lock that is in use."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from rsdat.dcache import swap
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.entry import Entry
from rsdat.dcache.unlock import LEFT_AFTER, PAUSE_S, locks, unlock
from tests.support.dcache import names, run
from tests.support.door import Door

NOW = datetime(2026, 5, 4, tzinfo=timezone.utc)
OLD = NOW - LEFT_AFTER - timedelta(seconds=1)
NAME = ".rsdat-lock-catalog.json"
LOCK = Entry(NAME, f"/d/{NAME}", "directory", 0, OLD, OLD, None, None, "0000AB")
LONG_AGO_S = LEFT_AFTER.total_seconds() + 86400


@pytest.mark.parametrize(
    "change",
    [
        {"type": "file", "size": 5},
        {"type": "link"},
        {"modified": NOW - timedelta(hours=23)},
        {"created": NOW - timedelta(hours=23)},
        {"modified": None},
        {"pnfs_id": None},
        {"name": ".rsdat-lock-"},
        {"name": ".rsdat-0123456789abcdef.lock~"},
        {"name": ".rsdat-0123456789ABCDEF.lock"},
        {"name": "rsdat-lock-catalog.json"},
    ],
    ids=lambda change: " ".join(f"{key}={value}" for key, value in change.items()),
)
def test_is_left_alone(change: dict[str, object]) -> None:
    waiting = replace(LOCK, name=".rsdat-0123456789abcdef.lock")
    assert locks([LOCK, waiting, replace(LOCK, **change)], NOW) == [LOCK, waiting]


def age(*folders: Path) -> None:
    long_ago = time.time() - LONG_AGO_S
    for folder in folders:
        os.utime(folder, (long_ago, long_ago))


async def killed(client: DCacheClient, path: str, place: Path) -> Path:
    """A writer that died with the lock, its new file in it."""
    paths = await swap._Paths.of(client, path)
    token = "0123456789abcdef"
    await swap._take(client, paths, token, 20.0, time.monotonic() + 60)
    lock = place / paths.lock.rpartition("/")[2]
    (lock / token / "catalog.json").write_text("new")
    age(lock)
    return lock


async def found(client: DCacheClient, folder: str) -> list[Entry]:
    rows = await client.rows(folder)
    return locks(rows.uploads(), datetime.now(timezone.utc))


def test_of_a_killed_writer(site: Door, folder: str) -> None:
    place = site.root / folder[1:]
    (place / "catalog.json").write_text("old")

    async def pause(pause_s: float) -> None:
        assert pause_s == PAUSE_S >= 600

    async def work(client: DCacheClient) -> None:
        lock = await killed(client, f"{folder}/catalog.json", place)
        prepared = place / ".rsdat-00000000000000aa.lock"
        (prepared / "00000000000000aa").mkdir(parents=True)
        age(prepared)
        left = await found(client, folder)
        assert {entry.name for entry in left} == {lock.name, prepared.name}
        gone = await unlock(client, left, pause=pause)
        assert sorted(gone) == sorted(f"{folder}/{each.name}" for each in (lock, prepared))

    run(site, work)
    assert names(site, folder) == ["catalog.json"]
    assert (place / "catalog.json").read_text() == "old"


@pytest.mark.parametrize(
    "fill",
    [
        lambda lock: (lock / "mine").mkdir(),
        lambda lock: (lock / "mine.txt").write_text("mine"),
        lambda lock: (lock / "0123456789abcdef" / "more").mkdir(),
        lambda lock: (lock / "0123456789abcdef" / "more.txt").write_text("mine"),
    ],
    ids=["folder", "file", "folder inside", "second file inside"],
)
def test_with_something_else_in_it(site: Door, folder: str, fill: Callable[[Path], object]) -> None:
    place = site.root / folder[1:]

    async def pause(_: float) -> None:
        """At once."""

    async def work(client: DCacheClient) -> Path:
        lock = await killed(client, f"{folder}/catalog.json", place)
        fill(lock)
        age(lock)
        assert await unlock(client, await found(client, folder), pause=pause) == []
        return lock

    assert run(site, work).exists()


def test_one_that_was_taken_meanwhile(site: Door, folder: str) -> None:
    place = site.root / folder[1:]

    async def work(client: DCacheClient) -> None:
        lock = await killed(client, f"{folder}/catalog.json", place)

        async def pause(_: float) -> None:
            # The next writer takes the old one away, and is at work.
            lock.rename(place / "away")
            (lock / "00000000000000bb").mkdir(parents=True)

        assert await unlock(client, await found(client, folder), pause=pause) == []
        assert (lock / "00000000000000bb").is_dir()

    run(site, work)
