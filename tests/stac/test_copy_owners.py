"""Items of one id, of several collections, copied to one folder: none replaces another's files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pystac
import pytest

from rsdat.base.errors import InvalidInput, OnTape
from rsdat.stac import read_catalog
from rsdat.stac.copying import copy_assets, estimate, one
from rsdat.stac.copying.owners import MARKER, MARKER_AFTER, NAME
from tests.support.copies import item
from tests.support.door import Door

DAY = "2024-05-01"
#: Files of different collections differ, and are of one size.
FILES = {"landsat": b"LANDSAT", "sentinel": b"SENTIN2", "": b"NOTHING"}

Make = Callable[[str], pystac.Item]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(collection: str, id_: str = DAY) -> pystac.Item:
        folder = tmp_path / "from" / collection / id_
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "red.tif").exists():
            (folder / "red.tif").write_bytes(FILES[collection])
        found = item(id_, {"red": str(folder / "red.tif")})
        found.collection_id = collection or None
        return found

    return made


def quietly(items: Any, to: Any, **options: Any) -> Any:
    report = copy_assets(items, "red", str(to), progress=False, **options)
    assert report.ok, str(report)
    return report


def files(to: Path) -> dict[str, bytes]:
    return {str(each.parent.relative_to(to)): each.read_bytes() for each in to.rglob("*.tif")}


@pytest.mark.parametrize("place", ["local", "dcache"])
@pytest.mark.parametrize("catalog", [True, False])
def test_one_collection_after_the_other(
    make: Make, dcache: Door, tmp_path: Path, place: str, catalog: bool
) -> None:
    folder = tmp_path / "to" if place == "local" else dcache.root / tmp_path.name
    to = folder if place == "local" else f"dcache:///{tmp_path.name}"
    for collection in ("landsat", "sentinel", ""):
        quietly(make(collection), to, write_catalog=catalog)
    wanted = {DAY: b"LANDSAT", f"sentinel~{DAY}": b"SENTIN2", f"~{DAY}": b"NOTHING"}
    assert files(folder) == wanted
    # Whatever comes first in another run, it finds its own.
    again = quietly([make("sentinel"), make(""), make("landsat")], to, write_catalog=catalog)
    assert len(again.skipped) == 3
    assert files(folder) == wanted
    if catalog:
        found = read_catalog(f"{to}/catalog.json").get_items()
        assert sorted(each.properties.get("collection", "") for each in found) == [
            "",
            "landsat",
            "sentinel",
        ]


@pytest.mark.parametrize("first", ["landsat", "sentinel"])
def test_two_in_one_call(make: Make, tmp_path: Path, first: str) -> None:
    other = "sentinel" if first == "landsat" else "landsat"
    quietly([make(first), make(other)], tmp_path / "to")
    wanted = {DAY: FILES[first], f"{other}~{DAY}": FILES[other]}
    assert files(tmp_path / "to") == wanted
    assert quietly([make(other), make(first)], tmp_path / "to").skipped
    assert files(tmp_path / "to") == wanted


@pytest.mark.parametrize("catalog", [True, False])
def test_what_was_copied_before_names_were_noted(make: Make, tmp_path: Path, catalog: bool) -> None:
    """Its own collection finds it, and no other one replaces it."""
    to = tmp_path / "to"
    quietly([make("landsat"), make("landsat", "b")], to, write_catalog=catalog)
    (to / NAME).unlink()
    quietly([make("sentinel"), make("sentinel", "c")], to, write_catalog=catalog)
    assert files(to)[DAY] == b"LANDSAT"
    assert files(to)[f"sentinel~{DAY}"] == b"SENTIN2"
    again = quietly([make("landsat"), make("landsat", "b")], to, write_catalog=catalog)
    assert (len(again.skipped), len(files(to))) == (2, 4)


def test_items_of_no_collection_leave_nothing_behind(make: Make, tmp_path: Path) -> None:
    to = tmp_path / "to"
    quietly([make(""), make("", "b")], to)
    assert not (to / NAME).exists()
    # A collection that comes later replaces none of them.
    quietly([make("landsat"), make("landsat", "c")], to)
    assert files(to) == {
        DAY: b"NOTHING",
        "b": b"NOTHING",
        "c": b"LANDSAT",
        f"landsat~{DAY}": b"LANDSAT",
    }
    assert len(quietly([make(""), make("", "b")], to).skipped) == 2
    assert len(quietly([make("landsat"), make("landsat", "c")], to).skipped) == 2


def test_ids_that_look_like_names_of_others(make: Make, tmp_path: Path) -> None:
    to = tmp_path / "to"
    quietly([make("landsat", "sentinel~x"), make("sentinel", "x")], to)
    assert sorted(files(to).values()) == [b"LANDSAT", b"SENTIN2"]


def test_a_copy_of_a_copy_knows_its_collection(make: Make, tmp_path: Path) -> None:
    """Copies keep it among the properties."""
    for collection in ("landsat", "sentinel"):
        quietly(make(collection), tmp_path / collection, write_catalog=True)
        quietly(str(tmp_path / collection / "catalog.json"), tmp_path / "to")
    assert files(tmp_path / "to") == {DAY: b"LANDSAT", f"sentinel~{DAY}": b"SENTIN2"}


def test_an_estimate_looks_and_notes_nothing(make: Make, tmp_path: Path) -> None:
    to = tmp_path / "to"
    assert estimate([make("landsat")], "red", str(to)).there == 0
    assert not to.exists()
    quietly(make("landsat"), to)
    assert estimate([make("landsat")], "red", str(to)).there == 1
    assert estimate([make("sentinel")], "red", str(to)).there == 0


def test_a_note_that_is_none(make: Make, tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / NAME).write_text("{")
    with pytest.raises(InvalidInput, match="whose copies"):
        copy_assets(make("landsat"), "red", str(tmp_path / "to"), progress=False)


@pytest.mark.parametrize("first", ["landsat", ""])
def test_a_note_on_tape(make: Make, dcache: Door, tmp_path: Path, first: str) -> None:
    """Small files go there as others do; the name of the second one says the same."""
    to, folder = f"dcache:///{tmp_path.name}", dcache.root / tmp_path.name
    quietly([make(first), make("sentinel")], to, write_catalog=True)
    before = files(folder)
    assert (folder / f"{MARKER}{first}").exists()
    for name in (NAME, f"{MARKER}{first}", f"{DAY}/{DAY}.json"):
        dcache.set_file(f"/{tmp_path.name}/{name}", locality="NEARLINE")
    again = quietly([make("sentinel"), make(first), make(first, "b")], to)
    assert (len(again.skipped), len(again.copied)) == (2, 1)
    assert files(folder) == before | {"b": FILES[first]}
    assert estimate([make(first)], "red", to).there == 1
    # Where there is no name either, it is said at once.
    (folder / f"{MARKER}{first}").unlink()
    with pytest.raises(OnTape, match="rsdat-copies"):
        copy_assets(make(first, "c"), "red", to, progress=False)


@pytest.mark.parametrize("trouble", [{"locality": "NEARLINE"}, {"forbidden": ["read"]}])
def test_a_folder_of_which_nobody_can_say_whose_it_is(
    make: Make, dcache: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Any
) -> None:
    """Its item fails, and the others go on; what is in it just so is not copied again."""
    monkeypatch.setattr(one, "FIRST_PAUSE_S", 0.0)
    to, folder = f"dcache:///{tmp_path.name}", dcache.root / tmp_path.name
    quietly([make("landsat"), make("landsat", "b"), make("landsat", "c")], to, write_catalog=True)
    for name in (NAME, f"{MARKER}landsat"):
        (folder / name).unlink()
    for id_ in (DAY, "b"):
        dcache.set_file(f"/{tmp_path.name}/{id_}/{id_}.json", **trouble)
    odd = make("sentinel")
    assert estimate([odd, make("sentinel", "d")], "red", to).missing == 1
    items = [odd, make("sentinel", "d"), make("sentinel", "c")]
    report = copy_assets(iter(items), "red", to, progress=False)
    assert [outcome.job.item for outcome in report.failed] == [DAY]
    assert "Whose copies" in str(report.failed[0].reason)
    assert (len(report.copied), files(folder)[DAY]) == (2, b"LANDSAT")
    # So they are where the note is on tape, which knew these folders.
    dcache.set_file(f"/{tmp_path.name}/{NAME}", locality="NEARLINE")
    assert (folder / f"{MARKER_AFTER}sentinel").exists()
    assert len(quietly([make("landsat", "b"), make("sentinel", "d")], to).skipped) == 2

    again = {"locality": "ONLINE"} if "locality" in trouble else {"forbidden": []}
    dcache.set_file(f"/{tmp_path.name}/{DAY}/{DAY}.json", **again)
    assert len(report.retry().copied) == 1
    assert files(folder)[DAY] == b"LANDSAT"
    assert files(folder)[f"sentinel~{DAY}"] == b"SENTIN2"


def test_the_note_of_the_faster_copy_counts(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two that begin at once one has the plain names."""
    from rsdat.stac.copying import owners

    to = tmp_path / "to"
    write = owners.write_bytes

    def late(*args: Any, **options: Any) -> None:
        monkeypatch.setattr(owners, "write_bytes", write)
        quietly(make("sentinel"), to)
        write(*args, **options)

    monkeypatch.setattr(owners, "write_bytes", late)
    quietly(make("landsat"), to)
    assert files(to) == {DAY: b"SENTIN2", f"landsat~{DAY}": b"LANDSAT"}
    assert json.loads((to / NAME).read_text())["plain"] == "sentinel"


def test_an_item_whose_source_changed(make: Make, tmp_path: Path) -> None:
    """In its own folder it is replaced, as ever."""
    to = tmp_path / "to"
    first = make("landsat")
    quietly(first, to)
    Path(first.assets["red"].href).write_bytes(b"LANDSAT, once more")
    quietly(first, to)
    assert files(to) == {DAY: b"LANDSAT, once more"}
    shutil.rmtree(to / DAY)
    (to / DAY).mkdir()
    quietly(first, to)
    assert files(to) == {DAY: b"LANDSAT, once more"}
