"""Reading a file once, from one byte to another, with its end checked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager

import aiohttp

from rsdat.base.errors import Conflict, DoorBroken, InvalidInput, OnTape, RsdatError
from rsdat.dcache import rest, webdav
from rsdat.dcache.entry import Entry
from rsdat.dcache.http import CHUNK_BYTES, DATA_S, Http, door_failure
from rsdat.dcache.wire import BLOCK_BYTES, LEAST_BYTES, Chunk, Incoming, Wire, bytes_of

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)\Z")


class Download:
    """The bytes of a file from `start` up to `end`; iterate over it once.

    Attributes:
        entry: The file.
        size: Bytes of the whole file.
        start: First byte that comes.
        end: The byte after the last.
    """

    def __init__(
        self, entry: Entry, start: int, end: int, response: aiohttp.ClientResponse | None
    ) -> None:
        self.entry = entry
        self.size = entry.size or 0
        self.start = start
        self.end = end
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Chunks of at most 1 MiB.

        Raises:
            DoorBroken: The connection broke, or dCache sent fewer or more bytes than asked for.
        """
        missing = self.end - self.start
        if self._response is not None:
            response, self._response = self._response, None
            while True:
                try:
                    chunk = await response.content.read(CHUNK_BYTES)
                except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
                    raise door_failure(response.url, error) from error
                if not chunk:
                    break
                missing -= len(chunk)
                if missing < 0:
                    break
                yield chunk
        if missing:
            raise wrong_length(self.entry.path)

    async def summed(
        self, take: Callable[[bytes | memoryview], None], *, aside: bool
    ) -> AsyncGenerator[bytes | bytearray, None]:
        """As by iterating, at less cost where much comes: chunks of at most 4 MiB.

        Args:
            take: Is given all bytes before they come.
            aside: It takes so long that a chunk is not given to it in the event loop.

        Raises:
            DoorBroken: As above.
        """
        async with aclosing(self.passing(take, aside=aside)) as chunks:
            async for chunk in chunks:
                yield await bytes_of(chunk)

    async def passing(
        self, take: Callable[[bytes | memoryview], None], *, aside: bool
    ) -> AsyncGenerator[Chunk, None]:
        """As `summed`, for who can move them on unread; the last ones are always bytes.

        Before the next chunk is asked for, an `Incoming` must have been used. Fewer bytes came of
        it where the connection broke; that is raised here when the next chunk is asked for.

        Args:
            take: Is given all bytes: of a chunk of bytes before it comes, of another when it is
                used.
            aside: As for `summed`.

        Raises:
            DoorBroken: As above.
        """
        response, missing = self._response, self.end - self.start
        wire = None if response is None or missing < LEAST_BYTES else _wire(response)
        if response is None or wire is None:
            async for chunk in self:
                if aside:
                    await asyncio.to_thread(take, chunk)
                else:
                    take(chunk)
                yield chunk
            return
        self._response = None
        try:
            for chunk in _take_over(response):
                await asyncio.to_thread(take, chunk)
                missing -= len(chunk)
                yield chunk

            def broke(error: BaseException | None) -> Exception:
                if error is None:
                    return wrong_length(self.entry.path)
                return door_failure(response.url, error)

            while missing > 0:
                rest = missing - BLOCK_BYTES
                most = rest if rest > 0 else missing
                incoming = Incoming(wire, most, broke, take, later=rest > 0)
                came = incoming if rest > 0 else await incoming.read()
                yield came
                if incoming.failure is not None:
                    raise incoming.failure
                missing -= len(came)
        finally:
            wire.close()
        if missing:
            raise wrong_length(self.entry.path)


def _wire(response: aiohttp.ClientResponse) -> Wire | None:
    if response.connection is None or "Transfer-Encoding" in response.headers:
        return None
    return Wire.beside(response.connection.transport, DATA_S)


def _take_over(response: aiohttp.ClientResponse) -> list[bytes]:
    """Stop aiohttp's reading; returns what it has read already."""
    chunks = []
    try:
        # What it holds back while its buffer is full comes when that is emptied.
        while chunk := response.content.read_nowait():
            chunks.append(chunk)
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
        raise door_failure(response.url, error) from error
    connection = response.connection
    if connection is not None and connection.transport is not None:
        # In one turn of the event loop with the above: it would read on.
        connection.transport.pause_reading()
    return chunks


@asynccontextmanager
async def open_read(
    http: Http, path: str, start: int = 0, end: int | None = None
) -> AsyncIterator[Download]:
    """Open a file for one pass.

    Args:
        http: The endpoint.
        path: Literal path.
        start: First byte; negative counts from the end.
        end: The byte after the last; negative counts from the end, None is the end. More than
            there is means the end.

    Raises:
        OnTape: Its only copy is on tape.
        InvalidInput: `start` lies behind the end of the file (`out_of_range`).
        Conflict: It is a folder, or is being uploaded.
        RsdatError: dCache refused, or gave no usable answer.
    """
    entry = await rest.info(http, path)
    size = check_readable(entry)
    first, after = window(size, start, end)
    if first == after:
        # A door answers 206 without bytes to a range behind the end, a pool 416.
        yield Download(entry, first, after, None)
        return
    whole = (first, after) == (0, size)
    async with webdav.get(
        http, path, first=None if whole else first, last=None if whole else after - 1
    ) as response:
        check_extent(entry, response.headers, first, after)
        yield Download(entry, first, after, response)


def check_readable(entry: Entry) -> int:
    """The size of a file whose bytes can be had now.

    Raises:
        OnTape: They are on tape; a GET would start staging and block for minutes.
        Conflict: It is a folder, or is being uploaded.
        DoorBroken: They are lost, or the pool that has them is down.
    """
    if entry.is_folder:
        raise Conflict(f"'{entry.path}' is a folder", code="is_a_folder", path=entry.path)
    if entry.size is None:
        raise Conflict(
            f"'{entry.path}' is still being uploaded",
            hint="Wait until the upload has ended. If nobody uploads it, delete it.",
            code="uploading",
            path=entry.path,
        )
    if entry.locality == "NEARLINE":
        raise OnTape(
            f"'{entry.path}' is on tape",
            hint="Stage it first: dCache then brings it to disk, in minutes to hours.",
            path=entry.path,
        )
    if entry.locality in ("UNAVAILABLE", "LOST"):
        raise DoorBroken(
            f"The bytes of '{entry.path}' can't be had: dCache calls them {entry.locality}",
            hint="The pool that holds them is down. Ask dCache's administrators.",
            code="unavailable",
            path=entry.path,
        )
    return entry.size


def window(size: int, start: int, end: int | None) -> tuple[int, int]:
    """First byte and the byte after the last, both within the file.

    Raises:
        InvalidInput: `start` lies behind the end of the file (`out_of_range`).
    """
    first = max(size + start, 0) if start < 0 else start
    after = size if end is None else (max(size + end, 0) if end < 0 else min(end, size))
    if first > size:
        raise InvalidInput(
            f"Byte {first} lies behind the end of the file ({size} bytes)",
            code="out_of_range",
            size=size,
        )
    return first, max(first, after)


def check_extent(entry: Entry, headers: Mapping[str, str], first: int, after: int) -> None:
    """Hold what dCache announces against what was asked for.

    Raises:
        Conflict: The file has another size by now (`changed`).
        DoorBroken: The answer is for other bytes.
    """
    stated = headers.get("Content-Range")
    if stated is None:
        length = headers.get("Content-Length")
        if length is not None and int(length) != after - first:
            raise changed(entry.path)
        return
    match = _CONTENT_RANGE.match(stated)
    if match is None or int(match[1]) != first or int(match[2]) != after - 1:
        raise DoorBroken(
            f"dCache sent other bytes of '{entry.path}' than were asked for", code="wrong_range"
        )
    if int(match[3]) != entry.size:
        raise changed(entry.path)


def changed(path: str) -> RsdatError:
    """The error for a file that became another one between two questions."""
    return Conflict(
        f"'{path}' was replaced while it was being read",
        hint="Open it again.",
        code="changed",
        path=path,
    )


def wrong_length(path: str) -> RsdatError:
    """The error for a download with too few or too many bytes."""
    return DoorBroken(
        f"dCache sent '{path}' with a wrong number of bytes", hint="Try again.", code="cut"
    )
