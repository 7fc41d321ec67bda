"""Any asset, opened as its media type says."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import pystac

from rsdat.base.errors import NotFound
from rsdat.stac.access import access_to
from rsdat.stac.asset import get_asset
from rsdat.stac.catalog import find_item, read_catalog
from rsdat.stac.grids import is_raw
from rsdat.stac.naming import label
from rsdat.stac.readers import kinds
from rsdat.stac.readers.cubes import open_cube, open_zarr
from rsdat.stac.readers.points import open_points
from rsdat.stac.readers.small import read_geojson, read_json, read_text, read_whole
from rsdat.stac.readers.tables import open_csv, open_parquet
from rsdat.stac.stack.items import address_of

_READERS: dict[str, Callable[..., Any]] = {
    kinds.CUBE: open_cube,
    kinds.ZARR: open_zarr,
    kinds.PARQUET: open_parquet,
    kinds.CSV: open_csv,
    kinds.POINTS: open_points,
    kinds.GEOJSON: read_geojson,
    kinds.JSON: read_json,
    kinds.TEXT: read_text,
    kinds.BYTES: read_whole,
}


def open_asset(
    catalog: pystac.Catalog | pystac.Item | str | os.PathLike[str],
    asset_key: str,
    item_id: str | None = None,
    *,
    media_type: str | None = None,
    storage_options: Mapping[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Open an asset of any kind by the library that fits it.

    What it gives, by media type:

    - `image/*`, raw values with `proj:shape` and a data type: a lazy DataArray, as `get_asset`
    - NetCDF, HDF5, zarr: a lazy xarray Dataset
    - Parquet, GeoParquet, CSV: a dask DataFrame
    - LAS, LAZ: a dask DataFrame of points
    - GeoJSON: a GeoDataFrame, or what the JSON says without geopandas
    - JSON: what it says
    - text, XML: str
    - anything else: bytes

    What can be read in parts is; workers read with their own credentials.

    Args:
        catalog: A catalog or collection or its address, or an item.
        asset_key: The asset's key in the item.
        item_id: The item; may be left out where there is only one.
        media_type: In place of what the asset says.
        storage_options: Of the asset's file system, as `read_catalog` takes them; by default what
            the catalog was read with.
        **options: Of the library: `group` for HDF5, `columns` for Parquet, `points` a partition
            for LAZ, `chunks` for rasters.

    Raises:
        NotFound: No such catalog, item, asset or file.
        InvalidInput: The file is not what its media type says.
        ModuleNotFoundError: A package is missing; says how to install it.
    """
    if isinstance(catalog, (str, os.PathLike)):
        catalog = read_catalog(catalog, storage_options=storage_options)
    item = catalog if isinstance(catalog, pystac.Item) else find_item(catalog, item_id)
    asset = item.assets.get(asset_key)
    if asset is None:
        raise NotFound(
            f"the item '{item.id}' has no asset '{asset_key}'",
            hint=f"It has: {', '.join(sorted(item.assets)) or 'none'}.",
        )
    href = address_of(item, asset)
    kind = kinds.kind_of(media_type or asset.media_type, href)
    described = {**item.properties, **asset.extra_fields}
    if kind == kinds.RAW and not ("proj:shape" in described and is_raw(asset, href)):
        # The media type of everything that nobody knows better; or the caller wants the bytes.
        kind = kinds.BYTES
    if kind in (kinds.IMAGE, kinds.RAW):
        return get_asset(item, asset_key, storage_options=storage_options, **options)
    access = access_to(href, item, storage_options)
    return _READERS[kind](href, access, label(item.id, asset_key), **options)
