"""Questions to the columns: which items, in which order, how many, where and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rsdat.base.errors import InvalidInput
from rsdat.stac.index.row import NO_TIME, Box, box_from, to_ms, to_text
from rsdat.stac.index.table import View

SORTS = ("datetime", "id", "cloud_cover", "collection")
BINS = 60
#: The interval of all times.
EVER = (NO_TIME + 1, 2**63 - 1)
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Filter:
    """What items must be like.

    Attributes:
        bbox: West, south, east, north in degrees, touched by the item's box; west > east crosses
            the antimeridian.
        interval: First and last millisecond since 1970; an item's own interval must meet it.
        text: Part of the id, upper or lower case.
        collection: Id of the collection.
        ids: These only.
    """

    bbox: Box | None = None
    interval: tuple[int, int] | None = None
    text: str | None = None
    collection: str | None = None
    ids: frozenset[str] | None = None


def parse_filter(
    bbox: str | Sequence[float] | None = None,
    datetime: str | None = None,
    text: str | None = None,
    *,
    collection: str | None = None,
    ids: Sequence[str] | None = None,
) -> Filter:
    """A filter as people and pages write it.

    Args:
        bbox: Four numbers, or `west,south,east,north`.
        datetime: A moment or an interval as in STAC APIs: `2024-01-01T00:00:00Z/..`; a date or a
            month means all of it.
        text: Part of the id.
        collection: Id of the collection.
        ids: These only.

    Raises:
        InvalidInput: It makes no sense.
    """
    box = None
    if bbox:
        try:
            numbers = (
                [float(each) for each in bbox.split(",")] if isinstance(bbox, str) else [*bbox]
            )
        except ValueError:
            numbers = []
        box = box_from(numbers)
        if box is None:
            raise InvalidInput(
                f"'{bbox}' is no area",
                hint="An area is west,south,east,north in degrees, south not above north.",
            )
    return Filter(
        box,
        parse_interval(datetime) if datetime else None,
        text or None,
        collection,
        None if ids is None else frozenset(ids),
    )


def parse_interval(text: str) -> tuple[int, int]:
    """First and last millisecond of a STAC `datetime`.

    Raises:
        InvalidInput: It is none.
    """
    first, slash, last = text.partition("/")
    start = EVER[0] if slash and first in ("", "..") else _span(first)[0]
    end = EVER[1] if slash and last in ("", "..") else _span(last if slash else first)[1]
    if start == NO_TIME or end == NO_TIME or start > end:
        raise InvalidInput(
            f"'{text}' is no time",
            hint="A time is 2024-01-31T12:00:00Z, 2024-01, or an interval such as 2024-01-01/.. .",
        )
    return start, end


def _span(text: str) -> tuple[int, int]:
    text = text.strip()
    if len(text) == 4 and text.isdecimal():
        return to_ms(f"{text}-01-01"), to_ms(f"{text}-12-31T23:59:59.999")
    if len(text) == 7:
        year, _, month = text.partition("-")
        if year.isdecimal() and month.isdecimal() and 1 <= int(month) <= 12:
            after = f"{int(year) + int(month) // 12:04}-{int(month) % 12 + 1:02}-01"
            return to_ms(f"{text}-01"), to_ms(after) - 1
        return NO_TIME, NO_TIME
    start = to_ms(text)
    if len(text) == 10 and start != NO_TIME:
        return start, start + 86_400_000 - 1
    return start, start


def select(view: View, wanted: Filter, ranks: dict[str, Any] | None = None) -> Rows:
    """Numbers of the rows that pass.

    Args:
        view: The columns.
        wanted: What they must be like.
        ranks: As for `ordered`.
    """
    mask = view.alive
    if wanted.bbox is not None:
        mask = mask & _touches(view.boxes, wanted.bbox)
    if wanted.interval is not None:
        first, last = wanted.interval
        end = np.where(view.end == NO_TIME, view.start, view.end)
        mask = mask & (view.start != NO_TIME) & (view.start <= last) & (end >= first)
    if wanted.collection is not None:
        known = [n for n, name in enumerate(view.collections) if name == wanted.collection]
        mask = mask & np.isin(view.collection, known)
    if wanted.text is not None:
        import pyarrow.compute as pc

        found = pc.match_substring(_ids(view, ranks, lower=True), wanted.text.lower())
        mask = mask & found.to_numpy(zero_copy_only=False)
    if wanted.ids is not None:
        mask = mask & np.fromiter(
            (view.ids[n] in wanted.ids for n in range(view.n)), np.bool_, view.n
        )
    return np.flatnonzero(mask)


def _touches(boxes: npt.NDArray[np.float64], box: Box) -> npt.NDArray[np.bool_]:
    west, south, east, north = boxes.T
    parts = [(box[0], box[2])] if box[0] <= box[2] else [(box[0], 180.0), (-180.0, box[2])]
    beside = np.zeros(len(boxes), np.bool_)
    for left, right in parts:
        inside, over = (west <= right), (east >= left)
        beside |= np.where(west <= east, inside & over, inside | over)
    touched: npt.NDArray[np.bool_] = beside & (south <= box[3]) & (north >= box[1])
    return touched  # comparisons with NaN are false: without a place it is in no area


def ordered(view: View, rows: Rows, sort: str, ranks: dict[str, Any]) -> Rows:
    """Rows in an order; those without the value come last.

    Args:
        view: The columns.
        rows: Numbers of rows.
        sort: One of `SORTS`, with a leading - the other way round.
        ranks: Kept by the caller from call to call, so that texts are sorted once a version.

    Raises:
        InvalidInput: There is no such order.
    """
    key, down = sort.removeprefix("-"), sort.startswith("-")
    values: npt.NDArray[Any]
    if key == "datetime":
        values, missing = view.start[rows], view.start[rows] == NO_TIME
    elif key == "cloud_cover":
        values, missing = view.cloud[rows], np.isnan(view.cloud[rows])
    elif key in ("id", "collection"):
        values = _rank(view, key, ranks)[rows]
        missing = values < 0
    else:
        raise InvalidInput(f"Items can't be sorted by '{key}'")
    # Stable both ways, so that pages of one question fit together.
    order = np.argsort(values, kind="stable")
    if down:
        order = order[::-1]
    order = np.concatenate([order[~missing[order]], order[missing[order]]])
    return rows[order]


def _ids(view: View, ranks: dict[str, Any] | None, *, lower: bool = False) -> Any:
    """The ids as Arrow has them: it searches and sorts them ten times as fast."""
    name = "lower ids" if lower else "ids"
    kept = (ranks or {}).get(name)
    if kept is not None and kept[0] == view.version:
        return kept[1]
    import pyarrow as pa
    import pyarrow.compute as pc

    ids = pa.array(view.ids[: view.n], pa.large_string())
    if lower:
        ids = pc.utf8_lower(ids)
    if ranks is not None:
        ranks[name] = (view.version, ids)
    return ids


def _rank(view: View, key: str, ranks: dict[str, Any]) -> npt.NDArray[np.int64]:
    kept = ranks.get(key)
    if kept is not None and kept[0] == view.version:
        rank: npt.NDArray[np.int64] = kept[1]
        return rank
    if key == "id":
        import pyarrow.compute as pc

        order = pc.sort_indices(_ids(view, ranks)).to_numpy()
        rank = np.empty(view.n, np.int64)
        rank[order] = np.arange(view.n)
    else:
        names = sorted({name for name in view.collections if name is not None})
        places = {name: place for place, name in enumerate(names)}
        rank = np.array([places.get(name or "", -1) for name in view.collections], np.int64)[
            view.collection
        ]
    ranks[key] = (view.version, rank)
    return rank


def row_as_dict(view: View, row: int) -> dict[str, Any]:
    """The `StacRow` of the contract."""
    cloud = float(view.cloud[row])
    return {
        "id": view.ids[row],
        "href": view.hrefs[row],
        "collection": view.collections[view.collection[row]],
        "datetime": to_text(int(view.start[row])),
        "end": to_text(int(view.end[row])),
        "bbox": view.box(row),
        "cloud_cover": None if cloud != cloud else round(cloud, 3),
        "assets": list(view.key_sets[view.keys[row]]),
        "thumbnail": view.thumbnails[row],
    }


def extent(view: View, rows: Rows) -> Box | None:
    """The smallest box around rows."""
    boxes = view.boxes[rows]
    boxes = boxes[~np.isnan(boxes[:, 0])]
    if not len(boxes):
        return None
    south, north = float(boxes[:, 1].min()), float(boxes[:, 3].max())
    west, east = boxes[:, 0], boxes[:, 2]
    if (west <= east).all():
        return float(west.min()), south, float(east.max()), north
    # Around the globe from the east end of the largest gap to its west end.
    across = west > east
    halves = np.full(int(across.sum()), 180.0)
    starts = np.concatenate([west, -halves])
    ends = np.concatenate([np.where(across, 180.0, east), east[across]])
    order = np.argsort(starts)
    starts, ends = starts[order], np.maximum.accumulate(ends[order])
    gaps = starts[1:] - ends[:-1]
    if not len(gaps) or gaps.max() <= 0:
        return -180.0, south, 180.0, north
    widest = int(gaps.argmax())
    return float(starts[widest + 1]), south, float(ends[widest]), north


def interval(view: View, rows: Rows) -> tuple[str | None, str | None] | None:
    """First and last time of rows."""
    span = _times(view, rows)
    return None if span is None else (to_text(span[0]), to_text(span[1]))


def _times(view: View, rows: Rows) -> tuple[int, int] | None:
    start, end = view.start[rows], view.end[rows]
    start, end = start[start != NO_TIME], end[end != NO_TIME]
    if not len(start):
        return None
    return int(start.min()), int(max(start.max(), end.max() if len(end) else NO_TIME))


def histogram(view: View, rows: Rows) -> list[dict[str, Any]]:
    """How many rows in each of at most `BINS` equal bins over the times of all items."""
    starts = view.start[view.alive]
    starts = starts[starts != NO_TIME]
    if not len(starts):
        return []
    first, last = int(starts.min()), int(starts.max())
    bins = min(BINS, max(1, last - first))
    edges = [first + (last - first) * number // bins for number in range(bins + 1)]
    mine = view.start[rows]
    mine = mine[mine != NO_TIME]
    counts, _ = np.histogram(mine, edges if last > first else [first, first + 1])
    return [
        {"start": to_text(begin), "end": to_text(end), "count": int(count)}
        for begin, end, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]


def collections(view: View, rows: Rows) -> list[dict[str, Any]]:
    """How many rows each collection has, the largest first."""
    counts = np.bincount(view.collection[rows], minlength=len(view.collections))
    found = [
        {"id": name, "count": int(count)}
        for name, count in zip(view.collections, counts, strict=False)
        if name is not None and count
    ]
    return sorted(found, key=lambda each: (-each["count"], each["id"]))


def assets(view: View, rows: Rows) -> list[dict[str, Any]]:
    """How many rows have each asset key, the most frequent first, and what one of them says."""
    counts: Counter[str] = Counter()
    for keys, count in zip(view.key_sets, np.bincount(view.keys[rows]), strict=False):
        if count:
            for key in keys:
                counts[key] += int(count)
    return [
        {
            "key": key,
            "count": count,
            "title": view.asset_words[key].title,
            "type": view.asset_words[key].type,
            "roles": list(view.asset_words[key].roles),
        }
        for key, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    ]


def even_choice(view: View, rows: Rows, limit: int) -> tuple[Rows, int]:
    """At most `limit` rows with an outline, the latest first, spread evenly over all of them."""
    rows = rows[view.rings[rows, 1] > 0]
    rows = ordered(view, rows, "-datetime", {})
    total = len(rows)
    if total > limit:
        rows = rows[np.linspace(0, total - 1, limit).round().astype(np.intp)]
    return rows, total
