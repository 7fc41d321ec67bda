"""Waits for a door that is away: all files of an upload together, for about a minute in all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

from rsdat.base.errors import DoorBroken, RsdatError
from rsdat.dcache.transfers import carry

#: What doors that are being restarted, and proxies before them, answer.
_AWAY_STATUS = (502, 503, 504)


def is_away(error: RsdatError) -> bool:
    """Whether a door that is gone for a moment fails like this."""
    is_gone = error.code in ("unreachable", "cut") or error.details.get("status") in _AWAY_STATUS
    return isinstance(error, DoorBroken) and is_gone


class Patience:
    """The waiting of several files for one door.

    Args:
        changed: Called when the waiting begins or ends.

    Attributes:
        error: Why we wait; None if we don't.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self.error: RsdatError | None = None
        self._changed = changed
        self._pauses: Iterator[float] | None = None
        self._due_s = 0.0

    async def wait(self, error: RsdatError, waits: int) -> None:
        """Until a file should be tried again; those that come meanwhile share the pause.

        Args:
            error: Why it failed.
            waits: How often it has waited already: others may get through while it never does.

        Raises:
            RsdatError: `error`, after enough pauses.
        """
        now_s = time.monotonic()
        if now_s >= self._due_s:
            self._pauses = iter(carry.PAUSES_S) if self._pauses is None else self._pauses
            pause_s = next(self._pauses, None)
            if pause_s is None:
                raise error
            self._due_s = now_s + pause_s
        if waits >= len(carry.PAUSES_S):
            raise error
        if self.error is None:
            self.error = error
            self._changed()
        await asyncio.sleep(self._due_s - now_s)

    def end(self) -> None:
        """The door is there again, or somebody begins anew."""
        self._pauses, self._due_s = None, 0.0
        if self.error is not None:
            self.error = None
            self._changed()
