"""Reading ahead only where somebody reads on: fsspec's cache `adaptive`, our default.

fsspec's own `readahead` reads a block more at each jump, so random access to a GeoTIFF or HDF5 file
fetched many times what it needed; without read-ahead a file read line by line is a request a line.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import ClassVar

from fsspec.caching import BaseCache, register_cache

# The first read somewhere fetches at least so much: a header, or what lies around it.
_FIRST_BYTES = 32 * 1024
_PIECES = 3


class AdaptiveCache(BaseCache):  # type: ignore[misc]
    """Fetches what is asked for; twice as much each time somebody reads on where he stopped.

    The last three pieces are kept, each of at most `3 * blocksize` bytes.

    Args:
        blocksize: Bytes that are read ahead at most.
        fetcher: Gets bytes from a start to an end.
        size: Of the file.
    """

    name: ClassVar[str] = "adaptive"

    def __init__(self, blocksize: int, fetcher: Callable[[int, int], bytes], size: int) -> None:
        super().__init__(blocksize, fetcher, size)
        self._pieces: deque[tuple[int, bytes]] = deque(maxlen=_PIECES)
        self._ahead = 0

    def _fetch(self, start: int | None, stop: int | None) -> bytes:
        start = 0 if start is None else start
        stop = self.size if stop is None else min(stop, self.size)
        if start >= stop:
            return b""
        for first, data in self._pieces:
            if first <= start and stop <= first + len(data):
                self.hit_count += 1
                return data[start - first : stop - first]
        self.miss_count += 1
        kept = b""
        goes_on = False
        for first, data in self._pieces:
            if first <= start <= first + len(data):
                kept, goes_on = data[start - first :], True
        floor = min(_FIRST_BYTES, self.blocksize)
        self._ahead = min(max(2 * self._ahead, floor), self.blocksize) if goes_on else 0
        begin = start + len(kept)
        end = min(max(stop + self._ahead, begin + floor), self.size)
        self.total_requested_bytes += end - begin
        piece: bytes = kept + self.fetcher(begin, end)
        if len(piece) <= 3 * self.blocksize:
            self._pieces.append((start, piece))
        else:
            self._pieces.append((stop, piece[stop - start :]))  # so that going on is noticed
        return piece[: stop - start]


register_cache(AdaptiveCache, clobber=True)
