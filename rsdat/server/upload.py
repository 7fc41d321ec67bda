"""A request's body on its way into a write: in order, bounded, ended from either side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

from rsdat.base.errors import InvalidInput
from rsdat.base.limit import within
from rsdat.dcache.wire import Chunk, Incoming

T = TypeVar("T")

#: Tornado hands on 64 KiB; larger pieces cost less on the way to the door.
CHUNK_BYTES = 1024 * 1024
#: With these the memory of one upload is bounded, whatever the speeds of both sides.
MAX_CHUNKS = 4
#: So long a browser may send, or take, nothing at all.
STALL_S = 300.0


class Upload(Generic[T]):
    """Feeds a body to `write`, which runs as a task of its own.

    Args:
        size: Bytes of the whole body.
        write: Takes the body as chunks; those of bytes are less than `CHUNK_BYTES` and what is fed
            at once long.
    """

    def __init__(self, size: int, write: Callable[[AsyncIterator[Chunk]], Awaitable[T]]) -> None:
        self.left = size
        self._size = size
        self._queue: asyncio.Queue[Chunk] = asyncio.Queue(MAX_CHUNKS)
        self._wanted = asyncio.Event()
        self._parts: list[bytes | bytearray] = []
        self._parts_bytes = 0

        async def run() -> T:
            return await write(self._chunks())

        self.task: asyncio.Task[T] = asyncio.create_task(run())
        self.task.add_done_callback(self._release)

    @property
    def failed(self) -> bool:
        """The write has ended although bytes are still to come."""
        return self.left > 0 and self.task.done()

    async def ready(self) -> None:
        """Until the write asks for bytes or has ended: before, none need be read."""
        await self._unless_ended(self._wanted)

    async def feed(self, data: bytes | bytearray) -> None:
        """Hand on the next bytes; waits while `MAX_CHUNKS` are under way.

        Bytes that come after the write has ended are dropped.
        """
        self.left -= len(data)
        if self.task.done():
            return
        self._parts.append(data)
        self._parts_bytes += len(data)
        if self._parts_bytes >= CHUNK_BYTES or self.left == 0:
            await self._put_parts()

    async def feed_from(self, incoming: Incoming) -> None:
        """Let the write take the next bytes from their connection; returns when it has some.

        When the write has ended the rest stays there.
        """
        if self._parts:
            await self._put_parts()
        await self._queue.put(incoming)
        await self._unless_ended(incoming.over)
        if incoming.begun:
            # The HTTP client ends its sending by itself, maybe after the write: until then the
            # connection is its own, and how much has come is not known.
            await incoming.over.wait()
        self.left -= len(incoming)

    def cut(self) -> None:
        """The other side is gone: end the write, unless it has all it needs."""
        if self.left > 0:
            self.task.cancel()

    async def result(self) -> T:
        """What the write gave; raises what it raised.

        Raises:
            InvalidInput: The body was cut off.
        """
        try:
            # A request that is cancelled does not end a write that has all its bytes.
            return await asyncio.shield(self.task)
        except asyncio.CancelledError:
            if self.task.cancelled():
                raise cut_off() from None
            raise

    async def _put_parts(self) -> None:
        chunk = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts, self._parts_bytes = [], 0
        await self._queue.put(chunk)

    async def _unless_ended(self, event: asyncio.Event) -> None:
        waiting = asyncio.create_task(event.wait())
        try:
            await asyncio.wait({waiting, self.task}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()

    async def _chunks(self) -> AsyncIterator[Chunk]:
        self._wanted.set()
        given = 0
        while given < self._size:
            try:
                chunk = await within(STALL_S, self._queue.get())
            except asyncio.TimeoutError:
                raise InvalidInput(
                    f"Nothing of the file arrived for {STALL_S:g} s", code="cut_off"
                ) from None
            yield chunk
            given += len(chunk)

    def _release(self, _task: asyncio.Task[T]) -> None:
        # `feed` may be waiting for room.
        while not self._queue.empty():
            self._queue.get_nowait()


def cut_off() -> InvalidInput:
    """The error for a body whose write was ended before it had all of it."""
    return InvalidInput("The upload was cut off", hint="Try again.", code="cut_off")
