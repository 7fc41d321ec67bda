"""A dataset as a zarr store at any address, which has its name only when it is whole."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsspec.implementations.local import LocalFileSystem

from rsdat.base.errors import Conflict
from rsdat.dcache.fs import DCacheFileSystem
from rsdat.stac.access import access_to
from rsdat.stac.hrefs import absolute, parent
from rsdat.stac.readers.packages import need

if TYPE_CHECKING:
    import xarray as xr
    from fsspec import AbstractFileSystem

_log = logging.getLogger(__name__)

#: Ends of the hidden names of a store that is written, and of one that is replaced.
_PART, _OLD = ".part", ".old"


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
    and its like can't rename a folder; there each file is copied.) Replacing takes two renames: a
    process that is killed between them leaves nothing at the name, but both stores hidden beside
    it, `.rsdat-….old` and `.part`. The next `write_zarr` to that name puts the new one in
    place; what is left of an old one alone it deletes.

    Args:
        data: Its chunks become zarr's; where they differ in size along an axis the largest counts.
        href: The folder to be; those above it are made.
        overwrite: Replace what is there, when the new store is whole.
        storage_options: Of the file system, as `read_catalog` takes them. They go to the workers
            without secrets: name an endpoint or a token file.

    Raises:
        Conflict: There is something, and `overwrite` is false.
        ModuleNotFoundError: zarr is missing.
        OSError: The store refused; what was there still is, or lies hidden beside its place.
    """
    need("zarr", "zarr stores")
    from rsdat.stac.readers.cubes import zarr_store

    address = absolute(os.fspath(href)).rstrip("/")
    access = access_to(address, None, storage_options)
    filesystem, path = access.place(address)
    _end_what_was_killed(filesystem, path)
    if not overwrite:
        _need_nothing(filesystem, path, address)
    folder, name = parent(address), address.rpartition("/")[2]
    draft = f"{folder}/.rsdat-{secrets.token_hex(8)}.{name}{_PART}"
    _, draft_path = access.place(draft)
    try:
        _prepared(data).to_zarr(
            zarr_store(draft, access, read_only=False), mode="w", consolidated=True, zarr_format=2
        )
        _take_place(filesystem, draft_path, path, address, overwrite=overwrite)
    except BaseException:
        with suppress(OSError):
            filesystem.invalidate_cache()
            # Else neither has the name: the next `write_zarr` puts the new one there.
            if not _is_there(filesystem, _aside(draft_path)):
                filesystem.rm(draft_path, recursive=True)
        raise


def _need_nothing(filesystem: AbstractFileSystem, path: str, address: str) -> None:
    if _is_there(filesystem, path):
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
    if not _is_there(filesystem, path):
        try:
            _rename(filesystem, draft, path)
        except OSError:
            if not overwrite:
                # Somebody was faster.
                _need_nothing(filesystem, path, address)
            raise
        return
    if not overwrite:
        _need_nothing(filesystem, path, address)
    aside = _aside(draft)
    _rename(filesystem, path, aside)
    try:
        _rename(filesystem, draft, path)
    except BaseException as error:
        filesystem.invalidate_cache()
        if not _is_there(filesystem, path):
            _rename(filesystem, aside, path)
            raise
        # Another writer's store is there, or this one: it was taken for killed, and put in place.
        _remove(filesystem, aside)
        if not isinstance(error, FileNotFoundError):
            raise
    else:
        _remove(filesystem, aside)


def _end_what_was_killed(filesystem: AbstractFileSystem, path: str) -> None:
    """Put a store in place whose writer was killed as it replaced another one.

    Both are whole as long as both are there: the old one is moved aside only when the new one has
    been written, and deleted when that one is in place. An old one alone may be half deleted.
    """
    filesystem.invalidate_cache()
    if _is_there(filesystem, path):
        return
    folder, _, name = path.rpartition("/")
    try:
        listed = filesystem.ls(folder or "/", detail=False)
    except (FileNotFoundError, NotADirectoryError):
        return
    beside = {each.rstrip("/").rpartition("/")[2] for each in listed}
    for old in sorted(beside):
        if not (old.startswith(".rsdat-") and old.endswith(f".{name}{_OLD}")):
            continue
        new = f"{old.removesuffix(_OLD)}{_PART}"
        if new in beside:
            try:
                _rename(filesystem, f"{folder}/{new}", path)
            except OSError as error:
                filesystem.invalidate_cache()
                # Its writer lives, and goes on with it; or another one was faster.
                if isinstance(error, FileNotFoundError) or _is_there(filesystem, path):
                    return
                raise
        _remove(filesystem, f"{folder}/{old}")


def _aside(draft: str) -> str:
    """Where the store that is replaced lies meanwhile."""
    return f"{draft.removesuffix(_PART)}{_OLD}"


def _is_there(filesystem: AbstractFileSystem, path: str) -> bool:
    """Whether something is; fsspec's `exists` says no where it could not ask."""
    try:
        filesystem.info(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _rename(filesystem: AbstractFileSystem, source: str, target: str) -> None:
    """Give a folder another name in the same folder; never move it into one that has that name."""
    if isinstance(filesystem, LocalFileSystem):
        Path(source).rename(target)
    elif isinstance(filesystem, DCacheFileSystem):
        filesystem.mv([source], [target])
    else:
        filesystem.mv(source, target, recursive=True)


def _remove(filesystem: AbstractFileSystem, path: str) -> None:
    """Delete what is of no use any more; the new store is whole also where that fails."""
    try:
        filesystem.rm(path, recursive=True)
    except FileNotFoundError:
        pass  # somebody else did
    except OSError as error:
        _log.warning("A store that was replaced can't be deleted: %s (%s)", path, error)
