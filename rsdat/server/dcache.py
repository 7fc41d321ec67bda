"""Routes of the dCache namespace: everything but the files' bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat.dcache import paths
from rsdat.server.handler import RsdatHandler

if TYPE_CHECKING:
    from rsdat.dcache.rows import Rows


class ListHandler(RsdatHandler):
    """`/api/dcache/{endpoint}/list`."""

    compresses = True

    @web.authenticated
    @authorized
    async def get(self, endpoint: str) -> None:
        """A page of a folder."""
        query = self.query("listFolder")
        path = paths.parse(query["path"])
        client = await self.companion.storage.client(endpoint)

        async def load(limit: int | None) -> Rows:
            rows = await client.rows(path, limit=limit)
            self.companion.sweeping.noticed(endpoint, rows.uploads())
            return rows

        self.reply(await self.companion.listings.page(endpoint, path, load, query))


class EntryHandler(RsdatHandler):
    """`/api/dcache/{endpoint}/info`."""

    # Uploads look whether their names are free.
    expected = (404,)

    @web.authenticated
    @authorized
    async def get(self, endpoint: str) -> None:
        """One file or folder."""
        path = paths.parse(self.query("getEntry")["path"])
        client = await self.companion.storage.client(endpoint)
        self.reply((await client.info(path)).as_dict())


class MakeFolderHandler(RsdatHandler):
    """`/api/dcache/{endpoint}/mkdir`."""

    @web.authenticated
    @authorized
    async def post(self, endpoint: str) -> None:
        """A new folder."""
        path = paths.parse(self.body("PathRequest")["path"])
        client = await self.companion.storage.client(endpoint)
        try:
            entry = await client.mkdir(path)
        finally:
            # Also after a failure: it may be there all the same, its answer lost.
            self.companion.entry_changed(endpoint, path)
        self.reply(entry.as_dict(), 201)


class MoveHandler(RsdatHandler):
    """`/api/dcache/{endpoint}/move`."""

    @web.authenticated
    @authorized
    async def post(self, endpoint: str) -> None:
        """Rename or move; never replaces."""
        body = self.body("MoveRequest")
        source, destination = paths.parse(body["source"]), paths.parse(body["destination"])
        client = await self.companion.storage.client(endpoint)
        try:
            entry = await client.move(source, destination)
        finally:
            # Also after a failure: it may have moved all the same, its answer lost.
            self.companion.entry_changed(endpoint, source)
            self.companion.entry_changed(endpoint, destination)
        self.reply(entry.as_dict())


class DeleteHandler(RsdatHandler):
    """`/api/dcache/{endpoint}/delete`."""

    _is_heard = True

    def on_connection_close(self) -> None:
        """Who asked is gone; what was asked for goes on."""
        self._is_heard = False
        super().on_connection_close()

    @web.authenticated
    @authorized
    async def post(self, endpoint: str) -> None:
        """Delete for good: dCache has no bin."""
        body = self.body("DeleteRequest")
        path = paths.parse(body["path"])
        client = await self.companion.storage.client(endpoint)
        running = self.companion.deletions.running(endpoint, path, lambda: self._is_heard)
        try:
            with running as deletion:
                await client.delete(path, recursive=body["recursive"], deletion=deletion)
        finally:
            # Also after a failure: a part of a folder may be gone.
            self.companion.entry_changed(endpoint, path)
        self.set_status(204)
        self.finish()


class DeletionsHandler(RsdatHandler):
    """`/api/deletions`."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Those that run, and those that ended unheard; asks no dCache."""
        self.reply({"deletions": self.companion.deletions.all()})


class DeletionActionHandler(RsdatHandler):
    """`/api/deletions/{id}/{action}`."""

    @web.authenticated
    @authorized
    async def post(self, id_: str, action: str) -> None:
        """Stop it, or note that the user was told how it ended."""
        acts = {"stop": self.companion.deletions.stop, "seen": self.companion.deletions.seen}
        if action not in acts:
            raise web.HTTPError(404, "A deletion can be told: " + ", ".join(acts))
        self.reply(acts[action](id_), 202)
