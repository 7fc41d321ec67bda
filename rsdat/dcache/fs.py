"""`dcache://` for fsspec: the same files in notebooks, on workers, in xarray and in pandas."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from fsspec.asyn import sync_wrapper
from fsspec.utils import stringify_path

from rsdat.base.files import rsdat_home
from rsdat.dcache import paths
from rsdat.dcache.cache import AdaptiveCache
from rsdat.dcache.compressed import compressed
from rsdat.dcache.configured import choose_endpoint
from rsdat.dcache.endpoint import OPTIONS
from rsdat.dcache.entry import Entry
from rsdat.dcache.files import DCacheReader, DCacheWriter, SeekableWriter
from rsdat.dcache.fs_async import AsyncReader, AsyncWriter
from rsdat.dcache.fs_beyond import Beyond
from rsdat.dcache.fs_bytes import Bytes
from rsdat.dcache.keywords import refuse_unknown
from rsdat.dcache.oserrors import Exists, IsFolder, IsNoFolder, file_errors
from rsdat.dcache.portable import SECRETS, without_secret
from rsdat.dcache.read import changed
from rsdat.dcache.registration import take_protocol
from rsdat.dcache.tuning import understand

# What a file that is read from its start to its end is read ahead at most, and what is sent at
# once. Reads on an open connection are cheap; fsspec's 5 MiB made random access four times slower
# (measured on dCache 11.2.5).
BLOCK_BYTES = 1024 * 1024
# Transfers at once; dCache allows one address 250 requests a second.
PARALLEL = 12


class DCacheFileSystem(Bytes, Beyond):
    """dCache as fsspec sees it.

    `dcache://pnfs/x`, `dcache:///pnfs/x` and `/pnfs/x` all mean the literal path `/pnfs/x`, which
    is also the form that listings give. Which dCache: the `endpoint` of that name; else the one
    the addresses describe; else the first of `$RSDAT_HOME/endpoints.json` and of fsspec's
    configuration (`FSSPEC_DCACHE_API_URL` …).

    Files are written whole or not at all, and have their name only when they are closed. A file
    whose only copy is on tape raises OnTape at once. What fails raises Python's file errors, which
    are our classes as well (`rsdat.dcache.oserrors`).

    Pickled, it carries the name of the endpoint or of the token file, and the worker reads the
    token itself. A `token` or `password` given as text travels only if no configured endpoint has
    the same.

    Args:
        endpoint: Name of a configured endpoint. Nothing else about it may be given then; what
            fsspec's configuration adds is ignored.
        api_url: Base of the frontend's REST API, such as `https://host:3880/api/v1`. One of the
            two addresses is enough.
        webdav_url: Base of a WebDAV door, such as `https://host:2880`.
        token: Bearer token or macaroon.
        token_file: File with the token, readable for its owner only; read anew when it changes.
        username: For HTTP Basic.
        password: For HTTP Basic.
        password_file: File with the password.
        insecure_redirects: Whether bytes may travel over plain http from an https door.
        block_size: Bytes that `open` reads ahead at most and sends at once; 0 is the default,
            1 MiB.
        batch_size: Transfers at once in `get`, `put`, `cat` and `cp` of many files.
        client_kwargs: dcachefs's, for aiohttp's session: see `rsdat.dcache.tuning.understand`.
        request_kwargs: dcachefs's, for aiohttp's requests: as `client_kwargs`, and wins over it.
        encoded: dcachefs's. It changed nothing there and does not here: paths are literal.
        asynchronous: Whether its coroutines are awaited in the caller's event loop.
        loop: fsspec's.
        **kwargs: Further ways to a credential (`rsdat.dcache.endpoint.OPTIONS`), and fsspec's own:
            `use_listings_cache`, `skip_instance_cache` and so on. Others are refused.
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
        block_size: int | str | None = None,
        batch_size: int | str | None = None,
        client_kwargs: Mapping[str, Any] | None = None,
        request_kwargs: Mapping[str, Any] | None = None,
        encoded: bool | str = True,
        asynchronous: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,
        **kwargs: Any,
    ) -> None:
        with file_errors():
            refuse_unknown(kwargs)
        more = {name: kwargs.pop(name) for name in OPTIONS if name in kwargs}
        parallel = int(batch_size or PARALLEL)
        super().__init__(asynchronous=asynchronous, loop=loop, batch_size=parallel, **kwargs)
        options = {
            "api_url": api_url,
            "webdav_url": webdav_url,
            "token": token,
            "token_file": token_file,
            "username": username,
            "password": password,
            "password_file": password_file,
            "insecure_redirects": insecure_redirects,
            **more,
        }
        with file_errors():
            asked = understand(client_kwargs, request_kwargs)
            options.update({k: v for k, v in asked.credential.items() if not options.get(k)})
            self.endpoint = choose_endpoint(rsdat_home(), endpoint, options)
        self._tuning = asked.tuning
        self.block_size = int(block_size or BLOCK_BYTES)

    def __repr__(self) -> str:
        return f"DCacheFileSystem({self.endpoint.name!r}, {self.endpoint.api_url!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        make, (cls, args, _) = super().__reduce__()
        return make, (cls, args, self._portable())

    def to_dict(self, *, include_password: bool = True) -> dict[str, Any]:
        """As fsspec's; `include_password=False` leaves tokens out, too."""
        described: dict[str, Any] = super().to_dict(include_password=include_password)
        portable = self._portable()
        for name in SECRETS:
            if name not in portable or not include_password:
                described.pop(name, None)
        if "endpoint" in portable:
            described["endpoint"] = portable["endpoint"]
        return described

    def _portable(self) -> dict[str, Any]:
        return without_secret(rsdat_home(), self.endpoint, self.storage_options)

    # ---------------------------------------------------------------- looking

    async def _info(self, path: str, details: Any = (), **kwargs: Any) -> dict[str, Any]:
        """One file or folder; `details`: names of `fs_beyond.DETAILS`, or "all"."""
        if details:
            return await self._details(path, details)
        with file_errors():
            return self.describe(await (await self.connect()).info(path))

    async def _ls(
        self, path: str, detail: bool = True, limit: int | None = None, **kwargs: Any
    ) -> list[Any]:
        """What is in a folder, in no order; at most `limit` of it."""
        with file_errors():
            found = await (await self.connect()).look(path, limit=limit)
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

    def touch(self, path: str, truncate: bool = True, **kwargs: Any) -> None:
        """An empty file, in place of the one that is there; `truncate=False` only makes new ones.

        Raises:
            NotImplementedError: There is a file, whose time was to be changed.
        """
        if truncate:
            super().touch(path, **kwargs)
            return
        try:
            with self.open(path, "xb", **kwargs):
                pass
        except FileExistsError:
            raise NotImplementedError(
                f"dCache can't change a file's time alone: '{path}' is there already"
            ) from None

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
        if maxdepth is not None:
            raise NotImplementedError("mv has no maxdepth: a folder is moved whole or not")
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

    def open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        cache_options: dict[str, Any] | None = None,
        compression: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """As fsspec's; what is written compressed has its name when it is closed, too."""
        if compression is None or "b" not in mode or "r" in mode:
            return super().open(path, mode, block_size, cache_options, compression, **kwargs)
        file = super().open(path, mode, block_size, cache_options, **kwargs)
        return compressed(file, path, compression)

    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        autocommit: bool = True,
        cache_type: str = AdaptiveCache.name,
        cache_options: dict[str, Any] | None = None,
        size: int | None = None,
        seekable: bool = False,
        request_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> DCacheReader | DCacheWriter | SeekableWriter:
        """As fsspec's `open`.

        Args:
            path: Literal path.
            mode: "rb"; "wb"; "xb", which never replaces a file.
            block_size: Bytes that are read ahead at most, or sent at once.
            autocommit: fsspec's, for transactions.
            cache_type: Any of fsspec's caches.
            cache_options: For that.
            size: What it must have.
            seekable: For writing: let the file wait on this computer's disk until it is closed, for
                formats that seek in what they wrote, or pause for minutes.
            request_kwargs: dcachefs's: as the class's, for this file only.
            **kwargs: Ignored.
        """
        if request_kwargs:
            mine = self.storage_options.get("request_kwargs") or {}
            options = {**self.storage_options, "request_kwargs": {**mine, **request_kwargs}}
            other = type(self)(**options)
            return other._open(  # noqa: SLF001 – another of this class
                path, mode, block_size, autocommit, cache_type, cache_options, size, seekable
            )
        block_size = int(block_size or self.block_size)
        if mode == "rb":
            reader = self._open_reader(path)
            if size is not None and size != reader.size:
                with file_errors():
                    raise changed(path)  # an open file was pickled, and opened again elsewhere
            return DCacheReader(
                self,
                path,
                reader,
                block_size=block_size,
                cache_type=cache_type,
                cache_options=cache_options,
            )
        self._check_mode(mode)
        # Better now than after hours of computing.
        self._check_free(path, self._find_entry(path), mode)
        replace = mode == "wb"
        if seekable:
            return SeekableWriter(self, path, replace=replace, autocommit=autocommit)
        return DCacheWriter(
            self, path, replace=replace, block_size=block_size, autocommit=autocommit
        )

    async def open_async(
        self, path: str, mode: str = "rb", block_size: int | None = None, **kwargs: Any
    ) -> AsyncReader | AsyncWriter:
        """A file whose `read`, `write` and `close` are awaited; modes as `open`'s."""
        if kwargs.get("compression"):
            raise ValueError("open_async has no compression")
        path = self._strip_protocol(path)
        if mode == "rb":
            return AsyncReader(path, await self._open_ranges(path))
        self._check_mode(mode)
        self._check_free(path, await self._look_up(path), mode)
        size = int(block_size or self.block_size)
        return AsyncWriter(self, path, replace=mode == "wb", block_size=size)

    def _check_mode(self, mode: str) -> None:
        if mode not in ("wb", "xb"):
            raise NotImplementedError(
                f"dCache can't open a file with mode {mode!r}: files are written once and whole"
            )

    def _check_free(self, path: str, entry: Entry | None, mode: str) -> None:
        if entry is not None and entry.is_folder:
            raise IsFolder(f"'{path}' is a folder", code="is_a_folder")
        if entry is not None and mode == "xb":
            raise Exists(f"'{path}' exists already", code="exists")

    async def _open_ranges(self, path: str) -> Any:
        with file_errors():
            return await (await self.connect()).open_ranges(path)

    _open_reader = sync_wrapper(_open_ranges)

    async def _look_up(self, path: str) -> Entry | None:
        with file_errors():
            return await (await self.connect()).find(path)

    _find_entry = sync_wrapper(_look_up)


def _raise_unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


take_protocol(DCacheFileSystem)
