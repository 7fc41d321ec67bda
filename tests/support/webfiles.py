"""An https-like server of files, whose answers a test can spoil."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class WebFiles:
    """What it serves, and what was asked.

    Attributes:
        files: Bytes by path, such as "/a.tif".
        spoil: Called with each handler before it answers; True: it has answered itself.
        ranges: Whether it takes Range.
        tags: Whether it sends an ETag; it is the content's MD5.
        length: Whether it sends Content-Length; else the body goes chunked.
        cut_at: Close the connection after so many bytes of a body, so many times.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    spoil: Callable[[Any], bool] = lambda _handler: False
    ranges: bool = True
    tags: bool = True
    length: bool = True
    cut_at: int = 0
    cuts: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    at_once: int = 0
    most_at_once: int = 0

    def gets(self, path: str) -> list[str | None]:
        """The Range of each GET of a file."""
        return [range_ for verb, asked, range_ in self.asked if (verb, asked) == ("GET", path)]


@contextlib.contextmanager
def web_files() -> Iterator[WebFiles]:
    """Start one on loopback, and stop it at the end."""
    served = WebFiles()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            with served.lock:
                served.at_once += 1
                served.most_at_once = max(served.most_at_once, served.at_once)
            try:
                self._answer(body=True)
            finally:
                with served.lock:
                    served.at_once -= 1

        def _answer(self, *, body: bool) -> None:
            path = self.path.partition("?")[0]
            with served.lock:
                served.asked.append((self.command, path, self.headers.get("Range")))
            if served.spoil(self):
                return
            data = served.files.get(path)
            if data is None:
                self.plain(404)
                return
            tag = f'"{hashlib.md5(data).hexdigest()}"'
            start, end = 0, len(data)
            wanted = self.headers.get("Range")
            fresh = self.headers.get("If-Range") in (None, tag)
            if wanted and served.ranges and fresh:
                first, _, last = wanted.removeprefix("bytes=").partition("-")
                start, end = int(first), min(int(last) + 1 if last else end, end)
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
            else:
                self.send_response(200)
            if served.tags:
                self.send_header("ETag", tag)
            if served.ranges:
                self.send_header("Accept-Ranges", "bytes")
            rest = data[start:end]
            if served.length:
                self.send_header("Content-Length", str(len(rest)))
            elif body:
                self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            if body:
                self._send(rest)

        def _send(self, rest: bytes) -> None:
            with served.lock:
                cut = served.cut_at if served.cuts > 0 else 0
                served.cuts -= bool(cut)
            if cut:
                self.wfile.write(rest[:cut])
                self.wfile.flush()
                self.close_connection = True
                self.connection.close()
            elif served.length:
                self.wfile.write(rest)
            else:
                for begin in range(0, len(rest), 65536):
                    piece = rest[begin : begin + 65536]
                    self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                self.wfile.write(b"0\r\n\r\n")

        def plain(self, status: int, **headers: str) -> None:
            """An answer without a body."""
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            pass  # connections that a test cut

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        served.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield served
        finally:
            server.shutdown()
            thread.join(10)
