"""Catalogs read from any file system that fsspec knows, `dcache://` among them."""

from __future__ import annotations

import os
from typing import Any

import pystac
from pystac.stac_io import StacIO
from pystac.utils import make_absolute_href, make_relative_href

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.stac.hrefs import absolute, resolve
from rsdat.stac.store import read_text, write_bytes


class FsspecStacIO(StacIO):
    """Lets PySTAC read and write through fsspec.

    Hand it to PySTAC where you need it (`catalog.save(stac_io=FsspecStacIO())`); catalogs from
    `read_catalog` have it already. Never set as PySTAC's default.
    """

    def read_text(self, source: Any, *_: Any, **__: Any) -> str:
        """The file's text."""
        return read_text(os.fspath(source))

    def write_text(self, dest: Any, txt: str, *_: Any, **__: Any) -> None:
        """Write the file, folders included."""
        write_bytes(os.fspath(dest), txt.encode())

    def read_json(self, source: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The file's object, its hrefs such that PySTAC finds what they mean."""
        value: dict[str, Any] = super().read_json(source, *args, **kwargs)
        if not isinstance(value, dict):
            raise ValueError("its JSON is not an object")  # noqa: TRY004 - it is not a bug
        base = os.fspath(source)
        for link in value.get("links", []):
            link["href"] = _safe_href(link["href"], base)
        if value.get("type") == "Feature":
            for asset in value.get("assets", {}).values():
                asset["href"] = _safe_href(asset["href"], base)
        return value


def read_catalog(href: str | os.PathLike[str]) -> pystac.Catalog:
    """Open a catalog or collection; its children and items are read when they are asked for.

    Args:
        href: Address of the JSON file: a local path or any URL that fsspec knows
            (`dcache:///pnfs/…/catalog.json`).

    Raises:
        NotFound: There is no such file.
        InvalidInput: It is not the JSON of a catalog or collection.
    """
    address = absolute(os.fspath(href))
    try:
        found = pystac.read_file(address, stac_io=FsspecStacIO())
    except FileNotFoundError as error:
        raise NotFound(f"there is no catalog at {address}") from error
    except (ValueError, KeyError, pystac.STACTypeError) as error:
        raise InvalidInput(f"{address} is not a STAC catalog: {error}") from error
    if not isinstance(found, pystac.Catalog):
        raise InvalidInput(
            f"{address} is a STAC item, not a catalog",
            hint="Open the catalog or collection that links it.",
        )
    root = found.get_root_link()
    if root is not None and not root.is_resolved() and root.get_absolute_href() == address:
        # Or PySTAC would read the same file again, as another object.
        found.set_root(found)
    return found


def find_item(catalog: pystac.Catalog, item_id: str | None) -> pystac.Item:
    """The item of that id in the catalog or below; the only one there is if id is None.

    Raises:
        NotFound: There is none.
        InvalidInput: No id, and several items to choose from.
    """
    if item_id is not None:
        found = next(catalog.get_items(item_id, recursive=True), None)
        if found is None:
            raise NotFound(f"the catalog '{catalog.id}' has no item '{item_id}'")
        return found
    items = catalog.get_items(recursive=True)
    found = next(items, None)
    if found is None:
        raise NotFound(f"the catalog '{catalog.id}' has no items")
    if next(items, None) is not None:
        raise InvalidInput(
            f"the catalog '{catalog.id}' has several items: which one?",
            hint="Give item_id, one of those that catalog.get_items(recursive=True) lists.",
        )
    return found


def _safe_href(href: str, base: str) -> str:
    """`href` itself, or its absolute form where PySTAC would compute something else.

    PySTAC 1.15 (utils.py) takes every address for a web URL and loses what follows `#` or `?`
    in a name. Where it is right the relative form stays, so that a catalog can be saved to
    another place.
    """
    target = resolve(href, base)
    relative = make_relative_href(target, base)
    if make_absolute_href(href, base) == target == make_absolute_href(relative, base):
        return href
    return target
