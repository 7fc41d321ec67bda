"""What of a list of items a STAC search asks for: the parameters of STAC API 1.0 item search."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, time, timezone
from typing import Any

from rsdat.base.errors import InvalidInput

MOST_ITEMS, USUAL_ITEMS = 1000, 10
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
_EARLIEST = datetime.min.replace(tzinfo=timezone.utc)
_LATEST = datetime.max.replace(tzinfo=timezone.utc)
PARAMETERS = {
    *("bbox", "intersects", "datetime", "ids", "collections", "query", "limit", "token"),
}


def search(
    items: Sequence[Mapping[str, Any]], asked: Mapping[str, Any]
) -> tuple[list[Mapping[str, Any]], int, int | None]:
    """One page of the items that fit, in their order.

    Args:
        items: STAC items.
        asked: As in the body of a POST to `/search`; `token` is where the page begins.

    Returns:
        The page, how many fit in all, and where the next page begins (None: this is the last).

    Raises:
        InvalidInput: A parameter is unknown or makes no sense.
    """
    unknown = set(asked) - PARAMETERS
    if unknown:
        raise InvalidInput(f"This small API can't search by {', '.join(sorted(unknown))}")
    try:
        first, limit = int(asked.get("token", 0)), int(asked.get("limit", USUAL_ITEMS))
        if first < 0 or limit < 1:
            raise ValueError("limit is at least 1")
        tests = list(_tests(asked))
        found = [item for item in items if all(test(item) for test in tests)]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidInput(f"This search makes no sense: {error}") from error
    end = first + min(limit, MOST_ITEMS)
    return found[first:end], len(found), end if end < len(found) else None


def _tests(asked: Mapping[str, Any]) -> Iterator[Callable[[Mapping[str, Any]], bool]]:
    for name, key in (("ids", "id"), ("collections", "collection")):
        if asked.get(name):
            wanted = set(asked[name])
            yield lambda item, key=key, wanted=wanted: item[key] in wanted  # type: ignore[misc]
    if asked.get("bbox") or asked.get("intersects"):
        yield _within(asked)
    if asked.get("datetime"):
        start, end = _interval(asked["datetime"])
        yield lambda item: start <= _moment(item["properties"]["datetime"]) <= end
    for name, conditions in (asked.get("query") or {}).items():
        for symbol, value in conditions.items():
            yield _condition(name, _OPERATORS[symbol], value)


def _condition(
    name: str, holds: Callable[[Any, Any], bool], value: Any
) -> Callable[[Mapping[str, Any]], bool]:
    return lambda item: name in item["properties"] and holds(item["properties"][name], value)


def _within(asked: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a footprint meets the area. Boxes may cross the antimeridian."""
    from shapely.errors import ShapelyError
    from shapely.geometry import box, shape
    from shapely.ops import unary_union

    if asked.get("bbox") and asked.get("intersects"):
        raise ValueError("bbox and intersects exclude each other")
    if asked.get("intersects"):
        try:
            area = shape(asked["intersects"])
        except ShapelyError as error:
            raise ValueError(f"intersects is no geometry: {error}") from error
    else:
        numbers = [float(number) for number in asked["bbox"]]
        if len(numbers) not in (4, 6):
            raise ValueError("a bbox has 4 or 6 numbers")
        half = len(numbers) // 2
        west, south, east, north = *numbers[:2], *numbers[half : half + 2]
        parts = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
        area = unary_union([box(left, south, right, north) for left, right in parts])
    return lambda item: bool(area.intersects(shape(item["geometry"])))


def _interval(text: str) -> tuple[datetime, datetime]:
    """RFC 3339: a moment, or two with `/` between, of which one may be `..` or empty."""
    first, _, last = text.partition("/") if "/" in text else (text, "", text)
    start = _EARLIEST if first in ("", "..") else _moment(first)
    end = _LATEST if last in ("", "..") else _moment(last, is_end="T" not in last)
    return start, end


def _moment(text: str, *, is_end: bool = False) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if is_end:
        moment = datetime.combine(moment.date(), time.max)
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
