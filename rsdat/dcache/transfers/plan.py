"""Finds out what there is to transfer: folders as lists of files, in batches, memory bounded."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

from rsdat.base.errors import Conflict, RsdatError
from rsdat.dcache import paths
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.entry import Entry
from rsdat.dcache.transfers.items import Item
from rsdat.dcache.transfers.workspace import Workspace, in_words
from rsdat.dcache.write import TEMPORARY_PREFIX

BATCH = 500
#: Deeper folders are taken for a circle of links.
DEEPEST = 200
#: A folder or file that can't be listed: what, and why.
Trouble = tuple[Item, RsdatError]


class Names:
    """Names of several sources that come to one folder: equal ones are numbered."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def of(self, path: str) -> str:
        """The name of a source at the destination."""
        wanted = paths.name_of(path.rstrip("/")) or "root"
        name, number = wanted, 0
        while name in self._given:
            number += 1
            name = numbered(wanted, number)
        self._given.add(name)
        return name


def numbered(name: str, number: int) -> str:
    """`scene (1).tif` for `scene.tif`, not longer than names may be."""
    return paths.marked(name, str(number))


async def of_dcache(
    client: DCacheClient, sources: Iterable[str], trouble: list[Trouble]
) -> AsyncIterator[list[Item]]:
    """What lies at dCache paths and below.

    Args:
        client: The endpoint.
        sources: Literal paths.
        trouble: Gets what can't be listed; the rest goes on.

    Raises:
        RsdatError: Nothing more can be listed: no credential, door out of reach.
    """
    names = Names()
    batch: list[Item] = []
    for source in sources:
        path = paths.parse(source)
        waiting = deque([(path, names.of(path))])
        while waiting:
            path, target = waiting.popleft()
            try:
                if target.count("/") > DEEPEST:
                    raise Conflict(f"'{path[:80]}…' leads around in a circle", code="circle")
                found = await client.look(path)
            except RsdatError as error:
                if is_fatal(error):
                    raise
                trouble.append((Item(path, target, None), error))
                continue
            if found.children is None:
                batch.append(Item(path, target, found.entry.size))
            else:
                batch.append(Item(path, target, 0, folder=True))
                for child in found.children:
                    _sort_in(child, f"{target}/{child.name}", batch, waiting)
                    if len(batch) >= BATCH:
                        yield batch
                        batch = []
    if batch:
        yield batch


def _sort_in(child: Entry, target: str, batch: list[Item], waiting: deque[tuple[str, str]]) -> None:
    if child.name.startswith(TEMPORARY_PREFIX):
        return  # somebody's upload under way
    if child.is_folder or child.type == "link":
        # Where a link leads, only looking at it tells.
        waiting.append((child.path, target))
    else:
        batch.append(Item(child.path, target, child.size))


async def of_workspace(
    workspace: Workspace, sources: Iterable[str], trouble: list[Trouble]
) -> AsyncIterator[list[Item]]:
    """As `of_dcache`, for the workspace; links are followed, but never in a circle."""
    names = Names()
    for source in sources:
        place = workspace.place(source)
        walk = _walk(place, source.strip("/"), names.of(source), trouble)
        while batch := await asyncio.to_thread(_some, walk):
            yield batch


def _some(walk: Iterator[Item]) -> list[Item]:
    batch = []
    for item in walk:
        batch.append(item)
        if len(batch) == BATCH:
            break
    return batch


def _walk(place: Path, path: str, target: str, trouble: list[Trouble]) -> Iterator[Item]:
    waiting: deque[tuple[Path, str, str, frozenset[tuple[int, int]]]] = deque()
    waiting.append((place, path, target, frozenset()))
    while waiting:
        place, path, target, above = waiting.popleft()
        try:
            with in_words(path):
                facts = place.stat()
                if not place.is_dir():
                    yield Item(path, target, facts.st_size)
                    continue
                itself = (facts.st_dev, facts.st_ino)
                if itself in above:
                    raise Conflict(f"'{path}' leads back to a folder above it", code="circle")
                yield Item(path, target, 0, folder=True)
                with os.scandir(place) as entries:
                    for entry in entries:
                        below = (f"{path}/{entry.name}", f"{target}/{entry.name}")
                        if entry.is_dir():
                            waiting.append((place / entry.name, *below, above | {itself}))
                        elif not entry.name.startswith(TEMPORARY_PREFIX):
                            yield _file(entry, *below)
        except RsdatError as error:
            trouble.append((Item(path, target, None), error))


def _file(entry: os.DirEntry[str], path: str, target: str) -> Item:
    try:
        return Item(path, target, entry.stat().st_size)
    except OSError:
        return Item(path, target, None)  # a link to nowhere: told when its turn comes


def is_fatal(error: RsdatError) -> bool:
    """Whether what comes after would fail in the same way.

    A 401 must not be repeated: the third one blocks everybody on this computer.
    """
    return error.status in (401, 507) or error.code in (
        "unreachable",
        "certificate",
        "insecure_redirect",
        "not_dcache",
        "endpoint_gone",
    )
