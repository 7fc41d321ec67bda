"""What items and their files say after a copy: pure functions on their JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pystac

from rsdat.stac.hrefs import parent, relative, resolve, whole
from rsdat.stac.save import dumps
from rsdat.stac.versions import id_of

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


def rewritten(text: bytes, hrefs: Mapping[str, str]) -> bytes:
    """An item's file with new addresses of assets, and nothing else of it changed.

    Whatever the item's id and collection are there: the file has one item.

    Args:
        text: The file.
        hrefs: New addresses by asset key; what the file has not stays so.
    """
    value = json.loads(text)
    return dumps(value).encode() if _readdressed(value, hrefs) else text


def many_rewritten(
    text: bytes, items: Sequence[tuple[str, str | None, Mapping[str, str]]]
) -> tuple[bytes, list[str]]:
    """As `rewritten`, of an item collection; and the ids of items that are not there.

    Args:
        text: The file.
        items: Ids, their collections' ids, which need not fit where an id is there once, and new
            addresses.
    """
    value = json.loads(text)
    by_id: dict[str, list[dict[str, Any]]] = {}
    for each in value["features"] if is_many(value) else [value]:
        if isinstance(each, dict):
            by_id.setdefault(id_of(each), []).append(each)
    is_new, absent = False, []
    for id_, collection, hrefs in items:
        found = by_id.get(id_, [])
        if len(found) > 1:
            found = [each for each in found if each.get("collection") == collection]
        if not found:
            absent.append(id_)
        for each in found:
            is_new |= _readdressed(each, hrefs)
    return (dumps(value).encode() if is_new else text), absent


def _readdressed(item: Any, hrefs: Mapping[str, str]) -> bool:
    """Give an item's JSON new addresses; whether any of them was another one."""
    found = item.get("assets") if isinstance(item, dict) else None
    assets = found if isinstance(found, dict) else {}
    is_new = False
    for key, href in hrefs.items():
        asset = assets.get(key)
        if isinstance(asset, dict) and asset.get("href") != href:
            asset["href"] = href
            is_new = True
    return is_new


def is_many(value: Any) -> bool:
    """Whether JSON is an item collection."""
    return isinstance(value, dict) and value.get("type") == "FeatureCollection"


def as_written(target: str, own: str | None) -> str:
    """How an item names a file: by its name where it lies beside it."""
    if own is not None and parent(own) == parent(target) and not _ODD & set(own):
        return f"./{target.rpartition('/')[2]}"
    return whole(target, own or "")
