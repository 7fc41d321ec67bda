"""Staging that a notebook began, written down as an order: Lab shows it, and tells how it ended."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timezone

from rsdat.base.errors import RsdatError
from rsdat.base.files import private_folder, rsdat_home
from rsdat.dcache.configured import load_endpoints
from rsdat.dcache.orders.record import SHOWN_PATHS, Order, OrderFolder, Part, new_id
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
    if not asked:
        return []
    by_endpoint: dict[str, list[Asked]] = {}
    orders: list[str] = []
    try:
        known = {each.name: each.api_url for each in load_endpoints(rsdat_home())}
        for each in asked:
            endpoint = each.filesystem.endpoint
            if known.get(endpoint.name) == endpoint.api_url:
                by_endpoint.setdefault(endpoint.name, []).append(each)
        for name, group in by_endpoint.items():
            orders.append(_write(name, group, round(keep_s)))
    except (RsdatError, OSError) as error:
        _log.warning("Lab is not told of all the files that come from tape: %s", error)
    return orders


def _write(endpoint: str, asked: Sequence[Asked], keep_s: int) -> str:
    now = datetime.now(timezone.utc)
    paths = [path for each in asked for path in each.paths]
    parts, first = [], 0
    for each in asked:
        # All of them run, as far as is known: whoever follows it asks dCache at once.
        parts.append(Part(first, "r" * len(each.paths), each.request, each.sent))
        first += len(each.paths)
    order = Order(
        id=new_id(now),
        endpoint=endpoint,
        activity="stage",
        paths=paths[:SHOWN_PATHS],
        recursive=False,
        keep_s=keep_s,
        created=now,
        root=asked[0].root,
        parts=parts,
    )
    folder = OrderFolder(private_folder(rsdat_home() / "tape") / order.id)
    folder.create(order, paths, targets=paths)
    return order.id
