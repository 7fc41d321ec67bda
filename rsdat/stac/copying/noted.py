"""Staging that a notebook began, written down as an order: Lab shows it, and tells how it ended."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from rsdat.base.errors import RsdatError
from rsdat.dcache.orders import noted
from rsdat.dcache.orders.noted import Handed
from rsdat.stac.copying.staging import Asked

_log = logging.getLogger(__name__)


def note(asked: Sequence[Asked], keep_s: float) -> list[str]:
    """Write down what dCache was asked for; a companion follows it from there within a minute.

    Only for endpoints that are configured: a companion knows no others. What can't be written
    down goes on all the same.

    Args:
        asked: Requests that dCache has taken.
        keep_s: How long the files stay on disk.

    Returns:
        Ids of the orders, one for each endpoint.
    """
    by_endpoint: dict[tuple[str, str], list[Asked]] = {}
    for each in asked:
        endpoint = each.filesystem.endpoint
        by_endpoint.setdefault((endpoint.name, endpoint.api_url), []).append(each)
    orders: list[str] = []
    try:
        for group in by_endpoint.values():
            order = noted.note(
                group[0].filesystem.endpoint,
                "stage",
                group[0].root,
                [Handed(each.paths, each.request, each.sent) for each in group],
                round(keep_s),
            )
            orders += [order] if order else []
    except (RsdatError, OSError) as error:
        _log.warning("Lab is not told of all the files that come from tape: %s", error)
    return orders
