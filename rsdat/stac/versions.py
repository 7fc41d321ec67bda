"""JSON of any STAC version from 0.9 to 1.1, and such as breaks its rules, made fit for PySTAC.

PySTAC brings old versions up to date by itself (`migrate_to_latest`); here is what it needs for
that, and what it can't do without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

#: The extension, of STAC before 1.0, by which items take over properties of their collection.
COMMONS = "commons"


def mend(value: dict[str, Any]) -> None:
    """Make links, assets and properties what PySTAC takes for granted; in place.

    What can't be a link or an asset is left out: the rest of the file is still of use.
    """
    value["id"] = id_of(value)
    links = value.get("links")
    if isinstance(links, dict):  # STAC before 0.6
        links = list(links.values())
    value["links"] = [link for link in links if _leads(link)] if isinstance(links, list) else []
    for link in value["links"]:
        link.setdefault("rel", "related")
    is_item = _is_item(value)
    if is_item or "assets" in value:
        assets = value.get("assets")
        value["assets"] = (
            {str(key): asset for key, asset in assets.items() if _leads(asset)}
            if isinstance(assets, dict)
            else {}
        )
    if not is_item:
        if "stac_version" in value or value.get("type") in ("Catalog", "Collection"):
            value.setdefault("description", "")
        return
    value["type"] = "Feature"
    if not isinstance(value.get("properties"), dict):
        value["properties"] = {}
    if not isinstance(value.get("geometry"), dict):
        value["geometry"] = None
    if not isinstance(value.get("bbox"), list) or len(value["bbox"]) not in (4, 6):
        value["bbox"] = None


def id_of(value: Mapping[str, Any]) -> str:
    """The id of JSON as PySTAC takes it: a text, empty where there is none."""
    found = value.get("id")
    return str(found) if isinstance(found, (int, str)) else ""


def with_commons(item: dict[str, Any], properties_of: Callable[[str], Mapping[str, Any]]) -> None:
    """Take over a collection's properties, as STAC 0.9 has it with its extension "commons".

    PySTAC would read the collection with its default I/O, which knows no dCache.

    Args:
        item: JSON of an item, mended; changed in place.
        properties_of: Reads the properties of the collection behind a link.
    """
    extensions = item.get("stac_extensions")
    if not isinstance(extensions, list) or COMMONS not in extensions:
        return
    item["stac_extensions"] = [each for each in extensions if each != COMMONS]
    for link in item["links"]:
        if link["rel"] == "collection":
            item["properties"] = {**properties_of(link["href"]), **item["properties"]}
            return


def _leads(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("href"), str) and bool(value["href"])


def _is_item(value: dict[str, Any]) -> bool:
    kind = value.get("type")
    return kind == "Feature" or (kind is None and "assets" in value and "properties" in value)
