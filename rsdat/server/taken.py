"""A connection that tornado's HTTP is done with: a large body takes it over, and it is closed then.

Tornado reads and writes bodies in the event loop, several copies each. See `rsdat.dcache.wire`.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from tornado import httputil, iostream
from tornado.http1connection import HTTP1Connection
from tornado.ioloop import IOLoop

from rsdat.base.limit import within
from rsdat.dcache.wire import Wire

#: So long what a client sends on after its answer is taken and thrown away.
LINGER_S = 10.0
_LINGER_BYTES = 1024 * 1024


def can_take(connection: HTTP1Connection) -> bool:
    """Whether it is plain TCP, so that a body may go around tornado."""
    stream = connection.stream
    return type(stream) is iostream.IOStream and not stream.closed()


class TakenConnection(httputil.HTTPConnection):
    """What a handler answers by, in place of tornado's own: one answer, and the end.

    Args:
        connection: Tornado's. Of its request the headers have been read, of its answer nothing
            has been sent.
    """

    def __init__(self, connection: HTTP1Connection) -> None:
        self._stream = connection.detach()
        self._lingering: asyncio.Task[None] | None = None
        #: The body has not been read. A client that sends it must not be cut off at once: it would
        #: see a broken connection and no answer.
        self.lingers = False

    async def first(self, most: int) -> bytes:
        """What of a body has been read already, or comes first.

        From then on the connection is the caller's to read, not the event loop's.

        Raises:
            tornado.iostream.StreamClosedError: The client is gone.
        """
        chunk = await self._stream.read_bytes(most, partial=True)
        self._stream.io_loop.update_handler(self._stream.fileno(), IOLoop.ERROR)
        return chunk

    def send_continue(self) -> None:
        """Say that the body may come."""
        self._stream.write(b"HTTP/1.1 100 (Continue)\r\n\r\n")

    def wire(self, limit_s: float) -> Wire:
        """The connection, for large pieces. Close it when they are through.

        Raises:
            tornado.iostream.StreamClosedError: The client is gone.
        """
        if self._stream.closed():
            raise iostream.StreamClosedError
        return Wire(self._stream.socket.fileno(), limit_s)

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        """Have it told when the client goes."""
        self._stream.set_close_callback(callback)

    def write_headers(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
        chunk: bytes | None = None,
    ) -> asyncio.Future[None]:
        """Tornado's interface."""
        headers["Connection"] = "close"
        lines = ["HTTP/1.1 {} {}".format(*start_line[1:3])]
        lines += [f"{name}: {value}" for name, value in headers.get_all()]
        head = "\r\n".join([*lines, "", ""]).encode("latin1")
        return self.write(head + (chunk or b""))

    def write(self, chunk: bytes) -> asyncio.Future[None]:
        """Tornado's interface: that the client is gone is in the future, and not raised."""
        try:
            return self._stream.write(chunk)
        except iostream.StreamClosedError as error:
            gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            gone.set_exception(error)
            gone.exception()  # nobody has to ask for it
            return gone

    def finish(self) -> None:
        """Close it when all has been sent."""
        if not self._stream.closed():
            self._stream.write(b"").add_done_callback(lambda _: self._end())

    def _end(self) -> None:
        if self.lingers and not self._stream.closed():
            self._lingering = asyncio.ensure_future(self._linger())
        else:
            self._stream.close()

    async def _linger(self) -> None:
        try:
            self._stream.socket.shutdown(socket.SHUT_WR)
            await within(LINGER_S, self._take_rest())
        except (OSError, asyncio.TimeoutError):
            pass  # the client has closed it, or has had its time
        finally:
            self._stream.close()

    async def _take_rest(self) -> None:
        rest = bytearray(_LINGER_BYTES)
        while True:
            await self._stream.read_into(rest, partial=True)
            await asyncio.sleep(0)  # what comes fast must not hold up others

    def close(self) -> None:
        """Close it now: the client must see that bytes are missing."""
        self._stream.close()
