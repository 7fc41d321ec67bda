"""Zip and tar made while they are sent: nothing is compressed, nothing held, any size and name.

Scenes are compressed already, and compressing would make the sending several times slower. Both
formats come from the standard library; names are UTF-8 in both.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Protocol

#: Zip has no times before or after.
_EARLIEST = datetime(1980, 1, 1, tzinfo=timezone.utc)
_LATEST = datetime(2107, 12, 31, 23, 59, 58, tzinfo=timezone.utc)
_TAR_BLOCK = 512
_FILLING = 1024 * 1024


class Archive(Protocol):
    """Makes an archive's bytes: each method returns those that may be sent now."""

    media_type: str

    def folder(self, name: str) -> bytes:
        """An entry for a folder."""
        ...

    def begin(self, name: str, size: int, modified: datetime | None) -> bytes:
        """The head of a file; `data` must follow with exactly `size` bytes, then `end`."""
        ...

    def data(self, chunk: bytes | bytearray) -> bytes | bytearray:
        """Bytes of the file."""
        ...

    def end(self) -> Iterator[bytes]:
        """The file is whole, or nothing more of it comes."""
        ...

    def close(self) -> bytes:
        """The end of the archive."""
        ...

    def drop(self) -> None:
        """Nothing more of it is wanted, if it has not been closed."""
        ...


def archive(format_: str) -> Archive:
    """A zip or tar archive."""
    return _Zip() if format_ == "zip" else _Tar()


class _Pipe(io.RawIOBase):
    """What is written can be taken away; zipfile sees that it can't seek here."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return parts[0] if len(parts) == 1 else b"".join(parts)


class _Zip:
    media_type = "application/zip"

    def __init__(self) -> None:
        self._pipe = _Pipe()
        self._zip = zipfile.ZipFile(self._pipe, "w", zipfile.ZIP_STORED)
        self._file: object = None

    def folder(self, name: str) -> bytes:
        info = zipfile.ZipInfo(name + "/")
        info.external_attr = (0o40755 << 16) | 0x10
        self._zip.writestr(info, b"")
        return self._pipe.take()

    def begin(self, name: str, size: int, modified: datetime | None) -> bytes:
        moment = min(max(modified or _EARLIEST, _EARLIEST), _LATEST)
        info = zipfile.ZipInfo(name, moment.timetuple()[:6])
        info.external_attr = 0o100644 << 16
        info.file_size = size
        # Sizes stand behind the data; with 64 bits, as a file may have grown since.
        self._file = self._zip.open(info, "w", force_zip64=True)
        return self._pipe.take()

    def data(self, chunk: bytes | bytearray) -> bytes | bytearray:
        self._file.write(chunk)  # type: ignore[attr-defined]
        return self._pipe.take()

    def end(self) -> Iterator[bytes]:
        self._file.close()  # type: ignore[attr-defined]
        yield self._pipe.take()

    def close(self) -> bytes:
        self._zip.close()
        return self._pipe.take()

    def drop(self) -> None:
        # Else it tries to close itself when it is collected, and complains in the log.
        self._zip.fp = None


class _Tar:
    media_type = "application/x-tar"

    def __init__(self) -> None:
        self._left = 0
        self._size = 0

    def folder(self, name: str) -> bytes:
        info = tarfile.TarInfo(name)
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        return _head(info)

    def begin(self, name: str, size: int, modified: datetime | None) -> bytes:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o644
        info.mtime = 0 if modified is None else int(modified.timestamp())
        self._size = self._left = size
        return _head(info)

    def data(self, chunk: bytes | bytearray) -> bytes | bytearray:
        self._left -= len(chunk)
        return chunk

    def end(self) -> Iterator[bytes]:
        # A file that broke off: readers find the next head only where this one's size says.
        while self._left:
            missing = min(self._left, _FILLING)
            self._left -= missing
            yield bytes(missing)
        yield bytes(-self._size % _TAR_BLOCK)

    def close(self) -> bytes:
        return bytes(2 * _TAR_BLOCK)

    def drop(self) -> None:
        pass


def _head(info: tarfile.TarInfo) -> bytes:
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
