"""Nodes and single items, read when a page asks for them."""

from __future__ import annotations

import asyncio
import importlib
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rsdat.base.errors import DoorBroken, InvalidInput, NotFound, RsdatError
from rsdat.server import stacselection
from rsdat.server.stacindexes import StacIndexes

if TYPE_CHECKING:
    from rsdat.dcache.entry import Entry
    from rsdat.server.stacsource import CompanionSource
    from rsdat.stac.index.index import Items

_LOCALITIES = {"ONLINE", "NEARLINE", "ONLINE_AND_NEARLINE", "LOST", "NONE", "UNAVAILABLE"}
#: From so many assets in one folder on its listing costs less than looking at each.
_WORTH_LISTING = 6
_AT_ONCE = 6


async def node(indexes: StacIndexes, href: str, endpoint: str | None) -> dict[str, Any]:
    """The `StacNode` of the contract.

    Raises:
        RsdatError: It can't be read, or is nothing of STAC's.
    """
    if href.startswith("search:"):
        return indexes.search(href.removeprefix("search:")).node()
    href, name, source = await indexes.source(href, endpoint)
    found = await asyncio.to_thread(_node, source, href)
    return {**found, "endpoint": None if href.startswith(("http", "workspace")) else name}


def _node(source: CompanionSource, href: str) -> dict[str, Any]:
    from rsdat.stac.index.features import Document
    from rsdat.stac.index.geoparquet import is_geoparquet
    from rsdat.stac.index.node import node_of
    from rsdat.stac.index.web import shown

    if is_geoparquet(href):
        return _parquet(source, href)
    document = Document(source.chunks(href))
    try:
        features = sum(1 for _ in document.features())
        found = node_of(document.rest, href, source.resolve, features)
    except FileNotFoundError as error:
        raise NotFound(f"There is no file at {shown(href)}") from error
    except OSError as error:
        if isinstance(error, RsdatError):
            raise
        raise DoorBroken(f"{shown(href)} can't be read: {error}", code="unreadable") from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            f"{shown(href)} is nothing of STAC's: {error}", code="not_stac"
        ) from error
    if found["kind"] == "api":
        _add_collections(found, document.rest, source, href)
    return found


def _parquet(source: CompanionSource, href: str) -> dict[str, Any]:
    from rsdat.stac.index.node import node_of

    stem = href.rpartition("/")[2]
    # Reading the whole file only to count them would cost too much.
    return {
        **node_of({"type": "FeatureCollection", "id": stem}, href, source.resolve),
        "items": None,
    }


def _add_collections(
    found: dict[str, Any], landing: Mapping[str, Any], source: CompanionSource, href: str
) -> None:
    """The collections of an API, where it does not link them as children."""
    from rsdat.stac.searching.api import describe

    if found["children"]:
        return
    try:
        described = describe(href)
    except RsdatError as error:
        found["problems"].append({"href": href, "message": error.message})
        return
    base = href.rstrip("/")
    found["children"] = [
        {"href": f"{base}/collections/{each['id']}", "title": each["title"], "kind": "collection"}
        for each in described["collections"]
    ]


async def item(
    indexes: StacIndexes,
    href: str,
    endpoint: str | None,
    *,
    among: str | None = None,
    id_: str | None = None,
) -> dict[str, Any]:
    """The `StacItem` of the contract.

    Args:
        indexes: The companion's.
        href: Of the item; or of the search that found it.
        endpoint: What `dcache:` addresses mean; None is the default one.
        among: Of a search: the item's address among what was found.
        id_: Or its id, which several items may have.

    Raises:
        RsdatError: It can't be read, or there is none.
    """
    if href.startswith("search:") or among is not None or id_ is not None:
        items = await indexes.items(href, endpoint)
        known = await asyncio.to_thread(
            lambda: items.by_id(id_ or "") if among is None else _among(items, among)
        )
        if known is None:
            raise NotFound(f"There is no item '{among or id_}' here")
        place, value = known
        source = await stacselection.source_of(indexes, href, endpoint)
    else:
        place, name, source = await indexes.source(href, endpoint)
        endpoint = name or endpoint
        try:
            value = await asyncio.to_thread(stacselection.read_item, source, place)
        except RsdatError:
            # An item of a collection file has the file's address with its name behind.
            container, mark, _ = place.rpartition("#")
            if not mark:
                raise
            items = await indexes.whole(container, endpoint, 60)
            known = await asyncio.to_thread(_among, items, place)
            if known is None:
                raise
            place, value = known
    whole = await asyncio.to_thread(_migrated, value, place, source)
    return {"href": place, "item": whole, "assets": await _assets(indexes, whole, endpoint, source)}


def _among(items: Items, href: str) -> tuple[str, dict[str, Any]] | None:
    found = items.by_href([href]).get(href)
    return None if found is None else (href, found)


def _migrated(value: dict[str, Any], href: str, source: CompanionSource) -> dict[str, Any]:
    from rsdat.stac.index.document import absolute_item

    whole = absolute_item(value, href, source.resolve)
    importlib.import_module("pystac")
    from pystac.serialization import identify_stac_object, migrate_to_latest

    try:
        migrated: dict[str, Any] = migrate_to_latest(whole, identify_stac_object(whole))
    except Exception:  # noqa: BLE001 - whatever a broken item makes PySTAC raise: it is shown as it is
        return whole
    return migrated


async def _assets(
    indexes: StacIndexes, item: dict[str, Any], endpoint: str | None, source: CompanionSource
) -> list[dict[str, Any]]:
    assets = stacselection.assets_of(item, None)
    by_href = await stacselection.places_of(
        indexes, endpoint, [asset["href"] for asset in assets.values()]
    )
    places = {key: by_href[asset["href"]] for key, asset in assets.items()}
    facts = await _facts(indexes, {place for place in places.values() if place}, source)
    found = []
    for key, asset in assets.items():
        place = places[key]
        size, locality = facts.get(place, (None, None)) if place else (None, None)
        if size is None and locality != "MISSING":
            told = asset.get("file:size")
            size = told if isinstance(told, int) and not isinstance(told, bool) else None
        title, kind, roles = asset.get("title"), asset.get("type"), asset.get("roles")
        found.append(
            {
                "key": key,
                "title": title if isinstance(title, str) else None,
                "type": kind if isinstance(kind, str) else None,
                "roles": [str(each) for each in roles] if isinstance(roles, list) else [],
                "href": asset["href"],
                "place": None if place is None else vars(place),
                "size": size,
                "locality": locality,
            }
        )
    return found


Facts = tuple[int | None, str | None]


async def _facts(
    indexes: StacIndexes, wanted: set[stacselection.Place], source: CompanionSource
) -> dict[stacselection.Place, Facts]:
    """Size and locality of files; nothing of those that nobody tells."""
    found: dict[stacselection.Place, Facts] = {}
    folders: dict[tuple[str, str], list[stacselection.Place]] = defaultdict(list)
    for place in wanted:
        if place.endpoint is None:
            size = await asyncio.to_thread(source.size, f"workspace:/{place.path}")
            found[place] = (size, "MISSING" if size is None else "ONLINE")
        else:
            folders[place.endpoint, place.path.rpartition("/")[0] or "/"].append(place)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def look(place: stacselection.Place) -> None:
        async with gate:
            client = await indexes.storage.client(place.endpoint or "")
            found[place] = _fact(await client.find(place.path))

    async def list_(endpoint: str, folder: str, places: list[stacselection.Place]) -> None:
        async with gate:
            client = await indexes.storage.client(endpoint)
            entries = {entry.path: entry for entry in await client.list(folder, limit=1000)}
        for place in places:
            if place.path in entries:
                found[place] = _fact(entries[place.path])
        await asyncio.gather(*(look(place) for place in places if place not in found))

    tasks = []
    for (endpoint, folder), places in folders.items():
        if len(places) >= _WORTH_LISTING:
            tasks.append(list_(endpoint, folder, places))
        else:
            tasks += [look(place) for place in places]
    # An item is shown though nobody tells how large its assets are.
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, BaseException) and not isinstance(result, RsdatError):
            raise result
    return found


def _fact(entry: Entry | None) -> Facts:
    if entry is None or entry.is_folder:
        return None, "MISSING" if entry is None else None
    return entry.size, entry.locality if entry.locality in _LOCALITIES else None
