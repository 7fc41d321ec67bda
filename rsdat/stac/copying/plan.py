"""From whatever holds items to the list of files to copy."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pystac

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.stac.catalog import Item, read_catalog
from rsdat.stac.copying.facts import Job
from rsdat.stac.copying.layout import file_names
from rsdat.stac.copying.sums import from_multihash
from rsdat.stac.hrefs import absolute, resolve, shown
from rsdat.stac.problems import Problem
from rsdat.stac.store import read_text
from rsdat.stac.versions import mend
from rsdat.stac.walk import walk_items

_SIZE_FIELDS = ("file:size", "size")
_SUM_FIELDS = ("file:checksum", "checksum:multihash")


@dataclass(frozen=True)
class Broken:
    """A part of a catalog that can't be read."""

    href: str
    reason: str
    code: str


def items_in(
    source: Any, options: Mapping[str, Any] | None = None
) -> Iterator[pystac.Item | Broken]:
    """The items that are meant, one after the other; a search's come as its pages do.

    Args:
        source: An item, a catalog or collection, an item collection, the address of one of these,
            a search of pystac-client's, or any iterable of items or dictionaries.
        options: Options of file systems for addresses.

    Raises:
        InvalidInput: It is none of these.
        NotFound: There is nothing at the address.
    """
    if isinstance(source, (str, os.PathLike)):
        source = read_address(os.fspath(source), options)
    if isinstance(source, pystac.Catalog):
        yield from _below(source)
    elif isinstance(source, pystac.Item):
        yield source
    elif isinstance(source, Mapping):
        yield _item(source)
    elif callable(getattr(source, "items", None)):
        yield from source.items()
    elif isinstance(source, Iterable):
        for each in source:
            yield each if isinstance(each, (pystac.Item, Broken)) else _item(each)
    else:
        raise InvalidInput(
            f"There are no STAC items in a {type(source).__name__}",
            hint="Give items, a catalog or its address, or a search of pystac-client.",
        )


def read_address(href: str, options: Mapping[str, Any] | None = None) -> Any:
    """A catalog, item or item collection.

    Raises:
        NotFound: There is no such file.
        InvalidInput: It is no STAC.
    """
    address = absolute(href)
    try:
        value = json.loads(read_text(address, options))
        if value.get("type") == "FeatureCollection":
            return [_item(each, address) for each in value["features"]]
        if value.get("type") == "Feature":
            return _item(value, address)
    except FileNotFoundError as error:
        raise NotFound(f"there is no catalog at {shown(address)}") from error
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise InvalidInput(f"{shown(address)} is no STAC: {error}") from error
    return read_catalog(address, storage_options=options)


def _item(value: Any, href: str | None = None) -> pystac.Item:
    try:
        value = copy.deepcopy(dict(value))
        mend(value)
        return Item.from_dict(value, href=href)
    except Exception as error:
        raise InvalidInput(f"This is no STAC item: {error}") from error


def _below(catalog: pystac.Catalog) -> Iterator[pystac.Item | Broken]:
    """Items of a catalog and of those below; a broken link costs only what is behind it."""
    problems: list[Problem] = []
    for item in walk_items(catalog, on_problem=problems.append):
        yield from _told(problems)
        yield item
    yield from _told(problems)


def _told(problems: list[Problem]) -> list[Broken]:
    told = [Broken(each.href, each.message, each.code) for each in problems]
    problems.clear()
    return told


def hrefs_of(item: pystac.Item) -> dict[str, str]:
    """Absolute addresses of an item's assets."""
    own = item.get_self_href()
    base = absolute(own) if own else None
    return {
        key: resolve(asset.href, base) if base else absolute(asset.href)
        for key, asset in item.assets.items()
    }


def chosen(keys: str | Sequence[str] | None, item: pystac.Item) -> tuple[list[str], list[str]]:
    """The keys of an item that are meant, and those that it has not."""
    if keys is None:
        return list(item.assets), []
    wanted = list(dict.fromkeys([keys] if isinstance(keys, str) else keys))
    return [key for key in wanted if key in item.assets], [
        key for key in wanted if key not in item.assets
    ]


def jobs_of(
    item: pystac.Item,
    keys: Sequence[str],
    folder: str,
    *,
    signed: bool = False,
) -> list[Job]:
    """The files of some assets of an item.

    Args:
        item: With its assets.
        keys: Which, all of them there.
        folder: Absolute address of the item's folder at the destination.
        signed: The addresses must be signed before they are read.
    """
    hrefs = hrefs_of(item)
    names = file_names(item.id, hrefs)
    by_source: dict[str, list[str]] = {}
    for key in keys:
        by_source.setdefault(hrefs[key], []).append(key)
    described = _for_signing(item, hrefs) if signed else None
    return [
        Job(
            item=item.id,
            keys=tuple(users),
            source=source,
            target=f"{folder}/{names[users[0]]}",
            size=_size(item.assets[users[0]]),
            sums=_sums(item.assets[users[0]]),
            signed_by=described,
        )
        for source, users in by_source.items()
    ]


def _size(asset: pystac.Asset) -> int | None:
    for name in _SIZE_FIELDS:
        value = asset.extra_fields.get(name)
        if isinstance(value, int) and value >= 0:
            return value
    return None


def _sums(asset: pystac.Asset) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _SUM_FIELDS:
        found |= from_multihash(asset.extra_fields.get(name))
    return found


def _for_signing(item: pystac.Item, hrefs: Mapping[str, str]) -> dict[str, Any]:
    value = item.to_dict(include_self_link=False, transform_hrefs=False)
    value["links"] = []
    for key, href in hrefs.items():
        value["assets"][key]["href"] = href
    return value
