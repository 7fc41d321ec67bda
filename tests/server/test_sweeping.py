"""Listing a folder has it swept, and a server that stops gives up on that."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from tests.support.door import Door
from tests.support.server import Lab


def left(folder: Path) -> Path:
    part = folder / ".rsdat-0123456789abcdef.part"
    part.write_bytes(b"half")
    os.utime(part, (0, 0))
    return part


async def test_listing_sweeps(
    lab: Lab, dcache: Door, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left goes, the page is told, and its next listing shows it."""
    monkeypatch.setattr("rsdat.dcache.sweep.PAUSE_S", 0.0)
    part = left(dcache.root / folder[1:])
    (part.parent / "kept").write_text("")
    before = (await lab.call("GET", "/api/changes", 200))["number"]
    query = {"path": folder}
    page = await lab.call(
        "GET", "/api/dcache/{endpoint}/list", 200, query=query, endpoint="default"
    )
    assert page["total"] == 2
    end = time.monotonic() + 20
    while (await lab.call("GET", "/api/changes", 200))["number"] == before:
        assert time.monotonic() < end, "nobody was told"
        await asyncio.sleep(0.02)
    assert not part.exists()
    page = await lab.call(
        "GET", "/api/dcache/{endpoint}/list", 200, query=query, endpoint="default"
    )
    assert [entry["name"] for entry in page["entries"]] == ["kept"]


async def test_stops_with_the_server(lab: Lab, dcache: Door, folder: str) -> None:
    """A sweep that waits does not hold up the end, and has deleted nothing."""
    part = left(dcache.root / folder[1:])
    answer = await lab.ask("GET", "/api/dcache/default/list", query={"path": folder})
    assert answer.code == 200
    companion = lab.app.web_app.settings["rsdat_companion"]
    assert companion.sweeping._running
    await asyncio.wait_for(companion.sweeping.close(), 10)
    await asyncio.sleep(0)
    assert not companion.sweeping._running
    assert part.exists()


async def test_listing_gives_back_names(
    lab: Lab, dcache: Door, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of files that a write moved aside, which was killed then; the page is told."""
    monkeypatch.setattr("rsdat.dcache.sweep.ASIDE_PAUSE_S", 0.0)
    place = dcache.root / folder[1:]
    (place / ".rsdat-0123456789abcdef.data.csv.old").write_bytes(b"old")
    before = (await lab.call("GET", "/api/changes", 200))["number"]
    query = {"path": folder}
    await lab.call("GET", "/api/dcache/{endpoint}/list", 200, query=query, endpoint="default")
    end = time.monotonic() + 20
    while (await lab.call("GET", "/api/changes", 200))["number"] == before:
        assert time.monotonic() < end, "nobody was told"
        await asyncio.sleep(0.02)
    page = await lab.call(
        "GET", "/api/dcache/{endpoint}/list", 200, query=query, endpoint="default"
    )
    assert [entry["name"] for entry in page["entries"]] == ["data.csv"]


async def test_listing_takes_locks_away(
    lab: Lab, dcache: Door, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a writer of a catalog that was killed; the page is told."""
    monkeypatch.setattr("rsdat.dcache.unlock.PAUSE_S", 0.0)
    lock = dcache.root / folder[1:] / ".rsdat-lock-catalog.json"
    (lock / "0123456789abcdef").mkdir(parents=True)
    os.utime(lock, (0, 0))
    before = (await lab.call("GET", "/api/changes", 200))["number"]
    query = {"path": folder}
    await lab.call("GET", "/api/dcache/{endpoint}/list", 200, query=query, endpoint="default")
    end = time.monotonic() + 20
    while (await lab.call("GET", "/api/changes", 200))["number"] == before:
        assert time.monotonic() < end, "nobody was told"
        await asyncio.sleep(0.02)
    assert not lock.exists()
