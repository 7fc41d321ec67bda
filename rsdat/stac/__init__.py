"""STAC catalogs and their assets on any file system that fsspec knows.

The functions are loaded when they are first used, so that rsdat works without the optional
packages (pystac, rasterio, xarray: `pip install "rsdat[stac]"`) and PySTAC's own defaults are
never changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rsdat.stac.add import add_item
    from rsdat.stac.asset import get_asset
    from rsdat.stac.catalog import Catalog, Collection, Item, read_catalog
    from rsdat.stac.configure import configure, configure_filesystem, configure_stac_io
    from rsdat.stac.copying import copy_asset, copy_assets, estimate, stage
    from rsdat.stac.index import items, open_index
    from rsdat.stac.io import FsspecStacIO, use_fsspec_in_pystac
    from rsdat.stac.problems import Problem
    from rsdat.stac.readers import open_asset
    from rsdat.stac.result import write_item, write_result
    from rsdat.stac.searching import search
    from rsdat.stac.stack import open_stack
    from rsdat.stac.walk import walk_items
    from rsdat.stac.writing import write_cog, write_zarr

_HOMES = {
    "Catalog": "catalog",
    "Collection": "catalog",
    "FsspecStacIO": "io",
    "Item": "catalog",
    "Problem": "problems",
    "add_item": "add",
    "configure": "configure",
    "configure_filesystem": "configure",
    "configure_stac_io": "configure",
    "copy_asset": "copying",
    "copy_assets": "copying",
    "estimate": "copying",
    "get_asset": "asset",
    "items": "index",
    "open_asset": "readers",
    "open_index": "index",
    "open_stack": "stack",
    "read_catalog": "catalog",
    "search": "searching",
    "stage": "copying",
    "use_fsspec_in_pystac": "io",
    "walk_items": "walk",
    "write_cog": "writing",
    "write_item": "result",
    "write_result": "result",
    "write_zarr": "writing",
}

__all__ = [
    "Catalog",
    "Collection",
    "FsspecStacIO",
    "Item",
    "Problem",
    "add_item",
    "configure",
    "configure_filesystem",
    "configure_stac_io",
    "copy_asset",
    "copy_assets",
    "estimate",
    "get_asset",
    "items",
    "open_asset",
    "open_index",
    "open_stack",
    "read_catalog",
    "search",
    "stage",
    "use_fsspec_in_pystac",
    "walk_items",
    "write_cog",
    "write_item",
    "write_result",
    "write_zarr",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'rsdat.stac' has no attribute '{name}'")
    from importlib import import_module

    try:
        found = getattr(import_module(f"rsdat.stac.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("rsdat"):
            raise
        raise ModuleNotFoundError(
            f"rsdat.stac needs the package '{error.name}': pip install 'rsdat[stac]'",
            name=error.name,
        ) from error
    # A function's module may have its name, and Python has just made it an attribute here.
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
