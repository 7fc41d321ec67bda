"""Readers kept for a moment after their use, for programs that read a file part by part by name.

zarr's shards, kerchunk and Parquet ask `cat_file(path, start, end)` again and again. Each on its
own would look the file up, start a mover and end it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from rsdat.dcache import paths, rest
from rsdat.dcache.http import Http
from rsdat.dcache.ranges import RangeReader, Slots

#: After this the mover goes back.
IDLE_S = 2.0
# So old may be what is known of a file when a reader is used again: a file that somebody else
# replaced is noticed then.
_FRESH_S = 1.0


@dataclass
class _Kept:
    reader: RangeReader
    looked: float
    users: int = 0
    timer: asyncio.TimerHandle | None = None


class Readers:
    """The readers of one client. `close()` it.

    Args:
        http: The endpoint.
        slots: The client's.
    """

    def __init__(self, http: Http, slots: Slots) -> None:
        self._http = http
        self._slots = slots
        self._kept: dict[str, _Kept] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def use(self, path: str) -> AsyncIterator[RangeReader]:
        """A reader of a file; not to be closed.

        Raises:
            RsdatError: As `rest.info` and `check_readable`.
        """
        kept = await self._take(path)
        try:
            yield kept.reader
        except BaseException:
            self.forget(path)
            raise
        finally:
            kept.users -= 1
            if kept.users == 0:
                self._let_rest(path, kept)

    def forget(self, path: str) -> None:
        """What is at this path or below it has changed: whoever reads it now looks anew."""
        for each in [name for name in self._kept if paths.is_inside(name, path)]:
            kept = self._kept.pop(each)
            if kept.users == 0:
                self._close(kept)

    async def close(self) -> None:
        """Give all connections back."""
        for kept in self._kept.values():
            self._close(kept)
        self._kept.clear()
        if self._closing:
            await asyncio.wait(self._closing)

    async def _take(self, path: str) -> _Kept:
        kept = self._kept.get(path)
        now = asyncio.get_running_loop().time()
        if kept is not None:
            kept.users += 1
            if kept.timer is not None:
                kept.timer.cancel()
                kept.timer = None
            if now - kept.looked < _FRESH_S:
                return kept
        try:
            entry = await rest.info(self._http, path)
            if kept is not None and entry == kept.reader.entry:
                kept.looked = now
                return kept
            fresh = _Kept(RangeReader(self._http, entry, self._slots), now, users=1)
        finally:
            if kept is not None and kept.looked != now:
                kept.users -= 1
                if self._kept.get(path) is kept:
                    del self._kept[path]
                if kept.users == 0:
                    self._close(kept)
        # Somebody else may have opened it meanwhile: the newer one is kept.
        before = self._kept.get(path)
        self._kept[path] = fresh
        if before is not None and before.users == 0:
            self._close(before)
        return fresh

    def _let_rest(self, path: str, kept: _Kept) -> None:
        if self._kept.get(path) is not kept:
            self._close(kept)
            return

        def end() -> None:
            kept.timer = None
            if self._kept.get(path) is kept:
                del self._kept[path]
            self._close(kept)

        kept.timer = asyncio.get_running_loop().call_later(IDLE_S, end)

    def _close(self, kept: _Kept) -> None:
        if kept.timer is not None:
            kept.timer.cancel()
            kept.timer = None
        task = asyncio.ensure_future(kept.reader.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
