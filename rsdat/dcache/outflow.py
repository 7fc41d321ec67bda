"""A file on its way to dCache while it is still being written, a few blocks at a time.

Nobody knows its length before the end. It goes in chunks to a temporary name; what dCache stored
is compared with what was sent, and only then it can get its name.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from rsdat.base.errors import DoorBroken
from rsdat.dcache.write import Upload

#: Blocks between the writer and the connection.
WAITING_BLOCKS = 2
# A pool gives up a transfer that stands still for 300 s (dCache's default).
_LONG_PAUSE_S = 120.0

Send = Callable[[AsyncIterator[bytes]], Coroutine[Any, Any, Upload]]


class Outflow:
    """One upload of unknown length. Make it in its event loop; `finish` or `abort` it.

    Args:
        send: Starts the upload of a stream, and ends with what lies on dCache.
    """

    def __init__(self, send: Send) -> None:
        self._blocks: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING_BLOCKS)
        self._task = asyncio.ensure_future(send(self._stream()))
        self._written = time.monotonic()
        self._longest_s = 0.0

    async def put(self, block: bytes | None) -> None:
        """Pass on the next block, when there is room for it.

        Raises:
            RsdatError: The upload has failed.
        """
        self._longest_s = max(self._longest_s, time.monotonic() - self._written)
        waiting = asyncio.ensure_future(self._blocks.put(block))
        try:
            await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        self._written = time.monotonic()
        if self._task.done():
            await self._result()

    async def finish(self) -> Upload:
        """The last block is through: wait until dCache has all of it.

        Raises:
            RsdatError: The upload has failed; nothing of it is left.
        """
        await self.put(None)
        return await self._result()

    async def abort(self) -> None:
        """End it, and wait until nothing of it is left."""
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled() and self._task.exception() is None:
            await self._task.result().discard()

    def give_up(self) -> None:
        """End it without waiting: for garbage collection, in whatever thread that runs."""
        loop = self._task.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._task.cancel)

    async def _result(self) -> Upload:
        try:
            return await asyncio.shield(self._task)
        except DoorBroken as error:
            if self._longest_s > _LONG_PAUSE_S:
                error.hint = (
                    f"Nothing was written for {self._longest_s:.0f} s, and dCache ends transfers "
                    "that stand still. Open the file with seekable=True: then it waits on this "
                    "computer's disk until it is whole."
                )
            raise

    async def _stream(self) -> AsyncIterator[bytes]:
        while (block := await self._blocks.get()) is not None:
            yield block
