"""A STAC API on this computer, for examples that must run without a network.

It answers what clients need to search: landing page, conformance, collections, items, and
`/search` by GET and POST with paging. It has one collection, `rsdat.demo.samples.archive`.
"""

from __future__ import annotations

import hashlib
import json
import select
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from rsdat.base.errors import DoorBroken, InvalidInput, NotFound, RsdatError
from rsdat.demo.samples import archive
from rsdat.demo.samples.stac_search import search
from rsdat.demo.static_catalog import STAC_VERSION

if TYPE_CHECKING:
    from typing_extensions import Self

CONFORMS_TO = [
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/collections",
    "https://api.stacspec.org/v1.0.0/ogcapi-features",
    "https://api.stacspec.org/v1.0.0/item-search",
    "https://api.stacspec.org/v1.0.0/item-search#query",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
]
JSON, GEOJSON = "application/json", "application/geo+json"
_MOST_BODY = 1 << 20
#: Given up on a client that says nothing.
_SILENCE_S = 30.0
_START_S, _END_S = 30.0, 5.0
#: What a GET writes as text and a POST as JSON.
_LISTS, _VALUES = ("ids", "collections"), ("intersects", "query")


class ArchiveApi:
    """The API, from when it is made until `close`; also in a `with` statement.

    A process of its own, as GDAL lets no other thread run while it reads from an address. It
    listens on 127.0.0.1 only, at a port that was free, knows no secrets, and ends with us.

    Attributes:
        url: Address of its landing page.

    Raises:
        DoorBroken: It did not start.
    """

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "rsdat.demo.samples.stac_api"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C, or a kernel's interrupt, is meant for the notebook.
            start_new_session=True,
        )
        assert self._child.stdout is not None  # noqa: S101 - it is a pipe
        readable, _, _ = select.select([self._child.stdout], [], [], _START_S)
        line = self._child.stdout.readline() if readable else b""
        if not line:
            self._child.kill()
            self._child.wait()
            raise DoorBroken("the STAC API of the example did not start", code="api_not_started")
        self.url = line.decode().strip()

    def close(self) -> None:
        """Stop answering."""
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._child.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def main() -> None:
    """Serve until standard input ends, as it does when whoever started this ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    server.shutdown()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _SILENCE_S

    def do_GET(self) -> None:
        """Everything that is there."""
        self._answer(self._get)

    def do_HEAD(self) -> None:
        """As GET, without the body."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """`/search`."""
        self._answer(self._post)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: its log would stand in the notebook."""

    @property
    def _base(self) -> str:
        server: _Server = self.server  # type: ignore[assignment]
        return server.url

    def _answer(self, route: Any) -> None:
        try:
            content, kind = route()
            status = 200
        except RsdatError as error:
            status, kind = error.status, JSON
            content = {"code": error.code, "description": error.message}
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self._send(status, kind, body)

    def _send(self, status: int, kind: str, body: bytes) -> None:
        # What is the same by it can be gone on with after a connection broke.
        extra = {"ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"'}
        part = self.headers.get("Range", "")
        if status == 200 and part.startswith("bytes=") and self.command == "GET":
            first, last = _range(part, len(body))
            extra["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
            status, body = 206, body[first : last + 1]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Accept-Ranges", "bytes")
        for name, value in extra.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _get(self) -> tuple[Any, str]:
        address = urlsplit(self.path)
        parts = [unquote(part) for part in address.path.split("/") if part]
        query = dict(parse_qsl(address.query))
        if not parts:
            return self._landing(), JSON
        if parts == ["conformance"]:
            return {"conformsTo": CONFORMS_TO}, JSON
        if parts == ["search"]:
            return self._page(_from_text(query), "/search", query), GEOJSON
        if parts[0] == "assets" and len(parts) == 3:
            return archive.asset(parts[1], parts[2])
        if parts == ["collections"]:
            return {"collections": [self._collection()], "links": self._links("/collections")}, JSON
        if parts[:2] == ["collections", archive.COLLECTION]:
            return self._in_collection(parts[2:], query)
        raise NotFound(f"There is nothing at {address.path}")

    def _in_collection(self, parts: list[str], query: dict[str, str]) -> tuple[Any, str]:
        place = f"/collections/{archive.COLLECTION}"
        if not parts:
            return self._collection(), JSON
        if parts[0] == "items" and len(parts) == 1:
            return self._page(_from_text(query), f"{place}/items", query), GEOJSON
        if parts[0] == "items" and len(parts) == 2:
            for item in archive.items(self._base):
                if item["id"] == parts[1]:
                    return self._linked(item), GEOJSON
        raise NotFound(f"There is nothing at {place}/{'/'.join(parts)}")

    def _post(self) -> tuple[Any, str]:
        length = int(self.headers.get("Content-Length", 0))
        if length > _MOST_BODY:
            self.close_connection = True
            raise InvalidInput("This request is too long")
        body = self.rfile.read(length)
        if urlsplit(self.path).path != "/search":
            raise NotFound("Only /search takes a POST")
        try:
            asked = json.loads(body)
        except ValueError as error:
            raise InvalidInput(f"This request is not JSON: {error}") from error
        if not isinstance(asked, dict):
            raise InvalidInput("A search is a JSON object")
        return self._page(asked, "/search", None), GEOJSON

    def _page(self, asked: dict[str, Any], path: str, query: dict[str, str] | None) -> Any:
        """One page of a search with the link to the next, in the manner it was asked."""
        page, matched, following = search(archive.items(self._base), asked)
        links = self._links(path)
        if following is not None:
            link: dict[str, Any] = {"rel": "next", "type": GEOJSON, "href": self._base + path}
            if query is None:
                link |= {"method": "POST", "body": {**asked, "token": str(following)}}
            else:
                link["href"] += "?" + urlencode({**query, "token": following})
            links.append(link)
        return {
            "type": "FeatureCollection",
            "features": [self._linked(item) for item in page],
            "links": links,
            "numberMatched": matched,
            "numberReturned": len(page),
        }

    def _landing(self) -> Any:
        return {
            "type": "Catalog",
            "stac_version": STAC_VERSION,
            "id": "archive",
            "title": "An archive on this computer",
            "description": "A small STAC API with synthetic images.",
            "conformsTo": CONFORMS_TO,
            "links": [
                *self._links("/"),
                {"rel": "conformance", "type": JSON, "href": f"{self._base}/conformance"},
                {"rel": "data", "type": JSON, "href": f"{self._base}/collections"},
                *(
                    {
                        "rel": "search",
                        "type": GEOJSON,
                        "href": f"{self._base}/search",
                        "method": method,
                    }
                    for method in ("GET", "POST")
                ),
            ],
        }

    def _collection(self) -> Any:
        path = f"/collections/{archive.COLLECTION}"
        items = {"rel": "items", "type": GEOJSON, "href": f"{self._base}{path}/items"}
        return {**archive.collection(), "links": [*self._links(path), items]}

    def _linked(self, item: Any) -> Any:
        collection = f"{self._base}/collections/{archive.COLLECTION}"
        links = self._links(f"/collections/{archive.COLLECTION}/items/{item['id']}")
        above = [{"rel": rel, "type": JSON, "href": collection} for rel in ("parent", "collection")]
        return {**item, "links": [*links, *above]}

    def _links(self, path: str) -> list[dict[str, Any]]:
        return [
            {"rel": "root", "type": JSON, "href": f"{self._base}/"},
            {"rel": "self", "type": JSON, "href": self._base + path},
        ]


def _from_text(query: dict[str, str]) -> dict[str, Any]:
    """The parameters of a GET as a POST would have them.

    Raises:
        InvalidInput: One can't be read.
    """
    asked: dict[str, Any] = dict(query)
    try:
        for name in (name for name in _LISTS if name in query):
            asked[name] = query[name].split(",")
        for name in (name for name in _VALUES if name in query):
            asked[name] = json.loads(query[name])
        if "bbox" in query:
            asked["bbox"] = [float(number) for number in query["bbox"].split(",")]
    except ValueError as error:
        raise InvalidInput(f"This search makes no sense: {error}") from error
    return asked


def _range(text: str, size: int) -> tuple[int, int]:
    """First and last byte of `bytes=first-last`, of which one may be left out.

    Raises:
        InvalidInput: There is no such range.
    """
    first, _, last = text.removeprefix("bytes=").partition("-")
    try:
        if not first:
            return max(0, size - int(last)), size - 1
        start, end = int(first), min(int(last or size), size - 1)
    except ValueError as error:
        raise InvalidInput(f"'{text}' is no range") from error
    if start > end:
        raise InvalidInput(f"'{text}' is beyond the end")
    return start, end


if __name__ == "__main__":
    main()
