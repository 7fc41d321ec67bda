"""Links of catalogs and items."""

from __future__ import annotations

import re
from typing import Any


def is_api(value: dict[str, Any]) -> bool:
    """Whether this is a STAC API's landing page."""
    return isinstance(value.get("conformsTo"), list) or link_of(value, "search") is not None


def own_href(item: dict[str, Any]) -> str | None:
    """The absolute address that an item says it has."""
    link = link_of(item, "self")
    href = None if link is None else str(link.get("href"))
    return href if href and "://" in href else None


def named_in(container: str, item: dict[str, Any]) -> str:
    """The address of an item in a file of many, of one that says none.

    With its collection, as ids are unique in one only, and without letters that would make a path
    of it: relative hrefs in it are found from the file's folder.
    """
    inner = str(item.get("id"))
    if isinstance(item.get("collection"), str):
        inner = f"{item['collection']}:{inner}"
    return f"{container}#{re.sub('[%/?#]', lambda found: f'%{ord(found[0]):02X}', inner)}"


def link_of(value: dict[str, Any], rel: str) -> dict[str, Any] | None:
    """Its first link of this relation that leads somewhere."""
    links = value.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("rel") == rel and isinstance(link.get("href"), str):
            return link
    return None
