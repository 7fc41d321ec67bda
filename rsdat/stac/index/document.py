"""An item's JSON, with hrefs that mean the same wherever it goes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from rsdat.base.errors import RsdatError


def absolute_item(
    item: Mapping[str, Any], href: str, resolve: Callable[[str, str], str]
) -> dict[str, Any]:
    """A copy of an item whose hrefs are absolute, and whose self link is its address.

    Args:
        item: As it was read.
        href: Where it was read.
        resolve: See `rsdat.stac.hrefs.resolve`.
    """
    value = copy.deepcopy(dict(item))

    def mend(holder: Any) -> None:
        if isinstance(holder, dict) and isinstance(holder.get("href"), str):
            try:
                holder["href"] = resolve(holder["href"], href)
            except (RsdatError, ValueError):
                return  # as it is: whoever opens it is told why it can't be

    assets = value.get("assets")
    value["assets"] = (
        {key: each for key, each in assets.items() if isinstance(each, dict)}
        if isinstance(assets, dict)
        else {}
    )
    for asset in value["assets"].values():
        mend(asset)
    links = value.get("links")
    value["links"] = [
        link
        for link in (links if isinstance(links, list) else [])
        if isinstance(link, dict)
        and link.get("rel") != "self"
        and isinstance(link.get("href"), str)
    ]
    for link in value["links"]:
        mend(link)
    value["links"].append({"rel": "self", "href": href, "type": "application/geo+json"})
    return value
