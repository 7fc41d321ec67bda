"""Many parts of one file in one go: close ones as one request, slow ones over a few connections."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from rsdat.dcache.http import Http
from rsdat.dcache.ranges import DOOR_PARALLEL, RangeReader, Slots

Span = tuple[int, int]

# What lies between two spans costs less than another request: at a pool 0.6 ms, at a door that
# moves the bytes itself 17 ms (measured on dCache 11.2.5, 170 kB/ms).
POOL_GAP_BYTES = 128 * 1024
DOOR_GAP_BYTES = 512 * 1024
# Spans that are merged: larger answers would be held twice for too long.
_MOST_BYTES = 8 * 1024 * 1024
# Movers for one call. A further one pays where the way to the pool is long.
_MAX_POOL_CONNECTIONS = 3
_SLOW_S = 0.005
_READS_PER_CONNECTION = 16


@dataclass
class Group:
    """Spans that one request brings.

    Attributes:
        start: First byte.
        end: The byte after the last.
        members: Which of the spans.
    """

    start: int
    end: int
    members: list[int] = field(default_factory=list)


def grouped(spans: Sequence[Span], gap: int, most: int = _MOST_BYTES) -> list[Group]:
    """Spans that lie close to each other, together; empty ones are left out.

    Args:
        spans: First byte and the byte after the last, in any order.
        gap: Bytes between two spans that are read along.
        most: A group grows no larger; a span that is larger is a group of its own.
    """
    groups: list[Group] = []
    for index in sorted(range(len(spans)), key=spans.__getitem__):
        start, end = spans[index]
        if start >= end:
            continue
        last = groups[-1] if groups else None
        fits = last is not None and start - last.end <= gap and end - last.start <= most
        if last is not None and (fits or end <= last.end):
            last.end = max(last.end, end)
            last.members.append(index)
        else:
            groups.append(Group(start, end, [index]))
    return groups


async def read_spans(
    http: Http,
    reader: RangeReader,
    slots: Slots,
    spans: Sequence[Span],
    max_gap: int | None = None,
) -> list[bytes]:
    """The bytes of each span.

    Args:
        http: The endpoint.
        reader: Of the file; stays open.
        slots: The client's.
        spans: Within the file.
        max_gap: Bytes between two spans that may be read along; by default what pays.

    Raises:
        RsdatError: As `RangeReader.read`.
    """
    out = [b""] * len(spans)
    wanted = [span for span in spans if span[0] < span[1]]
    if not wanted:
        return out
    if not reader.tried:
        # One byte tells whether the door moves the bytes itself; on a pool it costs 0.6 ms.
        await reader.read(wanted[0][0], wanted[0][0] + 1)
    default = DOOR_GAP_BYTES if reader.door_moves_bytes else POOL_GAP_BYTES
    waiting = deque(grouped(spans, default if max_gap is None else max_gap))

    async def fetch(source: RangeReader, group: Group) -> None:
        data = await source.read(group.start, group.end)
        whole = len(group.members) == 1
        for index in group.members:
            start, end = spans[index]
            out[index] = data if whole else data[start - group.start : end - group.start]

    async def work(source: RangeReader) -> None:
        while waiting:
            await fetch(source, waiting.popleft())

    async def work_and_see() -> None:
        began, done = time.monotonic(), 0
        while waiting:
            await fetch(reader, waiting.popleft())
            done += 1
            slow = (time.monotonic() - began) / done > _SLOW_S
            needed = len(waiting) > _READS_PER_CONNECTION * len(workers)
            if slow and needed and done >= 4 and len(workers) < _MAX_POOL_CONNECTIONS:
                another = RangeReader(http, reader.entry, slots)
                stack.push_async_callback(another.close)
                workers.append(asyncio.ensure_future(work(another)))

    workers: list[asyncio.Future[None]] = []
    async with AsyncExitStack() as stack:
        if reader.door_moves_bytes:
            workers += [asyncio.ensure_future(work(reader)) for _ in range(DOOR_PARALLEL)]
        else:
            workers.append(asyncio.ensure_future(work_and_see()))
        try:
            await workers[0]
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
    return out
