"""Which items a page means, and where their assets lie."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rsdat.base.errors import NotFound

if TYPE_CHECKING:
    from rsdat.server.stacindexes import StacIndexes
    from rsdat.server.stacsource import CompanionSource

#: So long a selection by filter waits for the index to be whole.
_WHOLE_S = 600.0
_AT_ONCE = 8


@dataclass(frozen=True)
class Place:
    """Where a file lies.

    Attributes:
        endpoint: Name of the dCache endpoint; None for the workspace.
        path: Literal path there.
    """

    endpoint: str | None
    path: str


async def resolve_selection(
    indexes: StacIndexes,
    href: str,
    endpoint: str | None,
    selection: Mapping[str, Any] | None,
) -> list[dict[str, Any]]:
    """The items that a `StacSelection` of the contract means; see `choice_of`."""
    return (await choice_of(indexes, href, endpoint, selection, None))[0]


async def choice_of(
    indexes: StacIndexes,
    href: str,
    endpoint: str | None,
    selection: Mapping[str, Any] | None,
    most: int | None,
) -> tuple[list[dict[str, Any]], int]:
    """The items that a `StacSelection` of the contract means; of more than `most` an even choice.

    Args:
        indexes: The companion's (`companion.stac`).
        href: Of a catalog, or `search:<id>`.
        endpoint: What `dcache:` addresses mean; None is the default one.
        selection: Of the contract; None means all.
        most: How many are wanted; None: all.

    Returns:
        Their JSON as it was read, but with hrefs made absolute (`dcache:///…`, `workspace:/…`,
        `http(s)://…`) and a link `self` to their own address, in the order of the selection, else
        the latest first; and how many there are.

    Raises:
        NotFound: One of the items is not there any more.
        RsdatError: The catalog can't be read, or is still being read after ten minutes.
    """
    given = dict(selection or {})
    source = await source_of(indexes, href, endpoint)
    wanted = given.get("items")
    if wanted is not None:
        from rsdat.stac.sampling import some_of

        items = await indexes.items(href, endpoint)
        total = len(wanted)
        wanted = [wanted[each] for each in some_of(total, most)]
        known = await asyncio.to_thread(items.by_href, wanted)
        found = await _read_missing(source, [each for each in wanted if each not in known])
        known |= found
        return await asyncio.to_thread(
            lambda: [_absolute(known[each], each, source) for each in wanted]
        ), total
    from rsdat.stac.index import parse_filter

    chosen = parse_filter(given.get("bbox"), given.get("datetime"), given.get("text"))
    items = await indexes.whole(href, endpoint, _WHOLE_S)
    some, total = await asyncio.to_thread(items.choice, chosen, most)
    return await asyncio.to_thread(
        lambda: [_absolute(item, place, source) for place, item in some]
    ), total


async def source_of(indexes: StacIndexes, href: str, endpoint: str | None) -> CompanionSource:
    """What reads a catalog's items and resolves their hrefs."""
    # What a search found is resolved as on the web.
    where = "https://search.invalid/" if href.startswith("search:") else href
    return (await indexes.source(where, endpoint))[2]


def _absolute(item: dict[str, Any], href: str, source: CompanionSource) -> dict[str, Any]:
    from rsdat.stac.index.document import absolute_item

    return absolute_item(item, href, source.resolve)


async def _read_missing(source: CompanionSource, wanted: Sequence[str]) -> dict[str, Any]:
    """Items that no index knows yet, as the page does."""
    from rsdat.server.stacsource import normal

    gate = asyncio.Semaphore(_AT_ONCE)

    async def read(href: str) -> tuple[str, Any]:
        async with gate:
            return href, await asyncio.to_thread(read_item, source, normal(href))

    return dict(await asyncio.gather(*(read(href) for href in wanted)))


def read_item(source: CompanionSource, href: str) -> dict[str, Any]:
    """The JSON of an item; blocks.

    Raises:
        RsdatError: It can't be read, or is no item.
    """
    from rsdat.base.errors import InvalidInput
    from rsdat.stac.index.web import shown

    where = shown(href)
    try:
        data, _ = source.read(href, None)
        value = json.loads(data or b"")
    except FileNotFoundError as error:
        raise NotFound(f"There is no item at {where}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{where} can't be read as JSON: {error}", code="not_stac") from error
    if not isinstance(value, dict) or value.get("type") != "Feature":
        raise InvalidInput(f"{where} is no STAC item", code="not_stac")
    return value


async def places_of(
    indexes: StacIndexes, endpoint: str | None, hrefs: Iterable[str]
) -> dict[str, Place | None]:
    """Where assets lie, by the endpoints as they are configured now; None: elsewhere.

    Args:
        indexes: The companion's.
        endpoint: What `dcache:` addresses mean; None is the default one.
        hrefs: Absolute ones.
    """
    if endpoint is None:
        endpoints = await indexes.storage.endpoints()
        endpoint = endpoints[0].name if endpoints else None
    # What a door's address means is read from files.
    return await asyncio.to_thread(lambda: {href: _place_of(href, endpoint) for href in hrefs})


def _place_of(href: str, endpoint: str | None) -> Place | None:
    from rsdat.server.stacsource import dcache_path, normal, workspace_path
    from rsdat.stac.doors import in_dcache

    path = workspace_path(href)
    if path is not None:
        return Place(None, path)
    at_door = in_dcache(href, {"dcache": {"endpoint": endpoint}} if endpoint else {})
    if at_door is not None:
        href, endpoint = normal(at_door[0]), at_door[1].get("endpoint")
    path = dcache_path(href)
    return None if path is None or endpoint is None else Place(endpoint, path)


def assets_of(item: Mapping[str, Any], keys: Iterable[str] | None) -> dict[str, dict[str, Any]]:
    """The assets of an item, those of the keys if there are any given."""
    assets: dict[str, dict[str, Any]] = item["assets"]
    chosen = None if keys is None else set(keys)
    return {
        key: asset
        for key, asset in assets.items()
        if isinstance(asset.get("href"), str) and (chosen is None or key in chosen)
    }


async def files(
    indexes: StacIndexes,
    href: str,
    endpoint: str | None,
    selection: Mapping[str, Any] | None,
    keys: Sequence[str] | None,
) -> dict[str, Any]:
    """The `StacFiles` of the contract.

    Raises:
        RsdatError: As `resolve_selection`.
    """
    items = await resolve_selection(indexes, href, endpoint, selection)
    hrefs = [asset["href"] for item in items for asset in assets_of(item, keys).values()]
    found: dict[str | None, dict[str, None]] = {}
    elsewhere: dict[str, None] = {}
    for href, place in (await places_of(indexes, endpoint, hrefs)).items():
        if place is None:
            elsewhere[href] = None
        else:
            found.setdefault(place.endpoint, {})[place.path] = None
    return {
        "items": len(items),
        "places": [{"endpoint": name, "paths": list(known)} for name, known in found.items()],
        "elsewhere": list(elsewhere),
    }
