"""What cut-off uploads left behind goes; nothing else does, and no upload that runs."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from rsdat.dcache import write
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.entry import Entry
from rsdat.dcache.sweep import LEFT_AFTER, MAX_AT_ONCE, PAUSE_S, leftovers, sweep
from tests.support.dcache import names, run
from tests.support.door import Door

NOW = datetime(2026, 5, 4, tzinfo=timezone.utc)
OLD = NOW - LEFT_AFTER - timedelta(seconds=1)
NAME = ".rsdat-0123456789abcdef.part"
LEFT = Entry(NAME, f"/d/{NAME}", "file", 5, OLD, OLD, "ONLINE", None, "0000AB")
DAYS_S = LEFT_AFTER.total_seconds() + 86400


@pytest.mark.parametrize(
    "change",
    [
        {"size": None},  # it is being uploaded, however long that takes
        # Whole files of a transaction that is days old: its token may still rename them.
        {"modified": NOW - timedelta(days=7)},
        {"created": NOW - timedelta(days=7)},
        {"modified": NOW + timedelta(days=1)},
        {"modified": None},
        {"created": None},
        {"pnfs_id": None},
        {"type": "directory", "size": 0},
        {"type": "link"},
        {"name": ".rsdat-0123456789abcdef.old"},  # may be somebody's only copy
        {"name": ".rsdat-0123456789ABCDEF.part"},
        {"name": ".rsdat-0123456789abcde.part"},
        {"name": ".rsdat-0123456789abcdef.part~"},
        {"name": ".rsdat-results.part"},
        {"name": "x.rsdat-0123456789abcdef.part"},
    ],
    ids=lambda change: " ".join(f"{key}={value}" for key, value in change.items()),
)
def test_is_left_alone(change: dict[str, Any]) -> None:
    assert leftovers([LEFT, replace(LEFT, **change)], NOW) == [LEFT]


def test_names_are_those_of_uploads() -> None:
    """What `write` makes is found: the two can't drift apart."""
    part, old = (write._temporary("/d", ending).rpartition("/")[2] for ending in ("part", "old"))
    assert write.is_upload_name(part)
    assert not write.is_upload_name(old)


def test_bounded() -> None:
    assert len(leftovers([LEFT] * (MAX_AT_ONCE + 9), NOW)) == MAX_AT_ONCE


def left(folder: Path, number: int) -> str:
    name = f".rsdat-{number:016x}.part"
    (folder / name).write_bytes(b"half")
    long_ago = time.time() - DAYS_S
    os.utime(folder / name, (long_ago, long_ago))
    return name


def test_sweep(site: Door, folder: str) -> None:
    """Of those found, only what is still the same after the pause goes."""
    place = site.root / folder[1:]
    gone, resumed, taken, refused, running = (left(place, number) for number in range(5))
    (place / "data.txt").write_text("kept")
    site.set_file(f"{folder}/{running}", state="uploading")
    site.set_file(f"{folder}/{refused}", forbidden=["write"])

    async def meanwhile(pause_s: float) -> None:
        assert pause_s == PAUSE_S >= 600
        (place / resumed).write_bytes(b"half and more")
        (place / taken).rename(place / "result.nc")

    async def work(client: DCacheClient) -> None:
        found = leftovers(await client.list(folder), datetime.now(timezone.utc))
        assert {entry.name for entry in found} == {gone, resumed, taken, refused}
        assert await sweep(client, found, pause=meanwhile) == [f"{folder}/{gone}"]

    run(site, work)
    assert names(site, folder) == sorted([resumed, refused, running, "data.txt", "result.nc"])


def test_no_more_after_a_refused_credential(site: Door, folder: str) -> None:
    place = site.root / folder[1:]
    for number in range(4):
        left(place, number)

    def refusing(on: bool) -> Callable[[float], Awaitable[None]]:
        async def pause(_: float) -> None:
            site.configure(refuse_token="expired" if on else "")

        return pause

    async def work(client: DCacheClient) -> None:
        found = leftovers(await client.list(folder), datetime.now(timezone.utc))
        site.forget()
        assert await sweep(client, found, pause=refusing(True)) == []
        await refusing(False)(0)
        assert len([each for each in site.requests("frontend") if each["status"] == 401]) == 1

    run(site, work)
    assert len(names(site, folder)) == 4
