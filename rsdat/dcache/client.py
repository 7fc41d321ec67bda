"""One dCache endpoint as the rest of rsdat sees it: files, folders, stage and release."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import IO, Any

from rsdat.base.errors import InvalidInput
from rsdat.dcache import (
    delete,
    details,
    listing,
    lookup,
    paths,
    quota,
    read,
    rest,
    tape,
    webdav,
    write,
)
from rsdat.dcache.endpoint import Endpoint
from rsdat.dcache.entry import Entry
from rsdat.dcache.fetch import fetch as fetch_file
from rsdat.dcache.http import Http
from rsdat.dcache.ranges import RangeReader, Slots
from rsdat.dcache.readers import Readers
from rsdat.dcache.rows import Rows
from rsdat.dcache.small import SmallFiles
from rsdat.dcache.spans import read_spans
from rsdat.dcache.tuning import Tuning
from rsdat.dcache.wire import Chunk
from rsdat.dcache.write import Upload


class DCacheClient:
    """Works with one endpoint from one event loop. `await close()` it.

    Paths may be in any of the forms of `rsdat.dcache.paths.parse`; entries carry the literal
    absolute one. All methods raise the classes of `rsdat.base.errors`: besides those named,
    NoCredential, NotPermitted, NoSpace, Refused (dCache's own words) and DoorBroken.

    Args:
        endpoint: Addresses and credential.
        tuning: HTTP limits, proxies and the like that differ from ours.
    """

    def __init__(self, endpoint: Endpoint, *, tuning: Tuning | None = None) -> None:
        self.endpoint = endpoint
        self._http = Http(endpoint, tuning=tuning)
        self._slots = Slots()
        self._readers = Readers(self._http, self._slots)
        self._small = SmallFiles(self._http)

    @property
    def http(self) -> Http:
        """The connections, for the functions of this room that take them."""
        return self._http

    async def close(self) -> None:
        """Close every connection."""
        await self._readers.close()
        await self._http.close()

    async def list(self, path: str, *, offset: int = 0, limit: int | None = None) -> list[Entry]:
        """What is in a folder, in no order; without `limit` all of it.

        Raises:
            NotFound: There is no such folder.
            Conflict: It is no folder (`not_a_folder`).
        """
        path = await self._spelling(path)
        return await rest.children(self._http, path, offset=offset, limit=limit)

    async def rows(self, path: str, *, limit: int | None = None) -> Rows:
        """As `list`, for large folders: in columns, parsed while it arrives.

        Raises:
            As `list`.
        """
        return await listing.rows(self._http, await self._spelling(path), limit=limit)

    async def look(self, path: str, *, limit: int | None = None) -> rest.Folder:
        """A path and, if it is a folder, what it holds (at most `limit`); one request for both.

        Raises:
            NotFound: There is no such path.
        """
        return await rest.folder(self._http, await self._spelling(path), limit=limit)

    async def info(self, path: str, *, checksums: bool = False) -> Entry:
        """One file or folder, with its stored checksums if asked for.

        Raises:
            NotFound: There is no such path.
        """
        return await rest.info(self._http, await self._spelling(path), checksums=checksums)

    async def find(self, path: str) -> Entry | None:
        """As `info`, with None when there is no such path."""
        return await rest.find(self._http, await self._spelling(path))

    async def find_all(self, wanted: Sequence[str]) -> Sequence[Entry | None]:
        """As `find` for many, in their order; those of one folder by its listing."""
        spelled = [await self._spelling(path) for path in wanted]
        found = await lookup.find_all(self._http, spelled)
        return [found[path] for path in spelled]

    @asynccontextmanager
    async def open_read(
        self, path: str, start: int = 0, end: int | None = None
    ) -> AsyncIterator[read.Download]:
        """Open a file for one pass from byte `start` up to `end`; negative ones count from its end.

        Raises:
            OnTape: Its only copy is on tape; raised at once.
            NotFound: There is no such file.
            InvalidInput: `start` lies behind its end (`out_of_range`).
            Conflict: It is a folder, or is being uploaded.
        """
        path = await self._spelling(path)
        async with read.open_read(self._http, path, start, end) as download:
            yield download

    async def read_small(self, path: str, most: int | None = None) -> bytes:
        """A whole small file; many of one folder, or of the folders in it, by one request each.

        Args:
            path: Literal path.
            most: Bytes; a larger one is refused. None: no limit.

        Raises:
            As `open_read`, and Refused (`too_large`).
        """
        return await self._small.read(await self._spelling(path), most)

    async def open_ranges(self, path: str) -> RangeReader:
        """Open a file for many reads here and there; close the reader.

        Raises:
            As `open_read`.
        """
        entry = await rest.info(self._http, await self._spelling(path))
        return RangeReader(self._http, entry, self._slots)

    @asynccontextmanager
    async def kept_ranges(self, path: str) -> AsyncIterator[RangeReader]:
        """As `open_ranges`, the reader that `read_spans` uses; not to be closed."""
        async with self._readers.use(await self._spelling(path)) as reader:
            yield reader

    async def read_spans(
        self,
        path: str,
        wanted: Sequence[tuple[int | None, int | None]],
        max_gap: int | None = None,
    ) -> Sequence[bytes]:
        """Parts of a file, as slices of its bytes; for use again and again.

        Args:
            path: Literal path.
            wanted: First byte and the byte after the last; negative ones count from its end, None
                is the start or the end, and what lies outside the file is left out.
            max_gap: Bytes between two parts that may be read along; by default what pays.

        Raises:
            As `open_read`.
        """
        async with self._readers.use(await self._spelling(path)) as reader:
            windows = [slice(*each).indices(reader.size)[:2] for each in wanted]
            if len(windows) == 1:
                return [await reader.read(*windows[0])]
            return await read_spans(self._http, reader, self._slots, windows, max_gap)

    async def fetch(
        self, path: str, file: IO[bytes], progress: Callable[[int], object], entry: Entry
    ) -> None:
        """Write a whole file to a local one: resumed when cut, verified at the end.

        Args:
            path: Literal path.
            file: Open for writing; not closed.
            progress: Told the size of each chunk.
            entry: As `info` gave it, with `checksums`.

        Raises:
            As `open_read`, and DoorBroken (`checksum`); OSError of the local disk.
        """
        await fetch_file(self._http, await self._spelling(path), file, progress, entry)

    async def write(
        self,
        path: str,
        chunks: AsyncIterable[Chunk],
        size: int | None,
        *,
        replace: bool,
        unchanged_since: datetime | None = None,
        parents: bool = False,
        sparing: bool = False,
    ) -> tuple[Entry, bool]:
        """Write a file. The old one stands until the new one is whole.

        Args:
            path: Where it goes.
            chunks: The bytes; read once.
            size: How many there are; None if that shows only at the end.
            replace: Whether a file of this name may be replaced.
            unchanged_since: Replace only the file that was last modified then.
            parents: Whether to make folders that are missing.
            sparing: Ask for nothing that can be known: the folder is there, and the file is as
                dCache told before it got its name.

        Returns:
            The file as it is now, and whether the name is new.

        Raises:
            Conflict: `exists`, `is_a_folder`, `changed_since`.
            NotFound: The folder does not exist.
            InvalidInput: Another number of bytes came than was announced (`wrong_length`).
        """
        sent = await self.upload(
            path,
            chunks,
            size,
            replace=replace,
            unchanged_since=unchanged_since,
            parents=parents,
            folder_known=sparing,
        )
        return await sent.place(look=not sparing)

    async def upload(
        self,
        path: str,
        chunks: AsyncIterable[Chunk],
        size: int | None,
        *,
        replace: bool,
        unchanged_since: datetime | None = None,
        parents: bool = False,
        folder_known: bool = False,
    ) -> Upload:
        """The first half of `write`: the bytes are on dCache, under a temporary name.

        With `folder_known` nobody looks whether the folder is there.
        """
        path = await self._spelling(path)
        return await write.upload(
            self._http,
            path,
            chunks,
            size,
            replace=replace,
            unchanged_since=unchanged_since,
            parents=parents,
            folder_known=folder_known,
            placed=self._readers.forget,
        )

    async def bring(
        self,
        path: str,
        send: Callable[[str], Awaitable[Entry]],
        *,
        replace: bool,
        parents: bool = False,
    ) -> Upload:
        """As `upload`, whoever sends the bytes to the temporary path that `send` is told."""
        return await write.bring(
            self._http,
            await self._spelling(path),
            send,
            replace=replace,
            parents=parents,
            placed=self._readers.forget,
        )

    async def mkdir(self, path: str) -> Entry:
        """Make a folder; its parent must be there.

        Raises:
            Conflict: The name is taken (`exists`).
            NotFound: The parent does not exist.
        """
        path = await self._spelling(path)
        if path == "/":
            raise rest.exists(path)
        await rest.mkdir(self._http, path)
        return await rest.info(self._http, path)

    async def make_folders(self, path: str) -> None:
        """Make a folder and those above it, as far as they are missing.

        Raises:
            Conflict: One of them is a file (`not_a_folder`).
        """
        await rest.make_folders(self._http, await self._spelling(path))

    async def move(self, source: str, destination: str) -> Entry:
        """Rename or move; never replaces anything.

        Raises:
            Conflict: The destination is taken (`exists`), or lies inside the source.
            NotFound: The source, or the destination's folder, does not exist.
        """
        source, destination = await self._spelling(source), await self._spelling(destination)
        if "/" in (source, destination):
            raise InvalidInput("The root can't be moved or replaced", code="bad_path")
        try:
            await webdav.move(self._http, source, destination)
        finally:
            self._readers.forget(source)
            self._readers.forget(destination)
        return await rest.info(self._http, destination)

    async def delete(
        self, path: str, recursive: bool = False, *, deletion: delete.Deletion | None = None
    ) -> None:
        """Delete a file, a link or a folder; a folder that is not empty only with `recursive`.

        Args:
            path: Literal path.
            recursive: Folders with everything in them.
            deletion: By which it is stopped, and how much was deleted is known.

        Raises:
            NotFound: There is no such path.
            Conflict: The folder holds something (`not_empty`), or it was stopped (`stopped`).
        """
        path = await self._spelling(path)
        try:
            await delete.delete(self._http, path, recursive=recursive, deletion=deletion)
        finally:
            self._readers.forget(path)

    async def details(self, path: str) -> details.Details:
        """All attributes of one file or folder.

        Raises:
            NotFound: There is no such path.
        """
        return await details.details(self._http, await self._spelling(path))

    async def change_attributes(
        self,
        path: str,
        *,
        add_labels: Sequence[str] = (),
        remove_labels: Sequence[str] = (),
        set_xattrs: Mapping[str, str] | None = None,
        remove_xattrs: Sequence[str] = (),
    ) -> None:
        """Change labels and extended attributes, one by one.

        Raises:
            InvalidInput: Nothing is asked for, or one is both set and removed.
            Refused: A label or attribute that is to be removed is not there, or another reason.
        """
        await details.change(
            self._http,
            await self._spelling(path),
            add_labels=add_labels,
            remove_labels=remove_labels,
            set_xattrs=set_xattrs,
            remove_xattrs=remove_xattrs,
        )

    async def quotas(self) -> tuple[Sequence[quota.Quota], str | None]:
        """The quotas of the user and of his main group, and why there are none."""
        return await quota.quotas(self._http)

    async def user(self) -> dict[str, Any]:
        """Who dCache says the user is: `uid`, `gids`, `username`, `rootDirectory` and more."""
        return await rest.user(self._http)

    async def stage(self, files: Sequence[str], keep_s: int) -> str:
        """Ask for files to be brought from tape and kept on disk for `keep_s` seconds.

        Returns:
            The id of the stage request. It says nothing on success: look at the files' locality.

        Raises:
            InvalidInput: No paths, or more than 500.
        """
        spelled = [await self._spelling(path) for path in files]
        return await tape.stage(self._http, spelled, keep_s=keep_s)

    async def release(self, files: Sequence[str]) -> bool:
        """End the user's pins on files, so that dCache may take their copies off the disk.

        A file without a pin is no error. Nothing is deleted: the copies on tape stay, and those on
        disk go when a pool needs the room.

        Returns:
            Whether dCache has done it; if not, it took the order and goes on with it.

        Raises:
            InvalidInput: No paths, or more than 500.
            Refused: It failed for a file; the others are released all the same.
        """
        spelled = [await self._spelling(path) for path in files]
        return await tape.release(self._http, spelled)

    async def _spelling(self, text: str) -> str:
        """The path as dCache has it, or would get it: new names are composed (NFC).

        A decomposed name made by another program stays reachable as it is.
        """
        path = paths.parse(text)
        if paths.composed(path) == path or await rest.find(self._http, path) is not None:
            return path
        folder = await self._spelling(paths.parent_of(path))
        return paths.join(folder, paths.composed(paths.name_of(path)))
