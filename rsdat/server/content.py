"""The bytes of transfers: files on their way from the browser, downloads on their way to it."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat.server.streaming import StreamingHandler, asked_range, attachment


@web.stream_request_body
class ContentHandler(StreamingHandler):
    """`/transfers/{id}/content`."""

    @web.authenticated
    @authorized
    async def get(self, id_: str) -> None:
        """The bytes of a download."""
        await self._send_aside(self._send(id_))

    @web.authenticated
    @authorized
    async def put(self, id_: str) -> None:
        """One file of an upload has arrived: tell what became of it."""
        entry, created = await self._written()
        self.reply(entry.as_dict(), 201 if created else 200)

    @web.authenticated
    @authorized
    async def delete(self, id_: str) -> None:
        """The page sends one file of an upload no more."""
        path = self.query("giveUpContent")["path"]
        (await (await self.companion.transfers()).upload(id_)).give_up(path)
        self.set_status(204)
        self.finish()

    async def _send(self, id_: str) -> None:
        start, end = asked_range(self.request.headers, if_range=True)
        manager = await self.companion.transfers()
        download = await manager.download(id_)
        if self._sending is not None:
            manager.own(id_, self._sending)
        try:
            async with download.open(start, end, self.request.headers.get("If-Range")) as content:
                if content.size is None or content.end is None:
                    self.set_header("Content-Type", content.media_type)
                else:
                    if start is not None and content.start == content.end:
                        self._outside(content.size)
                        return
                    self._describe_range(
                        content.start, content.end, content.size, partial=content.ranged
                    )
                if content.etag is not None:
                    self.set_header("ETag", content.etag)
                if content.modified is not None:
                    self.set_header("Last-Modified", content.modified)
                self.set_header("Content-Disposition", attachment(content.name))
                size = None if content.end is None else content.end - content.start
                await self._stream(content.chunks, size)
        except Exception as error:  # noqa: BLE001 - also a bug's archive must not end as a whole one
            self._broke_off(error)

    @web.authenticated
    @authorized
    async def _begin(self, size: int) -> None:  # type: ignore[override]
        query = self.query("sendContent")
        (id_,) = self.path_args
        manager = await self.companion.transfers()
        upload = await manager.upload(id_)
        upload.check(query["path"], size)  # refused at once, if it can't be sent
        writing = self._feed(
            size, lambda chunks: upload.receive(query["path"], chunks, size, query["conflict"])
        )
        manager.own(id_, writing)
