"""One file or folder as dCache's REST service describes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

from rsdat.base.clock import to_iso_ms
from rsdat.base.errors import DoorBroken
from rsdat.dcache import paths

EntryType = Literal["file", "directory", "link", "other"]

#: Milliseconds since 1970 of the years 1 to 9999: what lies outside can't be shown.
FIRST_MS, LAST_MS = -62_135_596_800_000, 253_402_300_799_999
#: Bytes; Java's largest.
MAX_SIZE = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NO_NAMES = ("", ".", "..")
_TYPES: dict[str, EntryType] = {"REGULAR": "file", "DIR": "directory", "LINK": "link"}


@dataclass(frozen=True)
class Entry:
    """One row of a listing.

    Attributes:
        name: Last name of the path; empty for the root.
        path: Literal absolute path.
        type: What it is.
        size: Bytes; 0 for folders, None while it is being uploaded.
        modified: When its content changed, to the millisecond; None if that is unknown, or no
            time: whoever writes a file may give it any (X-OC-Mtime).
        created: When it was made; None as `modified`.
        locality: dCache's word for where its bytes are; None for folders.
        mime: dCache's guess of its media type.
        pnfs_id: dCache's own id; survives a move, a new file has a new one.
        checksums: Hexadecimal values by dCache's type, such as `ADLER32`; only where asked for.
    """

    name: str
    path: str
    type: EntryType
    size: int | None
    modified: datetime | None
    created: datetime | None
    locality: str | None
    mime: str | None
    pnfs_id: str | None = None
    checksums: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_folder(self) -> bool:
        """Whether it can hold others."""
        return self.type == "directory"

    @property
    def modified_ms(self) -> int | None:
        """`modified` in milliseconds since 1970."""
        return to_ms(self.modified)

    @property
    def created_ms(self) -> int | None:
        """`created` in milliseconds since 1970."""
        return to_ms(self.created)

    def as_dict(self) -> dict[str, Any]:
        """The Entry of `docs/api.yaml`."""
        return {
            "name": self.name,
            "path": self.path,
            "type": self.type,
            "size": self.size,
            "modified": None if self.modified is None else to_iso_ms(self.modified),
            "created": None if self.created is None else to_iso_ms(self.created),
            "locality": self.locality,
            "mime": self.mime,
        }


def entry_from_rest(path: str, attributes: Mapping[str, Any]) -> Entry:
    """An entry from a `JsonFileAttributes` object of the namespace API.

    A field that holds something odd is unknown; the entry is not lost for it.

    Raises:
        DoorBroken: The object is not what dCache sends.

    Source: dCache 12.1 JsonFileAttributes.java; null fields are left out, and so is `size` while
    a file is being uploaded.
    """
    if not isinstance(attributes.get("fileType"), str):
        raise DoorBroken(
            f"dCache described '{path}' in a way rsdat does not understand",
            code="not_understood",
        )
    return _entry(path, attributes)


def children_from_rest(folder: str, attributes: Mapping[str, Any]) -> list[Entry] | None:
    """The entries of a listing, in dCache's order; None when it is not a folder.

    A field that holds something odd is unknown: one entry must not cost the whole folder.

    Raises:
        DoorBroken: They are not what dCache sends.
    """
    children = attributes.get("children")
    if children is None:
        return None
    try:
        names = names_of(children)
        return [
            _entry(paths.join(folder, name), each)
            for name, each in zip(names, children, strict=True)
        ]
    except (KeyError, TypeError) as error:
        raise DoorBroken(
            f"dCache listed '{folder}' in a way rsdat does not understand", code="not_understood"
        ) from error


def names_of(children: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of a listing's entries, which lead nowhere but into its folder.

    Raises:
        KeyError, TypeError: One has none.
    """
    names = [child["fileName"] for child in children]
    for name in names:
        if not isinstance(name, str) or "/" in name or name in _NO_NAMES:
            raise TypeError("a name is none")
    return names


def _entry(path: str, attributes: Mapping[str, Any]) -> Entry:
    kind = _TYPES.get(text(attributes.get("fileType")) or "", "other")
    size = attributes.get("size")
    if type(size) is not int or not 0 <= size <= MAX_SIZE:
        size = None
    return Entry(
        name=paths.name_of(path),
        path=path,
        type=kind,
        # dCache says 512 for every folder.
        size=0 if kind == "directory" else size,
        modified=moment(attributes.get("mtime")),
        created=moment(attributes.get("creationTime")),
        locality=text(attributes.get("fileLocality")),
        mime=text(attributes.get("fileMimeType")),
        pnfs_id=text(attributes.get("pnfsId")),
        checksums=_checksums(attributes.get("checksums")),
    )


def _checksums(told: Any) -> dict[str, str]:
    return {
        each["type"]: each["value"]
        for each in (told if isinstance(told, list) else ())
        if isinstance(each, dict) and text(each.get("type")) and text(each.get("value"))
    }


def text(value: Any) -> str | None:
    """A field that holds a text; None if it is missing or holds something else."""
    return value if isinstance(value, str) else None


def to_ms(time: datetime | None) -> int | None:
    """The inverse of `moment`."""
    return None if time is None else (time - _EPOCH) // timedelta(milliseconds=1)


def moment(time_ms: Any) -> datetime | None:
    """A time of dCache's, in milliseconds since 1970; None for what no calendar has."""
    if type(time_ms) is not int or not FIRST_MS <= time_ms <= LAST_MS:
        return None
    return _EPOCH + timedelta(milliseconds=time_ms)
