"""Copies of STAC assets over several lives of a real Jupyter server, and of what a search found."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pystac
import pytest

from rsdat.demo.samples.stac_api import ArchiveApi
from tests.server.test_restarts import Server
from tests.support.copies import item
from tests.support.door import Door
from tests.support.transfers import ENDED, Transfers
from tests.support.webfiles import WebFiles, web_files

FILES = 6
LIMIT_S = 120.0


@pytest.fixture
def web() -> Iterator[WebFiles]:
    with web_files() as served:
        yield served


@pytest.fixture
def server(tmp_path: Path, dcache: Door, rsdat_home: Path) -> Server:
    """Not started yet."""
    folder = tmp_path / "jupyter"
    folder.mkdir()
    return Server(folder, rsdat_home)


def until(server: Server, id_: str, wanted: Any) -> Any:
    """Ask for a transfer until it is as wanted."""
    ends = time.monotonic() + LIMIT_S
    while True:
        now = server.ask("GET", f"api/transfers/{id_}")
        if wanted(now):
            return now
        assert time.monotonic() < ends, now
        time.sleep(0.2)


def pid(home: Path, id_: str) -> int:
    number: int = json.loads((home / "transfers" / id_ / "process.json").read_text())["pid"]
    return number


def begin(server: Server, tmp_path: Path, web: WebFiles, folder: str, gate: Event) -> Any:
    """A copy of which one file has come; the others wait for the gate."""
    web.files = {f"/{n}": os.urandom(100_000) for n in range(FILES)}

    def wait(handler: Any) -> bool:
        if handler.path != "/0":
            gate.wait(LIMIT_S)
        return False

    web.spoil = wait
    catalog = pystac.Catalog("cat", "d")
    catalog.add_items([item(f"i{n}", {"a": f"{web.url}/{n}"}) for n in range(FILES)])
    catalog.normalize_and_save(str(tmp_path / "jupyter/cat"), pystac.CatalogType.SELF_CONTAINED)
    request = {
        "href": "workspace:/cat/catalog.json",
        "to": {"endpoint": "default", "path": folder},
    }
    made = server.ask("POST", "api/stac/copies", request)
    until(server, made["id"], lambda now: now["files"]["done"] == 1)
    return made


def test_it_works_on_while_jupyter_is_restarted(
    server: Server, tmp_path: Path, rsdat_home: Path, web: WebFiles, folder: str, place: Path
) -> None:
    """Killed, not ended: the process of the copy hears nothing of it, and is found again."""
    gate = Event()
    try:
        with server.life():
            made = begin(server, tmp_path, web, folder, gate)
            first = pid(rsdat_home, made["id"])
        with server.life():
            # What it has told since is seen within a moment.
            now = until(server, made["id"], lambda now: now["files"]["done"] == 1)
            assert now["state"] == "running"
            assert pid(rsdat_home, made["id"]) == first
            gate.set()
            done = until(server, made["id"], lambda now: now["state"] in ENDED)
    finally:
        gate.set()
    assert done["state"] == "done", done
    assert done["files"] == {"total": FILES, "done": FILES, "skipped": 0, "failed": 0}
    for n in range(FILES):
        assert (place / f"i{n}/{n}").read_bytes() == web.files[f"/{n}"]


def test_it_ends_while_jupyter_is_away(
    server: Server, tmp_path: Path, rsdat_home: Path, web: WebFiles, folder: str, place: Path
) -> None:
    gate = Event()
    try:
        with server.life():
            made = begin(server, tmp_path, web, folder, gate)
        gate.set()
        progress = rsdat_home / "transfers" / made["id"] / "progress.json"
        ends = time.monotonic() + LIMIT_S
        while json.loads(progress.read_text())["state"] == "running":
            assert time.monotonic() < ends
            time.sleep(0.2)
        with server.life():
            done = until(server, made["id"], lambda now: now["state"] in ENDED)
    finally:
        gate.set()
    assert done["state"] == "done", done
    assert done["files"]["done"] == FILES
    assert (place / "catalog.json").exists()


def test_both_were_killed(
    server: Server, tmp_path: Path, rsdat_home: Path, web: WebFiles, folder: str, place: Path
) -> None:
    """As by a power cut: the next server starts it again, and what had come is not copied again."""
    gate = Event()
    try:
        with server.life():
            made = begin(server, tmp_path, web, folder, gate)
            first = pid(rsdat_home, made["id"])
        os.kill(first, 9)
        gate.set()
        with server.life():
            done = until(server, made["id"], lambda now: now["state"] in ENDED)
    finally:
        gate.set()
    assert done["state"] == "done", done
    assert (done["files"]["done"], done["files"]["skipped"]) == (FILES - 1, 1)
    assert pid(rsdat_home, made["id"]) != first


async def test_what_a_search_found(transfers: Transfers, folder: str, place: Path) -> None:
    with ArchiveApi() as api:
        found = await transfers.lab.call(
            "POST", "/api/stac/searches", 201, value={"url": api.url, "limit": 3}
        )
        ends = time.monotonic() + LIMIT_S
        while found["state"] == "running":
            assert time.monotonic() < ends
            await asyncio.sleep(0.1)
            found = await transfers.lab.call("GET", "/api/stac/searches/{id}", 200, id=found["id"])
        assert found["found"] == 3
        page = await transfers.lab.call(
            "GET", "/api/stac/items", 200, query={"href": found["href"], "limit": 3}
        )
        one = page["entries"][0]
        request: dict[str, Any] = {
            "href": found["href"],
            "selection": {"items": [one["href"]]},
            "to": {"endpoint": "default", "path": folder},
        }
        estimate = await transfers.lab.call("POST", "/api/stac/copies/estimate", 200, value=request)
        assert estimate["items"] == 1
        made = await transfers.lab.call("POST", "/api/stac/copies", 201, value=request)
        assert made["title"] == "search"
        assert made["source"] is None
        done = await transfers.done(made["id"], within_s=LIMIT_S)
        assert done["files"]["done"] == estimate["files"] > 0
        saved = json.loads((place / one["id"] / f"{one['id']}.json").read_text())
        for asset in saved["assets"].values():
            assert (place / one["id"] / asset["href"]).is_file()

        # All of it: what is there is not copied again.
        del request["selection"]
        every = await transfers.lab.call("POST", "/api/stac/copies", 201, value=request)
        ended = await transfers.done(every["id"], within_s=LIMIT_S)
        assert ended["files"]["skipped"] == estimate["files"]
        catalog = json.loads((place / "catalog.json").read_text())
        assert len([link for link in catalog["links"] if link["rel"] == "item"]) == 3
