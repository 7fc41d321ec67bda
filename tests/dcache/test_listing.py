"""Listings as they arrive: in pieces, odd names, broken off, and what is no listing."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from rsdat.base.errors import Conflict, DoorBroken, InvalidInput
from rsdat.dcache import paths
from rsdat.dcache.answers import Answer
from rsdat.dcache.entry import FIRST_MS, LAST_MS, children_from_rest, entry_from_rest
from rsdat.dcache.listing import ListingParser
from rsdat.dcache.rest import json_object
from rsdat.dcache.rows import Rows
from rsdat.demo.door import jackson
from tests.support.dcache import run
from tests.support.door import Door

NAMES = ["a b", "}, {", '"children" : [ {', "é 日 🛰", "back\\slash", "]", "1e5", "{", "q?#%+&"]

# Fields of one entry with something that dCache never sends, and what is unknown by that.
ODD: list[tuple[dict[str, Any], str | None]] = [
    ({"size": "5"}, "size"),
    ({"size": 2**70}, "size"),
    ({"size": -1}, "size"),
    ({"size": None}, "size"),
    ({"size": 1.5}, "size"),
    ({"mtime": 10**17}, "modified"),
    ({"mtime": "now"}, "modified"),
    ({"mtime": 1e30}, "modified"),
    ({"mtime": None}, "modified"),
    ({"creationTime": [1]}, "created"),
    ({"fileLocality": 3}, "locality"),
    ({"fileLocality": None}, "locality"),
    ({"fileMimeType": {}}, "mime"),
    ({"fileType": "FIFO"}, "type"),
    ({"fileType": []}, "type"),
    ({"fileType": None}, "type"),
    ({"pnfsId": 7}, None),
    ({"checksums": "none"}, None),
    ({"checksums": [1, {"type": "ADLER32"}]}, None),
]


def child(name: str, **values: Any) -> dict[str, Any]:
    """An entry as dCache sends it."""
    given = {
        "fileName": name,
        "fileMimeType": "image/tiff",
        "labels": [],
        "fileLocality": "NEARLINE",
        "mtime": 1_700_000_000_123,
        "creationTime": 1_600_000_000_000,
        "size": 5,
        "pnfsId": "0000AB",
        "fileType": "REGULAR",
    }
    return {**given, **values}


def answer(children: list[dict[str, Any]] | None, **values: Any) -> bytes:
    """A whole answer, the children in its middle."""
    value = {"fileType": "DIR", "mtime": 1_700_000_000_000, "labels": []}
    if children is not None:
        value["children"] = children
    return jackson.pretty({**value, "size": 512, "nlink": 3, **values}).encode()


def parsed(text: bytes, piece: int) -> Rows:
    """Fed in pieces of so many bytes."""
    parser = ListingParser("/d")
    for start in range(0, len(text), piece):
        parser.feed(text[start : start + piece])
    return parser.end()


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 100, 10**6])
def test_any_pieces(piece: int) -> None:
    """Wherever the bytes are cut: in numbers, in names, in characters of several bytes."""
    children = [child(name, size=10**12 + number) for number, name in enumerate(NAMES)]
    rows = parsed(answer(children), piece)
    assert rows.names == NAMES
    assert list(rows.sizes) == [10**12 + number for number in range(len(NAMES))]
    assert rows.folder_modified == 1_700_000_000_000
    entry = rows.entry(0)
    assert (entry.path, entry.locality, entry.mime) == ("/d/a b", "NEARLINE", "image/tiff")
    assert entry.modified_ms == 1_700_000_000_123


def test_other_layouts() -> None:
    """Compact JSON, the children first, an empty folder, unknown fields with anything in them."""
    text = json.dumps(
        {"children": [child("a", suris={"x": [{"children": []}]}), child("b")], "mtime": 7}
    ).encode()
    assert parsed(text, 5).names == ["a", "b"]
    assert parsed(text, 5).folder_modified == 7
    assert len(parsed(answer([]), 4)) == 0


def test_what_may_be_missing() -> None:
    """No size while it is uploaded, no locality of folders, no times."""
    bare = {"fileName": "up", "fileType": "REGULAR"}
    rows = parsed(answer([child("d", fileType="DIR", size=512), bare]), 1000)
    assert rows.entry(0).size == 0
    up = rows.entry(1)
    assert (up.size, up.modified, up.created, up.locality, up.mime) == (None,) * 5


@pytest.mark.parametrize(("odd", "field"), ODD)
def test_one_odd_field_costs_nothing_else(odd: dict[str, Any], field: str | None) -> None:
    """It is unknown; the entry's other fields and the other entries are there."""
    given = child("b")
    given.update(odd)
    rows = parsed(answer([child("a"), given]), 10**6)
    first, second = rows.entry(0), rows.entry(1)
    assert rows.names == ["a", "b"]
    assert first.modified_ms == 1_700_000_000_123
    wanted = {**first.as_dict(), "name": "b", "path": "/d/b"}
    if field is not None:
        wanted[field] = "other" if field == "type" else None
    assert second.as_dict() == wanted
    # The other way in which dCache is asked gives the same.
    children = children_from_rest("/d", json.loads(answer([child("a"), given])))
    assert children is not None
    assert [each.as_dict() for each in children] == [first.as_dict(), wanted]


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (FIRST_MS, "0001-01-01T00:00:00.000Z"),
        (LAST_MS, "9999-12-31T23:59:59.999Z"),
        (FIRST_MS - 1, None),
        (LAST_MS + 1, None),
        (1_700_000_000_000_000, None),
        (-(2**62), None),
        (2**63, None),
    ],
)
def test_times_at_the_edges(ms: int, shown: str | None) -> None:
    """Who writes a file gives it any time, such as milliseconds where seconds are meant."""
    rows = parsed(answer([child("a"), child("b", mtime=ms, creationTime=ms)], mtime=ms), 10**6)
    seen = rows.entry(1).as_dict()
    assert (seen["modified"], seen["created"]) == (shown, shown)
    assert rows.folder_modified == (ms if shown else None)
    assert entry_from_rest("/d/b", child("b", mtime=ms)).as_dict()["modified"] == shown
    assert rows.changed({"c": rows.entry(1)}).entry(2).as_dict()["modified"] == shown


def test_more_localities_than_a_byte_has() -> None:
    """Whatever words dCache invents, the folder is there."""
    rows = parsed(answer([child(f"f{n}", fileLocality=f"PLACE{n}") for n in range(300)]), 10**6)
    assert rows.entry(254).locality == "PLACE254"
    assert rows.entry(299).locality is None


def test_a_name_that_is_no_text() -> None:
    """It is kept as it came, beside the others, and no other file is asked for in its place."""
    text = answer([child("a"), child("bXc"), child("d")]).replace(b"bXc", b"b\xffc")
    for rows in (parsed(text, 10**6), parsed(text, 1)):
        assert [name.isprintable() for name in rows.names] == [True, False, True]
        assert rows.names[2] == "d"
        assert json.dumps(rows.entry(1).as_dict())
        with pytest.raises(InvalidInput, match="no UTF-8"):
            paths.encode(rows.entry(1).path)
    whole = json_object(Answer(200, "", "application/json", text))
    assert [each["fileName"] for each in whole["children"]] == rows.names


@pytest.mark.parametrize(
    "bad",
    [
        {"fileName": "a/b"},
        {"fileName": ""},
        {"fileName": 5},
        {"fileName": ".."},
        {"fileName": "."},
    ],
)
def test_not_understood(bad: dict[str, Any]) -> None:
    """Names that dCache never sends: what they mean nobody knows."""
    text = answer([child("a"), child("b", **bad)])
    with pytest.raises(DoorBroken) as caught:
        parsed(text, 10**6)
    assert caught.value.code == "not_understood"
    with pytest.raises(DoorBroken):
        children_from_rest("/d", json.loads(text))


@pytest.mark.parametrize(
    "text", [b"<html>", b"[]", b"{]", b'{"a" 1}', b'{"children":[1]}', b"\xff"]
)
def test_no_listing(text: bytes) -> None:
    """Something else answers at that address."""
    with pytest.raises(DoorBroken) as caught:
        parsed(text, 3)
    assert caught.value.code == "not_dcache"


def test_cut_anywhere() -> None:
    """A listing that ends early is never taken for a whole one."""
    text = answer([child(name) for name in NAMES])
    for end in random.Random(5).sample(range(1, len(text)), 60):
        with pytest.raises(DoorBroken):
            parsed(text[:end], 64)


def test_no_folder() -> None:
    """A file has no children."""
    with pytest.raises(Conflict, match="not a folder"):
        parsed(answer(None), 50)


def test_over_the_wire(site: Door, folder: str) -> None:
    """All, and a first page; a missing folder and a file in words."""
    for number in range(30):
        (site.root / folder[1:] / f"f{number}").write_bytes(b"x" * number)

    async def work(client: Any) -> tuple[Rows, Rows]:
        with pytest.raises(Conflict):
            await client.rows(f"{folder}/f1")
        return await client.rows(folder), await client.rows(folder, limit=7)

    whole, first = run(site, work)
    assert sorted(whole.names) == sorted(f"f{number}" for number in range(30))
    assert len(first) == 7


def test_cut_on_the_way(site: Door, folder: str) -> None:
    """The door goes down in the middle of a listing."""
    for number in range(300):
        (site.root / folder[1:] / f"f{number}").write_bytes(b"")
    site.fault("cut_download", at_bytes=20_000, server="frontend")

    async def work(client: Any) -> None:
        await client.rows(folder)

    with pytest.raises(DoorBroken) as caught:
        run(site, work)
    assert caught.value.hint
    assert len(run(site, lambda client: client.rows(folder))) == 300


def test_changed_rows() -> None:
    """Some replaced, added and taken out; the rest as it was, also what was not told."""
    rows = parsed(answer([child(name) for name in ("a", "b", "c")]), 1000)
    rows.add([{"fileName": "u", "fileType": "REGULAR"}])
    new = rows.changed({"b": None, "c": rows.entry(0), "z": rows.entry(3)})
    assert new.names == ["a", "u", "c", "z"]
    assert new.entry(1).size is None
    assert new.entry(2).size == 5
    assert new.entry(3).modified is None
    assert rows.names == ["a", "b", "c", "u"]
