"""What stands behind the routes: the managers of the other rooms, opened when first needed."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rsdat.server.credentials import CredentialWatch
from rsdat.server.deletions import Deletions
from rsdat.server.listings import Listings
from rsdat.server.notifier import Notifier
from rsdat.server.opening import Opening, close_all
from rsdat.server.stacindexes import StacIndexes
from rsdat.server.stacorders import StacCopies
from rsdat.server.storage import Storage
from rsdat.server.sweeping import Sweeping
from rsdat.server.watching import Watching

if TYPE_CHECKING:
    from rsdat.clusters.manager import ClusterManager
    from rsdat.clusters.open import OpenClusters
    from rsdat.dcache.orders.book import Orders
    from rsdat.dcache.preview import Previews
    from rsdat.dcache.transfers.manager import TransferManager


class Companion:
    """Clusters, storage and the voice that tells pages of changes, for one Jupyter server.

    Args:
        home: `$RSDAT_HOME`.
        notifier: Tells the pages; also handed to the cluster manager.
        open_clusters: Makes and starts the cluster manager.
        workspace: Jupyter's root folder, and whether its hidden files may be chosen.
    """

    def __init__(
        self,
        home: Path,
        notifier: Notifier,
        open_clusters: Callable[[Path, Callable[[str], None]], Awaitable[OpenClusters]],
        workspace: Callable[[], tuple[Path, bool]] = lambda: (Path.cwd(), False),
    ) -> None:
        self.notifier = notifier
        self.storage = Storage(home, lambda name: self.listings.drop(name))
        self.listings = Listings(self._listed, lambda *key: self.watching.is_live(*key))
        self.watching = Watching(self.storage, self.listings, self.folder_changed, self._listed)
        self.deletions = Deletions(lambda id_: notifier.changed("deletion", id_))
        self.sweeping = Sweeping(self.storage, self.folder_changed)
        self.stac = StacIndexes(
            self.storage,
            workspace,
            lambda href: notifier.changed("stac", href),
            self.folder_changed,
            lambda endpoint, folder: self.watching.watch(endpoint, folder),
        )
        self.stac_copies = StacCopies(self.storage, self.stac, workspace)
        self._orders: Opening[Orders] = Opening(lambda: self._open_orders(home))
        self._previews: Opening[Previews] = Opening(_open_previews)
        self.credentials = CredentialWatch(
            self.storage, self._shared, lambda name: notifier.changed("endpoint", name)
        )
        self._transfers: Opening[TransferManager] = Opening(
            lambda: self._open_transfers(home, *workspace())
        )
        self._clusters: Opening[OpenClusters] = Opening(
            lambda: open_clusters(home, self._cluster_changed)
        )

    async def clusters(self) -> ClusterManager:
        """The cluster manager, started."""
        return (await self._clusters.get()).manager

    async def queue_info(self) -> dict[str, Any]:
        """The queue's part of `Info`."""
        return await (await self._clusters.get()).queue_info()

    async def orders(self) -> Orders:
        """The orders for tape, those that are not done followed."""
        return await self._orders.get()

    async def previews(self) -> Previews:
        """Makes small pictures."""
        return await self._previews.get()

    def _cluster_changed(self, cluster_id: str) -> None:
        self.notifier.changed("cluster", cluster_id)
        self.credentials.clusters_changed()

    async def _shared(self) -> Sequence[Path]:
        return (await self.clusters()).shared_folders()

    async def transfers(self) -> TransferManager:
        """The transfers; those that were broken off are taken up."""
        return await self._transfers.get()

    def folder_changed(self, endpoint: str, folder: str) -> None:
        """A folder's entries are not what they were: forget its listing and tell the pages."""
        self.listings.forget(endpoint, folder)
        self.notifier.changed("dcache", f"{endpoint}:{folder}")
        self.stac.folder_changed(endpoint, folder)

    def entry_changed(self, endpoint: str, path: str) -> None:
        """One entry is not what it was: as `folder_changed`, at less cost for large folders."""
        self.watching.entry_changed(endpoint, path)

    async def _open_orders(self, home: Path) -> Orders:
        # aiohttp and the client: not on the event loop.
        await asyncio.to_thread(importlib.import_module, "rsdat.dcache.orders.book")
        from rsdat.dcache.orders.book import Orders

        orders = Orders(
            home,
            self.storage.client,
            lambda id_: self.notifier.changed("tape", id_),
            self._localities_changed,
        )
        await orders.open()
        return orders

    def _localities_changed(self, endpoint: str, folder: str) -> None:
        # dCache tells it by itself of folders that somebody looks at, entry by entry.
        if not self.watching.is_live(endpoint, folder):
            self.folder_changed(endpoint, folder)

    async def _open_transfers(self, home: Path, root: Path, hidden: bool) -> TransferManager:
        # aiohttp and the client: not on the event loop.
        await asyncio.to_thread(importlib.import_module, "rsdat.dcache.transfers.manager")
        from rsdat.dcache.transfers.manager import TransferManager
        from rsdat.dcache.transfers.workspace import Workspace

        manager = TransferManager(
            home,
            self.storage.client,
            Workspace(root, hidden),
            lambda id_: self.notifier.changed("transfer", id_),
            self.folder_changed,
            self.stac_copies,
        )
        await manager.start()
        return manager

    def _listed(self, endpoint: str, folder: str) -> None:
        self.notifier.changed("dcache", f"{endpoint}:{folder}")

    async def stop(self) -> None:
        """End background work and connections. Clusters and what dCache was asked live on.

        Raises nothing: Jupyter would go on for ever.
        """
        self.notifier.close()
        for opening in (self._clusters, self._transfers, self._orders, self._previews):
            opening.end()
        # What was cut off is tidied up at dCache while the others end.
        self.storage.end()
        # It opens the clusters.
        await close_all(("credentials", self.credentials.stop))
        await close_all(
            ("clusters", lambda: self._clusters.close(lambda opened: opened.manager.stop())),
            ("transfers and catalogs", self._close_transfers_and_catalogs),
            ("orders for tape", lambda: self._orders.close(lambda orders: orders.close())),
            ("previews", lambda: self._previews.close(_close_previews)),
            ("watched folders", self.watching.close),
            ("listings", self.listings.close),
            ("sweeping", self.sweeping.close),
        )
        await close_all(("connections", self.storage.close))

    async def _close_transfers_and_catalogs(self) -> None:
        # A copy of assets whose catalog ends while it is read would count as failed.
        await close_all(
            ("transfers", lambda: self._transfers.close(lambda manager: manager.stop()))
        )
        await close_all(("catalogs", self.stac.close))


async def _open_previews() -> Previews:
    await asyncio.to_thread(importlib.import_module, "rsdat.dcache.preview")
    from rsdat.dcache.preview import Previews

    return Previews()


async def _close_previews(previews: Previews) -> None:
    previews.close()
