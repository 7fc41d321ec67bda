"""The name space: a folder on disk, joined with the attributes that a disk doesn't have."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import shutil
import stat
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from rsdat.demo.door import paths
from rsdat.demo.door.notices import Notices
from rsdat.demo.door.store import Attributes, AttributeStore

_MAX_DISK_NAME_BYTES = 255
_LONG_PREFIX = ".rsdat-long-"
_TICK_NS = 100_000_000
_FEW = 1000
_REMEMBERED = 4
_NONE_KNOWN = Attributes()
_mime_by_suffix: dict[str, str | None] = {}


class MissingError(Exception):
    """Nothing is at this path."""


class ExistsError(Exception):
    """Something is at this path already."""


class NotDirectoryError(Exception):
    """The path leads through, or to, a file where a directory is needed."""


class NotEmptyError(Exception):
    """The directory has entries."""


class NameTooLongError(Exception):
    """A name has more than 255 characters."""


@dataclass
class Entry:
    """One file or directory as it is now. `size` is None while it is being uploaded."""

    path: str
    is_directory: bool
    size: int | None
    mtime_ns: int
    ctime_ns: int
    inode: int
    nlink: int
    mode: int
    attributes: Attributes = _NONE_KNOWN

    @property
    def name(self) -> str:
        """The last segment of its path."""
        return paths.name_of(self.path)

    @property
    def pnfs_id(self) -> str:
        """36 hexadecimal digits that stay over a rename and differ after an overwrite."""
        if self.attributes.pnfs_id:
            return self.attributes.pnfs_id
        # A directory changes its time with each entry, and is the same directory still.
        age = "" if self.is_directory else str(self.mtime_ns)
        digest = hashlib.blake2b(f"{self.inode} {age}".encode(), digest_size=16)
        return "0000" + digest.hexdigest().upper()

    @property
    def etag(self) -> str:
        """The quoted value of the ETag header."""
        return f'"{self.pnfs_id}_{self.mtime_ns // 1_000_000 % 2**31}"'

    @property
    def mtime_ms(self) -> int:
        """Modification time, ms since 1970."""
        return self.mtime_ns // 1_000_000

    @property
    def created_ms(self) -> int:
        """Creation time, ms since 1970; a guess for files that did not come through a door."""
        return self.attributes.created_ms or min(self.mtime_ns, self.ctime_ns) // 1_000_000

    @property
    def locality(self) -> str:
        """Where the bytes are, in dCache's words."""
        return "NONE" if self.attributes.state == "uploading" else self.attributes.locality

    @property
    def mime_type(self) -> str | None:
        """The type kept at upload, or a guess by the name; None if there is neither."""
        kept = self.attributes.xattrs.get("mime_type")
        return kept if kept else _guess_type(self.path)


def _guess_type(path: str) -> str | None:
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    suffix = name[dot:].lower() if dot > 0 else ""
    if suffix not in _mime_by_suffix:
        _mime_by_suffix[suffix] = mimetypes.guess_type("x" + suffix)[0] if suffix else None
    return _mime_by_suffix[suffix]


class Tree:
    """Files, directories and their attributes below one root.

    Every method takes literal absolute paths. Those that only read may run in any thread. Every
    change made here is told to `notices`; what is changed on disk behind its back is not.
    """

    def __init__(self, root: Path, store: AttributeStore, hidden: Path | None = None) -> None:
        """Serve `root`; `hidden` is a folder inside it that no client sees."""
        self.root = os.fspath(root.resolve())
        self.store = store
        self.notices = Notices()
        self._listed: dict[str, tuple[int, list[str]]] = {}
        self._listing = threading.Lock()
        self._hidden = None if hidden is None else os.fspath(hidden.resolve())

    def disk(self, path: str) -> str:
        """Where a path lies on disk.

        Raises:
            NameTooLongError: One of its names is.
            MissingError: It leads into the state folder, which no client sees.
        """
        place = self.root
        for name in path.split("/"):
            if name:
                place += "/" + self._disk_name(name)
                if place == self._hidden:
                    raise MissingError(path)
        return place

    def _disk_name(self, name: str) -> str:
        if len(name) > paths.MAX_NAME_CHARACTERS:
            raise NameTooLongError
        raw = name.encode("utf-8", "surrogateescape")
        if len(raw) <= _MAX_DISK_NAME_BYTES:
            return name
        # dCache counts characters, disks count bytes: keep the long ones under a short name.
        short = _LONG_PREFIX + hashlib.sha256(raw).hexdigest()
        if self.store.long_name(short) is None:
            self.store.keep_long_name(short, name)
        return short

    def entry(self, path: str) -> Entry:
        """What is at a path.

        Raises:
            MissingError: Nothing, or it lies below a file.
            NameTooLongError: One of its names is.
        """
        place = self.disk(path)
        try:
            return self._entry(path, os.stat(place))  # noqa: PTH116
        except (OSError, ValueError) as error:
            raise MissingError(path) from error

    def open(self, path: str) -> FileIO:
        """A file's bytes, to read; unbuffered. The caller closes it."""
        return FileIO(self.disk(path), "rb")

    def find(self, path: str) -> Entry | None:
        """`entry`, or None if nothing is there."""
        try:
            return self.entry(path)
        except (MissingError, NameTooLongError):
            return None

    def _entry(self, path: str, found: os.stat_result) -> Entry:
        known = self.store.get(path)
        is_directory = stat.S_ISDIR(found.st_mode)
        if known is not None and not is_directory:
            known = _still_true(known, found)
        attributes = known or _NONE_KNOWN
        mode = stat.S_IMODE(found.st_mode) if attributes.mode is None else attributes.mode
        size: int | None = 512 if is_directory else found.st_size
        if attributes.state == "uploading":
            size = None
        return Entry(
            path,
            is_directory,
            size,
            found.st_mtime_ns,
            found.st_ctime_ns,
            found.st_ino,
            found.st_nlink if is_directory else 1,
            mode,
            attributes,
        )

    def children(self, path: str, *, offset: int = 0, limit: int | None = None) -> list[Entry]:
        """`iterate`, all at once."""
        return list(self.iterate(path, offset=offset, limit=limit))

    def iterate(self, path: str, *, offset: int = 0, limit: int | None = None) -> Iterator[Entry]:
        """The entries of a directory, or a part of them, in an order that is not by name.

        The order is the same in each call, so that pages fit together; it is mixed because
        dCache's comes from a database without ORDER BY.

        Raises:
            MissingError: Nothing is there.
            NotDirectoryError: It is a file.
        """
        place = self.disk(path)
        names = self._names(place, path)
        prefix = path if path == "/" else path + "/"
        last = len(names) if limit is None else min(len(names), offset + limit)
        for number in range(offset, last):
            name = disk_name = names[number]
            if name.startswith(_LONG_PREFIX):
                name = self.store.long_name(name) or name
            name = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            try:
                found = os.stat(f"{place}/{disk_name}")  # noqa: PTH116
            except OSError:  # gone meanwhile, or a link to nowhere
                continue
            yield self._entry(prefix + name, found)

    def _names(self, place: str, path: str) -> list[str]:
        """The names in a directory on disk, mixed; remembered, so that a page costs its length."""
        try:
            changed_ns = os.stat(place).st_mtime_ns  # noqa: PTH116
            if (known := self._listed.get(place)) is not None and known[0] == changed_ns:
                return known[1]
            names = os.listdir(place)  # noqa: PTH208
        except NotADirectoryError as error:
            raise NotDirectoryError(path) from error
        except OSError as error:
            raise MissingError(path) from error
        names.sort(key=lambda name: zlib.crc32(os.fsencode(name)))
        if self._hidden is not None and os.path.dirname(self._hidden) == place:  # noqa: PTH120
            names = [name for name in names if f"{place}/{name}" != self._hidden]
        # A change in the same tick of the disk's clock would not be seen: wait for the next.
        if time.time_ns() - changed_ns > _TICK_NS and len(names) > _FEW:
            with self._listing:
                while len(self._listed) >= _REMEMBERED:
                    self._listed.pop(next(iter(self._listed)))
                self._listed[place] = (changed_ns, names)
        return names

    def update(self, entry: Entry, attributes: Attributes) -> None:
        """Keep changed attributes of an entry."""
        self.update_many([(entry, attributes)])

    def update_many(self, changes: list[tuple[Entry, Attributes]]) -> None:
        """`update` for many in one transaction."""
        self.store.put_many((entry.path, attributes) for entry, attributes in changes)
        for entry, attributes in changes:
            if _shown(entry.attributes) != _shown(attributes):
                self.notices.changed(entry.path, is_directory=entry.is_directory)

    def forbids(self, path: str, right: str) -> bool:
        """Whether `read`, `write` or `list` was forbidden at this path or above it."""
        while True:
            known = self.store.get(path)
            if known is not None and right in known.forbidden:
                return True
            if path == "/":
                return False
            path = paths.parent(path)

    def make_directory(self, path: str) -> None:
        """Make one directory.

        Raises:
            ExistsError, MissingError, NotDirectoryError, NameTooLongError: As the words say.
        """
        try:
            os.mkdir(self.disk(path))  # noqa: PTH102
        except FileExistsError as error:
            raise ExistsError(path) from error
        except NotADirectoryError as error:
            raise NotDirectoryError(path) from error
        except FileNotFoundError as error:
            raise MissingError(path) from error
        self.notices.created(path, is_directory=True)

    def make_parents(self, path: str) -> None:
        """Make all directories above a path.

        Raises:
            NotDirectoryError: One of them is a file.
        """
        folder = paths.parent(path)
        found = self.find(folder)
        if found is None:
            self.make_parents(folder)
            try:
                self.make_directory(folder)
            except ExistsError as error:
                raise NotDirectoryError(path) from error
        elif not found.is_directory:
            raise NotDirectoryError(path)

    def remove(self, path: str) -> None:
        """Delete a file or an empty directory.

        Raises:
            MissingError: Nothing is there.
            NotEmptyError: A directory with entries.
        """
        entry = self.entry(path)
        place = self.disk(path)
        if not entry.is_directory:
            os.unlink(place)  # noqa: PTH108
        else:
            try:
                os.rmdir(place)  # noqa: PTH106
            except OSError as error:
                raise NotEmptyError(path) from error
        self.store.drop(path, below=entry.is_directory)
        self.notices.deleted(path, is_directory=entry.is_directory)

    def remove_tree(self, path: str) -> None:
        """Delete a file, or a directory with all it holds.

        Raises:
            MissingError: Nothing is there.
        """
        if self.entry(path).is_directory:
            watched = [
                entry
                for folder in self.notices.watched(path)
                for entry in (*self._inside(folder), self.find(folder))
                if entry is not None and entry.path != path
            ]
            shutil.rmtree(self.disk(path))
            self.store.drop(path, below=True)
            for entry in watched:
                self.notices.deleted(entry.path, is_directory=entry.is_directory)
            self.notices.deleted(path, is_directory=True)
        else:
            self.remove(path)

    def _inside(self, folder: str) -> list[Entry]:
        try:
            return self.children(folder)
        except (MissingError, NotDirectoryError):
            return []

    def move(self, source: str, destination: str) -> None:
        """Rename; a file or an empty directory of the same kind at the destination is replaced.

        Raises:
            MissingError: No source, or no directory to move it into.
            NotEmptyError: The destination is a directory with entries.
            ExistsError: The destination is of the other kind.
            NotDirectoryError: The destination lies below a file.
        """
        entry = self.entry(source)
        if source == destination:
            return
        target = self.find(destination)
        if target is not None and target.is_directory != entry.is_directory:
            raise ExistsError(destination)
        try:
            os.rename(self.disk(source), self.disk(destination))  # noqa: PTH104
        except NotADirectoryError as error:
            raise NotDirectoryError(destination) from error
        except FileNotFoundError as error:
            raise MissingError(destination) from error
        except OSError as error:
            raise NotEmptyError(destination) from error
        self.store.drop(destination, below=entry.is_directory)
        self.store.move(source, destination)
        if target is not None:
            self.notices.deleted(destination, is_directory=target.is_directory)
        self.notices.moved(source, destination, is_directory=entry.is_directory)


def _shown(attributes: Attributes) -> tuple[object, ...]:
    """Of whose change watchers are told; extended attributes are not among it."""
    known = attributes
    return known.locality, known.target_qos, known.labels, known.mode, known.state


def _still_true(known: Attributes, found: os.stat_result) -> Attributes:
    """The attributes without those that hold only for the bytes before a change on disk."""
    if known.state == "uploading" or known.stamp in (
        (-1, -1),
        (found.st_size, found.st_mtime_ns),
    ):
        return known
    return Attributes(
        locality=known.locality,
        labels=known.labels,
        xattrs=known.xattrs,
        forbidden=known.forbidden,
        stage_delay_s=known.stage_delay_s,
        stage_error=known.stage_error,
        mode=known.mode,
    )
