"""Where the JSON of catalogs comes from: any fsspec file system, or the web."""

from __future__ import annotations

import contextlib
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Protocol

import fsspec

from rsdat.base.errors import (
    Conflict,
    DoorBroken,
    InvalidInput,
    NoCredential,
    NotFound,
    NotPermitted,
    Refused,
    RsdatError,
)
from rsdat.base.files import write_bytes
from rsdat.dcache.fs import DCacheFileSystem
from rsdat.stac import hrefs
from rsdat.stac.doors import in_dcache
from rsdat.stac.store import by_protocol

CHUNK_BYTES = 1024 * 1024
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MS = timedelta(milliseconds=1)
#: A folder with fewer wanted files is not worth a listing.
_WORTH_LISTING = 3
#: Of files that are asked about one by one.
_AT_ONCE = 1000
_LASTING = (NotFound, NotPermitted, NoCredential, InvalidInput, Conflict, Refused)
_WEB = ("http", "https")
_LOCAL = ("", "file", "local")
#: Of one item or catalog. What is larger is none, but a raster or an archive that a link leads to.
MOST_BYTES = 128 * 1024 * 1024

#: Name to stamp, of the files and of the folders in a folder.
Listed = tuple[Mapping[str, str], Mapping[str, str]]


class Source(Protocol):
    """Reads and keeps files. Called from many threads at once.

    Failures are OSError or RsdatError; see `is_missing` and `is_passing`.
    """

    #: So many threads may read at once.
    readers: int

    def resolve(self, href: str, base: str) -> str:
        """Where an href leads that stands in the file at `base`."""
        ...

    def read(self, href: str, stamp: str | None) -> tuple[bytes | None, str | None]:
        """A file and its stamp if reading tells that; None for the bytes where it is as it was.

        Raises:
            Refused: It is larger than `MOST_BYTES`.
        """
        ...

    def chunks(self, href: str) -> Iterator[bytes]:
        """A file that may be large, in pieces."""
        ...

    def stamps(self, wanted: Sequence[str]) -> dict[str, str]:
        """For those where it costs little: a text that is another one when the file is."""
        ...

    def tells(self, href: str) -> bool:
        """Whether `read` tells a file's stamp, so that nobody need ask for it before."""
        ...

    def download(self, href: str, path: Path) -> None:
        """Copy a file to the local disk."""
        ...

    def upload(self, path: Path, href: str) -> None:
        """Copy a local file to `href`, whole or not at all."""
        ...


def asked_together(source: Source, wanted: Sequence[str]) -> Iterator[Sequence[str]]:
    """Files whose stamps are asked for in one go: those that a listing may tell together."""
    alone = [href for href in wanted if source.tells(href)]
    if len(alone) < len(wanted):
        yield [href for href in wanted if not source.tells(href)] if alone else wanted
    for at in range(0, len(alone), _AT_ONCE):
        yield alone[at : at + _AT_ONCE]


def is_missing(error: BaseException) -> bool:
    """Whether there is no such file."""
    return isinstance(error, FileNotFoundError | NotADirectoryError | NotFound)


def is_passing(error: BaseException) -> bool:
    """Whether it may work when tried again."""
    if isinstance(error, RsdatError):
        return not isinstance(error, _LASTING)
    kinds = FileNotFoundError | NotADirectoryError | IsADirectoryError | PermissionError
    return not isinstance(error, kinds)


def words_of(error: BaseException) -> str:
    """What is told of a failure."""
    if isinstance(error, RsdatError):
        return error.message
    if is_missing(error):
        return "There is no such file"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def joined(chunks: Iterable[bytes], href: str) -> bytes:
    """A file from its pieces.

    Raises:
        Refused: It is larger than `MOST_BYTES`.
    """
    pieces, total = [], 0
    for data in chunks:
        pieces.append(data)
        total += len(data)
        if total > MOST_BYTES:
            raise too_large(href)
    return b"".join(pieces)


def too_large(href: str) -> Refused:
    """The error for what can't be an item or a catalog."""
    return Refused(
        f"{href[:200]} is larger than {MOST_BYTES >> 20} MiB: it is no item and no catalog",
        code="too_large",
    )


def listed_stamps(wanted: Sequence[str], listing: Callable[[str], Listed]) -> dict[str, str]:
    """Stamps from listings of the folders that hold the files.

    Where each file has a folder of its own, as PySTAC writes items, the folder above is listed:
    its folders have stamps too, where the file system changes them with what is in them.

    Args:
        wanted: Addresses of files.
        listing: Lists a folder's address; both empty where that can't be done.
    """
    found: dict[str, str] = {}
    by_folder: dict[str, list[str]] = defaultdict(list)
    for href in wanted:
        by_folder[href.rpartition("/")[0]].append(href)
    by_grandparent: dict[str, list[str]] = defaultdict(list)
    for folder, files in by_folder.items():
        if len(files) >= _WORTH_LISTING:
            stamps, _ = listing(folder)
            for href in files:
                if stamp := stamps.get(href.rpartition("/")[2]):
                    found[href] = stamp
        else:
            by_grandparent[folder.rpartition("/")[0]] += files
    for above, files in by_grandparent.items():
        if len(files) < _WORTH_LISTING:
            continue
        _, stamps = listing(above)
        for href in files:
            if stamp := stamps.get(href.rpartition("/")[0].rpartition("/")[2]):
                found[href] = f"folder {stamp}"
    return found


class FsspecSource:
    """Any file system that fsspec knows.

    Args:
        href: Of the catalog, in the form of `rsdat.stac.hrefs.absolute`.
        storage_options: For its file system; or for those that it links, too, by protocol.
    """

    def __init__(self, href: str, storage_options: Mapping[str, Any] | None = None) -> None:
        self._scheme = _scheme(href)
        self._options = by_protocol(storage_options, self._scheme or "file")
        # Home and project folders are on file systems that answer after milliseconds, too.
        self.readers = 8 if self._scheme in (*_LOCAL, "memory") else 12

    def resolve(self, href: str, base: str) -> str:
        """See `Source`."""
        return hrefs.resolve(href, base)

    def read(self, href: str, stamp: str | None) -> tuple[bytes | None, str | None]:
        """See `Source`."""
        if self.tells(href):
            return local_read(href)
        filesystem, path = self._open(href)
        if _scheme(href) in _LOCAL:
            return local_read(path)
        with _in_words():
            data: bytes
            if isinstance(filesystem, DCacheFileSystem):
                data = filesystem.cat_small(path, MOST_BYTES)
            else:
                data = filesystem.cat_file(path)
        return data, stamp

    def chunks(self, href: str) -> Iterator[bytes]:
        """See `Source`."""
        filesystem, path = self._open(href)
        with _in_words(), filesystem.open(path, "rb") as file:
            while data := file.read(CHUNK_BYTES):
                yield data

    def stamps(self, wanted: Sequence[str]) -> dict[str, str]:
        """See `Source`."""
        here = [href for href in wanted if _scheme(href) == self._scheme]
        if self._scheme in _LOCAL:
            return local_stamps(here)
        return listed_stamps(here, self._listing)

    def tells(self, href: str) -> bool:
        """See `Source`: an absolute path of this computer's, as `resolve` gives it."""
        return href.startswith("/") and self._scheme in _LOCAL

    def download(self, href: str, path: Path) -> None:
        """See `Source`."""
        with path.open("wb") as file:
            for data in self.chunks(href):
                file.write(data)

    def upload(self, path: Path, href: str) -> None:
        """See `Source`."""
        filesystem, target = self._open(href)
        if self._scheme in _LOCAL:
            local_upload(path, Path(target))
        else:
            with _in_words():
                filesystem.put_file(str(path), target)

    def _open(self, href: str) -> tuple[Any, str]:
        scheme = _scheme(href)
        if self._scheme in _WEB and scheme not in _WEB:
            raise InvalidInput(
                f"A catalog on the web may not lead to {href[:200]}", code="leads_inside"
            )
        options: Mapping[str, Any] = self._options.get(scheme or "file", {})
        if scheme in _WEB and self._scheme not in _WEB:
            # A catalog in dCache that names its files by the door's web address.
            href, options = in_dcache(href, self._options) or (href, options)
        with _in_words():
            filesystem, path = fsspec.core.url_to_fs(href, **options)
        return filesystem, path

    def _listing(self, folder: str) -> Listed:
        filesystem, path = self._open(folder)
        try:
            entries = filesystem.ls(path, detail=True, refresh=True)
        except Exception:  # noqa: BLE001 - whatever it is, stamps are only a help
            return {}, {}
        files: dict[str, str] = {}
        folders: dict[str, str] = {}
        for entry in entries:
            name = entry["name"].rstrip("/").rpartition("/")[2]
            if self._scheme == "dcache" and isinstance(entry.get("modified"), datetime):
                # As the companion has it from dCache's listing: both use one kept file.
                seen = [str((entry["modified"] - _EPOCH) // _MS)]
            else:
                seen = [str(entry[key]) for key in _TELLING if entry.get(key) is not None]
            if not seen:
                continue
            stamp = " ".join((*seen, str(entry.get("size"))))
            if entry["type"] == "file":
                files[name] = stamp
            elif self._scheme == "dcache":
                # Its files can't be changed, only replaced, which changes their folder.
                folders[name] = stamp
        return files, folders


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    """What the libraries behind fsspec raise, each its own kinds, as one of ours."""
    try:
        yield
    except (OSError, RsdatError, ValueError):
        raise
    except Exception as error:
        # Without what follows a `?`: it may be a signature.
        words = re.sub(r"\?\S*", "", str(error))[:200]
        raise DoorBroken(f"{type(error).__name__}: {words}", code="unreadable") from error


_TELLING = (
    "pnfs_id",
    "ETag",
    "etag",
    "mtime",
    "modified",
    "LastModified",
    "last_modified",
    "created",
)


def _scheme(href: str) -> str:
    return href.partition("://")[0] if "://" in href else ""


def local_stamps(wanted: Sequence[str]) -> dict[str, str]:
    """Stamps of files on the local disk."""
    found = {}
    for href in wanted:
        with contextlib.suppress(OSError):
            # Not by a Path: there may be 100 000, and that costs thrice as much.
            found[href] = _stamp(os.stat(href))  # noqa: PTH116
    return found


def local_read(path: str) -> tuple[bytes, str]:
    """A small file of the local disk, and its stamp, which is that of these very bytes.

    Raises:
        Refused: It is larger than `MOST_BYTES`.
    """
    # Python's file objects ask the kernel five times a file, this three times.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        facts = os.fstat(descriptor)
        if facts.st_size > MOST_BYTES:
            raise too_large(path)
        data = os.read(descriptor, facts.st_size + 1)
        while len(data) < facts.st_size and (more := os.read(descriptor, facts.st_size)):
            data += more
    finally:
        os.close(descriptor)
    return data, _stamp(facts)


def _stamp(facts: os.stat_result) -> str:
    return f"{facts.st_mtime_ns} {facts.st_size} {facts.st_ino}"


def local_upload(path: Path, target: Path) -> None:
    """Put a file beside its place, then in one step there; as everybody else may read it.

    Raises:
        FileNotFoundError: `path` was taken away meanwhile: nothing is put there.
    """
    if path.stat().st_size <= CHUNK_BYTES:
        write_bytes(target, path.read_bytes(), mode=0o644)
        return
    beside = target.with_name(f".{target.name}.{os.getpid()}-{path.name}")
    try:
        with path.open("rb") as whole, beside.open("wb") as part:
            while data := whole.read(CHUNK_BYTES):
                path.stat()  # whoever has to end takes it away, and `beside` must not stay then
                part.write(data)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
