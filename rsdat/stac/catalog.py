"""Catalogs, collections and items on any file system that fsspec knows, `dcache://` among them.

PySTAC's own classes, with three differences: they read and write through fsspec with the
credentials they were opened with, they compute hrefs right for names with `#` and `?`, and what
they save is whole or not at all. PySTAC itself is left as it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pystac

from rsdat.base.errors import InvalidInput, NotFound, RsdatError
from rsdat.stac.hrefs import absolute, shown
from rsdat.stac.io import io_of, moved_href
from rsdat.stac.problems import NOT_STAC, is_of_the_web, problem_of
from rsdat.stac.store import stac_io_of
from rsdat.stac.walk import resolved, root_of, walk_catalogs, walk_items

if TYPE_CHECKING:
    from pystac.layout import HrefLayoutStrategy


class Item(pystac.Item):
    """PySTAC's item; may also have no time at all, and moves its relative hrefs rightly."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        timeless = _is_timeless(args, kwargs)
        if timeless is not None:
            # PySTAC refuses it; the file is there all the same, and its assets are of use.
            timeless |= {"start_datetime": "", "end_datetime": ""}
        super().__init__(*args, **kwargs)
        if timeless is not None:
            del timeless["start_datetime"], timeless["end_datetime"]

    @classmethod
    def from_file(
        cls,
        href: Any,
        stac_io: pystac.StacIO | None = None,
        storage_options: Mapping[str, Any] | None = None,
    ) -> Item:
        """Read an item; arguments and errors as `read_catalog`."""
        found = _read(href, stac_io, storage_options, "item")
        if not isinstance(found, Item):
            raise InvalidInput(f"{found.get_self_href()} is a STAC catalog, not an item")
        return found

    def clone(self) -> Item:
        """As PySTAC's; the copy keeps what this was read with."""
        copy: Item = _with_io(self, super().clone())
        return copy

    def set_self_href(self, href: str | None) -> None:
        """As PySTAC's, with relative asset hrefs that lead where they led before."""
        before = self.get_self_href()
        hrefs = {key: asset.href for key, asset in self.assets.items()}
        super().set_self_href(href)
        after = self.get_self_href()
        if before is not None and after is not None:
            for key, old in hrefs.items():
                self.assets[key].href = moved_href(old, before, after)

    def save_object(
        self,
        include_self_link: bool = True,
        dest_href: str | None = None,
        stac_io: pystac.StacIO | None = None,
    ) -> None:
        """As PySTAC's: this file alone; whole or not at all, with hrefs that are right.

        Raises:
            InvalidInput: It has no place yet, and none is given.
            OSError: The store refused.
        """
        from rsdat.stac.save import save_one

        save_one(self, dest_href, stac_io, with_self=include_self_link)


class Catalog(pystac.Catalog):
    """PySTAC's catalog, on any file system, saved safely."""

    @classmethod
    def from_file(
        cls,
        href: Any,
        stac_io: pystac.StacIO | None = None,
        storage_options: Mapping[str, Any] | None = None,
    ) -> Any:
        """Open a catalog or collection; arguments and errors as `read_catalog`."""
        found = _read(href, stac_io, storage_options, "catalog")
        if not isinstance(found, cls if issubclass(cls, pystac.Collection) else pystac.Catalog):
            raise InvalidInput(
                f"{found.get_self_href()} is a STAC {_kind(found)}, not a {cls.__name__.lower()}",
                hint="Open the catalog or collection that links it."
                if isinstance(found, pystac.Item)
                else None,
            )
        return found

    def clone(self) -> Any:
        """As PySTAC's; the copy keeps what this was read with, and goes on reading lazily."""
        return _with_io(self, super().clone())

    def get_stac_objects(
        self,
        rel: str | pystac.RelType,
        typ: type[pystac.STACObject] | None = None,
        modify_links: Callable[[list[pystac.Link]], list[pystac.Link]] | None = None,
    ) -> Iterator[pystac.STACObject]:
        """As PySTAC's, with files read ahead."""
        if modify_links is not None or rel not in (pystac.RelType.CHILD, pystac.RelType.ITEM):
            yield from super().get_stac_objects(rel, typ, modify_links)
            return
        for found in resolved(self, rel):
            if typ is None or isinstance(found, typ):
                yield found

    def get_items(self, *ids: str, recursive: bool = False) -> Iterator[pystac.Item]:
        """As PySTAC's; children are read when their turn comes, and each only once.

        `rsdat.stac.walk_items` goes on where a file is broken.
        """
        for item in walk_items(self, recursive=recursive):
            if not ids or item.id in ids:
                yield item

    def get_item(self, id: str, recursive: bool = False) -> pystac.Item | None:  # noqa: A002
        """As PySTAC's; looks first behind links that carry the id in their name."""
        return look_for(self, id, recursive=recursive)

    def normalize_hrefs(
        self,
        root_href: str | os.PathLike[str],
        strategy: HrefLayoutStrategy | None = None,
        skip_unresolved: bool = False,
    ) -> None:
        """As PySTAC's, with hrefs that are right for any name.

        Raises:
            InvalidInput: An id that would lead out of the folder.
        """
        from rsdat.stac.save import normalize

        normalize(
            self,
            os.fspath(root_href),
            self._get_strategy(strategy),
            skip_unresolved=skip_unresolved,
        )

    def normalize_and_save(
        self,
        root_href: str | os.PathLike[str],
        catalog_type: pystac.CatalogType | str | None = None,
        strategy: HrefLayoutStrategy | None = None,
        stac_io: pystac.StacIO | None = None,
        skip_unresolved: bool = False,
        *,
        storage_options: Mapping[str, Any] | None = None,
        overwrite: bool = False,
    ) -> None:
        """Give the catalog a place, and save it there: `normalize_hrefs`, then `save`.

        Args:
            root_href: Address of the folder (or of the catalog's file).
            catalog_type: As PySTAC's: `SELF_CONTAINED` links relatively, so that the folder can be
                moved.
            strategy: As PySTAC's.
            stac_io: As PySTAC's; by default what the catalog was read with.
            skip_unresolved: Leave alone what was not read yet.
            storage_options: As `read_catalog`; remembered with the catalog.
            overwrite: As `save`.

        Raises:
            InvalidInput: An id that would lead out of the folder.
            Conflict, OSError: As `save`.
        """
        self.normalize_hrefs(root_href, strategy=strategy, skip_unresolved=skip_unresolved)
        self.save(
            catalog_type, stac_io=stac_io, storage_options=storage_options, overwrite=overwrite
        )

    def save_object(
        self,
        include_self_link: bool = True,
        dest_href: str | None = None,
        stac_io: pystac.StacIO | None = None,
    ) -> None:
        """As PySTAC's: this file alone; whole or not at all, with hrefs that are right.

        Raises:
            InvalidInput: It has no place yet, and none is given.
            OSError: The store refused.
        """
        from rsdat.stac.save import save_one

        save_one(self, dest_href, stac_io, with_self=include_self_link)

    def save(
        self,
        catalog_type: pystac.CatalogType | str | None = None,
        dest_href: str | None = None,
        stac_io: pystac.StacIO | None = None,
        *,
        storage_options: Mapping[str, Any] | None = None,
        overwrite: bool = False,
    ) -> None:
        """Write what is in memory: items first, this catalog last, each file whole or not at all.

        Whatever interrupts it, the catalog in the store links only files that are there. Files that
        would not change are not written. Several are written at once.

        Args:
            catalog_type: As PySTAC's.
            dest_href: As PySTAC's: another folder, without changing the hrefs in memory.
            stac_io: As PySTAC's; by default what the catalog was read with.
            storage_options: As `read_catalog`; remembered with the catalog.
            overwrite: Replace catalogs that somebody else has changed since they were read here.

        Raises:
            Conflict: Somebody else has changed a catalog since (`changed_since`).
            InvalidInput: The catalog has no place yet.
            OSError: The store refused; what was not reached is as it was.
        """
        from rsdat.stac.save import save

        save(
            self,
            None if catalog_type is None else pystac.CatalogType(catalog_type),
            dest_href,
            stac_io,
            storage_options,
            overwrite=overwrite,
        )


class Collection(Catalog, pystac.Collection):
    """PySTAC's collection, with what `Catalog` adds."""


def read_catalog(
    href: str | os.PathLike[str],
    *,
    storage_options: Mapping[str, Any] | None = None,
    stac_io: pystac.StacIO | None = None,
) -> Catalog:
    """Open a catalog or collection; its children and items are read when they are asked for.

    Args:
        href: Address of the JSON file: a local path or any URL that fsspec knows
            (`dcache:///pnfs/…/catalog.json`).
        storage_options: Options of the file system, such as `{"endpoint": "spider"}`; or of
            several, by protocol: `{"dcache": {"endpoint": "spider"}, "s3": {"anon": True}}`. They
            stay with the catalog: for children, items, assets, stacks and what is saved.
        stac_io: Instead of options.

    Raises:
        NotFound: There is no such file.
        InvalidInput: It is not the JSON of a catalog or collection.
        RsdatError: The store refused, or gave no usable answer.
    """
    found: Catalog = Catalog.from_file(href, stac_io, storage_options)
    return found


def find_item(catalog: pystac.Catalog, item_id: str | None) -> pystac.Item:
    """The item of that id in the catalog or below; the only one there is if id is None.

    Raises:
        NotFound: There is none.
        InvalidInput: No id, and several items to choose from.
    """
    if item_id is not None:
        found = look_for(catalog, item_id, recursive=True)
        if found is None:
            raise NotFound(f"the catalog '{catalog.id}' has no item '{item_id}'")
        return found
    items = walk_items(catalog)
    first = next(items, None)
    if first is None:
        raise NotFound(f"the catalog '{catalog.id}' has no items")
    if next(items, None) is not None:
        raise InvalidInput(
            f"the catalog '{catalog.id}' has several items: which one?",
            hint="Give item_id, one of those that catalog.get_items(recursive=True) lists.",
        )
    return first


def look_for(catalog: pystac.Catalog, item_id: str, *, recursive: bool) -> pystac.Item | None:
    """The item of an id; None if there is none.

    Of 10 000 items one file is read where the files are named as they mostly are, after their
    ids; only if none fits, all are.
    """
    catalogs = list(walk_catalogs(catalog, recursive=recursive))
    for inside in catalogs:
        for link in inside.get_item_links():
            if not link.is_resolved() and not _is_named(link, item_id):
                continue
            if link.is_resolved() and getattr(link.target, "id", None) != item_id:
                continue
            try:
                link.resolve_stac_object(root=root_of(inside))
            except pystac.STACError:
                continue  # told below, if no other is found
            if isinstance(link.target, pystac.Item) and link.target.id == item_id:
                return link.target
    for inside in catalogs:
        for item in walk_items(inside, recursive=False):
            if item.id == item_id:
                return item
    return None


def _with_io(found: Any, copy: Any) -> Any:
    # Without, the copy would go by the default endpoint, as somebody else maybe.
    copy._stac_io = stac_io_of(found)  # noqa: SLF001 - where PySTAC keeps it
    return copy


def _is_named(link: pystac.Link, item_id: str) -> bool:
    *_, folder, name = ["", *(link.get_href(transform_href=False) or "").split("/")]
    return item_id in (folder, name.removesuffix(".json"))


def _read(
    href: Any,
    stac_io: pystac.StacIO | None,
    storage_options: Mapping[str, Any] | None,
    kind: str,
) -> pystac.STACObject:
    address = absolute(os.fspath(href))
    reading = stac_io
    if storage_options or reading is None:
        reading = io_of(stac_io, storage_options, address)
    try:
        found = reading.read_stac_object(address)
    except FileNotFoundError as error:
        raise NotFound(f"there is no {kind} at {shown(address)}") from error
    except IsADirectoryError as error:
        raise InvalidInput(
            f"{address} is a folder", hint=f"Give the {kind}'s file: {address}/{kind}.json"
        ) from error
    except RsdatError:
        raise
    except (*NOT_STAC, KeyError) as error:
        words = f"it has no {error}" if isinstance(error, KeyError) else error
        raise InvalidInput(f"{shown(address)} is not a STAC {kind}: {words}") from error
    except Exception as error:
        if not is_of_the_web(error):
            raise
        raise problem_of(error, address, "")[1] from error
    if isinstance(found, pystac.Catalog):
        root = found.get_root_link()
        if root is None or (not root.is_resolved() and root.get_absolute_href() == address):
            # Or PySTAC would read the same file again, as another object.
            found.set_root(found)
    return found


def _kind(found: pystac.STACObject) -> str:
    return type(found).__name__.lower()


def _is_timeless(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any] | None:
    """The properties of an item that has no time; None if it has one."""
    names = ("id", "geometry", "bbox", "datetime", "properties", "start_datetime", "end_datetime")
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    properties = given.get("properties")
    if given.get("datetime") is not None or not isinstance(properties, dict):
        return None
    if given.get("start_datetime") and given.get("end_datetime"):
        return None
    if {"start_datetime", "end_datetime"} <= properties.keys():
        return None
    return properties
