"""What dCache has at each of many paths, with few requests and few at once.

Asked for one by one, thousands of paths take thousands of connections at once, or minutes; and a
door answers 429 to who asks more than 250 times a second.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from rsdat.base.errors import Conflict, NotFound, NotPermitted, Refused
from rsdat.dcache import listing, paths, rest
from rsdat.dcache.entry import Entry
from rsdat.dcache.http import Http
from rsdat.dcache.rows import LINK

_T = TypeVar("_T")

#: From here on listing the folder costs less than looking at its entries one by one.
LIST_FROM = 20
#: So many entries of a listing cost about as much as one question.
_ENTRIES_A_QUESTION = 50
_AT_ONCE = 6


async def find_all(http: Http, wanted: Iterable[str]) -> dict[str, Entry | None]:
    """What is at each of many paths.

    Paths of one folder are looked up in its listing, unless it holds much more than is asked for.

    Args:
        http: The endpoint.
        wanted: Literal paths.

    Returns:
        By path, in the order given; None where there is nothing. Those from a listing have no
        `pnfs_id`.

    Raises:
        RsdatError: dCache refused, or gave no usable answer.
    """
    found: dict[str, Entry | None] = dict.fromkeys(wanted)
    by_folder: defaultdict[str, list[str]] = defaultdict(list)
    for path in found:
        by_folder[paths.parent_of(path)].append(path)
    listed: set[str] = set()
    for folder, members in by_folder.items():
        if len(members) >= LIST_FROM:
            there = await _listed(http, folder, members)
            found.update(there)
            listed.update(there)
    single = [path for path in found if path not in listed]
    found.update(zip(single, await each(single, lambda path: rest.find(http, path)), strict=True))
    return found


async def each(items: Sequence[str], do: Callable[[str], Awaitable[_T]]) -> list[_T]:
    """The results in the items' order, a few at once; the first failure ends the others."""
    limit = asyncio.Semaphore(_AT_ONCE)

    async def one(item: str) -> _T:
        async with limit:
            return await do(item)

    tasks = [asyncio.ensure_future(one(item)) for item in items]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


async def _listed(http: Http, folder: str, members: Sequence[str]) -> dict[str, Entry]:
    """Those that the listing of their folder has, or its beginning where it is long."""
    try:
        rows = await listing.rows(http, folder, limit=len(members) * _ENTRIES_A_QUESTION)
    except (NotFound, NotPermitted, Refused, Conflict):
        # A token may let one read files and list no folder: each is asked for.
        return {}
    # What a link points to a listing does not say.
    at = {
        name: number
        for number, (name, kind) in enumerate(zip(rows.names, rows.types, strict=True))
        if kind != LINK
    }
    numbers = ((path, at.get(paths.name_of(path))) for path in members)
    return {path: rows.entry(number) for path, number in numbers if number is not None}
