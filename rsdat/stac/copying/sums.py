"""Checksums as items, servers and dCache write them, and of bytes on their way."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from rsdat.dcache.adler import adler32

#: Multihash codes (multicodec table) of what `file:checksum` may hold, and hashlib's names.
_MULTIHASH = {
    0x11: "sha1",
    0x12: "sha256",
    0x13: "sha512",
    0x14: "sha3_512",
    0x16: "sha3_256",
    0x20: "sha384",
    0xD5: "md5",
}
#: The cheapest first.
KINDS = ("adler32", "md5", "sha1", "sha256", "sha384", "sha512", "sha3_256", "sha3_512")
_DIGITS = {"adler32": 8, "md5": 32, "sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}


def from_multihash(text: Any) -> dict[str, str]:
    """The checksum of an item's `file:checksum`; empty where it is none that we can compute.

    Source: STAC file extension 2.1, https://multiformats.io/multihash/.
    """
    try:
        data = bytes.fromhex(text)
        code, rest = _varint(data)
        length, digest = _varint(rest)
    except (TypeError, ValueError, IndexError):
        return {}
    kind = _MULTIHASH.get(code)
    if kind is None or len(digest) != length or length != hashlib.new(kind).digest_size:
        return {}
    return {kind: digest.hex()}


def _varint(data: bytes) -> tuple[int, bytes]:
    value = 0
    for index, byte in enumerate(data[:9]):
        value |= (byte & 0x7F) << (7 * index)
        if not byte & 0x80:
            return value, data[index + 1 :]
    raise ValueError("no varint")


def from_dcache(checksums: Mapping[str, str]) -> dict[str, str]:
    """DCache's checksums by our names; it may leave out leading zeros."""
    found = {}
    for name, value in checksums.items():
        kind = name.removesuffix("_TYPE").lower().replace("-", "")
        if kind in _DIGITS:
            found[kind] = value.lower().zfill(_DIGITS[kind])
    return found


def from_base64(kind: str, text: str) -> dict[str, str]:
    """A checksum of an HTTP header; empty where it is none."""
    try:
        digest = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return {}
    return {kind: digest.hex()} if len(digest) * 2 == _DIGITS[kind] else {}


class Sums:
    """Checksums in the making, of several kinds at once.

    Args:
        kinds: Names of `KINDS`.
    """

    def __init__(self, kinds: Iterable[str]) -> None:
        kinds = set(kinds)
        self._adler32 = 1 if "adler32" in kinds else None
        self._digests = {
            kind: hashlib.new(kind, usedforsecurity=False) for kind in kinds - {"adler32"}
        }

    async def add(self, chunk: bytes | memoryview) -> None:
        """Take in the next bytes, without holding up the event loop."""
        if self._adler32 is not None:
            # A few hundredths of a millisecond a MiB: less than a thread costs for it.
            self._adler32 = adler32(chunk, self._adler32)
        if self._digests:
            await asyncio.to_thread(self._hash, chunk)

    def _hash(self, chunk: bytes | memoryview) -> None:
        for digest in self._digests.values():
            digest.update(chunk)

    def values(self) -> dict[str, str]:
        """Hexadecimal, by kind."""
        found = {kind: digest.hexdigest() for kind, digest in self._digests.items()}
        if self._adler32 is not None:
            found["adler32"] = f"{self._adler32:08x}"
        return found


def compare(one: Mapping[str, str], other: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Two files' checksums.

    Returns:
        The kind by which they are the same, if any is known of both; and the kind by which they
        are not.
    """
    same = None
    for kind in KINDS:
        if kind in one and kind in other:
            if one[kind] != other[kind]:
                return None, kind
            same = kind
    return same, None
