"""Images as arrays that read only what is sliced out of them.

What travels to the workers is an address and a shape. Credentials stay where they are: each
worker's own fsspec configuration has them.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import fsspec
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

# The unit in which a raster's bytes are fetched: a little more than one 256 × 256 tile of
# compressed 16-bit pixels, so that header and first tiles come in few requests.
RASTER_BLOCK_BYTES = 256 * 2**10


@dataclass(frozen=True)
class Pixels(ABC):
    """An image that is read when it is sliced, as `dask.array.from_array` wants it."""

    href: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

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
            values = self._read(*spans)
        else:
            values = np.empty([len(span) for span in spans], self.dtype)
        # From the last axis on: a number takes its axis away.
        for axis, index in reversed(picks):
            values = values.take(index, axis)
        return values

    @abstractmethod
    def _read(self, *spans: range) -> NDArray[Any]:
        """The values within spans of all axes, none of them empty."""


@dataclass(frozen=True)
class RawPixels(Pixels):
    """A raw image of rows × columns values, row by row.

    A selection costs one request, from its first byte to its last: asking row by row would be
    many small requests, which a door answers far more slowly than one large.
    """

    header_bytes: int = 0

    def _read(self, *spans: range) -> NDArray[Any]:
        rows, columns = spans
        width, size = self.shape[1], self.dtype.itemsize
        first = min(rows) * width + min(columns)
        end = max(rows) * width + max(columns) + 1
        start = self.header_bytes + first * size
        filesystem, path = fsspec.core.url_to_fs(self.href)
        data = filesystem.cat_file(path, start=start, end=self.header_bytes + end * size)
        if len(data) != (end - first) * size:
            raise OSError(
                f"{self.href} ends at byte {start + len(data)}, before its STAC item says it does"
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
        with open_raster(self.href) as raster:
            values: NDArray[Any] = raster.read(bands, window=window)
        return values[..., :: rows.step, :: columns.step]


@contextmanager
def open_raster(href: str) -> Iterator[DatasetReader]:
    """A raster, opened through fsspec; bytes are fetched as GDAL asks for them.

    Raises:
        Exception: What the file system raised. GDAL would only say "read failed".
    """
    import rasterio

    filesystem, path = fsspec.core.url_to_fs(href)
    # A name of its own: rasterio has one opener a name, and threads read the same file at once.
    name = f"rsdat-{uuid.uuid4().hex}"
    failures: list[Exception] = []

    def opener(asked: str, mode: str = "rb", **_: Any) -> _Witness:
        # rasterio 1.4 tries an opener on a file "test" first; GDAL looks for side-car files.
        if asked != name:
            raise FileNotFoundError(asked)
        try:
            file = filesystem.open(
                path, mode, block_size=RASTER_BLOCK_BYTES, cache_type="blockcache"
            )
        except Exception as error:
            failures.append(error)
            raise
        return _Witness(file, failures)

    try:
        # An opener and not a file object, which rasterio 1.4 reads whole into memory.
        with (
            rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"),
            rasterio.open(name, opener=opener) as raster,
        ):
            yield raster
    except rasterio.errors.RasterioError:
        if failures:
            raise failures[0] from None
        raise


class _Witness:
    """Passes reads on; a failure becomes an empty read, and is kept.

    An exception that goes through GDAL's C++ code ends the whole process (rasterio 1.4.4:
    "terminate called after throwing an instance of 'std::length_error'"). An empty read is an
    error to GDAL as well, an orderly one.
    """

    def __init__(self, file: Any, failures: list[Exception]) -> None:
        self._file = file
        self._failures = failures

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def read(self, size: int = -1) -> Any:
        try:
            return self._file.read(size)
        except Exception as error:  # noqa: BLE001 - raised again by open_raster
            self._failures.append(error)
            return b""

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
