"""What stands behind the routes: the managers of the other rooms, opened when first needed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from rsdat.server.listings import Listings
from rsdat.server.notifier import Notifier
from rsdat.server.storage import Storage
from rsdat.server.sweeping import Sweeping

if TYPE_CHECKING:
    from rsdat.clusters.manager import ClusterManager
    from rsdat.clusters.open import OpenClusters

T = TypeVar("T")


class Opening(Generic[T]):
    """Something that is opened once, by whoever needs it first; the others wait for the same.

    A failed opening is told to all who waited for it, and tried again by the next.
    """

    def __init__(self, open_: Callable[[], Awaitable[T]]) -> None:
        self._open = open_
        self._task: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """The opened thing; raises what opening raised."""
        task = self._task
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = self._task = asyncio.ensure_future(self._open())
        # One request that is cancelled must not take the opening from the others.
        return await asyncio.shield(task)

    async def close(self) -> T | None:
        """End an opening under way; returns what was opened, if it was."""
        task, self._task = self._task, None
        if task is None:
            return None
        if not task.done():
            task.cancel()
        await asyncio.wait({task})
        return None if task.cancelled() or task.exception() else task.result()


class Companion:
    """Clusters, storage and the voice that tells pages of changes, for one Jupyter server.

    Args:
        home: `$RSDAT_HOME`.
        notifier: Tells the pages; also handed to the cluster manager.
        open_clusters: Makes and starts the cluster manager.
    """

    def __init__(
        self,
        home: Path,
        notifier: Notifier,
        open_clusters: Callable[[Path, Callable[[str], None]], Awaitable[OpenClusters]],
    ) -> None:
        self.notifier = notifier
        self.storage = Storage(home)
        self.listings = Listings()
        self.sweeping = Sweeping(self.storage, self.folder_changed)
        self._clusters: Opening[OpenClusters] = Opening(
            lambda: open_clusters(home, lambda id_: notifier.changed("cluster", id_))
        )

    async def clusters(self) -> ClusterManager:
        """The cluster manager, started."""
        return (await self._clusters.get()).manager

    async def queue_info(self) -> dict[str, Any]:
        """The queue's part of `Info`."""
        return await (await self._clusters.get()).queue_info()

    def folder_changed(self, endpoint: str, folder: str) -> None:
        """A folder's entries are not what they were: forget its listing and tell the pages."""
        self.listings.forget(endpoint, folder)
        self.notifier.changed("dcache", f"{endpoint}:{folder}")

    async def stop(self) -> None:
        """End background work and connections. Clusters and what dCache was asked live on."""
        self.notifier.close()
        opened = await self._clusters.close()
        if opened is not None:
            await opened.manager.stop()
        await self.sweeping.close()
        await self.storage.close()
