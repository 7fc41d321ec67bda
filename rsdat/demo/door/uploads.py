"""One upload into the name space, with the real server's order of steps: delete, create, write."""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import replace

from rsdat.demo.door.checksums import MD5, Sums
from rsdat.demo.door.store import Attributes
from rsdat.demo.door.tree import Tree


class LostEntryError(Exception):
    """Another upload, or a delete, took the entry away meanwhile."""


class Upload:
    """A file being written.

    Creating it already deletes what was at the path and leaves an entry without size there:
    that is what dCache does, and why a failed overwrite loses the old file.

    Raises:
        NotDirectoryError: A parent is a file.
        NameTooLongError: A name is.
    """

    def __init__(
        self,
        tree: Tree,
        path: str,
        *,
        mime_type: str = "",
        content_md5: str | None = None,
        with_md5: bool = False,
        mtime_s: int | None = None,
    ) -> None:
        self.path = path
        self.received = 0
        self.content_md5 = content_md5
        self._tree = tree
        self._mtime_s = mtime_s
        self._settled = False
        self._sums = Sums(with_md5=with_md5 or content_md5 is not None)
        self._id = f"0000{secrets.token_hex(16).upper()}"
        place = tree.disk(path)
        tree.make_parents(path)
        if tree.find(path) is not None:
            tree.remove(path)
        # Unbuffered: chunks come in large pieces already.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._descriptor: int | None = os.open(place, flags, 0o644)
        tree.store.put(
            path,
            Attributes(
                pnfs_id=self._id,
                state="uploading",
                created_ms=int(time.time() * 1000),
                xattrs={"mime_type": mime_type} if mime_type else {},
            ),
        )
        tree.notices.created(path, is_directory=False)

    def need_md5(self) -> None:
        """Compute the MD5 too, whatever was said at the start; before the first `write`."""
        self._sums = Sums(with_md5=True)

    def write(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            OSError: The disk is full or broken.
        """
        if self._descriptor is None:
            raise ValueError("the upload has ended")
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]
        self._sums.add(data)
        self.received += len(data)

    @property
    def matches(self) -> bool:
        """Whether the content has the MD5 that the client announced, if it did."""
        return self.content_md5 is None or self._sums.values()[MD5] == self.content_md5

    def checksums(self) -> dict[str, str]:
        """Of what was received."""
        return self._sums.values()

    def commit(self) -> None:
        """Make it a file of the name space.

        Raises:
            LostEntryError: Its entry is not there any more.
        """
        self._settle("", self._sums.values())

    def leave_broken(self, *, mistrusted: bool = False) -> None:
        """Leave it as a broken entry: size, ONLINE and a checksum, but not readable.

        With `mistrusted` the checksum kept is the one the client announced, not the real one.
        """
        sums = self._sums.values()
        if mistrusted and self.content_md5 is not None:
            sums = {MD5: self.content_md5}
        try:
            self._settle("broken", sums)
        except LostEntryError:
            return

    def discard(self) -> None:
        """Remove every trace of it, unless it was settled or its entry is another's now."""
        self._close()
        if not self._settled and self._is_own():
            self._tree.remove(self.path)

    def abandon(self) -> None:
        """Leave the entry without size in the name space."""
        self._close()

    def _is_own(self) -> bool:
        known = self._tree.store.get(self.path)
        return known is not None and known.pnfs_id == self._id

    def _settle(self, state: str, sums: dict[str, str]) -> None:
        self._close()
        if not self._is_own():
            raise LostEntryError(self.path)
        self._settled = True
        place = self._tree.disk(self.path)
        if self._mtime_s is not None:
            os.utime(place, (self._mtime_s, self._mtime_s))
        found = os.stat(place)  # noqa: PTH116
        attributes = self._tree.store.get(self.path)
        if attributes is None:
            raise LostEntryError(self.path)
        stamp = (found.st_size, found.st_mtime_ns)
        self._tree.store.put(
            self.path, replace(attributes, state=state, checksums=sums, stamp=stamp)
        )
        self._tree.notices.changed(self.path, is_directory=False)
        self._tree.notices.written(self.path)

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
