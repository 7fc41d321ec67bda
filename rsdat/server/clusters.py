"""Routes of the clusters."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat.server.handler import RsdatHandler


class ClustersHandler(RsdatHandler):
    """`/api/clusters`."""

    compresses = True

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


class PastHandler(RsdatHandler):
    """`/api/clusters/past`."""

    compresses = True

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Clusters that have stopped."""
        self.reply(await (await self.companion.clusters()).attic.past())


class PastClusterHandler(RsdatHandler):
    """`/api/clusters/past/{id}`."""

    @web.authenticated
    @authorized
    async def delete(self, id_: str) -> None:
        """Delete its folder."""
        await (await self.companion.clusters()).attic.delete(id_)
        self.set_status(204)
        self.finish()


class ClusterHandler(RsdatHandler):
    """`/api/clusters/{id}`."""

    compresses = True

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


class JobHandler(RsdatHandler):
    """`/api/clusters/{id}/jobs/{job}/{action}`."""

    @web.authenticated
    @authorized
    async def post(self, id_: str, job: str, action: str) -> None:
        """Cancel, hold or release one job."""
        manager = await self.companion.clusters()
        self.reply(await manager.act_on_job(id_, job, action), 202)


class GroupsHandler(RsdatHandler):
    """`/api/clusters/{id}/groups`."""

    @web.authenticated
    @authorized
    async def post(self, id_: str) -> None:
        """Add workers of another kind."""
        request = self.body("GroupRequest")
        self.reply(await (await self.companion.clusters()).add_group(id_, request), 201)


class GroupHandler(RsdatHandler):
    """`/api/clusters/{id}/groups/{group}`."""

    @web.authenticated
    @authorized
    async def delete(self, id_: str, group: str) -> None:
        """Let its workers go and forget it."""
        self.reply(await (await self.companion.clusters()).remove_group(id_, group), 202)
