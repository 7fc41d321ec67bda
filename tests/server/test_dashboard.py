"""The way to a scheduler's pages: what goes through, what stays behind, who is not there."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tornado import httpserver, netutil, web, websocket
from tornado.httpclient import HTTPRequest, HTTPResponse
from tornado.httputil import HTTPHeaders

from rsdat.base.errors import Conflict, NotFound
from rsdat.base.secret import Secret
from rsdat.clusters.manager import DashboardTarget
from rsdat.server.dashboard import KEY_HEADER
from rsdat.server.dashboardkeys import LIFE_S, DashboardKeys
from tests.support.server import Lab, check_error, until

KEY = "open-sesame"
#: What would act on Jupyter's whole origin, log in, or lead away.
HOSTILE = {
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Allow-Origin": "https://example.org",
    "Clear-Site-Data": '"cookies", "storage"',
    "Content-Security-Policy-Report-Only": "default-src 'self'; report-uri https://example.org/",
    "Link": "<https://example.org/x.css>; rel=stylesheet",
    "NEL": '{"report_to": "a", "max_age": 9999}',
    "Public-Key-Pins": 'pin-sha256="AAAA"; max-age=9999',
    "Refresh": "0; url=https://example.org/",
    "Report-To": '{"group": "a", "endpoints": [{"url": "https://example.org/"}]}',
    "Reporting-Endpoints": 'a="https://example.org/"',
    "Service-Worker-Allowed": "/",
    "Set-Cookie": "_xsrf=stolen",
    "SourceMap": "https://example.org/x.map",
    "Strict-Transport-Security": "max-age=9999; includeSubDomains",
    "WWW-Authenticate": 'Basic realm="Jupyter"',
    "X-Made-Up-Next-Year": "1",
}
BROWSER = {"Accept": "text/html,*/*;q=0.8"}


@dataclass
class FarEnd:
    """A scheduler's HTTP server as the proxy sees it, and what it was sent."""

    port: int
    seen: list[HTTPHeaders] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    sockets: list[Any] = field(default_factory=list)


def far_application(far: FarEnd) -> web.Application:
    """Pages, a redirect, a JSON file, and a websocket that speaks `bokeh` and echoes."""

    class Page(web.RequestHandler):
        def prepare(self) -> None:
            far.seen.append(self.request.headers)
            far.addresses.append(self.request.uri or "")

        def get(self, path: str) -> None:
            if path == "":
                self.redirect("/status")
                return
            if path.startswith("to-"):
                self.redirect(self.get_query_argument("to"), status=int(path.removeprefix("to-")))
                return
            for name, value in HOSTILE.items():
                self.set_header(name, value)
            if path.startswith("individual-<"):
                raise web.HTTPError(404)
            if path == "status":
                self.finish("<html><head><title>Dask</title></head><body>plots</body></html>")
                return
            self.set_header("Content-Type", "application/json")
            self.finish(json.dumps({"Task Stream": "/individual-task-stream", "path": path}))

        head = get

    class Echo(websocket.WebSocketHandler):
        def check_origin(self, origin: str) -> bool:
            return True

        def prepare(self) -> None:
            for name, value in HOSTILE.items():
                self.set_header(name, value)

        def select_subprotocol(self, subprotocols: list[str]) -> str | None:
            return "bokeh" if "bokeh" in subprotocols else None

        def open(self) -> None:
            far.seen.append(self.request.headers)
            far.addresses.append(self.request.uri or "")
            far.sockets.append(self)

        def on_message(self, message: str | bytes) -> None:
            self.write_message(message, binary=isinstance(message, bytes))

        def on_close(self) -> None:
            far.sockets.remove(self)

    return web.Application([(r"/(?:.*/)?ws", Echo), (r"/(.*)", Page)])


class Manager:
    """A cluster manager that knows where dashboards are, and nothing else."""

    def __init__(self, far: FarEnd) -> None:
        self._far = far

    async def dashboard(self, id_: str) -> DashboardTarget:
        """`up` is there, `down` has a scheduler that died, `starting` none yet."""
        if id_ == "up":
            return DashboardTarget("127.0.0.1", self._far.port, Secret(KEY))
        if id_ == "down":
            with socket.socket() as unused:
                unused.bind(("127.0.0.1", 0))
                port = unused.getsockname()[1]
            return DashboardTarget("127.0.0.1", port, Secret(KEY))
        if id_ == "starting":
            raise Conflict("The scheduler is not up <yet>", code="scheduler_not_up", hint="Wait.")
        raise NotFound(f"There is no cluster '{id_}'")

    async def stop(self) -> None:
        """Nothing to end."""


@dataclass
class Opened:
    """As `rsdat.clusters.open.OpenClusters`."""

    manager: Manager


@pytest.fixture
def far(jp_asyncio_loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A far end, and the companion's cluster manager replaced by one that leads to it."""
    [listener] = netutil.bind_sockets(0, "127.0.0.1")
    far = FarEnd(listener.getsockname()[1])

    async def open_clusters(_home: Path, _on_change: Callable[[str], None]) -> Opened:
        return Opened(Manager(far))

    monkeypatch.setattr("rsdat.server.app.open_clusters", open_clusters)

    async def start() -> httpserver.HTTPServer:
        server = httpserver.HTTPServer(far_application(far))
        server.add_sockets([listener])
        return server

    server = jp_asyncio_loop.run_until_complete(start())
    yield far
    server.stop()
    jp_asyncio_loop.run_until_complete(server.close_all_connections())


async def test_page(far: FarEnd, lab: Lab) -> None:
    """The page comes; the cluster's secret goes, none of Jupyter's does; no cookie comes back."""
    headers = {
        "Cookie": "_xsrf=mine; username-localhost=ann",
        "X-XSRFToken": "mine",
        "Referer": f"{lab.origin}{lab.base_url}lab?token={lab.token}",
        KEY_HEADER: "guessed",
    }
    query = {"token": lab.token, "theme": "dark"}
    path = "/clusters/up/dashboard/individual-plots.json"
    response = await lab.ask("GET", path, headers=headers, query=query)
    assert response.code == 200
    assert json.loads(response.body)["Task Stream"] == "/individual-task-stream"
    assert far.addresses == ["/individual-plots.json?theme=dark"]
    [sent] = far.seen
    assert sent.get_list(KEY_HEADER) == [KEY]
    assert lab.token not in str(sent)
    assert not {"Cookie", "Authorization", "X-Xsrftoken", "Referer"} & set(sent)
    _check_headers(response.headers)
    assert "frame-ancestors 'self'" in response.headers["Content-Security-Policy"]
    assert KEY not in str(response.headers)


async def test_redirect_and_head(far: FarEnd, lab: Lab) -> None:
    """The scheduler's own redirect leads to its page below our address."""
    response = await lab.ask("GET", "/clusters/up/dashboard/")
    assert response.code == 302
    assert response.headers["Location"] == "/user/ann/rsdat/clusters/up/dashboard/status"
    response = await lab.ask("HEAD", "/clusters/up/dashboard/status")
    assert (response.code, response.body) == (200, b"")


@pytest.mark.parametrize("by_key", [False, True])
@pytest.mark.parametrize("accept", ["text/html", "application/json", "text/event-stream"])
async def test_headers_for_all_of_jupyter(far: FarEnd, lab: Lab, accept: str, by_key: bool) -> None:
    """A page's own headers come, those that act on Jupyter's origin do not."""
    path = "/clusters/up/dashboard/"
    if by_key:
        answer = await lab.ask("POST", "/api/clusters/up/dashboard-key")
        path = json.loads(answer.body)["path"].removeprefix("rsdat")
    for method in ("GET", "HEAD"):
        for page in ("status", "individual-plots.json", "individual-<new>"):
            headers = {"Accept": accept}
            response = await lab.ask(method, f"{path}{page}", headers=headers, token=not by_key)
            if response.code == 302:
                # A browser with a login is led to the key.
                continue
            _check_headers(response.headers)
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "frame-ancestors 'self'" in response.headers["Content-Security-Policy"]
            if page == "individual-plots.json" and method == "GET":
                assert response.headers["Content-Type"] == "application/json"
                assert response.headers["Etag"]
                headers["If-None-Match"] = response.headers["Etag"]
                again = await lab.ask("GET", f"{path}{page}", headers=headers, token=not by_key)
                assert (again.code, again.body) == (304, b"")


async def test_redirects_stay_with_the_scheduler(far: FarEnd, lab: Lab) -> None:
    """Below our address, however they are said; any other is refused in words."""
    answer = await lab.ask("POST", "/api/clusters/up/dashboard-key")
    path = json.loads(answer.body)["path"].removeprefix("rsdat")
    base = f"/user/ann/rsdat{path}"
    for to in ("/status?x=1#y", "status?x=1#y", f"http://127.0.0.1:{far.port}/status?x=1#y"):
        for method in ("GET", "HEAD"):
            response = await lab.ask(method, f"{path}to-307", query={"to": to}, token=False)
            assert response.code == 307
            assert response.headers["Location"] == f"{base}status?x=1#y"
    for to in ("https://example.org/", "//example.org/", "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/logout"):
        response = await lab.ask("GET", f"{path}to-302", query={"to": to}, token=False)
        check_error(response, 502, "door_broken")
        assert "Location" not in response.headers
        response = await lab.ask(
            "GET", f"{path}to-302", headers=BROWSER, query={"to": to}, token=False
        )
        assert "leads to an address that is none of its own" in response.body.decode()
    response = await lab.ask("GET", f"{path}to-300", query={"to": "//example.org/"}, token=False)
    assert (response.code, "Location" in response.headers) == (300, False)


async def test_nobody_there(far: FarEnd, lab: Lab) -> None:
    """JSON for programs, a page for people, the same status for a websocket."""
    for id_, status, code in (
        ("nope", 404, "not_found"),
        ("starting", 409, "scheduler_not_up"),
        ("down", 502, "door_broken"),
    ):
        path = f"/clusters/{id_}/dashboard/status"
        check_error(await lab.ask("GET", path), status, code)
        page = await lab.ask("GET", path, headers=BROWSER)
        if page.code == 302:
            page = await _follow(lab, page)
        assert page.code == status
        assert page.headers["Content-Type"].startswith("text/html")
        assert f"data-code='{code}'" in page.body.decode()
    page = await lab.ask("GET", "/clusters/starting/dashboard/status", headers=BROWSER)
    assert "not up &lt;yet&gt;" in page.body.decode()


async def test_only_the_scheduler(far: FarEnd, lab: Lab) -> None:
    """No path leads to another host or port."""
    for path in ("//example.org/x", "@example.org/", "http://example.org/", "../../x"):
        response = await lab.ask("GET", f"/clusters/up/dashboard/{path}")
        assert response.code in (200, 404), (path, response.code)
    assert all(sent.get(KEY_HEADER) == KEY for sent in far.seen)


async def test_shown_page(far: FarEnd, lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """A browser is led to a key, which opens the page in an origin of its own without a login."""
    caplog.set_level("DEBUG")
    response = await lab.ask("GET", "/clusters/up/dashboard/status", headers=BROWSER)
    assert response.code == 302
    page = await _follow(lab, response)
    assert page.code == 200
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-scripts ")
    assert "allow-same-origin" not in policy
    assert "frame-ancestors 'self'" in policy
    assert page.headers["Referrer-Policy"] == "no-referrer"
    body = page.body.decode()
    assert body.startswith("<html><head><script>")
    assert "postMessage" in body
    assert body.endswith("<title>Dask</title></head><body>plots</body></html>")
    assert far.seen[-1].get_list(KEY_HEADER) == [KEY]
    # What is no page comes as it is.
    path = response.headers["Location"].removesuffix("status").removeprefix("/user/ann/rsdat")
    data = await lab.ask("GET", f"{path}individual-plots.json", token=False)
    assert json.loads(data.body)["Task Stream"] == "/individual-task-stream"
    key = path.split("/")[5]
    assert (await lab.ask("GET", f"{path}x\ud7ff", token=False)).code in (200, 400)
    assert not [record for record in caplog.records if key in record.getMessage()]


async def test_no_such_page(far: FarEnd, lab: Lab) -> None:
    """A plot that this Dask lacks is said in words to people; programs get Dask's own answer."""
    path = "/clusters/up/dashboard/individual-<new>"
    page = await _follow(lab, await lab.ask("GET", path, headers=BROWSER))
    assert page.code == 404
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "sandbox" in page.headers["Content-Security-Policy"]
    body = page.body.decode()
    assert "<head data-rsdat=missing><script>" in body
    assert "no dashboard page “individual-&lt;new&gt;”" in body
    assert "404: Not Found" not in body
    answer = await lab.ask("GET", path)
    assert (answer.code, b"404: Not Found" in answer.body) == (404, True)


async def test_the_query_goes_along(far: FarEnd, lab: Lab) -> None:
    """To where the page is shown, without what is for Jupyter."""
    query = {"token": lab.token, "theme": "dark"}
    path = "/clusters/up/dashboard/status"
    response = await lab.ask("GET", path, headers=BROWSER, query=query)
    assert response.headers["Location"].endswith("/status?theme=dark")
    assert (await _follow(lab, response)).code == 200
    assert far.addresses[-1] == "/status?theme=dark"


async def test_the_key(far: FarEnd, lab: Lab) -> None:
    """One a cluster; it opens its own alone, and only who is logged in gets it."""
    path = "/api/clusters/up/dashboard-key"
    assert (await lab.ask("POST", path, token=False)).code == 403
    settings = lab.app.web_app.settings
    activity = settings.get("api_last_activity")
    first, again = [json.loads((await lab.ask("POST", path)).body)["path"] for _ in range(2)]
    assert first == again
    # A tab that looks for its scheduler asks for as long as it is open.
    assert settings.get("api_last_activity") == activity
    assert first.startswith("rsdat/clusters/up/dashboard/key/")
    check_error(await lab.ask("POST", "/api/clusters/nope/dashboard-key"), 404, "not_found")
    other = await lab.ask("GET", "/clusters/down/dashboard/status", headers=BROWSER)
    assert first not in other.headers["Location"]
    assert (await _follow(lab, other)).code == 502
    key = first.split("/")[5]
    for id_, tried in (("up", "x" * 43), ("up", key[:-1] + "-"), ("down", key)):
        path = f"/clusters/{id_}/dashboard/key/{tried}/status"
        check_error(await lab.ask("GET", path), 403, "forbidden")


def test_old_keys_are_forgotten() -> None:
    """One that is used lives on."""
    now = 0.0
    keys = DashboardKeys(lambda: now)
    kept, lost = keys.key_of("a"), keys.key_of("b")
    now = LIFE_S * 0.6
    assert keys.cluster_of(kept) == "a"
    now = LIFE_S * 1.2
    assert (keys.cluster_of(kept), keys.cluster_of(lost)) == ("a", None)


async def test_websocket_by_the_key(far: FarEnd, lab: Lab) -> None:
    """The frame's origin is "null", and it has no cookie."""
    answer = await lab.ask("POST", "/api/clusters/up/dashboard-key")
    path = json.loads(answer.body)["path"].removeprefix("rsdat")
    url = lab.url(f"{path}individual-task-stream/ws").replace("http", "ws", 1)
    request = HTTPRequest(url, headers={"Origin": "null"})
    connection = await websocket.websocket_connect(request, subprotocols=["bokeh"])
    await connection.write_message("hello")
    assert await asyncio.wait_for(connection.read_message(), 10) == "hello"
    connection.close()
    await until(lambda: not far.sockets)


async def test_websocket(far: FarEnd, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both kinds of message both ways, with Bokeh's subprotocol; closed together."""
    settings = lab.app.web_app.settings
    before = dict(settings.get("last_activity_times", {}))
    activity = settings.get("api_last_activity")
    connection = await _connect(lab, "up")
    assert connection.selected_subprotocol == "bokeh"
    assert connection.headers is not None
    _check_headers(connection.headers)
    await connection.write_message("text é")
    assert await asyncio.wait_for(connection.read_message(), 10) == "text é"
    await connection.write_message(b"\x00\xff" * 100_000, binary=True)
    assert await asyncio.wait_for(connection.read_message(), 10) == b"\x00\xff" * 100_000
    [sent] = far.seen
    assert sent.get_list(KEY_HEADER) == [KEY]
    assert not {"Cookie", "Authorization"} & set(sent)
    assert lab.token not in str(sent) + far.addresses[0]
    # An open plot does not keep an idle server alive.
    assert settings.get("last_activity_times", {}) == before
    assert settings.get("api_last_activity") == activity
    connection.close()
    await until(lambda: not far.sockets)
    connection = await _connect(lab, "up")
    await until(lambda: far.sockets)
    far.sockets[0].close()
    assert await asyncio.wait_for(connection.read_message(), 10) is None


async def test_websocket_to_a_dead_scheduler(far: FarEnd, lab: Lab) -> None:
    """Accepted, as it must be, and closed at once."""
    connection = await _connect(lab, "down")
    assert await asyncio.wait_for(connection.read_message(), 20) is None


def _check_headers(headers: HTTPHeaders) -> None:
    # Jupyter's own, such as its login cookie (the token is in the query), may be there.
    for name, value in HOSTILE.items():
        assert not any(each.startswith(value) for each in headers.get_list(name)), name


async def _follow(lab: Lab, response: HTTPResponse) -> HTTPResponse:
    """As a browser does, but without any login."""
    path = response.headers["Location"].removeprefix("/user/ann/rsdat")
    return await lab.ask("GET", path, headers=BROWSER, token=False)


async def _connect(lab: Lab, id_: str) -> websocket.WebSocketClientConnection:
    url = lab.url(f"/clusters/{id_}/dashboard/individual-task-stream/ws", {"token": lab.token})
    request = HTTPRequest(url.replace("http", "ws", 1), headers={"Cookie": "a=b"})
    return await websocket.websocket_connect(
        request, subprotocols=["bokeh", "a-token-of-the-bokeh-session"]
    )
