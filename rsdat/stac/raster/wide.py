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
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from fsspec.asyn import sync

from rsdat.base.errors import RsdatError
from rsdat.dcache.fs import DCacheFileSystem
from rsdat.dcache.oserrors import file_errors
from rsdat.dcache.spans import POOL_GAP_BYTES, grouped

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

#: First byte and the byte after the last.
Range = tuple[int, int]

_slow_until: WeakKeyDictionary[DCacheClient, float] = WeakKeyDictionary()


def asked_for(data: bytes, start: int, end: int) -> bytes:
    """The range that was asked for, where a web server knows none and has sent the whole file.

    fsspec hands that on as it comes (`HTTPFileSystem._cat_file`, 2026.9).
    """
    return data[start:end] if len(data) > end - start else data


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
            client = await filesystem.connect()
            reader = await client.open_ranges(path)
            try:
                return (await _Wide(client, path, [(start, end)]).read(reader))[0]
            finally:
                await reader.close()

    found: bytearray = sync(filesystem.loop, read)
    return found


def read_ranges(
    filesystem: AbstractFileSystem, path: str, ranges: Sequence[Range]
) -> Sequence[bytes | bytearray]:
    """The bytes of several ranges of a file, such as those of a window of an image.

    Raises:
        Exception: What the file system raises.
    """
    total = sum(end - start for start, end in ranges)
    if not isinstance(filesystem, DCacheFileSystem) or total < LEAST_BYTES:
        starts, ends = [start for start, _ in ranges], [end for _, end in ranges]
        found = filesystem.cat_ranges([path] * len(ranges), starts, ends, on_error="raise")
        return [asked_for(bytes(part), *each) for part, each in zip(found, ranges, strict=True)]

    async def read() -> list[bytearray]:
        with file_errors():
            client = await filesystem.connect()
            # The one that has read the header has its mover still.
            async with client.kept_ranges(path) as reader:
                groups = grouped(ranges, POOL_GAP_BYTES)
                spans = [(each.start, each.end) for each in groups]
                found = await _Wide(client, path, spans).read(reader)
        parts = [bytearray()] * len(ranges)
        for group, data in zip(groups, found, strict=True):
            for member in group.members:
                start, end = (at - group.start for at in ranges[member])
                whole = (start, end) == (0, len(data))
                parts[member] = data if whole else data[start:end]
        return parts

    whole: list[bytearray] = sync(filesystem.loop, read)
    return whole


class _Piece(NamedTuple):
    """What one request brings: bytes of one of the ranges."""

    member: int
    start: int
    end: int


class _Wide:
    def __init__(self, client: DCacheClient, path: str, ranges: Sequence[Range]) -> None:
        self._client = client
        self._path = path
        self._ranges = list(ranges)
        self._waiting: deque[_Piece] = deque()
        self._data: list[bytearray] = []
        # What the second connection was asked for last and has not brought; whether it ever did.
        self._lent: _Piece | None = None
        self._brought = False

    async def read(self, reader: RangeReader) -> list[bytearray]:
        """Each range, with `reader` and perhaps another one."""
        helper: asyncio.Task[None] | None = None
        try:
            self._ranges = [
                (start, max(start, min(end, reader.size))) for start, end in self._ranges
            ]
            self._data = [bytearray(end - start) for start, end in self._ranges]
            left = [_Piece(index, *each) for index, each in enumerate(self._ranges)]
            slow = time.monotonic() < _slow_until.get(self._client, 0.0)
            if not slow:
                began = time.monotonic()
                index, start, end = left[0]
                first = min(start + PIECE_BYTES, end)
                await self._bring(reader, _Piece(index, start, first))
                left[0] = _Piece(index, first, end)
                slow = time.monotonic() - began > SLOW_S
            self._cut(left, slow=slow, by_door=reader.door_moves_bytes)
            count = sum(end - start for _, start, end in left)
            began = time.monotonic()
            if slow and len(self._waiting) > 1:
                helper = asyncio.create_task(self._help(reader))
            while self._waiting:
                await self._bring(reader, self._waiting.popleft())
            if helper is not None and self._lent is not None:
                # Before it has brought anything it may wait for a mover, perhaps for minutes.
                patience = None if self._brought or reader.door_moves_bytes else _WAIT_S
                await asyncio.wait({helper}, timeout=patience)
                await _end(helper)
                if self._lent is not None:
                    await self._bring(reader, self._lent)
            if helper is not None and not reader.door_moves_bytes:
                self._remember(count / max(time.monotonic() - began, 1e-6))
        finally:
            if helper is not None:
                await _end(helper)
        return self._data

    def _remember(self, bytes_per_s: float) -> None:
        if bytes_per_s < 2 * PIECE_BYTES / SLOW_S:
            _slow_until[self._client] = time.monotonic() + REMEMBERED_S
        else:
            _slow_until.pop(self._client, None)

    def _cut(self, left: Sequence[_Piece], *, slow: bool, by_door: bool) -> None:
        """What is still to come, in pieces."""
        for index, start, end in left:
            size = PIECE_BYTES
            if by_door:
                # There each request starts a mover.
                size = -(-(end - start) // 2) if slow and len(left) == 1 else end - start
            for at in range(start, end, max(size, 1)):
                self._waiting.append(_Piece(index, at, min(at + size, end)))

    async def _bring(self, reader: RangeReader, piece: _Piece) -> None:
        index, start, end = piece
        first = self._ranges[index][0]
        self._data[index][start - first : end - first] = await reader.read(start, end)

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
                await self._bring(second, self._lent)
                self._lent, self._brought = None, True
        except (RsdatError, OSError):
            return
        finally:
            if second is not first:
                await second.close()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
