"""One file: looked for, copied, verified, tried again."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

from rsdat.base.errors import (
    NoCredential,
    NoSpace,
    NotFound,
    NotPermitted,
    OnTape,
    RsdatError,
)
from rsdat.stac.copying.bydoors import by_doors
from rsdat.stac.copying.checks import check, kinds
from rsdat.stac.copying.facts import Facts, Job, Outcome
from rsdat.stac.copying.places import Places
from rsdat.stac.copying.reader import Reader
from rsdat.stac.copying.sources import Source
from rsdat.stac.copying.sums import KINDS, Sums, compare
from rsdat.stac.copying.targets import Target, Writing
from rsdat.stac.copying.trouble import Damaged, passes, understood
from rsdat.stac.hrefs import scheme_of

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0


@dataclass
class Policy:
    """How files are copied.

    Attributes:
        overwrite: Copy also what is there and whole.
        retries: Further tries of a file whose failure may pass.
        trust_items: Hold what comes against the item's `file:size` and `file:checksum`.
        sign: Gives the address to read; told whether the last one was refused.
        moved: Told job and bytes as they come.
        sleep: How it waits between tries.
    """

    overwrite: bool = False
    retries: int = 4
    trust_items: bool = True
    sign: Callable[[Job, bool], Awaitable[str]] | None = None
    moved: Callable[[Job, int], object] = lambda _job, _bytes: None
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)


async def copy_one(job: Job, places: Places, policy: Policy) -> Outcome:
    """Copy one file, unless it is there and whole. Never raises but for a cancel."""
    tries = 0
    signed_anew = False
    moved = _Moved(job, policy)
    places = places.reading(job.access)
    while True:
        try:
            href = job.source
            if policy.sign is not None:
                href = await policy.sign(job, signed_anew)
            return await _try(job, href, places, policy, moved)
        except Exception as error:  # noqa: BLE001 - one bad file must not stop the others
            ours = understood(error, job.source)
        if isinstance(ours, (NoCredential, NotPermitted)) and policy.sign and not signed_anew:
            # Its signature may have ended while others were copied.
            signed_anew = True
            continue
        damaged = isinstance(ours, Damaged)
        if not passes(ours) or tries >= (min(policy.retries, 1) if damaged else policy.retries):
            return failed(job, ours, moved.bytes)
        await policy.sleep(_pause_s(tries, ours))
        tries += 1


async def stands(job: Job, places: Places, policy: Policy) -> bool | None:
    """Whether a file is at its place, as it is to be; None: nothing is there."""
    places = places.reading(job.access)
    target = await places.target(job.target)
    there = await target.look()
    if there is None:
        return None
    href = job.source if policy.sign is None else await policy.sign(job, False)
    return await _whole(job, await places.source(href), target, there, policy) is not None


class _Moved:
    def __init__(self, job: Job, policy: Policy) -> None:
        self.bytes = 0
        self._job = job
        self._policy = policy

    def __call__(self, count: int) -> None:
        self.bytes += count
        self._policy.moved(self._job, count)


def failed(job: Job, error: RsdatError, moved: int = 0) -> Outcome:
    """The outcome of a failure."""
    hint = error.hint
    if isinstance(error, OnTape):
        hint = "Bring it to disk first: copy with stage=True, or rsdat.stac.stage(…)."
    return Outcome(
        job,
        "failed",
        bytes=moved,
        reason=error.message,
        hint=hint,
        code=error.code,
        stops=_stops(job, error),
    )


def _stops(job: Job, error: RsdatError) -> str:
    """Which other files would fail in the same way: "all", those of the same "host", or none."""
    if isinstance(error, NoSpace):
        return "all"
    if not isinstance(error, NoCredential):
        return ""
    # dCache blocks everybody on this computer when it is asked again and again with a bad token.
    if error.details.get("web"):
        return ""
    if scheme_of(job.target) == "dcache":
        return "all"
    # A web address may be of dCache's door (`rsdat.stac.doors`): what a web server says is marked.
    return "host" if scheme_of(job.source) in ("dcache", "http", "https") else ""


def _pause_s(tries: int, error: RsdatError) -> float:
    asked: float = error.details.get("retry_after_s") or 0.0
    pause = min(FIRST_PAUSE_S * 2**tries, LONGEST_PAUSE_S)
    # Not all at once again.
    pause *= 0.5 + random.random()  # noqa: S311 - no secret
    return float(min(max(pause, asked), LONGEST_PAUSE_S))


async def _try(job: Job, href: str, places: Places, policy: Policy, moved: _Moved) -> Outcome:
    target = await places.target(job.target)
    there = await target.look()
    if job.source == job.target:
        if there is None:
            raise NotFound(f"There is no file at {job.source}", code="asset_gone")
        return Outcome(job, "skipped", size=there.size)
    source = await places.source(href)
    if there is not None and not policy.overwrite:
        kind = await _whole(job, source, target, there, policy)
        if kind is not None:
            return Outcome(job, "skipped", size=there.size, verified=kind)
    done, streamed = await by_doors(
        job, source, target, places.third_party, moved, trust_items=policy.trust_items
    )
    if done is not None:
        return replace(done, bytes=moved.bytes)
    return replace(await _copy(job, source, target, policy, moved), streamed=streamed)


async def _whole(
    job: Job, source: Source, target: Target, there: Facts, policy: Policy
) -> str | None:
    """How what is there was found to be the source's content; None: it was not."""
    said = job.sums if policy.trust_items else {}
    same, other = compare(said, there.sums)
    if same and job.size in (None, there.size):
        return same
    facts = await source.look()
    if facts.size is None or facts.size != there.size or other:
        return None
    wanted: Mapping[str, str] = {**facts.sums, **said}
    same, other = compare(wanted, there.sums)
    if other is not None:
        return None
    if same is None:
        told = wanted or facts.hints
        cheapest = [kind for kind in KINDS if kind in told][:1]
        stored = {**there.sums, **(await target.sums(cheapest) if cheapest else {})}
        # A hint that does not fit may be none; then the file comes once more than needed.
        same, other = compare(told, stored)
        if other is not None:
            return None
    if same is not None:
        return same
    newer = facts.modified and there.modified and facts.modified > there.modified
    return None if newer else "size"


async def _copy(job: Job, source: Source, target: Target, policy: Policy, moved: _Moved) -> Outcome:
    async with AsyncExitStack() as stack:
        known = await source.look() if await target.leftovers() else None
        writing: Writing | None = None
        if known is not None:
            writing = await stack.enter_async_context(target.write(_identity(job, known)))
            if known.size is not None and writing.start > known.size:
                await writing.restart()
        reader = Reader(source, job.source, known, moved)
        stack.push_async_callback(reader.close)
        await reader.begin(0 if writing is None else writing.start)
        facts = reader.facts
        if writing is None:
            writing = await stack.enter_async_context(target.write(_identity(job, facts)))
        sums = Sums(kinds(job, facts, trust_items=policy.trust_items))
        async for chunk in writing.old():
            await sums.add(chunk)
        await writing.send(_summed(reader, sums))
        kind = check(job, facts, reader.position, sums.values(), trust_items=policy.trust_items)
        placed = await writing.place()
        if placed.size not in (None, reader.position):
            raise Damaged(f"{placed.size} of {reader.position} bytes were stored", code="cut")
        return Outcome(job, "copied", bytes=moved.bytes, size=reader.position, verified=kind)


async def _summed(reader: Reader, sums: Sums) -> AsyncIterator[bytes]:
    async for chunk in reader.chunks():
        await sums.add(chunk)
        yield chunk


def _identity(job: Job, facts: Facts) -> str | None:
    again = facts.same_again
    where = hashlib.sha256(job.source.encode("utf-8", "surrogatepass")).hexdigest()
    return None if again is None else f"{where}:{facts.size}:{again}"
