"""The whole JSON of items, compressed, on the local disk: nothing of it stays in memory."""

from __future__ import annotations

import os
import tempfile
import threading

from zlib_ng import zlib_ng


class Spool:
    """A file without a name that grows. Read from any thread, written by one at a time."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="rsdat-stac-")  # noqa: SIM115 - `close` does
        self._end = 0
        self._lock = threading.Lock()

    @staticmethod
    def packed(data: bytes) -> bytes:
        """As `add` takes it: compressed by whoever has the time."""
        return bytes(zlib_ng.compress(data, 1))

    def add(self, packed: bytes) -> tuple[int, int]:
        """Keep something; where it lies and how long it is, for `get`."""
        with self._lock:
            at = self._end
            os.pwrite(self._file.fileno(), packed, at)
            self._end += len(packed)
        return at, len(packed)

    def get(self, at: int, length: int) -> bytes:
        """What was packed."""
        return bytes(zlib_ng.decompress(os.pread(self._file.fileno(), length, at)))

    def close(self) -> None:
        """Forget all of it, also while more comes, which is refused with a ValueError then."""
        with self._lock:  # or the other one might write into the next file of this number
            self._file.close()
