"""What cut-off uploads left behind goes; nothing else does, and no upload that runs."""

from __future__ import annotations

import os
import subprocess
import sys
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
from rsdat.dcache.sweep import (
    ASIDE_PAUSE_S,
    LEFT_AFTER,
    MAX_AT_ONCE,
    PAUSE_S,
    asides,
    leftovers,
    restore,
    sweep,
)
from tests.support.dcache import names, run
from tests.support.door import Door

ROOT = Path(__file__).resolve().parents[2]
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


def asides_in(folder: Path) -> list[Path]:
    return list(folder.glob(".rsdat-*.old"))


def kill_a_writer(site: Door, path: str, method: str) -> None:
    """Let one replace a file, and kill it (SIGKILL) when the old file is moved aside.

    Args:
        site: The stand-in.
        path: The file.
        method: Of the request that it hangs in then: MOVE (of the new file) or DELETE (of the old).
    """
    place = site.root / path[1:]
    argv = [sys.executable, "-m", "tests.support.writing", site.api_url, site.webdav_url, path]
    env = {**os.environ, "BEARER_TOKEN": site.token}
    writer = subprocess.Popen(argv, env=env, stdin=subprocess.PIPE, cwd=ROOT)
    assert writer.stdin is not None
    try:
        if method == "DELETE":
            site.fault("hang", server="frontend", method="DELETE")
        else:
            site.fault("delay", server="redirect", method="MOVE", seconds=0)  # the old one's
            site.fault("hang", server="redirect", method="MOVE")
        writer.stdin.write(b"new")
        writer.stdin.close()
        end = time.monotonic() + 30
        while not asides_in(place.parent) or place.exists() != (method == "DELETE"):
            assert time.monotonic() < end
            assert writer.poll() is None
            time.sleep(0.01)
    finally:
        writer.kill()
        writer.wait(10)
    site.forget()


def restored(site: Door, folder: str, meanwhile: Callable[[], None] = lambda: None) -> list[str]:
    """What the next look at the folder gives a name."""

    async def pause(seconds: float) -> None:
        assert seconds == ASIDE_PAUSE_S >= 60
        meanwhile()

    async def work(client: DCacheClient) -> list[str]:
        rows = await client.rows(folder)
        assert leftovers(rows.uploads(), datetime.now(timezone.utc)) == []
        return await restore(client, asides(rows.uploads()), pause=pause)

    return run(site, work)


def test_killed_between_old_and_new(site: Door, folder: str) -> None:
    """The old file has its name again, and is whole."""
    place = site.root / folder[1:]
    (place / "scene ü.tif").write_bytes(b"old")
    kill_a_writer(site, f"{folder}/scene ü.tif", "MOVE")
    assert not (place / "scene ü.tif").exists()
    assert restored(site, folder) == [f"{folder}/scene ü.tif"]
    assert (place / "scene ü.tif").read_bytes() == b"old"
    assert asides_in(place) == []


def test_killed_before_the_old_one_is_deleted(site: Door, folder: str) -> None:
    """Both can be seen."""
    place = site.root / folder[1:]
    (place / "scene.tif").write_bytes(b"old")
    kill_a_writer(site, f"{folder}/scene.tif", "DELETE")
    assert (place / "scene.tif").read_bytes() == b"new"
    assert restored(site, folder) == [f"{folder}/scene (old).tif"]
    assert (place / "scene (old).tif").read_bytes() == b"old"
    assert (place / "scene.tif").read_bytes() == b"new"


def test_asides_of_writes_that_go_on_are_left_alone(site: Door, folder: str) -> None:
    """What is gone after the pause was a write's; another of the same name is not touched."""
    place = site.root / folder[1:]
    name = ".rsdat-0123456789abcdef.a.old"
    (place / name).write_bytes(b"old")
    assert restored(site, folder, (place / name).unlink) == []
    (place / name).write_bytes(b"old")

    def another() -> None:
        (place / name).write_bytes(b"other")

    assert restored(site, folder, another) == []
    assert names(site, folder) == [name]


def test_names_that_were_cut_are_not_given_back(site: Door, folder: str) -> None:
    """Nobody knows how they ended."""
    place = site.root / folder[1:]
    long = "x" * 255
    name = write._aside(replace(LEFT, name=long, path=f"/{long}")).rpartition("/")[2]
    (place / name).write_bytes(b"old")
    (path,) = restored(site, folder)
    assert path.endswith("x (old)")
    assert (site.root / path[1:]).read_bytes() == b"old"


def test_several_old_ones(site: Door, folder: str) -> None:
    """Each gets a name of its own."""
    place = site.root / folder[1:]
    for number in range(3):
        (place / f".rsdat-{number:016x}.a.txt.old").write_bytes(bytes([number]))
    assert sorted(restored(site, folder)) == [
        f"{folder}/{name}" for name in ("a (old 1).txt", "a (old).txt", "a.txt")
    ]
