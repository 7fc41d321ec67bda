"""Tells the pages what changed, a burst of changes of one thing as one event."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

EVENT = "https://events.jupyter.org/rsdat/changed/v1"
#: Long enough to swallow a burst (a thousand uploads into one folder), too short to be noticed.
GATHER_S = 0.1


class Notifier:
    """Emits `changed` events; may be called from any thread once the loop runs.

    Args:
        emit: Sends one event's payload.
    """

    def __init__(self, emit: Callable[[dict[str, Any]], None]) -> None:
        self._emit = emit
        # Above every number of an earlier server: none emits a thousand events a second.
        self._number = int(time.time() * 1000)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pending: dict[tuple[str, str], None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def number(self) -> int:
        """That of the last event, so that a page can see whether it missed one."""
        return self._number

    def start(self) -> None:
        """Remember the running loop as the one that emits."""
        self._loop = asyncio.get_running_loop()

    def changed(self, kind: str, id_: str) -> None:
        """Say that something changed; the event leaves within `GATHER_S` seconds."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        if not self._closed and not loop.is_closed():
            loop.call_soon_threadsafe(self._gather, kind, id_)

    def close(self) -> None:
        """Emit nothing any more."""
        self._closed = True
        self._pending.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _gather(self, kind: str, id_: str) -> None:
        if self._closed:
            return
        self._pending[kind, id_] = None
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_S, self._flush)

    def _flush(self) -> None:
        self._timer = None
        pending, self._pending = self._pending, {}
        for kind, id_ in pending:
            self._number += 1
            self._emit({"kind": kind, "id": id_, "number": self._number})
