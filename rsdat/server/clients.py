"""Routes of a cluster's clients: who is connected, and whether a notebook's versions fit."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat.server.handler import RsdatHandler


class ClientsHandler(RsdatHandler):
    """`/api/clusters/{id}/clients`."""

    # A scheduler that is not ours, or not up, has nothing to tell: no news for a log.
    expected = (409,)

    @web.authenticated
    @authorized
    async def get(self, id_: str) -> None:
        """Who is connected, and what they would lose."""
        self.reply(await (await self.companion.clusters()).clients(id_))


class VersionsHandler(RsdatHandler):
    """`/api/clusters/{id}/versions`."""

    expected = (409,)

    @web.authenticated
    @authorized
    async def post(self, id_: str) -> None:
        """Compare a notebook's packages with the cluster's."""
        packages = self.body("NotebookVersions")["packages"]
        self.reply(await (await self.companion.clusters()).compare_versions(id_, packages))
