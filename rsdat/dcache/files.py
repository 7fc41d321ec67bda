"""The file objects that `DCacheFileSystem.open` gives: one to read, two to write."""

from __future__ import annotations

import asyncio
import errno
import io
import sys
import tempfile
import warnings
from collections.abc import AsyncIterable
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Any

from fsspec.asyn import sync
from fsspec.spec import AbstractBufferedFile

from rsdat.dcache.local import file_chunks, one_chunk
from rsdat.dcache.oserrors import file_errors
from rsdat.dcache.outflow import Outflow
from rsdat.dcache.ranges import RangeReader
from rsdat.dcache.write import Upload

if TYPE_CHECKING:
    from rsdat.dcache.fs import DCacheFileSystem

# A small file stays in memory until it is closed, a large one lies in the temporary folder.
_SPOOL_BYTES = 4 * 1024 * 1024
# Up to so many blocks a file is held back: then its length is known when it is sent.
HELD_BLOCKS = 4
# Smaller ones would cost more than they hold.
MIN_BLOCK_BYTES = 64 * 1024


def broken_off(path: str) -> OSError:
    """The error for a file of which a write was cancelled or interrupted in the middle."""
    return OSError(
        errno.ECANCELED,
        f"A write to '{path}' was broken off, and nothing of it is kept: write the file anew",
    )


class DCacheReader(AbstractBufferedFile):  # type: ignore[misc]
    """A file open for reading, with fsspec's caches over one connection to one pool."""

    def __init__(
        self, fs: DCacheFileSystem, path: str, reader: RangeReader, **options: Any
    ) -> None:
        self._reader = reader
        super().__init__(fs, path, mode="rb", size=reader.size, **options)
        self._details = fs.describe(reader.entry)

    # fsspec calls two files equal that read the same. Who keeps open files by what they equal, as
    # rasterio does, would close one for the other, and GDAL go on with what is no longer there.
    __hash__ = object.__hash__
    __eq__ = object.__eq__

    def _fetch_range(self, start: int, end: int) -> bytes:
        with file_errors():
            data: bytes = sync(self.fs.loop, self._reader.read, start, end)
            return data

    def close(self) -> None:
        """Give the connection back. Does not wait for it: garbage collection may call this."""
        if self.closed:
            return
        super().close()
        loop = self.fs.loop
        if loop is not None and loop.is_running():
            asyncio.run_coroutine_threadsafe(self._reader.close(), loop)


class Writer(io.BufferedIOBase):
    """What both files for writing have in common: nothing is written after an exception.

    Nothing is written either when it is never closed.

    Args:
        fs: Where it goes.
        path: Literal path.
        replace: Whether a file of that name may be replaced.
        autocommit: False inside fsspec's transactions: `commit` or `discard` follows `close`.
    """

    def __init__(
        self, fs: DCacheFileSystem, path: str, *, replace: bool, autocommit: bool = True
    ) -> None:
        super().__init__()
        self.fs = fs
        self.path = path
        self.mode = "wb" if replace else "xb"
        self.autocommit = autocommit
        self._replace = replace
        self._upload: Upload | None = None
        #: A write was broken off: nobody knows any more which bytes have gone.
        self._broken_off = False
        self._error_at_open = sys.exc_info()[1]

    def writable(self) -> bool:
        """Always."""
        return True

    def break_off(self) -> None:
        """It lacks a part: it can only be dropped now, and whoever closes it is told."""
        self._broken_off = True

    def close(self) -> None:
        """Send it to dCache, unless an exception is the reason for closing."""
        if self.closed:
            return
        # OpenFile and TextIOWrapper call close() on the way out of a failed `with` as on the way
        # out of a good one; what was written so far must not become the file.
        error = sys.exc_info()[1]
        failed = error is not None and error is not self._error_at_open
        super().close()
        if failed:
            self.discard()
            # Whoever closes it by himself where he deals with an error must learn it here.
            warnings.warn(
                f"'{self.path}' is not written: it was closed on the way out of a "
                f"{type(error).__name__}",
                stacklevel=2,
            )
            return
        if self._broken_off:
            self.discard()
            raise broken_off(self.path)
        with file_errors():
            # In a transaction too: what dCache has no room for shows here, not at the end.
            try:
                self._upload = self._finish()
            except KeyboardInterrupt:
                self._abandon(wait=True)
                raise
        if self.autocommit:
            self.commit()

    def commit(self) -> None:
        """Give it its name."""
        upload, self._upload = self._upload, None
        if upload is not None:
            with file_errors():
                sync(self.fs.loop, upload.place)

    def discard(self) -> None:
        """Forget it, on dCache too."""
        upload, self._upload = self._upload, None
        if upload is not None:
            sync(self.fs.loop, upload.discard)
        self._abandon(wait=True)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
            return
        super().close()
        self.discard()

    def __del__(self) -> None:
        if not self.closed:
            super().close()
            self._abandon(wait=False)
            # No ResourceWarning, which nobody sees: what was written is lost.
            warnings.warn(f"'{self.path}' was never closed and is not written", stacklevel=2)

    def _finish(self) -> Upload:
        """All of it to dCache, under a temporary name."""
        raise NotImplementedError

    def _send_whole(self, chunks: AsyncIterable[bytes], size: int) -> Upload:
        """Upload a file of known length; an interrupt (Ctrl-C) ends it, and leaves nothing."""
        sending: Future[Upload] | None = None  # it may be over before this is another one

        async def send() -> Upload:
            upload = await self.fs.upload(chunks, self.path, size, self._replace)
            if sending is not None and sending.cancelled():
                await upload.discard()
            return upload

        sending = asyncio.run_coroutine_threadsafe(send(), self.fs.loop)
        try:
            return sending.result()
        except KeyboardInterrupt:
            if not sending.cancel() and sending.exception() is None:
                sync(self.fs.loop, sending.result().discard)
            raise

    def _abandon(self, *, wait: bool) -> None:
        """Leave nothing of it. Garbage collection can't wait: it may run in the event loop."""
        raise NotImplementedError

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file")


class DCacheWriter(Writer):
    """A file whose bytes go to dCache while it is written; at most a few blocks are in memory.

    One can't seek in it.

    Args:
        fs: Where it goes.
        path: Literal path.
        replace: Whether a file of that name may be replaced.
        block_size: Bytes that are sent at once.
        autocommit: As `Writer`.
    """

    def __init__(
        self,
        fs: DCacheFileSystem,
        path: str,
        *,
        replace: bool,
        block_size: int,
        autocommit: bool = True,
    ) -> None:
        super().__init__(fs, path, replace=replace, autocommit=autocommit)
        self.blocksize = max(block_size, MIN_BLOCK_BYTES)
        self._held = bytearray()
        self._written = 0
        self._outflow: Outflow | None = None

    def write(self, data: Any) -> int:
        """Append bytes. Waits while dCache is slower than the writer.

        Raises:
            OSError: The upload has failed, or an earlier write was interrupted.
        """
        self._check_open()
        if self._broken_off:
            raise broken_off(self.path)
        view = memoryview(data).cast("B")
        held_blocks = HELD_BLOCKS if self._outflow is None else 1
        if len(self._held) + len(view) < held_blocks * self.blocksize:
            self._held += view
        else:
            try:
                self._send(view)
            except KeyboardInterrupt:
                self.break_off()
                raise
        self._written += len(view)
        return len(view)

    def tell(self) -> int:
        """Bytes written so far."""
        self._check_open()
        return self._written

    def seek(self, offset: int, whence: int = 0) -> int:
        """To its end, where it is already; to a place by number never.

        By that zipfile finds out that it has to write without going back.

        Raises:
            OSError: As said.
        """
        self._check_open()
        if offset == 0 and whence in (io.SEEK_CUR, io.SEEK_END):
            return self._written
        raise OSError(
            errno.ESPIPE,
            "What is written has gone to dCache already. Open the file with seekable=True: then "
            "it waits on this computer's disk until it is closed",
        )

    def _send(self, view: memoryview) -> None:
        """All whole blocks; what is left is held back."""
        if self._outflow is None:
            self._outflow = sync(self.fs.loop, self._begin)
        start = 0
        while len(self._held) + len(view) - start >= self.blocksize:
            if len(self._held) >= self.blocksize:
                block = bytes(memoryview(self._held)[: self.blocksize])
                del self._held[: self.blocksize]
            else:
                end = start + self.blocksize - len(self._held)
                block = bytes(self._held) + bytes(view[start:end])
                self._held.clear()
                start = end
            self._put(block)
        self._held += view[start:]

    def _put(self, block: bytes) -> None:
        with file_errors():
            sync(self.fs.loop, self._of().put, block)

    def _finish(self) -> Upload:
        held, self._held = bytes(self._held), bytearray()
        if self._outflow is None:
            return self._send_whole(one_chunk(held), len(held))
        if held:
            self._put(held)
        upload: Upload = sync(self.fs.loop, self._of().finish)
        return upload

    def _abandon(self, *, wait: bool) -> None:
        self._held = bytearray()
        outflow, self._outflow = self._outflow, None
        loop = self.fs.loop
        if outflow is None or loop is None or not loop.is_running():
            return
        ending = asyncio.run_coroutine_threadsafe(outflow.abort(), loop)
        if wait:
            ending.result()

    def _of(self) -> Outflow:
        if self._outflow is None:
            raise ValueError("I/O operation on a discarded file")
        return self._outflow

    async def _begin(self) -> Outflow:
        return Outflow(lambda blocks: self.fs.upload(blocks, self.path, None, self._replace))


class SeekableWriter(Writer):
    """A file that waits on this computer's disk until it is closed, so that one may seek in it."""

    def __init__(
        self, fs: DCacheFileSystem, path: str, *, replace: bool, autocommit: bool = True
    ) -> None:
        super().__init__(fs, path, replace=replace, autocommit=autocommit)
        # Owned by this object, closed in _finish or _abandon.
        self._spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115

    def seekable(self) -> bool:
        """Always."""
        return True

    def readable(self) -> bool:
        """Always: formats like HDF5 read what they wrote."""
        return True

    def write(self, data: Any) -> int:
        """Write bytes at the current position."""
        self._check_open()
        return self._spool.write(data)

    def read(self, size: int | None = -1) -> bytes:
        """Bytes from the current position."""
        self._check_open()
        return self._spool.read(-1 if size is None else size)

    def truncate(self, size: int | None = None) -> int:
        """Cut it off."""
        self._check_open()
        end = self._spool.tell() if size is None else size
        self._spool.truncate(end)
        return end

    def seek(self, offset: int, whence: int = 0) -> int:
        """Set the position."""
        self._check_open()
        self._spool.seek(offset, whence)
        return self._spool.tell()

    def tell(self) -> int:
        """The position, in bytes."""
        self._check_open()
        return self._spool.tell()

    def _finish(self) -> Upload:
        try:
            self._spool.seek(0, io.SEEK_END)
            size = self._spool.tell()
            self._spool.seek(0)
            return self._send_whole(file_chunks(self._spool), size)
        finally:
            self._spool.close()

    def _abandon(self, *, wait: bool) -> None:
        self._spool.close()
