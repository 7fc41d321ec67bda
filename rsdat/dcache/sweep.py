"""What writes left behind that were cut off for good (the computer died), found in listings.

An upload that still runs, ours or another companion's, is never touched: dCache gives its entry no
size before the last byte, and once whole it is renamed within seconds; only a transaction of
fsspec's keeps whole files under such names until its end. So what has a size, is older than any
token may be that could still rename it, and has not changed during a pause belongs to nobody, and
is deleted.

A file that a write moved aside (`.old`) may be somebody's only copy. It gets its name back; where
something stands there by now, it gets one beside it that can be seen. A write that still runs takes
it for another's doing, and begins its last steps again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice

from rsdat.base.errors import Conflict
from rsdat.dcache import paths
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.entry import Entry
from rsdat.dcache.tidying import Pause, is_still, tidy
from rsdat.dcache.write import aside_of, is_upload_name

_log = logging.getLogger(__name__)

#: A day more than a macaroon lives at most (dCache's skel/dcache.properties).
LEFT_AFTER = timedelta(days=8)
#: Between the two looks at one. Checking and renaming an upload takes a small part of it.
PAUSE_S = 900.0
MAX_AT_ONCE = 50
#: A write has a file moved aside for a moment; with a door that answers late, for a minute.
ASIDE_PAUSE_S = 120.0
_NUMBERS = range(1, 100)


def leftovers(entries: Iterable[Entry], now: datetime) -> list[Entry]:
    """Those that look like an upload that nobody goes on with; at most `MAX_AT_ONCE`."""
    found: list[Entry] = []
    for entry in entries:
        if is_upload_name(entry.name) and _is_old_file(entry, now):
            found.append(entry)
            if len(found) == MAX_AT_ONCE:
                break
    return found


async def sweep(
    client: DCacheClient, found: Sequence[Entry], *, pause: Pause = asyncio.sleep
) -> list[str]:
    """Delete those of `leftovers` that a pause later are still as they were; see `tidy`.

    Returns:
        The paths that are gone.
    """
    return await tidy(client, found, _swept, pause_s=PAUSE_S, pause=pause)


async def _swept(client: DCacheClient, entry: Entry) -> str | None:
    if not await is_still(client, entry):
        return None
    await client.delete(entry.path)
    _log.info("Deleted %s, what was left of an upload", entry.path)
    return entry.path


def asides(entries: Iterable[Entry]) -> list[Entry]:
    """Files that writes have moved aside; at most `MAX_AT_ONCE`."""
    found = (entry for entry in entries if entry.type == "file" and aside_of(entry.name))
    return list(islice(found, MAX_AT_ONCE))


async def restore(
    client: DCacheClient, found: Sequence[Entry], *, pause: Pause = asyncio.sleep
) -> list[str]:
    """Give those of `asides` that a pause later are still there a name that people see; see `tidy`.

    Returns:
        Their new paths.
    """
    return await tidy(client, found, _restored, pause_s=ASIDE_PAUSE_S, pause=pause)


async def _restored(client: DCacheClient, entry: Entry) -> str | None:
    return await _named_again(client, entry) if await is_still(client, entry) else None


async def _named_again(client: DCacheClient, aside: Entry) -> str:
    folder = paths.parent_of(aside.path)
    name, whole = aside_of(aside.name) or (aside.name, False)
    names = [name] if whole else []
    names += [paths.marked(name, mark) for mark in ("old", *map("old {}".format, _NUMBERS))]
    for each in names:
        path = paths.join(folder, each)
        try:
            await client.move(aside.path, path)
        except Conflict as error:
            if error.code != "exists" or each == names[-1]:
                raise
        else:
            _log.warning("A write of %s was cut off: the old file stands at %s", name, path)
            return path
    raise AssertionError("the last name raises")


def _is_old_file(entry: Entry, now: datetime) -> bool:
    if entry.type != "file" or entry.size is None or entry.pnfs_id is None:
        return False
    if entry.modified is None or entry.created is None:
        return False
    return max(entry.modified, entry.created) < now - LEFT_AFTER
