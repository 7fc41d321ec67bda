"""The file objects that `await fs.open_async(…)` gives, for programs with their own event loop.

They have fsspec's names, with `await` before read, write and close.
"""

from __future__ import annotations

import asyncio
import io
import warnings
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rsdat.dcache.files import HELD_BLOCKS, MIN_BLOCK_BYTES, broken_off
from rsdat.dcache.local import one_chunk
from rsdat.dcache.oserrors import file_errors
from rsdat.dcache.outflow import Outflow
from rsdat.dcache.ranges import RangeReader

if TYPE_CHECKING:
    from typing_extensions import Self

    from rsdat.dcache.fs import DCacheFileSystem


class AsyncReader:
    """A file open for reading, anywhere in it, over one connection to one pool.

    Attributes:
        size: Bytes.
    """

    mode = "rb"

    def __init__(self, path: str, reader: RangeReader) -> None:
        self.path = path
        self.size = reader.size
        self.closed = False
        self._reader = reader
        self._position = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError("Seek before the start of the file")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """The position."""
        return self._position

    async def read(self, length: int | None = -1) -> bytes:
        """Bytes from the position on; all that are left without a length."""
        if self.closed:
            raise ValueError("I/O operation on closed file")
        end = self.size if length is None or length < 0 else self._position + length
        with file_errors():
            data = await self._reader.read(self._position, end)
        self._position += len(data)
        return data

    async def close(self) -> None:
        """Give the connection back."""
        self.closed = True
        await self._reader.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class AsyncWriter:
    """A file whose bytes go to dCache while it is written; it gets its name in `close`.

    Leave its `async with` by an exception, or await `discard`, and nothing of it is left.
    """

    def __init__(self, fs: DCacheFileSystem, path: str, *, replace: bool, block_size: int) -> None:
        self.path = path
        self.mode = "wb" if replace else "xb"
        self.closed = False
        self._fs = fs
        self._replace = replace
        self._block_size = max(block_size, MIN_BLOCK_BYTES)
        self._held = bytearray()
        self._written = 0
        self._outflow: Outflow | None = None
        #: A write or the close was broken off: nobody knows any more which bytes have gone.
        self._broken_off = False

    def __del__(self) -> None:
        if not self.closed:
            self.closed = True
            if self._outflow is not None:
                self._outflow.give_up()
            # No ResourceWarning, which nobody sees: what was written is lost.
            warnings.warn(f"'{self.path}' was never closed and is not written", stacklevel=2)

    def tell(self) -> int:
        """Bytes written so far."""
        return self._written

    async def write(self, data: Any) -> int:
        """Append bytes; waits while dCache is slower than the writer.

        Raises:
            OSError: The upload has failed, or an earlier write was cancelled.
        """
        if self.closed:
            raise ValueError("I/O operation on closed file")
        if self._broken_off:
            raise broken_off(self.path)
        view = memoryview(data).cast("B")
        try:
            for start in range(0, len(view), self._block_size):
                self._held += view[start : start + self._block_size]
                if self._outflow is not None or len(self._held) >= HELD_BLOCKS * self._block_size:
                    await self._send()
        except asyncio.CancelledError:
            self._broken_off = True
            raise
        self._written += len(view)
        return len(view)

    async def close(self) -> None:
        """Send the rest, and give the file its name.

        Raises:
            OSError: It failed, or a write was cancelled; nothing of it is left.
        """
        if self._broken_off:
            await self.discard()
            raise broken_off(self.path)
        if self.closed:
            return
        self.closed = True
        try:
            await self._finish()
        except asyncio.CancelledError:
            self._broken_off = True
            await self.discard()
            raise

    async def discard(self) -> None:
        """Forget it, on dCache too."""
        self.closed = True
        outflow, self._outflow = self._outflow, None
        if outflow is not None:
            await outflow.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            await self.close()
        elif not self.closed:
            await self.discard()

    async def _finish(self) -> None:
        held = bytes(self._held)
        with file_errors():
            if self._outflow is None:
                upload = await self._fs.upload(one_chunk(held), self.path, len(held), self._replace)
            else:
                if held:
                    await self._outflow.put(held)
                upload = await self._outflow.finish()
            await upload.place()

    async def _send(self) -> None:
        if self._outflow is None:
            self._outflow = Outflow(
                lambda blocks: self._fs.upload(blocks, self.path, None, self._replace)
            )
        while len(self._held) >= self._block_size:
            block = bytes(memoryview(self._held)[: self._block_size])
            del self._held[: self._block_size]
            with file_errors():
                await self._outflow.put(block)
