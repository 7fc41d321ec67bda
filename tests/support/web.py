"""A web server of a test's own, which answers as the test says."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: Status, headers, body.
Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Asked:
    """One request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Web:
    """The server.

    Attributes:
        url: Without a slash at its end.
        answers: By path without query: an answer, or a function that makes one.
        asked: What came.
    """

    url: str
    answers: dict[str, Answer | Callable[[Asked], Answer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def json(self, path: str, value: Any, status: int = 200, **headers: str) -> None:
        """Answer with JSON."""
        head = {"Content-Type": "application/json", **headers}
        self.answers[path] = (status, head, json.dumps(value).encode())

    def api(self, *conforms: str) -> None:
        """A landing page of a STAC API."""
        self.json(
            "/",
            {
                "type": "Catalog",
                "id": "api",
                "stac_version": "1.0.0",
                "description": "An API",
                "conformsTo": [
                    "https://api.stacspec.org/v1.0.0/core",
                    "https://api.stacspec.org/v1.0.0/item-search",
                    *conforms,
                ],
                "links": [
                    {"rel": "self", "href": f"{self.url}/"},
                    {
                        "rel": "search",
                        "href": f"{self.url}/search",
                        "method": "POST",
                        "type": "application/geo+json",
                    },
                    {"rel": "data", "href": f"{self.url}/collections"},
                ],
            },
        )


@contextlib.contextmanager
def web() -> Iterator[Web]:
    """Start it on loopback, stop it at the end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(self.command, self.path, dict(self.headers), self.rfile.read(length))
            site.asked.append(asked)
            answer = site.answers.get(self.path.partition("?")[0], (404, {}, b"nothing here"))
            status, headers, body = answer(asked) if callable(answer) else answer
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """Who asked has gone: a test of that."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = Web(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
