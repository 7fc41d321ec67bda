"""COPY at a door: third-party copies, where the pool itself asks another server for the bytes."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ipaddress
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from rsdat.demo.door.checksums import ADLER32, MD5
from rsdat.demo.door.http import Answer, Call
from rsdat.demo.door.site import Site
from rsdat.demo.door.tree import Entry, NotDirectoryError
from rsdat.demo.door.uploads import LostEntryError, Upload
from rsdat.demo.door.webdav_errors import DoorError, forbidden

_MARKERS = "text/perf-marker-stream"
_TRANSFER_HEADER = "transferheader"
# A pool is another machine: its refused logins must not block the client that asked for a copy.
_FROM_POOL = {"X-Forwarded-For": "192.0.2.1"}
_CHUNK_BYTES = 256 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=30, sock_read=300)


class _FailedError(Exception):
    """What follows `failure: ` at the end of the stream."""


@dataclass
class _Progress:
    """What the markers tell."""

    started: float = 0.0
    last: float = 0.0
    moved: int = 0
    peer: str = ""

    def add(self, size: int) -> None:
        self.last = time.time()
        self.moved += size

    def marker(self) -> str:
        lines = [f"Timestamp: {int(time.time())}"]
        if self.started:
            lines += [
                "State: Running",
                "Stripe Index: 0",
                f"Stripe Start Time: {int(self.started)}",
                f"Stripe Last Transferred: {int(self.last or self.started)}",
                f"Stripe Transfer Time: {int(time.time() - self.started)}",
                f"Stripe Bytes Transferred: {self.moved}",
                "Stripe Status: RUNNING",
            ]
        else:
            lines += ["State: Pending", "Stripe Index: 0"]
        lines.append("Total Stripe Count: 1")
        if self.peer:
            lines.append(f"RemoteConnections: tcp:{self.peer}")
        return "Perf Marker\n" + "".join(f"    {line}\n" for line in lines) + "End\n"


@dataclass
class _Order:
    """A COPY request, read."""

    url: str
    headers: dict[str, str]
    verify: bool
    progress: _Progress = field(default_factory=_Progress)


class Copying:
    """COPY at one door."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._tree = site.tree

    async def copy(self, call: Call, path: str) -> web.StreamResponse:
        """Pull from `Source`, or push to `Destination`; the outcome is the stream's last line."""
        source, destination = call.header("Source"), call.header("Destination")
        if bool(source) == bool(destination):
            raise DoorError(400, "COPY needs either a Source or a Destination header")
        order = _read(call, source or destination)
        if destination:
            entry = self._tree.entry(path)
            if entry.is_directory:
                raise DoorError(400, "Not a file")
            if self._site.refuses(call.rights, path, "DOWNLOAD"):
                raise forbidden("COPY", path)
            return await self._stream(call, order, lambda: self._push(order, entry))
        self._check_target(call, path)
        return await self._stream(call, order, lambda: self._pull(order, path))

    def _check_target(self, call: Call, path: str) -> None:
        entry = self._tree.find(path)
        if entry is not None and entry.is_directory:
            raise DoorError(400, "Not a file")
        if self._site.refuses(call.rights, path, "UPLOAD"):
            raise forbidden("COPY", path)
        if entry is not None and call.header("Overwrite").upper() == "F":
            raise DoorError(412)
        if entry is not None and self._site.refuses(call.rights, path, "DELETE"):
            raise forbidden("COPY", path)

    async def _stream(
        self, call: Call, order: _Order, work: Callable[[], Awaitable[None]]
    ) -> web.StreamResponse:
        """Send markers while the work is done. A client that hangs up ends it."""
        answer = Answer(202, headers=[("Content-Type", _MARKERS)], chunked=True)
        call.headers_sent = True
        await answer.prepare(call.request)
        working = asyncio.ensure_future(work())
        gone = asyncio.ensure_future(call.gone.wait())
        try:
            while not working.done():
                await asyncio.wait(
                    [working, gone],
                    timeout=self._site.marker_s,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if gone.done():
                    raise ConnectionResetError("the client of a copy is gone")
                if not working.done():
                    await answer.write(order.progress.marker().encode())
            try:
                await working
                last = "success: Created\n"
            except _FailedError as error:
                last = f"failure: {error}\n"
            await answer.write(last.encode())
            await answer.write_eof()
        finally:
            for task in (working, gone):
                task.cancel()
            await asyncio.gather(working, gone, return_exceptions=True)
        return answer

    async def _pull(self, order: _Order, path: str) -> None:
        async with self._mover():
            try:
                upload = Upload(self._tree, path, with_md5=order.verify)
            except NotDirectoryError as error:
                raise _FailedError("Not a directory") from error
            try:
                await self._receive(order, upload)
            except BaseException:
                upload.discard()
                raise

    async def _receive(self, order: _Order, upload: Upload) -> None:
        headers = {**_FROM_POOL, **order.headers, "Connection": "close"}
        if order.verify:
            headers["Want-Digest"] = "adler32;q=1, md5;q=0.5"
        rate = self._site.rates.transfer()
        async with _session("GET") as session, session.get(order.url, headers=headers) as answer:
            if answer.status != 200:
                raise _FailedError(f"rejected GET: {answer.status} {answer.reason}")
            order.progress.started = time.time()
            order.progress.peer = f"{answer.url.host}:{answer.url.port}"
            async for data in answer.content.iter_chunked(_CHUNK_BYTES):
                await rate.take(len(data))
                upload.write(data)
                order.progress.add(len(data))
            if order.verify:
                _compare(answer.headers.get("Digest", ""), upload.checksums())
        try:
            upload.commit()
        except LostEntryError as error:
            raise _FailedError("File was deleted or replaced") from error

    async def _push(self, order: _Order, entry: Entry) -> None:
        rate = self._site.rates.transfer()
        size = {"Content-Length": str(entry.size or 0)}

        async def body() -> AsyncIterator[bytes]:
            with self._tree.open(entry.path) as file:
                order.progress.started = time.time()
                while data := os.read(file.fileno(), _CHUNK_BYTES):
                    await rate.take(len(data))
                    order.progress.add(len(data))
                    yield data

        async def put(url: str, headers: dict[str, str]) -> str | None:
            """Send it, or hear where else to."""
            async with session.put(
                url,
                data=body(),
                headers={**headers, **size},
                skip_auto_headers=["Content-Type"],
                allow_redirects=False,
                expect100=True,
            ) as answer:
                if answer.status == 307:
                    return answer.headers["Location"]
                if answer.status not in (200, 201, 204):
                    raise _FailedError(f"rejected PUT: {answer.status} {answer.reason}")
            return None

        async with self._mover(), _session("PUT") as session:
            typed = {"Content-Type": "application/octet-stream"}
            elsewhere = await put(order.url, {**_FROM_POOL, **typed, **order.headers})
            # A pool takes the bytes by the id in its URL: no credential goes there.
            if elsewhere and await put(elsewhere, {}):
                raise _FailedError("rejected PUT: redirected twice")

    @contextlib.asynccontextmanager
    async def _mover(self) -> AsyncIterator[None]:
        await self._site.movers.slot()
        try:
            yield
        finally:
            self._site.movers.free()


def _read(call: Call, url: str) -> _Order:
    """The headers of a COPY.

    Raises:
        DoorError: 400, with the reason.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise DoorError(400, f"Unsupported URI: {url.partition('?')[0]}")
    # The stand-in asks nobody but this machine, whatever a test says.
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(parts.hostname).is_loopback:
            return _order(call, url)
    raise DoorError(400, f"the stand-in copies on loopback only, not with {parts.hostname}")


def _order(call: Call, url: str) -> _Order:
    credential = call.header("Credential").lower() or "none"
    if credential not in ("none", "oidc", "gridsite"):
        raise DoorError(400, f"HTTP header 'Credential' has unknown value \"{credential}\".")
    if credential != "none":
        raise DoorError(400, f"No {credential} credential is available for this transfer")
    verify = call.header("RequireChecksumVerification").lower() or "true"
    if verify not in ("true", "false"):
        raise DoorError(400, "HTTP header 'RequireChecksumVerification' is neither true nor false.")
    headers = {
        name[len(_TRANSFER_HEADER) :]: value
        for name, value in call.request.headers.items()
        if name.lower().startswith(_TRANSFER_HEADER)
    }
    return _Order(url, headers, verify == "true")


@contextlib.asynccontextmanager
async def _session(verb: str) -> AsyncIterator[aiohttp.ClientSession]:
    try:
        async with aiohttp.ClientSession(timeout=_TIMEOUT, auto_decompress=False) as session:
            yield session
    except (aiohttp.ClientError, asyncio.TimeoutError) as error:
        raise _FailedError(f"{verb} failed: {type(error).__name__}") from error
    except OSError as error:
        raise _FailedError("Disk I/O error") from error


def _compare(digest: str, sums: dict[str, str]) -> None:
    """Hold what the other server says against what came.

    Raises:
        _FailedError: It says nothing, or something else.
    """
    kind, _, value = digest.partition("=")
    if kind == "adler32":
        right = sums[ADLER32] == value.lower().zfill(8)
    elif kind == "md5":
        right = base64.b64encode(bytes.fromhex(sums[MD5])).decode() == value
    else:
        raise _FailedError("no checksum information available from the remote server")
    if not right:
        raise _FailedError("checksum verification failed: the file is not what was sent")
