"""Which folders somebody looks at, and what becomes of dCache's events about them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from rsdat.base.errors import RsdatError
from rsdat.dcache import paths
from rsdat.server.listings import FIRST_PAGE, Listings
from rsdat.server.opening import close_all, ending
from rsdat.server.storage import Storage

if TYPE_CHECKING:
    from rsdat.dcache.client import DCacheClient
    from rsdat.dcache.entry import Entry
    from rsdat.dcache.watcher import Watcher

#: So long a page's word counts.
LEASE_S = 120.0
#: Of one endpoint; the oldest make room.
MAX_FOLDERS = 64
#: Events of one folder are gathered so long, and twice as long while they keep coming.
GATHER_S = 0.2
_MAX_GATHER_S = 2.0
_SWEEP_S = 10.0
#: So many entries are looked at one by one; above that the folder is listed again.
_FEW = 100
_AT_ONCE = 8

#: As the watcher says it: watched from now on.
CHECK = ""

Key = tuple[str, str]


class Watching:
    """Leases on folders, one watcher an endpoint.

    Args:
        storage: Where clients are from.
        listings: Kept up to date entry by entry, where a folder is large.
        changed: Told endpoint and folder when its listing must be read again.
        shown: Told endpoint and folder when its listing is up to date again.
        monotonic_s: Seconds that never run backwards.
    """

    def __init__(
        self,
        storage: Storage,
        listings: Listings,
        changed: Callable[[str, str], None],
        shown: Callable[[str, str], None],
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._storage = storage
        self._listings = listings
        self._changed = changed
        self._shown = shown
        self._now_s = monotonic_s
        self._leases: dict[Key, float] = {}
        self._watchers: dict[str, tuple[DCacheClient, Watcher]] = {}
        self._names: dict[Key, set[str | None]] = {}
        self._pending: dict[Key, asyncio.Task[None]] = {}
        self._sweeper: asyncio.Task[None] | None = None
        self._closed = False

    async def watch(self, endpoint: str, folder: str) -> bool:
        """Somebody looks at a folder for `LEASE_S` seconds; whether its changes will be told.

        Raises:
            NotFound: No endpoint has this name.
            Conflict: The server is ending.
        """
        client = await self._storage.client(endpoint)
        if self._closed:
            raise ending()
        self._leases.pop((endpoint, folder), None)
        self._leases[endpoint, folder] = self._now_s() + LEASE_S
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.create_task(self._sweep())
        own = [key for key in self._leases if key[0] == endpoint]
        for key in own[:-MAX_FOLDERS]:
            self._end(key)
        watcher = await self._watcher(endpoint, client)
        return await watcher.watch(folder)

    def entry_changed(self, endpoint: str, path: str) -> None:
        """We changed one entry: its folder is told to have changed, at once where it is small.

        A large one is not listed again for it; the entry is looked at.
        """
        folder = paths.parent_of(path)
        held = self._listings.known(endpoint, folder)
        if held is None or held < FIRST_PAGE or path == "/":
            self._changed(endpoint, folder)
        else:
            self._listings.forget(endpoint, path)
            # New names are composed, however they were spelled.
            self._told((endpoint, folder), paths.name_of(paths.composed(path)))

    def is_live(self, endpoint: str, folder: str) -> bool:
        """Whether changes of a folder are told now."""
        return endpoint in self._watchers and self._watchers[endpoint][1].is_live(folder)

    async def close(self) -> None:
        """Watch nothing any more."""
        self._closed = True
        tasks = [*self._pending.values(), *([self._sweeper] if self._sweeper else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        watchers, self._watchers = list(self._watchers.values()), {}
        await close_all(*(("a watcher", watcher.close) for _, watcher in watchers))

    async def _watcher(self, endpoint: str, client: DCacheClient) -> Watcher:
        from rsdat.dcache.watcher import Watcher

        known = self._watchers.get(endpoint)
        if known is not None and known[0] is client:
            return known[1]
        watcher = Watcher(client.http, lambda folder, name: self._told((endpoint, folder), name))
        self._watchers[endpoint] = (client, watcher)
        if known is not None:
            await known[1].close()  # its endpoint's configuration changed
        return watcher

    async def _sweep(self) -> None:
        while self._leases:
            await asyncio.sleep(_SWEEP_S)
            now_s = self._now_s()
            for key in [key for key, ends_s in self._leases.items() if ends_s < now_s]:
                self._end(key)

    def _end(self, key: Key) -> None:
        del self._leases[key]
        if key[0] in self._watchers:
            self._watchers[key[0]][1].unwatch(key[1])

    def _told(self, key: Key, name: str | None) -> None:
        self._names.setdefault(key, set()).add(name)
        if key not in self._pending and not self._closed:
            self._pending[key] = asyncio.create_task(self._gather(key))

    async def _gather(self, key: Key) -> None:
        pause_s = GATHER_S
        try:
            while key in self._names:
                await asyncio.sleep(pause_s)
                # A listing under way is not thrown away for what came meanwhile.
                await self._listings.settled(*key)
                told = self._names.pop(key)
                with contextlib.suppress(RsdatError):
                    await self._bring_up_to_date(key, told)
                pause_s = min(2 * pause_s, _MAX_GATHER_S)
        finally:
            del self._pending[key]

    async def _bring_up_to_date(self, key: Key, told: set[str | None]) -> None:
        endpoint, folder = key
        held = self._listings.known(endpoint, folder)
        names = sorted(name for name in told if name)
        if held is None and told == {CHECK}:
            return  # nobody has listed it
        if held is None or None in told or len(names) > _FEW or (names and held < FIRST_PAGE):
            self._changed(endpoint, folder)
            return
        client = await self._storage.client(endpoint)
        # The folder's own time tells whether anything happened that nobody told.
        if CHECK in told and not await self._same_as_listed(client, key):
            self._changed(endpoint, folder)
        elif names:
            few = asyncio.Semaphore(_AT_ONCE)

            async def find(name: str) -> Entry | None:
                async with few:
                    return await client.find(paths.join(folder, name))

            entries = await asyncio.gather(*(find(name) for name in names))
            await self._listings.change(endpoint, folder, dict(zip(names, entries, strict=True)))
            self._shown(endpoint, folder)

    async def _same_as_listed(self, client: DCacheClient, key: Key) -> bool:
        listed_ms = self._listings.folder_modified_ms(*key)
        now = await client.find(key[1])
        return now is not None and listed_ms is not None and now.modified_ms == listed_ms
