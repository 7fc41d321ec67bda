"""What is searched for, and the pages that an API gives for it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rsdat.base.errors import DoorBroken, InvalidInput
from rsdat.stac.index.query import EVER, parse_filter, parse_interval
from rsdat.stac.index.row import to_text
from rsdat.stac.index.web import without_query
from rsdat.stac.searching.api import abilities, open_api
from rsdat.stac.searching.conditions import parameters

PAGE = 200


@dataclass(frozen=True)
class Request:
    """A search.

    Attributes:
        url: Of the API's landing page.
        collections: Ids; empty means all.
        ids: Of items.
        bbox: West, south, east, north in degrees; west > east crosses the antimeridian.
        datetime: A moment or an interval as in STAC APIs.
        query: Conditions on properties, such as `eo:cloud_cover<20`.
        limit: Items to fetch at most.
    """

    url: str
    collections: Sequence[str] = ()
    ids: Sequence[str] = ()
    bbox: Sequence[float] | None = None
    datetime: str | None = None
    query: Sequence[str] = ()
    limit: int = 10_000


def check(request: Request) -> None:
    """Refuse what makes no sense before anybody is asked.

    Raises:
        InvalidInput: It makes no sense.
    """
    from rsdat.stac.searching.conditions import parse

    parse_filter(request.bbox)
    if request.datetime:
        parse_interval(request.datetime)
    for condition in request.query:
        parse(condition)
    if "@" in request.url.partition("://")[2].partition("/")[0]:
        raise InvalidInput("An API's address must hold no password", code="bad_address")


def pages(request: Request) -> Iterator[tuple[list[dict[str, Any]], int | None]]:
    """Items page by page, with how many the API says that there are.

    Raises:
        RsdatError: The API refused or broke off; what came before was right.
    """
    check(request)
    client = open_api(request.url)
    links = [each.extra_fields for each in client.links if each.rel == "search"]
    method = "POST" if any(each.get("method") == "POST" for each in links) else "GET"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search = client.search(
            method=method,
            max_items=request.limit,
            limit=min(PAGE, request.limit),
            ids=list(request.ids) or None,
            collections=list(request.collections) or None,
            datetime=_when(request.datetime),
            **_area(request.bbox),
            **parameters(request.query, abilities(client), method),
        )
        matched: int | None = None
        try:
            for page in search.pages_as_dicts():
                matched = _matched(page) if matched is None else matched
                yield [each for each in page["features"] if isinstance(each, dict)], matched
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DoorBroken(
                f"{without_query(request.url)} answered in a way that can't be read",
                code="not_understood",
            ) from error


def _area(bbox: Sequence[float] | None) -> dict[str, Any]:
    if bbox is None:
        return {}
    west, south, east, north = bbox
    if west <= east:
        return {"bbox": [west, south, east, north]}
    # Servers differ in what they make of a box across the antimeridian; two areas are clear to all.
    return {
        "intersects": {
            "type": "MultiPolygon",
            "coordinates": [
                [[[a, south], [b, south], [b, north], [a, north], [a, south]]]
                for a, b in ((west, 180.0), (-180.0, east))
                if a < b
            ],
        }
    }


def _when(datetime: str | None) -> str | None:
    """A time as every API takes it: people write more forms than pystac-client knows."""
    if not datetime:
        return None
    first, last = parse_interval(datetime)
    start = ".." if first == EVER[0] else to_text(first)
    end = ".." if last == EVER[1] else to_text(last)
    return str(start) if first == last else f"{start}/{end}"


def _matched(page: dict[str, Any]) -> int | None:
    context = page.get("context")
    for value in (
        page.get("numberMatched"),
        context.get("matched") if isinstance(context, dict) else None,
    ):
        if isinstance(value, int):
            return value
    return None
