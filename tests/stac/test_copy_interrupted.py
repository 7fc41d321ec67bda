"""The stop button of a notebook: what a copy had begun is taken back, its items' files too."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rsdat.stac import copy_assets
from tests.support.copies import item
from tests.support.door import Door
from tests.support.webfiles import WebFiles, web_files


@pytest.fixture
def web() -> Iterator[WebFiles]:
    with web_files() as served:
        yield served


def quietly(items: Any, keys: Any, to: Any, **options: Any) -> Any:
    return copy_assets(items, keys, str(to), progress=False, **options)


def hidden(folder: Path) -> list[Path]:
    """What is left of copies that did not end."""
    return list(folder.rglob(".*"))


def test_an_interrupt_takes_back_what_was_begun(
    web: WebFiles, dcache: Door, tmp_path: Path
) -> None:
    """The stop button of a notebook."""
    web.files["/a"] = os.urandom(3_000_000)
    gate = threading.Event()

    def stop(handler: Any) -> bool:
        handler.send_response(200)
        handler.send_header("Content-Length", "3000000")
        handler.end_headers()
        handler.wfile.write(web.files["/a"][:2_000_000])
        ends = time.monotonic() + 30
        while not hidden(dcache.root / tmp_path.name) and time.monotonic() < ends:
            time.sleep(0.01)
        signal.raise_signal(signal.SIGINT)
        gate.wait(30)
        return True

    web.spoil = stop
    try:
        with pytest.raises(KeyboardInterrupt):
            quietly(item("i", {"a": f"{web.url}/a"}), "a", f"dcache:///{tmp_path.name}")
    finally:
        gate.set()
    assert hidden(dcache.root / tmp_path.name) == []
    assert not (dcache.root / tmp_path.name / "i/a").exists()


def test_an_interrupt_takes_back_what_items_were_being_saved(
    web: WebFiles, dcache: Door, tmp_path: Path
) -> None:
    web.files = {"/a": b"a", "/b": b"b"}
    to = dcache.root / tmp_path.name
    (to / "i").mkdir(parents=True)
    (to / "i/i.json").write_text("{}")
    # The item replaces an older one by a `mv`, which never ends.
    prefix = f"/api/v1/namespace/{tmp_path.name}/i/.rsdat-"
    dcache.fault("hang", server="frontend", method="POST", prefix=prefix)
    gate = threading.Event()

    def stop(handler: Any) -> bool:
        if handler.path == "/b":
            ends = time.monotonic() + 30
            while not ((to / "i/a").exists() and hidden(to)) and time.monotonic() < ends:
                time.sleep(0.01)
            signal.raise_signal(signal.SIGINT)
            gate.wait(30)
        return False

    web.spoil = stop
    items = [item("i", {"a": f"{web.url}/a"}), item("j", {"a": f"{web.url}/b"})]
    try:
        with pytest.raises(KeyboardInterrupt):
            quietly(items, "a", f"dcache:///{tmp_path.name}", write_catalog=True)
    finally:
        gate.set()
    assert hidden(to) == []
    assert (to / "i/i.json").read_text() == "{}"
