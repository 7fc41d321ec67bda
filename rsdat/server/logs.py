"""Routes of the clusters' logs."""

from __future__ import annotations

import asyncio

from jupyter_server.auth.decorator import authorized
from tornado import iostream, web
from tornado.http1connection import HTTP1Connection

from rsdat.base.limit import within
from rsdat.server.handler import RsdatHandler
from rsdat.server.streaming import STALL_S, attachment

_CHUNK_BYTES = 256 * 1024


class LogsHandler(RsdatHandler):
    """`/api/clusters/{id}/logs`."""

    @web.authenticated
    @authorized
    async def get(self, id_: str) -> None:
        """The logs there are."""
        self.reply(await (await self.companion.clusters()).logs.list(id_))


class SearchLogsHandler(RsdatHandler):
    """`/api/clusters/{id}/search-logs`."""

    @web.authenticated
    @authorized
    async def get(self, id_: str) -> None:
        """Lines that hold a text."""
        query = self.query("searchLogs")
        found = await (await self.companion.clusters()).logs.search(
            id_,
            query["text"],
            source=query["source"],
            limit=query["limit"],
            match_case=query["case"] == "1",
        )
        self.reply(found)


class LogHandler(RsdatHandler):
    """`/api/clusters/{id}/logs/{source}`."""

    @web.authenticated
    @authorized
    async def get(self, id_: str, source: str) -> None:
        """A part of a log as its raw bytes, or all of it for the browser to save."""
        query = self.query("getLog")
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        if query["download"] == "1":
            await self._send_all(id_, source)
            return
        part = await (await self.companion.clusters()).log(id_, source, query["offset"])
        self.set_header("X-Rsdat-Next-Offset", str(part.next_offset))
        self.set_header("X-Rsdat-Size", str(part.size))
        self.finish(part.text)

    async def _send_all(self, id_: str, source: str) -> None:
        clusters = await self.companion.clusters()
        name = f"{id_}-{source}.log"
        log = await clusters.logs.open(id_, source)
        try:
            self.set_header("Content-Disposition", attachment(name))
            # Without Content-Length: it may grow meanwhile, or be cut.
            while chunk := await asyncio.to_thread(log.read, _CHUNK_BYTES):
                self.write(chunk)
                # Waits until the client's side has taken it: memory stays at one chunk.
                await within(STALL_S, self.flush())
            await self.finish()
        except (iostream.StreamClosedError, asyncio.TimeoutError):
            # There is nobody to answer; a cut connection tells who is slow that bytes are missing.
            self._auto_finish = False
            if isinstance(self.request.connection, HTTP1Connection):
                self.request.connection.close()
        finally:
            await asyncio.to_thread(log.close)
