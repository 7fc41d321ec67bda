"""NetCDF, HDF5 and zarr as lazy xarray datasets."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import xarray as xr

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.stac.access import Access
from rsdat.stac.hrefs import shown
from rsdat.stac.naming import named
from rsdat.stac.readers.file import AssetFile
from rsdat.stac.readers.packages import need

if TYPE_CHECKING:
    from zarr.storage import FsspecStore

_HDF5 = b"\x89HDF\r\n\x1a\n"
_CLASSIC = b"CDF"


def open_cube(href: str, access: Access, label: str, **options: Any) -> xr.Dataset:
    """A NetCDF or HDF5 file; its variables are read when and where they are computed.

    Args:
        href: The address.
        access: With what it is opened.
        label: What errors call it.
        **options: Of `xarray.open_dataset`, such as `group`; chunks are the file's own by default.

    Raises:
        InvalidInput: It is no such file.
        ModuleNotFoundError: A package is missing.
    """
    file = AssetFile(href, access, label)
    start = file.read(len(_HDF5))
    file.seek(0)
    if start == _HDF5:
        need("h5netcdf", "NetCDF and HDF5")
        engine = "h5netcdf"
    elif start.startswith(_CLASSIC):
        need("scipy", "classic NetCDF")
        engine = "scipy"
    else:
        raise InvalidInput(
            f"{label} is no NetCDF or HDF5 file ({shown(href)})", code="asset_broken"
        )
    try:
        opened: xr.Dataset = xr.open_dataset(
            file, engine=options.pop("engine", engine), chunks=options.pop("chunks", {}), **options
        )
    except (OSError, ValueError, KeyError) as error:
        raise InvalidInput(
            f"{label} can't be opened: {error} ({shown(href)})", code="asset_broken"
        ) from error
    return opened


def open_zarr(href: str, access: Access, label: str, **options: Any) -> xr.Dataset:
    """A zarr store, version 2 or 3; each chunk is read by the task that needs it.

    Args:
        href: The folder's address.
        access: With what it is opened.
        label: What errors call it.
        **options: Of `xarray.open_zarr`, such as `group` or `chunks`.

    Raises:
        NotFound: There is nothing.
        InvalidInput: It is no zarr store.
        ModuleNotFoundError: A package is missing.
    """
    need("zarr", "zarr")
    try:
        with named(label, href), warnings.catch_warnings():
            # Who reads a store of somebody else's can't do anything about how it was written.
            warnings.filterwarnings("ignore", "Failed to open Zarr store with consolidated")
            opened: xr.Dataset = xr.open_zarr(zarr_store(href, access), **options)
    except (NotFound, ValueError, KeyError) as error:
        filesystem, path = access.place(href)
        if not filesystem.exists(path):
            raise NotFound(
                f"{label} is gone: there is nothing at {shown(href)}", code="asset_gone"
            ) from error
        raise InvalidInput(
            f"{label} is no zarr store ({shown(href)})", code="asset_broken"
        ) from error
    return opened


def zarr_store(href: str, access: Access, *, read_only: bool = True) -> FsspecStore:
    """Zarr's store at an address; pickled it is the address, and no credential travels."""
    from rsdat.stac.readers.zarrstore import AccessStore

    return AccessStore.at(href, access, read_only=read_only)
