"""A catalog in memory written out: leaves first, root last, several at once, nothing twice.

Whatever interrupts it (kill -9 too), each file in the store is whole, and none links what is not
there: a file is written only when everything below it is.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pystac
from pystac.link import HIERARCHICAL_LINKS

from rsdat.base.errors import Conflict, InvalidInput
from rsdat.stac.hrefs import absolute, parent, relative, resolve
from rsdat.stac.io import AT_ONCE, FsspecStacIO, io_of, moved_href
from rsdat.stac.store import exists, same_bytes, write_bytes
from rsdat.stac.swap import update
from rsdat.stac.walk import resolved, root_of

if TYPE_CHECKING:
    from pystac.layout import HrefLayoutStrategy


@dataclass(frozen=True)
class File:
    """One file to write.

    Attributes:
        href: Where.
        text: What.
        level: How deep below the catalog that is saved; the deepest are written first.
        is_item: Whether it is an item; catalogs are shared with others, and looked at first.
    """

    href: str
    text: str
    level: int
    is_item: bool


def save(
    catalog: pystac.Catalog,
    catalog_type: pystac.CatalogType | None,
    dest_href: str | None,
    stac_io: pystac.StacIO | None,
    storage_options: Mapping[str, Any] | None,
    *,
    overwrite: bool,
) -> None:
    """`Catalog.save`, which says what the arguments mean and what is raised."""
    here = catalog.get_self_href()
    if here is None:
        raise InvalidInput(
            f"the catalog '{catalog.id}' has no place yet",
            hint="Give it one with normalize_and_save(address).",
        )
    root = root_of(catalog)
    if catalog_type is not None:
        root.catalog_type = catalog_type
    target = here if dest_href is None else f"{absolute(dest_href).rstrip('/')}/{_name(here)}"
    writing = stac_io
    if storage_options or writing is None:
        writing = io_of(stac_io or catalog, storage_options, target)
        if storage_options:
            catalog._stac_io = writing  # noqa: SLF001 - where PySTAC keeps it
    files = list(_plan(catalog, here, target, root))
    if isinstance(writing, FsspecStacIO):
        _write(files, writing, overwrite=overwrite)
    else:
        for file in sorted(files, key=lambda each: -each.level):
            writing.write_text(file.href, file.text)


def save_one(
    found: pystac.STACObject,
    dest_href: str | None,
    stac_io: pystac.StacIO | None,
    *,
    with_self: bool,
) -> None:
    """`save_object` of items and catalogs: one file, in one step."""
    here = _place_of(found) if dest_href is None else absolute(dest_href)
    root = found.get_root_link()
    top = root.target if root is not None and root.is_resolved() else None
    if found.get_self_href() is None:
        found.set_self_href(here)
    value = _value(
        found,
        top if isinstance(top, pystac.Catalog) else None,
        lambda href: here if href == found.get_self_href() else href,
        with_self=with_self,
    )
    writing = stac_io or io_of(found, None, here)
    if isinstance(writing, FsspecStacIO):
        file = File(here, dumps(value), 0, isinstance(found, pystac.Item))
        _write_one(file, writing, overwrite=False, is_new=False)
    else:
        writing.write_text(here, dumps(value))


def normalize(
    catalog: pystac.Catalog,
    root_href: str,
    strategy: HrefLayoutStrategy,
    *,
    skip_unresolved: bool,
) -> None:
    """`Catalog.normalize_hrefs`: everything gets its place below `root_href`.

    Raises:
        InvalidInput: An id that would lead out of the folder, or two that lead to one place.
        NotFound, InvalidInput: Something is linked that can't be read.
    """
    start = absolute(root_href.rstrip("/"))
    if start.endswith(".json"):
        start = parent(start)
    seen: set[str | int] = {catalog.get_self_href() or id(catalog)}
    moves: list[tuple[pystac.STACObject, str]] = []

    def visit(each: pystac.Catalog, folder: str, *, is_root: bool) -> None:
        href = _place(strategy, each, folder, is_root=is_root)
        moves.append((each, href))
        items = _below(each, pystac.RelType.ITEM, seen, skip_unresolved)
        here = parent(href)
        moves.extend((item, _place(strategy, item, here, is_root=False)) for item in items)
        for child in _below(each, pystac.RelType.CHILD, seen, skip_unresolved):
            if isinstance(child, pystac.Catalog):
                visit(child, here, is_root=False)

    visit(catalog, start, is_root=True)
    _check_places(moves)
    # Only now: hrefs of things that have moved already would lead astray.
    known = {found.get_self_href(): found for found, _ in moves}
    for found, href in moves:
        _move_links(found, href, known)
    for found, href in moves:
        _set_place(found, href)


def dumps(value: Mapping[str, Any]) -> str:
    """JSON as all files of `rsdat.stac` have it; null for NaN and infinity, which JSON has not.

    Raises:
        InvalidInput: It holds what JSON can't.
    """
    try:
        try:
            text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=_plain)
        except ValueError:
            finite = json.loads(json.dumps(value, default=_plain), parse_constant=lambda _: None)
            text = json.dumps(finite, indent=2, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"'{value.get('id', '')}' can't be written as JSON: {error}") from error
    return text + "\n"


def _plain(value: Any) -> Any:
    """What numpy's scalars are in Python."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _place(
    strategy: HrefLayoutStrategy, found: pystac.STACObject, folder: str, *, is_root: bool
) -> str:
    if ".." in found.id.split("/") or found.id.startswith("/"):
        raise InvalidInput(f"the id '{found.id}' can't be the name of a file")
    # Not its `get_href`, which takes a folder like `…/run.2024` for a file and saves beside it.
    if isinstance(found, pystac.Item):
        href = strategy.get_item_href(found, folder)
    elif isinstance(found, pystac.Collection):
        href = strategy.get_collection_href(found, folder, is_root)
    elif isinstance(found, pystac.Catalog):
        href = strategy.get_catalog_href(found, folder, is_root)
    else:
        raise InvalidInput(f"'{found.id}' is neither catalog nor item")
    href = absolute(href)
    scheme, mark, rest = href.rpartition("://")
    return f"{scheme}{mark}{posixpath.normpath(rest)}"


def _check_places(moves: list[tuple[pystac.STACObject, str]]) -> None:
    """Of two with one place the second would silently replace the first."""
    there: dict[str, pystac.STACObject] = {}
    for found, href in moves:
        other = there.setdefault(href, found)
        if other is not found and _said(other) != _said(found):
            raise InvalidInput(
                f"two that differ have the id '{found.id}', and would have one place: {href}",
                hint="Give one of them another id, or both a `strategy` that keeps them apart.",
                code="same_place",
            )


def _said(found: pystac.STACObject) -> dict[str, Any]:
    value = found.to_dict(include_self_link=False, transform_hrefs=False)
    return {key: each for key, each in value.items() if key != "links"}


def _below(
    catalog: pystac.Catalog, rel: str, seen: set[str | int], skip_unresolved: bool
) -> Iterator[pystac.STACObject]:
    if not skip_unresolved:
        yield from resolved(catalog, rel, seen=seen)
        return
    for link in catalog.get_links(rel):
        if not link.is_resolved() or not isinstance(link.target, pystac.STACObject):
            continue
        key = link.target.get_self_href() or id(link.target)
        if key not in seen:
            seen.add(key)
            yield link.target


def _move_links(
    found: pystac.STACObject, after: str, known: Mapping[str | None, pystac.STACObject]
) -> None:
    """Links lead from the new place to what they led to from the old one, or to its new place."""
    before = found.get_self_href()
    for link in found.links:
        if before is None or link.is_resolved() or link.rel == pystac.RelType.SELF:
            continue
        href = link.get_href(transform_href=False)
        if href is not None:
            link.target = known.get(resolve(href, before)) or moved_href(href, before, after)


def _set_place(found: pystac.STACObject, after: str) -> None:
    before = found.get_self_href()
    hrefs = {}
    if isinstance(found, pystac.Item | pystac.Collection) and before is not None:
        # PySTAC's own items would compute some of them wrong, its collections compute none.
        hrefs = {key: moved_href(each.href, before, after) for key, each in found.assets.items()}
    found.set_self_href(after)
    for key, href in hrefs.items():
        found.assets[key].href = href  # type: ignore[attr-defined]


def _plan(catalog: pystac.Catalog, here: str, target: str, root: pystac.Catalog) -> Iterator[File]:
    """All files that are in memory, with their text."""
    folder, new_folder = parent(here), parent(target)

    def moved(href: str) -> str:
        return href if folder == new_folder else resolve(relative(href, here), target)

    def file(found: pystac.STACObject, level: int) -> File:
        href = _place_of(found)
        with_self = root.catalog_type == pystac.CatalogType.ABSOLUTE_PUBLISHED or (
            root.catalog_type == pystac.CatalogType.RELATIVE_PUBLISHED and found is root
        )
        value = _value(found, root, moved, with_self=with_self)
        return File(moved(href), dumps(value), level, isinstance(found, pystac.Item))

    rows = [(catalog, 0)]
    seen = {id(catalog)}
    while rows:
        each, level = rows.pop()
        yield file(each, level)
        for link in each.links:
            below = link.target if link.is_resolved() else None
            if not isinstance(below, pystac.STACObject) or id(below) in seen:
                continue
            if link.rel == pystac.RelType.CHILD and isinstance(below, pystac.Catalog):
                seen.add(id(below))
                rows.append((below, level + 1))
            elif link.rel == pystac.RelType.ITEM:
                seen.add(id(below))
                yield file(below, level + 1)


def _value(
    found: pystac.STACObject,
    root: pystac.Catalog | None,
    moved: Callable[[str], str],
    *,
    with_self: bool,
) -> dict[str, Any]:
    """JSON of one object, with hrefs as from the place where it is written."""
    href = _place_of(found)
    value = found.to_dict(include_self_link=with_self, transform_hrefs=False)
    value["links"] = [
        {**link.to_dict(transform_href=False), "href": _href(link, href, moved, root)}
        for link in found.links
        if link.get_href(transform_href=False) is not None
        and (link.rel != pystac.RelType.SELF or with_self)
    ]
    return value


def _place_of(found: pystac.STACObject) -> str:
    href = found.get_self_href()
    if href is None:
        raise InvalidInput(
            f"'{found.id}' has no place yet", hint="Give it one with normalize_and_save."
        )
    return href


def _href(
    link: pystac.Link, owner_href: str, moved: Callable[[str], str], root: pystac.Catalog | None
) -> str:
    href = link.get_href(transform_href=False) or ""
    target = resolve(href, owner_href)
    owner_target = moved(owner_href)
    inside = isinstance(link.target, pystac.STACObject) or link.rel == pystac.RelType.SELF
    if link.rel in HIERARCHICAL_LINKS and root is not None and root.is_relative():
        return relative(moved(target) if inside else target, owner_target)
    if inside:
        return moved(target)
    # As it was said: relative stays relative where it leads to the same.
    return href if moved(owner_href) == owner_href else relative(target, owner_target)


def _write(files: list[File], stac_io: FsspecStacIO, *, overwrite: bool) -> None:
    """Level by level, the deepest first; within a level several at once."""
    # Where there was no catalog there are no items to compare with: a request less for each.
    top = min(files, key=lambda file: file.level)
    is_new = not exists(top.href, stac_io)
    if is_new:
        # What is there in the end is somebody else's, who began at the same time.
        stac_io.read_as.setdefault(top.href, "")
    levels = sorted({file.level for file in files}, reverse=True)
    with ThreadPoolExecutor(AT_ONCE, "rsdat-stac-save") as pool:
        for level in levels:
            # Items of a level before its catalogs, which may link them across.
            for is_item in (True, False):
                now = [f for f in files if f.level == level and f.is_item == is_item]
                doing = [pool.submit(_write_one, f, stac_io, overwrite, is_new) for f in now]
                done, left = wait(doing, return_when=FIRST_EXCEPTION)
                for each in left:
                    each.cancel()
                for each in done:
                    each.result()


def _write_one(file: File, stac_io: FsspecStacIO, overwrite: bool, is_new: bool) -> None:
    data = file.text.encode()
    if file.is_item:
        if is_new or not same_bytes(file.href, data, stac_io):
            write_bytes(file.href, data, stac_io)
        return
    known = stac_io.read_as.get(file.href)

    def change(old: bytes | None) -> bytes | None:
        if old == data:
            return None
        if old is not None and known is not None and not overwrite and digest(old) != known:
            raise Conflict(
                f"{file.href} was changed by somebody else meanwhile",
                hint="Read the catalog anew, or save with overwrite=True.",
                code="changed_since",
            )
        return data

    if not (known is None and same_bytes(file.href, data, stac_io)):
        update(file.href, change, stac_io)
    stac_io.read_as[file.href] = digest(data)


def digest(data: bytes) -> str:
    """What tells a file's text from any other."""
    return hashlib.sha256(data).hexdigest()


def _name(href: str) -> str:
    return href.rpartition("/")[2]
