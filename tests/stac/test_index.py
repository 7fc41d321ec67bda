"""The index: what it finds, how it is kept and brought up to date, what broken catalogs cost."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.errors import DoorBroken, InvalidInput, NotFound
from rsdat.stac import items as stac_items
from rsdat.stac import open_index
from rsdat.stac.index import Index, parse_filter
from rsdat.stac.index.source import FsspecSource
from tests.support.stac_catalog import catalog, item, write, write_deep, write_flat

ALL = parse_filter()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An rsdat home of the test's own."""
    home = tmp_path / "rsdat-home"
    monkeypatch.setenv("RSDAT_HOME", str(home))
    return home


class Counting(FsspecSource):
    """Counts what is read, and fails where a test wants it to."""

    def __init__(self, href: str) -> None:
        super().__init__(href)
        self.reads: list[str] = []
        self.fails: dict[str, list[Exception]] = {}
        self.away = threading.Event()

    def read(self, href: str, stamp: str | None) -> tuple[bytes | None, str | None]:
        """As it is, or fails."""
        self.reads.append(href)
        self._fail(href)
        return super().read(href, stamp)

    def chunks(self, href: str) -> Iterator[bytes]:
        """As it is, or fails."""
        self._fail(href)
        return super().chunks(href)

    def _fail(self, href: str) -> None:
        if self.away.is_set():
            raise DoorBroken("the endpoint is away", code="unreachable")
        if waiting := self.fails.get(Path(href).name):
            raise waiting.pop(0)


def whole(path: Path, **options: Any) -> tuple[Index, Counting]:
    """An index that has read everything."""
    source = Counting(str(path))
    index = Index(str(path), source, **options)
    index.refresh()
    assert index.wait(60), index.failure
    return index, source


def ids(index: Index, **wanted: Any) -> set[str]:
    page = index.page(parse_filter(**wanted), limit=10**6)
    return {row["id"] for row in page["entries"]}


@pytest.mark.parametrize("make", [write_flat, write_deep])
def test_only_what_changed_is_read_again(tmp_path: Path, make: Any) -> None:
    path = make(tmp_path / "cat", 300)
    first, source = whole(path)
    # Reading a local file tells its stamp: nothing is read twice for it.
    assert len([href for href in source.reads if "scene-" in href]) == 300
    assert len({href for href in source.reads if "scene-" in href}) == 300
    assert first.kept_at == str(tmp_path / "cat" / "catalog.items.parquet")
    first.close()

    changed = next((tmp_path / "cat").rglob("scene-000007.json"))
    write(changed, item(7, platform="other"))
    next((tmp_path / "cat").rglob("scene-000008.json")).unlink()
    second, source = whole(path)
    read = [Path(href).name for href in source.reads if "scene-" in href]
    assert set(read) == {"scene-000007.json", "scene-000008.json"}
    assert second.by_id("scene-000007")[1]["properties"]["platform"] == "other"
    assert (second.page(ALL)["total"], len(second.problems)) == (299, 1)
    second.close()

    write(changed, item(7, platform="third"))
    third, source = whole(path)
    read = [Path(href).name for href in source.reads if "scene-" in href]
    assert set(read) == {"scene-000007.json", "scene-000008.json"}
    assert third.by_id("scene-000007")[1]["properties"]["platform"] == "third"
    third.close()


def test_a_small_catalog_has_no_file_put_beside_it(tmp_path: Path, home: Path) -> None:
    index, _ = whole(write_flat(tmp_path / "cat", 20))
    index.close()
    assert sorted(path.name for path in (tmp_path / "cat").iterdir()) == ["catalog.json", "items"]
    assert not home.exists()


def test_where_beside_is_read_only_it_is_kept_at_home(tmp_path: Path, home: Path) -> None:
    class ReadOnly(Counting):
        def upload(self, path: Path, href: str) -> None:
            raise PermissionError(13, "Permission denied", href)

    path = write_flat(tmp_path / "cat", 250)
    for opened in range(2):
        source = ReadOnly(str(path))
        index = Index(str(path), source)
        index.refresh()
        assert index.wait(60)
        (kept,) = (home / "stac").glob("*.parquet")
        assert index.kept_at == str(kept) or opened
        assert (len(source.reads) < 100) == bool(opened)
        index.close()
    assert not list((tmp_path / "cat").glob("*.parquet"))


def test_a_damaged_file_is_no_failure(tmp_path: Path) -> None:
    path = write_flat(tmp_path / "cat", 250)
    first, _ = whole(path)
    first.close()
    kept = tmp_path / "cat" / "catalog.items.parquet"
    kept.write_bytes(kept.read_bytes()[:-100])
    second, source = whole(path)
    assert second.page(ALL)["total"] == 250
    assert len(source.reads) >= 250
    second.close()


def test_others_read_the_kept_file(tmp_path: Path) -> None:
    import geopandas
    import pyarrow.parquet as pq
    from stac_geoparquet.arrow import stac_table_to_items

    index, _ = whole(write_deep(tmp_path / "cat", 220))
    index.close()
    path = tmp_path / "cat" / "catalog.items.parquet"
    frame = geopandas.read_parquet(path)
    assert len(frame) == 220
    assert frame.crs.to_string() == "OGC:CRS84"
    row = frame[frame.id == "scene-000003"].iloc[0]
    assert row.geometry.bounds == (-167.0, -80.0, -166.5, -79.5)
    assert row["eo:cloud_cover"] == 3
    found = {each["id"]: each for each in stac_table_to_items(pq.read_table(path))}
    wanted = item(3)
    assert found["scene-000003"]["assets"]["red"]["href"] == wanted["assets"]["red"]["href"]
    assert found["scene-000003"]["bbox"] == wanted["bbox"]
    assert found["scene-000003"]["properties"]["datetime"].startswith("2024-01-04T10:00:00")


def test_many_writers_leave_a_whole_file(tmp_path: Path) -> None:
    path = write_flat(tmp_path / "cat", 400)
    indexes = [Index(str(path), Counting(str(path))) for _ in range(6)]
    for index in indexes:
        index.refresh()
    for index in indexes:
        assert index.wait(120), index.failure
        index.close()
    assert [each.name for each in (tmp_path / "cat").iterdir() if each.is_file()] in (
        ["catalog.items.parquet", "catalog.json"],
        ["catalog.json", "catalog.items.parquet"],
    )
    again, source = whole(path)
    assert source.reads == []
    again.close()


def test_rows_are_there_before_all_are(tmp_path: Path) -> None:
    path = write_flat(tmp_path / "cat", 200)
    gate = threading.Event()

    class Held(Counting):
        def read(self, href: str, stamp: str | None) -> tuple[bytes | None, str | None]:
            if "scene-000199" in href:
                gate.wait(30)
            return super().read(href, stamp)

    told = threading.Semaphore(0)
    index = Index(str(path), Held(str(path)), changed=told.release)
    index.refresh()
    assert told.acquire(timeout=30)
    page = index.page(ALL, "id", limit=5)
    assert not page["complete"]
    ids = [each["id"] for each in page["entries"]]
    assert ids
    assert ids == sorted(ids)
    assert "scene-000199" not in {each["id"] for each in index.page(ALL, limit=200)["entries"]}
    gate.set()
    assert index.wait(30)
    assert index.page(ALL)["total"] == 200
    index.close()


def test_broken_and_odd_catalogs(tmp_path: Path) -> None:
    folder = tmp_path / "cat"
    names = ["good", "broken", "a #1? é%41", "bare", "no-links", "not an item", "nothing"]
    write(folder / "good.json", item(1))
    write(folder / "broken.json", '{"type": "Feature", ')
    write(folder / "a #1? é%41.json", item(2))
    bare = {**item(3), "geometry": None, "properties": {}, "assets": None}
    del bare["bbox"]
    write(folder / "bare.json", bare)
    no_links = item(4)
    del no_links["links"]
    write(folder / "no-links.json", no_links)
    write(folder / "not an item.json", [1, 2])
    value = catalog("odd", [f"./{name}.json" for name in names])
    value["links"] += [
        "no link",
        {"rel": "item"},
        {"rel": "child", "href": "./catalog.json"},
        {"rel": "child", "href": "sub/catalog.json"},
        {"rel": "child", "href": "lost/catalog.json"},
    ]
    write(folder / "catalog.json", value)
    # A circle, and an item that two catalogs name.
    write(
        folder / "sub" / "catalog.json",
        catalog("sub", ["../good.json"], ["../catalog.json", "./catalog.json"]),
    )
    index, _ = whole(folder / "catalog.json")
    assert ids(index) == {f"scene-{n:06}" for n in (1, 2, 3, 4)}
    told = {Path(each.href or "").name: each.message for each in index.problems}
    assert set(told) == {"broken.json", "not an item.json", "nothing.json", "catalog.json"}
    row = index.page(parse_filter(text="000003"))["entries"][0]
    assert (row["datetime"], row["bbox"], row["assets"]) == (None, None, [])
    assert index.page(ALL)["entries"][-1]["id"] == "scene-000003"  # without a time: last
    assert index.footprints(ALL)["total"] == 3
    index.close()


def test_a_failing_request_is_tried_again(tmp_path: Path) -> None:
    path = write_flat(tmp_path / "cat", 100)
    source = Counting(str(path))
    # Every twentieth fails once, and one for good.
    for number in range(0, 100, 20):
        source.fails[f"scene-{number:06}.json"] = [TimeoutError("slow")]
    source.fails["scene-000070.json"] = [DoorBroken("no answer")] * 3
    index = Index(str(path), source)
    index.refresh()
    assert index.wait(60)
    assert index.page(ALL)["total"] == 99
    assert [(Path(p.href or "").name, p.message) for p in index.problems] == [
        ("scene-000070.json", "no answer")
    ]
    index.refresh()
    assert index.wait(60)
    assert (index.page(ALL)["total"], len(index.problems)) == (100, 0)
    index.close()


def test_an_endpoint_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    path = write_flat(tmp_path / "cat", 400)

    class Leaving(Counting):
        def read(self, href: str, stamp: str | None) -> tuple[bytes | None, str | None]:
            if len(self.reads) == 150:
                self.away.set()
            return super().read(href, stamp)

    source = Leaving(str(path))
    said = threading.Event()
    index: Index

    def changed() -> None:
        if index.failure is not None:
            said.set()

    index = Index(str(path), source, changed=changed, patience_s=(0.2,) * 50)
    index.refresh()
    assert said.wait(60)
    assert 50 < index.page(ALL)["total"] < 400
    assert not index.complete
    assert "the endpoint is away" in (index.failure.message if index.failure else "")
    before = len(source.reads)
    source.away.clear()
    source.reads += ["-"] * 200  # never again
    assert index.wait(60)
    assert index.failure is None
    assert index.page(ALL)["total"] == 400
    # What was read before is not read again, but for the first few.
    assert len(source.reads) - 200 - before < 400
    index.close()


def test_a_catalog_that_changes_while_it_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "cat"
    path = write_flat(folder, 100)

    class Changing(Counting):
        def read(self, href: str, stamp: str | None) -> tuple[bytes | None, str | None]:
            if href.endswith("scene-000020.json"):
                write(folder / "items" / "scene-000099.json", item(99, platform="new"))
                (folder / "items" / "scene-000098.json").unlink(missing_ok=True)
            return super().read(href, stamp)

    index = Index(str(path), Changing(str(path)))
    index.refresh()
    assert index.wait(60)
    assert index.page(ALL)["total"] in (99, 100)
    index.refresh()
    assert index.wait(60)
    assert index.page(ALL)["total"] == 99
    assert index.by_id("scene-000099")[1]["properties"]["platform"] == "new"
    index.close()


@pytest.mark.parametrize("name", ["items.json", "items.geojson"])
def test_an_item_collection_file(tmp_path: Path, name: str) -> None:
    features = [item(n) for n in range(300)]
    features[5] = {"type": "Feature"}
    path = write(tmp_path / name, {"features": features, "type": "FeatureCollection"})
    index, source = whole(path)
    assert (index.page(ALL)["total"], len(index.problems)) == (299, 1)
    assert index.page(ALL, "id")["entries"][0]["href"] == f"{path}#scenes:scene-000000"
    index.close()
    again, source = whole(path)
    assert again.page(ALL)["total"] == 299
    assert source.reads == []
    again.close()
    write(path, {"type": "FeatureCollection", "features": features[:3]})
    third, _ = whole(path)
    assert ids(third) == {"scene-000000", "scene-000001", "scene-000002"}
    third.close()


def test_a_stac_geoparquet_file(tmp_path: Path) -> None:
    from stac_geoparquet.arrow import parse_stac_items_to_arrow, to_parquet

    path = tmp_path / "theirs.parquet"
    to_parquet(parse_stac_items_to_arrow([item(n) for n in range(40)]), str(path))
    index, _ = whole(path)
    assert index.page(ALL)["total"] == 40
    assert index.by_id("scene-000003")[1]["assets"]["red"]["title"] == "Red"
    index.close()


def test_what_is_no_catalog(tmp_path: Path) -> None:
    bad: Sequence[tuple[Any, type[Exception]]] = (
        ("{", InvalidInput),
        ([1], InvalidInput),
        ({"type": "Polygon"}, InvalidInput),
        ({"type": "Catalog", "id": "api", "conformsTo": [], "links": []}, InvalidInput),
    )
    for value, kind in bad:
        index = open_index(write(tmp_path / "bad.json", value))
        assert not index.wait(30)
        assert isinstance(index.failure, kind)
        index.close()
    with pytest.raises(NotFound, match="no catalog"):
        stac_items(tmp_path / "nothing.json")


def test_items_for_notebooks(tmp_path: Path) -> None:
    path = write_deep(tmp_path / "cat", 30)
    found = stac_items(path, ids=["scene-000003", "scene-000004"])
    assert [each.id for each in found] == ["scene-000004", "scene-000003"]  # the latest first
    place = tmp_path / "cat" / "scenes" / "scene-000004"
    assert found[0].assets["red"].href == str(place / "scene-000004-red.tif")
    assert found[0].get_self_href() == str(place / "scene-000004.json")
    assert len(stac_items(path, bbox=(-170, -90, -167.1, 90))) == 3
    assert len(stac_items(path, datetime="2024-01-01/2024-01-02", text="SCENE")) == 2
    assert json.dumps(found[0].to_dict())


def test_items_of_one_id_in_two_collections(tmp_path: Path) -> None:
    path = write(tmp_path / "catalog.json", catalog("both", ["./a/one.json", "./b/one.json"]))
    for name in ("a", "b"):
        write(tmp_path / name / "one.json", item(1, collection=name))
    wanted: dict[str, Any] = {"ids": ["scene-000001"], "collection": "b"}
    found = stac_items(path, **wanted)
    assert [each.collection_id for each in found] == ["b"]
    assert [each.collection_id for each in stac_items(stac_items(path), **wanted)] == ["b"]
    assert len(stac_items(path, ids=["scene-000001"])) == 2


def test_items_at_hand_are_narrowed_by_the_same_rules(tmp_path: Path) -> None:
    path = write_deep(tmp_path / "cat", 30)
    all_of_them = stac_items(path)
    wanted: list[dict[str, Any]] = [
        {},
        {"ids": ["scene-000003", "scene-000004"]},
        {"bbox": (-170, -90, -167.1, 90)},
        {"bbox": (179, -90, -169, 90)},
        {"datetime": "2024-01-01/2024-01-02", "text": "SCENE"},
        {"text": "none of them"},
    ]
    for like in wanted:
        found = stac_items(reversed(all_of_them), **like)
        assert [each.id for each in found] == [each.id for each in stac_items(path, **like)], like
        assert all(each in all_of_them for each in found)  # themselves, not copies
    # Without an address each is one of its own; with the same the later counts.
    nowhere = [each.clone() for each in all_of_them[:2]]
    for each in nowhere:
        each.set_self_href(None)
    assert len(stac_items([*nowhere, *nowhere])) == 4
    assert len(stac_items(all_of_them * 2)) == 30


def test_a_single_item(tmp_path: Path) -> None:
    assert [each.id for each in stac_items(write(tmp_path / "one.json", item(1)))] == [
        "scene-000001"
    ]


@pytest.mark.parametrize(("rel", "times"), [("via", 1), ("child", 2)])
def test_a_single_item_is_read_once_and_keeps_its_links(
    tmp_path: Path, rel: str, times: int
) -> None:
    """Once more only where one of its links was taken for one of a catalog."""
    value = {**item(1), "links": [{"rel": rel, "href": "./other.json"}]}
    path = str(write(tmp_path / "one.json", value))
    opened: list[str] = []

    class Opened(Counting):
        def chunks(self, href: str) -> Iterator[bytes]:
            opened.append(href)
            return super().chunks(href)

    index = Index(path, Opened(path))
    index.refresh()
    assert index.wait(30), index.failure
    (kept,) = index.page(ALL)["entries"]
    assert kept["id"] == "scene-000001"
    assert opened.count(path) == times
    (found,) = stac_items(path)
    assert [each.rel for each in found.links if each.rel == rel] == [rel]
    index.close()


def test_a_catalog_in_dcache(dcache: Any, tmp_path: Path) -> None:
    folder: Path = dcache.root / "index-test"
    write_deep(folder, 210)
    href = "dcache:///index-test/catalog.json"
    index = open_index(href)
    assert index.wait(100), index.failure
    assert index.kept_at == "dcache://index-test/catalog.items.parquet"
    index.close()
    assert (folder / "catalog.items.parquet").stat().st_size > 1000
    write(folder / "scenes" / "scene-000100" / "scene-000100.json", item(100, platform="new"))
    (changed,) = stac_items(href, ids=["scene-000100"])
    assert changed.properties["platform"] == "new"
