"""What is read: files in dCache, on the web, on this computer, or anywhere that fsspec knows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol

from rsdat.base.errors import DoorBroken
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.entry import Entry
from rsdat.dcache.fs import DCacheFileSystem
from rsdat.dcache.http import DATA, METADATA
from rsdat.dcache.read import check_readable
from rsdat.stac.copying.facts import BLOCK_BYTES, Facts
from rsdat.stac.copying.sums import from_base64, from_dcache
from rsdat.stac.copying.trouble import web_failure, web_refusal

_MD5 = re.compile(r"[0-9a-fA-F]{32}\Z")
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)\Z")


@dataclass
class Opened:
    """A file under way: what it is, where the bytes begin, and the bytes."""

    facts: Facts
    start: int
    chunks: AsyncIterator[bytes]


class Source(Protocol):
    """One file to read."""

    async def look(self) -> Facts:
        """What it is, without reading it.

        Raises:
            NotFound: There is none.
        """
        ...

    def open(self, start: int, known: Facts | None) -> AbstractAsyncContextManager[Opened]:
        """Begin to read.

        Args:
            start: First byte that is wanted; where the answer begins earlier (at 0), it says so.
            known: What it was when it was read before; must still be so if `start` is not 0.

        Raises:
            OnTape: Its only copy is on tape.
            NotFound: There is none.
        """
        ...


class DCacheSource:
    """A file in dCache."""

    def __init__(self, filesystem: DCacheFileSystem, path: str) -> None:
        self._filesystem = filesystem
        self._path = path

    @property
    def path(self) -> str:
        """Its literal path."""
        return self._path

    async def look(self) -> Facts:
        """As `Source`."""
        return facts_of(await (await self.client()).info(self._path, checksums=True))

    @asynccontextmanager
    async def open(self, start: int, known: Facts | None) -> AsyncIterator[Opened]:
        """As `Source`."""
        client = await self.client()
        entry = await client.info(self._path, checksums=True)
        check_readable(entry)
        async with client.open_read(self._path, start) as download:
            # Its own question came a moment later: what is read must be what has the checksums.
            if download.entry.pnfs_id != entry.pnfs_id:
                entry = await client.info(self._path, checksums=True)
            yield Opened(facts_of(entry), start, download.__aiter__())

    async def client(self) -> DCacheClient:
        """Its endpoint's."""
        return await self._filesystem.connect()


def facts_of(entry: Entry) -> Facts:
    """A file of dCache's."""
    return Facts(
        size=entry.size,
        sums=from_dcache(entry.checksums),
        modified=entry.modified,
        version=entry.pnfs_id,
        ranges=True,
        on_tape=entry.locality == "NEARLINE",
    )


class WebSource:
    """A file at an http(s) address, read through the session of fsspec's own file system."""

    def __init__(self, filesystem: Any, href: str) -> None:
        self._filesystem = filesystem
        self._href = href

    async def look(self) -> Facts:
        """As `Source`; by a GET that is not read where the server knows no HEAD."""
        for method in ("HEAD", "GET"):
            response = await self._ask(method, {}, METADATA)
            try:
                if response.status == 200:
                    return web_facts(response.headers)
                # A signature may be for GET only.
                if method == "HEAD" and response.status in (403, 405, 501):
                    continue
                raise self._refused(response)
            finally:
                response.close()
        raise AssertionError("unreachable")

    @asynccontextmanager
    async def open(self, start: int, known: Facts | None) -> AsyncIterator[Opened]:
        """As `Source`."""
        headers = {}
        if start and known is not None and known.version is not None:
            headers = {"Range": f"bytes={start}-", "If-Range": known.version}
        response = await self._ask("GET", headers, DATA)
        try:
            if response.status == 416:
                raise DoorBroken(f"{self._href.partition('?')[0]} became shorter", code="changed")
            if response.status not in (200, 206):
                raise self._refused(response)
            facts, first = web_facts(response.headers), 0
            if response.status == 206:
                match = _RANGE.match(response.headers.get("Content-Range", ""))
                if match is None or known is None:
                    raise DoorBroken("The server sent other bytes than it says", code="wrong_range")
                facts, first = known, int(match[1])
                if first > start:
                    raise DoorBroken("The server left bytes out", code="wrong_range")
            yield Opened(facts, first, self._chunks(response))
        finally:
            # What was not read is not waited for.
            response.close()

    async def _ask(self, method: str, headers: Mapping[str, str], timeout: Any) -> Any:
        filesystem = self._filesystem
        options = {**filesystem.kwargs}
        # Bytes as they are stored, with the length that the server says.
        sent = {**(options.pop("headers", None) or {}), "Accept-Encoding": "identity", **headers}
        options.pop("timeout", None)
        try:
            session = await filesystem.set_session()
            return await session.request(
                method,
                filesystem.encode_url(self._href),
                headers=sent,
                allow_redirects=True,
                timeout=timeout,
                **options,
            )
        except (OSError, asyncio.TimeoutError) as error:
            raise web_failure(self._href, error) from error
        except Exception as error:
            # aiohttp's errors are no OSErrors, and this room does not know aiohttp.
            raise web_failure(self._href, error) from error

    def _refused(self, response: Any) -> Exception:
        retry_after = response.headers.get("Retry-After")
        return web_refusal(self._href, response.status, retry_after)

    async def _chunks(self, response: Any) -> AsyncIterator[bytes]:
        try:
            async for chunk in response.content.iter_chunked(BLOCK_BYTES):
                yield chunk
        except Exception as error:
            raise web_failure(self._href, error) from error


def web_facts(headers: Mapping[str, str]) -> Facts:
    """What the headers of a whole answer say of a file."""
    length = headers.get("Content-Length")
    encoded = headers.get("Content-Encoding", "identity") not in ("", "identity")
    tag = headers.get("ETag", "")
    plain = tag.strip('"')
    sums: dict[str, str] = {}
    hints: dict[str, str] = {}
    if "Content-MD5" in headers:
        sums = from_base64("md5", headers["Content-MD5"])
    for part in headers.get("x-goog-hash", "").split(","):
        name, _, value = part.strip().partition("=")
        if name == "md5":
            sums = from_base64("md5", value)
    if _MD5.match(plain) and not tag.startswith("W/"):
        # S3's are MD5s unless it has encrypted the file with a key of its own.
        own_key = headers.get("x-amz-server-side-encryption", "AES256") != "AES256"
        sure = "x-amz-request-id" in headers and not own_key
        (sums if sure else hints).setdefault("md5", plain.lower())
    if encoded:
        sums, hints, length = {}, {}, None
    strong = tag if tag.startswith('"') else None
    return Facts(
        size=int(length) if length and length.isdigit() else None,
        sums=sums,
        hints=hints,
        modified=_moment(headers.get("Last-Modified")),
        version=None if encoded else strong or headers.get("Last-Modified"),
        ranges=headers.get("Accept-Ranges") == "bytes" and not encoded,
    )


def _moment(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text or "")
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


class LocalSource:
    """A file on this computer."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    async def look(self) -> Facts:
        """As `Source`."""
        return await asyncio.to_thread(local_facts, self._path)

    @asynccontextmanager
    async def open(self, start: int, known: Facts | None) -> AsyncIterator[Opened]:
        """As `Source`."""
        file = await asyncio.to_thread(self._path.open, "rb")
        try:
            await asyncio.to_thread(file.seek, start)
            yield Opened(await self.look(), start, _blocks(file))
        finally:
            await asyncio.to_thread(file.close)


def local_facts(path: Path) -> Facts:
    """A file on this computer.

    Raises:
        FileNotFoundError: There is none.
        IsADirectoryError: It is a folder.
    """
    found = path.stat()
    if path.is_dir():
        raise IsADirectoryError(str(path))
    return Facts(
        size=found.st_size,
        modified=datetime.fromtimestamp(found.st_mtime, timezone.utc),
        version=f"{found.st_mtime_ns}:{found.st_ino}:{found.st_size}",
        ranges=True,
    )


class OtherSource:
    """A file on any other file system of fsspec's; its functions block, so they run in threads."""

    def __init__(self, filesystem: Any, path: str) -> None:
        self._filesystem = filesystem
        self._path = path

    async def look(self) -> Facts:
        """As `Source`."""
        info = await asyncio.to_thread(self._filesystem.info, self._path)
        return other_facts(info)

    @asynccontextmanager
    async def open(self, start: int, known: Facts | None) -> AsyncIterator[Opened]:
        """As `Source`."""
        facts = await self.look()
        file = await asyncio.to_thread(self._filesystem.open, self._path, "rb")
        try:
            if start:
                await asyncio.to_thread(file.seek, start)
            yield Opened(facts, start, _blocks(file))
        finally:
            await asyncio.to_thread(file.close)


def other_facts(info: Mapping[str, Any]) -> Facts:
    """What fsspec says of a file; each file system in words of its own.

    Raises:
        IsADirectoryError: It is a folder.
    """
    if info.get("type") == "directory":
        raise IsADirectoryError(str(info.get("name")))
    tag = str(info.get("ETag") or info.get("etag") or "").strip('"')
    sums = from_base64("md5", str(info["md5Hash"])) if info.get("md5Hash") else {}
    modified = next(
        (info[key] for key in ("LastModified", "mtime", "modified", "created") if key in info), None
    )
    if isinstance(modified, (int, float)):
        modified = datetime.fromtimestamp(modified, timezone.utc)
    elif isinstance(modified, datetime):
        modified = modified if modified.tzinfo else modified.replace(tzinfo=timezone.utc)
    else:
        modified = None
    size = info.get("size")
    return Facts(
        size=size,
        sums=sums,
        hints={"md5": tag.lower()} if _MD5.match(tag) else {},
        modified=modified,
        version=tag or (f"{modified.isoformat()}:{size}" if modified else None),
        ranges=True,
    )


async def _blocks(file: Any) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(file.read, BLOCK_BYTES):
        yield chunk
