"""Recent listings of dCache folders, kept so that sorting, filtering and paging ask dCache once."""

from __future__ import annotations

import asyncio
import re
import time
import unicodedata
import weakref
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from rsdat.base.clock import to_iso
from rsdat.dcache import paths

if TYPE_CHECKING:
    from rsdat.dcache.entry import Entry

#: After this a listing is asked for anew.
FRESH_S = 60.0
MAX_FOLDERS = 16
#: Over all kept folders; about half a kilobyte each.
MAX_ENTRIES = 200_000
_MAX_FILTERS = 8
_NUMBER = re.compile("[0-9]+")


def natural_key(name: str) -> str:
    """Sorts as people count: `scene 9` before `Scene 10`; equal ones by their exact spelling.

    One text and no tuple of parts: comparing 50 000 tuples would hold up the event loop from
    whatever thread.
    """
    text = folded(name)
    if not text.isascii():
        # é stands beside e, not behind z.
        letters = unicodedata.normalize("NFD", text)
        text = "".join(c for c in letters if not unicodedata.combining(c))
    return f"{_NUMBER.sub(_by_length, text)}\0{name}"


def _by_length(number: re.Match[str]) -> str:
    digits = number[0].lstrip("0")
    return f"\1{len(digits):03}{digits}"


def folded(text: str) -> str:
    """The text without the differences that a reader does not see: case, Unicode's two forms."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()


def arrange(entries: Iterable[Entry], sort: str) -> list[Entry]:
    """The entries in an order of the contract: folders first, then by key, ties by name.

    Args:
        entries: In any order.
        sort: `name`, `size`, `modified` or `locality`; with `-` in front, reversed.
    """
    return _arrange(sorted(entries, key=lambda entry: natural_key(entry.name)), sort)


def _arrange(by_name: Sequence[Entry], sort: str) -> list[Entry]:
    key, descending = sort.removeprefix("-"), sort.startswith("-")
    rows = list(reversed(by_name)) if descending else list(by_name)
    if key != "name":
        # What has no value stands last in both directions: there is nothing to compare.
        known = [entry for entry in rows if getattr(entry, key) is not None]
        unknown = [entry for entry in rows if getattr(entry, key) is None]
        known.sort(key=lambda entry: getattr(entry, key), reverse=descending)
        rows = known + unknown
    rows.sort(key=lambda entry: entry.type != "directory")
    return rows


@dataclass
class _Folder:
    entries: Sequence[Entry]
    began_s: float
    listed: datetime
    orders: dict[str, list[Entry]] = field(default_factory=dict)
    filtered: OrderedDict[tuple[str, str], list[Entry]] = field(default_factory=OrderedDict)


class Listings:
    """Whole listings by (endpoint, folder): the youngest few, for a minute.

    Requests for one folder wait for one listing. Our own changes make a listing forgotten, also
    one that is under way: it is handed to those who wait for it, but not kept.

    Args:
        monotonic_s: Seconds that never run backwards.
    """

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = monotonic_s
        self._folders: OrderedDict[tuple[str, str], _Folder] = OrderedDict()
        self._locks: weakref.WeakValueDictionary[tuple[str, str], asyncio.Lock] = (
            weakref.WeakValueDictionary()
        )
        self._forgotten = 0

    async def page(
        self,
        endpoint: str,
        path: str,
        load: Callable[[], Awaitable[Sequence[Entry]]],
        query: dict[str, Any],
    ) -> dict[str, Any]:
        """A page of a folder, as `Listing` of the contract.

        Args:
            endpoint: Name of the endpoint.
            path: Literal path of the folder, in its one form.
            load: Asks dCache for all of the folder.
            query: offset, limit, sort, filter and refresh of the contract.

        Raises:
            RsdatError: What `load` raises.
        """
        folder = await self._folder((endpoint, path), load, anew=query["refresh"] == "1")
        rows = await self._rows(folder, query["sort"], folded(query["filter"]))
        offset = query["offset"]
        return {
            "path": path,
            "total": len(rows),
            "offset": offset,
            "entries": [entry.as_dict() for entry in rows[offset : offset + query["limit"]]],
            "listed": to_iso(folder.listed),
        }

    def forget(self, endpoint: str, path: str) -> None:
        """Ask dCache anew for a folder and all below it."""
        self._forgotten += 1
        # The client spells new names in Unicode's composed form, whatever it was asked.
        folder = paths.composed(path)
        for key in list(self._folders):
            if key[0] == endpoint and paths.is_inside(paths.composed(key[1]), folder):
                del self._folders[key]

    async def _folder(
        self,
        key: tuple[str, str],
        load: Callable[[], Awaitable[Sequence[Entry]]],
        *,
        anew: bool,
    ) -> _Folder:
        asked_s = self._now_s()
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            kept = self._folders.get(key)
            # Who asks anew takes a listing that began after the asking, so that many who do it
            # at once cost one.
            oldest_s = asked_s if anew else self._now_s() - FRESH_S
            if kept is not None and kept.began_s >= oldest_s:
                self._folders.move_to_end(key)
                return kept
            forgotten = self._forgotten
            began_s, listed = self._now_s(), datetime.now(timezone.utc)
            folder = _Folder(await load(), began_s, listed)
            if forgotten == self._forgotten:
                self._keep(key, folder)
            return folder

    def _keep(self, key: tuple[str, str], folder: _Folder) -> None:
        self._folders[key] = folder
        self._folders.move_to_end(key)
        while len(self._folders) > 1 and (
            len(self._folders) > MAX_FOLDERS
            or sum(len(kept.entries) for kept in self._folders.values()) > MAX_ENTRIES
        ):
            self._folders.popitem(last=False)

    async def _rows(self, folder: _Folder, sort: str, wanted: str) -> list[Entry]:
        rows = folder.orders.get(sort)
        if rows is None:
            # 50 000 names take a good part of a second: not on the event loop.
            rows = await asyncio.to_thread(_ordered, folder, sort)
        if not wanted:
            return rows
        kept = folder.filtered.pop((sort, wanted), None)
        if kept is None:
            kept = await asyncio.to_thread(_matching, rows, wanted)
        folder.filtered[sort, wanted] = kept
        while len(folder.filtered) > _MAX_FILTERS:
            folder.filtered.popitem(last=False)
        return kept


def _ordered(folder: _Folder, sort: str) -> list[Entry]:
    by_name = folder.orders.get("name")
    if by_name is None:
        by_name = folder.orders["name"] = arrange(folder.entries, "name")
    if sort != "name":
        folder.orders[sort] = _arrange(by_name, sort)
    return folder.orders[sort]


def _matching(rows: Sequence[Entry], wanted: str) -> list[Entry]:
    return [entry for entry in rows if wanted in folded(entry.name)]
