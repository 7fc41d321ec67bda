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
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from rsdat.base.errors import NoCredential, NotFound, RsdatError
from rsdat.dcache import paths, rest, webdav
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.entry import Entry
from rsdat.dcache.locknames import is_lock_name, is_token, waiting_lock

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
    client: DCacheClient,
    found: Sequence[Entry],
    *,
    pause: Callable[[float], Awaitable[Any]] = asyncio.sleep,
) -> list[str]:
    """Wait, look again, and delete those that are still the same, and hold what a lock holds.

    Can be cancelled at any time: what is half done is found again.

    Args:
        client: The endpoint.
        found: From `locks`.
        pause: How it waits.

    Returns:
        The paths that are gone.
    """
    await pause(PAUSE_S)
    gone = []
    for entry in found:
        try:
            if not await _removed(client, entry):
                continue
        except NoCredential:
            break  # each of these counts against everybody on this computer
        except RsdatError as error:
            _log.warning("The lock %s stays on dCache: %s", entry.path, error)
        else:
            _log.info("Deleted %s, the lock of a writer that was cut off", entry.path)
            gone.append(entry.path)
    return gone


async def _removed(client: DCacheClient, lock: Entry) -> bool:
    now = await client.find(lock.path)
    if now is None or (now.pnfs_id, now.modified) != (lock.pnfs_id, lock.modified):
        return False
    if not await _is_lock(client, lock.path):
        return False
    away = paths.join(paths.parent_of(lock.path), waiting_lock(secrets.token_hex(8)))
    with suppress(NotFound):  # somebody else has just done so
        await webdav.move(client.http, lock.path, away)
        await client.delete(away, recursive=True)
        return True
    return False


async def _is_lock(client: DCacheClient, path: str) -> bool:
    """Nothing but one folder with a writer's name in it, and at most the file that it wrote."""
    inside = await rest.children(client.http, path, offset=0, limit=3)
    if not inside:
        return True
    if len(inside) > 1 or not inside[0].is_folder or not is_token(inside[0].name):
        return False
    written = await rest.children(client.http, inside[0].path, offset=0, limit=3)
    return len(written) <= 1 and not any(each.is_folder for each in written)
