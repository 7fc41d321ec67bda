"""STAC catalogs and their assets on any file system that fsspec knows.

The functions are loaded when they are first used, so that rsdat works without the optional
packages (pystac, rasterio, xarray: `pip install "rsdat[stac]"`) and PySTAC's own defaults are
never changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rsdat.stac.asset import get_asset
    from rsdat.stac.catalog import FsspecStacIO, read_catalog
    from rsdat.stac.result import write_item

__all__ = ["FsspecStacIO", "get_asset", "read_catalog", "write_item"]

_HOMES = {
    "FsspecStacIO": "catalog",
    "get_asset": "asset",
    "read_catalog": "catalog",
    "write_item": "result",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'rsdat.stac' has no attribute '{name}'")
    from importlib import import_module

    try:
        return getattr(import_module(f"rsdat.stac.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("rsdat"):
            raise
        raise ModuleNotFoundError(
            f"rsdat.stac needs the package '{error.name}': pip install 'rsdat[stac]'",
            name=error.name,
        ) from error


def __dir__() -> list[str]:
    return __all__
