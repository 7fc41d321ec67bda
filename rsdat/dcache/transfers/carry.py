"""One file from one end to the other: whole under its name, or nothing of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import IO

from rsdat.base.errors import (
    Conflict,
    DoorBroken,
    InvalidInput,
    NoCredential,
    NoSpace,
    RsdatError,
)
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.entry import Entry
from rsdat.dcache.local import file_chunks
from rsdat.dcache.transfers import workspace as ws
from rsdat.dcache.transfers.sums import Sum, check, checked, passing, sum_for, summed, take_in
from rsdat.dcache.wire import Chunk

#: Before each new attempt after a door or pool broke off: about a minute in all.
PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
#: What comes of an endpoint's set-up, or of what its dCache is, stays so for longer than that.
LASTING = (
    "bad_redirect",
    "certificate",
    "insecure_redirect",
    "not_dcache",
    "not_understood",
    "unavailable",
    "unverified",
)
#: Told how many bytes of the file have arrived by now; fewer than before when they come again.
Arrived = Callable[[int], None]


async def to_workspace(
    client: DCacheClient,
    source: str,
    part: Path,
    place: Path,
    path: str,
    *,
    replace: bool,
    arrived: Arrived,
) -> str | None:
    """Bring a file from dCache; one that was cut off goes on from its `part`, by Range.

    Args:
        client: Where it comes from.
        source: Its literal path there.
        part: A name beside `place` that belongs to this file of this transfer alone.
        place: Where it goes on disk.
        path: What the workspace calls that.
        replace: Whether something there is replaced.
        arrived: Told how far it is.

    Returns:
        The kind of checksum that was compared; None if dCache has none.

    Raises:
        Conflict: The name is taken (`exists`).
        OnTape: Its only copy is on tape.
        NoSpace: The disk is full.
        RsdatError: dCache refused, or gave no usable answer; also after some attempts. What has
            arrived stays as `part` if it can be gone on from, and verified then.
    """
    sums: tuple[Sum, str] | None = None
    anew = True  # once, when what arrived is not what dCache stored
    attempts = iter(PAUSES_S)
    try:
        while True:
            try:
                entry = await client.info(source, checksums=True)
                sums = sum_for(entry.checksums)
                await _fetch(client, entry, sums, part, path, arrived)
                break
            except DoorBroken as error:
                if error.code == "wrong_checksum":
                    await _drop(part, arrived)
                    if not anew:
                        raise
                    anew = False
                    continue
                await pause(attempts, error)
            except Conflict as error:
                if error.code != "changed" or not anew:
                    raise
                anew = False
                await _drop(part, arrived)
        await asyncio.to_thread(ws.put_in_place, part, place, path, replace=replace)
    except RsdatError as error:
        if sums is None or not _is_passing(error) or not await _has_bytes(part):
            await _drop(part, arrived)
        raise
    return None if sums is None else sums[0].kind


def _is_passing(error: RsdatError) -> bool:
    """Whether the same bytes can be had later: a new token, more room, a door that works again."""
    passing = isinstance(error, (DoorBroken, NoCredential, NoSpace))
    return passing and error.code != "wrong_checksum"


async def _has_bytes(part: Path) -> bool:
    try:
        return (await asyncio.to_thread(part.stat)).st_size > 0
    except OSError:
        return False


async def pause(attempts: Iterator[float], error: RsdatError) -> None:
    """Wait before another attempt; raises the error when there were enough, or it would stay so."""
    seconds = next(attempts, None)
    if seconds is None or error.code in LASTING:
        raise error
    await asyncio.sleep(seconds)


async def _drop(part: Path, arrived: Arrived) -> None:
    arrived(0)
    with contextlib.suppress(OSError):
        await asyncio.to_thread(part.unlink, missing_ok=True)


async def _fetch(
    client: DCacheClient,
    entry: Entry,
    sums: tuple[Sum, str] | None,
    part: Path,
    path: str,
    arrived: Arrived,
) -> None:
    with ws.in_words(path):
        file = await asyncio.to_thread(part.open, "ab+")
        try:
            have = await _take_up(file, entry, sums)
            arrived(have)
            async with client.open_read(entry.path, have) as download:
                if download.size != entry.size:
                    raise _changed(entry)
                async with contextlib.aclosing(summed(download, sums)) as chunks:
                    async for chunk in chunks:
                        await asyncio.to_thread(file.write, chunk)
                        have += len(chunk)
                        arrived(have)
            await asyncio.to_thread(_settle, file)
        finally:
            await asyncio.to_thread(file.close)
    check(entry, sums)


def _changed(entry: Entry) -> RsdatError:
    return Conflict(f"'{entry.path}' was replaced while it was being copied", code="changed")


async def _take_up(file: IO[bytes], entry: Entry, sums: tuple[Sum, str] | None) -> int:
    """The bytes of an earlier attempt that are of use; the sum takes them in."""
    have = await asyncio.to_thread(os.lseek, file.fileno(), 0, os.SEEK_END)
    if have and (sums is None or have > (entry.size or 0)):
        # What can't be verified as a whole is not pieced together.
        await asyncio.to_thread(file.truncate, 0)
        return 0
    if sums is not None:
        await asyncio.to_thread(file.seek, 0)
        async for chunk in file_chunks(file):
            await take_in(sums[0], chunk)
    return have


def _settle(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


async def to_dcache(
    workspace: ws.Workspace,
    source: str,
    place: Path,
    client: DCacheClient,
    target: str,
    *,
    replace: bool,
    arrived: Arrived,
) -> str:
    """Send a file of the workspace to dCache; the arguments as for `to_workspace`.

    Raises:
        Conflict: The name is taken (`exists`), or the file changed meanwhile (`changed`).
        RsdatError: dCache refused, or gave no usable answer; also after some attempts.
    """
    attempts = iter(PAUSES_S)
    while True:
        file, size = await workspace.open(place, source)
        try:
            chunks = counted(file_chunks(file), arrived)
            await client.write(target, chunks, size, replace=replace, sparing=True)
        except DoorBroken as error:
            await pause(attempts, error)
        except InvalidInput as error:
            if error.code != "wrong_length":
                raise
            raise Conflict(
                f"'{source}' changed while it was being copied",
                hint="Retry when nobody writes to it any more.",
                code="changed",
            ) from error
        else:
            return "adler32"
        finally:
            await asyncio.to_thread(file.close)


async def relay(
    origin: DCacheClient,
    source: str,
    client: DCacheClient,
    target: str,
    *,
    replace: bool,
    arrived: Arrived,
) -> str | None:
    """Stream a file from dCache to dCache; the arguments as for `to_workspace`.

    The new file is given its name only if the bytes read are those that the origin stored.

    Raises:
        Conflict: The name is taken (`exists`).
        RsdatError: As for the others.
    """
    attempts = iter(PAUSES_S)
    while True:
        try:
            entry = await origin.info(source, checksums=True)
            sums = sum_for(entry.checksums)
            async with origin.open_read(source) as download:
                if download.size != entry.size:
                    raise _changed(entry)
                # Closed here: where the target refuses, the thread of the origin's connection
                # would last until the garbage collection.
                async with contextlib.aclosing(
                    checked(passing(download, sums), entry, sums)
                ) as chunks:
                    given = counted(chunks, arrived)
                    await client.write(target, given, download.size, replace=replace, sparing=True)
            return None if sums is None else sums[0].kind
        except DoorBroken as error:  # noqa: PERF203 - each attempt is a transfer
            await pause(attempts, error)


async def counted(chunks: AsyncIterable[Chunk], arrived: Arrived) -> AsyncIterator[Chunk]:
    """Pass chunks on and tell how many bytes were taken."""
    taken = 0
    arrived(0)
    async for chunk in chunks:
        yield chunk
        taken += len(chunk)
        arrived(taken)


def same_entries(one: Entry, other: Entry) -> bool:
    """Whether two files of dCache have the same bytes, by size and checksums."""
    common = set(one.checksums.items()) & set(other.checksums.items())
    return one.size == other.size and bool(common)


async def same_as_disk(entry: Entry, place: Path) -> bool:
    """Whether a file on disk has the bytes of one in dCache, by size and checksum."""
    sums = sum_for(entry.checksums)
    if sums is None:
        return False
    try:
        file = await asyncio.to_thread(place.open, "rb")
    except OSError:
        return False
    try:
        if await asyncio.to_thread(os.lseek, file.fileno(), 0, os.SEEK_END) != entry.size:
            return False
        await asyncio.to_thread(file.seek, 0)
        async for chunk in file_chunks(file):
            await take_in(sums[0], chunk)
    except OSError:
        return False
    finally:
        await asyncio.to_thread(file.close)
    return sums[0].fits(sums[1])
