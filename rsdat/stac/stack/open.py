"""Many items as one lazy array."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.stac.asset import CHUNK_BYTES
from rsdat.stac.stack.described import Described, described, need_assets
from rsdat.stac.stack.items import Assets, assets_of, items_of
from rsdat.stac.stack.locality import OnTapeChoice, localities, readable
from rsdat.stac.stack.native import native_stack
from rsdat.stac.stack.scaling import scaled_stack

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

# Chunks are whole tiles of the usual files.
TILE = 512
DIMENSIONS = ("time", "y", "x")


def open_stack(
    items: Any,
    assets: Assets = None,
    *,
    chunks: Mapping[str, int] | None = None,
    resolution: float | None = None,
    bbox: tuple[float, float, float, float] | None = None,
    crs: str | None = None,
    like: Any = None,
    resampling: str | Mapping[str, str] = "nearest",
    dtype: DTypeLike | None = None,
    nodata: float | None = None,
    scaled: bool = False,
    groupby: str = "time",
    on_tape: OnTapeChoice = "raise",
    storage_options: Mapping[str, Any] | None = None,
) -> xr.DataArray | xr.Dataset:
    """Open assets of many items as one array that the workers read, each its part.

    Rasters on a map are put on one grid (odc-stac): that of the items if they share one, else the
    most common one, or what `crs`, `resolution`, `bbox` or `like` say. Where the grid is coarser
    than a file, its overviews are read. Images without a map (raw radar stacks, rasters without
    reference system) are stacked as they are, without resampling; all must be alike.

    Nothing but headers is read here, and those only where an item does not say its grid and type
    (projection and raster extension). Each file is looked up once, so that files on tape are
    found now and not by a task. Workers read byte ranges with their own fsspec configuration; no
    credential travels with the tasks.

    Args:
        items: A list of items, an ItemCollection, a catalog or collection or its address, one
            item, or what has a method `items()`, such as a search of pystac-client.
        assets: A key, or several; all with pixels that the first item has if left out.
        chunks: Rows `y`, columns `x` and layers `time` of a task's part; by default about 16 MiB
            of one layer. -1 is all.
        resolution: Size of a pixel in the units of the reference system.
        bbox: West, south, east, north in degrees. Raw files are cropped by it where their place
            is known.
        crs: Reference system of the result, such as "EPSG:32631" or "utm".
        like: An array or odc-geo GeoBox whose grid is taken; without the three above.
        resampling: GDAL's name of a method (`nearest`, `bilinear`, `average` …), or one by key.
        dtype: Of the result; else the files' own, and where they differ one that holds all.
        nodata: The value that means "none" on a map where the items or files don't say.
        scaled: Give `scale · value + offset` as the items say, as floating point, with no-data
            values as NaN.
        groupby: Which items make one layer: those of the same `time`, the same `solar_day`, each
            its own (`id`), or the same value of a property. Where they overlap the first counts.
        on_tape: What to do with items of which a file is only on tape: "raise", "skip" them, or
            "ignore" it until a task reads them.
        storage_options: Of the assets' file system, as `read_catalog` takes them; by default what
            each item's catalog was read with. They go to the workers without secrets: name an
            endpoint or a token file.

    Returns:
        Of one key given as text a DataArray (time, y, x), else a Dataset with a variable a key, or
        `key.1`, `key.2` … for a file of several bands; with the coordinates of the pixels' centres
        and `spatial_ref` where they are known, and `item_id` where each layer is one item's.

    Raises:
        NotFound: No items, no such asset, or a file is gone.
        OnTape: Files are only on tape; says how many.
        InvalidInput: The items can't be put on one grid, or options make no sense.
    """
    found = items_of(items, storage_options)
    keys = assets_of(found, assets)
    need_assets(found, keys)
    present = readable(localities(found, keys, storage_options=storage_options), on_tape)
    if not present:
        raise NotFound(
            "nothing is left: each item has a file that is only on tape",
            hint="rsdat.stac.stage(items, assets) brings them to disk.",
            code="all_on_tape",
        )
    files = described(present)
    parts = _chunks(files, chunks)
    on_map = {"resolution": resolution, "bbox": bbox, "crs": crs, "like": like}
    if _has_map(files):
        from rsdat.stac.stack.mapped import mapped_stack

        stack = mapped_stack(
            files,
            parts,
            dtype,
            **on_map,
            resampling=resampling if isinstance(resampling, str) else dict(resampling),
            nodata=nodata,
            groupby=groupby,
        )
    else:
        given = [name for name, value in on_map.items() if value is not None and name != "bbox"]
        given += ["groupby"] if groupby not in ("time", "id") else []
        if given:
            raise InvalidInput(
                f"{' and '.join(given)} can't be had: {files[0].label} is not resampled",
                hint="Raw files and images without a map are stacked as they are, each its layer.",
                code="no_map",
            )
        stack = native_stack(files, parts, dtype, bbox)
    if scaled:
        stack = scaled_stack(stack, files)
    if not isinstance(assets, str):
        return stack
    if assets in stack:
        single: xr.DataArray = stack[assets]
        return single
    several = [name for name in stack.data_vars if str(name).startswith(f"{assets}.")]
    bands = stack[several].to_dataarray("band").transpose("time", "band", "y", "x")
    nodatas = [stack[name].attrs.get("nodata") for name in several]
    if len(set(map(str, nodatas))) == 1 and nodatas[0] is not None:
        bands.attrs["nodata"] = nodatas[0]
    elif any(each is not None for each in nodatas):
        told = [np.nan if each is None else each for each in nodatas]
        bands = bands.assign_coords(nodata=("band", told))
    renamed: xr.DataArray = bands.rename(assets)
    return renamed


def _has_map(files: list[Described]) -> bool:
    """Whether odc-stac can place them: GDAL's rasters with transform and reference system.

    Raises:
        InvalidInput: Some can be placed, others not.
    """
    placed = [not each.grid.raw and bool(each.grid.crs and each.grid.transform) for each in files]
    if any(placed) and not all(placed):
        with_map, without = files[placed.index(True)], files[placed.index(False)]
        raise InvalidInput(
            f"{with_map.label} lies on a map, and {without.label} does not",
            hint="Open them one after the other.",
            code="different_grids",
        )
    return all(placed)


def _chunks(files: list[Described], given: Mapping[str, int] | None) -> dict[str, int]:
    asked = dict(given or {})
    unknown = [name for name in asked if name not in DIMENSIONS]
    if unknown:
        raise InvalidInput(f"chunks are of {', '.join(DIMENSIONS)}, not of {', '.join(unknown)}")
    first = files[0].grid
    size = np.dtype(first.dtypes[0]).itemsize
    if first.raw:
        # Whole rows: a part of them would read as many bytes.
        rows = max(1, CHUNK_BYTES // (size * first.shape[1]))
        default = {"y": rows, "x": -1}
    else:
        side = max(TILE, int(math.sqrt(CHUNK_BYTES / size)) // TILE * TILE)
        default = {"y": side, "x": side}
    return {"time": 1, **default, **asked}
