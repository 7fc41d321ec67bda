"""From whatever holds items to the list of files to copy."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

import pystac

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.stac.catalog import Item, read_catalog
from rsdat.stac.copying.facts import Job
from rsdat.stac.copying.layout import file_names
from rsdat.stac.copying.sums import from_multihash
from rsdat.stac.copying.trouble import understood
from rsdat.stac.hrefs import absolute, resolve, shown
from rsdat.stac.io import FsspecStacIO
from rsdat.stac.problems import Problem, problem_of
from rsdat.stac.sampling import some_of
from rsdat.stac.store import by_protocol, options_of, read_text, stac_io_of
from rsdat.stac.versions import mend
from rsdat.stac.walk import MOST_AHEAD, root_of, walk_catalogs, walk_items

_Kind = TypeVar("_Kind", bound=Item)

_SIZE_FIELDS = ("file:size", "size")
_SUM_FIELDS = ("file:checksum", "checksum:multihash")


#: Codes of what another look would not make better.
FOR_GOOD = ("not_stac", "cycle", "too_deep")


@dataclass(frozen=True)
class Broken:
    """A part of a catalog that can't be read."""

    href: str
    reason: str
    code: str


class ItemOfMany(Item):
    """An item of an item collection.

    Attributes:
        file: The collection's address.
    """

    file: str


def read_with(source: Any) -> tuple[Any, dict[str, dict[str, Any]]]:
    """What items were read with, all of them or the first; and the items, all still to come.

    Args:
        source: As for `items_in`.
    """
    if isinstance(source, pystac.STACObject):
        return source, access_of(source)
    if (
        isinstance(source, (str, os.PathLike, Mapping))
        or not isinstance(source, Iterable)
        or callable(getattr(source, "items", None))
    ):
        return source, {}
    if isinstance(source, Iterator):
        for first in source:
            return chain([first], source), access_of(first)
        return [], {}
    found: dict[str, dict[str, Any]] | None = None
    for each in source:
        access = access_of(each)
        if found is not None and access != found:
            return source, {}
        found = access
    return source, found or {}


def access_of(item: Any) -> dict[str, dict[str, Any]]:
    """The options by protocol that an item was read with; empty where nothing was said."""
    said = options_of(item) if isinstance(item, pystac.STACObject) else {}
    return by_protocol(said, "dcache")


def access_in(source: Any, item: pystac.Item) -> dict[str, dict[str, Any]] | None:
    """The options by protocol that an item's files are read with; None: those of the source.

    Args:
        source: As `read_with` gives it.
        item: One of its items.
    """
    if stac_io_of(item) is not None or isinstance(source, Iterator):
        # Also where these are none: what others of an iterator were read with says nothing of it.
        return access_of(item)
    return None


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
        yield item_of(source)
    elif callable(getattr(source, "items", None)):
        yield from source.items()
    elif isinstance(source, Iterable):
        for number, each in enumerate(source, 1):
            yield each if isinstance(each, (pystac.Item, Broken)) else _tried(each, number)
    else:
        raise InvalidInput(
            f"There are no STAC items in a {type(source).__name__}",
            hint="Give items, a catalog or its address, or a search of pystac-client.",
        )


def read_anew(items: Iterable[Any], options: Mapping[str, Any] | None = None) -> Iterator[Any]:
    """The same, but with what can be read by now of what could not be read.

    Args:
        items: Items in any form, and what is broken.
        options: Options of file systems for addresses.
    """
    for item in items:
        if not isinstance(item, Broken) or item.code in FOR_GOOD:
            yield item
            continue
        try:
            yield from items_in(item.href, options)
        except Exception as error:  # noqa: BLE001 - it goes on to be broken
            ours = understood(error, item.href)
            yield Broken(item.href, ours.message, ours.code)


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
            features = list(value["features"])
            return [_tried(each, number, address) for number, each in enumerate(features, 1)]
        if value.get("type") == "Feature":
            return item_of(value, address)
    except FileNotFoundError as error:
        raise NotFound(f"there is no catalog at {shown(address)}") from error
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise InvalidInput(f"{shown(address)} is no STAC: {error}") from error
    return read_catalog(address, storage_options=options)


def _tried(value: Any, number: int, file: str | None = None) -> pystac.Item | Broken:
    """One of many: what is none costs only itself."""
    try:
        if file is None:
            return item_of(value)
        item = _parsed(value, file, ItemOfMany)
        item.file = file
    except InvalidInput as error:
        where = f"{shown(file)}, feature {number}" if file else f"item {number}"
        return Broken(where, error.message, "not_stac")
    return item


def item_of(value: Any, href: str | None = None) -> Item:
    """An item of its JSON.

    Raises:
        InvalidInput: It is none.
    """
    return _parsed(value, href, Item)


def _parsed(value: Any, href: str | None, kind: type[_Kind]) -> _Kind:
    if not isinstance(value, Mapping):
        raise InvalidInput(f"This is no STAC item: it is a {type(value).__name__}, not an object")
    try:
        value = copy.deepcopy(dict(value))
        mend(value)
        return kind.from_dict(value, href=href)
    except Exception as error:
        raise InvalidInput(f"This is no STAC item: {error}") from error


def _below(catalog: pystac.Catalog) -> Iterator[pystac.Item | Broken]:
    """Items of a catalog and of those below; a broken link costs only what is behind it."""
    problems: list[Problem] = []
    for item in walk_items(catalog, on_problem=problems.append):
        yield from _told(problems)
        yield item
    yield from _told(problems)


def items_of(catalog: pystac.Catalog, most: int) -> tuple[list[pystac.Item | Broken], int]:
    """An even choice of a catalog's items, and how many there are: the others are not read.

    Args:
        catalog: With those below it, which are read.
        most: How many items are read at most.
    """
    problems: list[Problem] = []
    links: list[pystac.Link] = []
    for inside in walk_catalogs(catalog, on_problem=problems.append):
        links += inside.get_item_links()
    wanted = [links[each] for each in some_of(len(links), most)]
    found: list[pystac.Item | Broken] = [*_told(problems)]
    total = len(links) + len(found)
    root = root_of(catalog)
    stac_io = stac_io_of(catalog)
    for first in range(0, len(wanted), MOST_AHEAD):
        window = wanted[first : first + MOST_AHEAD]
        hrefs = [link.get_absolute_href() or "" for link in window]
        if isinstance(stac_io, FsspecStacIO):
            stac_io.read_ahead(href for href in hrefs if href)
        for link, href in zip(window, hrefs, strict=True):
            try:
                target = link.resolve_stac_object(root=root).target
                if not isinstance(target, pystac.Item):
                    raise TypeError("it is no item")
                found.append(target)
            except Exception as error:  # noqa: BLE001, PERF203 - PySTAC lets anything through
                problem, _ = problem_of(error, href, catalog.get_self_href() or catalog.id)
                found.append(Broken(problem.href, problem.message, problem.code))
        if isinstance(stac_io, FsspecStacIO):
            stac_io.forget_ahead(hrefs)
    return found, total


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
    access: Mapping[str, Any] | None = None,
) -> list[Job]:
    """The files of some assets of an item.

    Args:
        item: With its assets.
        keys: Which, all of them there.
        folder: Absolute address of the item's folder at the destination.
        signed: The addresses must be signed before they are read.
        access: What they are read with, if not as the copy says.
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
            access=access,
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
