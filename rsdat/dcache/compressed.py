"""Writing compressed: `fs.open(…, compression="gzip")` must end the file when it is closed.

What fsspec lays over a file leaves it open (gzip, bz2, lzma close only what they opened
themselves). Others then upload when the file object is collected; ours, never closed, would be
dropped.
"""

from __future__ import annotations

import io
from contextlib import suppress
from types import TracebackType
from typing import Any

from fsspec.compression import compr
from fsspec.core import get_compression

from rsdat.dcache.files import Writer


class CompressedWriter(io.BufferedIOBase):
    """A compressor and the file beneath it, closed together.

    Args:
        compressor: Writes into `file`.
        file: What gets its name when this is closed, and is dropped where that fails.
    """

    def __init__(self, compressor: Any, file: Writer) -> None:
        super().__init__()
        self._compressor = compressor
        self._file = file

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Any) -> int:
        """Append bytes, uncompressed ones."""
        if self.closed:
            raise ValueError("I/O operation on closed file")
        try:
            self._compressor.write(data)
        except KeyboardInterrupt:
            # Who closes it later would have a file that lacks a part, with a good end.
            self._file.break_off()
            raise
        return memoryview(data).nbytes

    def tell(self) -> int:
        """Uncompressed bytes written so far."""
        return int(self._compressor.tell())

    def close(self) -> None:
        """Write what the compressor still holds, and give the file its name.

        Raises:
            OSError: It failed; nothing of it is left.
        """
        if self.closed:
            return
        super().close()
        try:
            self._compressor.close()
        except BaseException:
            self._drop()
            raise
        self._file.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        elif not self.closed:
            super().close()
            self._drop()

    def __del__(self) -> None:
        # The file beneath says that it was never closed; a compressor would close itself first.
        if not self.closed:
            super().close()

    def _drop(self) -> None:
        self._file.__exit__(OSError, None, None)
        with suppress(ValueError, OSError):
            self._compressor.close()  # it holds memory; its file takes nothing more


def compressed(file: Writer, path: str, compression: str | None) -> Writer | CompressedWriter:
    """The file to write into, as fsspec's `open` lays it over another.

    Args:
        file: Open for writing.
        path: By whose ending "infer" chooses.
        compression: One of fsspec's names, or "infer".

    Raises:
        ValueError: fsspec does not know it.
    """
    try:
        name = get_compression(path, compression)
        return file if name is None else CompressedWriter(compr[name](file, mode="w"), file)
    except BaseException:
        file.__exit__(OSError, None, None)
        raise
