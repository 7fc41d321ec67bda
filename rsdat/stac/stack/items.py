"""What a stack is made of: items from wherever they come, and the assets wanted of each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import pystac

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.stac.catalog import read_catalog
from rsdat.stac.hrefs import absolute, resolve

# Items of a stack: a catalog or its address, one item, or many: a list, an ItemCollection, or
# pystac-client's search.
Items: TypeAlias = "pystac.Catalog | pystac.Item | Iterable[pystac.Item] | str | os.PathLike[str]"
Assets: TypeAlias = "str | Sequence[str] | None"


def items_of(given: Any, storage_options: Mapping[str, Any] | None = None) -> list[pystac.Item]:
    """The items, those of a catalog with all below it.

    Args:
        given: See `Items`; anything with a method `items()`, such as a search, gives them by it.
        storage_options: For an address.

    Raises:
        NotFound: No catalog there, or no item at all.
        InvalidInput: Something else than items.
    """
    if isinstance(given, (str, os.PathLike)):
        given = read_catalog(given, storage_options=storage_options)
    if isinstance(given, pystac.Item):
        found = [given]
    elif isinstance(given, pystac.Catalog):
        found = list(given.get_items(recursive=True))
    elif callable(getattr(given, "items", None)):
        found = list(given.items())
    else:
        found = list(given)
    wrong = next((each for each in found if not isinstance(each, pystac.Item)), None)
    if wrong is not None:
        raise InvalidInput(f"a stack is made of STAC items, not of {type(wrong).__name__}")
    if not found:
        raise NotFound("there is no item to open", code="no_items")
    return found


def assets_of(items: Sequence[pystac.Item], asked: Assets) -> list[str]:
    """The asset keys wanted; all with pixels that the first item has, if none are asked for.

    Raises:
        NotFound: An item has none of them.
    """
    if isinstance(asked, str):
        return [asked]
    if asked is not None:
        keys = list(dict.fromkeys(asked))
        if not keys:
            raise InvalidInput("no asset is asked for", hint="Leave assets out to get all.")
        return keys
    keys = [key for key, asset in items[0].assets.items() if has_pixels(asset)]
    if not keys:
        raise NotFound(
            f"the item '{items[0].id}' has no asset with pixels",
            hint=f"It has: {', '.join(sorted(items[0].assets)) or 'none'}.",
            code="no_pixels",
        )
    return keys


def has_pixels(asset: pystac.Asset) -> bool:
    """Whether it is data that a stack can show, and no thumbnail or text."""
    roles = asset.roles or []
    if {"thumbnail", "overview", "metadata"} & set(roles):
        return False
    kind = (asset.media_type or "").split(";")[0].strip().lower()
    if kind.startswith("image/"):
        return True
    fields = asset.extra_fields
    described = any(name in fields for name in ("data_type", "raster:bands", "proj:shape"))
    return described or (not kind and "data" in roles)


def address_of(item: pystac.Item, asset: pystac.Asset) -> str:
    """The asset's literal address, relative ones found from the item's."""
    self_href = item.get_self_href()
    return resolve(asset.href, self_href) if self_href else absolute(asset.href)


def moment_of(item: pystac.Item) -> Any:
    """The item's time: its own, or the start of its interval; None where it has neither."""
    return item.datetime or item.common_metadata.start_datetime
