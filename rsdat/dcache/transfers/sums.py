"""Checksums of bytes on their way, held against what dCache has stored."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from typing import Any, Protocol

from rsdat.base.errors import DoorBroken
from rsdat.dcache.entry import Entry


class Sum(Protocol):
    """A checksum in the making."""

    @property
    def kind(self) -> str:
        """As it is shown: adler32, md5, sha256."""
        ...

    def update(self, data: bytes) -> None:
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

    def update(self, data: bytes) -> None:
        """Take in the next bytes."""
        self.value = zlib.adler32(data, self.value)

    def fits(self, stored: str) -> bool:
        """DCache may leave out leading zeros."""
        return stored.lower().zfill(8) == f"{self.value:08x}"


class _Digest:
    def __init__(self, kind: str, algorithm: Any) -> None:
        self.kind = kind
        self._digest = algorithm

    def update(self, data: bytes) -> None:
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
        # A third of a millisecond a MiB: less than the change of threads costs for the quarter of
        # a MiB that comes at once.
        sum_.update(data)
    else:
        await asyncio.to_thread(sum_.update, data)


async def checked(
    chunks: AsyncIterable[bytes], entry: Entry, sums: tuple[Sum, str] | None
) -> AsyncIterator[bytes]:
    """Pass chunks on, the last one only when the checksum of all fits.

    Args:
        chunks: All bytes that `sums` has not taken in yet.
        entry: The file they are of.
        sums: From `sum_for`; None: there is nothing to compare with.

    Raises:
        DoorBroken: They are other bytes than dCache stored (`wrong_checksum`).
    """
    held: bytes | None = None
    async for chunk in chunks:
        if sums is not None:
            await take_in(sums[0], chunk)
        if held is not None:
            yield held
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
