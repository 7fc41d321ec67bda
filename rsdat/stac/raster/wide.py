"""Large parts of a file in dCache over two connections, where one is slow.

What one connection gives is bounded by its pool and by the way to it; a worker that waits for one
has a processor idle. A second one costs a mover of the pool, so it is opened only when the first
has shown that it is slow (or the one of the part before was), and never a third: many workers read
at the same time.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fsspec.asyn import sync

from rsdat.base.errors import RsdatError
from rsdat.dcache.fs import DCacheFileSystem
from rsdat.dcache.oserrors import file_errors
from rsdat.stac.raster.ranged import asked_for

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from rsdat.dcache.client import DCacheClient
    from rsdat.dcache.ranges import RangeReader

# What one request brings; on a connection to a pool the next one costs less than a millisecond.
PIECE_BYTES = 2 * 2**20
# From so much on a second connection can pay.
LEAST_BYTES = 3 * PIECE_BYTES
# A first piece that took longer, start of the mover included, came slowly: 32 MiB/s.
SLOW_S = PIECE_BYTES / (32 * 2**20)
# So long it is remembered that pools were slow.
REMEMBERED_S = 30.0
# A second connection that has brought nothing when all else is there is waited for so long.
_WAIT_S = 0.5

_slow_until: WeakKeyDictionary[DCacheClient, float] = WeakKeyDictionary()


def read_range(
    filesystem: AbstractFileSystem, path: str, start: int, end: int
) -> bytes | bytearray:
    """The bytes of a file from `start` up to `end`; fewer where the file ends before.

    Raises:
        Exception: What the file system raises.
    """
    if not isinstance(filesystem, DCacheFileSystem) or end - start < LEAST_BYTES:
        return asked_for(filesystem.cat_file(path, start=start, end=end), start, end)

    async def read() -> bytearray:
        with file_errors():
            return await _Wide(await filesystem.connect(), path, start, end).read()

    found: bytearray = sync(filesystem.loop, read)
    return found


class _Wide:
    def __init__(self, client: DCacheClient, path: str, start: int, end: int) -> None:
        self._client = client
        self._path = path
        self._start = start
        self._end = end
        self._waiting: deque[tuple[int, int]] = deque()
        self._data = bytearray()
        # What the second connection was asked for last and has not brought; whether it ever did.
        self._lent: tuple[int, int] | None = None
        self._brought = False

    async def read(self) -> bytearray:
        reader = await self._client.open_ranges(self._path)
        helper: asyncio.Task[None] | None = None
        try:
            end = min(self._end, reader.size)
            self._data = bytearray(max(end - self._start, 0))
            first = self._start
            slow = time.monotonic() < _slow_until.get(self._client, 0.0)
            if not slow:
                began = time.monotonic()
                first = min(self._start + PIECE_BYTES, end)
                await self._piece(reader, self._start, first)
                slow = time.monotonic() - began > SLOW_S
            self._cut(first, end, slow=slow, by_door=reader.door_moves_bytes)
            began = time.monotonic()
            if slow and len(self._waiting) > 1:
                helper = asyncio.create_task(self._help(reader))
            while self._waiting:
                await self._piece(reader, *self._waiting.popleft())
            if helper is not None and self._lent is not None:
                # Before it has brought anything it may wait for a mover, perhaps for minutes.
                patience = None if self._brought or reader.door_moves_bytes else _WAIT_S
                await asyncio.wait({helper}, timeout=patience)
                await _end(helper)
                if self._lent is not None:
                    await self._piece(reader, *self._lent)
            if helper is not None and not reader.door_moves_bytes:
                self._remember((end - first) / max(time.monotonic() - began, 1e-6))
        finally:
            if helper is not None:
                await _end(helper)
            await reader.close()
        return self._data

    def _remember(self, bytes_per_s: float) -> None:
        if bytes_per_s < 2 * PIECE_BYTES / SLOW_S:
            _slow_until[self._client] = time.monotonic() + REMEMBERED_S
        else:
            _slow_until.pop(self._client, None)

    def _cut(self, start: int, end: int, *, slow: bool, by_door: bool) -> None:
        """What is still to come, in pieces."""
        size = PIECE_BYTES
        if by_door:
            # There each request starts a mover.
            size = -(-(end - start) // 2) if slow else end - start
        for at in range(start, end, max(size, 1)):
            self._waiting.append((at, min(at + size, end)))

    async def _piece(self, reader: RangeReader, start: int, end: int) -> None:
        found = await reader.read(start, end)
        self._data[start - self._start : end - self._start] = found

    async def _help(self, first: RangeReader) -> None:
        """Read from the other end; what fails here is read by the first connection."""
        second = first
        try:
            if not first.door_moves_bytes:
                second = await self._client.open_ranges(self._path)
            if (second.entry.pnfs_id, second.size) != (first.entry.pnfs_id, first.size):
                return
            while self._waiting:
                self._lent = self._waiting.pop()
                await self._piece(second, *self._lent)
                self._lent, self._brought = None, True
        except (RsdatError, OSError):
            return
        finally:
            if second is not first:
                await second.close()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
