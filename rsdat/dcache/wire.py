"""The bytes of a large body, moved by a thread of their own instead of by the event loop.

asyncio's and tornado's streams copy each byte several times, and do so in the event loop, where
every other request waits meanwhile. A body of some MiB goes another way once its headers are
through: a thread reads or writes the same connection by a descriptor of its own, a block at a time.
What the thread calls (recv, send, the sum) lets other threads run.

Only plain TCP: TLS has its state in the stream that began it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

#: Smaller bodies stay with the event loop: a thread has to be started.
LEAST_BYTES = 8 * 1024 * 1024
#: What is handed over at once.
BLOCK_BYTES = 4 * 1024 * 1024
#: A block that fills slowly is handed over as it is, so that progress can be seen.
_SHOWN_S = 0.25
#: Read or sent at once; a call costs less than it, and the sum is made while the cache has it.
_STEP_BYTES = 1024 * 1024

Take = Callable[[memoryview], None]
_T = TypeVar("_T")


class Wire:
    """One direction of a connection that somebody else opened and closes. `close()` this too.

    Nobody else may read (or write) the connection meanwhile.

    Args:
        descriptor: Of its socket.
        limit_s: The other side may stand still so long.
    """

    def __init__(self, descriptor: int, limit_s: float) -> None:
        self._socket = socket.socket(fileno=os.dup(descriptor))
        # The socket stays a non-blocking one, as its owner needs it: Python polls.
        self._socket.settimeout(limit_s)
        self._thread = ThreadPoolExecutor(1, "rsdat-wire")

    @classmethod
    def beside(cls, transport: asyncio.BaseTransport | None, limit_s: float) -> Wire | None:
        """On the connection of a transport; None if it is no plain TCP, or closed.

        To read, the transport must have been paused. To write, it must have sent all it had.
        """
        if transport is None or transport.is_closing() or transport.get_extra_info("ssl_object"):
            return None
        found = transport.get_extra_info("socket")
        if found is None or found.family not in (socket.AF_INET, socket.AF_INET6):
            return None
        return cls(found.fileno(), limit_s)

    async def read(self, most: int, take: Take | None = None) -> bytearray:
        """The next bytes; none at the connection's end.

        Args:
            most: At most so many, and never more than `BLOCK_BYTES`.
            take: Is given all of them, in the thread.

        Raises:
            asyncio.TimeoutError: Nothing came for too long.
            OSError: The connection broke.
        """
        return await self._aside(self._read, min(most, BLOCK_BYTES), take)

    async def send(self, data: bytes | bytearray, take: Take | None = None) -> None:
        """Send all of it; `take` is given it first, in the thread.

        Raises:
            asyncio.TimeoutError: Nothing was taken for too long.
            OSError: The connection broke.
        """
        await self._aside(self._send, data, take)

    def close(self) -> None:
        """Give back the thread and the descriptor. The connection itself stays open."""
        self._thread.submit(self._socket.close)
        self._thread.shutdown(wait=False)

    async def _aside(self, work: Callable[..., _T], *given: Any) -> _T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *given)
        except asyncio.CancelledError:
            # Else the thread would wait on, for as long as the other side stands still.
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            raise
        except TimeoutError as error:
            raise asyncio.TimeoutError from error  # another class before Python 3.11

    def _read(self, most: int, take: Take | None) -> bytearray:
        block = bytearray(most)
        have, shown_s = 0, time.monotonic() + _SHOWN_S
        with memoryview(block) as view:
            while have < most:
                got = self._socket.recv_into(view[have : have + _STEP_BYTES])
                if not got:
                    break
                if take is not None:
                    take(view[have : have + got])
                have += got
                if time.monotonic() > shown_s:
                    break
        del block[have:]
        return block

    def _send(self, data: bytes | bytearray, take: Take | None) -> None:
        with memoryview(data) as view:
            for start in range(0, len(view), _STEP_BYTES):
                part = view[start : start + _STEP_BYTES]
                if take is not None:
                    take(part)
                self._socket.sendall(part)
