"""adler32 and MD5 as dCache keeps and prints them."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import zlib
from dataclasses import replace
from pathlib import Path

from rsdat.demo.door.tree import Entry, Tree

ADLER32 = "ADLER32"
MD5 = "MD5_TYPE"
_BY_HEADER_NAME = {"adler32": ADLER32, "md5": MD5}
_CHUNK_BYTES = 2**20


def md5_of_header(content_md5: str) -> str | None:
    """The hex digest of a Content-MD5 header; None if it is malformed."""
    try:
        raw = base64.b64decode(content_md5, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw.hex() if len(raw) == 16 else None


def wanted(want_digest: str) -> list[str]:
    """The known types of a Want-Digest header, the preferred first."""
    found: list[tuple[float, str]] = []
    for item in want_digest.split(","):
        name, _, rest = item.strip().partition(";")
        _, _, q = rest.strip().partition("=")
        try:
            weight = float(q) if q else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0 and name.strip().lower() in _BY_HEADER_NAME:
            found.append((-weight, _BY_HEADER_NAME[name.strip().lower()]))
    return [kind for _, kind in sorted(found, key=lambda pair: pair[0])]


def digest_header(checksums: dict[str, str], want_digest: str) -> list[tuple[str, str]]:
    """The Digest header for the preferred stored checksum; empty if none is stored."""
    for kind in wanted(want_digest):
        if kind in checksums:
            value = checksums[kind]
            if kind == MD5:
                value = base64.b64encode(bytes.fromhex(value)).decode()
            name = "md5" if kind == MD5 else "adler32"
            return [("Digest", f"{name}={value}")]
    return []


class Sums:
    """Running checksums of an upload: adler32 always, MD5 on demand."""

    def __init__(self, *, with_md5: bool) -> None:
        self._adler = 1
        self._md5 = hashlib.md5(usedforsecurity=False) if with_md5 else None

    def add(self, data: bytes) -> None:
        """Count in the next bytes."""
        self._adler = zlib.adler32(data, self._adler)
        if self._md5 is not None:
            self._md5.update(data)

    def values(self) -> dict[str, str]:
        """Hex digests by dCache's names."""
        sums = {ADLER32: f"{self._adler:08x}"}
        if self._md5 is not None:
            sums[MD5] = self._md5.hexdigest()
        return sums


async def known(tree: Tree, entry: Entry) -> dict[str, str]:
    """A file's checksums.

    Those of a file that came into the folder without a door are computed now, once: dCache
    has an adler32 of every file.
    """
    if entry.is_directory or entry.attributes.state == "uploading":
        return {}
    if not entry.attributes.checksums:
        try:
            sums = await asyncio.to_thread(_compute, Path(tree.disk(entry.path)))
        except OSError:  # gone meanwhile
            return {}
        now = tree.find(entry.path)
        if now is None or (now.attributes, now.inode, now.size, now.mtime_ns) != (
            entry.attributes,
            entry.inode,
            entry.size,
            entry.mtime_ns,
        ):
            return {}  # another file by now, whose attributes must stay
        stamp = (entry.size or 0, entry.mtime_ns)
        attributes = replace(entry.attributes, checksums=sums, stamp=stamp, pnfs_id=entry.pnfs_id)
        tree.update(entry, attributes)
        entry.attributes = attributes
    return entry.attributes.checksums


def _compute(file: Path) -> dict[str, str]:
    sums = Sums(with_md5=False)
    with file.open("rb") as source:
        while data := source.read(_CHUNK_BYTES):
            sums.add(data)
    return sums.values()
