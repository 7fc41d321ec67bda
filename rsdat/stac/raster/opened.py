"""Rasters opened by rasterio through fsspec: whatever GDAL knows, and no file beside it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rsdat.stac.access import Access
from rsdat.stac.raster.ranged import RangedFile

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

GDAL_OPTIONS = {
    # No side-car files: each would be a request, and the opener below has none.
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    # How many compressed bytes of one window GDAL asks for at once; its default is 10 MiB.
    "GDAL_MAX_RAW_BLOCK_CACHE_SIZE": str(64 * 2**20),
}


@contextmanager
def open_raster(href: str, access: Access | None = None) -> Iterator[DatasetReader]:
    """A raster, opened through fsspec; bytes are fetched as GDAL asks for them.

    Args:
        href: Its address.
        access: With what it is opened; by default by fsspec's own configuration.

    Raises:
        Exception: What the file system raised. GDAL would only say "read failed".
        rasterio.errors.RasterioError: It is no raster, or a broken one.
    """
    import rasterio

    filesystem, path = (access or Access()).place(href)
    # A name of its own: rasterio has one opener a name, and threads read the same file at once.
    name = f"rsdat-{uuid.uuid4().hex}"
    file = RangedFile(filesystem, path)
    try:
        # An opener and not a file object, which rasterio 1.4 reads whole into memory.
        with (
            rasterio.Env(**GDAL_OPTIONS),
            rasterio.open(name, opener=_container(name, file)) as raster,
        ):
            yield raster
    except rasterio.errors.RasterioError:
        if file.failures:
            raise file.failures[0] from None
        raise
    finally:
        file.close()
    if file.failures:
        raise file.failures[0]


def _container(name: str, file: RangedFile) -> Any:
    """What rasterio takes for a folder with this one file in it."""
    from rasterio.abc import MultiByteRangeResourceContainer

    class OneFile(MultiByteRangeResourceContainer):  # type: ignore[misc]
        def open(self, path: str, mode: str = "r", **_: Any) -> RangedFile:
            if path != name or mode not in ("r", "rb"):
                raise FileNotFoundError(path)
            file.seek(0)
            return file

        def isfile(self, path: str) -> bool:
            return path == name

        def isdir(self, path: str) -> bool:
            return False

        def ls(self, path: str) -> list[str]:
            return []

        def mtime(self, path: str) -> int:
            return 0

        def rm(self, path: str) -> None:
            raise PermissionError(path)

        def size(self, path: str) -> int:
            # rasterio 1.4 asks for the size of a file "test" to see whether this works.
            return file.size if path == name else 0

    return OneFile()
