"""Filters, orders and outlines of the index, as tables."""

from __future__ import annotations

import math
from typing import Any

import pytest

from rsdat.base.errors import InvalidInput
from rsdat.stac.index import query
from rsdat.stac.index.features import Document
from rsdat.stac.index.footprint import box_of, rings_of
from rsdat.stac.index.row import NO_TIME, box_from, row_of, to_ms, to_text
from rsdat.stac.index.table import Table, View
from tests.support.stac_catalog import item


def view_of(*items: dict[str, Any]) -> View:
    table = Table()
    rows = [row_of(each, f"/c/{n}.json", lambda href, _: href) for n, each in enumerate(items)]
    table.extend(rows, [None] * len(rows), [(0, 0)] * len(rows))
    return table.view()


def found(view: View, **wanted: Any) -> list[int]:
    return [int(row) for row in query.select(view, query.parse_filter(**wanted))]


BOXES = [
    [10.0, 0.0, 20.0, 10.0],
    [170.0, 0.0, 180.0, 10.0],
    [-180.0, 0.0, -170.0, 10.0],
    [175.0, 0.0, -175.0, 10.0],  # across the antimeridian
    [-180.0, -90.0, 180.0, 90.0],
]


@pytest.mark.parametrize(
    ("bbox", "rows"),
    [
        ("0,0,30,30", [0, 4]),
        ("20,10,21,11", [0, 4]),  # touching is meeting
        ("20.1,0,21,11", [4]),
        ("172,1,174,2", [1, 4]),
        ("176,1,177,2", [1, 3, 4]),
        ("-177,1,-176,2", [2, 3, 4]),
        ("178,1,-178,2", [1, 2, 3, 4]),
        ("160,1,-60,2", [1, 2, 3, 4]),
        ("0,50,30,60", [4]),
    ],
)
def test_areas(bbox: str, rows: list[int]) -> None:
    view = view_of(*(item(n, bbox=box) for n, box in enumerate(BOXES)))
    assert found(view, bbox=bbox) == rows


@pytest.mark.parametrize("bad", ["1,2,3", "a,b,c,d", "0,10,1,5", "0,0,nan,1", "999,0,1,1"])
def test_no_areas(bad: str) -> None:
    with pytest.raises(InvalidInput, match="is no area"):
        query.parse_filter(bad)


@pytest.mark.parametrize(
    ("datetime", "rows"),
    [
        ("2024-01-01T00:00:00Z/..", [0, 1, 2]),
        ("../2023-12-31T23:59:59Z", []),
        ("2024-01-10", [1]),
        ("2024-01", [0, 1]),
        ("2024", [0, 1, 2]),
        ("2024-01-15/2024-01-16", [1]),
        ("2024-01-05T00:00:00+02:00/2024-01-05T12:00:00Z", [0]),
        ("/2024-01-06", [0]),
    ],
)
def test_times(datetime: str, rows: list[int]) -> None:
    interval = {"start_datetime": "2024-01-10T00:00:00Z", "end_datetime": "2024-01-20T00:00:00Z"}
    view = view_of(
        item(0, datetime="2024-01-05T06:00:00Z"),
        {**item(1), "properties": {"datetime": None, **interval}},
        item(2, datetime="2024-03-01T00:00:00.500Z"),
        {**item(3), "properties": {"datetime": "no time"}},
    )
    assert found(view, datetime=datetime) == rows


@pytest.mark.parametrize("bad", ["yesterday", "2024-13", "2024-02-01/2024-01-01", "..", "2024/x"])
def test_no_times(bad: str) -> None:
    with pytest.raises(InvalidInput, match="is no time"):
        query.parse_interval(bad)


def test_orders() -> None:
    view = view_of(
        item(3, collection="b"),
        item(1, collection=None),
        item(2, collection="a"),
        {
            **item(9),
            "properties": {},
        },
    )
    rows = query.select(view, query.Filter())

    def order(sort: str) -> list[int]:
        return [int(row) for row in query.ordered(view, rows, sort, {})]

    assert order("id") == [1, 2, 0, 3]
    assert order("-id") == [3, 0, 2, 1]
    assert order("datetime") == [1, 2, 0, 3]
    assert order("-datetime") == [0, 2, 1, 3]  # without a time: last both ways
    assert order("cloud_cover") == [1, 2, 0, 3]
    assert order("-cloud_cover") == [0, 2, 1, 3]
    assert order("collection")[-1] == 1
    assert order("-collection")[-1] == 1
    with pytest.raises(InvalidInput):
        order("colour")


def test_text_and_collection() -> None:
    view = view_of(item(10), item(110, collection="other"), item(20))
    assert found(view, text="000010") == [0]
    assert found(view, text="SCENE-0001") == [1]
    assert found(view, collection="other") == [1]
    assert found(view, ids=["scene-000020", "x"]) == [2]


@pytest.mark.parametrize(
    ("boxes", "extent"),
    [
        (BOXES[:1], (10, 0, 20, 10)),
        (BOXES[:3], (-180, 0, 180, 10)),
        (BOXES[1:4], (170, 0, -170, 10)),  # the smallest box crosses, as one of them does
        ([BOXES[3], BOXES[0]], (10, 0, -175, 10)),
        ([BOXES[3], BOXES[4]], (-180, -90, 180, 90)),
    ],
)
def test_extents(boxes: list[list[float]], extent: tuple[float, ...]) -> None:
    view = view_of(*(item(n, bbox=box) for n, box in enumerate(boxes)))
    assert query.extent(view, query.select(view, query.Filter())) == extent


def test_histogram_counts_all() -> None:
    view = view_of(*(item(n) for n in range(300)))
    rows = query.select(view, query.Filter())
    bins = query.histogram(view, rows)
    assert len(bins) == query.BINS
    assert sum(each["count"] for each in bins) == 300
    assert (bins[0]["start"], bins[-1]["end"]) == query.interval(view, rows)
    some = query.histogram(view, query.select(view, query.parse_filter(text="00000")))
    assert [each["start"] for each in some] == [each["start"] for each in bins]
    assert sum(each["count"] for each in some) == 10


def test_an_even_choice_of_outlines() -> None:
    view = view_of(*(item(n) for n in range(100)))
    rows, total = query.even_choice(view, query.select(view, query.Filter()), 10)
    assert (total, len(rows)) == (100, 10)
    starts = [int(view.start[row]) for row in rows]
    assert starts == sorted(starts, reverse=True)
    assert starts[0] == view.start.max()
    assert starts[-1] == view.start.min()


POINT = {"type": "Point", "coordinates": [1, 2]}


def square(west: float, east: float) -> list[list[float]]:
    return [[west, 0], [east, 0], [east, 1], [west, 1], [west, 0]]


@pytest.mark.parametrize(
    ("geometry", "rings"),
    [
        (None, 0),
        ({}, 0),
        ({"type": "Polygon", "coordinates": []}, 0),
        ({"type": "Polygon", "coordinates": [[["a", 1]]]}, 0),
        ({"type": "Polygon", "coordinates": [square(0, 1)]}, 1),
        ({"type": "Polygon", "coordinates": [square(0, 9), square(1, 2)]}, 1),  # a hole
        ({"type": "MultiPolygon", "coordinates": [[square(0, 1)], [square(2, 3)]]}, 2),
        ({"type": "Polygon", "coordinates": [square(175, -175)]}, 2),
        (POINT, 1),
        ({"type": "LineString", "coordinates": [[1, 2], [3, 4, 5]]}, 1),
        (
            {
                "type": "GeometryCollection",
                "geometries": [{"type": "Point", "coordinates": [1, 2]}],
            },
            1,
        ),
    ],
)
def test_outlines(geometry: Any, rings: int) -> None:
    assert len(rings_of(geometry)) == rings


def test_an_outline_across_the_antimeridian_is_cut_there() -> None:
    east, west = rings_of({"type": "Polygon", "coordinates": [square(175, -175)]})
    assert {x for x, _ in east} == {175, 180}
    assert {x for x, _ in west} == {-180, -175}
    assert box_of((east, west)) == (175, 0, -175, 1)


def test_a_long_outline_is_short_and_in_place() -> None:
    circle = [[math.cos(n / 500 * math.tau), math.sin(n / 500 * math.tau)] for n in range(500)]
    (ring,) = rings_of({"type": "Polygon", "coordinates": [[*circle, circle[0]]]})
    assert len(ring) <= 33
    assert ring[0] == ring[-1]
    assert all(0.95 < math.hypot(x, y) < 1.01 for x, y in ring)


def test_boxes_and_times() -> None:
    assert box_from([1, 2, 3, 4, 5, 6]) == (1, 2, 4, 5)
    assert box_from([1, 2, 3]) is None
    assert box_from(["a", 2, 3, 4]) is None
    assert to_text(to_ms("2024-01-01T00:00:00.25+01:00")) == "2023-12-31T23:00:00.250Z"
    assert to_ms("0000-00-00T00:00:00Z") == NO_TIME
    assert to_ms(20240101) == NO_TIME


@pytest.mark.parametrize("size", [1, 3, 7, 64, 100_000])
def test_features_come_whole_however_the_bytes_are_cut(size: int) -> None:
    import json

    value = {
        "type": "FeatureCollection",
        "features": [{"id": f"é{n}", "n": n * 1.5, "x": "]},{"} for n in range(30)],
        "links": [],
        "numberMatched": 30,
    }
    for text in (json.dumps(value), json.dumps(value, indent=2, ensure_ascii=False)):
        data = text.encode()
        document = Document(data[at : at + size] for at in range(0, len(data), size))
        assert list(document.features()) == value["features"]
        assert document.rest == {k: v for k, v in value.items() if k != "features"}


@pytest.mark.parametrize(
    "text", ["", "[", "[]", "{", '{"a"', '{"features": [1,', '{"a": tru}', "{1: 2}"]
)
def test_no_documents(text: str) -> None:
    with pytest.raises(ValueError):
        list(Document([text.encode()]).features())
