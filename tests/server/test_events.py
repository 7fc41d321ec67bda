"""What pages are told: by a websocket of Jupyter's, coalesced, and nothing secret."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

import pytest

from rsdat.server.notifier import EVENT, Notifier
from tests.support.door import Door
from tests.support.server import Lab


async def test_folder_changes(lab: Lab, dcache: Door, folder: str, jp_ws_fetch: Any) -> None:
    """A burst of uploads into one folder is one event."""
    socket = await jp_ws_fetch("api", "events", "subscribe")
    puts = [lab.ask("PUT", f"/files/default{folder}/{n}", body=b"x") for n in range(3)]
    assert [answer.code for answer in await asyncio.gather(*puts)] == [201] * 3
    value = {"path": f"{folder}/0"}
    assert (await lab.ask("POST", "/api/dcache/default/delete", value=value)).code == 204
    events = []
    while len(events) < 1:
        event = json.loads(await asyncio.wait_for(socket.read_message(), 10))
        if event["schema_id"] == EVENT:
            events.append((event["kind"], event["id"]))
    assert events == [("dcache", f"default:{folder}")]
    socket.close()


async def test_a_page_can_tell_that_it_missed_events(
    lab: Lab, dcache: Door, folder: str, jp_ws_fetch: Any
) -> None:
    """The route's number is that of the last event, and grows while nobody listens."""
    before = (await lab.call("GET", "/api/changes", 200))["number"]
    value = {"path": f"{folder}/while away"}
    assert (await lab.ask("POST", "/api/dcache/default/mkdir", value=value)).code == 201
    end = time.monotonic() + 10
    while (missed := (await lab.call("GET", "/api/changes", 200))["number"]) == before:
        assert time.monotonic() < end, "the number did not grow"
        await asyncio.sleep(0.02)
    assert missed == before + 1
    socket = await jp_ws_fetch("api", "events", "subscribe")
    assert (await lab.ask("POST", "/api/dcache/default/delete", value=value)).code == 204
    event: dict[str, Any] = {}
    while event.get("schema_id") != EVENT:
        event = json.loads(await asyncio.wait_for(socket.read_message(), 10))
    assert event["number"] == before + 2
    assert (await lab.call("GET", "/api/changes", 200))["number"] == before + 2
    socket.close()


async def test_gathers() -> None:
    """Many changes of one thing are told once, from whichever thread they come."""
    told: list[dict[str, Any]] = []
    arrived = asyncio.Event()

    def emit(change: dict[str, Any]) -> None:
        told.append(change)
        if change["id"] == "last":
            arrived.set()

    notifier = Notifier(emit)
    first = notifier.number
    notifier.changed("cluster", "c1")

    def work() -> None:
        for _ in range(100):
            notifier.changed("cluster", "c1")
        notifier.changed("cluster", "last")

    thread = threading.Thread(target=work)
    thread.start()
    await asyncio.to_thread(thread.join)
    await asyncio.wait_for(arrived.wait(), 10)
    assert told == [
        {"kind": "cluster", "id": "c1", "number": first + 1},
        {"kind": "cluster", "id": "last", "number": first + 2},
    ]
    assert Notifier(emit).number >= first


async def test_quiet_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed notifier tells nothing, also of what it had gathered."""
    monkeypatch.setattr("rsdat.server.notifier.GATHER_S", 0.0)
    told: list[dict[str, Any]] = []
    notifier = Notifier(told.append)
    notifier.changed("cluster", "c1")
    notifier.close()
    notifier.changed("cluster", "c2")
    for _ in range(5):
        await asyncio.sleep(0)
    assert told == []
