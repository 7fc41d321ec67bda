"""rsdat as an extension of the Jupyter server: what it opens, offers and closes."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_events import EventLogger
from jupyter_server.extension.application import ExtensionApp

from rsdat.base.errors import RsdatError
from rsdat.base.files import rsdat_home
from rsdat.server.companion import Companion
from rsdat.server.dashboardkeys import DashboardKeys
from rsdat.server.notifier import EVENT, Notifier
from rsdat.server.routes import handlers

if TYPE_CHECKING:
    from rsdat.clusters.open import OpenClusters

EVENT_SCHEMA = Path(__file__).parent / "events" / "changed.v1.yaml"


async def open_clusters(home: Path, on_change: Callable[[str], None]) -> OpenClusters:
    """The clusters of this home folder, their background work started."""
    # Dask takes seconds to import the first time: not on the event loop.
    await asyncio.to_thread(importlib.import_module, "rsdat.clusters.open")
    from rsdat.clusters.open import open_clusters as open_

    return await open_(home, on_change)


class RsdatApp(ExtensionApp):
    """The companion. `self.settings["rsdat_companion"]` is what its handlers work with."""

    name = "rsdat"

    def initialize_settings(self) -> None:
        """Make the companion; nothing is opened yet."""
        self._starting: asyncio.Task[None] | None = None
        self._events.register_event_schema(EVENT_SCHEMA)
        self.companion = Companion(
            rsdat_home(), Notifier(self._emit), open_clusters, self._workspace
        )
        self.settings["rsdat_companion"] = self.companion
        self.settings["rsdat_dashboard_keys"] = DashboardKeys()

    def initialize_handlers(self) -> None:
        """Offer the routes."""
        self.handlers.extend(handlers())

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        # Clusters of an earlier server go on adapting, whether or not a page is open.
        self._starting = asyncio.create_task(self._start())

    async def _start(self) -> None:
        await self._begin("clusters can't be managed yet", self.companion.clusters)
        self.companion.credentials.start()
        await self._begin("orders for tape can't be followed yet", self.companion.orders)
        # Copies of an earlier server go on, whether or not a page is open.
        await self._begin("transfers can't be taken up yet", self.companion.transfers)

    async def _begin(self, failed: str, open_: Callable[[], Awaitable[object]]) -> None:
        try:
            await open_()
        except (RsdatError, OSError) as error:
            # Told again, with its hint, to the first page that asks.
            told = error.message if isinstance(error, RsdatError) else error
            self.log.warning("rsdat: %s: %s", failed, told)
        except Exception:
            # A bug, so with its trace; the others may work.
            self.log.exception("rsdat: %s", failed)

    def _workspace(self) -> tuple[Path, bool]:
        contents = self.settings["contents_manager"]
        root = getattr(contents, "root_dir", None) or self.settings["server_root_dir"]
        return Path(root).expanduser().absolute(), bool(contents.allow_hidden)

    async def stop_extension(self) -> None:
        """End background work. Clusters, and what dCache was asked to do, live on."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait({self._starting})
        await self.companion.stop()

    @property
    def _events(self) -> EventLogger:
        if self.serverapp is None or self.serverapp.event_logger is None:
            raise RuntimeError("rsdat is not linked to a server")
        events: EventLogger = self.serverapp.event_logger
        return events

    def _emit(self, change: dict[str, Any]) -> None:
        self._events.emit(schema_id=EVENT, data=change)
