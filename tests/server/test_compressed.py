"""Large lists go out compressed, to who takes that; what holds a secret never does."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPRequest, HTTPResponse

from rsdat.server import handler
from rsdat.server.handler import RsdatHandler, accepts_gzip
from rsdat.server.routes import ROUTES
from tests.support.door import Door
from tests.support.server import Lab

LIST = "/api/dcache/default/list"


async def ask(lab: Lab, route: str, accepted: str | None, value: Any = None, **query: Any) -> Any:
    """The answer as it is on the wire."""
    headers = {"Authorization": f"token {lab.token}"}
    if accepted is not None:
        headers["Accept-Encoding"] = accepted
    request = HTTPRequest(
        lab.url(route, query),
        method="GET" if value is None else "POST",
        body=None if value is None else json.dumps(value).encode(),
        headers=headers,
        decompress_response=False,
    )
    response: HTTPResponse = await lab.client.fetch(request)
    return response


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.2", True),
        ("", False),
        ("deflate, br", False),
        ("gzip;q=0", False),
        ("br, gzip; q=0.000", False),
        ("x-gzippy", False),
    ],
)
def test_who_takes_it(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


async def test_a_large_list(lab: Lab, dcache: Door, folder: str, place: Path) -> None:
    for number in range(100):
        (place / f"scene-{number:03}.tif").write_bytes(b"x")
    plain = await ask(lab, LIST, None, path=folder)
    assert "Content-Encoding" not in plain.headers
    packed = await ask(lab, LIST, "gzip", path=folder)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) * 4 < len(plain.body)
    assert int(packed.headers["Content-Length"]) == len(packed.body)


async def test_a_short_one(lab: Lab, dcache: Door, folder: str) -> None:
    answer = await ask(lab, LIST, "gzip", path=folder)
    assert "Content-Encoding" not in answer.headers
    assert json.loads(answer.body)["total"] == 0


async def test_secrets_never(
    lab: Lab, dcache: Door, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where they are long: only routes that say so compress, and these hold none."""
    monkeypatch.setattr(handler, "LEAST_COMPRESSED_BYTES", 0)
    value = {"path": folder, "activities": ["DOWNLOAD"], "validity": 600, "form": "rclone"}
    made = await ask(lab, "/api/dcache/default/macaroons", "gzip", value)
    assert "Content-Encoding" not in made.headers
    assert "bearer_token" in json.loads(made.body)["text"]
    assert "Content-Encoding" not in (await ask(lab, "/api/dcache/default/token", "gzip")).headers
    packed = await ask(lab, LIST, "gzip", path=folder)
    assert packed.headers["Content-Encoding"] == "gzip"


def test_which_routes_do() -> None:
    """Whoever adds one has to be sure that no answer of it holds a secret."""
    compressing = {
        template for template, each in ROUTES if issubclass(each, RsdatHandler) and each.compresses
    }
    assert compressing == {
        "/api/clusters",
        "/api/clusters/past",
        "/api/clusters/pulse",
        "/api/clusters/{id}",
        "/api/dcache/{endpoint}/list",
        "/api/stac/files",
        "/api/stac/footprints",
        "/api/stac/items",
        "/api/stac/node",
        "/api/stac/summary",
        "/api/tape",
        "/api/transfers",
        "/api/transfers/{id}/missing",
    }
