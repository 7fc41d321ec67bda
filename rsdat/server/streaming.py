"""Bodies that are not held in memory: what the handlers of files and transfers share."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Coroutine
from copy import copy
from typing import Any
from urllib.parse import quote

from tornado import iostream, web
from tornado.http1connection import HTTP1Connection

from rsdat.base.errors import InvalidInput, RsdatError
from rsdat.base.limit import within
from rsdat.dcache.wire import BLOCK_BYTES, LEAST_BYTES, Chunk, Incoming, bytes_of
from rsdat.server.handler import RsdatHandler
from rsdat.server.taken import TakenConnection, can_take
from rsdat.server.upload import CHUNK_BYTES, Upload, cut_off

_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))\Z")
#: So long a client may take, or send, nothing at all.
STALL_S = 300.0
#: A body whose write has failed is read to its end up to this size, because a browser that is
#: still sending may not look at an answer; larger ones are cut off.
DRAIN_BYTES = 64 * 1024 * 1024


class StreamingHandler(RsdatHandler):
    """Takes and gives bodies of any size. Subclasses carry `@web.stream_request_body`.

    The bytes are somebody's, and they come from the origin that Lab runs on: they are sent as
    opaque data, with a policy under which nothing in them runs.
    """

    _upload: Upload[tuple[Any, bool]] | None = None
    _failure: RsdatError | None = None
    _sending: asyncio.Task[None] | None = None
    _taken: TakenConnection | None = None
    _gone = False

    async def prepare(self) -> None:  # type: ignore[override]
        """Before any byte of a body is used: who asks, from which page, and what for."""
        await super().prepare()
        if self.request.method == "PUT" and await self._receive():
            # All of it came here, so tornado will not say that it is there.
            answering = self.put(*self.path_args, **self.path_kwargs)
            if answering is not None:
                await answering

    async def _begin(self, size: int) -> None:
        """Find out where a body of this size goes, and `_feed` it there."""
        raise NotImplementedError

    def _feed(
        self,
        size: int,
        write: Callable[[AsyncIterator[Chunk]], Awaitable[tuple[Any, bool]]],
    ) -> asyncio.Task[tuple[Any, bool]]:
        """Have a body written; returns the task that writes it."""
        self._upload = Upload(size, write)
        self.companion.storage.own(self._upload.task)
        return self._upload.task

    async def _written(self) -> tuple[Any, bool]:
        """What became of the body; raises what its write raised."""
        if self._failure is not None:
            raise self._failure
        if self._upload is None:
            raise web.HTTPError(400)
        return await self._upload.result()

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

    async def _send_aside(self, sending: Coroutine[Any, Any, None]) -> None:
        """Send in a task of its own, which ends when the client goes while dCache is slow."""
        self._sending = asyncio.create_task(sending)
        try:
            await self._sending
        except asyncio.CancelledError:
            # Ended with its transfer, or with the server: before any byte, too, no fault of ours.
            if not self._gone:
                self._cut()

    async def _stream(self, chunks: AsyncIterable[Chunk], size: int | None) -> None:
        """Send chunks as the client takes them, and the end.

        Args:
            chunks: The bytes.
            size: How many; None: nobody knows.
        """
        connection = self._connection
        if size is not None and size >= LEAST_BYTES and can_take(connection):
            await self._stream_around(chunks, self._take(connection))
            return
        async for chunk in chunks:
            self.write(bytes(await bytes_of(chunk)))
            # Waits until the client's side has taken it: memory stays at one chunk.
            await within(STALL_S, self.flush())
        await self.finish()

    async def _stream_around(self, chunks: AsyncIterable[Chunk], taken: TakenConnection) -> None:
        await within(STALL_S, self.flush())
        wire = taken.wire(STALL_S)
        try:
            async for chunk in chunks:
                try:
                    if isinstance(chunk, Incoming):
                        await chunk.pour(wire)
                    else:
                        await wire.send(chunk)
                except OSError as error:
                    raise iostream.StreamClosedError(error) from error
        finally:
            wire.close()
        await self.finish()

    def _take(self, connection: HTTP1Connection) -> TakenConnection:
        taken = TakenConnection(connection)
        self.request.connection = self._taken = taken
        return taken

    def _broke_off(self, error: BaseException) -> None:
        """What to do when sending failed; raises it if there is time for an answer."""
        if isinstance(error, iostream.StreamClosedError):
            return
        if isinstance(error, InvalidInput) and error.code == "out_of_range":
            self._outside(error.details["size"])
        elif self._headers_written:
            # Too late for a status. A cut connection tells the client that bytes are missing.
            why = str(error) or type(error).__name__
            self.log.warning("rsdat: sending %s broke off: %s", self.request.path, why)
            self._cut()
        else:
            raise error

    def _cut(self) -> None:
        self._auto_finish = False
        (self._taken or self._connection).close()

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

    def _outside(self, size: int) -> None:
        self.set_status(416)
        self.set_header("Content-Range", f"bytes */{size}")
        self.write_error_body(
            {
                "message": f"The range lies outside the file, which has {size} bytes.",
                "details": {"code": "out_of_range", "size": size},
            }
        )

    def _describe_range(self, start: int, end: int, size: int, *, partial: bool) -> None:
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("Content-Length", str(end - start))
        if partial:
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {start}-{end - 1}/{size}")

    async def _receive(self) -> bool:
        """Have the body written; True if it is all read, False if tornado goes on to read it."""
        length = self.request.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or len(length) > 18:
            raise web.HTTPError(411, "Content-Length is needed: rsdat writes no file without it")
        size = int(length)
        self._prepare_connection(size)
        waits = self.request.headers.get("Expect", "").lower() == "100-continue"
        try:
            await self._begin(size)
            if self._upload is not None:
                await self._upload.ready()
        except RsdatError as error:
            if waits or size > DRAIN_BYTES:
                self._answer_now(waits=waits)
                raise
            self._failure = error
            return False
        upload = self._upload
        if upload is None:
            return False
        if upload.failed and (waits or size > DRAIN_BYTES):
            self._answer_now(waits=waits)
            await upload.result()
        connection = self._connection
        if size < LEAST_BYTES or not can_take(connection):
            return False
        taken = self._take(connection)
        if waits:
            taken.send_continue()
        reading = asyncio.create_task(self._read_around(upload, taken))
        # As its write, and after it: a client that stands still must not hold up the server's end.
        self.companion.storage.own(reading)
        try:
            await reading
        except asyncio.CancelledError:
            return True  # the write was cancelled with it: its answer says so
        except (OSError, asyncio.TimeoutError):
            self.on_connection_close()
            taken.close()
            return False
        return True

    def _answer_now(self, *, waits: bool) -> None:
        """Let the answer reach a client that is about to send a large body, or is sending it."""
        if not waits and can_take(self._connection):
            self._take(self._connection).lingers = True

    async def _read_around(self, upload: Upload[Any], taken: TakenConnection) -> None:
        """Read the whole body; less of it only if its write has failed.

        Raises:
            OSError: The client is gone.
            asyncio.TimeoutError: It sends nothing.
        """
        await upload.feed(await taken.first(min(upload.left, CHUNK_BYTES)))
        wire = taken.wire(STALL_S)
        try:
            while upload.left and not upload.failed:
                incoming = Incoming(wire, upload.left, lambda _: cut_off())
                await upload.feed_from(incoming)
                if incoming.broken:
                    raise ConnectionResetError
            while upload.left and upload.left <= DRAIN_BYTES:
                block = await wire.read(min(upload.left, BLOCK_BYTES))
                if not block:
                    raise ConnectionResetError
                await upload.feed(block)
        finally:
            wire.close()


def attachment(name: str) -> str:
    """A Content-Disposition for any name, with a plain twin for what does not know RFC 5987."""
    plain = re.sub(r'[^ -~]|["\\%]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def asked_range(headers: Any, *, if_range: bool = False) -> tuple[int | None, int | None]:
    """Start and end (the byte after the last) of the one range asked for; start None for none.

    Forms that are not understood, and several ranges, mean the whole file, as RFC 9110 section
    14.2 has it; so does `If-Range` where there is nothing to compare it with.

    Args:
        headers: Of the request.
        if_range: The caller compares `If-Range`.
    """
    match = _RANGE.match(headers.get("Range", "").replace(" ", ""))
    if match is None or ("If-Range" in headers and not if_range):
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
