"""A small picture of an image or a raster, read through ranges: of a large raster its overviews.

GDAL reads from threads of our own, which ask the event loop for the bytes. Each picture has a limit
of time, of bytes and of pixels, so that no file can hold up or fill the server.
"""

from __future__ import annotations

import asyncio
import io
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from rsdat.base.errors import Conflict, RsdatError
from rsdat.dcache.client import DCacheClient

MAX_S = 30.0
MAX_BYTES = 64 * 1024 * 1024
#: Of what has to be decoded at its full size, because the file holds no smaller one.
MAX_PIXELS = 64 * 1024 * 1024
_BLOCK_BYTES = 64 * 1024
_KEPT_BLOCKS = 128
_THREADS = 2
#: What GDAL is told that the file is called.
NAME = "picture"
# By their first bytes. GDAL knows a hundred formats more, some of which open other files or URLs.
_DRIVERS = (
    (b"II*\0", "GTiff"),
    (b"MM\0*", "GTiff"),
    (b"II+\0", "GTiff"),
    (b"MM\0+", "GTiff"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"RIFF", "WEBP"),
    (b"\0\0\0\x0cjP  ", "JP2OpenJPEG"),
)
#: Contrast: so much of the pixels is darker than black and brighter than white.
_CUT_PERCENT = 2.0
_MAX_SAMPLES = 250_000


class Previews:
    """Makes pictures, two at once. `close()` it."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="rsdat-preview")
        self._files: set[RangeFile] = set()

    def close(self) -> None:
        """Make none any more; one that is under way ends at its read, or at the next one."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for file in self._files:
            file.stop()

    async def make(self, client: DCacheClient, path: str, size: int) -> bytes:
        """A PNG.

        Args:
            client: The endpoint.
            path: Literal path.
            size: Pixels of the longer side, at most.

        Raises:
            OnTape: The file's only copy is on tape.
            Conflict: It is no picture, too large to be shown without overviews, or there is no
                rasterio here.
            RsdatError: dCache refused, or gave no usable answer.
        """
        reader = await client.open_ranges(path)
        loop = asyncio.get_running_loop()

        def read(start: int, end: int) -> Future[bytes]:
            return asyncio.run_coroutine_threadsafe(reader.read(start, end), loop)

        file = RangeFile(read, reader.size, time.monotonic() + MAX_S)
        self._files.add(file)
        try:
            return await loop.run_in_executor(self._threads, _draw, file, path, size)
        finally:
            file.stop()
            self._files.discard(file)
            await reader.close()


class RangeFile:
    """A file of dCache's as GDAL reads it, in blocks that are kept for a while.

    Args:
        read: Asks for the bytes from one place up to another.
        size: Of the file.
        ends_s: Until when it may be read, on the monotonic clock.
    """

    def __init__(self, read: Callable[[int, int], Future[bytes]], size: int, ends_s: float) -> None:
        self._ask = read
        self.size = size
        self._ends_s = ends_s
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._under_way: Future[bytes] | None = None
        #: Bytes asked for.
        self.fetched = 0
        #: What went wrong: GDAL tells its own story of it.
        self.error: Exception | None = None

    def stop(self) -> None:
        """Let the present read fail, and the next one."""
        self._ends_s = 0.0
        if self._under_way is not None:
            self._under_way.cancel()

    def open(self, path: str, _mode: str = "rb", **_options: Any) -> _Handle:
        """As rasterio wants it; no other file is there."""
        if path != NAME:
            raise FileNotFoundError(path)
        return _Handle(self)

    def read(self, start: int, end: int) -> bytes:
        """Bytes; OSError when a limit is reached or dCache gave none."""
        end = min(end, self.size)
        if start >= end:
            return b""
        first, last = start // _BLOCK_BYTES, (end - 1) // _BLOCK_BYTES
        missing = [number for number in range(first, last + 1) if number not in self._blocks]
        kept = {n: self._blocks[n] for n in range(first, last + 1) if n in self._blocks}
        if missing:
            # One request: reading what lies between them again costs less than asking twice.
            kept |= self._fetch(missing[0], missing[-1])
        data = b"".join(kept[number] for number in range(first, last + 1))
        skip = start - first * _BLOCK_BYTES
        return data[skip : skip + end - start]

    def _fetch(self, first: int, last: int) -> dict[int, bytes]:
        start, end = first * _BLOCK_BYTES, min(self.size, (last + 1) * _BLOCK_BYTES)
        try:
            if time.monotonic() >= self._ends_s:
                raise too_large("takes too long to read")
            if self.fetched + end - start > MAX_BYTES:
                raise too_large(f"needs more than {MAX_BYTES >> 20} MiB to be read")
            self.fetched += end - start
            self._under_way = self._ask(start, end)
            # Looked at anew: another thread may have stopped it before there was what to cancel.
            data = self._under_way.result(self._ends_s - time.monotonic())
        except Exception as error:
            self.stop()  # what is still asked for would open the file's connection again
            self.error = error if isinstance(error, RsdatError) else too_large("takes too long")
            raise OSError(str(error)) from error
        found = {
            number: data[(number - first) * _BLOCK_BYTES : (number - first + 1) * _BLOCK_BYTES]
            for number in range(first, last + 1)
        }
        self._blocks.update(found)
        while len(self._blocks) > _KEPT_BLOCKS:
            self._blocks.popitem(last=False)
        return found


class _Handle(io.RawIOBase):
    """One of GDAL's places in the file: it opens it several times."""

    def __init__(self, file: RangeFile) -> None:
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._file.size if size < 0 else self._at + size
        data = self._file.read(self._at, end)
        self._at += len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def too_large(why: str) -> Conflict:
    """The error for what would cost too much."""
    return Conflict(
        f"There is no preview: the file {why}",
        hint="Rasters with overviews (`gdaladdo`, or a Cloud Optimized GeoTIFF) are shown at any "
        "size.",
        code="too_large",
    )


def _draw(file: RangeFile, path: str, size: int) -> bytes:
    try:
        import rasterio
        from rasterio.errors import NotGeoreferencedWarning, RasterioError
    except ImportError as error:
        raise Conflict(
            "Previews need the package rasterio, which is not installed beside Jupyter",
            hint='Install it with: pip install "rsdat[stac]"',
            code="no_rasterio",
        ) from error
    options = {
        # Nothing beside the file is looked for, and GDAL keeps little.
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "GDAL_PAM_ENABLED": "NO",
        "GDAL_CACHEMAX": 32 << 20,
        "GDAL_NUM_THREADS": "1",
    }
    # For good: the list of filters is one for all threads.
    warnings.simplefilter("ignore", NotGeoreferencedWarning)
    try:
        with rasterio.Env(**options):
            driver = _driver(file, path)
            with rasterio.open(NAME, driver=driver, opener=file.open) as raster:
                return _png(_picture(raster, size))
    except (RasterioError, OSError, ValueError, MemoryError) as error:
        if file.error is not None:
            raise file.error from error
        raise no_picture(path) from error


def no_picture(path: str) -> Conflict:
    """The error for what is no image and no raster."""
    return Conflict(f"'{path}' can't be shown as a picture", code="no_preview", path=path)


def _driver(file: RangeFile, path: str) -> str:
    head = file.read(0, 16)
    for magic, driver in _DRIVERS:
        if head.startswith(magic):
            return driver
    raise no_picture(path)


def _picture(raster: Any, size: int) -> Any:
    """Four bands of bytes: red, green, blue, opaque."""
    import numpy as np
    from rasterio.enums import ColorInterp, Resampling

    longer = max(raster.width, raster.height)
    # An overview only helps where it is near the size that is asked for.
    factors = [1, *raster.overviews(1)]
    wanted = max(1.0, longer / size)
    best = max((factor for factor in factors if factor <= wanted), default=1)
    if raster.width * raster.height / best**2 > MAX_PIXELS:
        raise too_large("has no overviews of a size that can be read quickly")
    scale = min(1.0, size / longer)
    shape = (max(1, round(raster.height * scale)), max(1, round(raster.width * scale)))

    indexes = _bands(raster)
    way = Resampling.nearest
    bands = raster.read(indexes, out_shape=(len(indexes), *shape), resampling=way)
    alpha = raster.dataset_mask(out_shape=shape, resampling=way)
    if raster.colorinterp[indexes[0] - 1] == ColorInterp.palette:
        table = np.zeros((256, 4), np.uint8)
        for value, colour in raster.colormap(indexes[0]).items():
            if value < 256:
                table[value] = colour
        picture = np.moveaxis(table[np.clip(bands[0], 0, 255)], -1, 0)
        picture[3] = np.minimum(picture[3], alpha)
        return picture
    if np.iscomplexobj(bands):
        bands = np.abs(bands)
    finite = np.isfinite(bands).all(axis=0)
    opaque = (alpha > 0) & finite
    grey = [band if band.dtype == np.uint8 else _stretched(band, opaque) for band in bands]
    grey = grey if len(grey) == 3 else [grey[0]] * 3
    return np.stack([*grey, np.where(opaque, alpha, 0).astype(np.uint8)])


def _bands(raster: Any) -> list[int]:
    """Numbers of the bands to show: red, green and blue, or one."""
    from rasterio.enums import ColorInterp

    kinds = list(raster.colorinterp)
    colours = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    if all(colour in kinds for colour in colours):
        return [kinds.index(colour) + 1 for colour in colours]
    if ColorInterp.palette in kinds:
        return [kinds.index(ColorInterp.palette) + 1]
    return [1]


def _stretched(band: Any, opaque: Any) -> Any:
    """A band as bytes, the middle of its values over the whole range."""
    import numpy as np

    values = band[opaque]
    if not values.size:
        return np.zeros(band.shape, np.uint8)
    values = values[:: max(1, values.size // _MAX_SAMPLES)].astype(np.float64)
    low, high = np.percentile(values, (_CUT_PERCENT, 100 - _CUT_PERCENT))
    if not high > low:
        low, high = values.min(), max(values.max(), values.min() + 1)
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = (band.astype(np.float64) - low) / (high - low) * 255
    return np.clip(np.nan_to_num(scaled), 0, 255).astype(np.uint8)


def _png(picture: Any) -> bytes:
    from rasterio.io import MemoryFile

    bands, height, width = picture.shape
    with MemoryFile() as memory:
        with memory.open(
            driver="PNG", width=width, height=height, count=bands, dtype="uint8"
        ) as target:
            target.write(picture)
        data: bytes = memory.read()
    return data
