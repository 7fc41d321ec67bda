"""The cluster manager of this computer: which queue there is, found once, and work begun."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rsdat.base.errors import RsdatError
from rsdat.clusters.manager import ClusterManager
from rsdat.queue.detect import detect_queue
from rsdat.queue.interface import Queue


@dataclass(frozen=True)
class OpenClusters:
    """A started manager and the queue it works with."""

    manager: ClusterManager
    queue: Queue

    async def queue_info(self) -> dict[str, Any]:
        """`queue`, `queue_version`, `site` of `Info`; null for what a silent queue can't tell."""
        version = site = None
        try:
            version = await self.queue.version()
            site = await self.manager.site_name()
        except RsdatError:
            # Who the companion is must be told all the same; the panel shows the queue's trouble.
            pass
        return {"queue": self.queue.kind, "queue_version": version, "site": site}


async def open_clusters(home: Path, on_change: Callable[[str], None]) -> OpenClusters:
    """A manager of the clusters below `home`, started; `manager.stop()` it.

    Args:
        home: `$RSDAT_HOME`.
        on_change: Called with a cluster's id whenever it may look different.
    """
    queue = await asyncio.to_thread(detect_queue, home)
    manager = ClusterManager(home, queue, on_change=on_change)
    await manager.start()
    return OpenClusters(manager, queue)
