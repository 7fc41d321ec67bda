"""What is opened once, by whoever needs it first, and closed at the server's end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from rsdat.base.errors import Conflict

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Opening(Generic[T]):
    """Something that is opened once, by whoever needs it first; the others wait for the same.

    A failed opening is told to all who waited for it, and tried again by the next.
    """

    def __init__(self, open_: Callable[[], Awaitable[T]]) -> None:
        self._open = open_
        self._task: asyncio.Task[T] | None = None
        self._ended = False

    async def get(self) -> T:
        """The opened thing; raises what opening raised.

        Raises:
            Conflict: The server is ending.
        """
        if self._ended:
            raise ending()
        task = self._task
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = self._task = asyncio.ensure_future(self._open())
        # One request that is cancelled must not take the opening from the others.
        return await asyncio.shield(task)

    def end(self) -> None:
        """Open nothing from now on: pages go on asking while the server ends."""
        self._ended = True

    async def close(self, close: Callable[[T], Awaitable[object]]) -> None:
        """End an opening under way, for good, and close what was opened."""
        self.end()
        task, self._task = self._task, None
        if task is None:
            return
        if not task.done():
            task.cancel()
        await asyncio.wait({task})
        if not task.cancelled() and not task.exception():
            await close(task.result())


def ending() -> Conflict:
    """Why nothing is begun any more."""
    return Conflict("The Jupyter server is ending", hint="Start it again.", code="ending")


async def close_all(*parts: tuple[str, Callable[[], Awaitable[object]]]) -> None:
    """Close these at once, all of them whatever one raises, which is logged with its name.

    Jupyter itself would neither end its kernels nor itself after an error.
    """

    async def guarded(name: str, close: Callable[[], Awaitable[object]]) -> None:
        try:
            await close()
        except Exception:  # noqa: BLE001 - whatever it is, the others are to be closed
            _log.exception("rsdat: %s could not be closed", name)

    await asyncio.gather(*(guarded(name, close) for name, close in parts))
