"""`dcache://` for fsspec: the same files in notebooks, on workers, in xarray and in pandas."""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import AsyncIterator
from concurrent import futures
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from fsspec.asyn import sync_wrapper
from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.utils import isfilelike, stringify_path

from rsdat.base.errors import InvalidInput
from rsdat.base.files import rsdat_home
from rsdat.dcache import paths
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.configured import choose_endpoint
from rsdat.dcache.entry import Entry
from rsdat.dcache.files import DCacheReader, DCacheWriter
from rsdat.dcache.literal import LiteralNames
from rsdat.dcache.local import file_chunks, one_chunk, save, whole_file
from rsdat.dcache.oserrors import Exists, IsFolder, IsNoFolder, file_errors
from rsdat.dcache.read import changed

# What one read of a file asks for at least. Reads on an open connection are cheap; fsspec's
# 5 MiB made random access four times slower (measured on dCache 11.2.5).
BLOCK_BYTES = 1024 * 1024
# Transfers at once; dCache allows one address 250 requests a second.
PARALLEL = 12


class DCacheFileSystem(LiteralNames):
    """dCache as fsspec sees it.

    `dcache://pnfs/x`, `dcache:///pnfs/x` and `/pnfs/x` all mean the literal path `/pnfs/x`, which
    is also the form that listings give. Which dCache: the `endpoint` of that name; else the one
    the addresses describe; else the first of `$RSDAT_HOME/endpoints.json` and of fsspec's
    configuration (`FSSPEC_DCACHE_API_URL` …).

    Files are written whole or not at all, and only when they are closed. A file whose only copy
    is on tape raises OnTape at once. What fails raises Python's file errors, which are our
    classes as well (`rsdat.dcache.oserrors`).

    Pickled, it carries the name of the endpoint or of the token file, and the worker reads the
    token itself; a `token` or `password` given as text travels with it.

    Args:
        endpoint: Name of a configured endpoint. Nothing else about it may be given then; what
            fsspec's configuration adds is ignored.
        api_url: Base of the frontend's REST API, such as `https://host:3880/api/v1`.
        webdav_url: Base of a WebDAV door, such as `https://host:2880`.
        token: Bearer token or macaroon.
        token_file: File with the token, readable for its owner only; read anew when it changes.
        username: For HTTP Basic.
        password: For HTTP Basic.
        password_file: File with the password.
        insecure_redirects: Whether bytes may travel over plain http from an https door.
        block_size: Bytes that `open` reads at least at once; 0 is the default, 1 MiB.
        batch_size: Transfers at once in `get`, `put`, `cat` and `cp` of many files.
        asynchronous: Whether its coroutines are awaited in the caller's event loop.
        loop: fsspec's.
        **kwargs: fsspec's own: `use_listings_cache`, `skip_instance_cache` and so on.
    """

    protocol = "dcache"
    root_marker = "/"

    def __init__(
        self,
        endpoint: str | None = None,
        api_url: str | None = None,
        webdav_url: str | None = None,
        token: str | None = None,
        token_file: str | None = None,
        username: str | None = None,
        password: str | None = None,
        password_file: str | None = None,
        insecure_redirects: bool | str = False,
        block_size: int | None = None,
        batch_size: int | None = None,
        asynchronous: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,
        **kwargs: Any,
    ) -> None:
        unknown = sorted({"client_kwargs", "request_kwargs", "encoded"} & set(kwargs))
        if unknown:
            # dcachefs's; to ignore them would change what a path or a certificate means.
            raise TypeError(f"DCacheFileSystem has no option {unknown[0]}")
        super().__init__(
            asynchronous=asynchronous, loop=loop, batch_size=batch_size or PARALLEL, **kwargs
        )
        options = {
            "api_url": api_url,
            "webdav_url": webdav_url,
            "token": token,
            "token_file": token_file,
            "username": username,
            "password": password,
            "password_file": password_file,
            "insecure_redirects": insecure_redirects,
        }
        with file_errors():
            self.endpoint = choose_endpoint(rsdat_home(), endpoint, options)
        self.block_size = int(block_size or BLOCK_BYTES)
        self._client: DCacheClient | None = None
        self._client_loop: asyncio.AbstractEventLoop | None = None

    def __repr__(self) -> str:
        return f"DCacheFileSystem({self.endpoint.name!r}, {self.endpoint.api_url!r})"

    # ---------------------------------------------------------------- names

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(each) for each in path]
        with file_errors():
            return paths.parse(stringify_path(path))

    @classmethod
    def _parent(cls, path: str) -> str:
        return paths.parent_of(cls._strip_protocol(path))

    @staticmethod
    def describe(entry: Entry) -> dict[str, Any]:
        """An entry as fsspec's `info` and `ls` give it."""
        return {
            "name": entry.path,
            "size": entry.size,
            "type": entry.type,
            "created": entry.created,
            "modified": entry.modified,
            "locality": entry.locality,
            "mime": entry.mime,
            "pnfs_id": entry.pnfs_id,
        }

    # ---------------------------------------------------------------- looking

    async def _info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        with file_errors():
            return self.describe(await (await self.connect()).info(path))

    async def _ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:
        with file_errors():
            found = await (await self.connect()).look(path)
        entries = [found.entry] if found.children is None else found.children
        return [self.describe(each) if detail else each.path for each in entries]

    async def _walk(
        self,
        path: str,
        maxdepth: int | None = None,
        topdown: bool = True,
        on_error: Any = None,
        **kwargs: Any,
    ) -> AsyncIterator[Any]:
        """As fsspec's; by default a folder that can't be listed raises instead of being empty."""
        async for each in super()._walk(
            path,
            maxdepth=maxdepth,
            topdown=topdown,
            on_error=_raise_unless_missing if on_error is None else on_error,
            **kwargs,
        ):
            yield each

    # fsspec's own two take every failure for "no".
    async def _isdir(self, path: str) -> bool:
        return await self._has_type(path, "directory")

    async def _isfile(self, path: str) -> bool:
        return await self._has_type(path, "file")

    async def _has_type(self, path: str, kind: str) -> bool:
        try:
            return bool((await self._info(path))["type"] == kind)
        except FileNotFoundError:
            return False

    async def _created(self, path: str) -> datetime | None:
        return (await self._info(path))["created"]  # type: ignore[no-any-return]

    async def _modified(self, path: str) -> datetime | None:
        return (await self._info(path))["modified"]  # type: ignore[no-any-return]

    created = sync_wrapper(_created)
    modified = sync_wrapper(_modified)

    # ---------------------------------------------------------------- reading

    async def _cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any
    ) -> bytes:
        with file_errors():
            try:
                async with (await self.connect()).open_read(path, start or 0, end) as download:
                    return b"".join([chunk async for chunk in download])
            except InvalidInput as error:
                if error.code != "out_of_range":
                    raise
                return b""  # as slicing does

    async def _cat_ranges(
        self,
        paths: list[str],
        starts: Any,
        ends: Any,
        max_gap: int | None = None,
        batch_size: int | None = None,
        on_error: str = "return",
        **kwargs: Any,
    ) -> list[Any]:
        """As fsspec's; the ranges of one file share one connection."""
        if max_gap is not None:
            raise NotImplementedError("max_gap is not supported")
        firsts = starts if isinstance(starts, (list, tuple)) else [starts] * len(paths)
        afters = ends if isinstance(ends, (list, tuple)) else [ends] * len(paths)
        if not len(paths) == len(firsts) == len(afters):
            raise ValueError("paths, starts and ends differ in length")
        wanted: dict[str, list[int]] = {}
        for index, path in enumerate(paths):
            wanted.setdefault(self._strip_protocol(path), []).append(index)
        out: list[Any] = [b""] * len(paths)
        limit = asyncio.Semaphore(batch_size or self.batch_size)

        async def read(path: str, indices: list[int]) -> None:
            async with limit:
                try:
                    with file_errors():
                        reader = await (await self.connect()).open_ranges(path)
                        try:
                            for index in indices:
                                part = slice(firsts[index], afters[index]).indices(reader.size)
                                out[index] = await reader.read(part[0], part[1])
                        finally:
                            await reader.close()
                except OSError as error:
                    if on_error != "return":
                        raise
                    for index in indices:
                        out[index] = error

        await asyncio.gather(*(read(path, indices) for path, indices in wanted.items()))
        return out

    async def _get_file(
        self, rpath: str, lpath: Any, callback: Any = DEFAULT_CALLBACK, **kwargs: Any
    ) -> None:
        """Download one file; the local name appears when it is whole."""
        with file_errors():
            client = await self.connect()
            if not isfilelike(lpath) and (await client.info(rpath)).is_folder:
                await asyncio.to_thread(os.makedirs, lpath, exist_ok=True)
                return
            async with client.open_read(rpath) as download:
                callback.set_size(download.size)
                if isfilelike(lpath):
                    await save(download, lpath, callback.relative_update)
                    return
                async with whole_file(Path(lpath)) as file:
                    await save(download, file, callback.relative_update)

    # ---------------------------------------------------------------- writing

    async def upload(
        self, file: IO[bytes], path: str, size: int, replace: bool, progress: Any = None
    ) -> None:
        """Write what is left of a local file, safely; missing folders are made.

        Args:
            file: Open for reading; not closed.
            path: Where it goes.
            size: Bytes that are left in it.
            replace: Whether a file of that name may be replaced.
            progress: Told the size of each chunk sent.
        """
        client = await self.connect()
        await client.write(path, file_chunks(file, progress), size, replace=replace, parents=True)

    async def _put_file(
        self,
        lpath: Any,
        rpath: str,
        callback: Any = DEFAULT_CALLBACK,
        mode: str = "overwrite",
        **kwargs: Any,
    ) -> None:
        """Upload one file. `mode="create"` never replaces one."""
        if await asyncio.to_thread(os.path.isdir, lpath):
            await self._makedirs(rpath, exist_ok=True)
            return
        with file_errors():
            file = await asyncio.to_thread(open, lpath, "rb")
            try:
                size = os.fstat(file.fileno()).st_size
                callback.set_size(size)
                await self.upload(file, rpath, size, mode != "create", callback.relative_update)
            finally:
                file.close()

    async def _pipe_file(
        self, path: str, value: Any, mode: str = "overwrite", **kwargs: Any
    ) -> None:
        data = bytes(value)
        with file_errors():
            await (await self.connect()).write(
                path, one_chunk(data), len(data), replace=mode != "create", parents=True
            )

    async def _cp_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        """Copy through this computer: dCache copies by itself only between servers."""
        source, destination = self._strip_protocol(path1), self._strip_protocol(path2)
        if source == destination:
            raise Exists(f"'{source}' can't be copied onto itself", code="exists")
        with file_errors():
            client = await self.connect()
            if (await client.info(source)).is_folder:
                await client.make_folders(destination)
                return
            async with client.open_read(source) as download:
                await client.write(destination, download, download.size, replace=True, parents=True)

    # ---------------------------------------------------------------- folders, names, deleting

    async def _mkdir(self, path: str, create_parents: bool = True, **kwargs: Any) -> None:
        path = self._strip_protocol(path)
        with file_errors():
            client = await self.connect()
            if create_parents:
                await client.make_folders(paths.parent_of(path))
            await client.mkdir(path)

    async def _makedirs(self, path: str, exist_ok: bool = False) -> None:
        path = self._strip_protocol(path)
        if exist_ok:
            with file_errors():
                await (await self.connect()).make_folders(path)
        else:
            await self._mkdir(path)

    async def _rmdir(self, path: str) -> None:
        path = self._strip_protocol(path)
        if (await self._info(path))["type"] != "directory":
            raise IsNoFolder(f"'{path}' is not a folder", code="not_a_folder")
        with file_errors():
            await (await self.connect()).delete(path)

    rmdir = sync_wrapper(_rmdir)

    async def _rm_file(self, path: str, **kwargs: Any) -> None:
        path = self._strip_protocol(path)
        if (await self._info(path))["type"] == "directory":
            raise IsFolder(
                f"'{path}' is a folder", hint="Delete it with recursive=True.", code="is_a_folder"
            )
        with file_errors():
            await (await self.connect()).delete(path)

    async def _rm(
        self,
        path: Any,
        recursive: bool = False,
        batch_size: int | None = None,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Delete files; with `recursive` folders with everything in them, child by child."""
        if maxdepth is not None:
            raise NotImplementedError("rm has no maxdepth: a folder is deleted whole or not")
        for each in await self._expand_path(path):
            if recursive:
                with file_errors():
                    await (await self.connect()).delete(each, recursive=True)
            else:
                await self._rm_file(each)

    async def _mv(
        self,
        path1: Any,
        path2: Any,
        recursive: bool = False,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Rename inside dCache, folders too; never replaces a file.

        Into `path2` if that is a folder or ends in a slash, else to that name.
        """
        if isinstance(path1, list) and isinstance(path2, list):
            pairs = list(zip(map(self._strip_protocol, path1), path2, strict=True))
        else:
            target = self._strip_protocol(path2)
            sources = await self._expand_path(path1)
            into = (
                len(sources) > 1 or stringify_path(path2).endswith("/") or await self._isdir(target)
            )
            pairs = [
                (each, paths.join(target, paths.name_of(each)) if into else target)
                for each in sources
            ]
        with file_errors():
            client = await self.connect()
            for source, destination in pairs:
                if source != self._strip_protocol(destination):
                    await client.move(source, destination)

    mv = sync_wrapper(_mv)

    # ---------------------------------------------------------------- open files

    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        autocommit: bool = True,
        cache_type: str = "readahead",
        cache_options: dict[str, Any] | None = None,
        size: int | None = None,
        **kwargs: Any,
    ) -> DCacheReader | DCacheWriter:
        if mode == "rb":
            reader = self._open_reader(path)
            if size is not None and size != reader.size:
                with file_errors():
                    raise changed(path)  # an open file was pickled, and opened again elsewhere
            return DCacheReader(
                self,
                path,
                reader,
                block_size=block_size or self.block_size,
                cache_type=cache_type,
                cache_options=cache_options,
            )
        if mode not in ("wb", "xb"):
            raise NotImplementedError(
                f"dCache can't open a file with mode {mode!r}: files are written once and whole"
            )
        # Better now than after hours of computing.
        entry = self._find_entry(path)
        if entry is not None and entry.is_folder:
            raise IsFolder(f"'{path}' is a folder", code="is_a_folder")
        if entry is not None and mode == "xb":
            raise Exists(f"'{path}' exists already", code="exists")
        return DCacheWriter(self, path, replace=mode == "wb", autocommit=autocommit)

    async def _open_ranges(self, path: str) -> Any:
        with file_errors():
            return await (await self.connect()).open_ranges(path)

    _open_reader = sync_wrapper(_open_ranges)

    async def _look_up(self, path: str) -> Entry | None:
        with file_errors():
            return await (await self.connect()).find(path)

    _find_entry = sync_wrapper(_look_up)

    # ---------------------------------------------------------------- the connection

    async def connect(self) -> DCacheClient:
        """The client of the running event loop; made at the first need."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._client_loop is not loop:
            self._client, self._client_loop = DCacheClient(self.endpoint), loop
            weakref.finalize(self, _close, loop, self._client)
        return self._client

    async def aclose(self) -> None:
        """Close the connections, for those who made it `asynchronous`."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()


def _raise_unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _close(loop: asyncio.AbstractEventLoop, client: DCacheClient) -> None:
    if not loop.is_running():
        return
    done = asyncio.run_coroutine_threadsafe(client.close(), loop)
    try:
        here = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if here is not loop:
        # The interpreter's exit calls this too: a moment for the connections to say goodbye.
        with suppress(futures.TimeoutError):
            done.result(1)
