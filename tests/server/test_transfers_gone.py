"""Uploads whose page has gone, was loaded anew or sleeps: interrupted, taken up when it is back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rsdat.dcache.transfers import manager
from tests.support.door import Door
from tests.support.server import Lab, check_error, until
from tests.support.transfers import Transfers, listing, names

MIB = 1 << 20


@pytest.fixture
def transfers(lab: Lab, dcache: Door) -> Transfers:
    """The routes."""
    return Transfers(lab)


async def test_page_is_gone(
    transfers: Transfers, folder: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upload whose request was cut is interrupted; the page may come back all the same."""
    monkeypatch.setattr(manager, "CUT_S", 0.5)
    made = await transfers.begin(
        "upload", destination=("default", folder), files=[{"path": "f", "size": 3 * MIB}]
    )
    _, writer = await asyncio.open_connection("127.0.0.1", transfers.lab.port)
    target = transfers.lab.url(f"/transfers/{made['id']}/content", {"path": "f"})
    head = f"PUT {target.removeprefix(transfers.lab.origin)} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    head += f"Authorization: token {transfers.lab.token}\r\nContent-Length: {3 * MIB}\r\n\r\n"
    writer.write(head.encode() + bytes(2 * MIB))
    await until(lambda: names(place))
    writer.transport.abort()
    ended = await transfers.until(made["id"])
    assert ended["state"] == "interrupted"
    await until(lambda: names(place) == [])
    assert (await transfers.send(made["id"], "f", bytes(3 * MIB))).code == 201
    await transfers.done(made["id"])


async def test_answered_where_the_files_are_no_longer(
    transfers: Transfers, folder: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answered on a page that was loaded anew nobody sends: Retry is offered then."""
    for name in "fg":
        (place / name).write_bytes(b"old")
    made = await transfers.begin(
        "upload", destination=("default", folder), files=listing({"f": b"new", "g": b"new"})
    )
    for name in "fg":
        check_error(await transfers.send(made["id"], name, b"new"), 409, "exists")
    await transfers.answer(made["id"], f"{folder}/f", "replace")
    assert (await transfers.get(made["id"]))["state"] == "asking"
    await transfers.answer(made["id"], f"{folder}/g", "replace")
    with monkeypatch.context() as hurried:
        hurried.setattr(manager, "GONE_S", 0.0)
        assert (await transfers.until(made["id"]))["state"] == "interrupted"
    assert (place / "f").read_bytes() == b"old"
    for name in "fg":
        assert (await transfers.send(made["id"], name, b"new")).code == 200
    await transfers.done(made["id"])


async def test_question_of_a_page_that_is_gone(
    transfers: Transfers, folder: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the page says that it is there, the question stays; without, it is interrupted."""
    monkeypatch.setattr(manager, "GONE_S", 1000.0)
    monkeypatch.setattr(manager, "CUT_S", 0.0)  # of requests that were cut off: it is none
    monkeypatch.setattr(manager, "WANTED_S", 0.0)
    (place / "f").write_bytes(b"old")
    made = await transfers.begin(
        "upload", destination=("default", folder), files=listing({"f": b"new"})
    )
    check_error(await transfers.send(made["id"], "f", b"new"), 409, "exists")
    manager_ = await transfers.companion.transfers()
    transfer = manager_._live[made["id"]]
    for _ in range(3):
        transfer.progress.last_s -= 600.0
        manager_._look_at(transfer)
        assert (await transfers.act(made["id"], "here"))["state"] == "asking"
    transfer.progress.last_s -= 1200.0
    ended = await transfers.until(made["id"])
    assert (ended["state"], ended["can"]) == ("interrupted", ["retry", "forget"])
    assert "page" in ended["problem"]["message"]
    # It was asleep: the answer counts all the same.
    assert (await transfers.send(made["id"], "f", b"new", conflict="replace")).code == 200
    await transfers.done(made["id"])
    assert (place / "f").read_bytes() == b"new"
