"""Items that somebody has already, by what they are like: the same rules as for an index."""

from __future__ import annotations

from collections.abc import Iterable

import pystac

from rsdat.base.errors import InvalidInput
from rsdat.stac import hrefs
from rsdat.stac.index.query import Filter, ordered, select
from rsdat.stac.index.row import row_of
from rsdat.stac.index.table import Table


def narrowed(items: Iterable[pystac.Item], wanted: Filter) -> list[pystac.Item]:
    """Those that pass, themselves, the latest first; of two with one address the later.

    Raises:
        InvalidInput: One of them is no item.
    """
    found = list(items)
    rows = []
    for number, item in enumerate(found):
        if not isinstance(item, pystac.Item):
            raise InvalidInput(f"There is a {type(item).__name__} among the items")
        # Without an address it is like no other.
        href = item.get_self_href() or f"#{number}"
        try:
            value = item.to_dict(include_self_link=False, transform_hrefs=False)
            rows.append(row_of(value, href, hrefs.resolve))
        except ValueError as error:
            raise InvalidInput(f"'{item.id}' is no STAC item: {error}") from error
    table = Table()
    # None of their JSON is kept here: they are at hand.
    table.extend(rows, [None] * len(rows), [(0, 0)] * len(rows))
    view = table.view()
    return [found[int(row)] for row in ordered(view, select(view, wanted), "-datetime", {})]
