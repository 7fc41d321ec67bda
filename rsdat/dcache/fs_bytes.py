"""The part of `DCacheFileSystem` that moves bytes: reading, parts of files, up, down, copies."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterable
from pathlib import Path
from typing import Any

from fsspec.asyn import sync
from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.utils import isfilelike

from rsdat.base.errors import DoorBroken
from rsdat.dcache.entry import Entry
from rsdat.dcache.fs_base import Connected
from rsdat.dcache.local import file_chunks, one_chunk, whole_file
from rsdat.dcache.oserrors import Exists, file_errors
from rsdat.dcache.read import changed
from rsdat.dcache.write import Upload


class Bytes(Connected):
    """Whole files and parts of files."""

    async def _cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any
    ) -> bytes:
        with file_errors():
            client = await self.connect()
            if start is None and end is None:
                async with client.open_read(path) as download:
                    return b"".join([chunk async for chunk in download])
            parts = await client.read_spans(path, [(start, end)])
            return parts[0]

    async def cat_small_async(self, path: str, most: int | None = None) -> bytes:
        """A whole small file; many of one folder, or of the folders in it, by one request each.

        Args:
            path: As everywhere.
            most: Bytes; a larger one is refused. None: no limit.
        """
        with file_errors():
            return await (await self.connect()).read_small(self._strip_protocol(path), most)

    def cat_small(self, path: str, most: int | None = None) -> bytes:
        """As `cat_small_async`, waited for."""
        return bytes(sync(self.loop, self.cat_small_async, path, most))

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
        """As fsspec's; the ranges of one file share a connection, and close ones a request.

        Args:
            paths: Of each range.
            starts: First bytes, or one for all; negative ones count from the end.
            ends: The bytes after the last, or one for all.
            max_gap: Bytes between two ranges that may be read along; by default what pays.
            batch_size: Files at once.
            on_error: "return" gives the exception in place of each range of that file; "raise".
            **kwargs: Ignored, as fsspec does.
        """
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
                        client = await self.connect()
                        spans = [(firsts[index], afters[index]) for index in indices]
                        found: list[Any] = list(await client.read_spans(path, spans, max_gap))
                except OSError as error:
                    if on_error != "return":
                        raise
                    found = [error] * len(indices)
                for index, data in zip(indices, found, strict=True):
                    out[index] = data

        await asyncio.gather(*(read(path, indices) for path, indices in wanted.items()))
        return out

    async def _get_file(
        self, rpath: str, lpath: Any, callback: Any = DEFAULT_CALLBACK, **kwargs: Any
    ) -> None:
        """Download one file; the local name appears when it is whole and its checksum fits.

        A connection that breaks is made anew, and goes on where it was.
        """
        with file_errors():
            client = await self.connect()
            entry = await client.info(rpath, checksums=True)
            if entry.is_folder and not isfilelike(lpath):
                await asyncio.to_thread(os.makedirs, lpath, exist_ok=True)
                return
            callback.set_size(entry.size)
            if isfilelike(lpath):
                await client.fetch(rpath, lpath, callback.relative_update, entry)
                return
            async with whole_file(Path(lpath)) as file:
                await client.fetch(rpath, file, callback.relative_update, entry)

    # ---------------------------------------------------------------- writing

    async def upload(
        self, chunks: AsyncIterable[bytes], path: str, size: int | None, replace: bool
    ) -> Upload:
        """Bring bytes to dCache under a temporary name, and verify them; missing folders are made.

        Args:
            chunks: The bytes.
            path: Where they are to stand; the result's `place` does that.
            size: How many there are; None if that shows only at the end.
            replace: Whether a file of that name may be replaced.
        """
        client = await self.connect()
        return await client.upload(path, chunks, size, replace=replace, parents=True)

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
                chunks = file_chunks(file, callback.relative_update)
                await (await self.connect()).write(
                    rpath, chunks, size, replace=mode != "create", parents=True
                )
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
            entry = await client.info(source, checksums=True)
            if entry.is_folder:
                await client.make_folders(destination)
                return
            async with client.open_read(source) as download:
                if download.entry.pnfs_id != entry.pnfs_id:
                    raise changed(source)
                sent = await client.upload(
                    destination, download, download.size, replace=True, parents=True
                )
            await _compare(sent, entry)
            await sent.place()


async def _compare(sent: Upload, source: Entry) -> None:
    """A copy has the checksum of what it was made from; else it is forgotten.

    Raises:
        DoorBroken: It has not: the bytes were damaged where they lie, or on their way to us.
    """
    ours, theirs = sent.entry.checksums, source.checksums
    # dCache may leave out leading zeros.
    if any(ours[kind].zfill(8) != theirs[kind].zfill(8) for kind in ours.keys() & theirs.keys()):
        await sent.discard()
        raise DoorBroken(
            f"The bytes that came of '{source.path}' are not those that dCache has a checksum of",
            hint="Try again. If it stays, the file is damaged: tell dCache's administrators.",
            code="checksum",
            path=source.path,
        )
