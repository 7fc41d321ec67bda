"""Where the kept file of an index lies: beside the catalog, or else in rsdat's home."""

from __future__ import annotations

import hashlib
import os
import tempfile
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

    def load(self, source: Source) -> list[Path]:
        """Local copies of what is kept, the better first; the caller deletes them."""
        found = []
        if self.own.exists():
            copy = temporary()
            try:
                copy.unlink()
                copy.hardlink_to(self.own)
            except OSError:
                copy.write_bytes(self.own.read_bytes())
            found.append(copy)
        if self.beside is not None:
            copy = temporary()
            try:
                source.download(self.beside, copy)
                found.append(copy)
            except (OSError, RsdatError):
                copy.unlink(missing_ok=True)
        return found

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
    """A new private file on the local disk."""
    descriptor, name = tempfile.mkstemp(prefix="rsdat-stac-", suffix=_SUFFIX)
    os.close(descriptor)
    return Path(name)


def _prune(folder: Path, newest: Path) -> None:
    files = sorted(
        (
            (facts.st_mtime, facts.st_size, path)
            for path in folder.glob(f"*{_SUFFIX}")
            if (facts := path.stat())
        ),
        reverse=True,
    )
    total = 0
    for number, (_, size, path) in enumerate(files):
        total += size
        if path != newest and (number >= _MOST_FILES or total > _MOST_BYTES):
            path.unlink(missing_ok=True)
