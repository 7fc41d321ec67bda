"""Recent listings of dCache folders, kept so that sorting, filtering and paging ask dCache once.

A large folder takes dCache a minute and more. Its first page is asked for before all of it, and
shown meanwhile (`complete: false`); an event of the folder tells when all is there. Who looks at
such a folder again while it is read anew gets the old rows in the same way.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Protocol

from rsdat.base.clock import to_iso
from rsdat.base.errors import RsdatError
from rsdat.dcache import paths
from rsdat.server.opening import ending
from rsdat.server.order import arrange, beginning, by_name, folded, hidden, matching, visible

if TYPE_CHECKING:
    from rsdat.dcache.entry import Entry
    from rsdat.dcache.rows import Rows

#: After this a listing is asked for anew.
FRESH_S = 60.0
#: The same where dCache tells changes.
LIVE_FRESH_S = 900.0
MAX_FOLDERS = 16
#: Over all kept folders; about 150 bytes each.
MAX_ENTRIES = 200_000
#: As many may stay while a folder is listed of which a first page does not tell how large it is.
_MAX_BESIDE = 50_000
#: A page of this many costs dCache a tenth of a second; whoever has no more is known by it.
FIRST_PAGE = 200
#: So long a request waits for a new listing where an old one can be shown.
PATIENCE_S = 1.0
#: So long a failure is told to those who ask, before dCache is asked again.
TOLD_S = 10.0
#: Whole listings under way at once, whatever folders a user runs through.
_AT_ONCE = 4
_LONGEST_REST_S = 120.0
_MAX_FILTERS = 8

Key = tuple[str, str]


class Load(Protocol):
    """Asks dCache for a folder, or for a first page of it."""

    def __call__(self, limit: int | None) -> Awaitable[Rows]:
        """At most `limit` entries, or all."""
        ...


@dataclass
class _Folder:
    rows: Rows
    began_s: float
    listed: datetime
    #: How long dCache took.
    took_s: float = 0.0
    ended_s: float = 0.0
    #: It was changed since; shown only until the new one is there.
    stale: bool = False
    orders: dict[str, array[int]] = field(default_factory=dict)
    #: By order, filter, and whether hidden names are among them.
    filtered: OrderedDict[tuple[str, str, bool], array[int]] = field(default_factory=OrderedDict)
    #: Those with hidden names; None until they were counted.
    hidden: array[int] | None = None


class _Loading:
    """One folder being asked for."""

    def __init__(self, load: Load, began_s: float, sort: str, *, urgent: bool) -> None:
        self.load = load
        #: Somebody asked for it by a click.
        self.urgent = urgent
        self.began_s = began_s
        self.sort = sort
        #: Something changed since it began.
        self.outdated = False
        #: Who asks anew once this has ended.
        self.again: Load | None = None
        #: Somebody was shown less than all, and waits for the event.
        self.promised = False
        self.first: asyncio.Future[_Folder] = asyncio.get_running_loop().create_future()
        self.task: asyncio.Task[_Folder]


class Listings:
    """Whole listings by (endpoint, folder): the youngest few, for a minute.

    Requests for one folder wait for one listing. Changes make a listing stale, also one that is
    under way: it is shown until the next one is there.

    Args:
        ready: Told the endpoint and the folder when a listing that was promised is there, or
            failed.
        live: Whether dCache tells changes of a folder by itself.
        monotonic_s: Seconds that never run backwards.
    """

    def __init__(
        self,
        ready: Callable[[str, str], None] = lambda _endpoint, _path: None,
        live: Callable[[str, str], bool] = lambda _endpoint, _path: False,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ready = ready
        self._live = live
        self._now_s = monotonic_s
        self._folders: OrderedDict[Key, _Folder] = OrderedDict()
        self._loading: dict[Key, _Loading] = {}
        #: Under way for an endpoint that is another one by now.
        self._dropped: set[asyncio.Task[_Folder]] = set()
        self._closed = False
        self._failures: dict[Key, tuple[RsdatError, float]] = {}
        self._whole = asyncio.Semaphore(_AT_ONCE)

    async def page(
        self, endpoint: str, path: str, load: Load, query: dict[str, Any]
    ) -> dict[str, Any]:
        """A page of a folder, as `Listing` of the contract.

        Args:
            endpoint: Name of the endpoint.
            path: Literal path of the folder, in its one form.
            load: Asks dCache for the folder.
            query: offset, limit, sort, filter, find, hidden and refresh of the contract.

        Raises:
            RsdatError: What `load` raises.
        """
        anew = query["refresh"] == "1"
        folder, complete = await self._folder((endpoint, path), load, query["sort"], anew=anew)
        wanted, with_hidden = folded(query["filter"]), query["hidden"] == "1"
        rows = await _rows(folder, query["sort"], wanted, with_hidden=with_hidden)
        left_out = 0 if with_hidden else await _hidden(folder, wanted)
        offset = query["offset"]
        if start := folded(query["find"]):
            found = await asyncio.to_thread(beginning, folder.rows, rows, start, offset)
            offset = len(rows) if found is None else found
        numbers = rows[offset : offset + query["limit"]]
        return {
            "path": path,
            "total": len(rows),
            "hidden": left_out,
            "complete": complete,
            "offset": offset,
            "entries": [folder.rows.entry(number).as_dict() for number in numbers],
            "listed": to_iso(folder.listed),
        }

    def forget(self, endpoint: str, path: str) -> None:
        """Ask dCache anew for a folder and all below it."""
        # The client spells new names in Unicode's composed form, whatever it was asked.
        folder = paths.composed(path)
        for key in (*self._folders, *self._loading, *self._failures):
            if key[0] == endpoint and paths.is_inside(paths.composed(key[1]), folder):
                self._outdate(key)

    def drop(self, endpoint: str) -> None:
        """An endpoint is another dCache or login: nothing that was listed of it is shown again."""
        for key in [key for key in (*self._folders, *self._failures) if key[0] == endpoint]:
            self._folders.pop(key, None)
            self._failures.pop(key, None)
        for key in [key for key in self._loading if key[0] == endpoint]:
            # Who waits for it has asked before; who asks from now on begins anew.
            task = self._loading.pop(key).task
            self._dropped.add(task)
            task.add_done_callback(self._dropped.discard)

    def known(self, endpoint: str, path: str) -> int | None:
        """How many entries of a folder are held, if they are of now; None if it is not held."""
        folder = self._folders.get((endpoint, path))
        return None if folder is None or folder.stale else len(folder.rows)

    def folder_modified_ms(self, endpoint: str, path: str) -> int | None:
        """When a folder that is held had changed last, as dCache said when it listed it."""
        folder = self._folders.get((endpoint, path))
        return None if folder is None else folder.rows.folder_modified

    async def settled(self, endpoint: str, path: str) -> None:
        """Wait until no listing of a folder is under way."""
        while (loading := self._loading.get((endpoint, path))) is not None:
            await asyncio.wait({loading.task})

    async def change(self, endpoint: str, path: str, entries: Mapping[str, Entry | None]) -> None:
        """Put single entries into a folder that is held, or (None) take them out of it.

        Where an entry can't be put in, because meanwhile something else happened, the folder is
        asked for anew.
        """
        key = (endpoint, path)
        folder = self._folders.get(key)
        if folder is None or folder.stale or key in self._loading:
            self._outdate(key)
            return
        new = _Folder(
            await asyncio.to_thread(folder.rows.changed, entries),
            folder.began_s,
            folder.listed,
            folder.took_s,
            folder.ended_s,
        )
        await asyncio.to_thread(_ordered, new, "name")
        if self._folders.get(key) is folder and not folder.stale and key not in self._loading:
            self._folders[key] = new
        else:
            self._outdate(key)

    async def close(self) -> None:
        """Give up what is under way, and begin nothing more."""
        self._closed = True
        tasks = [*(loading.task for loading in self._loading.values()), *self._dropped]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _outdate(self, key: Key) -> None:
        self._failures.pop(key, None)
        if key in self._folders:
            self._folders[key].stale = True
        if key in self._loading:
            self._loading[key].outdated = True

    async def _folder(self, key: Key, load: Load, sort: str, *, anew: bool) -> tuple[_Folder, bool]:
        asked_s = self._now_s()
        patience_ends = time.monotonic() + PATIENCE_S
        while True:
            # Who asks anew takes a listing that began after the asking, so that many who do it
            # at once cost one.
            kept = self._folders.get(key)
            oldest_s = asked_s if anew else self._now_s() - self._fresh_s(key, kept)
            if kept is not None and not kept.stale and kept.began_s >= oldest_s:
                self._folders.move_to_end(key)
                return kept, True
            self._tell_failure(key, anew=anew)
            loading = self._loading.get(key) or self._begin(key, load, sort, kept, urgent=anew)
            good = loading.began_s >= oldest_s and not loading.outdated
            if not good:
                loading.again = load
            # Not awaited itself: a request that is gone must not take the listing from others.
            if kept is None:
                either = {loading.first, loading.task}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            else:
                left_s = max(0.0, patience_ends - time.monotonic())
                await asyncio.wait({loading.task}, timeout=left_s)
            if not loading.task.done():
                loading.promised = True
                return kept or loading.first.result(), False
            if good:
                return loading.task.result(), True
            # Its callback, which begins the next one, has run before we were woken.

    def _fresh_s(self, key: Key, kept: _Folder | None) -> float:
        if self._live(*key):
            return LIVE_FRESH_S
        # What takes dCache a minute is not asked for every minute.
        return max(FRESH_S, 0.0 if kept is None else 10 * kept.took_s)

    def _tell_failure(self, key: Key, *, anew: bool) -> None:
        error, until_s = self._failures.get(key, (None, 0.0))
        if error is None:
            return
        if not anew and self._now_s() < until_s:
            raise error
        del self._failures[key]

    def _begin(
        self, key: Key, load: Load, sort: str, kept: _Folder | None, *, urgent: bool
    ) -> _Loading:
        if self._closed:
            raise ending()
        loading = self._loading[key] = _Loading(load, self._now_s(), sort, urgent=urgent)
        loading.task = asyncio.create_task(self._load(loading, kept))
        loading.task.add_done_callback(lambda _: self._ended(key, loading))
        return loading

    async def _load(self, loading: _Loading, kept: _Folder | None) -> _Folder:
        listed = datetime.now(timezone.utc)
        if kept is None:
            folder = _Folder(await loading.load(FIRST_PAGE), loading.began_s, listed)
            if len(folder.rows) < FIRST_PAGE:
                return folder
            loading.first.set_result(folder)
        elif not loading.urgent:
            # A large folder that changes all the time keeps dCache busy half of it, not all of it.
            idle_s = self._now_s() - kept.ended_s
            await asyncio.sleep(max(0.0, min(kept.took_s, _LONGEST_REST_S) - idle_s))
            loading.began_s = self._now_s()
            loading.outdated = False
        async with self._whole:
            if kept is None:
                self._make_room(MAX_FOLDERS, _MAX_BESIDE)
            began_s = self._now_s()
            folder = _Folder(await loading.load(None), loading.began_s, listed)
            folder.ended_s = self._now_s()
            folder.took_s = folder.ended_s - began_s
        await asyncio.to_thread(_ordered, folder, loading.sort)
        return folder

    def _ended(self, key: Key, loading: _Loading) -> None:
        task = loading.task
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        current = self._loading.get(key) is loading  # else it is another endpoint's by now
        if current:
            del self._loading[key]
        if current and error is None:
            folder = task.result()
            folder.stale = loading.outdated
            self._keep(key, folder)
        elif current and isinstance(error, RsdatError) and loading.promised:
            self._failures[key] = (error, self._now_s() + TOLD_S)
        if not loading.first.done():
            if error is None:
                loading.first.set_result(task.result())
            else:
                loading.first.cancel()
        if current and loading.again is not None and not task.cancelled() and not self._closed:
            following = self._begin(
                key, loading.again, loading.sort, self._folders.get(key), urgent=loading.urgent
            )
            following.promised = loading.promised
        elif loading.promised and not task.cancelled():
            self._ready(*key)

    def _keep(self, key: Key, folder: _Folder) -> None:
        self._folders[key] = folder
        self._folders.move_to_end(key)
        self._make_room(MAX_FOLDERS, MAX_ENTRIES, least=1)

    def _make_room(self, folders: int, entries: int, least: int = 0) -> None:
        """Let go of those that were not used for longest, until so many are left at most."""
        while len(self._folders) > least and (
            len(self._folders) > folders
            or sum(len(kept.rows) for kept in self._folders.values()) > entries
        ):
            self._folders.popitem(last=False)


async def _rows(folder: _Folder, sort: str, wanted: str, *, with_hidden: bool) -> Sequence[int]:
    order = folder.orders.get(sort)
    if order is None:
        # 200 000 names take a good part of a second: not on the event loop.
        order = await asyncio.to_thread(_ordered, folder, sort)
    # Few folders have hidden ones: the others cost nothing.
    with_hidden = with_hidden or not folder.hidden
    if with_hidden and not wanted:
        return order
    key = (sort, wanted, with_hidden)
    kept = folder.filtered.pop(key, None)
    if kept is None:
        kept = await asyncio.to_thread(_filtered, folder, order, wanted, with_hidden)
    folder.filtered[key] = kept
    while len(folder.filtered) > _MAX_FILTERS:
        folder.filtered.popitem(last=False)
    return kept


async def _hidden(folder: _Folder, wanted: str) -> int:
    """How many names that pass a filter are hidden."""
    numbers = folder.hidden or ()
    if wanted and numbers:
        numbers = await asyncio.to_thread(matching, folder.rows, numbers, wanted)
    return len(numbers)


def _filtered(folder: _Folder, order: array[int], wanted: str, with_hidden: bool) -> array[int]:
    kept = order if with_hidden else visible(folder.rows, order)
    return matching(folder.rows, kept, wanted)


def _ordered(folder: _Folder, sort: str) -> array[int]:
    if folder.hidden is None:
        folder.hidden = hidden(folder.rows)
    names = folder.orders.get("name")
    if names is None:
        names = folder.orders["name"] = by_name(folder.rows)
    if sort != "name":
        folder.orders[sort] = arrange(folder.rows, names, sort)
    return folder.orders[sort]
