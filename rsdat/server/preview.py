"""The route of small pictures of images and rasters."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat.dcache import paths
from rsdat.server.handler import RsdatHandler


class PreviewHandler(RsdatHandler):
    """`/preview/{endpoint}/{path}`."""

    @web.authenticated
    @authorized
    async def get(self, endpoint: str, path: str) -> None:
        """A PNG that we made: no byte of the file itself."""
        size = self.query("previewFile")["size"]
        client = await self.companion.storage.client(endpoint)
        previews = await self.companion.previews()
        picture = await previews.make(client, paths.parse("/" + path), size)
        self.set_header("Content-Type", "image/png")
        self.finish(picture)
