"""Copies in a process of their own: what it tells, what it survives, what it never carries."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pystac
import pytest

from rsdat.base.errors import InvalidInput
from rsdat.dcache.transfers.outside import read_progress
from rsdat.stac.copying import copy_assets
from rsdat.stac.copying.worker import Worker
from tests.support.copies import item
from tests.support.door import Door
from tests.support.webfiles import WebFiles, web_files


@pytest.fixture
def web() -> Iterator[WebFiles]:
    with web_files() as served:
        yield served


def folder_of(id_: str) -> Path:
    return Path(os.environ["RSDAT_HOME"]) / "transfers" / id_


def until(condition: Callable[[], Any], within_s: float = 60) -> Any:
    """Wait for what another process does."""
    ends = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)
    return found


def ended(id_: str) -> Any:
    def look() -> Any:
        value = read_progress(folder_of(id_))
        return value if value and value["state"] != "running" else None

    return until(look)


def test_it_outlives_its_notebook_and_tells_how_it_ended(
    web: WebFiles, dcache: Door, tmp_path: Path
) -> None:
    web.files = {f"/{n}.tif": os.urandom(50_000) for n in range(4)}
    items = [item(f"i{n}", {"a": f"{web.url}/{n}.tif"}) for n in range(5)]
    to = f"dcache:///{tmp_path.name}"
    id_ = copy_assets(items, "a", to, background=True, write_catalog=True)
    value = ended(id_)
    assert (value["state"], value["done"], value["failed"], value["total"]) == ("failed", 4, 1, 5)
    assert value["sums"] == ["md5"]
    assert value["failures"][0]["path"] == f"{web.url}/4.tif"
    assert (dcache.root / tmp_path.name / "i0/0.tif").read_bytes() == web.files["/0.tif"]
    links = json.loads((dcache.root / tmp_path.name / "catalog.json").read_text())["links"]
    assert len([link for link in links if link["rel"] == "item"]) == 4

    record = json.loads((folder_of(id_) / "transfer.json").read_text())["transfer"]
    assert (record["kind"], record["title"]) == ("assets", "a of items")
    assert record["destination"] == {"endpoint": "default", "paths": [f"/{tmp_path.name}"]}


def test_nothing_of_it_holds_a_secret(web: WebFiles, dcache: Door, tmp_path: Path) -> None:
    web.files["/a"] = b"x" * 10
    gate = tmp_path / "gate"

    def hold(_handler: Any) -> bool:
        until(gate.exists)
        return False

    web.spoil = hold
    id_ = copy_assets(
        item("i", {"a": f"{web.url}/a"}),
        "a",
        f"dcache:///{tmp_path.name}",
        background=True,
        target_options={"token": dcache.token, "api_url": dcache.api_url,
                        "webdav_url": dcache.webdav_url},
    )  # fmt: skip
    pid = until(lambda: _pid(id_))
    until(lambda: web.asked)
    proc = Path(f"/proc/{pid}")
    assert dcache.token.encode() not in (proc / "cmdline").read_bytes()
    assert dcache.token.encode() not in (proc / "environ").read_bytes()
    for path in folder_of(id_).iterdir():
        assert dcache.token.encode() not in path.read_bytes(), path
        assert path.stat().st_mode & 0o077 == 0, path
    gate.touch()
    # The token was one of the endpoint "default", which the process found by its name.
    assert ended(id_)["state"] == "done"


def _pid(id_: str) -> int | None:
    try:
        return int(json.loads((folder_of(id_) / "process.json").read_text())["pid"])
    except FileNotFoundError:
        return None


def test_a_polite_end_takes_back_what_was_begun(
    web: WebFiles, dcache: Door, tmp_path: Path
) -> None:
    web.files = {f"/{n}": os.urandom(3_000_000) for n in range(6)}
    dcache.configure(bytes_per_s=2_000_000)
    try:
        to = tmp_path.name
        id_ = copy_assets(
            [item(f"i{n}", {"a": f"{web.url}/{n}"}) for n in range(6)],
            "a",
            f"dcache:///{to}",
            background=True,
        )
        until(lambda: (read_progress(folder_of(id_)) or {}).get("arrived"))
        os.kill(until(lambda: _pid(id_)), signal.SIGTERM)
        assert ended(id_)["state"] == "cancelled"
    finally:
        dcache.configure(bytes_per_s=None)
    left = [path for path in (dcache.root / to).rglob("*") if path.is_file()]
    assert [path for path in left if path.name.startswith(".")] == []
    for path in left:
        assert path.read_bytes() == web.files[f"/{path.name}"]


def test_a_modifier_that_another_process_cannot_import(dcache: Door, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="installed module"):
        copy_assets([], "a", str(tmp_path), background=True, modifier=lambda found: found)
    assert list((Path(os.environ["RSDAT_HOME"]) / "transfers").iterdir()) == []


def test_it_is_begun_again_where_an_item_could_not_be_read(dcache: Door, tmp_path: Path) -> None:
    """Retry of a transfer starts the same process once more."""
    (tmp_path / "a").write_bytes(b"a")
    catalog = pystac.Catalog("c", "d")
    catalog.add_items([item(f"i{n}", {"a": str(tmp_path / "a")}) for n in range(2)])
    catalog.normalize_and_save(str(tmp_path / "cat"), pystac.CatalogType.SELF_CONTAINED)
    lost, away = tmp_path / "cat/i1/i1.json", tmp_path / "away"
    lost.rename(away)
    id_ = copy_assets(
        str(tmp_path / "cat/catalog.json"), "a", f"dcache:///{tmp_path.name}", background=True
    )
    value = ended(id_)
    assert (value["state"], value["done"], value["failed"]) == ("failed", 1, 1)
    away.rename(lost)

    def again() -> Any:
        # The first process may be just about to end, and hold its lock.
        assert Worker(folder_of(id_)).run() == 0
        found = ended(id_)
        return found if found["state"] == "done" else None

    value = until(again)
    assert (value["done"], value["skipped"], value["failed"]) == (1, 1, 0)
