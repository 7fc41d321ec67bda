"""The entries of one folder as columns: a sixth of the memory of as many objects.

A folder of 200 000 entries has to fit into a Jupyter server beside everything else.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from rsdat.base.errors import DoorBroken
from rsdat.dcache import paths
from rsdat.dcache.entry import (
    FIRST_MS,
    LAST_MS,
    MAX_SIZE,
    Entry,
    EntryType,
    moment,
    names_of,
    text,
)
from rsdat.dcache.locknames import is_lock_name
from rsdat.dcache.write import TEMPORARY_PREFIX, aside_of, is_upload_name

#: Of a number that dCache did not tell; as a time it lies before all others, as a size below.
UNKNOWN = -(2**62)
_TYPES: tuple[EntryType, ...] = ("file", "directory", "link", "other")
_CODES = {"REGULAR": 0, "DIR": 1, "LINK": 2}
_OTHER = 3
FOLDER = 1
LINK = 2


class _Words:
    """Texts that repeat, as small numbers; 0 is None.

    Args:
        most: Of which there may be numbers; further texts are None, too.
    """

    def __init__(self, most: int) -> None:
        self.words: list[str | None] = [None]
        self._numbers: dict[str, int] = {}
        self._most = most

    def numbers(self, words: Sequence[Any]) -> list[int]:
        """The numbers of texts; None's for what is no text."""
        known = self._numbers
        return [
            (known[word] if word in known else self._new(word)) if isinstance(word, str) else 0
            for word in words
        ]

    def _new(self, word: str) -> int:
        if len(self.words) > self._most:
            return 0
        number = self._numbers[word] = len(self.words)
        self.words.append(word)
        return number


class Rows:
    """Entries of one folder, by number. Grows at its end; `replace` and `without` make new ones.

    Attributes:
        folder: Literal path.
        names: Last names.
        types: 0 file, 1 folder, 2 link, 3 other.
        sizes: Bytes; `UNKNOWN` while being uploaded.
        modified: Milliseconds since 1970; `UNKNOWN` also for what no calendar has.
        created: As `modified`.
        folder_modified: As `modified`, of the folder itself; None if dCache did not tell.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.folder_modified: int | None = None
        self.names: list[str] = []
        self.types = bytearray()
        self.sizes = array("q")
        self.modified = array("q")
        self.created = array("q")
        self._localities = _Words(255)
        self._locality = bytearray()
        self._mimes = _Words(2**31 - 1)
        self._mime = array("i")
        # Ids are half of an entry's bytes, and only those of uploads are asked for.
        self._ids: dict[int, str | None] = {}

    def __len__(self) -> int:
        return len(self.names)

    def add(self, children: Sequence[Mapping[str, Any]]) -> None:
        """Append the objects of a listing.

        A field that holds something odd is unknown: one entry must not cost the whole folder.

        Raises:
            DoorBroken: They are not what dCache sends.
        """
        try:
            names = names_of(children)
            kinds = [child.get("fileType") for child in children]
            types = bytes(
                _CODES.get(kind, _OTHER) if isinstance(kind, str) else _OTHER for kind in kinds
            )
            sizes = _whole(
                # dCache says 512 for every folder.
                [
                    0 if kind == FOLDER else child.get("size")
                    for kind, child in zip(types, children, strict=True)
                ],
                0,
                MAX_SIZE,
            )
            modified = _whole([child.get("mtime") for child in children], FIRST_MS, LAST_MS)
            created = _whole([child.get("creationTime") for child in children], FIRST_MS, LAST_MS)
            localities = bytes(self._localities.numbers([c.get("fileLocality") for c in children]))
            mimes = array("i", self._mimes.numbers([c.get("fileMimeType") for c in children]))
        except (KeyError, TypeError, AttributeError) as error:
            raise DoorBroken(
                f"dCache listed '{self.folder}' in a way rsdat does not understand",
                code="not_understood",
            ) from error
        first = len(self.names)
        for number, name in enumerate(names, first):
            if _is_ours(name):
                self._ids[number] = text(children[number - first].get("pnfsId"))
        self.types += types
        self.sizes += sizes
        self.modified += modified
        self.created += created
        self._locality += localities
        self._mime += mimes
        self.names += names

    def entry(self, number: int) -> Entry:
        """One of them."""
        name, size = self.names[number], self.sizes[number]
        modified, created = self.modified[number], self.created[number]
        return Entry(
            name=name,
            path=paths.join(self.folder, name),
            type=_TYPES[self.types[number]],
            size=None if size == UNKNOWN else size,
            modified=None if modified == UNKNOWN else moment(modified),
            created=None if created == UNKNOWN else moment(created),
            locality=self.locality(number),
            mime=self._mimes.words[self._mime[number]],
            pnfs_id=self._ids.get(number),
        )

    def locality(self, number: int) -> str | None:
        """Where the bytes of one are; None for folders."""
        return self._localities.words[self._locality[number]]

    def locality_ranks(self) -> tuple[bytearray, Sequence[int]]:
        """Each entry's number of a locality, and the place of each number in order.

        `UNKNOWN` is the place of none.
        """
        words = self._localities.words
        known = sorted(word for word in words if word is not None)
        ranks = [UNKNOWN if word is None else known.index(word) for word in words]
        return self._locality, ranks

    def uploads(self) -> list[Entry]:
        """Entries with names that our writes give: uploads, files moved aside, locks."""
        return [self.entry(number) for number in self._ids]

    def changed(self, entries: Mapping[str, Entry | None]) -> Rows:
        """A copy with some entries replaced, added, or (None) left out.

        Costs a few bytes an entry to copy, and nothing is asked for.
        """
        at = {name: number for number, name in enumerate(self.names) if name in entries}
        gone = set(at.values())
        new = Rows(self.folder)
        new.folder_modified = self.folder_modified
        new._localities, new._mimes = self._localities, self._mimes
        keep = [number for number in range(len(self.names)) if number not in gone]
        new.names = [self.names[number] for number in keep]
        new.types = bytearray(self.types[number] for number in keep)
        new.sizes = array("q", (self.sizes[number] for number in keep))
        new.modified = array("q", (self.modified[number] for number in keep))
        new.created = array("q", (self.created[number] for number in keep))
        new._locality = bytearray(self._locality[number] for number in keep)
        new._mime = array("i", (self._mime[number] for number in keep))
        if self._ids:
            new._ids = {
                place: self._ids[number] for place, number in enumerate(keep) if number in self._ids
            }
        for name, entry in entries.items():
            if entry is not None:
                new._append(name, entry)
        return new

    def _append(self, name: str, entry: Entry) -> None:
        if _is_ours(name):
            self._ids[len(self.names)] = entry.pnfs_id
        self.names.append(name)
        self.types.append(_TYPES.index(entry.type))
        self.sizes.append(_or_unknown(entry.size))
        self.modified.append(_or_unknown(entry.modified_ms))
        self.created.append(_or_unknown(entry.created_ms))
        self._locality += bytes(self._localities.numbers([entry.locality]))
        self._mime += array("i", self._mimes.numbers([entry.mime]))


def _or_unknown(value: int | None) -> int:
    return UNKNOWN if value is None else value


def _whole(values: Sequence[Any], least: int, most: int) -> array[int]:
    """A column of numbers; `UNKNOWN` for what is none, or lies outside."""
    return array("q", [v if type(v) is int and least <= v <= most else UNKNOWN for v in values])


def _is_ours(name: str) -> bool:
    # The prefix alone tells it of nearly all names.
    return name.startswith(TEMPORARY_PREFIX) and (
        is_upload_name(name) or aside_of(name) is not None or is_lock_name(name)
    )
