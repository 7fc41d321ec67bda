"""Has what cut-off writes left behind tidied up, in the background, where a folder is listed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from rsdat.base.clock import Clock, SystemClock
from rsdat.dcache import paths
from rsdat.server.storage import Storage

if TYPE_CHECKING:
    from rsdat.dcache.client import DCacheClient
    from rsdat.dcache.entry import Entry

    Work = Callable[[DCacheClient, Sequence[Entry]], Coroutine[Any, Any, list[str]]]


class Sweeping:
    """At most one of each kind an endpoint at a time: uploads, files moved aside, locks.

    What they miss is found by a later listing.

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
        self._running: dict[tuple[str, str], asyncio.Task[None]] = {}

    def noticed(self, endpoint: str, entries: Sequence[Entry]) -> None:
        """A folder was listed; returns at once."""
        # Loaded with the client that made these entries.
        from rsdat.dcache.sweep import asides, leftovers, restore, sweep
        from rsdat.dcache.unlock import locks, unlock

        now = self._clock.now()
        self._begin(endpoint, sweep, leftovers(entries, now))
        self._begin(endpoint, restore, asides(entries))
        self._begin(endpoint, unlock, locks(entries, now))

    def _begin(self, endpoint: str, work: Work, found: Sequence[Entry]) -> None:
        key = endpoint, work.__name__
        if found and key not in self._running:
            task = asyncio.create_task(self._run(endpoint, work, found))
            self._running[key] = task
            task.add_done_callback(lambda task: self._ended(key, task))

    async def close(self) -> None:
        """Give up what is under way."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(self, endpoint: str, work: Work, found: Sequence[Entry]) -> None:
        changed = await work(await self._storage.client(endpoint), found)
        for folder in {paths.parent_of(path) for path in changed}:
            self._changed(endpoint, folder)

    def _ended(self, key: tuple[str, str], task: asyncio.Task[None]) -> None:
        self._running.pop(key, None)
        if not task.cancelled():
            task.exception()  # an endpoint that is gone; nobody waits to be told
