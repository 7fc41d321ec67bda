"""Routes that say what this companion is and where it runs."""

from __future__ import annotations

import asyncio

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat import __version__
from rsdat.server.handler import RsdatHandler
from rsdat.server.versions import versions_on_disk


class InfoHandler(RsdatHandler):
    """`/api/info`."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Version and surroundings. Answers also while the queue is silent."""
        queue = await self.companion.queue_info()
        endpoints = [endpoint.name for endpoint in await self.companion.storage.endpoints()]
        on_disk = await asyncio.to_thread(versions_on_disk)
        self.reply({"version": __version__, **on_disk, **queue, "endpoints": endpoints})


class SiteHandler(RsdatHandler):
    """`/api/site`."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Partitions, limits, accounts and presets."""
        self.reply(await (await self.companion.clusters()).site())


class PresetHandler(RsdatHandler):
    """`/api/presets/{name}`."""

    @web.authenticated
    @authorized
    async def put(self, name: str) -> None:
        """Save it."""
        request = self.body("PresetRequest")
        preset, new = await (await self.companion.clusters()).save_preset(name, request)
        self.reply(preset, 201 if new else 200)

    @web.authenticated
    @authorized
    async def delete(self, name: str) -> None:
        """Delete it."""
        await (await self.companion.clusters()).delete_preset(name)
        self.set_status(204)
        self.finish()
