"""Pictures that are given up while they are made."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future
from typing import Any

import pytest

from rsdat.base.errors import Conflict
from rsdat.dcache import preview
from rsdat.dcache.preview import Previews, RangeFile

LONG_S = 600.0
ENDS_S = 20.0


class SilentReader:
    """A file of a door that gives no byte of it."""

    size = 1 << 20

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.closed = False

    async def read(self, start: int, end: int) -> bytes:
        """Never comes."""
        self.asked.set()
        await asyncio.Event().wait()
        return b""

    async def close(self) -> None:
        """As a reader's."""
        self.closed = True


def test_closed_while_one_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread, which Python's exit waits for, waits for no byte any more."""
    monkeypatch.setattr(preview, "MAX_S", LONG_S)

    async def make() -> None:
        reader, previews = SilentReader(), Previews()

        class Client:
            async def open_ranges(self, path: str) -> SilentReader:
                return reader

        client: Any = Client()
        making = asyncio.create_task(previews.make(client, "/a.tif", 64))
        await reader.asked.wait()
        previews.close()
        with pytest.raises(Conflict):
            await asyncio.wait_for(making, ENDS_S)
        assert reader.closed

    asyncio.run(make())


def test_stopped_as_it_begins_to_read() -> None:
    """Before there is what could be cancelled; and it asks for nothing more."""
    asked: list[Future[bytes]] = []

    def ask(_start: int, _end: int) -> Future[bytes]:
        file.stop()
        asked.append(Future())
        return asked[-1]

    file = RangeFile(ask, 1 << 20, time.monotonic() + LONG_S)
    refused = threading.Event()

    def read() -> None:
        for _ in range(2):
            try:
                file.read(0, 16)
            except OSError:
                continue
            return
        refused.set()

    threading.Thread(target=read, daemon=True).start()
    assert refused.wait(ENDS_S)
    assert [each.cancelled() for each in asked] == [True]
