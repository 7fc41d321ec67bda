"""A companion that ends, or is ended while it begins, holds no transfer any more."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.lock import Lock
from rsdat.dcache.transfers.copying import Copying
from rsdat.dcache.transfers.live import Transfer
from rsdat.dcache.transfers.manager import TransferManager
from rsdat.dcache.transfers.record import Kind, Record, Side
from rsdat.dcache.transfers.store import Store
from rsdat.dcache.transfers.workspace import Workspace
from tests.support.assets import NeverReady
from tests.support.server import until

LIMIT_S = 20
NO_THREAD = "can't start new thread"


class Told:
    """What pages were told; fails for one of them."""

    def __init__(self, fails_for: str = "") -> None:
        self.ids: list[str] = []
        self._fails_for = fails_for

    def __call__(self, id_: str) -> None:
        self.ids.append(id_)
        if id_ == self._fails_for:
            raise ValueError("nobody expects this")


async def _no_client(name: str) -> Any:
    raise AssertionError(name)


def a_manager(
    home: Path, told: Told | None = None, assets: NeverReady | None = None
) -> TransferManager:
    workspace = Workspace(home.parent)
    return TransferManager(home, _no_client, workspace, told or Told(), lambda *_: None, assets)


def a_record(id_: str, kind: Kind) -> Record:
    source, target = Side(None, ("/a",)), Side("e", ("/b",))
    return Record(id_, kind, source, target, None, "replace", "t", "2024-01-01T00:00:00Z")


def left_behind(home: Path, *ids: str) -> Store:
    """Copies that an earlier companion left."""
    store = Store(home)
    for id_ in ids:
        store.make(a_record(id_, "copy")).release()
    return store


def is_free(store: Store, id_: str, take: Any = Lock.take) -> bool:
    """Whether the next companion can take it."""
    lock = take(store.folder(id_) / "lock")
    if lock is not None:
        lock.release()
    return lock is not None


class SlowLocks:
    """From a number on, a lock is taken when the test says so."""

    def __init__(self, slow_from: int) -> None:
        self.slow_from = slow_from
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.taken: list[str] = []
        self._take = Lock.take

    def __call__(self, path: Path) -> Lock | None:
        self.taken.append(path.parent.name)
        if len(self.taken) >= self.slow_from:
            self.begun.set()
            assert self.go_on.wait(LIMIT_S)
        return self._take(path)


@contextmanager
def slow_locks(monkeypatch: pytest.MonkeyPatch, slow_from: int) -> Iterator[SlowLocks]:
    slow = SlowLocks(slow_from)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(Lock, "take", slow)
            yield slow
    finally:
        slow.go_on.set()


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies run for ever."""

    async def run(copying: Copying) -> None:
        copying._transfer.begin()
        await asyncio.Event().wait()

    monkeypatch.setattr(Copying, "run", run)


@pytest.mark.usefixtures("endless")
@pytest.mark.parametrize("fails", ["halt", "save"])
def test_all_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fails: str
) -> None:
    """Whatever goes wrong with one of them."""
    halt, save = Transfer.halt, Store.save

    async def halt_or_not(transfer: Transfer) -> None:
        await halt(transfer)
        if transfer.id == "one":
            raise RuntimeError(NO_THREAD)

    def save_or_not(store: Store, record: Record) -> None:
        if record.id == "one":
            raise RuntimeError(NO_THREAD)
        save(store, record)

    store = left_behind(tmp_path / "home", "one", "two")

    async def life() -> None:
        manager = a_manager(tmp_path / "home")
        await manager.start()
        assert set(manager._live) == {"one", "two"}
        if fails == "halt":
            monkeypatch.setattr(Transfer, "halt", halt_or_not)
        else:
            monkeypatch.setattr(Store, "save", save_or_not)
        await manager.stop()
        assert not manager._live
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(life())
    assert is_free(store, "one")
    assert is_free(store, "two")
    assert (store.load("two") or a_record("two", "copy")).resumed
    (said,) = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert "transfer one" in said.getMessage().lower()
    assert said.exc_info


@pytest.mark.usefixtures("endless")
def test_no_thread_to_note_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transfer goes on without, and is still to be written down."""
    left_behind(tmp_path / "home", "one")

    def refuse(store: Store, record: Record) -> None:
        raise RuntimeError(NO_THREAD)

    async def life() -> None:
        manager = a_manager(tmp_path / "home")
        await manager.start()
        monkeypatch.setattr(Store, "save", refuse)
        one = manager._live["one"]
        assert not await manager._shared.save(one)
        assert one.unsaved
        await manager.stop()

    asyncio.run(life())


@pytest.mark.usefixtures("endless")
def test_ended_while_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was taken up already waits for the next."""
    store = left_behind(tmp_path / "home", "one", "two")

    async def life() -> None:
        manager = a_manager(tmp_path / "home")
        with slow_locks(monkeypatch, slow_from=2) as slow:
            starting = asyncio.create_task(manager.start())
            assert await asyncio.to_thread(slow.begun.wait, LIMIT_S)
            first = slow.taken[0]
            assert manager._live[first].task is not None
            starting.cancel()
            await asyncio.wait({starting})
            assert starting.cancelled()
            assert not manager._live
            assert is_free(store, first, slow._take)
            record = store.load(first)
            assert record is not None
            assert (record.state, record.resumed) == ("waiting", True)

    asyncio.run(life())


def test_who_asks_no_longer_takes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread takes the lock all the same, and has to let go of it again."""
    store = left_behind(tmp_path / "home", "one")

    async def life() -> None:
        manager = a_manager(tmp_path / "home")
        with slow_locks(monkeypatch, slow_from=1) as slow:
            asking = asyncio.create_task(manager.seen("one"))
            assert await asyncio.to_thread(slow.begun.wait, LIMIT_S)
            asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asking
            slow.go_on.set()
            # Its thread has it for a moment, now or soon: only afterwards it is free for good.
            await asyncio.get_running_loop().shutdown_default_executor()
            await until(lambda: is_free(store, "one", slow._take), within_s=LIMIT_S)

    asyncio.run(life())


def test_one_that_pages_can_not_be_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It and the others are looked after all the same, and let go at their end."""

    async def life() -> None:
        told, assets = Told(fails_for="one"), NeverReady()
        manager = a_manager(tmp_path / "home", told, assets)
        await manager.start()
        try:
            await manager.begin_assets(a_record("one", "assets"), {})
            await manager.begin_assets(a_record("two", "assets"), {})
            await until(lambda: {"one", "two"} <= set(told.ids), within_s=LIMIT_S)
            assets.may_fail.set()
            await until(lambda: not manager._live, within_s=LIMIT_S)
            assert (await manager.get("one"))["state"] == "failed"
            assert (await manager.get("two"))["state"] == "failed"
        finally:
            await manager.stop()

    asyncio.run(life())
    said = [each for each in caplog.records if "Looking after transfer one" in each.getMessage()]
    assert said
    assert all(each.exc_info for each in said)


@pytest.mark.usefixtures("endless")
def test_one_that_makes_no_sense_hides_no_other(tmp_path: Path) -> None:
    """As a copy without a destination, which somebody's editor may leave."""

    async def main() -> dict[str, str]:
        store = left_behind(tmp_path / "home", "good")
        odd = a_record("odd", "copy")
        odd.source = odd.destination = None
        store.make(odd).release()
        manager = a_manager(tmp_path / "home")
        await manager.start()
        states = {each["id"]: each["state"] for each in await manager.all()}
        await manager.stop()
        return states

    states = asyncio.run(main())
    assert states["odd"] == "failed"
    assert states["good"] in ("waiting", "running")
