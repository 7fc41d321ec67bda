"""The file objects that `DCacheFileSystem.open` gives: one to read, one to write."""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
import warnings
from types import TracebackType
from typing import TYPE_CHECKING, Any

from fsspec.asyn import sync
from fsspec.spec import AbstractBufferedFile

from rsdat.dcache.oserrors import file_errors
from rsdat.dcache.ranges import RangeReader

if TYPE_CHECKING:
    from rsdat.dcache.fs import DCacheFileSystem

# A small file stays in memory until it is closed, a large one lies in the temporary folder.
_SPOOL_BYTES = 4 * 1024 * 1024


class DCacheReader(AbstractBufferedFile):  # type: ignore[misc]
    """A file open for reading, with fsspec's caches over one connection to one pool."""

    def __init__(
        self, fs: DCacheFileSystem, path: str, reader: RangeReader, **options: Any
    ) -> None:
        self._reader = reader
        super().__init__(fs, path, mode="rb", size=reader.size, **options)
        self._details = fs.describe(reader.entry)

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


class DCacheWriter(io.BufferedIOBase):
    """A file open for writing; dCache gets it when it is closed, as one safe write.

    dCache has no partial writes, and a safe write needs the length first. So the bytes wait in a
    temporary file on this computer's disk, where one may seek.

    Nothing is written when it is closed because of an exception, or never closed.

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
        # Owned by this object, closed in commit or discard.
        self._spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115
        self._error_at_open = sys.exc_info()[1]

    def writable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always, as it lies on this computer until it is closed."""
        return True

    def write(self, data: Any) -> int:
        """Write bytes at the current position."""
        self._check_open()
        return self._spool.write(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Set the position."""
        self._check_open()
        self._spool.seek(offset, whence)
        return self._spool.tell()

    def tell(self) -> int:
        """The position, in bytes."""
        self._check_open()
        return self._spool.tell()

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
        elif self.autocommit:
            self.commit()

    def commit(self) -> None:
        """Send it to dCache."""
        try:
            size = self._spool.seek(0, io.SEEK_END) or self._spool.tell()
            self._spool.seek(0)
            with file_errors():
                sync(self.fs.loop, self.fs.upload, self._spool, self.path, size, self._replace)
        finally:
            self._spool.close()

    def discard(self) -> None:
        """Forget it."""
        self._spool.close()

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
            self.discard()
            warnings.warn(
                f"'{self.path}' was never closed and is not written", ResourceWarning, stacklevel=2
            )

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file")
