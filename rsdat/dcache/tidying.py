"""The round over what cut-off writes left behind: wait, look at each again, deal with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from rsdat.base.errors import NoCredential, NotFound, RsdatError
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.entry import Entry

_log = logging.getLogger(__name__)

Pause = Callable[[float], Awaitable[object]]
#: Deals with one entry; the path to tell of, or None where it is left as it is.
Deal = Callable[[DCacheClient, Entry], Awaitable[str | None]]


async def tidy(
    client: DCacheClient,
    found: Iterable[Entry],
    deal: Deal,
    *,
    pause_s: float,
    pause: Pause = asyncio.sleep,
) -> list[str]:
    """Wait, then deal with each; one that fails costs none of the others.

    Can be cancelled at any time: what is not done is found by another listing.

    Args:
        client: The endpoint.
        found: What a listing showed before the pause.
        deal: What is done with one of them. What it can't do is logged, and the entry stays.
        pause_s: Seconds between the listing and now in which whoever goes on would change it.
        pause: How it waits.

    Returns:
        The paths that `deal` gave.
    """
    await pause(pause_s)
    told: list[str] = []
    for entry in found:
        try:
            path = await deal(client, entry)
            if path is None:
                continue
        except NotFound:
            continue  # somebody was faster
        except NoCredential:
            break  # each of these counts against everybody on this computer
        except RsdatError as error:
            _log.warning("%s stays on dCache: %s", entry.path, error)
        else:
            told.append(path)
    return told


async def is_still(client: DCacheClient, entry: Entry) -> bool:
    """Whether there is the same file at the same path, as it was."""
    now = await client.find(entry.path)
    return now is not None and (entry.pnfs_id, entry.size, entry.modified) == (
        now.pnfs_id,
        now.size,
        now.modified,
    )
