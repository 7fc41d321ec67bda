"""Items after a copy: by several copies at once, of many in one file, and what retry does."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pystac
import pytest

from rsdat.stac import io, items, read_catalog
from rsdat.stac.copying import copy_assets, estimate, estimating, plan
from rsdat.stac.copying.places import Places
from rsdat.stac.copying.plan import read_address
from rsdat.stac.copying.running import run
from tests.support.copies import item
from tests.support.door import Door


def quietly(items: Any, keys: Any, to: Any, **options: Any) -> Any:
    return copy_assets(items, keys, str(to), progress=False, **options)


def saved(tmp_path: Path, count: int, keys: tuple[str, ...] = ("red",)) -> Path:
    """A catalog of items, each with a file for each key."""
    catalog = pystac.Catalog("c", "d")
    (tmp_path / "files").mkdir()
    for n in range(count):
        for key in keys:
            (tmp_path / f"files/{key}{n}.tif").write_text(f"{key} {n}")
        catalog.add_item(
            item(f"i{n}", {key: str(tmp_path / f"files/{key}{n}.tif") for key in keys})
        )
    catalog.normalize_and_save(str(tmp_path / "cat"), pystac.CatalogType.SELF_CONTAINED)
    return tmp_path / "cat/catalog.json"


@pytest.mark.parametrize("old", [None, b"0"])
@pytest.mark.parametrize("place", ["local", "dcache", "memory"])
def test_who_writes_meanwhile_loses_nothing(
    dcache: Door, tmp_path: Path, place: str, old: bytes | None
) -> None:
    """The other one writes between our look and our writing."""
    memory = fsspec.filesystem("memory")
    name = f"/{secrets.token_hex(6)}.json"
    path = (dcache.root if place == "dcache" else tmp_path) / name[1:]
    href = str(path) if place == "local" else f"{place}://{name}"

    def write(data: bytes) -> None:
        if place == "memory":
            memory.pipe_file(name, data)
        else:
            # Another file, as whoever writes makes one.
            (path.parent / "other").write_bytes(data)
            (path.parent / "other").replace(path)

    if old is not None:
        write(old)
    seen: list[bytes | None] = []

    def change(found: bytes | None) -> bytes:
        seen.append(found)
        if len(seen) == 1:
            write(b"theirs")
        return (found or b"") + b" ours"

    async def work() -> None:
        await Places().change(href, change, target=True)

    run(work())
    assert seen == [old, b"theirs"]
    assert fsspec.filesystem(place).cat_file(href) == b"theirs ours"


def test_a_file_that_need_not_change_is_not_locked(tmp_path: Path) -> None:
    for _ in range(2):
        run(Places().change(str(tmp_path / "a/b"), lambda _: b"x", target=True))
    assert [each.name for each in (tmp_path / "a").iterdir()] == ["b"]


@pytest.mark.parametrize("way", ["write_catalog", "update_catalog"])
def test_two_copies_of_one_catalog_at_once(tmp_path: Path, way: str) -> None:
    """Of other assets: each item has the new addresses of both."""
    catalog = saved(tmp_path, 40, ("red", "blue"))
    reports: list[Any] = []
    threads = [
        threading.Thread(
            target=lambda key=key: reports.append(  # type: ignore[misc]
                quietly(str(catalog), key, tmp_path / "to", **{way: True})
            )
        )
        for key in ("red", "blue")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [report.ok for report in reports] == [True, True]
    found = read_catalog(tmp_path / "to/catalog.json" if way == "write_catalog" else catalog)
    hrefs = [
        asset.get_absolute_href() for each in found.get_items() for asset in each.assets.values()
    ]
    assert len(hrefs) == 80
    assert all(str(href).startswith(f"{tmp_path}/to/") for href in hrefs)


@pytest.mark.parametrize("beside", [True, False])
def test_saving_items_leaves_one_lock(tmp_path: Path, beside: bool) -> None:
    """In a folder each, or all in one."""
    saved(tmp_path, 5)
    found = list(read_catalog(tmp_path / "cat/catalog.json").get_items())
    if beside:
        for each in found:
            old = Path(str(each.get_self_href()))
            old.rename(tmp_path / f"cat/{old.name}")
            each.set_self_href(str(tmp_path / f"cat/{old.name}"))
    before = {path for path in (tmp_path / "cat").rglob("*") if path.is_file()}
    assert quietly(found, "red", tmp_path / "to", update_catalog=True).ok
    after = {path for path in (tmp_path / "cat").rglob("*") if path.is_file()}
    assert [path.parent for path in after - before] == [tmp_path / "cat"]
    assert all(f"{tmp_path}/to/" in Path(str(each.get_self_href())).read_text() for each in found)


def test_a_lock_is_where_all_may_have_it_who_may_write(tmp_path: Path) -> None:
    """Above an item's folder fewer people may."""
    saved(tmp_path, 1)
    (tmp_path / "cat/i0").chmod(0o775)
    (tmp_path / "cat").chmod(0o755)
    assert quietly(str(tmp_path / "cat/catalog.json"), "red", tmp_path / "to", update_catalog=True)
    assert sorted(path.name for path in (tmp_path / "cat").iterdir()) == ["catalog.json", "i0"]
    assert len(list((tmp_path / "cat/i0").iterdir())) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.update(id=7),
        lambda found: found.update(collection="of somebody"),
        lambda found: found.update(collection=5),
    ],
)
@pytest.mark.parametrize("way", ["address", "items", "another collection"])
def test_an_item_of_its_own_file_is_saved_whatever_its_id(
    tmp_path: Path, change: Callable[[dict[str, Any]], Any], way: str
) -> None:
    """In memory it may have another one, and another collection."""
    catalog, path = saved(tmp_path, 1), tmp_path / "cat/i0/i0.json"
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))
    source: Any = str(catalog)
    if way != "address":
        source = items(catalog)
    if way == "another collection":
        extent = pystac.Extent(
            pystac.SpatialExtent([[0, 0, 1, 1]]), pystac.TemporalExtent([[None, None]])
        )
        pystac.Collection("mine", "d", extent).add_items(source)
    assert quietly(source, "red", tmp_path / "to", update_catalog=True).ok
    href = json.loads(path.read_text())["assets"]["red"]["href"]
    assert href.startswith(f"{tmp_path}/to/")


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Items in one file, one value of which is none."""
    catalog = read_catalog(saved(tmp_path, 3))
    features: list[Any] = [each.to_dict() for each in catalog.get_items()]
    for each in features:
        each["links"] = []
    path = tmp_path / "cat/found.json"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": [*features[:1], 5, *features[1:]]})
    )
    return path


def test_items_of_one_file_get_their_addresses_there(collection: Path, tmp_path: Path) -> None:
    report = quietly(str(collection), "red", tmp_path / "to", update_catalog=True)
    assert (len(report.copied), len(report.failed), report.problems) == (3, 1, {})
    assert "feature 2: This is no STAC item" in str(report)
    features = json.loads(collection.read_text())["features"]
    assert features.pop(1) == 5
    assert [each["assets"]["red"]["href"] for each in features] == [
        f"{tmp_path}/to/i{n}/red{n}.tif" for n in range(3)
    ]
    # What is no item is none the next time either.
    assert [each.code for each in report.retry().failed] == ["not_stac"]


@pytest.mark.parametrize("change", [{"id": 1}, {"collection": "of somebody"}, {"id": None}])
def test_items_of_one_file_are_found_by_what_is_left_of_their_ids(
    collection: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    value = json.loads(collection.read_text())
    value["features"][2].update(change)
    collection.write_text(json.dumps(value))
    found = [each for each in read_address(str(collection)) if isinstance(each, pystac.Item)]
    for each in found:
        each.collection_id = "mine"
    assert quietly(found, "red", tmp_path / "to", update_catalog=True).ok
    features = json.loads(collection.read_text())["features"]
    hrefs = [each["assets"]["red"]["href"] for each in features if each != 5]
    assert all(href.startswith(f"{tmp_path}/to/") for href in hrefs)


def test_an_item_that_is_no_more_in_its_file_is_told(collection: Path, tmp_path: Path) -> None:
    found = [each for each in read_address(str(collection)) if isinstance(each, pystac.Item)]
    value = json.loads(collection.read_text())
    value["features"].pop(2)
    collection.write_text(json.dumps(value))
    report = quietly(found, "red", tmp_path / "to", update_catalog=True)
    assert len(report.copied) == 3
    assert "has no item 'i1'" in str(report)
    assert not report.ok
    features = json.loads(collection.read_text())["features"]
    hrefs = [each["assets"]["red"]["href"] for each in features if each != 5]
    assert all(href.startswith(f"{tmp_path}/to/") for href in hrefs)


def test_one_of_a_list_that_is_no_item(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    items = ["nonsense", item("i", {"a": str(tmp_path / "a")}), {"type": "Feature"}]
    report = quietly(items, "a", tmp_path / "to")
    assert (len(report.copied), len(report.failed)) == (1, 2)


@pytest.mark.parametrize("again", ["there", "not there"])
def test_retry_reads_items_that_could_not_be_read(tmp_path: Path, again: str) -> None:
    catalog = saved(tmp_path, 3)
    lost, away = tmp_path / "cat/i1/i1.json", tmp_path / "away"
    lost.rename(away)
    report = quietly(str(catalog), "red", tmp_path / "to", write_catalog=True)
    assert (len(report.copied), len(report.failed)) == (2, 1)
    if again == "there":
        away.rename(lost)
    second = report.retry()
    assert (len(second.copied), second.ok) == ((1, True) if again == "there" else (0, False))
    there = read_catalog(tmp_path / "to/catalog.json").get_items()
    assert len(list(there)) == (3 if again == "there" else 2)


def test_retry_saves_items_that_could_not_be_saved(tmp_path: Path) -> None:
    catalog = saved(tmp_path, 2)
    (tmp_path / "to/i1/i1.json").mkdir(parents=True)
    report = quietly(str(catalog), "red", tmp_path / "to", write_catalog=True)
    assert (len(report.copied), len(report.problems)) == (2, 1)
    assert report.retry().problems
    (tmp_path / "to/i1/i1.json").rmdir()
    second = report.retry()
    assert (second.ok, second.copied) == (True, [])
    assert len(list(read_catalog(tmp_path / "to/catalog.json").get_items())) == 2


def note_what_is_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses of what is read of catalogs."""
    asked: list[str] = []
    for module in (io, plan):
        real: Callable[..., str] = module.read_text  # type: ignore[attr-defined]

        def noted(href: str, owner: Any = None, real: Callable[..., str] = real) -> str:
            asked.append(href)
            return real(href, owner)

        monkeypatch.setattr(module, "read_text", noted)
    return asked


def test_an_estimate_of_many_reads_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = saved(tmp_path, 30)
    asked = note_what_is_read(monkeypatch)
    monkeypatch.setattr(estimating, "MOST_ITEMS", 5)
    for source in (str(catalog), read_catalog(catalog)):
        asked.clear()
        found = estimate(source, "red", str(tmp_path / "to"))
        assert (found.items, found.files, found.sampled) == (30, 30, True)
        assert len({href for href in asked if href.endswith(".json")} - {str(catalog)}) == 5
