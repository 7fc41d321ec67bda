"""HTTP to one endpoint: one session, time limits, refusals as our errors, credentials kept home.

Three rules of dCache shape it. A 401 is never repeated (the third one from an address blocks
everybody behind it for ten seconds), except once when the credential's file has changed meanwhile;
a credential that was refused twice within seconds is not sent a third time. 429 is that block, and
is waited out. Redirects are followed by hand, because the credential must go to no other host and
port than the endpoint's own.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Container,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Protocol

import aiohttp
from yarl import URL

import rsdat
from rsdat.base.errors import DoorBroken, RsdatError
from rsdat.dcache import paths
from rsdat.dcache.answers import Answer, refusal
from rsdat.dcache.endpoint import Endpoint
from rsdat.dcache.refusals import Refusals
from rsdat.dcache.sources import ClientCertificate
from rsdat.dcache.tls import authorities, show_certificate, tls_context
from rsdat.dcache.tuning import Tuning
from rsdat.dcache.wire import LEAST_BYTES, Wire

CONNECT_S = 15.0
# A listing of 50 000 entries took up to 29 s to its first byte (measured, dCache 11.2.5), and
# folders of 200 000 exist.
ANSWER_S = 300.0
SMALL_ANSWER_S = 60.0
CHUNK_BYTES = 1024 * 1024
# Shorter than any server's own limit: a POST or MOVE on a connection that the server is closing
# fails, and can't be repeated blindly.
KEEP_ALIVE_S = 5.0
# dCache sends no Retry-After; its block ends after 8 to 10 s, asking does not prolong it.
BUSY_WAITS_S = (1.0, 2.0, 4.0, 6.0)
MAX_RETRY_AFTER_S = 30.0
_MAX_REFUSAL_BYTES = 64 * 1024
# A redirect names the path twice, once encoded two times: 24 bytes for a letter of Chinese.
_MAX_HEADER_BYTES = 64 * 1024

METADATA = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=SMALL_ANSWER_S)
LISTING = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=ANSWER_S)

#: A pool may send nothing so long; it may take nothing for longer than an upload's own limit.
DATA_S, SEND_S = 120.0, 300.0
DATA = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=DATA_S)


class Body(Protocol):
    """What an upload sends. It can be sent once."""

    @property
    def started(self) -> bool:
        """Whether sending has begun, so that it can't be sent anew."""
        ...

    @property
    def size(self) -> int | None:
        """How many bytes, if that is known."""
        ...

    def __call__(self) -> AsyncIterator[bytes]:
        """The stream; its first item is fetched only when dCache said `100 Continue`."""
        ...

    async def send_by(self, wire: Wire) -> None:
        """Send it all on a connection, instead of giving the stream."""
        ...


class Http:
    """The HTTP session of one endpoint, for one event loop. `close()` it.

    Args:
        endpoint: Addresses and credential.
        sleep: How it waits, when dCache is busy or works on an order.
        tuning: Limits, proxies and the like that differ from ours.
        busy_waits_s: How long it waits each time dCache is busy; none tells it at once.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        tuning: Tuning | None = None,
        busy_waits_s: Sequence[float] = BUSY_WAITS_S,
    ) -> None:
        self.endpoint = endpoint
        self.sleep = sleep
        self.tuning = tuning or Tuning()
        self._session: aiohttp.ClientSession | None = None
        self._busy_waits_s = busy_waits_s
        urls = (endpoint.api_url, endpoint.webdav_url)
        self._own = {URL(url, encoded=True).origin() for url in urls if url}
        self._refusals = Refusals()
        self._exchanges = 0
        self._used_s = time.monotonic()
        self._tls: ssl.SSLContext | None = None
        self._certificate_seen: tuple[int, int, int] | None = None

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def session(self) -> aiohttp.ClientSession:
        """The shared session.

        It has no limit on connections: each caller bounds its own work, and a copy that holds a
        download would wait for its own upload for ever.
        """
        if self._session is None:
            self._session = new_session(connections=0)
        return self._session

    def rest_url(self, resource: str, path: str | None = None, query: str = "") -> URL:
        """Address of a REST resource, with a literal path appended to it."""
        tail = "" if path is None else paths.encode(path)
        return URL(
            f"{self.endpoint.api_url}/{resource}{tail}{'?' if query else ''}{query}", encoded=True
        )

    def door_url(self, path: str) -> URL:
        """Address of a literal path at the WebDAV door."""
        return URL(self.endpoint.webdav_url + paths.encode(path), encoded=True)

    async def ask(
        self,
        method: str,
        url: URL,
        *,
        doing: str,
        path: str | None = None,
        ok: Container[int] = (200,),
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: aiohttp.ClientTimeout = METADATA,
    ) -> Answer:
        """A request with a small or no body, and its whole answer.

        Raises:
            RsdatError: dCache refused, or gave no usable answer.
        """
        async with self.exchange(
            method, url, doing=doing, path=path, ok=ok, json=json, headers=headers, timeout=timeout
        ) as response:
            try:
                body = await response.read()
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
                raise door_failure(url, error) from error
            return Answer(response.status, response.reason or "", response.content_type, body)

    @asynccontextmanager
    async def exchange(
        self,
        method: str,
        url: URL,
        *,
        doing: str,
        path: str | None = None,
        ok: Container[int] = (200,),
        json: Any = None,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: aiohttp.ClientTimeout = METADATA,
        session: aiohttp.ClientSession | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A request; the answer is open inside `async with`, its body not read.

        Redirects are not followed. A 429, and a 401 after the credential's file has changed, are
        asked again, unless a body was begun.

        Args:
            method: HTTP's or WebDAV's.
            url: Encoded already.
            doing: What is tried, such as "list '/data'", for the error text.
            path: What it is about, for the error.
            ok: Statuses that are an answer; all others raise.
            json: A JSON body.
            body: A streamed body, announced with `Expect: 100-continue`; give `Content-Length`.
            headers: Added to ours.
            timeout: aiohttp's limits.
            session: Another one than the shared one.

        Raises:
            RsdatError: dCache refused, or gave no usable answer.
        """
        with self._under_way():
            waits = list(self._busy_waits_s)
            renewed = on_trial = False
            tls = await self._tls_options() if url.scheme == "https" else {}
            while True:
                credential = (
                    await self.endpoint.credential.header() if url.origin() in self._own else None
                )
                sent = dict(headers or {})
                if url.origin() in self._own:
                    for name, value in self.tuning.headers.items():
                        sent.setdefault(name, value.reveal())
                if credential is not None:
                    on_trial = await self._refusals.enter(url.origin(), credential)
                    sent["Authorization"] = credential.reveal()
                status = None
                try:
                    response = await (session or self.session()).request(
                        method,
                        url,
                        headers=sent,
                        json=json,
                        data=None if body is None else _Once(body),
                        expect100=body is not None,
                        # No Content-Type that we did not choose: a pool answers 501 to it.
                        skip_auto_headers=() if json is not None else ("Content-Type",),
                        allow_redirects=False,
                        timeout=self.tuning.limits(timeout),
                        **{**tls, **self.tuning.request(url)},
                    )
                    status = response.status
                except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
                    raise door_failure(url, error) from error
                finally:
                    if credential is not None:
                        self._refusals.leave(url.origin(), credential, status, on_trial=on_trial)
                try:
                    if response.status in ok:
                        yield response
                        return
                    answer = await _read_refusal(response)
                    retry_after = response.headers.get("Retry-After")
                finally:
                    response.release()
                repeatable = body is None or not body.started
                if answer.status == 401 and repeatable and credential is not None and not renewed:
                    renewed = True
                    if await self.endpoint.credential.header() != credential:
                        continue
                if answer.status == 429 and repeatable and waits:
                    await self.sleep(_wait_s(retry_after, waits.pop(0)))
                    continue
                refused = refusal(answer, doing=doing, path=path)
                if answer.status == 401 and credential is not None:
                    self._refusals.explain(url.origin(), refused)
                raise refused

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        self._exchanges += 1
        try:
            yield
        finally:
            self._exchanges -= 1
            self._used_s = time.monotonic()

    @property
    def idle_s(self) -> float:
        """For how long nothing has been asked or answered, seconds."""
        return 0.0 if self._exchanges else time.monotonic() - self._used_s

    async def _tls_options(self) -> dict[str, ssl.SSLContext]:
        """Whom to trust and what to show, where that is not what aiohttp does by itself.

        Raises:
            InvalidInput: The folder of authorities can't be used.
            NoCredential: The certificate can't be used.
        """
        credential = self.endpoint.credential
        if self._tls is None:
            folder = await asyncio.to_thread(authorities, self.endpoint.ca_folder)
            if folder is None and not isinstance(credential, ClientCertificate):
                return {}
            self._tls = await asyncio.to_thread(tls_context, folder)
        if isinstance(credential, ClientCertificate):
            # Proxies live for hours: a new one is shown on the next connection.
            self._certificate_seen = await asyncio.to_thread(
                show_certificate, self._tls, credential.path, self._certificate_seen
            )
        return {"ssl": self._tls}

    def redirect(self, url: URL, response: aiohttp.ClientResponse) -> URL:
        """Where a redirect leads, if we may go there.

        Raises:
            DoorBroken: From https to plain http without leave, or nowhere.
        """
        location = response.headers.get("Location")
        try:
            target = url.join(URL(location or "", encoded=True))
            usable = bool(location) and target.scheme in ("http", "https") and bool(target.host)
        except ValueError:
            usable, target = False, url
        if not usable:
            raise DoorBroken(f"{place(url)} redirected to nowhere", code="bad_redirect")
        if (
            url.scheme == "https"
            and target.scheme == "http"
            and not self.endpoint.insecure_redirects
        ):
            raise DoorBroken(
                f"{place(url)} wants to move the data over plain http to {place(target)}",
                hint="Use a door that does not redirect, or set insecure_redirects for this "
                "endpoint if the data may travel unencrypted.",
                code="insecure_redirect",
            )
        return target


class _Once:
    """What is to be sent once."""

    def __init__(self, body: Body) -> None:
        self.body = body


@aiohttp.payload_type(_Once)
class _Sending(aiohttp.payload.Payload):
    """Sends a body; aiohttp makes one for each attempt.

    Keeps it from sending the rest of a body on a new connection after the first was cut: it
    repeats a PUT by itself, and releases before 3.14 do not notice that the stream was begun.
    """

    def __init__(self, value: _Once, *given: Any, **named: Any) -> None:
        if value.body.started:
            raise _cut_while_sending()
        super().__init__(value, *given, **named)
        self._body = value.body

    @property
    def consumed(self) -> bool:
        """Whether it can't be sent (again)."""
        return self._body.started

    async def write(self, writer: Any) -> None:
        """As aiohttp before 3.12 calls it."""
        body = self._body
        if body.started:
            raise _cut_while_sending()
        wire = None
        if body.size is not None and body.size >= LEAST_BYTES:
            transport = writer.transport
            # The headers are gone: they were answered with `100 Continue`.
            if transport is not None and not transport.get_write_buffer_size():
                wire = Wire.beside(transport, SEND_S)
        if wire is None:
            async for piece in body():
                await writer.write(piece)
            return
        try:
            await body.send_by(wire)
        finally:
            wire.close()

    async def write_with_length(self, writer: Any, content_length: int | None) -> None:
        """As later ones call it; the body itself sees to its length."""
        await self.write(writer)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Never asked for: it can be sent only once."""
        raise TypeError("a streamed body has no text")


def _cut_while_sending() -> Exception:
    return aiohttp.ClientConnectionError("cut while sending")


def new_session(*, connections: int) -> aiohttp.ClientSession:
    """A session that keeps no cookies and reads no proxy or netrc settings.

    Args:
        connections: At most so many at once; 0 is no limit.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=KEEP_ALIVE_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": f"rsdat/{rsdat.__version__}"},
        # Bytes are passed on as dCache stores them, with the length it announces.
        auto_decompress=False,
        read_bufsize=CHUNK_BYTES,
        max_line_size=_MAX_HEADER_BYTES,
        max_field_size=_MAX_HEADER_BYTES,
    )


def place(url: URL) -> str:
    """Host and port, for messages: the rest may hold a pool's one-time key."""
    return f"{url.host}:{url.port}"


def door_failure(url: URL, error: BaseException) -> RsdatError:
    """The error for a request that got no whole answer."""
    where = place(url)
    if isinstance(error, asyncio.TimeoutError):
        return DoorBroken(
            f"{where} gave no answer in time",
            hint="Try again in a minute; large transfers may be filling dCache's pools.",
            code="timeout",
        )
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return DoorBroken(
            f"The certificate of {where} is not trusted here: {_certificate_words(error)}",
            hint="Set ca_folder of the endpoint, or X509_CERT_DIR, to the folder with the "
            "authorities of this dCache.",
            code="certificate",
        )
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return DoorBroken(
            f"Can't reach dCache at {where}: no TLS with it ({_reason(error.os_error)})",
            hint="Is it the right port? One that speaks plain http has another address: http://.",
            code="no_tls",
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        return DoorBroken(
            f"Can't reach dCache at {where}: {_reason(error.os_error)}",
            hint="Is the address right, and is it reachable from this computer?",
            code="unreachable",
        )
    return DoorBroken(
        f"{where} broke off the connection ({type(error).__name__})",
        hint="Try again.",
        code="cut",
    )


def _certificate_words(error: aiohttp.ClientConnectorCertificateError) -> str:
    """OpenSSL's own words, such as "certificate has expired"."""
    reason = error.certificate_error
    words = getattr(reason, "verify_message", "") or "it can't be verified"
    return str(words).rstrip(".")


def _reason(error: OSError) -> str:
    if isinstance(error, (ssl.SSLError, socket.gaierror)) or not error.errno:
        return error.strerror or str(error)  # their numbers are not the system's
    # asyncio's own text is "Connect call failed" with the address once more.
    return os.strerror(error.errno)


async def _read_refusal(response: aiohttp.ClientResponse) -> Answer:
    body = b""
    try:
        while len(body) < _MAX_REFUSAL_BYTES:
            part = await response.content.read(_MAX_REFUSAL_BYTES - len(body))
            if not part:
                break
            body += part
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
        body = b""  # the status and its reason phrase are what counts
    return Answer(response.status, response.reason or "", response.content_type, body)


def _wait_s(retry_after: str | None, otherwise_s: float) -> float:
    if retry_after is not None and retry_after.isdigit():
        return min(float(retry_after), MAX_RETRY_AFTER_S)
    return otherwise_s
