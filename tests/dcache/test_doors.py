"""The address that was not given is found out, once, and the credential goes only where it may."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from yarl import URL

from rsdat.base.errors import DoorBroken, NoCredential, RsdatError
from rsdat.base.files import write_json
from rsdat.dcache import DCacheFileSystem, doors
from rsdat.dcache.configured import find_endpoint, load_endpoints
from rsdat.dcache.doors import best_door, complete, completed, frontend_candidates
from rsdat.dcache.endpoint import Endpoint, endpoint_from_options
from tests.support.door import Door

Answers = dict[str, Any]
Work = Callable[[str, list[tuple[str, str | None]]], Awaitable[None]]


def one_address(**options: Any) -> Endpoint:
    return endpoint_from_options("x", options)


def test_the_door_of_the_stand_in(site: Door, tmp_path: Path) -> None:
    """By the frontend's settings; and remembered, so that it is not asked at the next start."""
    endpoint = one_address(api_url=site.api_url, token=site.token)
    found = completed(tmp_path, endpoint)
    assert found.webdav_url == site.webdav_url
    site.forget()
    assert completed(tmp_path, endpoint) == found
    assert not site.requests()


def test_configured_with_one_address(
    site: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By endpoints.json, by FSSPEC_DCACHE_*, by keywords."""
    (site.root / "one").write_text("hello")
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path / "home"))
    options = {"api_url": site.api_url, "token": site.token}
    assert DCacheFileSystem(**options).cat_file("/one") == b"hello"
    monkeypatch.setattr("fsspec.config.conf", {"dcache": options})
    assert find_endpoint(tmp_path / "second").webdav_url == site.webdav_url
    monkeypatch.setattr("fsspec.config.conf", {})
    home = tmp_path / "third"
    home.mkdir()
    entry = {"name": "a", "api_url": site.api_url}
    write_json(home / "endpoints.json", {"endpoints": [entry]}, format_version=1)
    (listed,) = load_endpoints(home)  # lists do not ask anybody
    assert (listed.complete, listed.webdav_url) == (False, "")
    assert find_endpoint(home, "a").webdav_url == site.webdav_url
    (listed,) = load_endpoints(home)
    assert listed.webdav_url == site.webdav_url


def test_works_inside_a_running_loop(site: Door) -> None:
    """A file system that is made in a notebook's coroutine."""

    async def main() -> str:
        return completed(None, one_address(api_url=site.api_url, token=site.token)).webdav_url

    assert asyncio.run(main()) == site.webdav_url


def serve(
    answers: Answers, work: Callable[[str, list[tuple[str, str | None]]], Awaitable[None]]
) -> None:
    """A server that knows some paths; `work` gets its address and what it heard."""
    heard: list[tuple[str, str | None]] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        heard.append((request.path, request.headers.get("Authorization")))
        known = answers.get(request.path, 404)
        if isinstance(known, int):
            return web.Response(status=known)
        text = json.dumps(known).replace("HERE", f"127.0.0.1:{request.url.port}")
        return web.Response(text=text, content_type="application/json")

    async def main() -> None:
        server = web.ServerRunner(web.Server(answer))
        await server.setup()
        listener = web.TCPSite(server, "127.0.0.1", 0)
        await listener.start()
        try:
            port = server.addresses[0][1]
            await asyncio.wait_for(work(f"http://127.0.0.1:{port}", heard), 60)
        finally:
            await server.cleanup()

    asyncio.run(main())


def test_by_the_list_of_doors() -> None:
    """Where the frontend's settings name none."""
    listed = [{"protocol": "http", "root": "/", "addresses": ["127.0.0.1"], "port": 2880}]

    async def work(url: str, heard: list[tuple[str, str | None]]) -> None:
        found = await complete(None, one_address(api_url=f"{url}/api/v1", token="t"))
        assert found.webdav_url == "http://127.0.0.1:2880"
        assert heard == [("/scripts/config.js", "Bearer t"), ("/api/v1/doors", "Bearer t")]

    serve({"/scripts/config.js": {"other": 1}, "/api/v1/doors": listed}, work)


@pytest.mark.parametrize("answers", [{}, {"/api/v1/doors": []}, {"/api/v1/doors": {"a": 1}}])
def test_no_door_is_told(answers: Answers) -> None:
    async def work(url: str, heard: list[tuple[str, str | None]]) -> None:
        with pytest.raises(DoorBroken) as caught:
            await complete(None, one_address(api_url=f"{url}/api/v1"))
        assert caught.value.code == "doors_unknown"
        assert "webdav_url" in (caught.value.hint or "")

    serve(answers, work)


def test_a_refused_credential_is_not_sent_twice() -> None:
    async def work(url: str, heard: list[tuple[str, str | None]]) -> None:
        with pytest.raises(NoCredential):
            await complete(None, one_address(api_url=f"{url}/api/v1", token="bad"))
        assert len(heard) == 1

    serve({"/scripts/config.js": 401, "/api/v1/doors": 401}, work)


@pytest.mark.parametrize(
    "answers",
    [
        {"/scripts/config.js": {"dcache-view.endpoints.webdav": "http://HERE/"}},
        {"/api/v1/user": {"status": "ANONYMOUS"}},
        {"/api/v1/user": 401},
    ],
    ids=["settings", "anonymous", "closed"],
)
def test_the_frontend_of_a_door(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked as a stranger: nobody knows yet who listens there."""

    async def work(url: str, heard: list[tuple[str, str | None]]) -> None:
        monkeypatch.setattr(doors, "FRONTEND_PORTS", (URL(url).port,))
        door = one_address(webdav_url="http://127.0.0.1:9", token="secret")
        assert (await complete(None, door)).api_url == f"{url}/api/v1"
        assert heard
        assert all(credential is None for _, credential in heard)
        assert len([path for path, _ in heard if path == "/api/v1/user"]) <= 1

    serve(answers, work)


def test_no_frontend_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(url: str, heard: list[tuple[str, str | None]]) -> None:
        monkeypatch.setattr(doors, "FRONTEND_PORTS", (9,))
        with pytest.raises(DoorBroken, match=r"no frontend answers at 127\.0\.0\.1:9, ") as caught:
            await complete(None, one_address(webdav_url=url))
        assert caught.value.code == "doors_unknown"
        assert "api_url" in (caught.value.hint or "")

    serve({"/api/v1/user": {"hello": "world"}}, work)


def test_where_frontends_are() -> None:
    """dCache's default, SURF's, then the door's own port; SURF's frontend is a known computer."""
    assert frontend_candidates(URL("https://door.example:2880")) == [
        "https://door.example:3880",
        "https://door.example:22880",
        "https://door.example:2880",
    ]
    for host in ("webdav.grid.surfsara.nl", "webdav-cert.grid.sara.nl"):
        first = frontend_candidates(URL(f"https://{host}"))[0]
        assert first == "https://dcacheview.grid.surfsara.nl:22880"
    assert "dcacheview" not in str(frontend_candidates(URL("https://evilgrid.surfsara.nl.example")))


def door(**facts: Any) -> dict[str, Any]:
    plain = {
        "protocol": "https",
        "root": "/",
        "addresses": ["a.example"],
        "port": 2880,
        "load": 0.5,
        "tags": ["dcache-view"],
        "readPaths": ["/"],
        "writePaths": ["/"],
    }
    return {**plain, **facts}


@pytest.mark.parametrize(
    ("listed", "best"),
    [
        ([door()], "https://a.example:2880"),
        ([door(), door(addresses=["b.example"], tags=["x", "y"])], "https://b.example:2880"),
        ([door(), door(addresses=["b.example"], port=443)], "https://b.example"),
        ([door(), door(addresses=["b.example"], load=0.1)], "https://b.example:2880"),
        ([door(root="/users")], None),
        ([door(writePaths=["/x"])], None),
        ([door(protocol="xrootd")], None),
        ([door(protocol="http")], None),
        ([door(addresses=[])], None),
        ([door(port="2880")], None),
        (["x"], None),
        ("x", None),
        (None, None),
    ],
)
def test_best_door(listed: Any, best: str | None) -> None:
    assert best_door(listed, secure=True) == best


def test_a_secure_frontend_leads_to_no_plain_door() -> None:
    assert best_door([door(protocol="http")], secure=False) == "http://a.example:2880"
    assert not doors._usable("http://a.example", URL("https://f.example"))
    assert doors._usable("https://a.example/", URL("https://f.example"))
    for bad in ("", "a.example", "ftp://a.example", "https://a.example/?authz=x"):
        assert not doors._usable(bad, URL("http://f.example"))


def test_a_damaged_memory_costs_only_the_question(site: Door, tmp_path: Path) -> None:
    endpoint = one_address(api_url=site.api_url, token=site.token)
    for text in ("{", '{"format": 1, "doors": {"' + site.api_url + '": {"api_url": "x"}}}'):
        (tmp_path / "doors.json").write_text(text)
        assert completed(tmp_path, endpoint).webdav_url == site.webdav_url


def test_unreachable(tmp_path: Path) -> None:
    with pytest.raises(RsdatError, match="Can't reach"):
        completed(tmp_path, one_address(api_url="http://127.0.0.1:9/api/v1"))
    assert not (tmp_path / "doors.json").exists()
