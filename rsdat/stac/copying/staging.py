"""From tape to disk: what dCache is asked for, and how it is waited for without end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone

from rsdat.base.errors import RsdatError
from rsdat.dcache import requests
from rsdat.dcache.fs import DCacheFileSystem
from rsdat.dcache.rest import login_root
from rsdat.dcache.tape import MAX_PATHS
from rsdat.stac.copying.facts import Job, Outcome
from rsdat.stac.copying.places import Places
from rsdat.stac.copying.trouble import understood
from rsdat.stac.hrefs import shown

WEEK_S = 7 * 86400.0
#: Tape takes minutes to hours; who waits for it is told after so long that it goes on.
WAIT_S = 4 * 3600.0
_LOOK_S = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0)
ON_DISK = ("ONLINE", "ONLINE_AND_NEARLINE")
_LOOKS_AT_ONCE = 16


@dataclass(frozen=True)
class Taped:
    """A file in dCache: which, and where."""

    href: str
    filesystem: DCacheFileSystem
    path: str


@dataclass
class Looked:
    """Files by where they are. Addresses, but for those on tape.

    Attributes:
        on_disk: Can be read now.
        on_tape: Their only copy is on tape.
        missing: There is no such file, or it can't be had; why.
        elsewhere: Not in dCache.
        came: Those that were on tape the last time, and are not any more.
    """

    on_disk: list[str] = field(default_factory=list)
    on_tape: list[Taped] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    elsewhere: list[str] = field(default_factory=list)
    came: list[Taped] = field(default_factory=list)

    def add(self, other: Looked) -> None:
        """Take in others."""
        self.on_disk += other.on_disk
        self.on_tape += other.on_tape
        self.missing |= other.missing
        self.elsewhere += other.elsewhere


async def look_at(places: Places, hrefs: Iterable[str]) -> Looked:
    """Where files are, sixteen questions at once."""
    found = Looked()

    async def look(href: str) -> None:
        try:
            place = await places.in_dcache(href)
        except Exception as error:  # noqa: BLE001 - told for this file
            found.missing[href] = understood(error, href).message
            return
        if place is None:
            found.elsewhere.append(href)
        else:
            await _look(Taped(href, *place), found)

    await _bounded(look(href) for href in dict.fromkeys(hrefs))
    return found


async def look_again(taped: Iterable[Taped]) -> Looked:
    """Where files are that were on tape."""
    found, before = Looked(), list(taped)
    await _bounded(_look(each, found) for each in before)
    still = set(map(id, found.on_tape))
    found.came = [each for each in before if id(each) not in still]
    return found


async def _look(file: Taped, found: Looked) -> None:
    try:
        where = (await file.filesystem._info(file.path))["locality"]  # noqa: SLF001 - awaited
    except Exception as error:  # noqa: BLE001 - told for this file
        found.missing[file.href] = understood(error, file.href).message
        return
    if where == "NEARLINE":
        found.on_tape.append(file)
    elif where in ON_DISK:
        found.on_disk.append(file.href)
    else:
        found.missing[file.href] = f"dCache calls {shown(file.href)} {where}"


async def _bounded(questions: Iterable[Awaitable[None]]) -> None:
    limit = asyncio.Semaphore(_LOOKS_AT_ONCE)

    async def one(question: Awaitable[None]) -> None:
        async with limit:
            await question

    await asyncio.gather(*(one(question) for question in questions))


@dataclass(frozen=True)
class Asked:
    """A request that dCache has taken.

    Attributes:
        filesystem: Of the endpoint.
        root: What dCache wants in front of the paths.
        paths: Literal ones, 500 at most.
        request: dCache's id of it.
        sent: When it was handed in.
    """

    filesystem: DCacheFileSystem
    root: str
    paths: Sequence[str]
    request: str
    sent: datetime


async def order(taped: Iterable[Taped], keep_s: float, asked: list[Asked]) -> None:
    """Ask for files to be brought to disk and kept there.

    What dCache has taken is added to `asked`, also where it refuses the rest.

    Not by the file system's own `stage`, which looks at each file once more and takes some names
    for patterns.

    Raises:
        RsdatError: dCache refused.
    """
    by_place: dict[int, list[Taped]] = {}
    for each in taped:
        by_place.setdefault(id(each.filesystem), []).append(each)
    for group in by_place.values():
        filesystem = group[0].filesystem
        http = (await filesystem.connect()).http
        root = await login_root(http)
        paths = list(dict.fromkeys(each.path for each in group))
        for first in range(0, len(paths), MAX_PATHS):
            part = paths[first : first + MAX_PATHS]
            sent = datetime.now(timezone.utc)
            targets = [root + path for path in part]
            request = await requests.submit(http, "stage", targets, round(keep_s))
            asked.append(Asked(filesystem, root, part, request, sent))


async def arriving(
    taped: Iterable[Taped],
    limit_s: float,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[Looked]:
    """Look again and again; each time what came to disk, or can't be had.

    Ends when nothing is on tape any more, or after `limit_s`.
    """
    waiting = list(taped)
    ends = time.monotonic() + limit_s
    pauses = iter(_LOOK_S)
    while waiting:
        pause = min(next(pauses, _LOOK_S[-1]), ends - time.monotonic())
        if pause <= 0:
            return
        await sleep(pause)
        looked = await look_again(waiting)
        waiting = looked.on_tape
        if looked.came:
            yield looked


class Staging:
    """What a copy does with files on tape.

    Args:
        places: Where they are.
        keep_s: They stay on disk so long.
        limit_s: They are waited for so long at most.
    """

    def __init__(self, places: Places, *, keep_s: float = WEEK_S, limit_s: float = WAIT_S) -> None:
        self._places = places
        self._keep_s = keep_s
        self._limit_s = limit_s

    async def ready(self, jobs: list[Job]) -> AsyncIterator[list[Job | Outcome]]:
        """Jobs as their sources come to disk; at last those that did not, as failures."""
        # One address may mean two files, read with different options.
        groups: dict[Places, dict[str, list[Job]]] = {}
        for job in jobs:
            group = groups.setdefault(self._places.reading(job.access), {})
            group.setdefault(job.source, []).append(job)
        taped: list[tuple[Taped, list[Job]]] = []
        ready: list[Job | Outcome] = []
        for places, by_source in groups.items():
            looked = await look_at(places, by_source)
            taped += [(each, by_source.pop(each.href)) for each in looked.on_tape]
            ready += [job for group in by_source.values() for job in group]
        waiting = {id(each): group for each, group in taped}
        try:
            await order([each for each, _ in taped], self._keep_s, [])
        except Exception as error:  # noqa: BLE001 - told for each of them
            ours = understood(error, "the files on tape")
            yield [_not_staged(job, ours) for job in jobs]
            return
        if ready:
            yield ready
        async for arrived in arriving([each for each, _ in taped], self._limit_s):
            # What can't be had any more is tried all the same, and told in its own words.
            yield [job for each in arrived.came for job in waiting.pop(id(each))]
        late = RsdatError(
            f"The file is still on tape after {self._limit_s:g} s",
            hint="dCache goes on bringing it: run the copy again later.",
            code="on_tape_still",
        )
        yield [_not_staged(job, late) for left in waiting.values() for job in left]


def _not_staged(job: Job, error: RsdatError) -> Outcome:
    return Outcome(job, "failed", reason=error.message, hint=error.hint, code=error.code)
