"""The index among odd items, odd files and odd moments: none of them costs the others."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.errors import DoorBroken, InvalidInput, NoSpace, Refused
from rsdat.stac import open_index
from rsdat.stac.index import Index, parse_filter, query
from rsdat.stac.index import index as index_module
from rsdat.stac.index import kept as kept_module
from rsdat.stac.index import source as source_module
from rsdat.stac.index import walk as walk_module
from rsdat.stac.index.features import LARGE_BYTES, Document, parsed
from rsdat.stac.index.footprint import box_of, rings_of
from rsdat.stac.index.row import NO_TIME, box_from, row_of, to_ms
from rsdat.stac.index.source import FsspecSource
from rsdat.stac.index.spool import Spool
from rsdat.stac.index.web import WebSource
from tests.support.stac_catalog import catalog, item, write, write_deep, write_flat
from tests.support.web import web

ALL = parse_filter()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An rsdat home of the test's own."""
    home = tmp_path / "rsdat-home"
    monkeypatch.setenv("RSDAT_HOME", str(home))
    return home


class Failing(FsspecSource):
    """Fails where a test wants it to: before the read of an address, which may count them."""

    def __init__(self, href: str, fail: Callable[[str, int], None]) -> None:
        super().__init__(href)
        self.counts: dict[str, int] = {}
        self._fail = fail
        self._lock = threading.Lock()

    def read(self, href: str, stamp: str | None) -> tuple[bytes | None, str | None]:
        """As it is, or fails."""
        with self._lock:
            count = self.counts[href] = self.counts.get(href, 0) + 1
        self._fail(Path(href).name, count)
        return super().read(href, stamp)


def whole(path: Path, source: Any = None, **options: Any) -> Index:
    """An index that has read everything."""
    index = Index(str(path), source or FsspecSource(str(path)), **options)
    index.refresh()
    assert index.wait(60), index.failure
    return index


def reads(path: Path) -> tuple[Index, Failing]:
    """An index, and what it read."""
    source = Failing(str(path), lambda _name, _count: None)
    return whole(path, source), source


# ------------------------------------------------------------------ what is told


def test_an_item_that_was_read_in_the_end_is_no_problem(tmp_path: Path) -> None:
    """As on dCache: the first 64 are read before their stamps are known, and again with them."""
    failed = threading.Event()

    class Late(FsspecSource):
        def tells(self, href: str) -> bool:
            return False

        def read(self, href: str, stamp: str | None) -> tuple[bytes | None, str | None]:
            if href.endswith("scene-000003.json"):
                if stamp is None:
                    failed.set()
                    raise FileNotFoundError(2, "not yet", href)
                failed.wait(30)
            return super().read(href, stamp)

    path = write_flat(tmp_path / "cat", 100)
    index = whole(path, Late(str(path)), keep=False)
    assert failed.is_set()
    assert index.page(ALL)["total"] == 100
    assert (list(index.problems), index.summary(ALL)["problems_total"]) == ([], 0)
    index.close()


def test_a_broken_item_is_told_once(tmp_path: Path) -> None:
    path = write_flat(tmp_path / "cat", 100)
    write(tmp_path / "cat" / "items" / "scene-000003.json", "{")
    index = whole(path, keep=False)
    summary = index.summary(ALL)
    assert (summary["total"], summary["problems_total"], len(summary["problems"])) == (99, 1, 1)
    index.close()


def test_a_collection_file_that_was_not_read_again_has_its_problems(tmp_path: Path) -> None:
    features = [item(1), {"type": "Feature"}]
    path = write(tmp_path / "items.json", {"type": "FeatureCollection", "features": features})
    index = whole(path)
    index.refresh()
    assert index.wait(30)
    assert (index.page(ALL)["total"], len(index.problems)) == (1, 1)
    index.close()


def test_problems_are_told_while_the_rest_is_read(tmp_path: Path) -> None:
    gate = threading.Event()
    path = write_flat(tmp_path / "cat", 200)
    write(tmp_path / "cat" / "items" / "scene-000003.json", "{")

    def fail(name: str, _count: int) -> None:
        if name == "scene-000199.json":
            gate.wait(30)

    index = Index(str(path), Failing(str(path), fail), keep=False)
    index.refresh()
    end_s = time.monotonic() + 30
    while not (told := index.summary(ALL))["problems_total"] and time.monotonic() < end_s:
        threading.Event().wait(0.01)
    assert (told["problems_total"], told["complete"]) == (1, False)
    gate.set()
    assert index.wait(30)
    index.close()


def test_a_signature_is_not_told() -> None:
    with web() as site:
        site.json("/catalog.json", {"type": "Polygon"})
        index = Index(f"{site.url}/catalog.json?sig=secret", WebSource(), keep=False)
        index.refresh()
        assert not index.wait(30)
        assert isinstance(index.failure, InvalidInput)
        assert "secret" not in index.failure.message
        index.close()


def test_a_bug_is_a_failure_and_no_endless_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(walk_module.Walk, "run", broken)
    index = open_index(write_flat(tmp_path / "cat", 1))
    assert not index.wait(30)
    assert isinstance(index.failure, DoorBroken)
    index.close()


def test_a_full_disk_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Spool, "add", full)
    index = open_index(write_flat(tmp_path / "cat", 1))
    assert not index.wait(30)
    assert isinstance(index.failure, NoSpace)
    index.close()


# ------------------------------------------------------------------ odd items

HUGE = 10**400
ODD: list[dict[str, Any]] = [
    {"bbox": [HUGE, 0, 1, 1]},
    {"geometry": {"type": "Point", "coordinates": [HUGE, 0]}},
    {"properties": {"datetime": "0001-01-01T00:00:00+14:00"}},
    {"properties": {"datetime": "9999-12-31T23:59:59-12:00"}},
    {"properties": {"datetime": "2024-01-01T00:00:00Z", "eo:cloud_cover": HUGE}},
    {"properties": {"datetime": "2024-01-01T00:00:00Z", "list": [1.5, HUGE]}},
    {"properties": {"datetime": "2024-01-01T00:00:00Z", "text": "\ud800"}},
    {"id": "half \ud800 letter"},
    {"assets": {"\udfff": {"href": "a.tif", "title": "\ud800", "roles": ["\ud800"]}}},
    {"assets": {"thumbnail": {"href": "http://[bad/t.png", "type": "image/png"}}},
    {"links": [{"rel": "x", "href": "\ud800"}], "stac_extensions": ["\ud800"]},
]


def test_odd_items_cost_no_page_and_no_keeping(tmp_path: Path) -> None:
    def make(number: int) -> dict[str, Any]:
        return {**item(number), **(ODD[number] if number < len(ODD) else {})}

    folder = tmp_path / "cat"
    for number in range(220):
        write(folder / "items" / f"{number}.json", make(number))
    path = write(folder / "catalog.json", catalog("odd", [f"items/{n}.json" for n in range(220)]))
    for _ in range(2):
        index = whole(path)
        assert list(index.problems) == []
        for sort in ("-datetime", "id", "cloud_cover", "collection"):
            assert index.page(ALL, sort, limit=1000)["total"] == 220
        assert index.page(parse_filter(text="HALF"))["total"] == 1
        assert index.summary(ALL)["interval"][0] == "2024-01-01T00:00:00Z"
        json.dumps(index.footprints(ALL))
        assert index.kept_at == str(folder / "catalog.items.parquet")
        index.close()


def test_times_beyond_all_calendars_are_none() -> None:
    assert to_ms("0001-01-01T00:00:00+14:00") == NO_TIME
    assert to_ms("0001-01-01T00:00:00Z") != NO_TIME


@pytest.mark.parametrize(
    ("bbox", "box"),
    [
        ([0, -90, 360, 90], (-180, -90, 180, 90)),
        ([350, 0, 355, 1], (-10, 0, -5, 1)),
        ([170, 0, 190, 1], (170, 0, -170, 1)),
        ([-190, 0, -170, 1], (170, 0, -170, 1)),
        ([180, 0, 200, 1], (-180, 0, -160, 1)),
        ([300, 0, 360, 1], (-60, 0, 0, 1)),
        ([170, 0, 180, 1], (170, 0, 180, 1)),
    ],
)
def test_longitudes_beyond_180(bbox: list[float], box: tuple[float, ...]) -> None:
    """Climate data count from 0 to 360."""
    assert box_from(bbox) == box
    west, south, east, north = bbox
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    rings = rings_of({"type": "Polygon", "coordinates": [ring]})
    assert all(-180 <= x <= 180 for each in rings for x, _ in each)
    assert box_of(rings) == box


def test_a_large_number_of_links_is_parsed_one_by_one() -> None:
    """Parsed at once they would stop the server for a tenth of a second."""
    value = catalog("large", [f"./{n}.json" for n in range(20_000)], title="é")
    data = json.dumps(value).encode()
    assert len(data) > LARGE_BYTES
    assert parsed(data) == value
    rest = parsed(data, lambda link: link.get("rel") == "item")
    assert rest == {**value, "links": [each for each in value["links"] if each["rel"] != "item"]}
    ticks: list[float] = []
    document = Document([data])
    seen = document._value

    def counted() -> Any:
        ticks.append(time.perf_counter())
        return seen()

    document._value = counted  # type: ignore[method-assign]
    assert list(document.features()) == []
    assert len(ticks) > 20_000


# ------------------------------------------------------------------ odd files


def test_what_is_too_large_is_no_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link may lead to a raster of 10 GB."""
    monkeypatch.setattr(source_module, "MOST_BYTES", 10_000)
    path = write_flat(tmp_path / "cat", 3)
    write(tmp_path / "cat" / "items" / "scene-000001.json", " " * 10_001)
    index = whole(path)
    (problem,) = index.problems
    assert "larger than" in problem.message
    assert index.page(ALL)["total"] == 2
    index.close()
    with pytest.raises(Refused):
        source_module.joined(iter([b"x" * 6000, b"x" * 6000]), "x")


def test_somebody_else_s_file_is_not_replaced(tmp_path: Path, home: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = write_flat(tmp_path / "cat", 250)
    theirs = tmp_path / "cat" / "catalog.items.parquet"
    pq.write_table(pa.table({"id": ["mine"]}), theirs)
    before = theirs.read_bytes()
    for opened in range(2):
        index, source = reads(path)
        assert index.kept_at == str(next((home / "stac").glob("*.parquet")))
        assert bool(source.counts) == (not opened)
        index.close()
    assert theirs.read_bytes() == before


def test_the_index_of_another_catalog_is_not_taken(tmp_path: Path) -> None:
    """`a.json` and `a.geojson` have one name for what is kept of them."""
    folder = tmp_path / "cat"
    path = write_flat(folder, 250).rename(folder / "a.json")
    whole(path).close()
    other = folder / "a.geojson"
    features = [item(1000 + n) for n in range(3)]
    write(other, {"type": "FeatureCollection", "features": features})
    gate = threading.Event()

    class Held(FsspecSource):
        def chunks(self, href: str) -> Iterator[bytes]:
            if href.endswith(".geojson"):
                gate.wait(30)
            return super().chunks(href)

    index = Index(str(other), Held(str(other)))
    index.refresh()
    assert not index.wait(1)
    assert index.page(ALL)["total"] == 0
    gate.set()
    assert index.wait(30)
    assert index.page(ALL)["total"] == 3
    index.close()


@pytest.mark.parametrize("column", ["start", "rings", "points", "href"])
def test_a_kept_file_that_does_not_fit_is_not_taken(tmp_path: Path, column: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = write_flat(tmp_path / "cat", 250)
    whole(path).close()
    kept = tmp_path / "cat" / "catalog.items.parquet"
    table = pq.read_table(kept)
    ours = table["rsdat"].combine_chunks()
    parts = {field.name: ours.field(field.name) for field in ours.type}
    parts[column] = pa.nulls(len(ours), parts[column].type)
    ours = pa.StructArray.from_arrays(list(parts.values()), list(parts))
    at = table.schema.get_field_index("rsdat")
    pq.write_table(table.set_column(at, table.schema.field("rsdat"), ours), kept)
    index, source = reads(path)
    assert len(source.counts) == 250
    assert index.page(ALL, limit=1000)["total"] == 250
    assert index.summary(ALL)["total"] == 250
    index.close()


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even while it is open: a process may be killed."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    path = write_flat(tmp_path / "cat", 250)
    whole(path).close()
    index = whole(path)
    assert list(temporary.iterdir()) == []
    assert index.by_id("scene-000249")
    index.close()


# ------------------------------------------------------------------ odd moments


def test_an_endpoint_that_is_away_is_soon_known_to_be(tmp_path: Path) -> None:
    """Each try may take its timeout: few are made in vain."""
    path = write_flat(tmp_path / "cat", 600)
    tries: list[str] = []

    def fail(name: str, _count: int) -> None:
        if len(source.counts) > 150:
            tries.append(name)
            raise DoorBroken("the endpoint is away")

    source = Failing(str(path), fail)
    index = Index(str(path), source, keep=False, patience_s=())
    index.refresh()
    assert not index.wait(60)
    assert isinstance(index.failure, walk_module.Away)
    assert len(tries) < 150
    index.close()


def test_the_end_of_a_walk_is_told_once(tmp_path: Path) -> None:
    """Told a second time, it would end the wait for a walk that was begun in between."""
    path = write_flat(tmp_path / "cat", 2)
    told: list[int] = []

    class Counted(threading.Event):
        def set(self) -> None:
            told.append(len(index.table))
            super().set()

    ended = threading.Event()
    index = Index(
        str(path),
        FsspecSource(str(path)),
        keep=False,
        changed=lambda: ended.set() if index.settled else None,
    )
    index._settled = Counted()
    index.refresh()
    assert ended.wait(30)
    assert index._thread is not None
    index._thread.join(30)
    assert told == [2]
    index.close()


def test_a_growing_catalog_is_not_written_anew_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []

    def write_(path: Path, *args: Any) -> None:
        written.append(path)
        kept_module.write(path, *args)

    monkeypatch.setattr(index_module, "write", write_)
    monkeypatch.setattr(index_module, "_REST", 10**6)
    path = write_flat(tmp_path / "cat", 210)
    index = whole(path)
    for number in range(3):
        write(tmp_path / "cat" / "items" / "scene-000001.json", item(1, platform=str(number)))
        index.refresh()
        assert index.wait(30)
    assert index.by_id("scene-000001")[1]["properties"]["platform"] == "2"  # type: ignore[index]
    assert len(written) == 1
    monkeypatch.setattr(index_module, "_REST", 0)
    index.refresh()
    assert index.wait(30)
    assert len(written) == 2
    index.close()


def test_rows_need_not_wait_until_they_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def slow(path: Path, *args: Any) -> None:
        go_on.wait(30)
        kept_module.write(path, *args)

    monkeypatch.setattr(index_module, "write", slow)
    path = write_flat(tmp_path / "cat", 210)
    index = open_index(path)
    assert index.wait(30, kept=False)
    assert (index.settled, index.kept_at) == (False, None)
    go_on.set()
    assert index.wait(30)
    assert index.kept_at is not None
    index.close()


def test_all_documents_of_a_kept_file(tmp_path: Path) -> None:
    path = write_deep(tmp_path / "cat", 1203)
    whole(path).close()
    index, source = reads(path)
    names = [each["id"] for _, each in index.chosen(ALL)]
    assert {*names} == {f"scene-{n:06}" for n in range(1203)}
    view = index.view()
    assert names == [
        view.ids[n] for n in query.ordered(view, query.select(view, ALL), "-datetime", {})
    ]
    index.close()
    index, source = reads(path)
    assert not any("scene-" in Path(href).name for href in source.counts)
    index.close()


def test_the_web_leads_to_the_web_by_other_file_systems_too() -> None:
    source = FsspecSource("https://example.org/catalog.json", {"block_size": 0})
    with pytest.raises(InvalidInput, match="may not lead to"):
        source.read("/etc/hostname", None)


def test_what_a_file_system_raises_is_a_problem(tmp_path: Path) -> None:
    class Theirs(Exception):
        pass

    class Odd(FsspecSource):
        def _open(self, href: str) -> tuple[Any, str]:
            with source_module._in_words():
                raise Theirs("https://x/y?signature=secret is forbidden")

    source = Odd("memory://cat/catalog.json")
    with pytest.raises(DoorBroken, match="Theirs") as caught:
        source.read("memory://cat/a.json", None)
    assert "secret" not in caught.value.message


def test_row_of_keeps_what_it_can() -> None:
    row = row_of({**item(1), "bbox": [True, "x", None, 1]}, "/a.json", lambda href, _: href)
    assert row.bbox == (-169.0, -80.0, -168.5, -79.5)
    assert os.fsencode(row.id)
