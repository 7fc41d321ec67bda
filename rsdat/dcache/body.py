"""The bytes of one upload on their way: counted, summed, and watched for standing still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from rsdat.base.errors import DoorBroken, InvalidInput, RsdatError
from rsdat.dcache.adler import adler32
from rsdat.dcache.http import CHUNK_BYTES
from rsdat.dcache.wire import Chunk, Incoming, Wire, bytes_of

# Until dCache says where the data may go: it may wait for a free pool.
START_S = 300.0
# Until it takes the next chunk.
STALL_S = 120.0
# From the last byte to the 201: checksums of large files. SURF's advice for clients is 10 min/GB.
FINISH_S = 60.0
FINISH_S_PER_BYTE = 600 / 1e9
_WATCH_S = 1.0


class UploadBody:
    """A stream that is sent once; its length is known, or None.

    Attributes:
        started: Whether sending has begun.
        failure: What the source raised; the upload's own error only says that it was cut.
    """

    def __init__(self, chunks: AsyncIterable[Chunk], size: int | None) -> None:
        self.started = False
        self.failure: Exception | None = None
        self._chunks = chunks
        self._size = size
        self._sent = 0
        self._adler32 = 1
        self._waiting_since: float | None = time.monotonic()
        self._limit_s = START_S

    @property
    def adler32(self) -> str:
        """Of what was sent, as dCache writes it: eight hexadecimal digits."""
        return f"{self._adler32:08x}"

    @property
    def size(self) -> int | None:
        """Bytes that it will have; None: nobody knows."""
        return self._size

    @property
    def sent(self) -> int:
        """Bytes so far."""
        return self._sent

    async def __call__(self) -> AsyncIterator[bytes]:
        """The stream, in pieces of at most 1 MiB."""
        async for given in self._counted():
            chunk = await self._had(given)
            view = memoryview(chunk).cast("B")
            for start in range(0, len(view), CHUNK_BYTES):
                whole = isinstance(chunk, bytes) and len(chunk) <= CHUNK_BYTES
                piece = bytes(chunk if whole else view[start : start + CHUNK_BYTES])
                self._take(piece)
                yield piece

    async def send_by(self, wire: Wire) -> None:
        """Send it all, past the event loop."""
        async for chunk in self._counted():
            if isinstance(chunk, Incoming):
                with self._blamed():
                    await chunk.pour(wire, self._take, self._went)
            else:
                await wire.send(chunk, self._take)

    async def _had(self, chunk: Chunk) -> bytes | bytearray:
        with self._blamed():
            return await bytes_of(chunk)

    @contextmanager
    def _blamed(self) -> Iterator[None]:
        """What is raised as our error is the source's: dCache's connection gives an OSError."""
        try:
            yield
        except RsdatError as error:
            self.failure = error
            raise

    async def _counted(self) -> AsyncIterator[Chunk]:
        self.started = True
        try:
            self._waiting_since = None  # for the source: its slowness is not dCache's
            async for chunk in self._chunks:
                most = chunk.most if isinstance(chunk, Incoming) else memoryview(chunk).nbytes
                if self._size is not None and self._sent + most > self._size:
                    raise _wrong_length(self._size, "more")
                yield chunk
                self._waiting_since = None
            if self._size is not None and self._sent < self._size:
                raise _wrong_length(self._size, "fewer")
            self._wait(FINISH_S + self._sent * FINISH_S_PER_BYTE)
        except Exception as error:
            self.failure = error
            raise

    def _take(self, piece: bytes | memoryview) -> None:
        # Before it is sent: dCache answers as soon as it has the last byte.
        self._sent += len(piece)
        self._adler32 = adler32(piece, self._adler32)
        self._wait(STALL_S)

    def _went(self) -> None:
        self._waiting_since = None

    def _wait(self, limit_s: float) -> None:
        self._waiting_since = time.monotonic()
        self._limit_s = limit_s

    async def watch(self, upload: Coroutine[Any, Any, None]) -> None:
        """Run the upload of this body; end it when dCache stands still.

        Raises:
            DoorBroken: dCache took nothing for too long.
            Exception: What the source raised, else what the upload raised.
        """
        task = asyncio.ensure_future(upload)
        # It fails in its own way when it is ended because we are; nobody asks for that then.
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=_WATCH_S)
                since = self._waiting_since
                if since is not None and time.monotonic() - since > self._limit_s:
                    break
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        if task.cancelled():
            raise DoorBroken(
                "dCache stopped taking data in the middle of an upload",
                hint="Try again in a minute; its pools may be busy or full.",
                code="timeout",
            )
        error = task.exception()
        if self.failure is not None:
            raise self.failure from error
        if error is not None:
            raise error


def _wrong_length(size: int, word: str) -> InvalidInput:
    return InvalidInput(
        f"The upload was announced with {size} bytes and has {word}", code="wrong_length"
    )
