"""Checksums of bytes on their way, of dCaches that keep other ones than ADLER32."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from rsdat.base.errors import DoorBroken
from rsdat.dcache.entry import Entry
from rsdat.dcache.transfers.sums import Sum, checked, sum_for, take_in

CHUNKS = (b"one", b"two", b"three")
ENTRY = Entry("f", "/f", "file", 11, None, None, "ONLINE", None, None)


async def stream(sums: tuple[Sum, str] | None) -> AsyncGenerator[bytes | bytearray, None]:
    """The bytes of a file."""
    assert sums is not None
    for chunk in CHUNKS:
        await take_in(sums[0], chunk)
        yield chunk


def through(checksums: dict[str, str]) -> list[bytes | bytearray]:
    """What comes out."""

    async def work() -> list[bytes | bytearray]:
        sums = sum_for(checksums)
        return [chunk async for chunk in checked(stream(sums), ENTRY, sums)]

    return asyncio.run(work())


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_checked(kind: str) -> None:
    """All bytes, or a failure before the last of them."""
    right = hashlib.new(kind, b"".join(CHUNKS)).hexdigest()
    assert through({kind.upper(): right}) == list(CHUNKS)
    with pytest.raises(DoorBroken) as caught:
        through({kind.upper(): right.replace(right[0], "0" if right[0] != "0" else "1")})
    assert caught.value.code == "wrong_checksum"


def test_slow_sums_leave_the_loop_alone() -> None:
    """They are made in another thread than the event loop's."""
    seen: list[int] = []

    class Slow:
        kind = "md5"

        def update(self, data: bytes | memoryview) -> None:
            seen.append(threading.get_ident())

        def fits(self, stored: Any) -> bool:
            return True

    asyncio.run(take_in(Slow(), b"x"))
    assert len(seen) == 1
    assert threading.get_ident() not in seen
