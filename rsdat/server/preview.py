"""The route of small pictures of images and rasters."""

from __future__ import annotations

import asyncio

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat.dcache import paths
from rsdat.server.handler import RsdatHandler


class PreviewHandler(RsdatHandler):
    """`/preview/{endpoint}/{path}`."""

    _making: asyncio.Task[bytes] | None = None

    @web.authenticated
    @authorized
    async def get(self, endpoint: str, path: str) -> None:
        """A PNG that we made: no byte of the file itself."""
        size = self.query("previewFile")["size"]
        client = await self.companion.storage.client(endpoint)
        previews = await self.companion.previews()
        making = previews.make(client, paths.parse("/" + path), size)
        self._making = asyncio.create_task(making)
        try:
            picture = await self._making
        except asyncio.CancelledError:
            if self._auto_finish:
                raise
            return  # whoever wanted it has gone
        self.set_header("Content-Type", "image/png")
        self.finish(picture)

    def on_connection_close(self) -> None:
        """Whoever wanted it has gone: read no further."""
        super().on_connection_close()
        self._auto_finish = False
        if self._making is not None:
            self._making.cancel()
