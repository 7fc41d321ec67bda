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
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from rsdat.base.errors import Conflict, NoCredential, NotFound, RsdatError
from rsdat.dcache import paths
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.entry import Entry
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
    client: DCacheClient,
    found: Sequence[Entry],
    *,
    pause: Callable[[float], Awaitable[Any]] = asyncio.sleep,
) -> list[str]:
    """Wait, look again, and delete those that are still as they were.

    Can be cancelled at any time. What can't be deleted is logged and left.

    Args:
        client: The endpoint.
        found: From `leftovers`.
        pause: How it waits.

    Returns:
        The paths that are gone.
    """
    await pause(PAUSE_S)
    gone = []
    for entry in found:
        try:
            if not _is_same(entry, await client.find(entry.path)):
                continue
            await client.delete(entry.path)
        except NoCredential:
            break  # each of these counts against everybody on this computer
        except RsdatError as error:
            _log.warning("%s stays on dCache: %s", entry.path, error)
        else:
            _log.info("Deleted %s, what was left of an upload", entry.path)
            gone.append(entry.path)
    return gone


def asides(entries: Iterable[Entry]) -> list[Entry]:
    """Files that writes have moved aside; at most `MAX_AT_ONCE`."""
    found = (entry for entry in entries if entry.type == "file" and aside_of(entry.name))
    return list(islice(found, MAX_AT_ONCE))


async def restore(
    client: DCacheClient,
    found: Sequence[Entry],
    *,
    pause: Callable[[float], Awaitable[Any]] = asyncio.sleep,
) -> list[str]:
    """Wait, look again, and give those that are still there a name that people see.

    Args:
        client: The endpoint.
        found: From `asides`.
        pause: How it waits.

    Returns:
        Their new paths.
    """
    await pause(ASIDE_PAUSE_S)
    restored = []
    for entry in found:
        try:
            if not _is_same(entry, await client.find(entry.path)):
                continue
            restored.append(await _named_again(client, entry))
        except NotFound:
            continue
        except NoCredential:
            break
        except RsdatError as error:
            _log.warning("The old file %s stays under that name: %s", entry.path, error)
    return restored


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


def _is_same(entry: Entry, now: Entry | None) -> bool:
    return now is not None and (entry.pnfs_id, entry.size, entry.modified) == (
        now.pnfs_id,
        now.size,
        now.modified,
    )


def _is_old_file(entry: Entry, now: datetime) -> bool:
    if entry.type != "file" or entry.size is None or entry.pnfs_id is None:
        return False
    if entry.modified is None or entry.created is None:
        return False
    return max(entry.modified, entry.created) < now - LEFT_AFTER
