"""Uploads that don't go through at once: other files of that name, doors away, two pages."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rsdat.dcache.transfers import carry, manager
from tests.support.door import Door
from tests.support.server import check, check_error, until
from tests.support.transfers import Transfers, listing, names

MIB = 1 << 20


async def begin(transfers: Transfers, folder: str, files: dict[str, bytes]) -> str:
    """An upload of these."""
    made = await transfers.begin("upload", destination=("default", folder), files=listing(files))
    id_: str = made["id"]
    return id_


async def missing(transfers: Transfers, id_: str, **query: str) -> list[Any]:
    """What it has to send yet."""
    response = await transfers.lab.ask("GET", f"/api/transfers/{id_}/missing", query=query)
    files: list[Any] = check("GET", "/api/transfers/{id}/missing", response)["files"]
    return files


async def waiting_for_dcache(transfers: Transfers, id_: str) -> Any:
    """The transfer, once it waits for a door."""

    async def look() -> Any:
        view = await transfers.get(id_)
        return view if view["state"] == "waiting" and view["problem"] else None

    return await until(look)


async def test_another_file_of_that_name(transfers: Transfers, folder: str, place: Path) -> None:
    """It is refused by its size, and does not count as verified."""
    id_ = await begin(transfers, folder, {"A/x.tif": b"one"})
    response = await transfers.send(id_, "A/x.tif", b"bytes of B/x.tif")
    check_error(response, 409, "other_size")
    ended = await transfers.until(id_)
    assert (ended["state"], ended["files"]["failed"]) == ("failed", 1)
    assert "has 16 bytes now, but 3" in ended["failures"][0]["message"]
    assert names(place) == []
    await transfers.act(id_, "retry")
    assert (await transfers.send(id_, "A/x.tif", b"one")).code == 201
    await transfers.done(id_)


async def test_what_is_missing(transfers: Transfers, folder: str, dcache: Door) -> None:
    """Pending and failed files, and not those that were sent or skipped."""
    id_ = await begin(transfers, folder, dict.fromkeys("abcd", b"x"))
    assert (await transfers.send(id_, "a", b"x")).code == 201
    dcache.fault("status", server="redirect", method="PUT", status=500)
    assert (await transfers.send(id_, "b", b"x")).code == 502
    await transfers.answer(id_, "c", "skip")
    assert await missing(transfers, id_) == [{"path": "b", "size": 1}, {"path": "d", "size": 1}]
    assert await missing(transfers, id_, path="a") == []
    assert await missing(transfers, id_, path="d") == [{"path": "d", "size": 1}]
    assert await missing(transfers, id_, path="e") == []


async def test_a_door_that_is_away_for_a_moment(
    transfers: Transfers, folder: str, place: Path, dcache: Door
) -> None:
    """It is waited for, and shown."""
    files = {f"in/f{number}": b"%d" % number for number in range(4)}
    id_ = await begin(transfers, folder, files)
    dcache.fault("status", server="frontend", status=503, times=10_000)
    sending = [asyncio.create_task(transfers.send(id_, *each)) for each in files.items()]
    shown = await waiting_for_dcache(transfers, id_)
    assert "waited for" in shown["problem"]["hint"]
    dcache.down("redirect", 0.5)
    dcache.forget()
    assert [(await each).code for each in sending] == [201] * 4
    ended = await transfers.done(id_)
    assert ended["problem"] is None
    assert {path: (place / path).read_bytes() for path in files} == files


async def test_a_door_that_stays_away(
    transfers: Transfers, folder: str, place: Path, dcache: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some pauses the upload stops and says so; Retry takes the rest."""
    monkeypatch.setattr(carry, "PAUSES_S", (0.0, 0.01, 0.02))
    files = {f"f{number}": b"x" for number in range(20)}
    id_ = await begin(transfers, folder, files)
    assert (await transfers.send(id_, "f0", b"x")).code == 201
    dcache.fault("status", server="redirect", method="PUT", status=503, times=10_000)
    answers = await asyncio.gather(*(transfers.send(id_, f"f{n}", b"x") for n in range(1, 5)))
    for answer in answers:
        assert check_error(answer, 502, "door_broken")["details"]["stopped"] is True
    ended = await transfers.get(id_)
    assert (ended["state"], ended["files"]["done"]) == ("failed", 1)
    assert "dCache refused" in ended["problem"]["message"]
    assert len(await missing(transfers, id_)) == 19
    dcache.forget()
    await transfers.act(id_, "retry")
    for each in await missing(transfers, id_):
        assert (await transfers.send(id_, each["path"], b"x")).code == 201
    await transfers.done(id_)
    assert len(names(place)) == 20


async def test_many_that_fail_in_a_row(transfers: Transfers, folder: str, dcache: Door) -> None:
    """A door that is broken is not asked for the rest."""
    id_ = await begin(transfers, folder, {f"f{number}": b"x" for number in range(20)})
    dcache.fault("status", server="redirect", method="PUT", status=500, times=10_000)
    stopped = []
    for number in range(8):
        error = check_error(await transfers.send(id_, f"f{number}", b"x"), 502, "door_broken")
        stopped.append(error["details"].get("stopped", False))
    assert stopped == [False] * 7 + [True]
    assert (await transfers.get(id_))["state"] == "failed"


async def test_cancel_while_a_door_is_away(transfers: Transfers, folder: str, dcache: Door) -> None:
    """Nobody waits on."""
    id_ = await begin(transfers, folder, {"a": b"x", "b": b"x"})
    dcache.fault("status", server="redirect", method="PUT", status=503, times=10_000)
    sending = asyncio.create_task(transfers.send(id_, "a", b"x"))
    await waiting_for_dcache(transfers, id_)
    assert (await transfers.act(id_, "cancel"))["state"] == "cancelled"
    assert (await sending).code >= 400


async def test_page_that_stops_while_a_door_is_away(
    transfers: Transfers, folder: str, dcache: Door
) -> None:
    """When nobody waits any more none is said to."""
    id_ = await begin(transfers, folder, {"a": b"x", "b": b"x"})
    dcache.fault("status", server="redirect", method="PUT", status=503, times=10_000)
    sending = asyncio.create_task(transfers.send(id_, "a", b"x"))
    await waiting_for_dcache(transfers, id_)
    receiving = await transfers.companion.transfers()
    for work in list(receiving._live[id_].works):
        work.cancel()
    assert (await sending).code >= 400
    shown = await transfers.get(id_)
    assert (shown["state"], shown["problem"]) == ("running", None)


async def test_door_breaks_off_in_the_middle(
    transfers: Transfers, folder: str, place: Path, dcache: Door
) -> None:
    """The page is asked for the file once more; after some times it has failed."""
    body = bytes(3 * MIB)
    id_ = await begin(transfers, folder, {"a": body})
    for _ in range(2):
        dcache.fault("cut_upload", server="pool", at_bytes=MIB)
        error = check_error(await transfers.send(id_, "a", body), 502, "cut")
        assert error["details"]["again"] is True
        assert (await transfers.get(id_))["files"]["failed"] == 0
    dcache.fault("cut_upload", server="pool", at_bytes=MIB)
    error = check_error(await transfers.send(id_, "a", body), 502, "cut")
    assert "again" not in error["details"]
    assert (await transfers.until(id_))["state"] == "failed"
    assert (await transfers.send(id_, "a", body)).code == 201
    await transfers.done(id_)
    assert names(place) == ["a"]


async def test_answered_on_another_page(
    transfers: Transfers, folder: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page that has the files is told, and has as long as ever to send them."""
    monkeypatch.setattr(manager, "CUT_S", 0.0)
    monkeypatch.setattr(manager, "WANTED_S", 0.0)
    for name in "ab":
        (place / name).write_bytes(b"old")
    id_ = await begin(transfers, folder, {"a": b"new", "b": b"new", "c": b"new"})
    for name in "ab":
        check_error(await transfers.send(id_, name, b"new"), 409, "exists")
    await transfers.answer(id_, f"{folder}/a", "replace")
    shown = await transfers.answer(id_, f"{folder}/b", "skip")
    # What is skipped has ended.
    assert shown["answered"] == [{"path": f"{folder}/a", "choice": "replace"}]
    assert (shown["state"], shown["conflict"]) == ("running", "ask")
    looked = asyncio.Event()
    monkeypatch.setattr(manager.TransferManager, "_look_at", _noting(looked))
    await looked.wait()
    assert (await transfers.get(id_))["state"] == "running"
    assert (await transfers.send(id_, "a", b"new")).code == 200
    assert (await transfers.get(id_))["answered"] == []
    assert (await transfers.send(id_, "c", b"new")).code == 201
    await transfers.done(id_)
    assert [(place / name).read_bytes() for name in "ab"] == [b"new", b"old"]


def _noting(looked: asyncio.Event) -> Any:
    look_at = manager.TransferManager._look_at

    def noting(self: manager.TransferManager, transfer: Any) -> None:
        look_at(self, transfer)
        looked.set()

    return noting
