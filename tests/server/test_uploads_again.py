"""Uploads that don't go through at once: other files of that name, doors away, two pages."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPResponse

from rsdat.dcache.transfers import manager, patience, uploading
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


async def give_up(transfers: Transfers, id_: str, path: str) -> HTTPResponse:
    """DELETE one file of it, as the page does that sends it no more."""
    return await transfers.lab.ask("DELETE", f"/transfers/{id_}/content", query={"path": path})


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
    monkeypatch.setattr(patience, "PAUSES_S", (0.0, 0.01, 0.02))
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


async def test_a_door_away_for_longer_than_proxies_wait(
    transfers: Transfers, folder: str, dcache: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request is answered in time, and asked for again until there were enough pauses."""
    monkeypatch.setattr(patience, "PAUSES_S", (0.0,) * 4)
    monkeypatch.setattr(patience, "REQUEST_S", -1.0)
    id_ = await begin(transfers, folder, {"a": b"x", "b": b"x"})
    dcache.fault("status", server="redirect", method="PUT", status=503, times=10_000)
    for _ in range(3):
        error = check_error(await transfers.send(id_, "a", b"x"), 502, "door_broken")
        assert error["details"]["again"] is True
        assert "stopped" not in error["details"]
        shown = await transfers.get(id_)
        # Between two requests too.
        assert (shown["state"], shown["files"]["failed"]) == ("waiting", 0)
    error = check_error(await transfers.send(id_, "a", b"x"), 502, "door_broken")
    assert (error["details"].get("again"), error["details"]["stopped"]) == (None, True)
    assert (await transfers.get(id_))["state"] == "failed"
    # Taken up again it is waited for anew.
    await transfers.act(id_, "retry")
    error = check_error(await transfers.send(id_, "a", b"x"), 502, "door_broken")
    assert error["details"]["again"] is True


async def test_proxies_that_break_off_what_waits(
    transfers: Transfers, folder: str, dcache: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was waited counts though its request was cancelled: it ends at last."""
    monkeypatch.setattr(patience, "PAUSES_S", (0.0, 0.0, 600.0))
    monkeypatch.setattr(patience, "REQUEST_S", 1000.0)
    id_ = await begin(transfers, folder, {"a": b"x", "b": b"x"})
    dcache.fault("status", server="redirect", method="PUT", status=503, times=10_000)
    sending = asyncio.create_task(transfers.send(id_, "a", b"x"))
    receiving = await transfers.companion.transfers()
    upload = await receiving.upload(id_)
    await until(lambda: upload._patience._pauses == 3)
    for work in list(receiving._live[id_].works):
        work.cancel()
    assert (await sending).code >= 400
    upload._patience._due_s = 0.0  # the pause is over
    error = check_error(await transfers.send(id_, "b", b"x"), 502, "door_broken")
    assert error["details"]["stopped"] is True
    ended = await transfers.get(id_)
    assert (ended["state"], ended["files"]["failed"]) == ("failed", 1)


async def test_one_name_at_which_the_door_is_away(
    transfers: Transfers, folder: str, place: Path, dcache: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While others get through, it fails alone."""
    monkeypatch.setattr(patience, "PAUSES_S", (0.0,) * 3)
    monkeypatch.setattr(patience, "REQUEST_S", -1.0)
    files = {"bad": b"x", **{f"f{number}": b"x" for number in range(3)}}
    id_ = await begin(transfers, folder, files)
    for number in range(3):
        dcache.fault("status", server="redirect", method="PUT", status=503, times=2)
        error = check_error(await transfers.send(id_, "bad", b"x"), 502, "door_broken")
        assert error["details"].get("again", False) is (number < 2)
        assert "stopped" not in error["details"]
        dcache.forget()
        assert (await transfers.send(id_, f"f{number}", b"x")).code == 201
    ended = await transfers.until(id_)
    assert (ended["files"]["done"], ended["files"]["failed"]) == (3, 1)


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


async def test_one_file_that_a_pool_breaks_off(
    transfers: Transfers, folder: str, place: Path, dcache: Door
) -> None:
    """It fails alone."""
    body = bytes(3 * MIB)
    id_ = await begin(transfers, folder, {"bad": body, "a": b"x", "b": b"x"})
    for _ in range(3):
        dcache.fault("cut_upload", server="pool", at_bytes=MIB)
        error = check_error(await transfers.send(id_, "bad", body), 502, "cut")
    assert error["details"].keys() & {"again", "stopped"} == set()
    shown = await transfers.get(id_)
    assert (shown["state"], shown["problem"], shown["files"]["failed"]) == ("running", None, 1)
    for name in "ab":
        assert (await transfers.send(id_, name, b"x")).code == 201
    assert (await transfers.until(id_))["files"]["done"] == 2


async def test_those_under_way_when_it_stops(
    transfers: Transfers, folder: str, dcache: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are let finish; then it ends, with the reason."""
    begun, may_go_on = asyncio.Event(), asyncio.Event()
    write = uploading.Uploading._write

    async def held(self: uploading.Uploading, number: int, target: str, *args: Any) -> Any:
        if target.endswith("/big"):
            begun.set()
            await may_go_on.wait()
        return await write(self, number, target, *args)

    monkeypatch.setattr(uploading.Uploading, "_write", held)
    id_ = await begin(transfers, folder, {"big": b"big", "a": b"x", "b": b"x"})
    sending = asyncio.create_task(transfers.send(id_, "big", b"big"))
    await begun.wait()
    dcache.fault("no_space", server="redirect", method="PUT")
    error = check_error(await transfers.send(id_, "a", b"x"), 507, "no_space")
    assert error["details"]["stopped"] is True
    assert (await transfers.get(id_))["state"] == "running"
    may_go_on.set()
    assert (await sending).code == 201
    ended = await transfers.get(id_)
    assert (ended["state"], ended["files"]["done"]) == ("failed", 1)
    assert ended["problem"]["message"] == error["message"]
    assert [each["path"] for each in await missing(transfers, id_)] == ["a", "b"]


async def test_file_that_the_page_gives_up(transfers: Transfers, folder: str) -> None:
    """It has failed; what has ended otherwise stays so, and it may come all the same."""
    id_ = await begin(transfers, folder, {"a": b"x", "b": b"x"})
    assert (await transfers.send(id_, "a", b"x")).code == 201
    for name in "ab":
        assert (await give_up(transfers, id_, name)).code == 204
    ended = await transfers.until(id_)
    assert (ended["state"], ended["files"]["failed"]) == ("failed", 1)
    assert "did not come through" in ended["problem"]["message"]
    check_error(await give_up(transfers, id_, "c"), 404, "not_listed")
    assert (await transfers.send(id_, "b", b"x")).code == 201
    await transfers.done(id_)


async def test_file_given_up_before_its_connection_ends(
    transfers: Transfers, folder: str, dcache: Door
) -> None:
    """The companion may notice later than the page that it broke."""
    id_ = await begin(transfers, folder, {"a": b"x"})
    dcache.fault("status", server="redirect", method="PUT", status=503, times=10_000)
    sending = asyncio.create_task(transfers.send(id_, "a", b"x"))
    await waiting_for_dcache(transfers, id_)
    assert (await give_up(transfers, id_, "a")).code == 204
    assert (await transfers.get(id_))["files"]["failed"] == 0
    receiving = await transfers.companion.transfers()
    for work in list(receiving._live[id_].works):
        work.cancel()
    assert (await sending).code >= 400
    ended = await transfers.get(id_)
    assert (ended["state"], ended["files"]["failed"]) == ("failed", 1)


async def test_tries_after_retry(transfers: Transfers, folder: str, dcache: Door) -> None:
    """What broke off before counts no more."""
    body = bytes(3 * MIB)
    id_ = await begin(transfers, folder, {"a": body})
    for round_ in range(2):
        for _ in range(2):
            dcache.fault("cut_upload", server="pool", at_bytes=MIB)
            error = check_error(await transfers.send(id_, "a", body), 502, "cut")
            assert error["details"]["again"] is True
        if round_ == 0:
            await transfers.act(id_, "cancel")
            await transfers.act(id_, "retry")
    assert (await transfers.send(id_, "a", body)).code == 201
    await transfers.done(id_)


async def test_end_that_was_not_noted(transfers: Transfers, folder: str) -> None:
    """All is sent, and the companion died before it could say so: Retry, or the next one, does."""
    id_ = await begin(transfers, folder, {"a": b"x"})
    assert (await transfers.send(id_, "a", b"x")).code == 201
    await transfers.done(id_)
    receiving = await transfers.companion.transfers()
    transfer = await receiving._ours(id_)
    transfer.record.state, transfer.record.done = "interrupted", 0
    assert (await transfers.act(id_, "retry"))["state"] == "done"
    transfer.record.state, transfer.record.done = "running", 0
    receiving._take_up(transfer)
    ended = await transfers.get(id_)
    assert (ended["state"], ended["files"]["done"]) == ("done", 1)


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
    skipped = {"path": f"{folder}/b", "choice": "skip"}
    assert shown["answered"] == [{"path": f"{folder}/a", "choice": "replace"}, skipped]
    assert (shown["state"], shown["conflict"]) == ("running", "ask")
    looked = asyncio.Event()
    monkeypatch.setattr(manager.TransferManager, "_look_at", _noting(looked))
    await looked.wait()
    assert (await transfers.get(id_))["state"] == "running"
    assert (await transfers.send(id_, "a", b"new")).code == 200
    assert (await transfers.get(id_))["answered"] == [skipped]
    assert (await transfers.send(id_, "c", b"new")).code == 201
    await transfers.done(id_)
    assert [(place / name).read_bytes() for name in "ab"] == [b"new", b"old"]


def _noting(looked: asyncio.Event) -> Any:
    look_at = manager.TransferManager._look_at

    def noting(self: manager.TransferManager, transfer: Any) -> None:
        look_at(self, transfer)
        looked.set()

    return noting
