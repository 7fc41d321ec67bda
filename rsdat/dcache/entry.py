"""One file or folder as dCache's REST service describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

from rsdat.base.clock import to_iso_ms
from rsdat.base.errors import DoorBroken
from rsdat.dcache import paths

EntryType = Literal["file", "directory", "link", "other"]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_TYPES: dict[str, EntryType] = {"REGULAR": "file", "DIR": "directory", "LINK": "link"}


@dataclass(frozen=True)
class Entry:
    """One row of a listing.

    Attributes:
        name: Last name of the path; empty for the root.
        path: Literal absolute path.
        type: What it is.
        size: Bytes; 0 for folders, None while it is being uploaded.
        modified: When its content changed, to the millisecond.
        created: When it was made.
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

    Raises:
        DoorBroken: The object is not what dCache sends.

    Source: dCache 12.1 JsonFileAttributes.java; null fields are left out, and so is `size` while
    a file is being uploaded.
    """
    try:
        kind = _TYPES.get(attributes["fileType"], "other")
        folder = kind == "directory"
        return Entry(
            name=paths.name_of(path),
            path=path,
            type=kind,
            size=0 if folder else attributes.get("size"),  # dCache says 512 for every folder
            modified=moment(attributes.get("mtime")),
            created=moment(attributes.get("creationTime")),
            locality=attributes.get("fileLocality"),
            mime=attributes.get("fileMimeType"),
            pnfs_id=attributes.get("pnfsId"),
            checksums={each["type"]: each["value"] for each in attributes.get("checksums", ())},
        )
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise DoorBroken(
            f"dCache described '{path}' in a way rsdat does not understand",
            code="not_understood",
        ) from error


def children_from_rest(folder: str, attributes: Mapping[str, Any]) -> list[Entry] | None:
    """The entries of a listing, in dCache's order; None when it is not a folder."""
    children = attributes.get("children")
    if children is None:
        return None
    try:
        return [entry_from_rest(paths.join(folder, each["fileName"]), each) for each in children]
    except (KeyError, TypeError) as error:
        raise DoorBroken(
            f"dCache listed '{folder}' in a way rsdat does not understand", code="not_understood"
        ) from error


def to_ms(time: datetime | None) -> int | None:
    """The inverse of `moment`."""
    return None if time is None else (time - _EPOCH) // timedelta(milliseconds=1)


def moment(time_ms: int | None) -> datetime | None:
    """A time of dCache's, in milliseconds since 1970.

    Raises:
        OverflowError, TypeError: It is no time.
    """
    return None if time_ms is None else _EPOCH + timedelta(milliseconds=time_ms)
