"""Connects a notebook to a cluster: its folder says where, and holds the key."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from distributed.security import Security

from rsdat.base.errors import Conflict, NotFound
from rsdat.base.files import rsdat_home
from rsdat.clusters.attached.request import way_to
from rsdat.clusters.folder import ClusterFolder, cluster_folders
from rsdat.clusters.link import scheduler_address, security
from rsdat.clusters.record import Record

#: A cluster that was just made is up within a second or two: worth waiting for.
_START_WAIT_S = 15.0
_CONNECT_S = 20.0


def connect(name: str | None = None, *, home: Path | None = None) -> Any:
    """A connected `distributed.Client`; TLS with the cluster's own key, nothing else to give.

    Blocks, at most for the seconds in which a cluster that was just made comes up.

    Args:
        name: Name or id of the cluster; may be left out while there is only one.
        home: Instead of `$RSDAT_HOME`.

    Raises:
        NotFound: There is no such cluster, or none at all.
        Conflict: It is not up (yet, or any more), or `name` is needed to choose.
    """
    folder, record = find(home or rsdat_home(), name)
    return _client(record, *_way(folder, record))


async def connect_async(name: str | None = None, *, home: Path | None = None) -> Any:
    """As `connect`, for code with an event loop: an asynchronous client, connected.

    Raises:
        NotFound: There is no such cluster, or none at all.
        Conflict: It is not up (yet, or any more), or `name` is needed to choose.
    """
    folder, record = await asyncio.to_thread(find, home or rsdat_home(), name)
    address, keys = await asyncio.to_thread(_way, folder, record)
    try:
        return await _client(record, address, keys, asynchronous=True)
    except OSError as error:
        raise _silent(record) from error


def _way(folder: ClusterFolder, record: Record) -> tuple[str, Security | None]:
    """Where the scheduler is, and the keys that it wants. Blocks."""
    if record.attached is not None:
        return way_to(record.attached)
    return _wait_for_address(folder, record), security(folder)


def _client(
    record: Record, address: str, keys: Security | None, *, asynchronous: bool = False
) -> Any:
    from distributed import Client

    try:
        return Client(address, security=keys, timeout=_CONNECT_S, asynchronous=asynchronous)
    except OSError as error:
        raise _silent(record) from error


def _silent(record: Record) -> Conflict:
    return Conflict(
        f"The scheduler of '{record.name}' does not answer",
        hint="The Clusters panel says how it is.",
        code="scheduler_not_up",
    )


def find(home: Path, name: str | None) -> tuple[ClusterFolder, Record]:
    """The cluster of that name or id among those that are not stopped. Blocks.

    Raises:
        NotFound: There is no such cluster, or none at all.
        Conflict: There are several, and `name` is None.
    """
    live: list[tuple[ClusterFolder, Record]] = []
    for folder in cluster_folders(home):
        try:
            record = folder.read_record()
        except (NotFound, Conflict):
            continue
        if record.phase != "stopped":
            live.append((folder, record))
    names = ", ".join(repr(record.name) for _, record in live)
    if not live:
        raise NotFound("You have no cluster", hint="Make one in the Clusters panel.")
    if name is None:
        if len(live) > 1:
            raise Conflict("You have several clusters", hint=f"Say which: {names}.")
        return live[0]
    for folder, record in live:
        if name in (record.name, record.id):
            return folder, record
    raise NotFound(f"You have no cluster '{name}'", hint=f"There are: {names}.")


def _wait_for_address(folder: ClusterFolder, record: Record) -> str:
    deadline = time.monotonic() + _START_WAIT_S
    while record.phase == "up":
        address = scheduler_address(folder.read_scheduler_file())
        if address is not None:
            return address
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
        record = folder.read_record()
    raise Conflict(
        f"'{record.name}' is {'not up yet' if record.phase == 'up' else record.phase}",
        hint="The Clusters panel says why.",
        code="scheduler_not_up",
    )
