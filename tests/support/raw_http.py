"""HTTP by hand for tests of servers: no redirects followed, connections cut where one likes."""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT_S = 30


@dataclass
class Reply:
    """An answer as it came."""

    status: int
    reason: str
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode()

    @property
    def line(self) -> tuple[int, str]:
        """Status and text, of doors that answer in one line."""
        return self.status, self.text.strip()


def ask(
    method: str,
    url: str,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
) -> Reply:
    """One request on a connection of its own."""
    with connection(url) as open_connection:
        return ask_on(open_connection, method, url, headers, body)


@contextlib.contextmanager
def connection(url: str) -> Iterator[http.client.HTTPConnection]:
    """A connection for several requests."""
    open_connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_S)
    try:
        yield open_connection
    finally:
        open_connection.close()


def ask_on(
    open_connection: http.client.HTTPConnection,
    method: str,
    url: str,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
) -> Reply:
    """One request on this connection, whole answer read."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    open_connection.request(method, target, body=body, headers=headers or {})
    answer = open_connection.getresponse()
    return Reply(answer.status, answer.reason, answer.msg, answer.read())


@contextlib.contextmanager
def raw_request(
    method: str, url: str, headers: dict[str, str], *, body: bytes = b""
) -> Iterator[socket.socket]:
    """Send a head and a first part of the body; the socket is closed at the end."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    host, port = parts.hostname or "", parts.port or 80
    with socket.create_connection((host, port), timeout=TIMEOUT_S) as sock:
        sock.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        yield sock


def until(sock: socket.socket, ending: bytes = b"\r\n\r\n") -> bytes:
    """What comes up to and with `ending`, or to the end of the connection."""
    received = b""
    while ending not in received:
        data = sock.recv(65536)
        if not data:
            break
        received += data
    return received
