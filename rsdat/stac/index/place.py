"""Where the kept file of an index lies: beside the catalog, or else in rsdat's home."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rsdat.base.errors import RsdatError
from rsdat.base.files import private_folder, rsdat_home
from rsdat.stac.index.source import Source, local_upload

#: Smaller catalogs are read anew in the time that looking for an index takes, and have no file
#: put beside them.
WORTH_KEEPING = 200
_SUFFIX = ".items.parquet"
#: In rsdat's home; the longest unused ones go.
_MOST_FILES = 50
_MOST_BYTES = 2 * 2**30
#: What `temporary` made and nobody has discarded, and the process that it is of.
_temporary: dict[Path, int] = {}


class Place:
    """The two places.

    Args:
        href: Of the catalog.
        owner: What else tells catalogs of one address apart: the endpoint.
    """

    def __init__(self, href: str, owner: str = "") -> None:
        name = href.rpartition("/")[2]
        stem = name.removesuffix(".json").removesuffix(".geojson")
        web = href.startswith(("http://", "https://"))
        self.beside = None if web or not stem else href[: len(href) - len(name)] + stem + _SUFFIX
        digest = hashlib.sha256(f"{owner}\n{href}".encode()).hexdigest()[:32]
        self.own = rsdat_home() / "stac" / f"{digest}{_SUFFIX}"

    def load(self, source: Source) -> Iterator[tuple[Path, str]]:
        """Local copies of what is kept, to be discarded, and of what; the better first."""
        if self.own.exists():
            copy = temporary()
            try:
                copy.unlink()
                copy.hardlink_to(self.own)
            except OSError:
                shutil.copyfile(self.own, copy)
            with contextlib.suppress(OSError):
                os.utime(self.own)  # the longest unused ones go
            yield copy, str(self.own)
        if self.beside is not None:
            copy = temporary()
            try:
                source.download(self.beside, copy)
            except (OSError, RsdatError):
                discard(copy)
            else:
                yield copy, self.beside

    def occupied(self, where: str) -> None:
        """What lies there is somebody's own file: nothing is put in its place."""
        if where == self.beside:
            self.beside = None

    def store(self, source: Source, path: Path) -> str | None:
        """Keep a file; where, or None where it can't be kept."""
        if self.beside is not None:
            try:
                source.upload(path, self.beside)
            except (OSError, RsdatError):
                pass
            else:
                self.own.unlink(missing_ok=True)
                return self.beside
        try:
            private_folder(self.own.parent)
            local_upload(path, self.own)
            self.own.chmod(0o600)
            _prune(self.own.parent, self.own)
        except (OSError, RsdatError):
            return None
        return str(self.own)


def temporary() -> Path:
    """A new private file on the local disk; `discard` it."""
    descriptor, name = tempfile.mkstemp(prefix="rsdat-stac-", suffix=_SUFFIX)
    os.close(descriptor)
    path = Path(name)
    _temporary[path] = os.getpid()
    return path


def discard(path: Path) -> None:
    """Delete what `temporary` made; once more does no harm."""
    path.unlink(missing_ok=True)
    _temporary.pop(path, None)


@atexit.register
def _discard_all() -> None:
    """The threads that use them are cut off when the process ends, and delete nothing any more."""
    for path, process in list(_temporary.items()):
        if process == os.getpid():  # a fork has no share in its parent's
            with contextlib.suppress(OSError):
                discard(path)


def _facts(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None  # another process has just pruned it


def _prune(folder: Path, newest: Path) -> None:
    files = sorted(
        (
            (facts.st_mtime, facts.st_size, path)
            for path in folder.glob(f"*{_SUFFIX}")
            if (facts := _facts(path))
        ),
        reverse=True,
    )
    total = 0
    for number, (_, size, path) in enumerate(files):
        total += size
        if path != newest and (number >= _MOST_FILES or total > _MOST_BYTES):
            path.unlink(missing_ok=True)
