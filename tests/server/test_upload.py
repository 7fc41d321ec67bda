"""Who reads the connection of a body whose write has ended."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import closing

import pytest

from rsdat.base.errors import InvalidInput
from rsdat.dcache.wire import Chunk, Incoming, Wire
from rsdat.server.upload import Upload, cut_off

LIMIT_S = 30.0


async def test_not_before_the_write_lets_it_go() -> None:
    """Read by two, some of it would be waited for in vain."""
    (near, far), (into, out) = socket.socketpair(), socket.socketpair()
    sending: list[asyncio.Future[None]] = []
    with near, far, into, out:
        wire, sink = Wire(near.fileno(), LIMIT_S), Wire(into.fileno(), LIMIT_S)
        with closing(wire), closing(sink):

            async def write(chunks: AsyncIterator[Chunk]) -> None:
                async for chunk in chunks:
                    assert isinstance(chunk, Incoming)
                    # As an HTTP client has it: in a task that goes on when dCache has refused.
                    sending.append(asyncio.ensure_future(chunk.pour(sink)))
                    while not chunk.begun:
                        await asyncio.sleep(0)
                    raise InvalidInput("dCache refused it")

            upload = Upload(8, write)
            feeding = asyncio.ensure_future(
                upload.feed_from(Incoming(wire, 4, lambda _: cut_off()))
            )
            await asyncio.wait({upload.task}, timeout=LIMIT_S)
            for _ in range(10):
                await asyncio.sleep(0)
            assert not feeding.done()
            far.sendall(b"some")
            await asyncio.wait_for(feeding, LIMIT_S)
            assert upload.left == 4
            await asyncio.gather(*sending)
            with pytest.raises(InvalidInput, match="refused"):
                await upload.result()


async def test_at_once_where_the_write_never_began() -> None:
    near, far = socket.socketpair()
    with near, far, closing(Wire(near.fileno(), LIMIT_S)) as wire:

        async def write(_: AsyncIterator[Chunk]) -> None:
            raise InvalidInput("dCache refused it")

        upload = Upload(4, write)
        incoming = Incoming(wire, 4, lambda _: cut_off())
        await asyncio.wait_for(upload.feed_from(incoming), LIMIT_S)
        assert upload.left == 4
        with pytest.raises(InvalidInput, match="refused"):
            await upload.result()
