"""Stacks of images that share their pixels' grid: no map, no resampling; radar stacks above all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dask.array
import numpy as np
import xarray as xr

from rsdat.base.errors import InvalidInput
from rsdat.stac.asset import lazy_pixels
from rsdat.stac.georeference import georeferenced
from rsdat.stac.stack.described import Described

if TYPE_CHECKING:
    from numpy.typing import DTypeLike


def native_stack(
    files: Sequence[Described],
    chunks: dict[str, int],
    dtype: DTypeLike | None,
    bbox: tuple[float, float, float, float] | None = None,
) -> xr.Dataset:
    """One variable an asset, (time, y, x) or (time, band, y, x), each file as it is.

    Args:
        files: All have the same shape and place, and those of one key the same types; an item
            without one of the keys is an error here, as there is no value for nothing in a complex
            image.
        chunks: Rows `y`, columns `x` and images `time` of a task's part.
        dtype: Of the result; None: the files' own.
        bbox: West, south, east, north in degrees: the pixels within it, if their place is known.

    Raises:
        InvalidInput: The files differ, or an item lacks an asset (`different_grids`); their place
            is not known (`no_map`).
    """
    keys = list(dict.fromkeys(each.asset_key for each in files))
    by_item: dict[int, dict[str, Described]] = {}
    for each in files:
        by_item.setdefault(id(each.item), {})[each.asset_key] = each
    layers = sorted(
        by_item.values(), key=lambda layer: next((d.moment, d.item.id) for d in layer.values())
    )
    for layer in layers:
        missing = next((key for key in keys if key not in layer), None)
        if missing is not None:
            first = next(iter(layer.values()))
            raise InvalidInput(
                f"the item '{first.item.id}' has no asset '{missing}', and others do",
                hint="Images without a map grid are stacked as they are: give items that have all.",
                code="different_grids",
            )
    moments = [next(iter(layer.values())).moment for layer in layers]
    times = np.array([np.datetime64(moment, "ns") for moment in moments])
    for key in keys[1:]:
        _check_alike(layers[0][keys[0]], layers[0][key])
    arrays = {key: _variable([layer[key] for layer in layers], chunks, dtype) for key in keys}
    stack: xr.Dataset = xr.Dataset(arrays).assign_coords(
        time=times, item_id=("time", [next(iter(layer.values())).item.id for layer in layers])
    )
    return stack if bbox is None else _cropped(stack, files[0], bbox)


def _cropped(
    stack: xr.Dataset, first: Described, bbox: tuple[float, float, float, float]
) -> xr.Dataset:
    """The pixels whose centres lie in the box's outline; no pixel is moved."""
    from rasterio.warp import transform_bounds

    if first.grid.crs is None or "x" not in stack.coords or "y" not in stack.coords:
        raise InvalidInput(
            f"bbox needs a map, and {first.label} has none",
            hint="Slice the result by pixels.",
            code="no_map",
        )
    west, south, east, north = transform_bounds("EPSG:4326", first.grid.crs, *bbox)
    within_x = (stack.x >= west) & (stack.x <= east)
    within_y = (stack.y >= south) & (stack.y <= north)
    parts = {}
    for axis, within in (("x", within_x), ("y", within_y)):
        found = np.flatnonzero(within.values)
        if not found.size:
            raise InvalidInput(f"no pixel of {first.label} lies within the bbox", code="outside")
        parts[axis] = slice(int(found[0]), int(found[-1]) + 1)
    cropped: xr.Dataset = stack.isel(parts)
    return cropped


def _check_alike(first: Described, other: Described) -> None:
    """Whether two keys share their pixels: xarray would put pixels without value between them."""
    mine, theirs = first.grid, other.grid
    places = {each.transform for each in (mine, theirs) if each.transform is not None}
    if mine.shape != theirs.shape or len(places) > 1 or _on_other_maps(mine.crs, theirs.crs):
        raise InvalidInput(
            f"{other.label} has {_words(other)}, and {first.label} {_words(first)}",
            hint="Images that are not resampled share one grid: open these keys one by one.",
            code="different_grids",
        )


def _on_other_maps(mine: str | None, theirs: str | None) -> bool:
    """Whether both are known and differ: one system has many spellings."""
    if mine is None or theirs is None or mine == theirs:
        return False
    from rasterio.crs import CRS

    return bool(CRS.from_user_input(mine) != CRS.from_user_input(theirs))


def _variable(
    files: Sequence[Described], chunks: dict[str, int], dtype: DTypeLike | None
) -> xr.DataArray:
    first = files[0]
    for each in files[1:]:
        mine, theirs = first.grid, each.grid
        if (mine.shape, mine.dtypes, mine.transform) != (
            theirs.shape,
            theirs.dtypes,
            theirs.transform,
        ) or _on_other_maps(mine.crs, theirs.crs):
            raise InvalidInput(
                f"{each.label} has {_words(each)}, and {first.label} {_words(first)}",
                hint="Images that are not on a map can only be stacked where all are alike.",
                code="different_grids",
            )
    rows, columns = first.grid.shape
    part = (
        rows if chunks["y"] < 0 else min(chunks["y"], rows),
        columns if chunks["x"] < 0 else min(chunks["x"], columns),
    )
    images = [
        lazy_pixels(
            each.grid.pixels(each.href, each.label, each.access),
            part,
            each.asset_key,
            each.version,
        )
        for each in files
    ]
    lazy: Any = dask.array.stack(images)
    if chunks["time"] != 1:
        lazy = lazy.rechunk({0: chunks["time"]})
    if dtype is not None:
        lazy = lazy.astype(dtype)
    dims = ("time", "band", "y", "x") if lazy.ndim == 4 else ("time", "y", "x")
    array = xr.DataArray(lazy, dims=dims)
    if first.grid.nodata is not None:
        array.attrs["nodata"] = first.grid.nodata
    return georeferenced(array, first.grid.affine, first.grid.crs)


def _words(each: Described) -> str:
    rows, columns = each.grid.shape
    place = f" at {each.grid.transform[:6]}" if each.grid.transform else ""
    on_map = "" if each.grid.crs is None else f" in {each.grid.crs[:60]}"
    return f"{rows} × {columns} pixels of {' '.join(each.grid.dtypes)}{place}{on_map}"
