"""Looking for orders that nobody follows: it goes on whatever happens, and loses no lock."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.errors import NotFound
from rsdat.base.lock import Lock
from rsdat.dcache.orders import book
from rsdat.dcache.orders.book import Orders
from rsdat.dcache.orders.record import Order, OrderFolder
from tests.support.server import until

LIMIT_S = 20


async def _no_client(name: str) -> Any:
    raise NotFound(f"There is no dCache endpoint '{name}'")


def some_orders(home: Path) -> Orders:
    return Orders(home, _no_client, lambda _: None, lambda *_: None)


def left_behind(home: Path, *ids: str) -> list[Path]:
    """The locks of orders that an earlier companion left."""
    (home / "tape").mkdir(parents=True)
    locks = []
    for id_ in ids:
        folder = OrderFolder(home / "tape" / id_)
        now = datetime.now(timezone.utc)
        order = Order(id_, "e", "stage", ["/a"], recursive=False, keep_s=60, created=now)
        folder.create(order, order.paths)
        locks.append(folder.lock)
    return locks


def is_free(path: Path) -> bool:
    lock = Lock.take(path)
    if lock is not None:
        lock.release()
    return lock is not None


def test_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After a look that failed in a way that nobody expects."""
    looks = 0

    def fail_once(orders: Orders) -> list[Any]:
        nonlocal looks
        looks += 1
        if looks == 2:
            raise RuntimeError("can't start new thread")
        return []

    async def life() -> None:
        orders = some_orders(tmp_path / "home")
        await orders.open()
        try:
            await until(lambda: looks >= 3, within_s=LIMIT_S)
        finally:
            await orders.close()

    monkeypatch.setattr(book, "TAKE_OVER_S", 0.01)
    monkeypatch.setattr(Orders, "_take_locks", fail_once)
    asyncio.run(life())
    (said,) = caplog.records
    assert said.exc_info


def test_ended_while_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a thread takes for who is cancelled meanwhile is free for the next."""
    (path,) = left_behind(tmp_path / "home", "one")
    begun, go_on = threading.Event(), threading.Event()
    take = Lock.take

    def take_slowly(path: Path) -> Lock | None:
        begun.set()
        assert go_on.wait(LIMIT_S)
        return take(path)

    async def life() -> None:
        orders = some_orders(tmp_path / "home")
        with monkeypatch.context() as patched:
            patched.setattr(Lock, "take", take_slowly)
            opening = asyncio.create_task(orders.open())
            assert await asyncio.to_thread(begun.wait, LIMIT_S)
            opening.cancel()
            await asyncio.wait({opening})
            assert opening.cancelled()
            go_on.set()
            # Its thread has the lock for a moment, now or soon: only afterwards it is free.
            await asyncio.get_running_loop().shutdown_default_executor()
        await until(lambda: is_free(path), within_s=LIMIT_S)

    try:
        asyncio.run(life())
    finally:
        go_on.set()


def test_a_look_that_breaks_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lets go of what it took before."""
    locks = left_behind(tmp_path / "home", "one", "two")
    take, taken = Lock.take, []

    def take_one(path: Path) -> Lock | None:
        if taken:
            raise OSError("too many open files")
        taken.append(path)
        return take(path)

    with monkeypatch.context() as patched:
        patched.setattr(Lock, "take", take_one)
        with pytest.raises(OSError, match="too many"):
            asyncio.run(some_orders(tmp_path / "home").open())
    assert [is_free(path) for path in locks] == [True, True]
