"""Deleting a large folder: it can be stopped, also by a later page, and says what is gone."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.errors import Conflict, NotFound
from rsdat.server import deletions
from rsdat.server.deletions import Deletions
from rsdat.server.notifier import EVENT
from tests.support.door import Door
from tests.support.server import Lab, check_error, until

DELETE = "/api/dcache/default/delete"
LIST = "/api/deletions"
ACT = "/api/deletions/{id}/{action}"
FILES = 200


async def listed(lab: Lab) -> list[dict[str, Any]]:
    """Those that the server tells of."""
    answer = await lab.call("GET", LIST, 200)
    return list(answer["deletions"])


async def act(lab: Lab, id_: str, action: str) -> dict[str, Any]:
    """Stop one, or note that it was seen."""
    answer = await lab.call("POST", ACT, 202, id=id_, action=action, body=b"{}")
    return dict(answer)


def slow(dcache: Door, place: Path) -> Path:
    """A folder with so many files that it lasts twelve seconds: eight go in half a second."""
    inner = place / "inner"
    inner.mkdir()
    for number in range(FILES):
        (inner / f"{number}").touch()
    dcache.fault("delay", server="frontend", method="DELETE", seconds=0.5, times=1000)
    return inner


async def test_is_stopped(lab: Lab, dcache: Door, folder: str, place: Path) -> None:
    inner = slow(dcache, place)
    value = {"path": f"{folder}/inner", "recursive": True}
    deleting = asyncio.ensure_future(lab.ask("POST", DELETE, value=value))
    await until(lambda: len(list(inner.iterdir())) < FILES)
    [running] = await listed(lab)
    assert (running["endpoint"], running["path"]) == ("default", value["path"])
    assert (running["state"], running["error"], running["seen"]) == ("running", None, False)
    await act(lab, running["id"], "stop")
    error = check_error(await deleting, 409, "stopped")
    left = len(list(inner.iterdir()))
    assert 0 < left < FILES
    assert error["details"]["deleted"] == FILES - left
    # Told to who asked for it, and to who was told that it runs.
    [ended] = await listed(lab)
    assert ended == {
        **running,
        "state": "stopped",
        "deleted": FILES - left,
        "error": error,
        "seen": True,
    }


async def test_goes_on_when_its_page_is_gone(
    lab: Lab, dcache: Door, folder: str, place: Path, jp_ws_fetch: Any
) -> None:
    """The page that comes next finds it, stops it, and is told how it ended."""
    inner = slow(dcache, place)
    socket = await jp_ws_fetch("api", "events", "subscribe")
    body = json.dumps({"path": f"{folder}/inner", "recursive": True}).encode()
    _, writer = await asyncio.open_connection("127.0.0.1", lab.port)
    target = lab.url(DELETE).removeprefix(lab.origin)
    head = f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: token {lab.token}\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await until(lambda: len(list(inner.iterdir())) < FILES)
    writer.transport.abort()

    [running] = await listed(lab)
    assert running["state"] == "running"
    await act(lab, running["id"], "stop")
    told: dict[str, Any] = {}
    while (told.get("schema_id"), told.get("kind")) != (EVENT, "deletion"):
        told = json.loads(await asyncio.wait_for(socket.read_message(), 30))
    socket.close()
    assert told["id"] == running["id"]
    [ended] = await listed(lab)
    left = len(list(inner.iterdir()))
    assert (ended["state"], ended["deleted"], ended["seen"]) == ("stopped", FILES - left, False)
    assert ended["error"]["details"]["deleted"] == FILES - left
    assert (await act(lab, running["id"], "seen"))["seen"]
    assert [each["seen"] for each in await listed(lab)] == [True]


async def test_no_such_deletion(lab: Lab) -> None:
    assert await listed(lab) == []
    check_error(await lab.ask("POST", f"{LIST}/1a/stop", body=b"{}"), 404, "not_found")
    check_error(await lab.ask("POST", f"{LIST}/1a/undo", body=b"{}"), 404, "not_found")


def end(all_: Deletions, failure: Exception | None = None, *, heard: bool = True) -> None:
    """One that ends at once."""
    expected = contextlib.suppress(Conflict, ZeroDivisionError)
    with expected, all_.running("e", "/x", lambda: heard):
        if failure is not None:
            raise failure


def test_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what somebody will want to know, and of that longest what nobody was told."""
    told: list[str] = []
    all_ = Deletions(told.append)
    end(all_)
    end(all_, Conflict("Told to who asked"))
    end(all_, heard=False)
    assert (all_.all(), told) == ([], [])
    end(all_, Conflict("No", hint="Try"), heard=False)
    [failed] = all_.all()
    assert (failed["state"], failed["seen"], told) == ("failed", False, [])
    assert failed["error"] == {"message": "No", "hint": "Try", "details": {"code": "conflict"}}
    with all_.running("e", "/x"):
        running = all_.all()[1]
        assert not all_.seen(running["id"])["seen"]
    assert all_.all() == [failed, {**running, "state": "done", "seen": True}]
    assert told == [running["id"]]

    monkeypatch.setattr(deletions, "MOST_ENDED", 2)
    end(all_, ZeroDivisionError(), heard=False)
    assert [each["seen"] for each in all_.all()] == [False, False]
    # Nothing of a fault inside is told but that there was one.
    assert all_.all()[1]["error"]["message"] == "Something went wrong inside rsdat."
    with pytest.raises(NotFound):
        all_.stop(running["id"])
    with all_.running("e", "/long", lambda: False):
        end(all_, Conflict("No"), heard=False)
        end(all_, Conflict("No"), heard=False)
        long = next(each for each in all_.all() if each["state"] == "running")
    # By their ends, not by when they were begun.
    assert {**long, "state": "done"} in all_.all()


async def test_given_up_as_the_server_ends() -> None:
    """It has come to no end that could be told."""
    all_ = Deletions(lambda _: None)

    async def work() -> None:
        with all_.running("e", "/x", lambda: False):
            await asyncio.Event().wait()

    task = asyncio.ensure_future(work())
    await asyncio.sleep(0)
    assert len(all_.all()) == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert all_.all() == []
