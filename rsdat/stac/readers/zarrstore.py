"""zarr's store on any file system, which travels as address and names."""

from __future__ import annotations

from typing import Any

from fsspec.implementations.asyn_wrapper import AsyncFileSystemWrapper
from fsspec.implementations.local import LocalFileSystem
from zarr.storage import FsspecStore

from rsdat.stac.access import Access


class AccessStore(FsspecStore):
    """zarr's own, made of an address and what it is opened with."""

    _said: tuple[str, Access, bool]

    @classmethod
    def at(cls, href: str, access: Access, read_only: bool) -> AccessStore:
        """The store in the folder at an address."""
        filesystem, path = access.place(href)
        if filesystem.async_impl:
            # zarr awaits the file system in an event loop of its own.
            options = {**filesystem.storage_options, "asynchronous": True}
            filesystem = type(filesystem)(*filesystem.storage_args, **options)
        else:
            if isinstance(filesystem, LocalFileSystem):
                filesystem = LocalFileSystem(auto_mkdir=True)
            filesystem = AsyncFileSystemWrapper(filesystem, asynchronous=True)
        made = cls(filesystem, read_only=read_only, path=path)
        made._said = (href, access, read_only)
        return made

    def with_read_only(self, read_only: bool = False) -> AccessStore:
        """As zarr's."""
        href, access, _ = self._said
        return AccessStore.at(href, access, read_only)

    def __reduce__(self) -> tuple[Any, ...]:
        return (AccessStore.at, self._said)

    def __dask_tokenize__(self) -> Any:
        href, access, _ = self._said
        return ("rsdat.stac.zarr", href, access.__dask_tokenize__())
