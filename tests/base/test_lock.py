"""Locks that coroutines take."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from rsdat.base.lock import Lock


def test_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = Lock.take(path)
    assert lock is not None
    assert Lock.take(path) is None
    lock.release()
    again = Lock.take(path)
    assert again is not None
    again.release()
    assert Lock.take(tmp_path / "gone" / "lock") is None


def test_who_is_cancelled_leaves_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread takes it all the same, when nobody waits for it any more."""
    path, begun, go_on, freed = (tmp_path / "lock", *(threading.Event() for _ in range(3)))
    take, release = Lock.take, Lock.release

    def take_slowly(path: Path) -> Lock | None:
        begun.set()
        assert go_on.wait(10)
        return take(path)

    def release_and_tell(lock: Lock) -> None:
        release(lock)
        freed.set()

    async def life() -> None:
        turn = asyncio.create_task(Lock.take_aside(path))
        await asyncio.to_thread(begun.wait, 10)
        turn.cancel()
        await asyncio.wait({turn})
        assert turn.cancelled()
        go_on.set()
        assert await asyncio.to_thread(freed.wait, 10)

    monkeypatch.setattr(Lock, "take", take_slowly)
    monkeypatch.setattr(Lock, "release", release_and_tell)
    asyncio.run(life())
    again = take(path)
    assert again is not None
    again.release()
