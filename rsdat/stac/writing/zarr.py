"""A dataset as a zarr store at any address, which has its name only when it is whole."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rsdat.base.errors import Conflict
from rsdat.stac.access import access_to
from rsdat.stac.hrefs import absolute, parent
from rsdat.stac.readers.packages import need

if TYPE_CHECKING:
    import xarray as xr
    from fsspec import AbstractFileSystem


def write_zarr(
    data: xr.Dataset | xr.DataArray,
    href: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> None:
    """Write a dataset; each lazy chunk is written by the worker that computed it.

    Zarr version 2 with consolidated metadata, which GDAL and older libraries read. It is written
    into a hidden folder beside its place and renamed at the end, so nobody finds half of it. (S3
    and its like can't rename a folder; there each file is copied.)

    Args:
        data: Its chunks become zarr's; where they differ in size along an axis the largest counts.
        href: The folder to be; those above it are made.
        overwrite: Replace what is there, when the new store is whole.
        storage_options: Of the file system, as `read_catalog` takes them. They go to the workers
            without secrets: name an endpoint or a token file.

    Raises:
        Conflict: There is something, and `overwrite` is false.
        ModuleNotFoundError: zarr is missing.
        OSError: The store refused; what was there still is.
    """
    need("zarr", "zarr stores")
    from rsdat.stac.readers.cubes import zarr_store

    address = absolute(os.fspath(href)).rstrip("/")
    access = access_to(address, None, storage_options)
    filesystem, path = access.place(address)
    if not overwrite:
        _need_nothing(filesystem, path, address)
    folder, name = parent(address), address.rpartition("/")[2]
    draft = f"{folder}/.rsdat-{secrets.token_hex(8)}.{name}.part"
    _, draft_path = access.place(draft)
    try:
        _prepared(data).to_zarr(
            zarr_store(draft, access, read_only=False), mode="w", consolidated=True, zarr_format=2
        )
        _take_place(filesystem, draft_path, path, address, overwrite=overwrite)
    except BaseException:
        with suppress(OSError):
            filesystem.rm(draft_path, recursive=True)
        raise


def _need_nothing(filesystem: AbstractFileSystem, path: str, address: str) -> None:
    if filesystem.exists(path):
        raise Conflict(
            f"there is something at {address} already",
            hint="overwrite=True replaces it.",
            code="exists",
        )


def _prepared(data: xr.Dataset | xr.DataArray) -> xr.Dataset:
    """With even chunks, and without what the files it was read from were like."""
    import xarray as xr

    if isinstance(data, xr.DataArray):
        data = data.rename(str(data.name or "data")).to_dataset(promote_attrs=True)
    even: dict[Any, int] = {}
    for variable in data.variables.values():
        for axis, sizes in variable.chunksizes.items():
            even[axis] = max(even.get(axis, 0), *sizes)
    prepared: xr.Dataset = data.drop_encoding().chunk(even) if even else data.drop_encoding()
    return prepared


def _take_place(
    filesystem: AbstractFileSystem, draft: str, path: str, address: str, *, overwrite: bool
) -> None:
    filesystem.invalidate_cache()
    if not filesystem.exists(path):
        filesystem.mv(draft, path, recursive=True)
        return
    if not overwrite:
        # Somebody was faster.
        _need_nothing(filesystem, path, address)
    aside = f"{draft.removesuffix('.part')}.old"
    filesystem.mv(path, aside, recursive=True)
    try:
        filesystem.mv(draft, path, recursive=True)
    except BaseException:
        filesystem.mv(aside, path, recursive=True)
        raise
    filesystem.rm(aside, recursive=True)
