"""Has what cut-off uploads left behind swept, in the background, where a folder is listed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rsdat.base.clock import Clock, SystemClock
from rsdat.dcache import paths
from rsdat.server.storage import Storage

if TYPE_CHECKING:
    from rsdat.dcache.entry import Entry


class Sweeping:
    """At most one sweep an endpoint at a time; what it misses is found by a later listing.

    Args:
        storage: Where clients are from.
        changed: Told the endpoint and the folder in which something was deleted.
        clock: What the time is.
    """

    def __init__(
        self,
        storage: Storage,
        changed: Callable[[str, str], None],
        clock: Clock | None = None,
    ) -> None:
        self._storage = storage
        self._changed = changed
        self._clock = clock or SystemClock()
        self._running: dict[str, asyncio.Task[None]] = {}

    def noticed(self, endpoint: str, entries: Sequence[Entry]) -> None:
        """A folder was listed; returns at once."""
        # Loaded with the client that made these entries.
        from rsdat.dcache.sweep import leftovers

        if endpoint in self._running:
            return
        found = leftovers(entries, self._clock.now())
        if found:
            task = asyncio.create_task(self._sweep(endpoint, found))
            self._running[endpoint] = task
            task.add_done_callback(lambda task: self._ended(endpoint, task))

    async def close(self) -> None:
        """Give up what is under way."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _sweep(self, endpoint: str, found: list[Entry]) -> None:
        from rsdat.dcache.sweep import sweep

        gone = await sweep(await self._storage.client(endpoint), found)
        for folder in {paths.parent_of(path) for path in gone}:
            self._changed(endpoint, folder)

    def _ended(self, endpoint: str, task: asyncio.Task[None]) -> None:
        self._running.pop(endpoint, None)
        if not task.cancelled():
            task.exception()  # an endpoint that is gone; nobody waits to be told
