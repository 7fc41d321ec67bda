"""The bytes of dCache files, streamed both ways through the Jupyter server."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import datetime
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import iostream, web

from rsdat.base.clock import from_iso
from rsdat.base.errors import Conflict, InvalidInput, RsdatError
from rsdat.dcache import paths
from rsdat.server.streaming import StreamingHandler, asked_range, attachment


@web.stream_request_body
class FilesHandler(StreamingHandler):
    """`/files/{endpoint}/{path}`."""

    @web.authenticated
    @authorized
    async def get(self, endpoint: str, path: str) -> None:
        """The bytes, whole or one range of them."""
        await self._send_aside(self._send(endpoint, paths.parse("/" + path)))

    @web.authenticated
    @authorized
    async def head(self, endpoint: str, path: str) -> None:
        """What GET would say of the whole file; also for files on tape."""
        client = await self.companion.storage.client(endpoint)
        entry = await client.info(paths.parse("/" + path))
        if entry.is_folder:
            raise Conflict(f"'{entry.path}' is a folder", code="is_a_folder", path=entry.path)
        self._describe(entry)
        if entry.size is not None:
            self.set_header("Content-Length", str(entry.size))
        await self.finish()

    @web.authenticated
    @authorized
    async def put(self, endpoint: str, path: str) -> None:
        """The body has arrived: tell what became of it."""
        try:
            entry, created = await self._written()
        finally:
            # Also after a failure: the write may have come through, its answer lost.
            if self._upload is not None:
                folder = paths.parent_of(paths.parse("/" + path))
                self.companion.folder_changed(endpoint, folder)
        self.reply(entry.as_dict(), 201 if created else 200)

    async def _send(self, endpoint: str, path: str) -> None:
        start, end = asked_range(self.request.headers)
        if self._sending is not None:
            # Else a browser that stands still would hold up the server's end.
            self.companion.storage.own(self._sending)
        client = await self.companion.storage.client(endpoint)
        try:
            async with client.open_read(path, start or 0, end) as download:
                if start is not None and download.start == download.end:
                    self._outside(download.size)
                    return
                self._describe(download.entry)
                self._describe_range(
                    download.start, download.end, download.size, partial=start is not None
                )
                async with aclosing(download.passing(lambda _: None, aside=False)) as chunks:
                    await self._stream(chunks, download.end - download.start)
        except (iostream.StreamClosedError, RsdatError, asyncio.TimeoutError) as error:
            self._broke_off(error)

    def _describe(self, entry: Any) -> None:
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Accept-Ranges", "bytes")
        if entry.modified is not None:
            self.set_header("Last-Modified", entry.modified)
        if self.query("readFile")["download"] == "1":
            self.set_header("Content-Disposition", attachment(entry.name))

    @web.authenticated
    @authorized
    async def _begin(self, size: int) -> None:  # type: ignore[override]
        endpoint, path = self.path_args
        target = paths.parse("/" + path)
        replace, unchanged_since = _conditions(self.request.headers)
        client = await self.companion.storage.client(endpoint)
        self._feed(
            size,
            lambda chunks: client.write(
                target, chunks, size, replace=replace, unchanged_since=unchanged_since
            ),
        )


def _conditions(headers: Any) -> tuple[bool, datetime | None]:
    """Whether a file may be replaced, and what its `modified` must not have passed."""
    only_new = headers.get("If-None-Match")
    if only_new not in (None, "*"):
        raise InvalidInput("If-None-Match: only * is understood here")
    since = headers.get("X-Rsdat-If-Modified")
    if since is None:
        return only_new is None, None
    try:
        return only_new is None, from_iso(since)
    except ValueError as error:
        raise InvalidInput(f"X-Rsdat-If-Modified: '{since[:40]}' is not a time") from error
