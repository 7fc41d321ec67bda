"""What a program handed in to dCache by itself, written down as an order.

Lab shows it then, and a companion follows it from there within a minute and tells how it ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from rsdat.base.files import private_folder, rsdat_home
from rsdat.dcache.configured import load_endpoints
from rsdat.dcache.endpoint import Endpoint
from rsdat.dcache.orders.record import SHOWN_PATHS, Order, OrderFolder, Part, new_id
from rsdat.dcache.requests import Activity


@dataclass(frozen=True)
class Handed:
    """A request that dCache has taken.

    Attributes:
        paths: Literal ones, 500 at most.
        request: dCache's id of it.
        sent: When it was handed in.
    """

    paths: Sequence[str]
    request: str
    sent: datetime


def note(
    endpoint: Endpoint, activity: Activity, root: str, handed: Sequence[Handed], keep_s: int
) -> str | None:
    """Write an order down; blocks.

    Args:
        endpoint: Whose requests they are.
        activity: What was asked for.
        root: What dCache wants in front of the paths.
        handed: The requests, at least one.
        keep_s: How long the files stay on disk, seconds.

    Returns:
        Id of the order; None where the endpoint is not configured: a companion knows no others.

    Raises:
        RsdatError, OSError: It can't be written down.
    """
    known = {each.name: each.api_url for each in load_endpoints(rsdat_home())}
    if known.get(endpoint.name) != endpoint.api_url:
        return None
    now = datetime.now(timezone.utc)
    paths = [path for each in handed for path in each.paths]
    parts, first = [], 0
    for each in handed:
        # All of them run, as far as is known: whoever follows it asks dCache at once.
        parts.append(Part(first, "r" * len(each.paths), each.request, each.sent))
        first += len(each.paths)
    order = Order(
        id=new_id(now),
        endpoint=endpoint.name,
        activity=activity,
        paths=paths[:SHOWN_PATHS],
        recursive=False,
        keep_s=keep_s,
        created=now,
        root=root,
        parts=parts,
    )
    folder = OrderFolder(private_folder(rsdat_home() / "tape") / order.id)
    folder.create(order, paths, targets=paths)
    return order.id
