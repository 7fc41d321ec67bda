"""Bytes that a thread passes on from one connection to another: whole, broken, stopped, counted."""

from __future__ import annotations

import asyncio
import functools
import gc
import os
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any

import pytest

from rsdat.dcache import body
from rsdat.dcache.adler import adler32
from rsdat.dcache.wire import Chunk, Incoming, SourceError, Wire

MIB = 1 << 20
LIMIT_S = 30.0


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test in an event loop of its own."""

    @functools.wraps(test)
    def run(**fixtures: Any) -> None:
        asyncio.run(asyncio.wait_for(test(**fixtures), 2 * LIMIT_S))

    return run


class BrokeError(Exception):
    """What a source's failure is made into."""


def broke(why: BaseException | None) -> Exception:
    """With the reason, to be looked at."""
    return BrokeError(type(why).__name__)


class Pair:
    """A connection: `far` is the other side's end."""

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self.near, self.far = socket.socketpair()
        self.far.settimeout(LIMIT_S)
        self.wire = Wire(self.near.fileno(), limit_s)

    def close(self) -> None:
        """All of it."""
        self.wire.close()
        self.near.close()
        self.far.close()


@pytest.fixture
def source() -> Iterator[Pair]:
    """Where bytes come from."""
    pair = Pair()
    yield pair
    pair.close()


@pytest.fixture
def sink() -> Iterator[Pair]:
    """Where they go."""
    pair = Pair()
    yield pair
    pair.close()


def all_of(sock: socket.socket, size: int) -> bytes:
    """So many bytes; fewer if they end."""
    parts = bytearray()
    while len(parts) < size and (part := sock.recv(size - len(parts))):
        parts += part
    return bytes(parts)


def _set(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    loop.call_soon_threadsafe(event.set)


@in_loop
async def test_passes_on(source: Pair, sink: Pair) -> None:
    """All bytes, in order; both sums see them before they are sent; what is more stays."""
    data = os.urandom(3 * MIB + 17)
    sending = asyncio.create_task(asyncio.to_thread(source.far.sendall, data + b"more"))
    taking = asyncio.create_task(asyncio.to_thread(all_of, sink.far, len(data)))
    seen = [1, 1]
    ways: list[str] = []

    def take(number: int, part: memoryview) -> None:
        seen[number] = adler32(part, seen[number])
        ways.append(f"take {number}")

    left = len(data)
    while left:
        incoming = Incoming(source.wire, left, broke, lambda part: take(0, part))
        await incoming.pour(sink.wire, lambda part: take(1, part), lambda: ways.append("went"))
        assert incoming.over.is_set()
        left -= len(incoming)
    assert await taking == data
    assert seen == [adler32(data)] * 2
    assert ways == ["take 0", "take 1", "went"] * (len(ways) // 3)
    await sending
    assert await source.wire.read(100) == b"more"  # what is there, after a moment


@in_loop
async def test_source_ends(source: Pair, sink: Pair) -> None:
    """What came went on; the end is told as the source's."""
    source.far.sendall(b"abc")
    source.far.shutdown(socket.SHUT_WR)
    incoming = Incoming(source.wire, 10, broke)
    with pytest.raises(BrokeError, match="NoneType"):
        await incoming.pour(sink.wire)
    assert (len(incoming), incoming.broken) == (3, True)
    assert sink.far.recv(10) == b"abc"


@in_loop
async def test_failure_that_comes_later(source: Pair, sink: Pair) -> None:
    """Who gives the bytes raises it, and may go on: what came went on, or was read."""
    source.far.sendall(b"abc")
    source.far.shutdown(socket.SHUT_WR)
    incoming = Incoming(source.wire, 10, broke, later=True)
    await incoming.pour(sink.wire)
    assert (len(incoming), incoming.broken, str(incoming.failure)) == (3, True, "NoneType")
    incoming = Incoming(source.wire, 10, broke, later=True)
    assert await incoming.read() == b""
    assert (len(incoming), str(incoming.failure)) == (0, "NoneType")


@in_loop
async def test_source_breaks_while_it_is_read(source: Pair) -> None:
    """What was summed is handed over; the next call tells."""
    source.near.sendall(b"never read")  # closing resets the connection then
    source.far.sendall(b"abc")
    source.far.close()
    seen = bytearray()
    assert await source.wire.read(10, seen.extend) == seen == b"abc"
    assert await source.wire.read(10, seen.extend) == b""


@in_loop
async def test_source_is_silent(sink: Pair) -> None:
    """For longer than it may."""
    source = Pair(limit_s=0.01)
    poured, read = Incoming(source.wire, 10, broke), Incoming(source.wire, 10, broke)
    with pytest.raises(BrokeError, match="TimeoutError"):
        await poured.pour(sink.wire)
    with pytest.raises(BrokeError, match="TimeoutError"):
        await read.read()
    assert poured.broken
    assert read.broken
    source.close()


@in_loop
async def test_sink_takes_nothing(source: Pair) -> None:
    """For longer than it may: that is not the source's fault."""
    sink = Pair(limit_s=0.01)
    sending = asyncio.create_task(asyncio.to_thread(source.far.sendall, bytes(4 * MIB)))
    incoming = Incoming(source.wire, 4 * MIB, broke)
    with pytest.raises(asyncio.TimeoutError):
        await incoming.pour(sink.wire)
    assert not incoming.broken
    source.near.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        await sending
    sink.close()


@in_loop
async def test_sink_breaks(source: Pair, sink: Pair) -> None:
    """An OSError; how many bytes are gone is known, so that the rest can be read to its end."""
    data = os.urandom(MIB)
    sending = asyncio.create_task(asyncio.to_thread(source.far.sendall, data))
    sink.far.close()
    incoming = Incoming(source.wire, len(data), broke)
    with pytest.raises(OSError, match="pipe"):
        await incoming.pour(sink.wire)
    assert not incoming.broken
    rest = bytearray()
    while len(incoming) + len(rest) < len(data):
        rest += await source.wire.read(len(data))
    assert rest == data[len(incoming) :]
    await sending


@in_loop
async def test_cancelled_while_the_source_is_silent(source: Pair, sink: Pair) -> None:
    """The thread has ended then; neither connection is broken by it."""
    began = asyncio.Event()
    loop = asyncio.get_running_loop()

    def went() -> None:
        loop.call_soon_threadsafe(began.set)

    source.far.sendall(b"abc")
    incoming = Incoming(source.wire, 10, broke)
    pouring = asyncio.create_task(incoming.pour(sink.wire, went=went))
    await began.wait()
    pouring.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pouring
    assert (len(incoming), incoming.broken) == (3, False)
    source.far.sendall(b"def")
    await Incoming(source.wire, 3, broke).pour(sink.wire)
    assert all_of(sink.far, 6) == b"abcdef"


@in_loop
async def test_closed_meanwhile(source: Pair, sink: Pair) -> None:
    """Its descriptors stay until nothing uses them any more."""
    came = asyncio.Event()
    loop = asyncio.get_running_loop()
    wire = Wire(source.near.fileno(), LIMIT_S)
    source.far.sendall(b"abc")
    passing = asyncio.create_task(
        wire.pass_on(sink.wire, 6, lambda _: None, lambda: _set(loop, came))
    )
    await came.wait()
    wire.close()
    source.far.sendall(b"def")
    await passing
    assert all_of(sink.far, 6) == b"abcdef"
    began = asyncio.Event()
    wire = Wire(source.near.fileno(), LIMIT_S)
    source.far.sendall(b"abc")
    passing = asyncio.create_task(
        wire.pass_on(sink.wire, 6, lambda _: None, lambda: _set(loop, began))
    )
    await began.wait()
    wire.close()
    passing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await passing


@in_loop
async def test_cancelled_while_the_sink_takes_nothing(source: Pair, sink: Pair) -> None:
    """It does not wait for it."""
    came = asyncio.Event()
    loop = asyncio.get_running_loop()

    def take(_: memoryview) -> None:
        loop.call_soon_threadsafe(came.set)

    sending = asyncio.create_task(asyncio.to_thread(source.far.sendall, bytes(4 * MIB)))
    pouring = asyncio.create_task(Incoming(source.wire, 4 * MIB, broke, take).pour(sink.wire))
    await came.wait()
    pouring.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pouring
    source.near.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        await sending


@in_loop
async def test_reads_what_is_wanted_as_bytes(source: Pair) -> None:
    """For what can't be given a connection."""
    source.far.sendall(b"abc")
    seen = bytearray()
    incoming = Incoming(source.wire, 3, broke, seen.extend)
    assert await incoming.read() == seen == b"abc"
    assert (len(incoming), incoming.over.is_set()) == (3, True)
    source.far.close()
    with pytest.raises(BrokeError, match="NoneType"):
        await Incoming(source.wire, 3, broke).read()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority a thread")
@in_loop
async def test_comes_after_those_that_answer(source: Pair, sink: Pair) -> None:
    """The thread that moves bytes is nicer than the event loop's, which stays as it was."""
    nice: list[int] = []

    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = niceness()
    source.far.sendall(b"abc")
    await source.wire.pass_on(sink.wire, 3, lambda _: nice.append(niceness()))
    assert nice == [min(before + 10, 19)]
    assert niceness() == before


@in_loop
async def test_error_of_a_source_has_its_cause(source: Pair, sink: Pair) -> None:
    """None is the end of the connection."""
    source.far.close()
    with pytest.raises(SourceError) as caught:
        await source.wire.pass_on(sink.wire, 3, lambda _: None)
    assert caught.value.__cause__ is None


@in_loop
async def test_a_slow_source_is_not_dcaches_fault(
    source: Pair, sink: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch over dCache ends nothing while an upload waits for its own bytes."""
    now_s = 0.0
    went, looked = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return now_s

    class Watched(body.UploadBody):
        def _went(self) -> None:
            super()._went()
            loop.call_soon_threadsafe(went.set)

    async def chunks() -> AsyncIterator[Chunk]:
        left = 6
        while left:
            incoming = Incoming(source.wire, left, broke)
            yield incoming
            left -= len(incoming)

    monkeypatch.setattr(body, "time", Clock)
    monkeypatch.setattr(body, "_WATCH_S", 0.001)
    sent = Watched(chunks(), 6)
    source.far.sendall(b"abc")
    uploading = asyncio.create_task(sent.watch(sent.send_by(sink.wire)))
    await went.wait()
    now_s = 10 * body.STALL_S
    loop.call_later(0.05, looked.set)
    await asyncio.wait(
        {uploading, asyncio.create_task(looked.wait())}, return_when="FIRST_COMPLETED"
    )
    source.far.sendall(b"def")
    await uploading
    assert all_of(sink.far, 6) == b"abcdef"
    assert (sent.sent, sent.adler32) == (6, f"{adler32(b'abcdef'):08x}")


@in_loop
async def test_an_upload_that_fails_as_it_is_ended_leaves_no_complaint() -> None:
    """Who waited for it is gone; asyncio would tell its failure in Jupyter's log."""
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    begun = asyncio.Event()

    async def upload() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise BrokeError("as its source ended") from None

    watching = asyncio.ensure_future(body.UploadBody(no_chunks(), None).watch(upload()))
    await begun.wait()
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
    del watching
    await asyncio.sleep(0)  # this step of the loop still holds what woke it
    gc.collect()
    assert told == []


async def no_chunks() -> AsyncIterator[Chunk]:
    """Nothing."""
    none: tuple[Chunk, ...] = ()
    for chunk in none:
        yield chunk
