"""Checksums of bytes on their way, held against what dCache has stored."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Protocol

from rsdat.base.errors import DoorBroken
from rsdat.dcache.adler import adler32
from rsdat.dcache.entry import Entry
from rsdat.dcache.read import Download
from rsdat.dcache.wire import Chunk, Incoming


class Sum(Protocol):
    """A checksum in the making."""

    @property
    def kind(self) -> str:
        """As it is shown: adler32, md5, sha256."""
        ...

    def update(self, data: bytes | memoryview) -> None:
        """Take in the next bytes."""
        ...

    def fits(self, stored: str) -> bool:
        """Whether it is the stored one, hexadecimal."""
        ...


class Adler32:
    """dCache's usual one.

    Attributes:
        value: The sum of what was taken in.
    """

    kind = "adler32"

    def __init__(self, value: int = 1) -> None:
        self.value = value

    def update(self, data: bytes | memoryview) -> None:
        """Take in the next bytes."""
        self.value = adler32(data, self.value)

    def fits(self, stored: str) -> bool:
        """DCache may leave out leading zeros."""
        return stored.lower().zfill(8) == f"{self.value:08x}"


class _Digest:
    def __init__(self, kind: str, algorithm: Any) -> None:
        self.kind = kind
        self._digest = algorithm

    def update(self, data: bytes | memoryview) -> None:
        self._digest.update(data)

    def fits(self, stored: str) -> bool:
        return bool(stored.lower() == self._digest.hexdigest())


def sum_for(checksums: Mapping[str, str]) -> tuple[Sum, str] | None:
    """The cheapest sum that dCache has stored of a file, and its value; None if it has none."""
    kinds = {kind.upper().replace("-", ""): value for kind, value in checksums.items()}
    if "ADLER32" in kinds:
        return Adler32(), kinds["ADLER32"]
    if "MD5" in kinds:
        return _Digest("md5", hashlib.md5(usedforsecurity=False)), kinds["MD5"]
    if "SHA256" in kinds:
        return _Digest("sha256", hashlib.sha256()), kinds["SHA256"]
    return None


async def take_in(sum_: Sum, data: bytes) -> None:
    """Let a sum take in the next bytes, without holding up the event loop."""
    if isinstance(sum_, Adler32):
        # Less than the change of threads costs.
        sum_.update(data)
    else:
        await asyncio.to_thread(sum_.update, data)


def summed(
    download: Download, sums: tuple[Sum, str] | None
) -> AsyncGenerator[bytes | bytearray, None]:
    """The bytes of a download, which the sum has taken in when they come."""
    if sums is None:
        return download.summed(lambda _: None, aside=False)
    return download.summed(sums[0].update, aside=not isinstance(sums[0], Adler32))


def passing(download: Download, sums: tuple[Sum, str] | None) -> AsyncGenerator[Chunk, None]:
    """The same for who can move bytes on unread: of those the sum takes them in meanwhile."""
    if sums is None:
        return download.passing(lambda _: None, aside=False)
    return download.passing(sums[0].update, aside=not isinstance(sums[0], Adler32))


async def checked(
    chunks: AsyncGenerator[Chunk, None], entry: Entry, sums: tuple[Sum, str] | None
) -> AsyncGenerator[Chunk, None]:
    """Pass chunks on, the last one only when the checksum of all fits.

    Args:
        chunks: From `passing`.
        entry: The file they are of.
        sums: From `sum_for`; None: there is nothing to compare with.

    Raises:
        DoorBroken: They are other bytes than dCache stored (`wrong_checksum`).
    """
    held: Chunk | None = None
    async with aclosing(chunks):
        async for chunk in chunks:
            if held is not None:
                yield held
            if isinstance(chunk, Incoming):
                yield chunk  # is no last one
                held = None
            else:
                held = chunk
    check(entry, sums)
    if held is not None:
        yield held


def check(entry: Entry, sums: tuple[Sum, str] | None) -> None:
    """Compare.

    Raises:
        DoorBroken: They are other bytes than dCache stored (`wrong_checksum`).
    """
    if sums is not None and not sums[0].fits(sums[1]):
        raise DoorBroken(
            f"What arrived of '{entry.path}' has another {sums[0].kind} than dCache stored "
            f"({sums[1]})",
            hint="Retry. If it stays so, the copy in the pool is damaged: tell dCache's "
            "administrators.",
            code="wrong_checksum",
            path=entry.path,
        )
