"""The search for programs and notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pystac

    from rsdat.stac.problems import OnProblem


def search(
    url: str,
    *,
    collections: Sequence[str] = (),
    ids: Sequence[str] = (),
    bbox: Sequence[float] | None = None,
    datetime: str | None = None,
    query: Sequence[str] = (),
    max_items: int = 10_000,
    on_problem: OnProblem = None,
) -> list[pystac.Item]:
    """Items that a STAC API finds.

    Args:
        url: Of its landing page, or the name of one that is configured: `earth-search`,
            `copernicus`, `planetary-computer`.
        collections: Ids; all if none are given.
        ids: Of items.
        bbox: West, south, east, north in degrees; west > east crosses the antimeridian.
        datetime: A moment or an interval: `2024-01-01/2024-03-31`.
        query: Conditions on properties that must all hold, such as `eo:cloud_cover<20`.
        max_items: So many at most.
        on_problem: Told each of which no item can be made; None: a warning names them.

    Returns:
        PySTAC items in the order of the API.

    Raises:
        RsdatError: The API can't be reached, or refused, in its own words.
    """
    from rsdat.stac.made import made, tell
    from rsdat.stac.problems import Problem
    from rsdat.stac.searching.apis import address
    from rsdat.stac.searching.request import Request, pages

    request = Request(
        address(url),
        tuple(collections),
        tuple(ids),
        bbox,
        datetime,
        tuple(query),
        max_items,
    )
    problems: list[Problem] = []
    items = made(
        ((None, each) for found, _ in pages(request) for each in found),
        None,
        request.url,
        problems,
    )
    tell(problems, on_problem, request.url)
    return items
