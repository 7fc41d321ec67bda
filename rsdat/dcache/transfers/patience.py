"""Waits for a door that is away: all files of an upload together, for about a minute in all."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Callable
from dataclasses import dataclass

from rsdat.base.errors import DoorBroken, RsdatError

#: Before each new attempt while nothing gets through: about a minute in all.
PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0)
#: No request waits for longer: proxies give one up that says nothing for a minute, and attempts
#: that nobody answers take their time too.
REQUEST_S = 30.0

#: What doors that are being restarted, and proxies before them, answer.
_AWAY_STATUS = (502, 503, 504)


def is_away(error: RsdatError) -> bool:
    """Whether a door that is gone for a moment fails like this."""
    is_gone = error.code in ("unreachable", "cut") or error.details.get("status") in _AWAY_STATUS
    return isinstance(error, DoorBroken) and is_gone


def telling(error: RsdatError, detail: str) -> RsdatError:
    """The error with one more detail, for one request: several may share what was raised."""
    told = copy.copy(error)
    told.details[detail] = True
    return told


@dataclass
class _Waited:
    """How often one file has waited, and how many had come through when it first did."""

    through: int
    waits: int = 0


class Patience:
    """The waiting of several files for one door. What was waited outlasts the requests.

    Args:
        changed: Called when the waiting begins or ends.

    Attributes:
        error: Why we wait; None if we don't.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self.error: RsdatError | None = None
        self._changed = changed
        self._pauses = 0
        self._due_s = 0.0
        self._through = 0
        self._files: dict[int, _Waited] = {}

    async def wait(self, number: int, error: RsdatError, waits: int, begun_s: float) -> None:
        """Until a file should be tried again; those that come meanwhile share the pause.

        Args:
            number: Which file.
            error: Why it failed.
            waits: How often this request has waited.
            begun_s: When this request began, in monotonic seconds.

        Raises:
            RsdatError: `error`: after enough pauses; or with `again` in its details, when it is
                time to answer this request.
        """
        now_s = time.monotonic()
        file = self._files.setdefault(number, _Waited(self._through))
        is_new = now_s >= self._due_s
        # Others may get through while this one never does.
        if file.waits >= len(PAUSES_S) or (is_new and self._pauses >= len(PAUSES_S)):
            raise error
        due_s = now_s + PAUSES_S[self._pauses] if is_new else self._due_s
        if self.error is None:
            self.error = error
            self._changed()
        if waits and due_s > begun_s + REQUEST_S:
            raise telling(error, "again")
        if is_new:
            self._due_s = due_s
            self._pauses += 1
        file.waits += 1
        await asyncio.sleep(due_s - now_s)

    def is_alone(self, number: int) -> bool:
        """Whether others have come through since a file first waited."""
        file = self._files.get(number)
        return file is not None and file.through < self._through

    def forget(self, number: int) -> None:
        """A file has ended: what it waited counts no more."""
        self._files.pop(number, None)

    def came_through(self) -> None:
        """A file is written: the door is there."""
        self._through += 1
        self._pauses, self._due_s = 0, 0.0
        self.rest()

    def rest(self) -> None:
        """Nobody waits just now; what was waited still counts."""
        if self.error is not None:
            self.error = None
            self._changed()

    def begin_anew(self) -> None:
        """Somebody wants it to be tried once more, after its end."""
        self._files.clear()
        self.came_through()
