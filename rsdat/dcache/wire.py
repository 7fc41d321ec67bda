"""The bytes of a large body, moved by a thread of their own instead of by the event loop.

asyncio's and tornado's streams copy each byte several times, and do so in the event loop, where
every other request waits meanwhile. A body of some MiB goes another way once its headers are
through: a thread reads or writes the same connection by a descriptor of its own. Where the bytes
only pass, from one connection to another, they are `Incoming`: the thread receives, sums and sends
them in one small buffer, and nobody else sees them. All that it calls lets other threads run.

Only plain TCP: TLS has its state in the stream that began it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

#: Smaller bodies stay with the event loop: a thread has to be started.
LEAST_BYTES = 8 * 1024 * 1024
#: What is handed over at once.
BLOCK_BYTES = 4 * 1024 * 1024
#: What passes from one connection to another before somebody asks how far it is.
PASSING_BYTES = 16 * 1024 * 1024
#: What comes slowly is handed over after so long, whatever it is, so that progress can be seen.
_SHOWN_S = 0.25
#: Received or sent at once; a call costs less than it, and the sum is made while the cache has it.
_STEP_BYTES = 1024 * 1024
#: A thread that moves bytes wants a core nearly always. Measured on two: beside one as nice as the
#: event loop other requests took half as long again, beside this one no longer than beside curl.
_NICENESS = 10

Take = Callable[[memoryview], None]
_T = TypeVar("_T")


class Wire:
    """One direction of a connection that somebody else opened and closes. `close()` this too.

    Nobody else may read (or write) the connection meanwhile. What is cancelled has ended when the
    cancel comes through; what it had begun to send is cut off then.

    Args:
        descriptor: Of its socket.
        limit_s: The other side may stand still so long.
    """

    def __init__(self, descriptor: int, limit_s: float) -> None:
        self._socket = socket.socket(fileno=os.dup(descriptor))
        # As its owner needs it too: this is a property of the connection, not of a descriptor.
        self._socket.setblocking(False)
        self._limit_s = limit_s
        self._stop, self._stopper = os.pipe()
        self._thread: ThreadPoolExecutor | None = None
        self._buffer = bytearray()
        self._under_way = 0
        self._closing = False

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

    async def pass_on(
        self, into: Wire, most: int, take: Take, went: Callable[[], None] | None = None
    ) -> None:
        """Have the next bytes sent on, in this one's thread.

        Args:
            into: Another connection.
            most: So many; fewer if they come slowly.
            take: Is given all of them, in the thread, before they are sent.
            went: Called in the thread when what was taken has been sent.

        Raises:
            SourceError: They did not come.
            asyncio.TimeoutError: Nothing was taken for too long.
            OSError: The other connection broke.
        """
        await self._aside(self._pass_on, into, most, take, went)

    def close(self) -> None:
        """Give back the thread and the descriptors. The connection itself stays open.

        What is under way goes on; it has to be cancelled by who waits for it.
        """
        self._closing = True
        if not self._under_way:
            self._close()

    def _close(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=False)
        self._socket.close()
        os.close(self._stop)
        os.close(self._stopper)

    async def _aside(self, work: Callable[..., _T], *given: Any) -> _T:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "rsdat-wire", initializer=_stand_back)
        running = asyncio.get_running_loop().run_in_executor(self._thread, work, *given)
        self._under_way += 1
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            # Else the thread would wait on, for as long as the other side stands still.
            os.write(self._stopper, b"x")
            while not running.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait({running})
            running.exception()  # nobody waits for it
            os.read(self._stop, 1)
            raise
        except TimeoutError as error:
            raise asyncio.TimeoutError from error  # another class before Python 3.11
        finally:
            self._under_way -= 1
            if self._closing and not self._under_way:
                self._close()

    def _read(self, most: int, take: Take | None) -> bytearray:
        block = bytearray(most)
        have, shown_s = 0, time.monotonic() + _SHOWN_S
        with memoryview(block) as view:
            while have < most:
                try:
                    got = self._receive(view[have : have + _STEP_BYTES], shown_s if have else None)
                except InterruptedError:
                    raise
                except OSError:
                    if have:
                        break  # `take` was given these; why there are no more, the next call tells
                    raise
                if not got:
                    break
                if take is not None:
                    take(view[have : have + got])
                have += got
        del block[have:]
        return block

    def _send(self, data: bytes | bytearray, take: Take | None) -> None:
        with memoryview(data) as view:
            for start in range(0, len(view), _STEP_BYTES):
                part = view[start : start + _STEP_BYTES]
                if take is not None:
                    take(part)
                self.send_all(part, self._stop)

    def _pass_on(self, into: Wire, most: int, take: Take, went: Callable[[], None] | None) -> None:
        if not self._buffer:
            self._buffer = bytearray(_STEP_BYTES)
        left, shown_s = most, time.monotonic() + _SHOWN_S
        with memoryview(self._buffer) as view:
            while left:
                try:
                    got = self._receive(view[:left], None if left == most else shown_s)
                except OSError as error:
                    raise SourceError from error
                if got is None:
                    break
                if not got:
                    raise SourceError
                left -= got
                take(view[:got])
                into.send_all(view[:got], self._stop)
                if went is not None:
                    went()

    def _receive(self, view: memoryview, until_s: float | None) -> int | None:
        """How many bytes have come; None: none before a moment, which is no failure."""
        while True:
            limit_s = self._limit_s
            if until_s is not None:
                limit_s = min(until_s - time.monotonic(), limit_s)
                if limit_s <= 0:
                    return None
            try:
                return self._socket.recv_into(view)
            except BlockingIOError:
                if not self._is_ready(select.POLLIN, self._stop, limit_s) and until_s is None:
                    raise TimeoutError from None

    def send_all(self, view: memoryview, stop: int) -> None:
        """Send in the thread that calls; it may be woken by a byte to be read from `stop`."""
        while view:
            try:
                view = view[self._socket.send(view) :]
            except BlockingIOError:  # noqa: PERF203
                if not self._is_ready(select.POLLOUT, stop, self._limit_s):
                    raise TimeoutError from None

    def _is_ready(self, event: int, stop: int, limit_s: float) -> bool:
        poll = select.poll()
        poll.register(self._socket, event)
        poll.register(stop, select.POLLIN)
        ready = poll.poll(limit_s * 1000)
        if any(descriptor == stop for descriptor, _ in ready):
            raise InterruptedError
        return bool(ready)


class SourceError(Exception):
    """Bytes that were to be passed on did not come; its cause says why, none is the end."""


class Incoming:
    """Bytes that are still on a connection. Whoever gets it moves them on, or reads them, once.

    It has a length like other chunks, when it has been used: how many bytes came. That can be
    fewer than there could have been.

    Args:
        wire: The connection.
        most: So many bytes are to come on it, or more.
        broke: Makes the error to be raised if they don't, from why: None at the connection's end.
        take: Is given all of them, in the thread.
        later: Who gives it raises the `failure`, when the next chunk is asked for: only there it
            can be mended.

    Attributes:
        most: At most so many will have come.
        begun: Somebody uses it, or has.
        over: Set when it has been used.
        failure: What `broke` made then.
    """

    def __init__(
        self,
        wire: Wire,
        most: int,
        broke: Callable[[BaseException | None], Exception],
        take: Take | None = None,
        *,
        later: bool = False,
    ) -> None:
        self.most = min(most, PASSING_BYTES)
        self.begun = False
        self.over = asyncio.Event()
        self.failure: Exception | None = None
        self._later = later
        self._wire = wire
        self._broke = broke
        self._take = take
        self._came = 0

    def __len__(self) -> int:
        return self._came

    @property
    def broken(self) -> bool:
        """Whether the bytes did not come."""
        return self.failure is not None

    async def pour(
        self, into: Wire, take: Take | None = None, went: Callable[[], None] | None = None
    ) -> None:
        """Send them on.

        Args:
            into: Another connection.
            take: Is given all of them too, in the thread, before they are sent.
            went: Called in the thread when what was taken has been sent.

        Raises:
            Exception: What `broke` made.
            asyncio.TimeoutError: Nothing was taken for too long.
            OSError: The other connection broke.
        """

        def came(part: memoryview) -> None:
            self._came += len(part)
            for each in (self._take, take):
                if each is not None:
                    each(part)

        self.begun = True
        try:
            await self._wire.pass_on(into, self.most, came, went)
        except SourceError as error:
            self._fail(_cause(error))
        finally:
            self.over.set()

    async def read(self) -> bytearray:
        """They themselves, at most `BLOCK_BYTES` of them; none only if their failure comes later.

        Raises:
            Exception: What `broke` made.
        """
        self.begun = True
        try:
            block = await self._wire.read(self.most, self._take)
        except (asyncio.TimeoutError, OSError) as error:
            self._fail(error)
            return bytearray()
        finally:
            self.over.set()
        if not block:
            self._fail(None)
        self._came = len(block)
        return block

    def _fail(self, cause: BaseException | None) -> None:
        self.failure = self._broke(cause)
        if not self._later:
            raise self.failure from cause


#: What passes from a source to where it goes: bytes, or where they can be had.
Chunk = bytes | bytearray | Incoming


async def bytes_of(chunk: Chunk) -> bytes | bytearray:
    """The bytes, for what can't be given a connection.

    Raises:
        Exception: As `Incoming.read`.
    """
    return await chunk.read() if isinstance(chunk, Incoming) else chunk


def _cause(error: SourceError) -> BaseException | None:
    cause = error.__cause__
    return asyncio.TimeoutError() if isinstance(cause, TimeoutError) else cause


def _stand_back() -> None:
    """Let this thread come after those that answer somebody. Only Linux has it a thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        niceness = os.getpriority(os.PRIO_PROCESS, thread) + _NICENESS
        os.setpriority(os.PRIO_PROCESS, thread, min(niceness, 19))
