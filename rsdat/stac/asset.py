"""One asset of a catalog as a lazy array with coordinates."""

from __future__ import annotations

import math
from datetime import timezone
from typing import TYPE_CHECKING, Any

import dask.array
import fsspec
import numpy as np
import xarray as xr
from dask.base import tokenize

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.stac.catalog import find_item, read_catalog
from rsdat.stac.georeference import georeferenced
from rsdat.stac.hrefs import absolute, resolve
from rsdat.stac.pixels import Pixels, RasterPixels, RawPixels, open_raster

if TYPE_CHECKING:
    import pystac
    from affine import Affine

# What one task reads when the caller does not say: big enough for few requests, small enough
# for many tasks in a worker's memory.
CHUNK_BYTES = 16 * 2**20
# STAC's names of data types that are not numpy's (raster extension 1.1, STAC 1.1 `data_type`);
# complex integers have no type in numpy.
DATA_TYPES = {"cfloat32": "complex64", "cfloat64": "complex128"}
RAW_MEDIA_TYPES = ("application/octet-stream", "application/x-raw")
RAW_SUFFIXES = (".raw", ".bin", ".dat")


def get_asset(
    catalog: pystac.Catalog | str,
    asset_key: str,
    item_id: str | None = None,
    *,
    chunks: tuple[int, int] | None = None,
    scaled: bool = False,
) -> xr.DataArray:
    """An asset as an array that the workers read, each its part, straight from the store.

    Only the file's header is read here. A raster (whatever GDAL knows) is read by windows, a
    raw file (`application/octet-stream` with `proj:shape` and a data type) by byte ranges.
    Workers open the asset's address with their own fsspec configuration; no credential
    travels with the tasks.

    Args:
        catalog: A catalog or collection, or its address.
        asset_key: The asset's key in the item.
        item_id: The item; may be left out where there is only one.
        chunks: Rows and columns of one task's part; by default about 16 MiB, along the file's
            own tiles.
        scaled: Give `scale · value + offset` as the item says, as floating point, with no-data
            values as NaN.

    Returns:
        Dimensions (y, x), or (band, y, x) for several bands, with coordinates of the pixels'
        centres, `time` where the item has one and not an interval, and `spatial_ref` as
        rioxarray has it.

    Raises:
        NotFound: No such catalog, item, asset or file.
        InvalidInput: The item does not tell what is needed to read a raw file.
    """
    if isinstance(catalog, str):
        catalog = read_catalog(catalog)
    item = find_item(catalog, item_id)
    asset = item.assets.get(asset_key)
    if asset is None:
        raise NotFound(
            f"the item '{item.id}' has no asset '{asset_key}'",
            hint=f"It has: {', '.join(sorted(item.assets)) or 'none'}.",
        )
    self_href = item.get_self_href()
    href = resolve(asset.href, self_href) if self_href else absolute(asset.href)
    fields = {**item.properties, **asset.extra_fields}
    pixels, transform, crs, nodata, tile = (
        _raw(href, fields) if _is_raw(asset, href) else _raster(href, fields)
    )

    lazy = dask.array.from_array(
        pixels,
        # All bands at once: most files keep the bands of a pixel together.
        chunks=(*pixels.shape[:-2], *(chunks or _chunks(pixels, tile))),
        name=f"{asset_key}-{tokenize(pixels, _version(href))}",
        inline_array=True,
        meta=np.empty((0,) * pixels.ndim, pixels.dtype),
    )
    if scaled:
        lazy = _scaled(lazy, fields, nodata)
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
        # numpy has no time zones: UTC, which is also what a time without zone means in STAC.
        if moment.tzinfo is not None:
            moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
        array = array.assign_coords(time=np.datetime64(moment, "ns"))
    return georeferenced(array, transform, crs)


def _is_raw(asset: pystac.Asset, href: str) -> bool:
    if asset.media_type is not None:
        return asset.media_type.split(";")[0].strip() in RAW_MEDIA_TYPES
    return href.lower().endswith(RAW_SUFFIXES)


def _band(fields: dict[str, Any]) -> dict[str, Any]:
    """What is said of the first band: STAC 1.1 beside or in `bands`, 1.0 in `raster:bands`."""
    found: dict[str, Any] = {key: fields[key] for key in ("data_type", "nodata") if key in fields}
    for key in ("raster:scale", "raster:offset"):
        if key in fields:
            found[key.removeprefix("raster:")] = fields[key]
    for bands in ("raster:bands", "bands"):
        if fields.get(bands):
            found |= {key.removeprefix("raster:"): value for key, value in fields[bands][0].items()}
    return found


_Opened = tuple[Pixels, "Affine | None", str | None, "float | None", tuple[int, int]]


def _raw(href: str, fields: dict[str, Any]) -> _Opened:
    from affine import Affine

    band = _band(fields)
    missing = [
        name
        for name, value in (
            ("proj:shape", fields.get("proj:shape")),
            ("data_type", band.get("data_type")),
        )
        if not value
    ]
    if missing:
        raise InvalidInput(
            f"the STAC item does not say how to read {href}: {' and '.join(missing)} missing",
            code="raw_undescribed",
        )
    name = DATA_TYPES.get(band["data_type"], band["data_type"])
    try:
        dtype = np.dtype(name)
    except TypeError as error:
        raise InvalidInput(f"{href} has the data type '{name}', which can't be read") from error
    # The file extension's default for what nobody says is the machine's order: little, today.
    order = ">" if fields.get("file:byte_order") == "big-endian" else "<"
    rows, columns = fields["proj:shape"]
    pixels = RawPixels(
        href, (rows, columns), dtype.newbyteorder(order), fields.get("file:header_size", 0)
    )
    numbers = fields.get("proj:transform")
    transform = Affine(*numbers[:6]) if numbers else None
    return pixels, transform, _crs(fields), band.get("nodata"), (1, columns)


def _raster(href: str, fields: dict[str, Any]) -> _Opened:
    try:
        with open_raster(href) as raster:
            bands = () if raster.count == 1 else (raster.count,)
            shape = (*bands, raster.height, raster.width)
            pixels = RasterPixels(href, shape, np.dtype(raster.dtypes[0]))
            crs = raster.crs.to_wkt() if raster.crs else _crs(fields)
            return pixels, raster.transform, crs, raster.nodata, raster.block_shapes[0]
    except FileNotFoundError as error:
        raise NotFound(f"there is no file at {href}") from error


def _crs(fields: dict[str, Any]) -> str | None:
    """The reference system in any form that GDAL reads; `proj:epsg` is that of STAC before 1.1."""
    epsg = fields.get("proj:epsg")
    return fields.get("proj:code") or fields.get("proj:wkt2") or (epsg and f"EPSG:{epsg}")


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


def _scaled(lazy: Any, fields: dict[str, Any], nodata: float | None) -> Any:
    band = _band(fields)
    # 16-bit counts fit into 24 bits of mantissa; more do not.
    small = lazy.dtype.kind in "iu" and lazy.dtype.itemsize <= 2
    kind = np.dtype("float32" if small else np.result_type(lazy.dtype, "float32"))
    scale, offset = band.get("scale", 1), band.get("offset", 0)
    values = lazy.astype(kind) * kind.type(scale) + kind.type(offset)
    if nodata is None:
        nodata = band.get("nodata")
    return values if nodata is None else dask.array.where(lazy == nodata, np.nan, values)


def _version(href: str) -> tuple[Any, ...]:
    """What changes when the file does: a cluster must not take old results for new ones."""
    filesystem, path = fsspec.core.url_to_fs(href)
    try:
        info = filesystem.info(path)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file at {href}") from error
    keys = ("size", "mtime", "modified", "ETag", "created")
    return tuple(str(info.get(key)) for key in keys)
