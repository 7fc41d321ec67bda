"""Stacks on a map grid, by odc-stac: items are put on one grid, resampled where they must be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import odc.stac
import pystac
import xarray as xr
from dask.base import tokenize

from rsdat.base.errors import InvalidInput
from rsdat.stac.access import Access
from rsdat.stac.stack.described import Described
from rsdat.stac.stack.driver import FsspecDriver, Source

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

_EXTENSIONS = [
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
]


def mapped_stack(
    files: Sequence[Described],
    chunks: dict[str, int],
    dtype: DTypeLike | None,
    **grid: Any,
) -> xr.Dataset:
    """One variable an asset (`key.1`, `key.2` … where it has several bands), (time, y, x).

    Args:
        files: All with a grid and a reference system.
        chunks: Rows `y`, columns `x` and layers `time` of a task's part.
        dtype: Of the result; None: the files' own.
        **grid: Given to odc.stac.load as they are.

    Raises:
        InvalidInput: odc-stac can't make a grid of this.
    """
    sources: dict[str, str] = {}
    by_item: dict[int, list[Described]] = {}
    for each in files:
        by_item.setdefault(id(each.item), []).append(each)
    types = _types(files)
    accesses = {each: (number, tokenize(each)) for number, each in enumerate(_accesses(files))}
    stated = [
        _stated(number, of_item, types, sources, accesses)
        for number, of_item in enumerate(by_item.values())
    ]
    if grid.get("bbox") is not None:
        grid["bbox"] = _unbroken(grid["bbox"], grid.get("crs"), files)
    try:
        found = odc.stac.load(
            stated,
            chunks={**chunks},
            **({} if dtype is None else {"dtype": np.dtype(dtype).name}),
            driver=FsspecDriver(*accesses),
            patch_url=sources.__getitem__,
            **{name: value for name, value in grid.items() if value is not None},
        )
    except ValueError as error:
        raise InvalidInput(f"no grid for these items: {error}", code="no_grid") from error
    # One name everywhere, as get_asset gives them; odc-stac's differ by the reference system.
    stack: xr.Dataset = found.assign_coords(time=found["time"].astype("datetime64[ns]")).rename(
        {old: new for old, new in (("latitude", "y"), ("longitude", "x")) if old in found.dims}
    )
    return stack


def _unbroken(
    bbox: tuple[float, float, float, float], crs: str | None, files: Sequence[Described]
) -> tuple[float, float, float, float]:
    """A box across the antimeridian, for a grid in degrees: odc-stac would take all around it.

    Raises:
        InvalidInput: The files lie on both sides of it, and not as one image.
    """
    from rasterio.crs import CRS

    west, south, east, north = bbox
    wanted = crs or str(files[0].grid.crs)
    if west <= east or wanted.startswith("utm") or not CRS.from_user_input(wanted).is_geographic:
        return bbox
    edges = [
        transform.c + columns * transform.a
        for each in files
        if (transform := each.grid.affine) is not None
        for columns in (0, each.grid.shape[1])
    ]
    if crs is None and max(edges) > 180:
        return west, south, east + 360, north
    if crs is None and min(edges) < -180:
        return west - 360, south, east, north
    raise InvalidInput(
        "the bbox crosses the antimeridian, and degrees end there",
        hint="Give the crs of a map that does not, such as crs='EPSG:32660'.",
        code="antimeridian",
    )


def _accesses(files: Sequence[Described]) -> list[Access]:
    return list(dict.fromkeys(each.access for each in files))


def _types(files: Sequence[Described]) -> dict[str, list[str]]:
    """By key: of each band the type that holds all items' values; odc-stac takes the first's."""
    found: dict[str, list[str]] = {}
    for each in files:
        known = found.setdefault(each.asset_key, list(each.grid.dtypes))
        if len(known) != len(each.grid.dtypes):
            raise InvalidInput(
                f"{each.label} has {len(each.grid.dtypes)} bands, others have {len(known)}",
                code="different_bands",
            )
        found[each.asset_key] = [
            np.result_type(*pair).name for pair in zip(known, each.grid.dtypes, strict=True)
        ]
    return found


def _stated(
    number: int,
    files: Sequence[Described],
    types: Mapping[str, list[str]],
    sources: dict[str, str],
    accesses: Mapping[Access, tuple[int, str]],
) -> pystac.Item:
    """An item for odc-stac: only what is wanted, complete, in STAC's words of today.

    Without footprint: odc-stac takes the grid's then, which is right across the antimeridian too.
    The address is a name for what the task is told; PySTAC's arithmetic would spoil odd ones.
    """
    item = pystac.Item(
        id=files[0].item.id,
        geometry=None,
        bbox=None,
        datetime=files[0].moment,
        # Groups are made by an item's property.
        properties={
            name: value
            for name, value in files[0].item.properties.items()
            if not name.startswith(("proj:", "raster:"))
        },
        stac_extensions=_EXTENSIONS,
    )
    for each in files:
        name = f"rsdat://{number}/{len(item.assets)}"
        # Two endpoints may have the same file by the same name, and other pixels in it.
        which, its_token = accesses[each.access]
        token = tokenize(each.version, its_token)
        sources[name] = Source(each.href, each.label, token, which).to_text()
        item.add_asset(
            each.asset_key,
            pystac.Asset(
                href=name,
                media_type="image/tiff",
                roles=["data"],
                extra_fields={
                    "proj:code": None,
                    "proj:wkt2": _wkt(str(each.grid.crs)),
                    "proj:shape": list(each.grid.shape),
                    "proj:transform": list(each.grid.transform or ()),
                    "raster:bands": [
                        {
                            "data_type": name,
                            **({} if nodata is None else {"nodata": nodata}),
                        }
                        for name, nodata in (
                            (name, each.grid.nodata_of(band))
                            for band, name in enumerate(types[each.asset_key])
                        )
                    ],
                },
            ),
        )
    return item


def _wkt(crs: str) -> str:
    from rasterio.crs import CRS

    return str(CRS.from_user_input(crs).to_wkt())
