"""An index or a search that has to end: at once, with nothing left half done."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from rsdat.stac.index import Index
from rsdat.stac.index import index as module
from rsdat.stac.index.place import discard, temporary
from rsdat.stac.index.readers import Readers
from rsdat.stac.index.source import FsspecSource, local_upload
from rsdat.stac.index.spool import Spool
from rsdat.stac.searching import running
from rsdat.stac.searching.request import Request
from tests.support.stac_catalog import write_flat
from tests.support.waiting import wait_for


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An rsdat home of the test's own."""
    home = tmp_path / "rsdat-home"
    monkeypatch.setenv("RSDAT_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


class Silent(FsspecSource):
    """Answers nothing until the gate opens."""

    def __init__(self, href: str) -> None:
        super().__init__(href)
        self.asked, self.gate = threading.Event(), threading.Event()

    def read(self, href: str, stamp: str | None) -> tuple[bytes | None, str | None]:
        """Waits."""
        self.asked.set()
        self.gate.wait()
        return super().read(href, stamp)


def test_an_index_ends_without_waiting_for_an_answer(tmp_path: Path) -> None:
    source = Silent(str(write_flat(tmp_path / "cat", 30)))
    index = Index(str(tmp_path / "cat" / "catalog.json"), source)
    index.refresh()
    assert source.asked.wait(60)
    waiting = threading.Thread(target=index.wait, kwargs={"kept": False}, daemon=True)
    waiting.start()
    try:
        index.end()
        waiting.join(60)
        assert not waiting.is_alive()
        assert not index.ended
        index.forget()
    finally:
        source.gate.set()
    wait_for(lambda: index.ended, 60)
    assert index.failure is None
    index.refresh()
    assert index.ended
    index.close()


def test_a_search_ends_without_waiting_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, gate = threading.Event(), threading.Event()

    def pages(_request: Request) -> Any:
        asked.set()
        gate.wait()
        yield [{"id": "late"}], 1

    monkeypatch.setattr(running, "pages", pages)
    told: list[int] = []
    search = running.Search("1", Request("http://a.example"), lambda: told.append(1))
    assert search.ended
    search.start()
    try:
        assert asked.wait(60)
        search.end()
        assert (search.state, search.ended, search.wait(60)) == ("cancelled", False, False)
        search.forget()
    finally:
        gate.set()
    wait_for(lambda: search.ended, 60)
    assert (len(search.table), len(search.problems), told) == (0, 0, [])
    search.close()


@pytest.mark.parametrize("kept", [False, True])
def test_what_is_being_kept(
    tmp_path: Path, home: Path, local: Path, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    began, gate = threading.Event(), threading.Event()
    write = module.write

    def slow(*args: Any) -> None:
        began.set()
        gate.wait()
        write(*args)

    monkeypatch.setattr(module, "write", slow)
    path = write_flat(tmp_path / "cat", 250)
    index = Index(str(path), FsspecSource(str(path)))
    index.refresh()
    try:
        assert began.wait(60)
        index.end(kept=kept)
        # Away already, as the thread may be cut off by the end of the process.
        assert len(list(local.iterdir())) == kept
    finally:
        gate.set()
    wait_for(lambda: index.ended, 60)
    beside = path.with_name("catalog.items.parquet")
    assert beside.exists() == kept
    assert index.kept_at == (str(beside) if kept else None)
    assert not home.exists()
    assert list(local.iterdir()) == []
    index.close()


class TakenAway(type(Path())):  # type: ignore[misc]
    """Is deleted as soon as somebody reads it."""

    def open(self, *args: Any, **options: Any) -> Any:
        """As it is."""
        file = super().open(*args, **options)
        self.unlink()
        return file


def test_a_file_that_is_taken_away_is_put_nowhere(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    path = TakenAway(tmp_path / "large")
    (tmp_path / "large").write_bytes(bytes(3 * 1024 * 1024))
    with pytest.raises(FileNotFoundError):
        local_upload(path, tmp_path / "target" / "large")
    assert list((tmp_path / "target").iterdir()) == []


def test_a_spool_is_not_closed_in_the_middle_of_a_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of its file may be another file's a moment later."""
    began, gate = threading.Event(), threading.Event()
    pwrite = os.pwrite

    def slow(*args: Any) -> int:
        began.set()
        gate.wait()
        return pwrite(*args)

    monkeypatch.setattr(os, "pwrite", slow)
    spool = Spool()
    adding = threading.Thread(target=spool.add, args=(b"data",), daemon=True)
    closing = threading.Thread(target=spool.close, daemon=True)
    try:
        adding.start()
        assert began.wait(60)
        closing.start()
        closing.join(0.5)
        assert closing.is_alive()
    finally:
        gate.set()
    for thread in (adding, closing):
        thread.join(60)
    with pytest.raises(ValueError, match="closed"):
        spool.add(b"more")


def test_temporary_files_are_known_until_they_are_discarded(
    local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rsdat.stac.index import place

    kept, gone = temporary(), temporary()
    discard(gone)
    discard(gone)
    assert list(local.iterdir()) == [kept]
    with monkeypatch.context() as fork:
        fork.setattr(os, "getpid", lambda: -1)
        place._discard_all()
    assert kept.exists()
    place._discard_all()
    assert not kept.exists()
    assert kept not in place._temporary


def test_readers() -> None:
    readers = Readers(2)
    began, gate = threading.Semaphore(0), threading.Event()

    def wait() -> str:
        began.release()
        gate.wait()
        return "done"

    running_ = [readers.submit(wait) for _ in range(2)]
    for _ in running_:
        assert began.acquire(timeout=60)
    left = readers.submit(wait)
    closing = threading.Thread(target=readers.close)
    closing.start()
    wait_for(left.cancelled, 60)
    assert closing.is_alive()
    gate.set()
    closing.join(60)
    assert [each.result(0) for each in running_] == ["done", "done"]

    readers = Readers(1)
    failed, fine = readers.submit(int, "x"), readers.submit(int, "1")
    assert isinstance(failed.exception(60), ValueError)
    assert fine.result(60) == 1
    readers.close()
