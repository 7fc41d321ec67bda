"""What a copy would bring, before it begins: bytes, what is there, on tape or missing, and time."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rsdat.base.errors import InvalidInput, NotFound, RsdatError
from rsdat.dcache.fs import DCacheFileSystem
from rsdat.stac.copying.assets import Copying, owner_options
from rsdat.stac.copying.facts import Facts, Job
from rsdat.stac.copying.layout import Folders
from rsdat.stac.copying.places import Places
from rsdat.stac.copying.plan import Broken, chosen, items_in, jobs_of
from rsdat.stac.copying.running import run
from rsdat.stac.hrefs import absolute, parent, scheme_of
from rsdat.stac.store import by_protocol

#: Of more files than these an even choice is asked about, and the rest taken to be like them.
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
        seconds: For what is not there yet, by the rate of some first bytes; None if none came.
        free: Bytes left at the destination; None where nobody says.
        sampled: Not all files were asked about: their numbers are those of an even choice.
    """

    items: int
    files: int
    bytes: int
    unknown: int
    there: int
    on_tape: int
    missing: int
    seconds: float | None
    free: int | None
    sampled: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The StacEstimate of `docs/api.yaml`."""
        value = asdict(self)
        del value["sampled"]
        return value


def estimate(
    items: Any,
    keys: str | Sequence[str] | None = None,
    to: str | None = None,
    *,
    storage_options: Mapping[str, Any] | None = None,
    target_options: Mapping[str, Any] | None = None,
) -> Estimate:
    """What `copy_assets` with these arguments would bring; copies nothing.

    Sizes are those of the items (`file:size`), else of dCache or of the web server. Above 300 files
    that have to be asked about, an even choice of them is.

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
    options = by_protocol(storage_options or owner_options(items), "dcache")
    targets = options if target_options is None else by_protocol(target_options, "dcache")
    what = Copying(
        items=items,
        keys=keys,
        to=absolute(to).rstrip("/"),
        options=options,
        target_options=targets,
    )
    return run(estimated(what))


async def estimated(what: Copying) -> Estimate:
    """As `estimate`, in fsspec's event loop."""
    places = Places(what.options, what.target_options)
    count, jobs, lost = await asyncio.to_thread(_planned, what)
    there = await _there(places, what, jobs)
    asked = [job for job in jobs if job.size is None or await _is_dcache(places, job)]
    step = max(1, -(-len(asked) // SAMPLE))
    sample = asked[::step]
    answers = await _ask(places, sample)
    found = {job.target: facts for job, facts in zip(sample, answers, strict=True)}
    return await _summed(places, what, count, jobs, lost, there, asked, found)


def _planned(what: Copying) -> tuple[int, list[Job], int]:
    items, jobs, lost = 0, [], 0
    folders = Folders(what.to)
    for item in items_in(what.items, what.options):
        if isinstance(item, Broken):
            lost += 1
            continue
        items += 1
        keys, _ = chosen(what.keys, item)
        jobs += jobs_of(item, keys, folders.folder(item.id, item.collection_id))
    return items, jobs, lost


async def _is_dcache(places: Places, job: Job) -> bool:
    try:
        return await places.in_dcache(job.source) is not None
    except Exception:  # noqa: BLE001 - told when it is asked about
        return True


async def _ask(places: Places, jobs: Sequence[Job]) -> list[Facts | None]:
    """What files are; None for what can't be read."""

    async def ask(job: Job) -> Facts | None:
        try:
            source = await places.source(job.source)
            facts = await asyncio.wait_for(source.look(), _QUESTION_S)
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
    if not await _sizes(places, what.to):
        return {}
    listed = await _bounded(folders, lambda folder: _sizes(places, folder))
    return {
        f"{folder}/{name}": size
        for folder, names in zip(folders, listed, strict=True)
        for name, size in names.items()
    }


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
    items: int,
    jobs: Sequence[Job],
    lost: int,
    there: Mapping[str, int | None],
    asked: Sequence[Job],
    found: Mapping[str, Facts | None],
) -> Estimate:
    # One that was asked about stands for so many.
    weight = len(asked) / len(found) if found else 1.0
    size = unknown = whole = taped = missing = 0.0
    left = 0.0
    readable: list[Job] = []
    asked_targets = {job.target for job in asked}
    for job in jobs:
        counts = 1.0
        facts: Facts | None = Facts(job.size)
        if job.target in asked_targets:
            if job.target not in found:
                continue
            facts, counts = found[job.target], weight
        if facts is None:
            missing += counts
            continue
        bytes_ = facts.size if facts.size is not None else job.size
        is_there = job.target in there and there[job.target] == bytes_ is not None
        whole += counts * is_there
        taped += counts * (facts.on_tape and not is_there)
        if bytes_ is None:
            unknown += counts
        else:
            size += counts * bytes_
            left += 0 if is_there else counts * bytes_
        if not is_there and not facts.on_tape:
            readable.append(job)
    rate = await _rate(places, readable)
    return Estimate(
        items=items,
        files=len(jobs) + lost,
        bytes=round(size),
        unknown=round(unknown),
        there=round(whole),
        on_tape=round(taped),
        missing=round(missing) + lost,
        seconds=0.0 if not left and not unknown else round(left / rate, 1) if rate else None,
        free=await _free(places, what),
        sampled=weight > 1,
    )


async def _rate(places: Places, jobs: Sequence[Job]) -> float | None:
    """Bytes a second of some files at once."""
    step = max(1, len(jobs) // _TRIED_AT_ONCE)
    tried = jobs[::step][:_TRIED_AT_ONCE]
    if not tried:
        return None
    came = 0

    async def read(job: Job) -> None:
        nonlocal came
        source = await places.source(job.source)
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
