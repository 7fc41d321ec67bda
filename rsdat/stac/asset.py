"""One asset of a catalog as a lazy array with coordinates."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import timezone
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import dask.array
import numpy as np
import pystac
import xarray as xr
from dask.base import tokenize

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.stac.access import Access, access_to
from rsdat.stac.catalog import find_item, read_catalog
from rsdat.stac.georeference import georeferenced
from rsdat.stac.grids import band_of, fields_of, is_raw, raster_grid, raw_grid
from rsdat.stac.hrefs import absolute, resolve, shown
from rsdat.stac.io import FsspecStacIO
from rsdat.stac.naming import label
from rsdat.stac.pixels import Pixels

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

# What one task reads when the caller does not say: big enough for few requests, small enough
# for many tasks in a worker's memory.
CHUNK_BYTES = 16 * 2**20
#: Rows and columns of a part, in this order or by name.
Chunks: TypeAlias = "tuple[int, int] | Mapping[str, int]"


@overload
def get_asset(
    catalog: pystac.Catalog | pystac.Item | str | os.PathLike[str],
    asset_key: str,
    item_id: str | None = None,
    driver: Literal["rasterio"] | None = None,
    filesystem: AbstractFileSystem | None = None,
    *,
    chunks: Chunks | None = None,
    scaled: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> xr.DataArray: ...


@overload
def get_asset(
    catalog: pystac.Catalog | pystac.Item | str | os.PathLike[str],
    asset_key: str,
    item_id: str | None = None,
    driver: str | None = None,
    filesystem: AbstractFileSystem | None = None,
    *,
    chunks: Chunks | None = None,
    scaled: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> xr.DataArray | bytes | str: ...


def get_asset(
    catalog: pystac.Catalog | pystac.Item | str | os.PathLike[str],
    asset_key: str,
    item_id: str | None = None,
    driver: str | None = None,
    filesystem: AbstractFileSystem | None = None,
    *,
    chunks: Chunks | None = None,
    scaled: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> xr.DataArray | bytes | str:
    """An asset as an array that the workers read, each its part, straight from the store.

    Only the file's header is read here. A raster (whatever GDAL knows) is read by windows, a
    raw file (`application/octet-stream` with `proj:shape` and a data type) by byte ranges.
    Workers open the asset's address with their own fsspec configuration; no credential
    travels with the tasks.

    Args:
        catalog: A catalog or collection, or its address; or an item.
        asset_key: The asset's key in the item.
        item_id: The item; may be left out where there is only one.
        driver: stac2dcache's: "rasterio", which is also the default for whatever is a raster;
            "raw" gives the file's bytes, "textfiles" its text.
        filesystem: fsspec's file system that the asset is on, instead of `storage_options`.
        chunks: Rows and columns of one task's part, `(512, 512)` or `{"y": 512, "x": 512}`, -1 for
            all; by default about 16 MiB, along the file's own tiles.
        scaled: Give `scale · value + offset` as the item says, as floating point, with no-data
            values as NaN.
        storage_options: Of the asset's file system, as `read_catalog` takes them; by default what
            the catalog was read with. They go to the workers without secrets: name an endpoint or
            a token file.

    Returns:
        Dimensions (y, x), or (band, y, x) for several bands, with coordinates of the pixels'
        centres, `time` where the item has one and not an interval, and `spatial_ref` as
        rioxarray has it. With the other drivers bytes or text.

    Raises:
        NotFound: No such catalog, item, asset or file.
        InvalidInput: The item does not tell what is needed to read a raw file, or the file is no
            raster; chunks or a driver that there are not.
    """
    read = None if driver in (None, "rasterio") else _reader(driver)
    if filesystem is not None:
        storage_options = FsspecStacIO(filesystem=filesystem).storage_options
    if isinstance(catalog, (str, os.PathLike)):
        catalog = read_catalog(catalog, storage_options=storage_options)
    item = catalog if isinstance(catalog, pystac.Item) else find_item(catalog, item_id)
    asset = item.assets.get(asset_key)
    if asset is None:
        raise NotFound(
            f"the item '{item.id}' has no asset '{asset_key}'",
            hint=f"It has: {', '.join(sorted(item.assets)) or 'none'}.",
        )
    self_href = item.get_self_href()
    href = resolve(asset.href, self_href) if self_href else absolute(asset.href)
    fields = fields_of(item, asset)
    access = access_to(href, item, storage_options)
    who = label(item.id, asset_key)
    if read is not None:
        return read(href, access, who)
    raw = driver is None and is_raw(asset, href)
    grid = raw_grid(href, fields) if raw else raster_grid(href, fields, who, access)
    pixels = grid.pixels(href, who, access)
    lazy = lazy_pixels(
        pixels, _asked(chunks, _chunks(pixels, grid.tile)), asset_key, _version(href, access)
    )
    nodata = grid.nodata
    if scaled:
        lazy = scaled_values(lazy, fields, nodata, range(len(grid.dtypes)))
        nodata = None
    array = xr.DataArray(
        lazy,
        dims=("band", "y", "x")[-lazy.ndim :],
        name=asset_key,
        attrs={"long_name": asset.title or asset_key, "item": item.id},
    )
    if nodata is not None:
        array.attrs["nodata"] = nodata
    moment = item.datetime
    if moment is not None:
        array = array.assign_coords(time=np.datetime64(without_zone(moment), "ns"))
    return georeferenced(array, grid.affine, grid.crs)


def _reader(driver: str) -> Callable[[str, Access, str], bytes | str]:
    """What reads a file whole, for stac2dcache's other drivers."""
    from rsdat.stac.readers.small import read_text, read_whole  # beside what has images from here

    readers: dict[str, Callable[[str, Access, str], bytes | str]] = {
        "raw": read_whole,
        "textfiles": read_text,
    }
    if driver not in readers:
        raise InvalidInput(
            f"There is no driver '{driver}', but rasterio, {' and '.join(readers)}",
            hint="open_asset opens an asset as its media type says.",
            code="no_driver",
        )
    return readers[driver]


def _asked(chunks: Chunks | None, usual: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of a part, as they were asked for."""
    if chunks is None:
        return usual
    if isinstance(chunks, Mapping):
        # Bands are read together: 1 of them, as for rioxarray, is what there mostly is.
        if chunks.keys() <= {"band", "y", "x"}:
            return chunks.get("y", usual[0]), chunks.get("x", usual[1])
    elif not isinstance(chunks, (str, int)) and len(chunks) == 2:
        return chunks[0], chunks[1]
    raise InvalidInput(
        f"chunks are (rows, columns) or {{'y': rows, 'x': columns}}, not {chunks!r}",
        code="no_chunks",
    )


def lazy_pixels(pixels: Pixels, chunks: tuple[int, int], name: str, version: Any) -> Any:
    """The values as a dask array; all bands at once, as most files keep those of a pixel together.

    Args:
        pixels: What is read.
        chunks: Rows and columns of a task's part.
        name: Beginning of the tasks' names.
        version: Changes when the file does: a cluster must not take old results for new ones.
    """
    return dask.array.from_array(
        pixels,
        chunks=(*pixels.shape[:-2], *chunks),
        name=f"{name}-{tokenize(pixels, version)}",
        inline_array=True,
        meta=np.empty((0,) * pixels.ndim, pixels.dtype),
    )


def without_zone(moment: Any) -> Any:
    """Numpy has no time zones: UTC, which is also what a time without zone means in STAC."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    return moment


def _chunks(pixels: Pixels, tile: tuple[int, int]) -> tuple[int, int]:
    """Whole tiles, as wide as possible first: neighbours in a row are neighbours in the file."""
    height, width = pixels.shape[-2:]
    tile_rows, tile_columns = min(tile[0], height), min(tile[1], width)
    bands = math.prod(pixels.shape[:-2])
    tiles = max(1, CHUNK_BYTES // (tile_rows * tile_columns * bands * pixels.dtype.itemsize))
    across = -(-width // tile_columns)
    if tiles < across:
        return tile_rows, tiles * tile_columns
    return min(height, tiles // across * tile_rows), width


def scaled_values(
    lazy: Any, fields: dict[str, Any], nodata: float | None, bands: Sequence[int] = (0,)
) -> Any:
    """Values by the scale and offset of an asset's bands; NaN where there is no data.

    Args:
        lazy: (…, y, x), or (…, band, y, x) where there are several.
        fields: What is said of the asset.
        nodata: The value that means "none", by the file; None: what is said of each band.
        bands: Numbers of the bands that are in `lazy`, from 0 on.
    """
    if len({scaling_of(fields, index) for index in bands}) > 1:
        parts = [
            scaled_values(lazy[..., place, :, :], fields, nodata, (index,))
            for place, index in enumerate(bands)
        ]
        return dask.array.stack(parts, axis=-3).rechunk({-3: lazy.chunks[-3]})
    band = band_of(fields, bands[0])
    # 16-bit counts fit into 24 bits of mantissa; more do not.
    small = lazy.dtype.kind in "iu" and lazy.dtype.itemsize <= 2
    kind = np.dtype("float32" if small else np.result_type(lazy.dtype, "float32"))
    scale, offset, _ = scaling_of(fields, bands[0])
    values = lazy.astype(kind) * kind.type(scale) + kind.type(offset)
    if nodata is None:
        nodata = band.get("nodata")
    return values if nodata is None else dask.array.where(lazy == nodata, np.nan, values)


def scaling_of(fields: dict[str, Any], index: int = 0) -> tuple[float, float, str]:
    """Scale and offset of a band, and what it calls no data."""
    band = band_of(fields, index)
    scale, offset = band.get("scale"), band.get("offset")
    return (
        1 if scale is None else scale,
        0 if offset is None else offset,
        str(band.get("nodata")),
    )


def _version(href: str, access: Access) -> tuple[Any, ...]:
    filesystem, path = access.place(href)
    try:
        info = filesystem.info(path)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file at {shown(href)}") from error
    return version_of(info)


def version_of(info: Mapping[str, Any]) -> tuple[Any, ...]:
    """What of a file system's `info` changes with the file."""
    return tuple(str(info.get(key)) for key in ("size", "mtime", "modified", "ETag", "created"))
