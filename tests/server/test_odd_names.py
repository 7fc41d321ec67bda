"""Odd names through all that the panel asks of the companion: what was typed is what dCache has."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.support.door import Door
from tests.support.oddnames import odd_names, refused_names
from tests.support.server import Lab, check, check_error, until
from tests.support.transfers import Transfers, listing

AT_ONCE = 8
ROUTE = "/files/{endpoint}/{path}"
DCACHE = "/api/dcache/{endpoint}/"


async def ask(lab: Lab, action: str, status: int, **options: Any) -> Any:
    """One of the routes of the namespace."""
    method = "GET" if "query" in options else "POST"
    return await lab.call(method, DCACHE + action, status, endpoint="default", **options)


async def lead_through(lab: Lab, folder: str, name: str) -> None:
    """Upload, open, save, look, rename, move, download, delete."""
    path, body = f"{folder}/in/{name}", name.encode()
    file = f"/files/default{path}"
    new = await lab.ask("PUT", file, body=body, headers={"If-None-Match": "*"})
    assert new.code == 201, (name, new.body)
    seen = check("PUT", ROUTE, new)
    assert (seen["path"], seen["name"]) == (path, name)
    assert (await lab.ask("GET", file)).body == body
    saved = await lab.ask(
        "PUT", file, body=body + b"!", headers={"X-Rsdat-If-Modified": seen["modified"]}
    )
    assert saved.code == 200, (name, saved.body)
    looked_at = await ask(lab, "details", 200, query={"path": path})
    assert looked_at["entry"]["size"] == len(body) + 1
    # As long as a name may be, none gets longer.
    renamed = f"{folder}/in/{name[:250]}\u2192new"
    await ask(lab, "move", 200, value={"source": path, "destination": renamed})
    moved = f"{folder}/out/{name}"
    there = await ask(lab, "move", 200, value={"source": renamed, "destination": moved})
    assert there["path"] == moved
    down = await lab.ask("GET", f"/files/default{moved}", query={"download": "1"})
    assert down.body == body + b"!"
    assert unquote(down.headers["Content-Disposition"].partition("UTF-8''")[2]) == name


@pytest.mark.parametrize("count", [60, pytest.param(400, marks=pytest.mark.long)])
async def test_kept(lab: Lab, dcache: Door, folder: str, place: Path, count: int) -> None:
    names = odd_names(400)[:: 400 // count]
    for each in ("in", "out"):
        (place / each).mkdir()
    few = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> None:
        async with few:
            await lead_through(lab, folder, name)

    await asyncio.gather(*(one(name) for name in names))
    await ask(lab, "list", 200, query={"path": f"{folder}/out", "refresh": 1})

    async def whole() -> Any:
        # Of a long folder the first rows come first.
        listed = await ask(lab, "list", 200, query={"path": f"{folder}/out", "limit": 1000})
        return listed["complete"] and listed

    listed = await until(whole)
    assert sorted(entry["name"] for entry in listed["entries"]) == sorted(names)
    assert (await ask(lab, "list", 200, query={"path": f"{folder}/in"}))["total"] == 0

    async def forget(name: str) -> None:
        async with few:
            await ask(lab, "delete", 204, value={"path": f"{folder}/out/{name}"})

    await asyncio.gather(*(forget(name) for name in names))
    assert list((place / "out").iterdir()) == []


async def test_refused(lab: Lab, dcache: Door, folder: str, place: Path) -> None:
    """In words, wherever they are given, before dCache is asked for anything."""
    (place / "good").write_bytes(b"x")
    await ask(lab, "list", 200, query={"path": folder})
    dcache.forget()
    for name in refused_names(100):
        path = f"{folder}/{name}"
        move = {"source": f"{folder}/good", "destination": path}
        answers = [
            await lab.ask("PUT", f"/files/default{path}", body=b"x"),
            await lab.ask("GET", f"/files/default{path}"),
            await lab.ask("POST", "/api/dcache/default/mkdir", value={"path": path}),
            await lab.ask("POST", "/api/dcache/default/move", value=move),
        ]
        for answer in answers:
            says_why(check_error(answer, 400, "bad_path"))
    assert dcache.requests() == []
    assert [each.name for each in place.iterdir()] == ["good"]


async def test_refused_in_an_upload(transfers: Transfers, folder: str, place: Path) -> None:
    """Each is told; the others arrive, and with their own bytes."""
    # Tornado takes control characters in a query for spaces: `a b` it is not.
    files = {**dict.fromkeys(refused_names(100), b"x"), "a b": b"y", "good": b"z"}
    made = await transfers.begin("upload", destination=("default", folder), files=listing(files))
    for name, body in files.items():
        answer = await transfers.send(made["id"], name, body)
        assert answer.code == (201 if name in ("a b", "good") else 400), name
    ended = await transfers.until(made["id"])
    assert (ended["state"], ended["files"]["done"], ended["files"]["failed"]) == ("failed", 2, 100)
    assert len(ended["failures"]) == 100
    for failure in ended["failures"]:
        says_why(failure)
    assert {each.name: each.read_bytes() for each in place.iterdir()} == {"a b": b"y", "good": b"z"}


def says_why(told: dict[str, Any]) -> None:
    """What is wrong with the name."""
    assert "control character" in told["message"] or "dCache allows" in told["message"]
