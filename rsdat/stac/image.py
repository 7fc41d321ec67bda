"""An array as a cloud-optimised GeoTIFF, written part by part, and what STAC says of it."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rsdat.base.errors import InvalidInput
from rsdat.stac.georeference import crs_wkt_of, transform_of
from rsdat.stac.outline import outline

if TYPE_CHECKING:
    import xarray as xr
    from affine import Affine
    from rasterio.crs import CRS

GEOTIFF = "image/tiff; application=geotiff"
TILE = 256
#: What is computed at once: the more, the more workers are busy; the less, the less is held here.
PART_BYTES = 256 * 2**20


@contextmanager
def geotiff(array: xr.DataArray) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The image as a file of this computer, and what its item says of it.

    A lazy array is computed in parts of whole rows of its chunks, about 256 MiB each; never is all
    of it in memory. The file, and a draft of the same size, are in the folder for temporary files
    (`TMPDIR`) until the block ends.

    Args:
        array: (y, x) or (band, y, x), with x, y and `spatial_ref` as `get_asset` gives them.

    Raises:
        InvalidInput: The array does not say where it lies, or has a type that GeoTIFF has not.
    """
    described = describe(array)
    transform, crs = transform_of(array), _crs_of(array)
    with tempfile.TemporaryDirectory(prefix="rsdat-image-") as folder:
        draft, image = Path(folder) / "draft.tif", Path(folder) / "image.tif"
        _write_draft(draft, array, transform, crs)
        is_cog = _pack(draft, image, array.dtype)
        draft.unlink()
        described["type"] = f"{GEOTIFF}; profile=cloud-optimized" if is_cog else GEOTIFF
        yield image, described


def describe(array: xr.DataArray) -> dict[str, Any]:
    """What STAC says of a map: `bbox` and `geometry` of the item, and the asset's fields.

    Raises:
        InvalidInput: The array does not say where it lies, or has a type that GeoTIFF has not.
    """
    if array.dims not in (("y", "x"), ("band", "y", "x")):
        raise InvalidInput(f"an image has the dimensions (band,) y and x, not {array.dims}")
    transform, crs = transform_of(array), _crs_of(array)
    dtype = _stored(array.dtype)
    height, width = array.shape[-2:]
    bbox, geometry = outline(transform, width, height, crs)
    data_type = {"complex64": "cfloat32", "complex128": "cfloat64"}.get(dtype.name, dtype.name)
    band: dict[str, Any] = {"data_type": data_type, "spatial_resolution": abs(transform.a)}
    nodata = _nodata(array)
    if nodata is not None:
        band["nodata"] = nodata if math.isfinite(nodata) else str(float(nodata))
    epsg = crs.to_epsg()
    return {
        "bbox": bbox,
        "geometry": geometry,
        "proj:code": f"EPSG:{epsg}" if epsg else None,
        **({} if epsg else {"proj:wkt2": crs.to_wkt()}),
        "proj:shape": [height, width],
        "proj:transform": list(transform)[:6],
        "raster:bands": [dict(band) for _ in range(_count(array))],
    }


def _write_draft(path: Path, array: xr.DataArray, transform: Affine, crs: CRS) -> None:
    import rasterio
    from rasterio.windows import Window

    height, width = array.shape[-2:]
    profile = {
        "driver": "GTiff",
        "width": width,
        "height": height,
        "count": _count(array),
        "dtype": _stored(array.dtype).name,
        "crs": crs,
        "transform": transform,
        "nodata": _nodata(array),
        "tiled": True,
        "blockxsize": TILE,
        "blockysize": TILE,
        "BIGTIFF": "IF_SAFER",
    }
    with rasterio.open(path, "w", **profile) as raster:
        for first, end in _parts(array):
            values = np.asarray(array.isel(y=slice(first, end)).to_numpy())
            values = values.astype(_stored(array.dtype), copy=False)
            values = values if values.ndim == 3 else values[np.newaxis]
            raster.write(values, window=Window(0, first, width, end - first))


def _pack(draft: Path, image: Path, dtype: np.dtype[Any]) -> bool:
    """Tiled, compressed, with overviews; whether it is a COG."""
    import rasterio
    import rasterio.shutil

    with rasterio.Env() as environment:
        # GDAL 3.10's COG driver refuses complex numbers.
        is_cog = "COG" in environment.drivers() and dtype.kind != "c"
        layout = (
            {"driver": "COG", "blocksize": TILE, "predictor": "YES"}
            if is_cog
            else {"driver": "GTiff", "tiled": True, "blockxsize": TILE, "blockysize": TILE}
        )
        rasterio.shutil.copy(draft, image, compress="DEFLATE", BIGTIFF="IF_SAFER", **layout)
    return is_cog


def _parts(array: xr.DataArray) -> Iterator[tuple[int, int]]:
    """First row and the one after the last of each part: whole chunks, as many as may be."""
    height = array.sizes["y"]
    row_bytes = max(1, array.dtype.itemsize * (array.size // max(1, height)))
    most = max(1, PART_BYTES // row_bytes)
    chunks = array.chunksizes.get("y") or _even(height, max(TILE, most // TILE * TILE))
    first = end = 0
    for rows in chunks:
        if end > first and end + rows - first > most:
            yield first, end
            first = end
        end += rows
    yield first, end


def _even(height: int, rows: int) -> tuple[int, ...]:
    return tuple(min(rows, height - first) for first in range(0, height, rows))


def _stored(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type in the file; GeoTIFF has no booleans."""
    import rasterio.dtypes

    stored = np.dtype("uint8") if dtype.kind == "b" else dtype
    if not rasterio.dtypes.check_dtype(stored):
        raise InvalidInput(
            f"GeoTIFF has no data type for {dtype}",
            hint="Convert it, with array.astype('float32') for example.",
        )
    return stored


def _nodata(array: xr.DataArray) -> float | None:
    """What is no value: as the array says (rioxarray: `_FillValue`); NaN where there can be one."""
    nodata = array.attrs.get("nodata", array.attrs.get("_FillValue"))
    if nodata is not None and array.dtype.kind in "iu":
        limits = np.iinfo(array.dtype)
        if not (limits.min <= nodata <= limits.max):
            # NaN too: nothing in the array is that value.
            return None
    if nodata is None and array.dtype.kind == "f":
        return math.nan
    return nodata


def _count(array: xr.DataArray) -> int:
    return array.shape[0] if array.ndim == 3 else 1


def _crs_of(array: xr.DataArray) -> CRS:
    from rasterio.crs import CRS

    return CRS.from_wkt(crs_wkt_of(array))
