"""What a copy would bring, before it begins: bytes, what is there, on tape or missing, and time."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pystac

from rsdat.base.errors import InvalidInput, NotFound, RsdatError
from rsdat.base.limit import within
from rsdat.dcache.fs import DCacheFileSystem
from rsdat.stac.copying.assets import Copying
from rsdat.stac.copying.facts import Facts, Job
from rsdat.stac.copying.one import Policy, stands
from rsdat.stac.copying.owners import Owners, OwnerUnknown
from rsdat.stac.copying.places import Places
from rsdat.stac.copying.plan import (
    Broken,
    chosen,
    items_in,
    items_of,
    jobs_of,
    read_address,
    read_with,
)
from rsdat.stac.copying.running import run
from rsdat.stac.copying.sums import compare
from rsdat.stac.hrefs import absolute, parent, scheme_of
from rsdat.stac.sampling import some_of
from rsdat.stac.store import by_protocol

#: Of more items than these an even choice is looked at, and the rest taken to be like them; so
#: with the files of these that are asked about.
MOST_ITEMS = 500
SAMPLE = 300
_QUESTIONS_AT_ONCE = 16
_QUESTION_S = 20.0
#: The rate is that of some files at once, for so long or so many bytes.
_TRIED_AT_ONCE = 4
_TRIAL_S = 2.0
_TRIAL_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Estimate:
    """What a copy would bring.

    Attributes:
        items: How many.
        files: How many.
        bytes: Of files whose size is known.
        unknown: Files whose size nobody says.
        there: Files that are at the destination with the right size.
        on_tape: Files to be staged first.
        missing: Files that are not where their item says, or may not be read.
        seconds: For what is not there yet, if all of it comes through this computer: by the rate at
            which some first bytes came; None if none did.
        by_doors: Of these files dCache may copy so many by itself, past this computer. How fast
            that goes nobody can know before.
        free: Bytes left at the destination; None where nobody says.
        sampled: Not all files were asked about: these numbers, but `items`, are those of an even
            choice.
    """

    items: int
    files: int
    bytes: int
    unknown: int
    there: int
    on_tape: int
    missing: int
    seconds: float | None
    by_doors: int
    free: int | None
    sampled: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The StacEstimate of `docs/api.yaml`."""
        return asdict(self)


def estimate(
    items: Any,
    keys: str | Sequence[str] | None = None,
    to: str | None = None,
    *,
    storage_options: Mapping[str, Any] | None = None,
    target_options: Mapping[str, Any] | None = None,
) -> Estimate:
    """What `copy_assets` with these arguments would bring; copies nothing.

    Sizes are those of the items (`file:size`), else of dCache or of the web server. Of more than
    500 items of a catalog or list, and of more than 300 files, an even choice is looked at; what
    gives one item after the other, as a search does, is read to its end.

    Args:
        items: As `copy_assets`.
        keys: As `copy_assets`.
        to: As `copy_assets`.
        storage_options: As `copy_assets`.
        target_options: As `copy_assets`.

    Raises:
        InvalidInput: There is no destination.
    """
    if to is None:
        raise InvalidInput("Where to? Give `to`, the address of a folder.")
    items, read = read_with(items)
    options = by_protocol(storage_options, "dcache") if storage_options else read
    targets = options if target_options is None else by_protocol(target_options, "dcache")
    what = Copying(
        items=items,
        keys=keys,
        to=absolute(to).rstrip("/"),
        options=options,
        target_options=targets,
        own_access=not storage_options,
        own_target=not storage_options and target_options is None,
    )
    return run(estimated(what))


async def estimated(what: Copying, total: int | None = None) -> Estimate:
    """As `estimate`, in fsspec's event loop.

    Args:
        what: The copy.
        total: How many items there are, if those given are an even choice of them.
    """
    places = Places(what.options, what.target_options)
    items = what.items
    if total is None:
        items, total = await asyncio.to_thread(_choice, items, what.options)
    count, jobs, lost = await asyncio.to_thread(_planned, places, what, items)
    looked_at = count + lost
    factor = 1.0 if total is None or not looked_at else total / looked_at
    chosen_jobs = [jobs[each] for each in some_of(len(jobs), SAMPLE)]
    there = await _there(places, what, chosen_jobs)
    asked = [job for job in chosen_jobs if job.size is None or await _is_dcache(places, job)]
    answers = await _ask(places, asked)
    found = {job.target: facts for job, facts in zip(asked, answers, strict=True)}
    facts_ = [found[job.target] if job.target in found else Facts(job.size) for job in chosen_jobs]
    plan = _Plan(
        items=round(count * factor),
        files=round(len(jobs) * factor),
        lost=round(lost * factor),
        said=sum(job.size or 0 for job in jobs) * factor,
        all_said=all(job.size is not None for job in jobs),
    )
    return await _summed(places, what, plan, chosen_jobs, facts_, there)


@dataclass(frozen=True)
class _Plan:
    """How many there are of what, by the items alone.

    Attributes:
        items: That can be read.
        files: Of them.
        lost: Items that can't be read, or placed.
        said: Bytes of files whose item says their size.
        all_said: Those are all.
    """

    items: int
    files: int
    lost: int
    said: float
    all_said: bool


def _choice(source: Any, options: Mapping[str, Any]) -> tuple[Any, int | None]:
    """An even choice of items, and of how many; None where only reading them all would tell."""
    if isinstance(source, (str, os.PathLike)):
        source = read_address(os.fspath(source), options)
    if isinstance(source, pystac.Catalog):
        return items_of(source, MOST_ITEMS)
    if isinstance(source, (list, tuple)):
        return [source[each] for each in some_of(len(source), MOST_ITEMS)], len(source)
    return source, None


def _planned(places: Places, what: Copying, source: Any) -> tuple[int, list[Job], int]:
    items, jobs, lost = 0, [], 0

    def is_there(job: Job) -> bool | None:
        try:
            return run(stands(job, places, Policy()))
        except Exception:  # noqa: BLE001 - missing, which is told
            return False

    owners = Owners(what.to, what.target_options, is_there, note=False)
    for item in items_in(source, what.options):
        if isinstance(item, Broken):
            lost += 1
            continue
        keys, _ = chosen(what.keys, item)
        jobs_in = partial(jobs_of, item, keys, access=what.access(item))
        try:
            jobs += jobs_in(owners.folder(item, jobs_in))
        except OwnerUnknown:
            lost += 1
        else:
            items += 1
    return items, jobs, lost


async def _is_dcache(places: Places, job: Job) -> bool:
    try:
        return await places.reading(job.access).in_dcache(job.source) is not None
    except Exception:  # noqa: BLE001 - told when it is asked about
        return True


async def _ask(places: Places, jobs: Sequence[Job]) -> list[Facts | None]:
    """What files are; None for what can't be read."""

    async def ask(job: Job) -> Facts | None:
        try:
            source = await places.reading(job.access).source(job.source)
            facts = await within(_QUESTION_S, source.look())
        except Exception:  # noqa: BLE001 - missing, whatever the reason
            return None
        return facts

    return await _bounded(jobs, ask)


async def _bounded(values: Sequence[Any], work: Callable[[Any], Awaitable[Any]]) -> list[Any]:
    limit = asyncio.Semaphore(_QUESTIONS_AT_ONCE)

    async def one(value: Any) -> Any:
        async with limit:
            return await work(value)

    return list(await asyncio.gather(*(one(value) for value in values)))


async def _there(places: Places, what: Copying, jobs: Sequence[Job]) -> dict[str, int | None]:
    """Sizes of files at the destination, by address: its folders are listed, each once."""
    folders = sorted({parent(job.target) for job in jobs})
    if not await _exists(places, what.to):
        return {}
    listed = await _bounded(folders, lambda folder: _sizes(places, folder))
    return {
        f"{folder}/{name}": size
        for folder, names in zip(folders, listed, strict=True)
        for name, size in names.items()
    }


async def _exists(places: Places, folder: str) -> bool:
    filesystem = await places.filesystem(folder, target=True)
    path = filesystem._strip_protocol(folder)  # noqa: SLF001 - fsspec's documented hook
    if isinstance(filesystem, DCacheFileSystem):
        return await (await filesystem.connect()).find(path) is not None
    return bool(await asyncio.to_thread(filesystem.exists, path))


async def _sizes(places: Places, folder: str) -> dict[str, int | None]:
    filesystem = await places.filesystem(folder, target=True)
    path = filesystem._strip_protocol(folder)  # noqa: SLF001 - fsspec's documented hook
    try:
        if isinstance(filesystem, DCacheFileSystem):
            entries = await filesystem._ls(path)  # noqa: SLF001 - awaited in this loop
        else:
            entries = await asyncio.to_thread(filesystem.ls, path, True)
    except (FileNotFoundError, NotADirectoryError, NotFound):
        return {}
    return {each["name"].rstrip("/").rpartition("/")[2]: each.get("size") for each in entries}


async def _summed(
    places: Places,
    what: Copying,
    plan: _Plan,
    jobs: Sequence[Job],
    found: Sequence[Facts | None],
    there: Mapping[str, int | None],
) -> Estimate:
    size = unknown = whole = taped = missing = left = said = doors = 0
    into_dcache = isinstance(await places.filesystem(what.to, target=True), DCacheFileSystem)
    readable: list[Job] = []
    for job, facts in zip(jobs, found, strict=True):
        said += job.size or 0
        if facts is None:
            missing += 1
            continue
        bytes_ = facts.size if facts.size is not None else job.size
        is_there = job.target in there and there[job.target] == bytes_ is not None
        whole += is_there
        taped += facts.on_tape and not is_there
        if bytes_ is None:
            unknown += 1
        else:
            size += bytes_
            left += 0 if is_there else bytes_
        if not is_there and not facts.on_tape:
            readable.append(job)
            doors += into_dcache and await _may_be_by_doors(places, what, job, facts)
    # One that was asked about stands for so many, and its bytes for so many.
    weight = plan.files / len(jobs) if jobs else 1.0
    scale = plan.said / said if plan.all_said and said else weight
    rate = await _rate(places, readable)
    seconds = None
    if not left and not unknown:
        seconds = 0.0
    elif rate:
        seconds = round(left * scale / rate, 1)
    return Estimate(
        items=plan.items,
        files=plan.files + plan.lost,
        bytes=round(size * scale),
        unknown=round(unknown * weight),
        there=round(whole * weight),
        on_tape=round(taped * weight),
        missing=round(missing * weight) + plan.lost,
        seconds=seconds,
        by_doors=round(doors * weight),
        free=await _free(places, what),
        sampled=len(jobs) < plan.files,
    )


async def _may_be_by_doors(places: Places, what: Copying, job: Job, facts: Facts) -> bool:
    """Whether dCache has the file and a checksum of it that a copy can be compared by."""
    if not facts.sums or not await _is_dcache(places, job):
        return False
    return not (what.trust_items and job.sums) or compare(job.sums, facts.sums) != (None, None)


async def _rate(places: Places, jobs: Sequence[Job]) -> float | None:
    """Bytes a second of some files at once."""
    step = max(1, len(jobs) // _TRIED_AT_ONCE)
    tried = jobs[::step][:_TRIED_AT_ONCE]
    if not tried:
        return None
    came = 0

    async def read(job: Job) -> None:
        nonlocal came
        source = await places.reading(job.access).source(job.source)
        async with source.open(0, None) as opened:
            mine = 0
            async for chunk in opened.chunks:
                came += len(chunk)
                mine += len(chunk)
                if mine >= _TRIAL_BYTES:
                    return

    started = time.monotonic()
    tasks = [asyncio.create_task(read(job)) for job in tried]
    await asyncio.wait(tasks, timeout=_TRIAL_S)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    seconds = time.monotonic() - started
    return came / seconds if came and seconds else None


async def _free(places: Places, what: Copying) -> int | None:
    filesystem = await places.filesystem(what.to, target=True)
    if isinstance(filesystem, DCacheFileSystem):
        with suppress(RsdatError, OSError):
            quotas, _ = await (await filesystem.connect()).quotas()
            left = [
                limit - (quota.used.get(policy) or 0)
                for quota in quotas
                for policy, limit in quota.limit.items()
                if limit is not None
            ]
            return max(0, min(left)) if left else None
        return None
    if scheme_of(what.to) not in ("", "file", "local"):
        return None
    path = filesystem._strip_protocol(what.to)  # noqa: SLF001 - fsspec's documented hook
    return await asyncio.to_thread(_free_here, Path(path))


def _free_here(place: Path) -> int:
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free
