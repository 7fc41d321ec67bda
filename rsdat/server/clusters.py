"""Routes of the clusters."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat.server.handler import RsdatHandler


class ClustersHandler(RsdatHandler):
    """`/api/clusters`."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """All clusters that are not stopped."""
        self.reply(await (await self.companion.clusters()).list())

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Make a cluster."""
        request = self.body("ClusterRequest")
        self.reply(await (await self.companion.clusters()).create(request), 201)


class PreviewHandler(RsdatHandler):
    """`/api/clusters/preview`."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """What a request would submit."""
        request = self.body("ClusterRequest")
        self.reply(await (await self.companion.clusters()).preview(request))


class ClusterHandler(RsdatHandler):
    """`/api/clusters/{id}`."""

    @web.authenticated
    @authorized
    async def get(self, id_: str) -> None:
        """One cluster with its jobs."""
        self.reply(await (await self.companion.clusters()).get(id_))

    @web.authenticated
    @authorized
    async def patch(self, id_: str) -> None:
        """Scale, adapt or rename it."""
        change = self.body("ClusterChange")
        self.reply(await (await self.companion.clusters()).change(id_, change))

    @web.authenticated
    @authorized
    async def delete(self, id_: str) -> None:
        """Shut it down; the end comes in the background."""
        self.reply(await (await self.companion.clusters()).shutdown(id_), 202)


class LogHandler(RsdatHandler):
    """`/api/clusters/{id}/logs/{source}`."""

    @web.authenticated
    @authorized
    async def get(self, id_: str, source: str) -> None:
        """A part of a log, as its raw bytes."""
        offset = self.query("getLog")["offset"]
        part = await (await self.companion.clusters()).log(id_, source, offset)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("X-Rsdat-Next-Offset", str(part.next_offset))
        self.set_header("X-Rsdat-Size", str(part.size))
        self.finish(part.text)
