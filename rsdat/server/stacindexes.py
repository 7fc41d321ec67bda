"""The indexes of the catalogs that pages look at: opened when asked for, the longest unused go."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rsdat.base.errors import NotFound, RsdatError
from rsdat.server.opening import ending
from rsdat.server.storage import Storage

if TYPE_CHECKING:
    from rsdat.server.stacsource import CompanionSource
    from rsdat.stac.index import Index, Items
    from rsdat.stac.searching.running import Search

#: Of one companion; each needs up to 100 MiB.
MOST_INDEXES = 8
MOST_SEARCHES = 20
#: A page that opens a small catalog sees all of it at once.
_PATIENCE_S = 0.7
#: So long a catalog that nobody changed by this server counts as it was; ten times as long as
#: looking through it takes, if that is more.
_FRESH_S = 60.0
_AGAIN_S = 10.0
_WATCH_S = 60.0
#: How long the server's end waits for what reads, and how often that is looked at.
_END_S = 1.5
_LOOK_S = 0.05

Key = tuple[str, str]


class StacIndexes:
    """Indexes by address and endpoint, and searches by id.

    Args:
        storage: Where clients are from.
        workspace: Jupyter's root folder, and whether its hidden files may be chosen.
        changed: Told the address whose items are not what they were.
        folder_changed: Told endpoint and folder where a file was written.
        watch: Has changes of a dCache folder told to `folder_changed` here, for two minutes.
    """

    def __init__(
        self,
        storage: Storage,
        workspace: Callable[[], tuple[Path, bool]],
        changed: Callable[[str], None],
        folder_changed: Callable[[str, str], None],
        watch: Callable[[str, str], Awaitable[bool]],
    ) -> None:
        self.storage = storage
        self._workspace = workspace
        self._changed = changed
        self._folder_changed = folder_changed
        self._watch = watch
        self._watched_s: dict[Key, float] = {}
        self._indexes: dict[Key, Index] = {}
        self.searches: dict[str, Search] = {}
        self._writing = False
        self._watching: set[asyncio.Task[None]] = set()
        #: What nobody looks at any more, and what forgets it when its thread has ended.
        self._ending: dict[Items, asyncio.Task[None]] = {}
        self._closed = False

    async def source(self, href: str, endpoint: str | None) -> tuple[str, str, CompanionSource]:
        """An address in its one form, the name of its endpoint, and what reads it.

        Raises:
            RsdatError: There is no such endpoint, or the address makes no sense.
        """
        await asyncio.to_thread(importlib.import_module, "rsdat.server.stacsource")
        from rsdat.dcache.transfers.workspace import Workspace
        from rsdat.server.stacsource import WEB, CompanionSource, normal
        from rsdat.stac.doors import in_dcache

        href = normal(href)
        if href.startswith(WEB):
            said = {"dcache": {"endpoint": endpoint}} if endpoint else {}
            in_door = await asyncio.to_thread(in_dcache, href, said)
            if in_door is not None:
                href, endpoint = normal(in_door[0]), in_door[1].get("endpoint")
        name, client = "", None
        if not href.startswith(WEB):
            name = endpoint or next((each.name for each in await self.storage.endpoints()), "")
            if name:
                client = await self.storage.client(name)
        root, hidden = self._workspace()
        source = CompanionSource(
            href,
            client,
            Workspace(root, hidden),
            asyncio.get_running_loop(),
            lambda folder: self._written(name, folder),
            name,
        )
        return href, name, source

    async def items(self, href: str, endpoint: str | None) -> Items:
        """The items of a catalog or of a search, what is known of them by now.

        Raises:
            RsdatError: They can't be read, or the server is ending.
        """
        if href.startswith("search:"):
            search = self.search(href.removeprefix("search:"))
            if search.failure is not None and not len(search.table):
                raise search.failure
            return search
        href, name, source = await self.source(href, endpoint)
        key = (href, name)
        await asyncio.to_thread(importlib.import_module, "rsdat.stac.index")
        from rsdat.stac.index import Index

        # Nothing waits from here on: of two requests the second finds the index of the first.
        if self._closed:
            raise ending()
        index = self._indexes.pop(key, None)
        new = index is None
        if index is None:
            index = Index(href, source, owner=name, changed=self.teller(href))
        self._indexes[key] = index
        while len(self._indexes) > MOST_INDEXES:
            self._let_go(self._indexes.pop(next(iter(self._indexes))))
        if new or self._is_due(index):
            index.refresh()
        self._keep_watching(key)
        if not index.complete:
            await asyncio.to_thread(index.wait, _PATIENCE_S, kept=False)
        if index.failure is not None and not len(index.table):
            raise index.failure
        return index

    def _keep_watching(self, key: Key) -> None:
        """Somebody looks at a catalog: changes of its folder are of interest for a while."""
        href, name = key
        now_s = time.monotonic()
        if not href.startswith("dcache:") or now_s - self._watched_s.get(key, 0) < _WATCH_S:
            return
        self._watched_s[key] = now_s
        folder = href.removeprefix("dcache://").rpartition("/")[0] or "/"

        async def watch() -> None:
            with contextlib.suppress(RsdatError):  # it is looked at again every minute anyway
                await self._watch(name, folder)

        task = asyncio.create_task(watch())
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    def search(self, id_: str) -> Search:
        """A search.

        Raises:
            NotFound: There is none of this id.
        """
        found = self.searches.get(id_)
        if found is None:
            raise NotFound(
                "This search is not known any more", hint="Search again.", code="no_search"
            )
        return found

    async def whole(self, href: str, endpoint: str | None, limit_s: float) -> Items:
        """As `items`, all of them.

        Raises:
            RsdatError: They can't be read, or not in that time.
        """
        from rsdat.base.errors import Conflict

        items = await self.items(href, endpoint)
        if not items.complete and not await asyncio.to_thread(items.wait, limit_s, kept=False):
            raise items.failure or Conflict(
                "Its items are still being read",
                hint="Try again when the list is complete.",
                code="incomplete",
            )
        return items

    def folder_changed(self, endpoint: str, folder: str) -> None:
        """Something in a dCache folder is not what it was: look at catalogs there again."""
        if self._writing:
            return
        below = f"dcache://{folder.rstrip('/')}/"
        for (href, name), index in self._indexes.items():
            here = href.rpartition("/")[0] + "/"
            if name == endpoint and below.startswith(here) and index.settled:
                index.refresh()

    def _written(self, endpoint: str, folder: str) -> None:
        """An index was kept there, which makes none of them another one."""
        self._writing = True
        try:
            self._folder_changed(endpoint, folder)
        finally:
            self._writing = False

    def _is_due(self, index: Index) -> bool:
        if not index.settled or index.checked_s is None:
            return False
        age_s = time.monotonic() - index.checked_s
        if index.failure is not None or not index.complete:
            return age_s > _AGAIN_S
        return age_s > max(_FRESH_S, 10 * index.took_s)

    def _let_go(self, items: Items) -> None:
        """End one, and forget it when its thread has ended, which no other thread waits for."""
        items.end(kept=True)

        async def forget() -> None:
            while not items.ended:  # noqa: ASYNC110 - a thread ends, which tells nobody
                await asyncio.sleep(_LOOK_S)
            await asyncio.to_thread(items.forget)
            del self._ending[items]

        self._ending[items] = asyncio.create_task(forget())

    def teller(self, href: str) -> Callable[[], None]:
        """What a thread calls when there is more to see of an address."""
        loop = asyncio.get_running_loop()

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the server has stopped
                loop.call_soon_threadsafe(self._changed, href)

        return tell

    def add_search(self, search: Search) -> None:
        """Keep a search and start it; of more than `MOST_SEARCHES` the oldest goes.

        Raises:
            Conflict: The server is ending.
        """
        if self._closed:
            raise ending()
        while len(self.searches) >= MOST_SEARCHES:
            self.forget_search(next(iter(self.searches)))
        self.searches[search.id] = search
        search.start()

    def forget_search(self, id_: str) -> None:
        """End a search.

        Raises:
            NotFound: There is none of this id.
        """
        self._let_go(self.search(id_))
        del self.searches[id_]

    async def close(self) -> None:
        """End all reading.

        What does not end soon is left to the process' end, which cuts its threads off.
        """
        self._closed = True
        for items in (*self._indexes.values(), *self.searches.values()):
            self._let_go(items)
        self._indexes, self.searches = {}, {}
        for items in self._ending:
            items.end()
        for task in self._watching:
            task.cancel()
        tasks = {*self._watching, *self._ending.values()}
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=_END_S)
        for items in self._ending:
            items.forget()
        if late:
            for task in late:
                task.cancel()
            await asyncio.wait(late, timeout=_LOOK_S)
