"""A whole file onto the local disk: resumed where the connection broke, verified at the end."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Mapping
from typing import IO, Any

from rsdat.base.errors import DoorBroken
from rsdat.dcache import read, rest, webdav
from rsdat.dcache.adler import adler32
from rsdat.dcache.entry import Entry
from rsdat.dcache.http import Http

# Between attempts; so often without any progress.
_PAUSES_S = (0.5, 1.0, 2.0, 4.0)
# Before the first byte: one more question, as the door may name another pool.
_PAUSES_AT_START_S = _PAUSES_S[:1]
_PROGRESS_BYTES = 1024 * 1024
_PASSING = ("cut", "timeout", "unreachable")
_PASSING_STATUS = (500, 502, 503, 504)
_HASHES = {"MD5_TYPE": "md5", "SHA1": "sha1", "SHA256": "sha256", "SHA512": "sha512"}


class Sum:
    """The checksum of what passes, of a kind that dCache keeps for this file.

    Args:
        stored: dCache's, by its names.
    """

    def __init__(self, stored: Mapping[str, str]) -> None:
        self._kind = next((kind for kind in ("ADLER32", *_HASHES) if kind in stored), None)
        self._stored = stored.get(self._kind or "", "").lower()
        self._adler32 = 1
        self._hash = (
            hashlib.new(_HASHES[self._kind], usedforsecurity=False)
            if self._kind in _HASHES
            else None
        )

    def add(self, data: bytes) -> None:
        """The next bytes."""
        if self._hash is not None:
            self._hash.update(data)
        else:
            self._adler32 = adler32(data, self._adler32)

    @property
    def fits(self) -> bool:
        """Whether it is dCache's; also when dCache keeps none."""
        if self._kind is None:
            return True
        if self._hash is not None:
            return self._hash.hexdigest() == self._stored
        return f"{self._adler32:08x}" == self._stored.zfill(8)


async def fetch(
    http: Http, path: str, file: IO[bytes], progress: Callable[[int], object], entry: Entry
) -> None:
    """Write a file's bytes to a local one, and hold them against dCache's checksum.

    A connection that breaks is made anew, and goes on with the byte after the last one.

    Args:
        http: The endpoint.
        path: Literal path.
        file: Open for writing; not closed. What is in it after a failure is of no use.
        progress: Told the size of each chunk after it was written.
        entry: The file as `rest.info` gave it, with its checksums.

    Raises:
        OnTape: Its only copy is on tape.
        Conflict: It is a folder, is being uploaded, or was replaced meanwhile (`changed`).
        DoorBroken: The connection breaks again and again; or the bytes that came are not those
            that dCache has a checksum of (`checksum`).
        OSError: The local disk is full or broken.
    """
    size = read.check_readable(entry)
    total = Sum(entry.checksums)
    position = resumed_at = failures = 0

    def take(chunk: bytes) -> None:
        file.write(chunk)
        total.add(chunk)

    async def go_on() -> None:
        nonlocal position
        first = position or None
        last = None if first is None else size - 1
        async with webdav.get(http, path, first=first, last=last) as response:
            read.check_extent(entry, response.headers, position, size)
            async for chunk in read.Download(entry, position, size, response):
                await asyncio.to_thread(take, chunk)
                position += len(chunk)
                progress(len(chunk))

    while position < size:
        if failures:
            await _check_same(http, entry)
        broke = await _failure(go_on())
        if broke is None:
            continue
        if position - resumed_at >= _PROGRESS_BYTES:
            failures = 0
        pauses = _PAUSES_S if position else _PAUSES_AT_START_S
        if failures >= len(pauses):
            raise broke
        await http.sleep(pauses[failures])
        failures += 1
        resumed_at = position
    if not total.fits:
        raise DoorBroken(
            f"The bytes of '{path}' that came are not those that dCache has a checksum of",
            hint="Try again. If it stays, the file is damaged: tell dCache's administrators.",
            code="checksum",
            path=path,
        )


async def _failure(work: Coroutine[Any, Any, None]) -> DoorBroken | None:
    """Await something; the failure that may pass by itself, if that is how it ended."""
    try:
        await work
    except DoorBroken as error:
        if error.code in _PASSING or error.details.get("status") in _PASSING_STATUS:
            return error
        raise
    return None


async def _check_same(http: Http, entry: Entry) -> None:
    now = await rest.info(http, entry.path)
    if (now.pnfs_id, now.size) != (entry.pnfs_id, entry.size):
        raise read.changed(entry.path)
