"""Entries from the REST service's JSON."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from rsdat.base.errors import DoorBroken
from rsdat.dcache.entry import children_from_rest, entry_from_rest

# As dCache 11.2.5 sends it (shortened ids).
FILE = {
    "fileMimeType": "image/tiff",
    "labels": [],
    "nlink": 1,
    "mtime": 1790000000123,
    "creationTime": 1789999999000,
    "size": 123,
    "mode": 420,
    "pnfsId": "0000A1",
    "fileType": "REGULAR",
    "fileLocality": "NEARLINE",
}


def test_file() -> None:
    entry = entry_from_rest("/d/a.tif", FILE)
    assert entry.as_dict() == {
        "name": "a.tif",
        "path": "/d/a.tif",
        "type": "file",
        "size": 123,
        "modified": "2026-09-21T14:13:20.123Z",
        "created": "2026-09-21T14:13:19.000Z",
        "locality": "NEARLINE",
        "mime": "image/tiff",
    }
    assert entry.modified == datetime(2026, 9, 21, 14, 13, 20, 123000, tzinfo=timezone.utc)
    assert entry.pnfs_id == "0000A1"


def test_folder_has_no_size() -> None:
    entry = entry_from_rest("/", {"fileType": "DIR", "size": 512})
    assert (entry.name, entry.type, entry.size, entry.modified) == ("", "directory", 0, None)


def test_being_uploaded() -> None:
    assert entry_from_rest("/x", {"fileType": "REGULAR"}).size is None


@pytest.mark.parametrize(("theirs", "ours"), [("LINK", "link"), ("SPECIAL", "other")])
def test_types(theirs: str, ours: str) -> None:
    assert entry_from_rest("/x", {"fileType": theirs}).type == ours


def test_children_and_checksums() -> None:
    sums = [{"type": "ADLER32", "value": "0000a1b2"}]
    listing = {"fileType": "DIR", "children": [{**FILE, "fileName": "a b", "checksums": sums}]}
    children = children_from_rest("/d", listing)
    assert children is not None
    assert [child.path for child in children] == ["/d/a b"]
    assert children[0].checksums == {"ADLER32": "0000a1b2"}
    assert children_from_rest("/d", FILE) is None


@pytest.mark.parametrize(
    "nonsense",
    [{}, {"fileType": []}, {"fileType": None, "mtime": 5}],
)
def test_nonsense(nonsense: dict[str, object]) -> None:
    with pytest.raises(DoorBroken):
        entry_from_rest("/x", nonsense)
    with pytest.raises(DoorBroken):
        children_from_rest("/", {"children": [{"fileType": "DIR"}]})
