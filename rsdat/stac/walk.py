"""All items of a catalog, one after the other, whatever is broken in it.

Files are read ahead, several at once: one after the other, 10 000 items would be 10 000 round
trips.
"""

from __future__ import annotations

from collections.abc import Iterator

import pystac

from rsdat.stac.hrefs import shown
from rsdat.stac.io import FsspecStacIO
from rsdat.stac.problems import OnProblem, Problem, problem_of
from rsdat.stac.store import stac_io_of

# How many files are read ahead at most; begins with one, because many want only the first item.
MOST_AHEAD = 128
#: Catalogs in catalogs; more than anybody nests, fewer than a program's stack.
MOST_LEVELS = 100


def walk_items(
    catalog: pystac.Catalog, *, recursive: bool = True, on_problem: OnProblem = None
) -> Iterator[pystac.Item]:
    """The items of a catalog and, if `recursive`, of all catalogs below it.

    A catalog that is linked twice is visited once, so circles end.

    Args:
        catalog: Where to begin.
        recursive: Whether to go into children.
        on_problem: Told each link that leads to no item or catalog, and the walk goes on;
            `problems.append`, say. None: the first such ends it.

    Raises:
        NotFound: A linked file is not there (and `on_problem` is None).
        InvalidInput: A linked file is not valid (and `on_problem` is None).
        NoCredential: The store refuses the login.
    """
    for inside in walk_catalogs(catalog, recursive=recursive, on_problem=on_problem):
        for item in resolved(inside, pystac.RelType.ITEM, on_problem=on_problem):
            if isinstance(item, pystac.Item):
                yield item


def walk_catalogs(
    catalog: pystac.Catalog, *, recursive: bool = True, on_problem: OnProblem = None
) -> Iterator[pystac.Catalog]:
    """The catalog, and those below it, each once, parents first.

    Args:
        catalog: Where to begin.
        recursive: Whether to go into children.
        on_problem: As `walk_items`.

    Raises:
        NotFound, InvalidInput, NoCredential: As `walk_items`.
    """
    seen = {catalog.get_self_href() or id(catalog)}
    yield catalog
    # Iterators and not lists: children are read when their turn has come.
    rows = [_children(catalog, seen, on_problem)] if recursive else []
    while rows:
        child = next(rows[-1], None)
        if child is None:
            rows.pop()
            continue
        yield child
        if len(rows) >= MOST_LEVELS:
            if on_problem is not None:
                here = shown(child.get_self_href() or child.id)
                words = f"{here} lies more than {MOST_LEVELS} catalogs deep"
                on_problem(Problem(here, here, words, "too_deep"))
            continue
        rows.append(_children(child, seen, on_problem))


def _children(
    catalog: pystac.Catalog, seen: set[str | int], on_problem: OnProblem
) -> Iterator[pystac.Catalog]:
    for child in resolved(catalog, pystac.RelType.CHILD, on_problem=on_problem, seen=seen):
        if isinstance(child, pystac.Catalog):
            yield child


def resolved(
    catalog: pystac.Catalog,
    rel: str,
    *,
    on_problem: OnProblem = None,
    seen: set[str | int] | None = None,
) -> Iterator[pystac.STACObject]:
    """What the links of one kind lead to, read ahead.

    Args:
        catalog: Whose links.
        rel: `item` or `child`.
        on_problem: As `walk_items`.
        seen: Addresses (or Python's ids) not to go to; what is given out is added. A child that
            is one of its own ancestors is never even read: PySTAC would change its parent.
    """
    here = catalog.get_self_href() or catalog.id
    root = root_of(catalog)
    wanted = pystac.Item if rel == pystac.RelType.ITEM else pystac.Catalog
    for link in _read_ahead(catalog, [each for each in catalog.links if each.rel == rel], seen):
        href = link.get_absolute_href() or ""
        key = href or id(link.target)
        if seen is not None:
            if key in seen:
                if on_problem is not None:
                    words = f"{shown(here)} links {shown(href)}, which was there before"
                    on_problem(Problem(shown(href), shown(here), words, "cycle"))
                continue
            seen.add(key)
        try:
            link.resolve_stac_object(root=root)
            if not isinstance(link.target, wanted):
                raise TypeError(f"it is no {'item' if wanted is pystac.Item else 'catalog'}")
        except Exception as error:  # PySTAC lets anything through
            problem, told = problem_of(error, href, here)
            if on_problem is None:
                raise told from error
            on_problem(problem)
            continue
        yield link.target


def root_of(catalog: pystac.Catalog) -> pystac.Catalog:
    """The catalog's root; itself where the link to it leads nowhere."""
    try:
        root = catalog.get_root()
    except Exception as error:  # noqa: BLE001 - PySTAC lets anything through
        problem_of(error, "", "")
        root = None
    if root is None:
        catalog.set_root(catalog)
        return catalog
    return root


def _read_ahead(
    catalog: pystac.Catalog, links: list[pystac.Link], seen: set[str | int] | None
) -> Iterator[pystac.Link]:
    stac_io = stac_io_of(catalog)
    if not isinstance(stac_io, FsspecStacIO):
        yield from links
        return
    start, size = 0, 1
    while start < len(links):
        window = links[start : start + size]
        hrefs = [each.get_absolute_href() for each in window if not each.is_resolved()]
        wanted = [href for href in hrefs if href and href not in (seen or ())]
        try:
            stac_io.read_ahead(wanted)
            yield from window
        finally:
            # Who stops here must not find old text when coming back.
            stac_io.forget_ahead(wanted)
        start, size = start + size, min(2 * size, MOST_AHEAD)
