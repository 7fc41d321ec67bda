"""One map as a cloud-optimised GeoTIFF at any address."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rsdat.base.errors import Conflict
from rsdat.stac.hrefs import absolute, scheme_of
from rsdat.stac.image import geotiff
from rsdat.stac.store import by_protocol, exists, put_file

if TYPE_CHECKING:
    import xarray as xr


def write_cog(
    array: xr.DataArray,
    href: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write a map, tiled, compressed and with overviews; whole or not at all.

    A lazy array is computed in parts of about 256 MiB; the file is put together in this computer's
    folder for temporary files (`TMPDIR`), which needs room for it twice. `write_result` also
    describes it in a catalog.

    Args:
        array: (y, x) or (band, y, x), with x, y and `spatial_ref` as `get_asset` and `open_stack`
            give them.
        href: Where to; its folders are made.
        overwrite: Replace a file that is there.
        storage_options: Of the file system, as `read_catalog` takes them.

    Returns:
        What STAC says of it: the item's `bbox` and `geometry`, the asset's `type`, `proj:…` and
        `raster:bands`.

    Raises:
        Conflict: There is something, and `overwrite` is false.
        InvalidInput: The array does not say where it lies, or has a type that GeoTIFF has not.
        OSError: The store refused.
    """
    address = absolute(os.fspath(href))
    owner = by_protocol(storage_options, scheme_of(address) or "file")
    if not overwrite and exists(address, owner):
        raise _taken(address)
    with geotiff(array) as (file, described):
        try:
            put_file(file, address, owner, replace=overwrite)
        except FileExistsError as error:
            # It came while this one was computed.
            raise _taken(address) from error
    return described


def _taken(address: str) -> Conflict:
    return Conflict(
        f"there is something at {address} already",
        hint="overwrite=True replaces it.",
        code="exists",
    )
