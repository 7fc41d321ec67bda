"""The workspace, that is Jupyter's files, as one end of a transfer. Never blocks the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, NamedTuple

from rsdat.base.errors import Conflict, InvalidInput, NoSpace, NotFound, NotPermitted, RsdatError

_WORDS: dict[int, tuple[type[RsdatError], str]] = {
    errno.ENOENT: (NotFound, "'{path}' is not in the workspace (any more)"),
    errno.EACCES: (NotPermitted, "You may not use '{path}' in the workspace"),
    errno.EPERM: (NotPermitted, "You may not use '{path}' in the workspace"),
    errno.EROFS: (NotPermitted, "The workspace can't be written: '{path}'"),
    errno.ENOTDIR: (Conflict, "'{path}' lies below a file, not a folder, in the workspace"),
    errno.EISDIR: (Conflict, "'{path}' is a folder in the workspace"),
    errno.ENAMETOOLONG: (InvalidInput, "The name of '{path}' is too long for the workspace"),
    errno.EILSEQ: (InvalidInput, "The workspace's file system can't have the name '{path}'"),
    errno.EINVAL: (InvalidInput, "The workspace's file system can't have the name '{path}'"),
}


class Found(NamedTuple):
    """What stands at a name."""

    size: int | None
    modified: datetime | None
    folder: bool


@dataclass(frozen=True)
class Workspace:
    """Jupyter's files.

    Attributes:
        root: Jupyter's root folder.
        hidden: Whether names that begin with a dot may be chosen. What lies in a chosen folder
            belongs to it, also if it is hidden: a zarr store without its `.zarray` is none.
    """

    root: Path
    hidden: bool = False

    def place(self, path: str) -> Path:
        """Where a path that somebody chose lies on disk.

        Links are followed, as Jupyter follows them.

        Raises:
            InvalidInput: It leads out of the workspace, or is no path.
            NotFound: It is hidden.
        """
        place = self.inside(path)
        if not self.hidden and any(name.startswith(".") for name in _names(path)):
            raise NotFound(
                f"'{path}' is hidden in the workspace",
                hint="Jupyter does not show hidden files (ContentsManager.allow_hidden).",
                code="hidden",
            )
        return place

    def inside(self, path: str) -> Path:
        """As `place`, for what lies in a folder that was chosen: it may be hidden.

        Raises:
            InvalidInput: It leads out of the workspace, or is no path.
        """
        names = _names(path)
        if ".." in names or "\0" in path:
            raise InvalidInput(f"{path!r} leads out of the workspace", code="bad_path")
        return self.root.joinpath(*names)

    async def find(self, place: Path, path: str) -> Found | None:
        """What stands there, or None."""
        return await asyncio.to_thread(_find, place, path)

    async def open(self, place: Path, path: str) -> tuple[IO[bytes], int]:
        """A regular file for reading, and its size; close it.

        Raises:
            Conflict: It is a folder, a pipe or the like.
            NotFound: It is gone.
        """
        return await asyncio.to_thread(_open, place, path)

    async def make_folders(self, place: Path, path: str) -> None:
        """Make a folder and those above it.

        Raises:
            Conflict: Something else stands there (`not_a_folder`).
        """
        with in_words(path):
            try:
                await asyncio.to_thread(place.mkdir, parents=True, exist_ok=True)
            except FileExistsError:
                raise Conflict(
                    f"'{path}' in the workspace is not a folder", code="not_a_folder"
                ) from None


def _names(path: str) -> list[str]:
    return [name for name in path.split("/") if name not in ("", ".")]


def _find(place: Path, path: str) -> Found | None:
    with in_words(path):
        try:
            facts = place.stat()
        except FileNotFoundError:
            # A link that leads nowhere has its name all the same.
            return Found(None, None, folder=False) if place.is_symlink() else None
        modified = datetime.fromtimestamp(facts.st_mtime, timezone.utc)
        return Found(facts.st_size, modified, stat.S_ISDIR(facts.st_mode))


def _open(place: Path, path: str) -> tuple[IO[bytes], int]:
    with in_words(path):
        # Without O_NONBLOCK, opening a pipe waits for somebody at its other end.
        descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            os.close(descriptor)
            what = "a folder" if stat.S_ISDIR(facts.st_mode) else "no ordinary file"
            raise Conflict(f"'{path}' in the workspace is {what}", code="not_a_file")
        return os.fdopen(descriptor, "rb"), facts.st_size


def put_in_place(part: Path, place: Path, path: str, *, replace: bool) -> None:
    """Give a whole file its name, in one step; blocks.

    Raises:
        Conflict: The name is taken (`exists`, or `is_a_folder`).
    """
    with in_words(path):
        if replace:
            part.replace(place)
            return
        try:
            os.link(part, place, follow_symlinks=False)
        except FileExistsError:
            raise exists(path) from None
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
                raise
            # A file system without hard links: there is a moment between the look and the name.
            if os.path.lexists(place):
                raise exists(path) from None
            part.rename(place)
        else:
            part.unlink()


def exists(path: str) -> Conflict:
    """The error for a name that is taken."""
    return Conflict(f"'{path}' exists already in the workspace", code="exists", path=path)


@contextlib.contextmanager
def in_words(path: str) -> Iterator[None]:
    """Turns what the operating system says into what people read.

    Raises:
        RsdatError: For any OSError inside.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            what = "Your quota in" if error.errno == errno.EDQUOT else "The disk of"
            raise NoSpace(
                f"{what} the workspace is full: '{path}' does not fit",
                hint="Make room, then retry; what is there already is not copied again.",
                path=path,
            ) from error
        kind, words = _WORDS.get(
            error.errno or 0, (Conflict, f"'{{path}}' in the workspace: {error.strerror}")
        )
        raise kind(words.replace("{path}", path), path=path) from error
