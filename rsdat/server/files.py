"""The bytes of dCache files, streamed both ways through the Jupyter server."""

from __future__ import annotations

import asyncio
import re
from copy import copy
from datetime import datetime
from typing import Any
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from tornado import iostream, web
from tornado.http1connection import HTTP1Connection

from rsdat.base.clock import from_iso
from rsdat.base.errors import Conflict, InvalidInput, RsdatError
from rsdat.dcache import paths
from rsdat.server.handler import RsdatHandler
from rsdat.server.upload import CHUNK_BYTES, Upload, cut_off

_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))\Z")
#: So long a client may take nothing of what is sent.
STALL_S = 300.0
#: A body whose write has failed is read to its end up to this size, because a browser that is
#: still sending may not look at an answer; larger ones are cut off.
DRAIN_BYTES = 64 * 1024 * 1024


@web.stream_request_body
class FilesHandler(RsdatHandler):
    """`/files/{endpoint}/{path}`.

    The bytes are somebody's, and they come from the origin that Lab runs on: they are sent as
    opaque data, with a policy under which nothing in them runs.
    """

    _upload: Upload[tuple[Any, bool]] | None = None
    _failure: RsdatError | None = None
    _sending: asyncio.Task[None] | None = None
    _gone = False

    async def prepare(self) -> None:  # type: ignore[override]
        """Before any byte of a body is used: who asks, from which page, and what for."""
        await super().prepare()
        if self.request.method == "PUT":
            await self._receive(*self.path_args)

    @web.authenticated
    @authorized
    async def get(self, endpoint: str, path: str) -> None:
        """The bytes, whole or one range of them."""
        # A task of its own, so that it can be ended when the client goes while dCache is slow.
        self._sending = asyncio.create_task(self._send(endpoint, paths.parse("/" + path)))
        try:
            await self._sending
        except asyncio.CancelledError:
            if not self._gone:
                raise

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
        if self._failure is not None:
            raise self._failure
        if self._upload is None:
            raise web.HTTPError(400)
        try:
            entry, created = await self._upload.result()
        finally:
            # Also after a failure: the write may have come through, its answer lost.
            folder = paths.parent_of(paths.parse("/" + path))
            self.companion.folder_changed(endpoint, folder)
        self.reply(entry.as_dict(), 201 if created else 200)

    async def data_received(self, chunk: bytes) -> None:
        """The next bytes of a body; tornado reads no further until this returns."""
        upload = self._upload
        if upload is None:
            return
        await upload.feed(chunk)
        if upload.failed and upload.left > DRAIN_BYTES and not self._finished:
            cancelled = upload.task.cancelled()
            error = cut_off() if cancelled else upload.task.exception() or cut_off()
            failure = (type(error), error, error.__traceback__)
            self.log_exception(*failure)
            self.send_error(500, exc_info=failure)

    def on_connection_close(self) -> None:
        """The client is gone: end what was done for it."""
        super().on_connection_close()
        self._gone = True
        # There is nobody to answer.
        self._auto_finish = False
        if self._upload is not None:
            self._upload.cut()
        if self._sending is not None:
            self._sending.cancel()

    @property
    def _connection(self) -> HTTP1Connection:
        connection = self.request.connection
        if not isinstance(connection, HTTP1Connection):
            raise TypeError("the request came by no HTTP/1 connection")
        return connection

    def _prepare_connection(self, size: int) -> None:
        connection = self._connection
        # The server's own limit is for bodies it holds in memory; this one is streamed.
        connection.set_max_body_size(size)
        # Tornado reads and hands on 64 KiB at a time, at more than half of an upload's cost.
        connection.params = copy(connection.params)
        connection.params.chunk_size = CHUNK_BYTES
        connection.stream.read_chunk_size = CHUNK_BYTES

    async def _send(self, endpoint: str, path: str) -> None:
        start, end = _range(self.request.headers)
        client = await self.companion.storage.client(endpoint)
        try:
            async with client.open_read(path, start or 0, end) as download:
                if start is not None and download.start == download.end:
                    self._outside(download.size)
                    return
                self._describe(download.entry)
                self.set_header("Content-Length", str(download.end - download.start))
                if start is not None:
                    self.set_status(206)
                    last = download.end - 1
                    self.set_header(
                        "Content-Range", f"bytes {download.start}-{last}/{download.size}"
                    )
                async for chunk in download:
                    self.write(chunk)
                    # Waits until the client's side has taken it: memory stays at one chunk.
                    await asyncio.wait_for(self.flush(), STALL_S)
                await self.finish()
        except iostream.StreamClosedError:
            return
        except (RsdatError, asyncio.TimeoutError) as error:
            if isinstance(error, InvalidInput) and error.code == "out_of_range":
                self._outside(error.details["size"])
            elif self._headers_written:
                # Too late for a status. A cut connection tells the client that bytes are missing.
                self.log.warning("rsdat: sending %s broke off: %s", path, error)
                self._connection.close()
            else:
                raise

    def _outside(self, size: int) -> None:
        self.set_status(416)
        self.set_header("Content-Range", f"bytes */{size}")
        self.write_error_body(
            {
                "message": f"The range lies outside the file, which has {size} bytes.",
                "details": {"code": "out_of_range", "size": size},
            }
        )

    def _describe(self, entry: Any) -> None:
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Accept-Ranges", "bytes")
        if entry.modified is not None:
            self.set_header("Last-Modified", entry.modified)
        if self.query("readFile")["download"] == "1":
            self.set_header("Content-Disposition", attachment(entry.name))

    async def _receive(self, endpoint: str, path: str) -> None:
        length = self.request.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or len(length) > 18:
            raise web.HTTPError(411, "Content-Length is needed: rsdat writes no file without it")
        size = int(length)
        self._prepare_connection(size)
        waits = self.request.headers.get("Expect", "").lower() == "100-continue"
        try:
            await self._begin(endpoint, path, size)  # type: ignore[misc]
        except RsdatError as error:
            if waits or size > DRAIN_BYTES:
                raise
            self._failure = error
            return
        upload = self._upload
        if upload is not None and upload.failed and (waits or size > DRAIN_BYTES):
            await upload.result()

    @web.authenticated
    @authorized
    async def _begin(self, endpoint: str, path: str, size: int) -> None:
        target = paths.parse("/" + path)
        replace, unchanged_since = _conditions(self.request.headers)
        client = await self.companion.storage.client(endpoint)
        self._upload = Upload(
            size,
            lambda chunks: client.write(
                target, chunks, size, replace=replace, unchanged_since=unchanged_since
            ),
        )
        self.companion.storage.own(self._upload.task)
        await self._upload.ready()


def attachment(name: str) -> str:
    """A Content-Disposition for any name, with a plain twin for what does not know RFC 5987."""
    plain = re.sub(r'[^ -~]|["\\%]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _range(headers: Any) -> tuple[int | None, int | None]:
    """Start and end (the byte after the last) of the one range asked for; start None for none.

    Forms that are not understood, several ranges, and `If-Range` (there is nothing to compare it
    with) mean the whole file, as RFC 9110 section 14.2 has it.
    """
    match = _RANGE.match(headers.get("Range", "").replace(" ", ""))
    if match is None or "If-Range" in headers:
        return None, None
    first, last, suffix = match.groups()
    if suffix is not None:
        # The last 0 bytes are no range; a start behind any file says so.
        return (-int(suffix), None) if int(suffix) else (10**18, None)
    start = int(first)
    if last is None:
        return start, None
    if int(last) < start:
        return None, None
    return start, int(last) + 1


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
