"""What items and their files say after a copy: pure functions on their JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pystac

from rsdat.stac.hrefs import parent, relative, resolve, whole
from rsdat.stac.save import dumps

GEOJSON = "application/geo+json"
#: Links of an item that the new catalog makes anew.
STRUCTURE = ("self", "root", "parent", "collection", "item", "child")
# PySTAC takes them for parts of a URL.
_ODD = frozenset("#?;%")


def described(
    item: pystac.Item,
    href: str,
    catalog: str,
    *,
    sources: Mapping[str, str],
    links: Sequence[Mapping[str, Any]],
    arrived: Mapping[str, str],
    before: Mapping[str, Any],
) -> dict[str, Any]:
    """An item as the new catalog has it.

    Args:
        item: The item.
        href: Its address there.
        catalog: Address of the catalog.
        sources: Addresses of its assets, as a file there names them.
        links: Its links, in the same way.
        arrived: Addresses of what was copied.
        before: The assets of the item that an earlier copy wrote.
    """
    value: dict[str, Any] = item.to_dict(include_self_link=False, transform_hrefs=False)
    for key, asset in value["assets"].items():
        old = before[key].get("href") if isinstance(before.get(key), dict) else None
        if key in arrived:
            asset["href"] = relative(arrived[key], href)
        elif old and parent(resolve(old, href)) == parent(href):
            # It came with an earlier copy, of other assets or before something failed.
            asset["href"] = old
        else:
            asset["href"] = whole(sources[key], href)
    up = relative(catalog, href)
    value["links"] = [
        {"rel": "root", "href": up, "type": "application/json"},
        {"rel": "parent", "href": up, "type": "application/json"},
        *links,
    ]
    value.pop("collection", None)
    if item.collection_id:
        # Without its collection here it may not name it as STAC's own field.
        value["properties"].setdefault("collection", item.collection_id)
    return value


def assets_of(text: bytes | None) -> Mapping[str, Any]:
    """The assets in an item's file; none where it can't be read, or there is none."""
    try:
        found = json.loads(text or b"{}")["assets"]
    except (ValueError, LookupError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def rewritten(text: bytes, items: Mapping[tuple[str, str | None], Mapping[str, str]]) -> bytes:
    """A file with new addresses of assets, and nothing else of it changed.

    Args:
        text: An item's file, or one of many items.
        items: New addresses by asset key, by the item's id and its collection's.
    """
    value = json.loads(text)
    is_new = False
    for item in value["features"] if is_many(value) else [value]:
        if not isinstance(item, dict):
            continue
        assets = item.get("assets") or {}
        for key, href in items.get((item.get("id", ""), item.get("collection")), {}).items():
            if key in assets and assets[key].get("href") != href:
                assets[key]["href"] = href
                is_new = True
    return dumps(value).encode() if is_new else text


def is_many(value: Any) -> bool:
    """Whether JSON is an item collection."""
    return isinstance(value, dict) and value.get("type") == "FeatureCollection"


def as_written(target: str, own: str | None) -> str:
    """How an item names a file: by its name where it lies beside it."""
    if own is not None and parent(own) == parent(target) and not _ODD & set(own):
        return f"./{target.rpartition('/')[2]}"
    return whole(target, own or "")
