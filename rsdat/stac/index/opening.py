"""An index for programs and notebooks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rsdat.base.errors import DoorBroken
from rsdat.stac import hrefs
from rsdat.stac.doors import in_dcache
from rsdat.stac.index.document import absolute_item
from rsdat.stac.index.index import Index
from rsdat.stac.index.narrowed import narrowed
from rsdat.stac.index.query import parse_filter
from rsdat.stac.index.source import FsspecSource, Source
from rsdat.stac.index.web import WebSource
from rsdat.stac.store import by_protocol

if TYPE_CHECKING:
    import pystac

    from rsdat.stac.problems import OnProblem


def open_index(
    href: str | os.PathLike[str],
    *,
    storage_options: Mapping[str, Any] | None = None,
    keep: bool = True,
) -> Index:
    """All items below a catalog, being read from now on; close it.

    Rows can be used while others are read; `wait` waits for all of them. With 200 items and more
    the index is kept as `<catalog>.items.parquet` (stac-geoparquet) beside the catalog, or in
    `$RSDAT_HOME/stac` where that can't be written, and the next time only what has changed is read.

    Args:
        href: A catalog, a collection, an item, an item collection or a stac-geoparquet file, on
            any file system that fsspec knows, or on the web.
        storage_options: For the file system; or for several, by protocol.
        keep: Whether to keep it.
    """
    return _open(*_place(href, storage_options), keep=keep)


def _open(address: str, options: Mapping[str, Mapping[str, Any]], *, keep: bool) -> Index:
    said = options.get(hrefs.scheme_of(address) or "file", {})
    web = address.startswith(("http://", "https://")) and not said
    source: Source = WebSource() if web else FsspecSource(address, options)
    index = Index(address, source, owner=str(said.get("endpoint", "")), keep=keep)
    index.refresh()
    return index


def _place(
    href: str | os.PathLike[str], storage_options: Mapping[str, Any] | None
) -> tuple[str, dict[str, dict[str, Any]]]:
    """The address that is read, and options by protocol: a door's web address is in dCache."""
    address = hrefs.absolute(os.fspath(href))
    options = by_protocol(storage_options, hrefs.scheme_of(address) or "file")
    in_door = in_dcache(address, options)
    if in_door is None:
        return address, options
    return in_door[0], {**options, "dcache": dict(in_door[1])}


def items(
    href: str | os.PathLike[str] | Iterable[pystac.Item],
    *,
    ids: Sequence[str] | None = None,
    bbox: Sequence[float] | None = None,
    datetime: str | None = None,
    text: str | None = None,
    collection: str | None = None,
    storage_options: Mapping[str, Any] | None = None,
    on_problem: OnProblem = None,
) -> list[pystac.Item]:
    """Items below a catalog, by what they are like; all of them if nothing is said.

    The hrefs of those from a catalog are absolute; items that are at hand are left as they are.

    Args:
        href: As for `open_index`; or items that are at hand, such as those of `search`.
        ids: These only.
        bbox: West, south, east, north in degrees; west > east crosses the antimeridian.
        datetime: A moment or an interval as in STAC APIs: `2024-01-01/2024-03-31`.
        text: Part of the id, upper or lower case.
        collection: Id of their collection; ids are unique in one only.
        storage_options: For the file system, or for several by protocol, as `read_catalog` takes
            them. They stay with the items: for assets, stacks, copies and staging.
        on_problem: Told each file that can't be read; `problems.append`, say. None: a warning
            names them, unless all `ids` were found.

    Returns:
        PySTAC items, the latest first.

    Raises:
        RsdatError: The catalog can't be read.
    """
    wanted = parse_filter(bbox, datetime, text, collection=collection, ids=ids)
    if not isinstance(href, (str, os.PathLike)):
        return narrowed(href, wanted)
    from rsdat.stac.io import FsspecStacIO
    from rsdat.stac.made import made, tell
    from rsdat.stac.problems import Problem

    address, options = _place(href, storage_options)
    index = _open(address, options, keep=True)
    try:
        if not index.wait():
            raise index.failure or DoorBroken(f"{href} could not be read")
        chosen = index.chosen(wanted)
        unread = list(index.problems)
    finally:
        index.close()
    here = hrefs.shown(address)
    problems = [
        Problem(where, here, f"{where}: {message}", "unreadable")
        for where, message in ((hrefs.shown(each.href or address), each.message) for each in unread)
    ]
    found = made(
        ((place, absolute_item(item, place, hrefs.resolve)) for place, item in chosen),
        FsspecStacIO(options),
        address,
        problems,
    )
    # Of no interest to who has all that was asked for.
    if on_problem is not None or ids is None or {*ids} - {item.id for item in found}:
        tell(problems, on_problem, address)
    return found
