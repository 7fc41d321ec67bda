"""An asset's file for libraries that take one: reads ranges, and travels as address and names."""

from __future__ import annotations

import io
from typing import Any

from rsdat.stac.access import Access
from rsdat.stac.naming import named


class AssetFile(io.BufferedIOBase):
    """A file that is read where it is sought to.

    Pickled it is its address; where it is unpickled it is opened anew, with what is known there.

    Args:
        href: The address.
        access: With what it is opened.
        label: What errors call it.
    """

    mode = "rb"

    def __init__(self, href: str, access: Access, label: str) -> None:
        super().__init__()
        self._said = (href, access, label)
        with named(label, href):
            filesystem, path = access.place(href)
            self._file = filesystem.open(path, "rb")

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As any file."""
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        """As any file."""
        return int(self._file.tell())

    def read(self, size: int | None = -1) -> bytes:
        """As any file; errors name the asset."""
        href, _, label = self._said
        with named(label, href):
            return bytes(self._file.read(-1 if size is None else size))

    def read1(self, size: int = -1) -> bytes:
        """As any file."""
        return self.read(size)

    def readinto(self, buffer: Any) -> int:
        """As any file."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Give the connection back."""
        if not self.closed:
            file = getattr(self, "_file", None)
            if file is not None:
                file.close()
        super().close()

    def __reduce__(self) -> tuple[Any, ...]:
        return (AssetFile, self._said)

    def __dask_tokenize__(self) -> Any:
        href, access, _ = self._said
        return ("rsdat.stac.file", href, access.__dask_tokenize__())
