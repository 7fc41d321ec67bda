"""Uploads of ours that were cut off for good (the computer died): found in listings and deleted.

An upload that still runs, ours or another companion's, is never touched: dCache gives its entry no
size before the last byte, and once whole it is renamed within seconds; only a transaction of
fsspec's keeps whole files under such names until its end. So what has a size, is older than any
token may be that could still rename it, and has not changed during a pause belongs to nobody. What
a write moved aside (`.old`) may be somebody's only copy, and is left alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from rsdat.base.errors import NoCredential, RsdatError
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.entry import Entry
from rsdat.dcache.write import is_upload_name

_log = logging.getLogger(__name__)

#: A day more than a macaroon lives at most (dCache's skel/dcache.properties).
LEFT_AFTER = timedelta(days=8)
#: Between the two looks at one. Checking and renaming an upload takes a small part of it.
PAUSE_S = 900.0
MAX_AT_ONCE = 50


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
