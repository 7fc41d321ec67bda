"""The route by which a page says that somebody looks at a folder."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat.dcache import paths
from rsdat.server.handler import RsdatHandler


class WatchHandler(RsdatHandler):
    """`/api/dcache/{endpoint}/watch`."""

    @web.authenticated
    @authorized
    async def post(self, endpoint: str) -> None:
        """Somebody looks at a folder for two minutes."""
        path = paths.parse(self.body("PathRequest")["path"])
        self.reply({"live": await self.companion.watching.watch(endpoint, path)})
