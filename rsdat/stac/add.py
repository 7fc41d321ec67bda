"""Items put into a catalog in the store, by any number of people at once."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

import pystac

from rsdat.base.errors import Conflict, InvalidInput
from rsdat.stac.hrefs import absolute, parent, relative, resolve
from rsdat.stac.io import io_of
from rsdat.stac.save import dumps
from rsdat.stac.store import Owner, read_text, write_bytes
from rsdat.stac.swap import update

STAC_VERSION = "1.0.0"
JSON, GEOJSON = "application/json", "application/geo+json"


def add_item(
    catalog_href: str | os.PathLike[str],
    item: pystac.Item,
    *,
    overwrite: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> str:
    """Write an item into a catalog's folder, and link it in the catalog.

    The item's file comes first and the link last: nothing is linked that is not there. Any number
    of people may add to one catalog at once, on dCache and in shared folders: no link gets lost,
    and readers always find a whole catalog (`rsdat.dcache.swap` says how).

    Args:
        catalog_href: Address of a catalog or collection; a new catalog is made where there is none.
        item: It is not changed. Its file becomes `<catalog's folder>/<id>/<id>.json`; assets stay
            where they are.
        overwrite: Replace an item of that id.
        storage_options: As `read_catalog`; by default what the item was read with.

    Returns:
        The address of the item's file.

    Raises:
        Conflict: There is such an item, and `overwrite` is false (`exists`); or others have been
            writing for minutes (`contended`).
        InvalidInput: There is something else than a catalog; or the id is no file name.
        OSError: The store refused.
    """
    address = absolute(os.fspath(catalog_href))
    owner = io_of(item, storage_options, address)
    value = _moved(item, f"{parent(address)}/{item.id}/{item.id}.json")
    href = put_item(
        address, read_catalog_json(address, owner), value, overwrite=overwrite, owner=owner
    )
    link_items(address, [href], owner)
    return href


def put_item(
    catalog_address: str,
    catalog: Mapping[str, Any],
    item: dict[str, Any],
    *,
    overwrite: bool,
    owner: Owner,
) -> str:
    """Write an item's file beside a catalog; it is not linked yet.

    Args:
        catalog_address: The catalog's, in the form of `absolute`.
        catalog: From `read_catalog_json`.
        item: Its JSON, with assets' hrefs as from its new place. `root`, `parent` and `collection`
            are set here.
        overwrite: Replace an item of that id.
        owner: Whose credentials to use.

    Raises:
        Conflict: There is such an item, and `overwrite` is false.
        InvalidInput: The id is no file name.
    """
    item_id = item["id"]
    check_name(item_id)
    href = f"{parent(catalog_address)}/{item_id}/{item_id}.json"
    root = next((link["href"] for link in catalog["links"] if link["rel"] == "root"), None)
    root_href = resolve(root, catalog_address) if root else catalog_address
    up = relative(catalog_address, href)
    links = [link for link in item.get("links", []) if link["rel"] not in _STRUCTURE]
    item["links"] = [
        _link("root", relative(root_href, href), JSON),
        _link("parent", up, JSON),
        *links,
    ]
    item.pop("collection", None)
    if catalog["type"] == "Collection":
        item["collection"] = catalog["id"]
        item["links"].append(_link("collection", up, JSON))
    try:
        write_bytes(href, dumps(item).encode(), owner, replace=overwrite)
    except FileExistsError as error:
        raise item_exists(item_id) from error
    return href


def item_exists(item_id: str) -> Conflict:
    """The error for an id that is taken."""
    return Conflict(
        f"there is an item '{item_id}' already", hint="overwrite=True replaces it.", code="exists"
    )


def link_items(catalog_address: str, hrefs: Iterable[str], owner: Owner) -> bool:
    """Link items in a catalog, which is made where there is none; False if all were linked.

    Raises:
        InvalidInput: There is something else than a catalog.
        Conflict: Others have been writing for minutes.
    """
    wanted = list(hrefs)

    def change(old: bytes | None) -> bytes | None:
        catalog = _parsed(catalog_address, old)
        linked = {
            resolve(link["href"], catalog_address)
            for link in catalog["links"]
            if link["rel"] == "item"
        }
        new = [href for href in wanted if href not in linked]
        if old is not None and not new:
            return None
        catalog["links"] += [
            _link("item", relative(href, catalog_address), GEOJSON) for href in new
        ]
        return dumps(catalog).encode()

    return update(catalog_address, change, owner)


def read_catalog_json(address: str, owner: Owner) -> dict[str, Any]:
    """A catalog's JSON; that of a new one where there is none.

    Raises:
        InvalidInput: It is no catalog.
    """
    try:
        text = read_text(address, owner)
    except FileNotFoundError:
        return _parsed(address, None)
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{address} is not JSON: {error}") from error
    return _parsed(address, text.encode())


def check_name(name: str) -> None:
    """Raises InvalidInput for what can't be the name of a file."""
    if not name or "/" in name or name in (".", ".."):
        raise InvalidInput(f"'{name}' can't be the name of a file")


_STRUCTURE = ("root", "parent", "collection", "self")


def _parsed(address: str, text: bytes | None) -> dict[str, Any]:
    if text is None:
        return _new_catalog(address)
    try:
        catalog: Any = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"{address} is not JSON: {error}") from error
    if not isinstance(catalog, dict) or catalog.get("type") not in ("Catalog", "Collection"):
        raise InvalidInput(f"{address} is not a STAC catalog or collection")
    links = catalog.setdefault("links", [])
    if not isinstance(links, list) or not all(
        isinstance(link, dict) and isinstance(link.get("href"), str) and "rel" in link
        for link in links
    ):
        raise InvalidInput(
            f"{address} has links that are none", hint="Mend the file by hand, then try again."
        )
    return catalog


def _new_catalog(address: str) -> dict[str, Any]:
    folder, name = parent(address).rpartition("/")[2], address.rpartition("/")[2]
    return {
        "type": "Catalog",
        "stac_version": STAC_VERSION,
        "id": folder or "catalog",
        "description": f"Results in {folder}.",
        "links": [_link("root", f"./{name}", JSON)],
    }


def _moved(item: pystac.Item, after: str) -> dict[str, Any]:
    """An item's JSON as it is at its new place; its own is not touched."""
    before = item.get_self_href()
    value: dict[str, Any] = copy.deepcopy(
        item.to_dict(include_self_link=False, transform_hrefs=False)
    )
    value["links"] = [link for link in value["links"] if link["href"]]
    for each in (*value["assets"].values(), *value["links"]):
        target = resolve(each["href"], before or after)
        if resolve(each["href"], after) != target:
            each["href"] = relative(target, after)
    return value


def _link(rel: str, href: str, media_type: str) -> dict[str, str]:
    return {"rel": rel, "href": href, "type": media_type}
