"""The server's end does not wait for catalogs and searches that are being read."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.errors import Conflict
from rsdat.server.stacindexes import StacIndexes
from rsdat.stac.index import Index
from rsdat.stac.index.source import FsspecSource
from rsdat.stac.searching import running
from rsdat.stac.searching.request import Request
from tests.support.stac_catalog import write_flat

#: Reads an index, an index that is one file, and a search, none of which is ever answered.
PROGRAM = """
import asyncio, sys, threading
from rsdat.server.stacindexes import StacIndexes
from rsdat.stac.index.source import FsspecSource
from rsdat.stac.searching import running
from rsdat.stac.searching.request import Request

asked = threading.Semaphore(0)

def hang(*_):
    asked.release()
    threading.Event().wait()

class Silent(FsspecSource):
    def read(self, href, stamp):
        hang()
    def download(self, href, path):
        if href.endswith(".items.parquet"):
            raise FileNotFoundError(href)  # none is kept
        path.write_bytes(b"half")
        hang()

async def source(href, endpoint):
    return href, "", Silent(href)

async def main():
    stac = StacIndexes(None, None, lambda href: None, lambda name, folder: None, None)
    stac.source = source
    await stac.items(sys.argv[1], None)
    await stac.items(sys.argv[1] + ".parquet", None)
    running.pages = hang
    stac.add_search(running.Search("1", Request("http://a.example"), lambda: None))
    stac.add_search(running.Search("2", Request("http://a.example"), lambda: None))
    stac.forget_search("2")
    for _ in range(4):
        await asyncio.to_thread(asked.acquire)
    await stac.close()

asyncio.run(main())
print("closed")
"""


def test_the_process_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its threads wait for, and it leaves no temporary file."""
    path = write_flat(tmp_path / "cat", 10)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path / "home"))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "closed\n", "")
    assert list((tmp_path / "temporary").iterdir()) == []


class Held:
    """Indexes whose catalogs answer when the gate opens."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.stac = StacIndexes(
            None,  # type: ignore[arg-type]
            lambda: (Path(), False),
            lambda href: None,
            lambda name, folder: None,
            self._watch,
        )
        self.stac.source = self._source  # type: ignore[method-assign,assignment]
        self.watching, self.cancelled = asyncio.Event(), False

    async def _watch(self, _name: str, _folder: str) -> bool:
        self.watching.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled = True
        return True

    async def _source(self, href: str, _endpoint: str | None) -> tuple[str, str, Any]:
        gate = self.gate

        class Silent(FsspecSource):
            def read(self, href: str, stamp: str | None) -> tuple[bytes | None, str | None]:
                gate.wait()
                return super().read(href, stamp)

        return href, "", Silent(href)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path / "home"))
    held = Held()
    yield held
    held.gate.set()


async def test_what_is_late_is_left(held: Held, tmp_path: Path) -> None:
    path = str(write_flat(tmp_path / "cat", 10))
    index = await held.stac.items(path, None)
    waiting, wait = threading.Event(), index.wait

    def noted(limit_s: float, **options: Any) -> bool:
        if limit_s == 600:
            waiting.set()
        return wait(limit_s, **options)

    index.wait = noted  # type: ignore[method-assign,assignment]
    whole = asyncio.create_task(held.stac.whole(path, None, 600))
    assert await asyncio.to_thread(waiting.wait, 60)
    held.stac._keep_watching(("dcache:///a/catalog.json", "one"))
    await held.watching.wait()
    closing = asyncio.create_task(held.stac.close())
    done, _ = await asyncio.wait({closing}, timeout=20)
    assert done
    assert held.cancelled
    assert not index.ended
    assert index._closed
    with pytest.raises(Conflict, match="still being read"):
        await whole
    with pytest.raises(Conflict, match="ending"):
        await held.stac.items(path, None)
    with pytest.raises(Conflict, match="ending"):
        held.stac.add_search(running.Search("1", Request("http://a.example")))


async def test_an_index_that_was_let_go_is_forgotten_when_its_thread_ends(
    held: Held, tmp_path: Path
) -> None:
    index = await held.stac.items(str(write_flat(tmp_path / "cat", 10)), None)
    assert isinstance(index, Index)
    held.stac._let_go(held.stac._indexes.popitem()[1])
    task = held.stac._ending[index]
    assert not index._unwanted.is_set()
    assert not index._closed
    held.gate.set()
    await task
    assert index._closed
    assert held.stac._ending == {}


async def test_the_end_does_not_let_it_be_kept(held: Held, tmp_path: Path) -> None:
    index = await held.stac.items(str(write_flat(tmp_path / "cat", 10)), None)
    assert isinstance(index, Index)
    held.stac._let_go(held.stac._indexes.popitem()[1])
    await held.stac.close()
    assert index._unwanted.is_set()
