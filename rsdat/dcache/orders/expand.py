"""Which files an order is for: folders are listed, and what needs nothing is left out.

We look through folders ourselves. dCache would do it too (`expandDirectories`), but ten folders a
request at most, with an error for each file that has no copy on tape, and without telling how many
files and bytes there will be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rsdat.base.errors import InvalidInput
from rsdat.dcache import listing, paths
from rsdat.dcache.entry import Entry
from rsdat.dcache.http import Http
from rsdat.dcache.lookup import each, find_all
from rsdat.dcache.requests import Activity
from rsdat.dcache.rows import FOLDER, Rows

#: What one order may come to.
MAX_FILES = 200_000
_MAX_FOLDERS = 20_000

#: Localities of files in folders for which an activity makes sense. Files that were named are
#: taken whatever they are: dCache says what is wrong with them.
_MEANT = {
    "stage": {"NEARLINE", "ONLINE_AND_NEARLINE", "UNAVAILABLE", "LOST"},
    "pin": {"ONLINE", "ONLINE_AND_NEARLINE"},
    "release": {"NEARLINE", "ONLINE_AND_NEARLINE", "UNAVAILABLE"},
}
_ON_DISK = ("ONLINE", "ONLINE_AND_NEARLINE")
NO_COPY = "It is on disk, and has no copy on tape: nothing to do."
MISSING = "There is no such file."


@dataclass(frozen=True)
class File:
    """One target.

    Attributes:
        path: Literal path.
        size: Bytes, if known.
        message: Why nothing is asked of dCache for it; None if something is.
        failed: Whether that is a failure.
        on_disk: Whether nothing has to be read from tape for it.
    """

    path: str
    size: int | None
    message: str | None = None
    failed: bool = False
    on_disk: bool = False


async def expand(
    http: Http, asked: Sequence[str], activity: Activity, *, recursive: bool
) -> list[File]:
    """The files that are meant by paths of files and folders; each once.

    Raises:
        InvalidInput: There are too many.
        RsdatError: dCache refused to list a folder, or gave no usable answer.
    """
    search = _Search(http, activity)
    folders = await search.named(asked)
    while folders:
        folders = await search.inside(folders, recursive=recursive)
    return list(search.files.values())


class _Search:
    def __init__(self, http: Http, activity: Activity) -> None:
        self._http = http
        self._activity = activity
        self._meant = _MEANT[activity]
        self.files: dict[str, File] = {}
        self._folders: set[str] = set()

    async def named(self, asked: Iterable[str]) -> list[str]:
        """Take the files of a list; gives the folders in it."""
        folders: list[str] = []
        for path, entry in (await find_all(self._http, asked)).items():
            folders += self._take(path, entry)
        return folders

    async def inside(self, folders: Sequence[str], *, recursive: bool) -> list[str]:
        """Take the files in folders; gives the folders in them, if those are wanted."""
        new = [path for path in dict.fromkeys(folders) if path not in self._folders]
        self._folders.update(new)
        if len(self._folders) > _MAX_FOLDERS:
            raise InvalidInput(
                f"There are more than {_MAX_FOLDERS} folders in it",
                hint="Order parts of it one after the other.",
                code="too_many",
            )
        deeper: list[str] = []
        for rows in await each(new, lambda path: listing.rows(self._http, path)):
            await asyncio.to_thread(self._take_all, rows)
            if recursive:
                deeper += [
                    paths.join(rows.folder, name)
                    for name, kind in zip(rows.names, rows.types, strict=True)
                    if kind == FOLDER
                ]
        return deeper

    def _take_all(self, rows: Rows) -> None:
        for number in range(len(rows)):
            if rows.types[number] != FOLDER and rows.locality(number) in self._meant:
                entry = rows.entry(number)
                self._add(File(entry.path, entry.size, on_disk=entry.locality in _ON_DISK))

    def _take(self, path: str, entry: Entry | None) -> list[str]:
        """Take one that was named; gives it back if it is a folder."""
        if entry is None:
            self._add(File(path, None, MISSING, failed=True))
        elif entry.is_folder:
            return [path]
        elif self._activity == "stage" and entry.locality == "ONLINE":
            self._add(File(path, entry.size, NO_COPY, on_disk=True))
        else:
            self._add(File(path, entry.size, on_disk=entry.locality in _ON_DISK))
        return []

    def _add(self, file: File) -> None:
        self.files[file.path] = file
        if len(self.files) > MAX_FILES:
            raise InvalidInput(
                f"These are more than {MAX_FILES} files",
                hint="Order parts of it one after the other.",
                code="too_many",
            )
