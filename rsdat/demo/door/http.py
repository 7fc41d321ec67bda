"""What all servers here share of HTTP: one request, exact answers, bodies in and files out."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from io import FileIO
from typing import cast

from aiohttp import web

from rsdat.demo.door.faults import Fault
from rsdat.demo.door.rights import EVERYTHING, Rights
from rsdat.demo.door.throttle import Rates, Transfer

VERSION = "11.2.5"
TEXT = "text/plain;charset=utf-8"
_SMALL_BYTES = 256 * 1024


class CutError(ConnectionError):
    """The connection ended before the body did."""


@dataclass
class Call:
    """One request at one of the servers, and the fault that was ordered for it."""

    request: web.BaseRequest
    server_url: str
    fault: Fault | None = None
    gone: asyncio.Event = field(default_factory=asyncio.Event)  # set when the client hung up
    rights: Rights = field(default=EVERYTHING, init=False)  # the listener's login sets them
    rate: Transfer = field(default_factory=Rates().transfer, init=False)  # set by the listener
    headers_sent: bool = field(default=False, init=False)

    @property
    def method(self) -> str:
        """The verb."""
        return self.request.method

    @property
    def raw_path(self) -> str:
        """The path as it was sent, still encoded."""
        return self.request.rel_url.raw_path

    def header(self, name: str) -> str:
        """A request header, empty if it was not sent."""
        return cast(str, self.request.headers.get(name, ""))

    def query(self, name: str) -> str | None:
        """A decoded parameter of the query."""
        return self.request.rel_url.query.get(name)

    @property
    def client(self) -> str:
        """Whom the rate limiter counts: the first forwarded address, or the peer's."""
        forwarded = self.header("X-Forwarded-For").partition(",")[0].strip()
        return forwarded or self.request.remote or ""

    @property
    def is_gone(self) -> bool:
        """Whether the client has hung up."""
        transport = self.request.transport
        return transport is None or transport.is_closing()

    @property
    def wants_continue(self) -> bool:
        """Whether the client waits for `100 Continue` before it sends the body."""
        return self.header("Expect").lower() == "100-continue"

    def send_continue(self) -> None:
        """Tell the client to send the body, if it waits for that."""
        if self.wants_continue and self.request.transport is not None:
            self.request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    @property
    def length(self) -> int | None:
        """Content-Length, or None: chunked or no body."""
        return self.request.content_length

    async def receive(self, sink: Callable[[bytes], object]) -> int:
        """Hand the body on as it arrives; returns its size in bytes.

        Raises:
            CutError: The client, or an ordered fault, ended it early. All that came is handed on.
        """
        limit = self.fault.at_bytes if self.fault and self.fault.kind == "cut_upload" else None
        received = 0
        while True:
            try:
                data = await self.request.content.readany()
            except (OSError, web.RequestPayloadError, RuntimeError) as error:
                raise CutError from error
            if not data:
                return received
            if limit is not None and received + len(data) >= limit:
                sink(data[: limit - received])
                self.cut()
                raise CutError
            sink(data)
            received += len(data)
            await self.rate.take(len(data))

    async def read(self, limit_bytes: int = 16 * 2**20) -> bytes:
        """The whole body; for small ones.

        Raises:
            CutError: The connection ended before it did, or it is beyond the limit.
        """
        parts: list[bytes] = []

        def keep(data: bytes) -> None:
            parts.append(data)
            if sum(map(len, parts)) > limit_bytes:
                raise CutError

        await self.receive(keep)
        return b"".join(parts)

    def cut(self) -> None:
        """End the connection without another word."""
        if self.request.transport is not None:
            self.request.transport.close()


class Answer(web.StreamResponse):
    """A response with the headers given, plus `Date` and `Server`, and none that aiohttp guesses.

    Without a body it says `Content-Length: 0`, unless it is chunked.
    """

    def __init__(
        self,
        status: int,
        *,
        reason: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        chunked: bool = False,
        length: int | None = None,
        close: bool = False,
    ) -> None:
        super().__init__(status=status, reason=reason)
        for name, value in headers:
            self.headers.add(name, value)
        self.headers["Server"] = f"dCache/{VERSION}"
        self.payload = body
        self._typed = "Content-Type" in self.headers
        self._unsized = length is not None and length < 0
        if chunked:
            self.enable_chunked_encoding()
        elif not self._unsized:
            self.content_length = len(body) if length is None else length
        if close:
            self.force_close()

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        if not self._typed:
            self.headers.pop("Content-Type", None)

    async def send(self, call: Call) -> web.StreamResponse:
        """Send headers and body."""
        if call.fault is not None and call.fault.kind in ("cut_download", "stall_download", "flip"):
            return await self.send_file(call, [Part(text=self.payload)])
        call.headers_sent = True
        await self.prepare(call.request)
        if self.payload and call.method != "HEAD":
            await self.write(self.payload)
        await self.write_eof()
        return self

    async def send_file(self, call: Call, parts: Iterable[Part]) -> web.StreamResponse:
        """Send headers and pieces of files; `content_length` must be their sum.

        An ordered fault `cut_download` ends the connection after that many bytes of the body,
        `stall_download` waits there until the client gives up, `flip` inverts the byte there.
        """
        call.headers_sent = True
        await self.prepare(call.request)
        if call.method != "HEAD":
            fault = call.fault
            ends_early = fault and fault.kind in ("cut_download", "stall_download")
            left = fault.at_bytes if fault and ends_early else None
            sent = 0
            for part in parts:
                if left is not None and len(part) >= left - sent:
                    await self._send_part(call, part.first(left - sent), sent)
                    if fault and fault.kind == "stall_download":
                        await call.gone.wait()
                    call.cut()
                    raise ConnectionResetError("cut on order")
                await self._send_part(call, part, sent)
                sent += len(part)
        await self.write_eof()
        return self

    async def _send_part(self, call: Call, part: Part, sent: int) -> None:
        flip = None
        if call.fault is not None and call.fault.kind == "flip":
            flip = call.fault.at_bytes - sent
        is_plain = flip is None and call.rate.is_open
        if part.file is None or part.size <= _SMALL_BYTES or not is_plain:
            await self._copy_part(call, part, -1 if flip is None else flip)
            return
        transport = call.request.transport
        if transport is None:
            raise ConnectionResetError("the client is gone")
        # The kernel copies from the page cache to the socket: no byte passes through Python.
        loop = asyncio.get_running_loop()
        _check_whole(
            call, await loop.sendfile(transport, part.file, part.offset, part.size), part.size
        )

    async def _copy_part(self, call: Call, part: Part, flip: int) -> None:
        for start in range(0, len(part), _SMALL_BYTES):
            size = min(_SMALL_BYTES, len(part) - start)
            if part.file is None:
                data = part.text[start : start + size]
            else:
                data = os.pread(part.file.fileno(), size, part.offset + start)
                _check_whole(call, len(data), size)
            if start <= flip < start + len(data):
                place = flip - start
                data = data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]
            await call.rate.take(len(data))
            await self.write(data)


def _check_whole(call: Call, sent: int, size: int) -> None:
    """A file that became shorter ends the connection: the client waits for what was announced."""
    if sent < size:
        call.cut()
        raise ConnectionResetError("the file became shorter")


@dataclass(frozen=True)
class Part:
    """A piece of a body: `text`, or `size` bytes of `file` from `offset`."""

    file: FileIO | None = None
    offset: int = 0
    size: int = 0
    text: bytes = b""

    def __len__(self) -> int:
        return self.size if self.file is not None else len(self.text)

    def first(self, size: int) -> Part:
        """Its first bytes."""
        return Part(self.file, self.offset, size, self.text[:size])


def line(status: int, text: str) -> Answer:
    """A door's error: one line of plain text."""
    return Answer(status, headers=[("Content-Type", TEXT)], body=(text + "\n").encode())


def http_date(mtime_ns: int) -> str:
    """`Sun, 22 Nov 2026 17:00:00 GMT`."""
    return formatdate(mtime_ns // 1_000_000_000, usegmt=True)
