"""Bad credentials, busy and broken servers, redirects that must not be followed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from rsdat.base.clock import SystemClock
from rsdat.base.errors import DoorBroken, NoCredential, NotPermitted
from rsdat.base.files import write_text
from rsdat.dcache import http, rest
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.endpoint import endpoint_from_options
from rsdat.dcache.entry import Entry
from rsdat.dcache.http import Http
from rsdat.dcache.macaroon import inspect
from tests.support.dcache import endpoint_of, read, run, stream
from tests.support.door import Door

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def test_refused_token_is_asked_once(own_site: Door) -> None:
    reason = "macaroon login denied: Invalid macaroon [-:Xo]: expired: before:2026-01-01T00:00:00Z"
    own_site.configure(refuse_token=reason)

    async def work(client: DCacheClient) -> None:
        with pytest.raises(NoCredential) as caught:
            await client.write("/x", stream(b"x"), 1, replace=True)
        assert reason in caught.value.message
        assert own_site.token not in str(caught.value.as_dict())

    run(own_site, work)
    assert [(seen["method"], seen["status"]) for seen in own_site.requests()] == [("GET", 401)]


def test_changed_token_file_is_used_once(own_site: Door, tmp_path: Path) -> None:
    """The user puts a new token into the file while the old one is being refused."""
    file = tmp_path / "token"
    write_text(file, "old")
    endpoint = endpoint_of(own_site, token=None, token_file=str(file))

    async def work(client: DCacheClient) -> None:
        with pytest.raises(NoCredential):
            await client.info("/")
        write_text(file, own_site.token)
        assert (await client.info("/")).is_folder

    run(endpoint, work)
    assert [seen["status"] for seen in own_site.requests()] == [401, 200]


def test_token_that_changes_during_the_request(tmp_path: Path) -> None:
    file = tmp_path / "token"
    write_text(file, "old")
    seen: list[str] = []

    async def frontend(request: web.BaseRequest) -> web.StreamResponse:
        seen.append(request.headers["Authorization"])
        if len(seen) == 1:
            write_text(file, "new")
        return web.Response(status=401, reason="login failed")

    async def work(url: str) -> None:
        options = {"api_url": url, "webdav_url": url, "token_file": str(file)}
        client = DCacheClient(endpoint_from_options("x", options))
        with pytest.raises(NoCredential, match="login failed"):
            await client.info("/")
        await client.close()

    serve(frontend, work)
    assert seen == ["Bearer old", "Bearer new"]


def test_a_credential_refused_twice_is_not_sent_a_third_time(
    own_site: Door, tmp_path: Path
) -> None:
    """However often the panel asks: the third refusal would block everybody on this computer."""
    file = tmp_path / "token"
    write_text(file, "old")
    endpoint = endpoint_of(own_site, token=None, token_file=str(file))

    async def work(client: DCacheClient) -> None:
        for _ in range(5):
            with pytest.raises(NoCredential, match="refused to look at"):
                await client.info("/")
        write_text(file, own_site.token)
        assert (await client.info("/")).is_folder

    run(endpoint, work)
    assert [seen["status"] for seen in own_site.requests()] == [401, 401, 200]


def test_a_bad_credential_asked_with_many_times_at_once(own_site: Door) -> None:
    """As by a panel that opens: the door refuses two of them and is not blocked."""

    async def work(client: DCacheClient) -> None:
        asked = (client.info(f"/{number}") for number in range(20))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert {type(answer) for answer in answers} == {NoCredential}

    run(endpoint_of(own_site, token="nonsense"), work)
    assert [seen["status"] for seen in own_site.requests()] == [401, 401]

    async def works(client: DCacheClient) -> None:
        answers = await asyncio.gather(*(client.info("/") for _ in range(20)))
        assert all(answer.is_folder for answer in answers)

    run(own_site, works)


def test_a_token_that_has_ended_is_not_sent(site: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so itself; also when it ends while the client lives."""
    token = site.mint("/", validity="PT1S")

    async def work(client: DCacheClient) -> None:
        assert (await client.info("/")).is_folder
        ends = inspect(token).expires
        assert ends is not None
        monkeypatch.setattr(SystemClock, "now", lambda _: ends)
        site.forget()
        with pytest.raises(NoCredential, match="ended at") as caught:
            await client.info("/")
        assert (caught.value.code, caught.value.details["status"]) == ("expired", 401)

    run(endpoint_of(site, token=token), work)
    assert not site.requests()


def test_a_slow_first_answer_holds_nobody_up() -> None:
    """Who comes meanwhile waits for a moment only."""
    slow = asyncio.Event()

    async def frontend(request: web.BaseRequest) -> web.StreamResponse:
        if request.path.endswith("slow"):
            await slow.wait()
        return web.json_response({"fileType": "DIR"})

    async def work(url: str) -> None:
        options = {"api_url": url, "webdav_url": url, "token": "t"}
        client = DCacheClient(endpoint_from_options("x", options))
        first = asyncio.ensure_future(client.info("/slow"))
        await asyncio.sleep(0)
        assert (await asyncio.wait_for(client.info("/quick"), 20)).is_folder
        assert not first.done()
        slow.set()
        await first
        await client.close()

    serve(frontend, work)


def serve(handler: Handler, work: Callable[[str], Awaitable[None]]) -> None:
    """Run a bare server on loopback while doing something with its address."""

    async def main() -> None:
        server = web.ServerRunner(web.Server(handler))
        await server.setup()
        listener = web.TCPSite(server, "127.0.0.1", 0)
        await listener.start()
        try:
            host, port = server.addresses[0][:2]
            await asyncio.wait_for(work(f"http://{host}:{port}"), 60)
        finally:
            await server.cleanup()

    asyncio.run(main())


def test_block_after_refused_logins_is_waited_out(own_site: Door) -> None:
    async def work(client: DCacheClient) -> None:
        for _ in range(3):
            wrong = DCacheClient(endpoint_of(own_site, token="wrong"))
            with pytest.raises(NoCredential):
                await wrong.info("/")
            await wrong.close()
        assert (await client.info("/")).is_folder

    run(own_site, work)
    statuses = [seen["status"] for seen in own_site.requests()]
    assert statuses == [401, 401, 401, 429, 200]


@pytest.mark.parametrize(
    ("header", "waited"),
    [(None, list(http.BUSY_WAITS_S)), ("3", [3.0] * 4), ("86400", [30.0] * 4)],
)
def test_waiting_is_bounded(header: str | None, waited: list[float]) -> None:
    waits: list[float] = []

    async def busy(request: web.BaseRequest) -> web.StreamResponse:
        headers = {} if header is None else {"Retry-After": header}
        return web.Response(status=429, text="Server is busy.", headers=headers)

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def work(url: str) -> None:
        options = {"api_url": url, "webdav_url": url}
        client = Http(endpoint_from_options("x", options), sleep=sleep)
        with pytest.raises(DoorBroken, match="Server is busy") as caught:
            await rest.info(client, "/x")
        assert caught.value.code == "busy"
        await client.close()

    serve(busy, work)
    assert waits == waited


def test_door_down(site: Door, folder: str) -> None:
    site.down("frontend", 5)

    async def work(client: DCacheClient) -> None:
        with pytest.raises(DoorBroken, match="Can't reach dCache at 127") as caught:
            await client.list(folder)
        assert caught.value.code == "unreachable"
        assert caught.value.hint
        while (await asyncio.wait_for(attempt(client), 20)) is None:
            await asyncio.sleep(0.05)

    async def attempt(client: DCacheClient) -> list[Entry] | None:
        with contextlib.suppress(DoorBroken):
            return await client.list(folder)
        return None

    run(site, work)


def test_door_that_does_not_answer(
    site: Door, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = aiohttp.ClientTimeout(total=None, sock_read=0.2)
    monkeypatch.setattr(
        http.Http.ask, "__kwdefaults__", {**http.Http.ask.__kwdefaults__, "timeout": short}
    )
    site.fault("hang", server="frontend")

    async def work(client: DCacheClient) -> None:
        with pytest.raises(DoorBroken, match="no answer in time") as caught:
            await client.info(folder)
        assert caught.value.code == "timeout"

    run(site, work)


def test_door_that_cuts(site: Door, folder: str) -> None:
    site.fault("drop", server="frontend", times=2)

    async def work(client: DCacheClient) -> None:
        with pytest.raises(DoorBroken, match="broke off"):
            await client.mkdir(f"{folder}/x")

    run(site, work)


def test_credential_goes_to_no_other_port(site: Door, folder: str) -> None:
    """A redirect leads to another server: it gets the request, never the token."""
    (site.root / folder[1:] / "f").write_bytes(b"12345")
    heard: list[tuple[str, str | None]] = []

    async def pool(request: web.BaseRequest) -> web.StreamResponse:
        heard.append((request.method, request.headers.get("Authorization")))
        if request.method == "PUT":
            assert request.transport is not None
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await request.read()
            return web.Response(status=201)
        return web.Response(body=b"12345")

    async def with_pool(pool_url: str) -> None:
        async def door(request: web.BaseRequest) -> web.StreamResponse:
            heard.append((request.method, request.headers.get("Authorization")))
            status = 307 if request.method == "PUT" else 302
            return web.Response(status=status, headers={"Location": f"{pool_url}{request.path}"})

        server = web.ServerRunner(web.Server(door))
        await server.setup()
        listener = web.TCPSite(server, "127.0.0.1", 0)
        await listener.start()
        port = server.addresses[0][1]
        client = DCacheClient(endpoint_of(site, webdav_url=f"http://127.0.0.1:{port}"))
        try:
            assert await read(client, f"{folder}/f") == b"12345"
            with pytest.raises(Exception, match="does not exist"):
                await client.write(f"{folder}/g", stream(b"1"), 1, replace=False)
        finally:
            await client.close()
            await server.cleanup()

    serve(pool, with_pool)
    token = f"Bearer {site.token}"
    assert heard == [("GET", token), ("GET", None), ("PUT", token), ("PUT", None)]


@pytest.mark.parametrize(
    ("origin", "location", "allowed", "opted"),
    [
        ("https://door:2880/x", "https://pool:1/x?dcache-http-uuid=1", True, False),
        ("http://door:2880/x", "http://10.0.0.1:1/x", True, False),
        ("http://door:2880/x", "https://pool:1/x", True, False),
        ("https://door:2880/x", "http://pool:1/x", False, False),
        ("https://door:2880/x", "http://pool:1/x", True, True),
        ("https://door:2880/x", "/y%20z", True, False),
        ("https://door:2880/x", "ftp://pool/x", False, True),
        ("https://door:2880/x", "", False, True),
    ],
)
def test_redirects(origin: str, location: str, allowed: bool, opted: bool) -> None:
    class Response:
        headers = {"Location": location} if location else {}

    options = {"api_url": origin, "webdav_url": origin, "insecure_redirects": opted}
    client = Http(endpoint_from_options("x", options))
    response: object = Response()
    if allowed:
        target = client.redirect(URL(origin), response)  # type: ignore[arg-type]
        assert str(target) in (location, f"https://door:2880{location}")
    else:
        with pytest.raises(DoorBroken):
            client.redirect(URL(origin), response)  # type: ignore[arg-type]


def test_not_permitted(site: Door, folder: str) -> None:
    (site.root / folder[1:] / "d").mkdir()
    site.set_file(f"{folder}/d", forbidden=["list", "write"])

    async def work(client: DCacheClient) -> None:
        with pytest.raises(NotPermitted):
            await client.list(f"{folder}/d")
        with pytest.raises(NotPermitted, match="Permission denied for PUT"):
            await client.write(f"{folder}/d/x", stream(b"x"), 1, replace=False)

    run(site, work)
    assert not list((site.root / folder[1:] / "d").iterdir())


def test_an_https_address_where_http_is_spoken(site: Door) -> None:
    url = site.api_url.replace("http:", "https:")

    async def work(client: DCacheClient) -> None:
        with pytest.raises(DoorBroken, match="Can't reach dCache") as caught:
            await client.info("/")
        assert "Operation not permitted" not in caught.value.message

    run(endpoint_of(site, api_url=url), work)


def test_a_port_nobody_listens_on() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        options = {"api_url": url, "webdav_url": url}

        async def work(client: DCacheClient) -> None:
            with pytest.raises(DoorBroken, match="refused"):
                await client.info("/")

        run(endpoint_from_options("x", options), work)
