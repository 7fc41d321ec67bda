"""Gives a download's bytes: one file, also from the middle, or many as an archive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime

from rsdat.base.errors import Conflict, DoorBroken, InvalidInput, RsdatError
from rsdat.dcache import paths
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.entry import Entry
from rsdat.dcache.read import Download, check_readable
from rsdat.dcache.transfers.archive import Archive, archive
from rsdat.dcache.transfers.carry import pause
from rsdat.dcache.transfers.copying import plan
from rsdat.dcache.transfers.items import DONE, FAILED, Item
from rsdat.dcache.transfers.live import Transfer
from rsdat.dcache.transfers.plan import is_fatal
from rsdat.dcache.transfers.progress import Progress
from rsdat.dcache.transfers.sums import Adler32, Sum, check, passing, sum_for, summed
from rsdat.dcache.wire import Chunk, Incoming, bytes_of

#: So often the sum of what was sent is remembered, so that a resumed download can be verified.
MARK_BYTES = 4 * 1024 * 1024
#: Before a file is taken up again where a door or pool broke off: half a minute in all, as
#: proxies give up on what sends nothing for a minute.
PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
TOLD_IN = "FAILED.txt"
FILE_HINT = "Start over, or resume it where the browser offers that."
ARCHIVE_HINT = "Start over: an archive can't be gone on with, all of it comes again."


@dataclass
class Content:
    """What the browser is sent.

    Attributes:
        name: What it is saved as.
        media_type: Of an archive.
        size: Bytes of the whole; None for an archive.
        start: First byte that comes.
        end: The byte after the last; None for an archive.
        ranged: It is the range that was asked for.
        etag: Says that it is still the same file; None for an archive.
        modified: Of a file.
        chunks: The bytes, or where they are to be had.
    """

    name: str
    media_type: str
    size: int | None
    start: int
    end: int | None
    ranged: bool
    etag: str | None
    modified: datetime | None
    chunks: AsyncIterator[Chunk]


class Downloading:
    """Gives the bytes of one download.

    Attributes:
        transfer: Whose; another object when it was left for a while, and taken up again.
    """

    def __init__(self, transfer: Transfer) -> None:
        source = transfer.record.source
        if source is None or source.endpoint is None:
            raise Conflict("A download comes from a dCache endpoint")
        self.transfer = transfer
        self._endpoint = source.endpoint
        self._source = source
        self._marks: dict[int, int] = {0: 1}
        self._marks_of: str | None = None
        self._fetched = False

    @asynccontextmanager
    async def open(
        self, start: int | None = None, end: int | None = None, only_if: str | None = None
    ) -> AsyncIterator[Content]:
        """Begin to give the bytes; leaving the block early leaves the download interrupted.

        A file's range is given also when it has failed, or is done: a browser that lost the end
        of it resumes by itself. One that is done stays so, whatever becomes of that.

        Args:
            start: First byte; negative counts from the end; None: no range is asked for.
            end: The byte after the last.
            only_if: The range counts only if this is still the file's `etag`.

        Raises:
            OnTape: Its only copy is on tape.
            InvalidInput: `start` lies behind the end (`out_of_range`).
            Conflict: It has ended, or is being fetched already.
        """
        record, is_file = self.transfer.record, self.transfer.record.format == "file"
        resumes = is_file and start is not None and record.state in ("done", "failed")
        if not (record.active or record.state == "interrupted" or resumes):
            retry = "Retry it, then it can be fetched."
            hint = "Begin a new one." if record.state == "done" else retry
            raise Conflict(f"This download is {record.state}", hint=hint, code=record.state)
        if not is_file and self.transfer.progress.busy:
            raise Conflict("This download is being fetched already", code="being_sent")
        try:
            opened = self._file(start, end, only_if) if is_file else self._many()
            async with opened as content:
                yield content
        except InvalidInput:
            raise
        except RsdatError as error:
            if self.transfer.record.state != "done":
                self.transfer.end("failed", error)
            raise
        except (OSError, asyncio.TimeoutError, asyncio.CancelledError, GeneratorExit):
            if not self.transfer.cancelling and self.transfer.record.active:
                self.transfer.interrupt(
                    "The browser stopped taking this download in the middle",
                    FILE_HINT if is_file else ARCHIVE_HINT,
                )
            raise
        except Exception as error:
            if self.transfer.record.state != "done":
                self.transfer.broke(error)
            raise

    @asynccontextmanager
    async def _many(self) -> AsyncIterator[Content]:
        format_ = self.transfer.record.format or "zip"
        name = f"{archive_name(self._source.paths)}.{format_}"
        chunks = self._archive()
        try:
            yield Content(
                name, archive(format_).media_type, None, 0, None, False, None, None, chunks
            )
        finally:
            await chunks.aclose()

    @asynccontextmanager
    async def _file(
        self, start: int | None, end: int | None, only_if: str | None
    ) -> AsyncIterator[Content]:
        transfer, path = self.transfer, self._source.paths[0]
        client = await transfer.shared.endpoint(self._endpoint)
        entry = await client.info(path, checksums=True)
        check_readable(entry)
        etag = _etag(entry)
        ranged = start is not None
        is_other = only_if is not None and only_if != etag
        if start is None or is_other or transfer.record.spoilt:
            start, end, ranged = 0, None, False
        async with client.open_read(path, start, end) as download:
            if _etag(download.entry) != etag:
                raise _changed(path)
            is_done = transfer.record.state == "done"
            if not is_done:
                transfer.begin()
            chunks = self._verified(client, entry, download, is_done=is_done)
            try:
                yield Content(
                    paths.name_of(path),
                    "application/octet-stream",
                    download.size,
                    download.start,
                    download.end,
                    ranged,
                    etag,
                    entry.modified,
                    chunks,
                )
            finally:
                await chunks.aclose()

    async def _verified(
        self, client: DCacheClient, entry: Entry, download: Download, *, is_done: bool
    ) -> AsyncGenerator[Chunk, None]:
        """The bytes; the last ones only if the checksum of the whole file fits."""
        sums, etag = sum_for(entry.checksums), _etag(entry)
        if self._marks_of != etag or not download.start:
            self._marks, self._marks_of = {0: 1}, etag
        if not download.start:
            self.transfer.record.spoilt = False
        to_the_end = download.end == download.size
        if sums is not None and download.start:
            # What is neither begun at the start nor goes to the end can't be verified.
            before = self._sum_before
            sums = await before(client, entry, sums, download.start) if to_the_end else None
        # One that is done has all its bytes already.
        progress = Progress() if is_done else self.transfer.progress
        progress.begin(0, entry.path)
        sent = got = download.start
        progress.at(0, sent)
        held: bytes | bytearray | None = None
        try:
            async with aclosing(_pieces(client, entry, download, sums)) as chunks:
                async for chunk in chunks:
                    if held is not None:
                        yield held
                        sent += len(held)
                        progress.at(0, sent)
                        held = None
                    if isinstance(chunk, Incoming):
                        yield chunk  # is no last one
                        sent += len(chunk)
                        progress.at(0, sent)
                    else:
                        held = chunk
                    if sums is not None:
                        got += len(chunk)
                        self._mark(sums[0], got)
            if to_the_end:
                self._check(entry, sums)
            if held is not None:
                yield held
                progress.at(0, sent + len(held))
            if to_the_end and self.transfer.items.state(0) != DONE:
                self.transfer.settle(0, DONE, checksum=None if sums is None else sums[0].kind)
                self.transfer.finish()
        finally:
            progress.end(0)

    def _check(self, entry: Entry, sums: tuple[Sum, str] | None) -> None:
        try:
            check(entry, sums)
        except RsdatError:
            self.transfer.record.spoilt = True
            raise

    def _mark(self, sum_: Sum, at: int) -> None:
        # The last one is the highest; looking through all would take long in a large file.
        if isinstance(sum_, Adler32) and at - next(reversed(self._marks)) >= MARK_BYTES:
            self._marks[at] = sum_.value

    async def _sum_before(
        self, client: DCacheClient, entry: Entry, sums: tuple[Sum, str], start: int
    ) -> tuple[Sum, str] | None:
        """The sum of the bytes before `start`, which an earlier request has sent."""
        if not isinstance(sums[0], Adler32):
            return None
        mark = max(at for at in self._marks if at <= start)
        if start - mark > 4 * MARK_BYTES:
            return None  # sent by an earlier companion: reading it again would take as long
        before = Adler32(self._marks[mark])
        async with (
            client.open_read(entry.path, mark, start) as download,
            aclosing(_pieces(client, entry, download, None)) as chunks,
        ):
            async for chunk in chunks:
                before.update(memoryview(await bytes_of(chunk)))
        return before, sums[1]

    async def _archive(self) -> AsyncGenerator[bytes | bytearray, None]:
        transfer, record = self.transfer, self.transfer.record
        if transfer.task is not None:
            await asyncio.wait({transfer.task})
        # An archive can't be taken up in the middle: everything comes again.
        record.planned = record.planned and not self._fetched and not record.resumed
        self._fetched, record.resumed = True, False
        transfer.begin()
        await plan(transfer)
        made = archive(record.format or "zip")
        try:
            async with aclosing(self._all_into(made)) as parts:
                async for part in parts:
                    yield part
        finally:
            made.drop()

    async def _all_into(self, made: Archive) -> AsyncGenerator[bytes | bytearray, None]:
        transfer = self.transfer
        for number in range(len(transfer.items)):
            item = transfer.items[number]
            if item.folder:
                yield made.folder(item.target)
                transfer.settle(number, DONE)
                continue
            transfer.progress.begin(number, item.source)
            try:
                async with aclosing(self._one(number, item, made)) as parts:
                    async for part in parts:
                        yield part
            except RsdatError as error:
                transfer.settle(number, FAILED, error=error)
                if is_fatal(error):
                    raise
            finally:
                transfer.progress.end(number)
        if transfer.record.failed:
            # A listing's name that is no UTF-8 has surrogates (`paths.encode`).
            told = _told(transfer).encode(errors="backslashreplace")
            yield made.begin(TOLD_IN, len(told), None)
            yield made.data(told)
            for part in made.end():
                yield part
        yield made.close()
        transfer.finish()

    async def _one(
        self, number: int, item: Item, made: Archive
    ) -> AsyncGenerator[bytes | bytearray, None]:
        client = await self.transfer.shared.endpoint(self._endpoint)
        entry = await client.info(item.source, checksums=True)
        size = check_readable(entry)
        sums = sum_for(entry.checksums)
        at, pauses = 0, iter(PAUSES_S)
        begun = False
        try:
            while True:
                try:
                    async with client.open_read(item.source, at) as download:
                        if download.size != size:
                            raise _changed(item.source)
                        if not begun:
                            begun = True
                            yield made.begin(item.target, size, entry.modified)
                        async with aclosing(summed(download, sums)) as chunks:
                            async for chunk in chunks:
                                at += len(chunk)
                                yield made.data(chunk)
                                self.transfer.progress.at(number, at)
                    break
                except DoorBroken as error:
                    await pause(pauses, error)
            check(entry, sums)
        except RsdatError:
            if begun:
                for part in made.end():
                    yield part
            raise
        for part in made.end():
            yield part
        self.transfer.settle(number, DONE, checksum=None if sums is None else sums[0].kind)


async def _pieces(
    client: DCacheClient, entry: Entry, download: Download, sums: tuple[Sum, str] | None
) -> AsyncGenerator[Chunk, None]:
    """A download's bytes as by `passing`; where a door or pool breaks off, the rest from anew."""
    at = begun = download.start
    pauses = iter(PAUSES_S)
    opened: AbstractAsyncContextManager[Download] = nullcontext(download)
    while True:
        try:
            async with opened as part:
                if _etag(part.entry) != _etag(entry):
                    raise _changed(entry.path)
                async with aclosing(passing(part, sums)) as chunks:
                    async for chunk in chunks:
                        yield chunk
                        at += len(chunk)
            return  # noqa: TRY300
        except DoorBroken as error:  # noqa: PERF203 - each turn is an attempt
            if at - begun >= MARK_BYTES:
                begun, pauses = at, iter(PAUSES_S)
            await pause(pauses, error)
            opened = client.open_read(entry.path, at, download.end)


def _etag(entry: Entry) -> str:
    return f'"{entry.pnfs_id}-{entry.size}-{entry.modified_ms}"'


def archive_name(sources: tuple[str, ...]) -> str:
    """What an archive is called: as its one folder, or as the folder that its files are in."""
    one = sources[0] if len(sources) == 1 else paths.parent_of(sources[0])
    return paths.name_of(one.rstrip("/")) or "files"


def _changed(path: str) -> RsdatError:
    return Conflict(f"'{path}' was replaced while it was being sent", code="changed")


def _told(transfer: Transfer) -> str:
    record = transfer.record
    lines = [
        f"{record.failed} of {record.total} files could not be put into this archive as they are.",
        "One that broke off in the middle is here incomplete.",
        "",
    ]
    for failure in record.failures:
        hint = f" {failure['hint']}" if failure["hint"] else ""
        lines.append(f"{failure['path']}: {failure['message']}.{hint}")
    if record.failed > len(record.failures):
        lines.append(f"… and {record.failed - len(record.failures)} more")
    return "\n".join(lines) + "\n"
