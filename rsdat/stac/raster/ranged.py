"""A file on any file system as GDAL reads it: the ranges that it asks for, in few requests.

GDAL asks for a header in many small reads and, through rasterio's `get_byte_ranges`, for all tiles
of a window at once, neighbours merged. The first come from cached blocks, the second as they are
asked: one call for a window, however many tiles it has.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rsdat.stac.raster.wide import asked_for, read_ranges

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

# A little more than one 256 × 256 tile of compressed 16-bit pixels, so that header and first
# tiles come in few requests.
BLOCK_BYTES = 256 * 2**10
# Formats that GDAL reads from the start to the end (JPEG 2000) are read ahead up to this much.
MOST_AHEAD_BLOCKS = 16
MOST_KEPT_BLOCKS = 128


class RangedFile:
    """Reads at positions. A failure becomes zeros or an empty read, and is kept.

    An exception that goes through GDAL's C++ code ends the whole process (rasterio 1.4.4:
    "terminate called after throwing an instance of 'std::length_error'"). Whoever opened it looks
    at `failures` before any pixel is used.
    """

    def __init__(self, filesystem: AbstractFileSystem, path: str) -> None:
        self.failures: list[Exception] = []
        self._filesystem = filesystem
        self._path = path
        self._position = 0
        self._blocks: dict[int, bytes] = {}
        self._size: int | None = None
        self._ahead = 1
        self._next = 1

    @property
    def size(self) -> int:
        """Bytes of the file; asked for when it is needed first.

        Raises:
            Exception: What the file system raised.
        """
        if self._size is None:
            told = self._filesystem.info(self._path).get("size")
            # A web server that tells no length: there is no other way to know.
            self._size = len(self._filesystem.cat_file(self._path)) if told is None else int(told)
        return self._size

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As any file; where the size can't be had, the end is the start."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position}.get(whence)
        if base is None:
            try:
                base = self.size
            except Exception as error:  # noqa: BLE001 - raised again by who opened it
                self.failures.append(error)
                base = 0
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """As any file."""
        return self._position

    def read(self, size: int = -1) -> bytes:
        """As any file; empty after a failure."""
        try:
            data = self._read(self._position, self.size if size < 0 else self._position + size)
        except Exception as error:  # noqa: BLE001 - raised again by who opened it
            self.failures.append(error)
            return b""
        self._position += len(data)
        return data

    def get_byte_ranges(self, offsets: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """Several ranges in one call of the file system; rasterio's protocol."""
        found: list[bytes] = []
        missing = []
        for offset, size in zip(offsets, sizes, strict=True):
            data = self._cached(offset, offset + size)
            found.append(data)
            if len(data) < size:
                missing.append(len(found) - 1)
        if missing:
            ranges = [
                (int(offsets[index]), int(offsets[index] + sizes[index])) for index in missing
            ]
            try:
                parts = read_ranges(self._filesystem, self._path, ranges)
            except Exception as error:  # noqa: BLE001 - raised again by who opened it
                self.failures.append(error)
                return [bytes(size) for size in sizes]
            for index, part in zip(missing, parts, strict=True):
                size = sizes[index]
                if len(part) != size:
                    self.failures.append(OSError("the file ends before its own index says it does"))
                    part = bytes(size)
                found[index] = bytes(part)
        return found

    def close(self) -> None:
        """Forget what was read."""
        self._blocks.clear()

    def __enter__(self) -> RangedFile:  # noqa: PYI034 – typing.Self is newer than Python 3.10
        return self

    def __exit__(self, *_: object) -> None:
        # GDAL closes and opens a file several times for one dataset: the blocks stay.
        self._position = 0

    def _read(self, start: int, end: int) -> bytes:
        first, after = start // BLOCK_BYTES, -(-end // BLOCK_BYTES)
        if after > 1 and any(block not in self._blocks for block in range(first, after)):
            # Past the first block a server may refuse a range that lies behind the end.
            end = min(end, self.size)
            after = -(-end // BLOCK_BYTES)
        wanted = [block for block in range(first, after) if block not in self._blocks]
        if wanted:
            self._fetch(wanted[0], wanted[-1] + 1)
        return self._cached(start, end)

    def _fetch(self, first: int, after: int) -> None:
        self._ahead = min(2 * self._ahead, MOST_AHEAD_BLOCKS) if first == self._next else 1
        after = max(after, first + self._ahead)
        self._next = after
        start, end = first * BLOCK_BYTES, after * BLOCK_BYTES
        if self._size is not None:
            end = min(end, self._size)
        data = self._filesystem.cat_file(self._path, start=start, end=end)
        data = asked_for(data, start, end)
        if len(data) < end - start:
            self._size = start + len(data)
        while len(self._blocks) > MOST_KEPT_BLOCKS:
            # The first block has the header, which is read again and again.
            del self._blocks[next(block for block in self._blocks if block)]
        for block in range(first, after):
            at = (block - first) * BLOCK_BYTES
            self._blocks[block] = data[at : at + BLOCK_BYTES]

    def _cached(self, start: int, end: int) -> bytes:
        """What of a range is there, from its start to the first gap."""
        parts = []
        at = start
        while at < end:
            block, offset = divmod(at, BLOCK_BYTES)
            part = self._blocks.get(block, b"")[offset : offset + end - at]
            if not part:
                break
            parts.append(part)
            at += len(part)
        return b"".join(parts)
