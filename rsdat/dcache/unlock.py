"""Locks of writers that were killed (`swap.py`), found in listings.

The next writer of the file takes such a lock away after seconds; where there is none, it stays.
A lock protects nothing by itself: who has lost it is refused by dCache, and begins again. So one
that has stood for a day is nobody's, and were it somebody's, no file would be the worse for it. It
is renamed before it is looked into and deleted: what stands under the old name then is another one.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice

from rsdat.dcache import paths, rest, webdav
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.entry import Entry
from rsdat.dcache.locknames import is_lock_name, is_token, waiting_lock
from rsdat.dcache.tidying import Pause, is_still, tidy

_log = logging.getLogger(__name__)

#: A writer has a lock for tenths of a second, and waits for one for five minutes.
LEFT_AFTER = timedelta(days=1)
PAUSE_S = 900.0
MAX_AT_ONCE = 50


def locks(entries: Iterable[Entry], now: datetime) -> list[Entry]:
    """Those that look like a lock that nobody has any more; at most `MAX_AT_ONCE`."""
    found = (
        entry
        for entry in entries
        if entry.is_folder and is_lock_name(entry.name) and _is_old(entry, now)
    )
    return list(islice(found, MAX_AT_ONCE))


def _is_old(entry: Entry, now: datetime) -> bool:
    if entry.modified is None or entry.created is None or entry.pnfs_id is None:
        return False
    return max(entry.modified, entry.created) < now - LEFT_AFTER


async def unlock(
    client: DCacheClient, found: Sequence[Entry], *, pause: Pause = asyncio.sleep
) -> list[str]:
    """Delete those of `locks` that a pause later are still the same, and hold what a lock holds.

    See `tidy`.

    Returns:
        The paths that are gone.
    """
    return await tidy(client, found, _removed, pause_s=PAUSE_S, pause=pause)


async def _removed(client: DCacheClient, lock: Entry) -> str | None:
    if not await is_still(client, lock) or not await _is_lock(client, lock.path):
        return None
    away = paths.join(paths.parent_of(lock.path), waiting_lock(secrets.token_hex(8)))
    await webdav.move(client.http, lock.path, away)
    await client.delete(away, recursive=True)
    _log.info("Deleted %s, the lock of a writer that was cut off", lock.path)
    return lock.path


async def _is_lock(client: DCacheClient, path: str) -> bool:
    """Nothing but one folder with a writer's name in it, and at most the file that it wrote."""
    inside = await rest.children(client.http, path, offset=0, limit=3)
    if not inside:
        return True
    if len(inside) > 1 or not inside[0].is_folder or not is_token(inside[0].name):
        return False
    written = await rest.children(client.http, inside[0].path, offset=0, limit=3)
    return len(written) <= 1 and not any(each.is_folder for each in written)
