"""Copies of STAC assets by REST: begun by a page, done by a process that outlives the server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pystac
import pytest

from rsdat.stac.copying import copy_assets
from tests.support.copies import item
from tests.support.door import Door
from tests.support.server import check_error, until
from tests.support.transfers import Transfers
from tests.support.webfiles import WebFiles, web_files


@pytest.fixture
def web() -> Iterator[WebFiles]:
    with web_files() as served:
        yield served


def save(folder: Path, items: list[pystac.Item]) -> None:
    """A catalog on disk."""
    catalog = pystac.Catalog("cat", "d")
    catalog.add_items(items)
    catalog.normalize_and_save(str(folder), pystac.CatalogType.SELF_CONTAINED)


async def begin(transfers: Transfers, status: int = 201, **request: Any) -> Any:
    return await transfers.lab.call("POST", "/api/stac/copies", status, value=request)


async def estimate(transfers: Transfers, **request: Any) -> Any:
    return await transfers.lab.call("POST", "/api/stac/copies/estimate", 200, value=request)


async def test_of_a_workspace_catalog_to_dcache(
    transfers: Transfers, web: WebFiles, folder: str, place: Path
) -> None:
    root = transfers.root / "cat"
    web.files = {f"/{n}.tif": os.urandom(30_000) for n in range(3)}
    items = [item(f"i{n}", {"red": f"{web.url}/{n}.tif", "note": "./n.txt"}) for n in range(4)]
    save(root, items)
    (root / "i0/n.txt").write_text("note")
    request = {
        "href": "workspace:/cat/catalog.json",
        "assets": ["red"],
        "to": {"endpoint": "default", "path": f"{folder}/new"},
        "id": "mine",
    }
    before = await estimate(transfers, **request)
    assert before.pop("seconds") is not None
    assert before == {
        "items": 4, "files": 4, "bytes": 90_000, "unknown": 0, "there": 0, "on_tape": 0,
        "missing": 1, "by_doors": 0, "free": None, "sampled": False,
    }  # fmt: skip

    made = await begin(transfers, **request)
    assert (made["kind"], made["title"], made["content"]) == ("assets", "red of cat", None)
    assert made["source"] == {"endpoint": None, "paths": ["/cat/catalog.json"]}
    assert made["destination"] == {"endpoint": "default", "paths": [f"{folder}/new"]}
    ended = await transfers.until(made["id"])
    assert ended["state"] == "failed", ended
    assert ended["files"] == {"total": 4, "done": 3, "skipped": 0, "failed": 1}
    assert ended["way"] == {"by_doors": 0, "streamed": 3, "reasons": []}
    assert ended["failures"][0]["path"] == f"{web.url}/3.tif"
    assert ended["problem"]["message"].startswith("There is no file at")
    assert (place / "new/i1/1.tif").read_bytes() == web.files["/1.tif"]

    web.files["/3.tif"] = b"late"
    await transfers.act(made["id"], "retry")
    done = await transfers.done(made["id"])
    assert done["files"] == {"total": 4, "done": 1, "skipped": 3, "failed": 0}
    assert done["verified"] == "md5"
    catalog = json.loads((place / "new/catalog.json").read_text())
    assert catalog["id"] == "mine"
    assert len([link for link in catalog["links"] if link["rel"] == "item"]) == 4

    after = await estimate(transfers, **request)
    assert (after["there"], after["missing"], after["seconds"]) == (4, 0, 0)
    listed = await transfers.lab.call("GET", "/api/transfers", 200)
    assert [each["id"] for each in listed["transfers"]] == [made["id"]]


async def test_a_catalog_alone_and_a_selection(
    transfers: Transfers, web: WebFiles, folder: str, place: Path
) -> None:
    root = transfers.root / "cat"
    save(root, [item(f"i{n}", {"a": "./a.txt"}) for n in range(3)])
    made = await begin(
        transfers,
        href="workspace:/cat/catalog.json",
        selection={"items": ["workspace:/cat/i1/i1.json"]},
        assets=[],
        to={"endpoint": "default", "path": folder},
    )
    done = await transfers.done(made["id"])
    assert done["files"]["total"] == 0
    saved = json.loads((place / "i1/i1.json").read_text())
    assert saved["assets"]["a"]["href"] == f"file://{root}/i1/a.txt"
    assert not (place / "i0").exists()


async def test_from_dcache_into_the_workspace(
    transfers: Transfers, dcache: Door, folder: str, place: Path
) -> None:
    save(place / "cat", [item("i", {"a": "./a.bin", "b": "./b.bin"})])
    (place / "cat/i/a.bin").write_bytes(b"a" * 1000)
    (place / "cat/i/b.bin").write_bytes(b"b" * 1000)
    dcache.set_file(f"{folder}/cat/i/b.bin", locality="NEARLINE")
    request = {
        "href": f"dcache://{folder}/cat/catalog.json",
        "endpoint": "default",
        "to": {"endpoint": None, "path": "got"},
    }
    told = await estimate(transfers, **request)
    assert (told["bytes"], told["on_tape"], told["missing"]) == (2000, 1, 0)
    assert told["free"] > 0
    made = await begin(transfers, **request)
    ended = await transfers.until(made["id"])
    assert ended["files"] == {"total": 2, "done": 1, "skipped": 0, "failed": 1}
    assert "on tape" in ended["problem"]["message"]
    assert (transfers.root / "got/i/a.bin").read_bytes() == b"a" * 1000
    assert not (transfers.root / "got/i/b.bin").exists()


async def _half_way(transfers: Transfers, web: WebFiles, folder: str, gate: Event) -> Any:
    """A copy of which two files have come, and of the others the first half."""
    web.files = {f"/{n}": os.urandom(1_500_000) for n in range(6)}

    def stop_in_the_middle(handler: Any) -> bool:
        body = web.files[handler.path]
        if handler.command != "GET" or handler.path in ("/0", "/1") or gate.is_set():
            return False
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[:1_000_000])
        gate.wait(60)
        handler.wfile.write(body[1_000_000:])
        return True

    web.spoil = stop_in_the_middle
    save(transfers.root / "cat", [item(f"i{n}", {"a": f"{web.url}/{n}"}) for n in range(6)])
    made = await begin(
        transfers,
        href="workspace:/cat/catalog.json",
        to={"endpoint": "default", "path": folder},
    )

    async def under_way() -> Any:
        now = await transfers.get(made["id"])
        assert now["state"] in ("waiting", "running"), now
        return now if now["bytes"]["done"] > 6_000_000 and now["files"]["done"] == 2 else None

    return await until(under_way, within_s=120)


async def test_cancel(transfers: Transfers, web: WebFiles, folder: str, place: Path) -> None:
    gate = Event()
    try:
        made = await _half_way(transfers, web, folder, gate)
        assert made["current"].startswith(web.url)
        assert list(place.rglob(".*"))
        cancelled = await transfers.act(made["id"], "cancel")
        assert cancelled["state"] == "cancelled"
        assert cancelled["can"] == ["retry", "forget"]
    finally:
        gate.set()
    assert not list(place.rglob(".*"))
    assert not _alive(transfers, made["id"])
    await transfers.act(made["id"], "retry")
    done = await transfers.done(made["id"], within_s=120)
    assert (done["files"]["done"], done["files"]["skipped"]) == (4, 2)


async def test_a_killed_process_is_started_again(
    transfers: Transfers, web: WebFiles, folder: str, place: Path
) -> None:
    gate = Event()
    try:
        made = await _half_way(transfers, web, folder, gate)
        first = _pid(transfers, made["id"])
        os.kill(first, signal.SIGKILL)
    finally:
        gate.set()
    done = await transfers.done(made["id"], within_s=120)
    assert _pid(transfers, made["id"]) != first
    assert (done["files"]["done"], done["files"]["skipped"]) == (4, 2)
    for n in range(6):
        assert (place / f"i{n}/{n}").read_bytes() == web.files[f"/{n}"]


async def test_it_goes_on_without_the_companion_and_is_found_again(
    transfers: Transfers, web: WebFiles, folder: str
) -> None:
    gate = Event()
    try:
        made = await _half_way(transfers, web, folder, gate)
        pid = _pid(transfers, made["id"])
        await (await transfers.companion.transfers()).stop()
        assert _alive(transfers, made["id"])
        # Jupyter comes back.
        transfers.companion._transfers._task = None
        found = await transfers.get(made["id"])
        assert found["state"] in ("waiting", "running")
        assert found["files"]["done"] == 2
    finally:
        gate.set()
    done = await transfers.done(made["id"], within_s=120)
    assert done["files"] == {"total": 6, "done": 6, "skipped": 0, "failed": 0}
    assert _pid(transfers, made["id"]) == pid


async def test_one_that_a_notebook_began_is_in_the_list(
    transfers: Transfers, web: WebFiles, folder: str
) -> None:
    web.files["/a"] = b"x"
    id_ = await asyncio.to_thread(
        lambda: copy_assets(
            item("i", {"a": f"{web.url}/a"}), "a", f"dcache://{folder}", background=True
        )
    )
    await transfers.companion.transfers()
    listed = await transfers.lab.call("GET", "/api/transfers", 200)
    assert [each["id"] for each in listed["transfers"]] == [id_]
    # The list that is open looks for those that others began now and then; a new one at once.
    (await transfers.companion.transfers())._adopted_s = float("-inf")
    await transfers.lab.call("GET", "/api/transfers", 200)
    assert (await transfers.done(id_))["verified"] == "md5"


async def test_what_makes_no_sense(transfers: Transfers, folder: str) -> None:
    async def refused(status: int, code: str, **request: Any) -> None:
        response = await transfers.lab.ask("POST", "/api/stac/copies", value=request)
        check_error(response, status, code)

    to = {"endpoint": "default", "path": folder}
    await refused(400, "invalid_input", href="ftp://x", to=to)
    await refused(400, "invalid_input", href="workspace:/c.json", to={**to, "path": " "})
    await refused(404, "not_found", href="workspace:/c.json", to={**to, "endpoint": "none"})
    await refused(400, "bad_path", href="workspace:/c.json", to={"endpoint": None, "path": "../x"})
    made = await begin(transfers, href="workspace:/none.json", to=to)
    ended = await transfers.until(made["id"])
    assert ended["state"] == "failed"
    assert "none.json" in ended["problem"]["message"]


def _pid(transfers: Transfers, id_: str) -> int:
    return int(json.loads((_folder(transfers, id_) / "process.json").read_text())["pid"])


def _alive(transfers: Transfers, id_: str) -> bool:
    try:
        stat = Path(f"/proc/{_pid(transfers, id_)}/stat").read_text()
    except OSError:  # it is gone
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def _folder(transfers: Transfers, id_: str) -> Path:
    return Path(os.environ["RSDAT_HOME"]) / "transfers" / id_
