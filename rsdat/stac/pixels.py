"""Images as arrays that read only what is sliced out of them.

What travels to the workers is an address and a shape. Credentials stay where they are: each
worker's own fsspec configuration has them, and options travel without secrets.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rsdat.stac.access import Access
from rsdat.stac.again import again
from rsdat.stac.hrefs import shown
from rsdat.stac.naming import named
from rsdat.stac.raster.opened import open_raster
from rsdat.stac.raster.wide import read_range

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Pixels(ABC):
    """An image that is read when it is sliced, as `dask.array.from_array` wants it.

    Attributes:
        href: Its address.
        shape: Rows and columns, or bands, rows and columns.
        dtype: Of a value.
        label: What errors call it, such as "the asset 'red' of the item 'T05VMG'".
        access: With what it is opened.
    """

    href: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    label: str = field(default="", kw_only=True)
    access: Access = field(default_factory=Access, kw_only=True)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, key: tuple[Any, ...]) -> NDArray[Any]:
        """The values, in memory. One slice, whole number or list of whole numbers an axis."""
        spans: list[range] = []
        picks: list[tuple[int, NDArray[np.intp]]] = []
        for axis, (part, size) in enumerate(zip(key, self.shape, strict=True)):
            if isinstance(part, slice):
                spans.append(range(size)[part])
                continue
            index = np.arange(size)[part]
            first, last = (index.min(), index.max()) if index.size else (0, -1)
            spans.append(range(int(first), int(last) + 1))
            picks.append((axis, index - first))
        if all(spans):
            with named(self.label, self.href):
                values = again(lambda: self._read(*spans))
        else:
            values = np.empty([len(span) for span in spans], self.dtype)
        # From the last axis on: a number takes its axis away.
        for axis, index in reversed(picks):
            values = values.take(index, axis)
        return values

    @abstractmethod
    def _read(self, *spans: range) -> NDArray[Any]:
        """The values within spans of all axes, none of them empty."""


# Of an image of which only some columns are wanted; what lies between them comes along.
MOST_BYTES = 32 * 2**20


@dataclass(frozen=True)
class RawPixels(Pixels):
    """A raw image of rows × columns values, row by row.

    A selection costs one request, from its first byte to its last: asking row by row would be
    many small requests, which a door answers far more slowly than one large.
    """

    header_bytes: int = 0

    def _read(self, *spans: range) -> NDArray[Any]:
        rows, columns = spans
        at_once = max(1, MOST_BYTES // (self.shape[1] * self.dtype.itemsize))
        if len(columns) < self.shape[1] and len(rows) > at_once:
            # What is read and not wanted is not held.
            parts = [
                self._read(rows[first : first + at_once], columns)
                for first in range(0, len(rows), at_once)
            ]
            return np.concatenate(parts)
        width, size = self.shape[1], self.dtype.itemsize
        first = min(rows) * width + min(columns)
        end = max(rows) * width + max(columns) + 1
        start = self.header_bytes + first * size
        filesystem, path = self.access.place(self.href)
        data = read_range(filesystem, path, start, self.header_bytes + end * size)
        if len(data) != (end - first) * size:
            raise OSError(
                f"{shown(self.href)} ends at byte {start + len(data)}, before its STAC item says "
                "it does"
            )
        values = np.frombuffer(data, self.dtype)
        if columns == range(width):
            return values.reshape(-1, width)[:: rows.step]
        offsets = np.array(rows)[:, None] * width + np.array(columns)[None, :] - first
        picked: NDArray[Any] = values[offsets]
        return picked


@dataclass(frozen=True)
class RasterPixels(Pixels):
    """A raster that GDAL reads: bands × rows × columns values, or only rows × columns."""

    def _read(self, *spans: range) -> NDArray[Any]:
        from rasterio.windows import Window

        *several, rows, columns = spans
        bands = [band + 1 for band in several[0]] if several else 1
        window = Window(
            min(columns),
            min(rows),
            max(columns) - min(columns) + 1,
            max(rows) - min(rows) + 1,
        )
        with open_raster(self.href, self.access) as raster:
            values: NDArray[Any] = raster.read(bands, window=window)
        return values[..., :: rows.step, :: columns.step]
