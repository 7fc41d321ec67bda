"""A catalog, collection, item or API as a tree shows it, with what is directly below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rsdat.base.errors import RsdatError
from rsdat.stac.index.links import is_api
from rsdat.stac.index.row import NO_TIME, box_from, row_of, to_ms, to_text
from rsdat.stac.index.source import words_of


def node_of(
    value: Mapping[str, Any], href: str, resolve: Callable[[str, str], str], features: int = 0
) -> dict[str, Any]:
    """The `StacNode` of the contract, without its endpoint.

    Args:
        value: Its JSON; of an item collection without its features.
        href: Where it was read.
        resolve: Makes an href in it absolute.
        features: How many features it has.

    Raises:
        ValueError: It is nothing of STAC's.
    """
    kind = _kind(value, features)
    found: dict[str, Any] = {
        "href": href,
        "kind": kind,
        "id": str(value.get("id") or _last_name(href)),
        "title": _text(value.get("title")) or str(value.get("id") or _last_name(href)),
        "description": _text(value.get("description")),
        "stac_version": _text(value.get("stac_version")),
        "bbox": None,
        "interval": None,
        "license": _text(value.get("license")),
        "keywords": _texts(value.get("keywords")),
        "providers": _texts(
            [each.get("name") for each in _list(value.get("providers")) if isinstance(each, dict)]
        ),
        "parent": None,
        "children": [],
        "items": features if kind == "items" else None,
        "problems": [],
    }
    if kind == "item":
        _add_item(found, value, href, resolve)
    else:
        found["bbox"], found["interval"] = extent_of(value)
    _add_links(found, value, href, resolve)
    return found


def extent_of(value: Mapping[str, Any]) -> tuple[Any, Any]:
    """Box and interval of a collection's extent; None for what it does not tell."""
    extent = value.get("extent")
    if not isinstance(extent, dict):
        return None, None
    spatial, temporal = extent.get("spatial"), extent.get("temporal")
    boxes = _list(spatial.get("bbox")) if isinstance(spatial, dict) else []
    spans = _list(temporal.get("interval")) if isinstance(temporal, dict) else []
    interval = None
    if spans and isinstance(spans[0], list) and len(spans[0]) == 2:
        interval = [to_text(to_ms(moment)) for moment in spans[0]]
    return (box_from(boxes[0]) if boxes else None), interval


def _kind(value: Mapping[str, Any], features: int) -> str:
    kind = value.get("type")
    if kind == "Feature":
        return "item"
    if kind in ("FeatureCollection", "ItemCollection") or features:
        return "items"
    if "stac_version" not in value and not isinstance(value.get("links"), list):
        raise ValueError("it is no STAC catalog")
    if is_api(dict(value)):
        return "api"
    if kind == "Collection" or (kind is None and "extent" in value):
        return "collection"
    if kind not in ("Catalog", None):
        raise ValueError("it is no STAC catalog")
    return "catalog"


def _add_item(
    found: dict[str, Any], value: Mapping[str, Any], href: str, resolve: Callable[[str, str], str]
) -> None:
    row = row_of(value, href, resolve)
    properties = value.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    found["bbox"] = row.bbox
    if row.start != NO_TIME:
        end = row.start if row.end == NO_TIME else row.end
        found["interval"] = [to_text(row.start), to_text(end)]
    found["title"] = _text(properties.get("title")) or found["id"]
    found["description"] = _text(properties.get("description"))
    found["license"] = _text(properties.get("license"))


def _add_links(
    found: dict[str, Any], value: Mapping[str, Any], href: str, resolve: Callable[[str, str], str]
) -> None:
    links = value.get("links")
    if not isinstance(links, list):
        if found["kind"] != "items":
            found["problems"].append({"href": href, "message": "It has no list of links"})
        return
    own_items = 0
    paged = False
    for link in links:
        rel = link.get("rel") if isinstance(link, dict) else None
        paged |= rel == "items"
        if rel not in ("child", "item", "parent"):
            continue
        if not isinstance(link.get("href"), str) or not link["href"]:
            found["problems"].append({"href": href, "message": f"A link '{rel}' leads nowhere"})
            continue
        if rel == "item":
            own_items += 1
            continue
        try:
            target = resolve(link["href"], href)
        except (RsdatError, ValueError) as error:
            found["problems"].append({"href": link["href"], "message": words_of(error)})
            continue
        if rel == "parent":
            found["parent"] = target
        else:
            title = _text(link.get("title")) or _folder_name(target)
            found["children"].append({"href": target, "title": title, "kind": "unknown"})
    if found["kind"] in ("catalog", "collection") and not (paged and not own_items):
        found["items"] = own_items


def _last_name(href: str) -> str:
    return href.split("?")[0].rstrip("/").rpartition("/")[2] or href


def _folder_name(href: str) -> str:
    """What a child without a title is called: PySTAC names its folder by its id."""
    name = _last_name(href)
    if name in ("catalog.json", "collection.json"):
        return _last_name(href.rpartition("/")[0]) or name
    return name.removesuffix(".json")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: Any) -> list[str]:
    return [each for each in _list(value) if isinstance(each, str)]
