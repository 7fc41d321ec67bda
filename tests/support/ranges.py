"""A file system in memory that counts the bytes it is asked for."""

from __future__ import annotations

from typing import Any, ClassVar

import fsspec
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.spec import AbstractBufferedFile


class CountedFileSystem(MemoryFileSystem):
    """`counted://…`; reads of opened files go through fsspec's block caches, as over a network."""

    protocol = "counted"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    ranges: ClassVar[list[tuple[str, int, int]]] = []
    failure: ClassVar[Exception | None] = None

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return MemoryFileSystem._strip_protocol(path.replace("counted://", "memory://"))

    @classmethod
    def start(cls) -> None:
        """Forget everything."""
        cls.store.clear()
        cls.pseudo_dirs[:] = [""]
        cls.ranges.clear()
        cls.failure = None
        fsspec.register_implementation("counted", cls, clobber=True)

    @classmethod
    def bytes_read(cls) -> int:
        return sum(end - start for _, start, end in cls.ranges)

    def cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any
    ) -> bytes:
        if self.failure is not None:
            raise self.failure
        # Not the parent's cat_file, which would come back here through open().
        data = self.store[self._strip_protocol(path)].getvalue()[start:end]
        self.ranges.append((path, start or 0, (start or 0) + len(data)))
        return data

    def _open(self, path: str, mode: str = "rb", **kwargs: Any) -> Any:
        if mode != "rb":
            return super()._open(path, mode, **kwargs)
        return _CountedFile(self, path, mode, **kwargs)


class _CountedFile(AbstractBufferedFile):
    def _fetch_range(self, start: int, end: int) -> bytes:
        return self.fs.cat_file(self.path, start=start, end=min(end, self.size))
