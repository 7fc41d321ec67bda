"""Orders for tape over REST: given, told, seen, deleted; alive in the next server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.door import Door
from tests.support.server import Lab, check_error

ON = {"endpoint": "default"}


@pytest.fixture
def told(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Waits for the next `tape` event, and gives its id."""
    ids: asyncio.Queue[str] = asyncio.Queue()
    notifier = lab.app.web_app.settings["rsdat_companion"].notifier

    def emit(change: dict[str, Any]) -> None:
        if change["kind"] == "tape":
            ids.put_nowait(change["id"])

    monkeypatch.setattr(notifier, "_emit", emit)
    return lambda: asyncio.wait_for(ids.get(), 20)


async def order(lab: Lab, verb: str, status: int = 202, **value: Any) -> Any:
    """Give an order."""
    return await lab.call("POST", f"/api/dcache/{{endpoint}}/{verb}", status, value=value, **ON)


async def until_ended(lab: Lab, told: Any, order_id: str) -> Any:
    """The order, once an event told that it has ended."""
    while True:
        found = await lab.call("GET", "/api/tape/{id}", 200, id=order_id)
        if found["state"] != "running":
            return found
        await told()


async def test_from_order_to_notice(lab: Lab, dcache: Door, folder: str, told: Any) -> None:
    """Stage, then what the details say, then release."""
    (dcache.root / folder[1:] / "a").write_bytes(b"abc")
    dcache.set_file(f"{folder}/a", locality="NEARLINE")
    given = await order(lab, "stage", paths=[f"{folder}/a", f"{folder}/no"], keep=3600)
    assert (given["state"], given["activity"], given["keep"]) == ("running", "stage", 3600)
    found = await until_ended(lab, told, given["id"])
    assert found["files"] == {"total": 2, "done": 1, "failed": 1}
    assert found["state"] == "failed"
    assert [each["state"] for each in found["targets"]] == ["done", "failed"]
    assert found["targets"][1]["message"]
    details = await lab.call(
        "GET", "/api/dcache/{endpoint}/details", 200, query={"path": f"{folder}/a"}, **ON
    )
    assert details["pinned"]
    listed = await lab.call("GET", "/api/tape", 200)
    assert [(each["id"], each["seen"]) for each in listed["requests"]] == [(given["id"], False)]
    assert "targets" not in listed["requests"][0]
    await lab.call("POST", "/api/tape/{id}/seen", 204, id=given["id"])
    assert (await lab.call("GET", "/api/tape", 200))["requests"][0]["seen"]
    query = {"offset": 1, "limit": 1}
    page = await lab.call("GET", "/api/tape/{id}", 200, id=given["id"], query=query)
    assert [each["path"] for each in page["targets"]] == [f"{folder}/no"]
    freed = await order(lab, "release", paths=[folder])
    assert freed["keep"] is None
    assert (await until_ended(lab, told, freed["id"]))["state"] == "done"
    pinned = await order(lab, "pin", paths=[f"{folder}/a"], keep=60)
    assert (await until_ended(lab, told, pinned["id"]))["state"] == "done"
    for each in (given, freed, pinned):
        await lab.call("DELETE", "/api/tape/{id}", 204, id=each["id"])
    assert (await lab.call("GET", "/api/tape", 200))["requests"] == []


async def test_unknown(lab: Lab, dcache: Door) -> None:
    """404 in words, 400 for what makes no sense."""
    for verb, path in (
        ("GET", "/api/tape/nope"),
        ("DELETE", "/api/tape/nope"),
        ("POST", "/api/tape/nope/seen"),
    ):
        check_error(await lab.ask(verb, path, value={}), 404, "order_gone")
    await order(lab, "stage", 400, paths=[])
    await order(lab, "stage", 400, paths=["/a"], keep=5)
    await order(lab, "pin", 400, paths=["/../x"])
    response = await lab.ask("POST", "/api/dcache/other/stage", value={"paths": ["/a"]})
    check_error(response, 404, "not_found")
