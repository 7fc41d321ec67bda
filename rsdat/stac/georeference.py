"""Where the pixels of an array lie: coordinates that survive arithmetic, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from rsdat.base.errors import InvalidInput

if TYPE_CHECKING:
    from affine import Affine

SPATIAL_REF = "spatial_ref"


def georeferenced(array: xr.DataArray, transform: Affine | None, crs: str | None) -> xr.DataArray:
    """The array with x and y of its pixels' centres, and its reference system.

    The system is the attribute `crs_wkt` of a coordinate without dimension, as rioxarray has
    it: xarray drops an array's own attributes in arithmetic, but not those of coordinates.
    Rotated rasters get no x and y, which would be two-dimensional.
    """
    if transform is not None and transform.b == transform.d == 0:
        height, width = array.sizes["y"], array.sizes["x"]
        array = array.assign_coords(
            x=transform.c + (np.arange(width) + 0.5) * transform.a,
            y=transform.f + (np.arange(height) + 0.5) * transform.e,
        )
    if crs is not None:
        from rasterio.crs import CRS

        wkt = CRS.from_user_input(crs).to_wkt()
        array = array.assign_coords({SPATIAL_REF: xr.Variable((), 0, {"crs_wkt": wkt})})
    return array


def transform_of(array: xr.DataArray) -> Affine:
    """The transform from pixel to map coordinates, from the array's x and y.

    Raises:
        InvalidInput: It has no x and y, fewer than two of either, or they are not evenly spaced.
    """
    from affine import Affine

    left, width = _edge_and_step(array, "x")
    top, height = _edge_and_step(array, "y")
    return Affine(width, 0.0, left, 0.0, height, top)


def crs_wkt_of(array: xr.DataArray) -> str:
    """The reference system as WKT.

    Raises:
        InvalidInput: The array does not say.
    """
    wkt = array.coords[SPATIAL_REF].attrs.get("crs_wkt") if SPATIAL_REF in array.coords else None
    if not wkt:
        raise InvalidInput(
            "the array has no coordinate reference system",
            hint="Arrays from get_asset have one, in the attribute crs_wkt of their coordinate "
            "spatial_ref (as rioxarray's rio.write_crs sets it).",
        )
    return str(wkt)


def _edge_and_step(array: xr.DataArray, axis: str) -> tuple[float, float]:
    if axis not in array.coords or array.coords[axis].ndim != 1 or array.sizes[axis] < 2:
        raise InvalidInput(f"the array needs at least two pixels with a coordinate along {axis}")
    centres = array.coords[axis].to_numpy().astype(float)
    step = (centres[-1] - centres[0]) / (len(centres) - 1)
    if not np.allclose(np.diff(centres), step, rtol=1e-6, atol=0):
        raise InvalidInput(f"the pixels are not evenly spaced along {axis}")
    return float(centres[0] - step / 2), float(step)
