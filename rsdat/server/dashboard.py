"""The scheduler's own pages, websockets included, at an address of this Jupyter server.

A scheduler runs what its user's code brings, and an attached one may be somebody else's: its pages
must not act in Jupyter as the user. They are shown at `/clusters/{id}/dashboard/key/{key}/…` with a
sandbox that gives them an origin of their own; the key stands for the login, which such pages
can't have. The login's own address, `/clusters/{id}/dashboard/…`, leads browsers there and serves
programs.
"""

from __future__ import annotations

import functools
import html
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, urlencode

from jupyter_server.auth.decorator import allow_unauthenticated, authorized
from jupyter_server.utils import url_path_join
from jupyter_server_proxy.handlers import ProxyHandler
from tornado import httpclient, iostream, web, websocket

from rsdat.base.errors import DoorBroken, NotFound, RsdatError
from rsdat.server.companion import Companion
from rsdat.server.dashboardheaders import REDIRECTS, passed, path_within
from rsdat.server.dashboardkeys import DashboardKeys
from rsdat.server.handler import ErrorAnswers, RsdatHandler

if TYPE_CHECKING:
    from rsdat.clusters.manager import DashboardTarget

#: Without it the scheduler's HTTP server answers nobody.
KEY_HEADER = "X-Rsdat-Cluster-Key"
#: Ours to the Jupyter server; none of the scheduler's business.
_PRIVATE_HEADERS = ("Cookie", "Authorization", "X-Xsrftoken", "Referer", KEY_HEADER)
CONNECT_S = 10.0
ANSWER_S = 60.0
_GOING_AWAY = 1001
NO_PAGE = 404
#: Scripts run, may open Dask's manual in another tab and save a picture, in an origin of their own.
SANDBOX = "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox allow-downloads"


def page_path(id_: str, page: str, keys: DashboardKeys) -> str:
    """Path below `base_url` at which a browser shows a page of a cluster's scheduler."""
    return f"rsdat/clusters/{id_}/dashboard/key/{keys.key_of(id_)}/{page}"


class DashboardKeyHandler(RsdatHandler):
    """`/api/clusters/{id}/dashboard-key`."""

    # An open tab asks by itself, again and again while its scheduler is away.
    is_deed = False

    @web.authenticated
    @authorized
    async def post(self, id_: str) -> None:
        """Where the pages of this cluster's dashboard are shown."""
        await (await self.companion.clusters()).dashboard(id_)
        self.reply({"path": page_path(id_, "", self.settings["rsdat_dashboard_keys"])})


class _Proxy(ErrorAnswers, ProxyHandler):  # type: ignore[misc]
    """GET, HEAD and websockets, to our own schedulers only."""

    auth_resource = "rsdat"
    #: Path on the scheduler's server to which it leads.
    _redirect: str | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(
            *args,
            # The address comes from the cluster manager alone, never from the request.
            host_allowlist=lambda _handler, _host: True,
            # An open dashboard is no activity of this server's; a hub's proxy counts for itself.
            update_last_activity=False,
            rewrite_response=lambda response: self._rewrite(response),
            **kwargs,
        )

    # The proxy has no XSRF check, so nothing that changes anything goes through it.
    post = put = patch = delete = options = web.RequestHandler._unimplemented_method  # noqa: SLF001

    async def http_get(self, _id: str, page: str) -> None:
        """Called by `get` for what is no websocket."""
        await self._fetch(page)

    async def open(self, _id: str, page: str) -> None:
        """Called by `get` when a websocket was accepted: join it to the scheduler's."""
        try:
            await self.proxy_open(self._target.host, self._target.port, page)
        except (OSError, httpclient.HTTPError, iostream.StreamClosedError) as error:
            self.log.info("rsdat: a dashboard's websocket found no scheduler: %s", error)
            self.close(_GOING_AWAY, "The scheduler does not answer")

    def write_message(self, message: str | bytes, binary: bool = False) -> Any:
        """To the browser; dropped when its tab is closed already."""
        try:
            return super().write_message(message, binary)
        except websocket.WebSocketClosedError:
            return None

    def get_request_headers_override(self) -> dict[str, str]:
        """What the scheduler must get and the browser does not have."""
        secret = self._target.secret
        return {} if secret is None else {KEY_HEADER: secret.reveal()}

    def proxy_request_headers(self) -> Any:
        """The browser's headers without those that are meant for Jupyter."""
        headers = self.request.headers.copy()
        for name in _PRIVATE_HEADERS:
            headers.pop(name, None)
        headers.update(self.get_request_headers_override())
        return headers

    def proxy_request_options(self) -> dict[str, Any]:
        """Time limits; redirects are the browser's to follow."""
        return {
            "follow_redirects": False,
            "connect_timeout": CONNECT_S,
            "request_timeout": ANSWER_S,
        }

    def get_client_uri(self, protocol: str, host: str, port: int, proxied_path: str) -> str:
        """The scheduler's address for a request, without a token in the query."""
        self.request.query = self._plain_query()
        uri: str = super().get_client_uri(protocol, host, port, proxied_path)
        return uri

    def write_error_body(self, body: dict[str, Any]) -> None:
        """A page for a person (the tab that shows plots), JSON for programs."""
        if "text/html" not in self.request.headers.get("Accept", ""):
            super().write_error_body(body)
            return
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(self._error_page(error_page(body)))

    def _error_page(self, page: bytes) -> bytes:
        return page

    def _plain_query(self) -> str:
        """The page's own query: what is for Jupyter stays with Jupyter."""
        query = parse_qsl(self.request.query, keep_blank_values=True)
        return urlencode([(k, v) for k, v in query if k not in ("token", "_xsrf")])

    async def _find(self, id_: str, below: str = "") -> None:
        # Where redirects of the scheduler lead: below this, instead of Jupyter's root.
        self.proxy_base = f"rsdat/clusters/{id_}/dashboard{below}"
        companion: Companion = self.settings["rsdat_companion"]
        manager = await companion.clusters()
        self._target: DashboardTarget = await manager.dashboard(id_)

    async def _fetch(self, page: str) -> None:
        if "event-stream" in self.request.headers.get("Accept", ""):
            # The proxy hands streams on as they are, with every header. Dask's pages have none.
            self.request.headers["Accept"] = "*/*"
        try:
            await self.proxy(self._target.host, self._target.port, page)
            if self._redirect is not None:
                # Only now: some versions of the proxy put an address in front, some don't.
                base = url_path_join(self.base_url, self.proxy_base)
                self.set_header("Location", base + self._redirect)
        except RsdatError:
            raise
        except (OSError, web.HTTPError) as error:
            # The proxy says 500 or 599 where the scheduler says nothing.
            raise DoorBroken(
                "The scheduler of this cluster does not answer.",
                hint="It is starting, ending, or busy. Look at the cluster's card.",
            ) from error

    def _rewrite(self, response: Any) -> None:
        # Its pages are served by Jupyter: they may not act on all of its origin.
        location = response.headers.get("Location")
        response.headers = passed(response.headers)
        if location is not None and response.code in REDIRECTS:
            hosts = (f"{self._target.host}:{self._target.port}", self.request.host)
            self._redirect = path_within(location, self.path_args[-1], hosts)
            if self._redirect is None:
                raise DoorBroken(
                    "The scheduler of this cluster leads to an address that is none of its own.",
                    hint="Dask's own pages don't. Ask whoever runs this scheduler.",
                )
        response.headers["Content-Security-Policy"] = self.content_security_policy
        response.headers["X-Content-Type-Options"] = "nosniff"


class DashboardHandler(_Proxy):
    """`/clusters/{id}/dashboard/{page}`: for who is logged in; browsers are led to the key."""

    async def prepare(self) -> None:
        """Refuse strangers and pages of other origins."""
        await super().prepare()
        if not self.check_origin():
            raise web.HTTPError(403, "Pages of other origins may not ask this")

    def get_login_url(self) -> str:
        """A login page inside a tab of plots helps nobody."""
        raise web.HTTPError(403, "Not logged in to Jupyter")

    @web.authenticated
    @authorized
    async def get(self, id_: str, page: str) -> None:
        """A page, a file, or the start of a websocket."""
        # Before a websocket is accepted: afterwards there is no status to tell it by.
        await self._find(id_)
        if "text/html" in self.request.headers.get("Accept", ""):
            path = page_path(id_, page, self.settings["rsdat_dashboard_keys"])
            query = self._plain_query()
            address = url_path_join(self.base_url, path)
            self.redirect(f"{address}?{query}" if query else address)
            return
        await super().get(id_, page)

    @web.authenticated
    @authorized
    async def head(self, id_: str, page: str) -> None:
        """As GET, without the body."""
        await self._find(id_)
        await self._fetch(page)


class DashboardPageHandler(_Proxy):
    """`/clusters/{id}/dashboard/key/{key}/{page}`: what a browser shows, without the login."""

    async def prepare(self) -> None:
        """Refuse who has no key. A login is not looked for: the frame has none."""
        if self.request.method not in ("GET", "HEAD"):
            # There is none of these; who may know that is told by the login as everywhere.
            await super().prepare()
            return
        self.current_user = self._jupyter_current_user = None
        if not self.check_host():
            raise web.HTTPError(403)
        keys: DashboardKeys = self.settings["rsdat_dashboard_keys"]
        id_, key = self.path_args[:2]
        if keys.cluster_of(key) != id_:
            raise web.HTTPError(403, "This page's key is not known (any more): open it anew in Lab")

    @allow_unauthenticated
    async def get(self, id_: str, key: str, page: str) -> None:
        """A page, a file, or the start of a websocket."""
        await self._find(id_, f"/key/{key}")
        await super().get(id_, page)

    @allow_unauthenticated
    async def head(self, id_: str, key: str, page: str) -> None:
        """As GET, without the body."""
        await self._find(id_, f"/key/{key}")
        await self._fetch(page)

    def check_origin(self, origin: str | None = None) -> bool:
        """The frame's own origin is "null"; who has the key may ask."""
        return True

    @property
    def content_security_policy(self) -> str:
        """An origin of its own, inside Lab or in a browser tab of its own."""
        return f"{SANDBOX}; frame-ancestors 'self'"

    def proxy_request_headers(self) -> Any:
        """Pages come as they are: something is put into them."""
        headers = super().proxy_request_headers()
        if "text/html" in headers.get("Accept", ""):
            headers.pop("Accept-Encoding", None)
        return headers

    def _error_page(self, page: bytes) -> bytes:
        # The tab around it says so in Lab's own words, and tries again.
        return with_script(page, "broken")

    def _rewrite(self, response: Any) -> None:
        super()._rewrite(response)
        response.headers["Referrer-Policy"] = "no-referrer"
        if response.code == NO_PAGE and "text/html" in self.request.headers.get("Accept", ""):
            # Dask adds and drops plots; its own page says "404: Not Found".
            response.headers["Content-Type"] = "text/html; charset=utf-8"
            response.headers.pop("Content-Length", None)
            response.body = with_script(error_page(_missing(self.path_args[2])), "missing")
        elif response.headers.get("Content-Type", "").startswith("text/html") and response.body:
            response.body = with_script(response.body)

    def _log(self) -> None:
        """Jupyter's log gets the page, not the key."""
        self.request.uri = self._without_key(self.request.uri or "")
        super()._log()

    def log_exception(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        """The same for failures."""
        self.request.path = self._without_key(self.request.path)
        super().log_exception(kind, error, traceback)

    def _without_key(self, address: str) -> str:
        # Before the route is known there are no arguments, nor is anything shown.
        return address.replace(self.path_args[1], "…") if len(self.path_args) > 1 else address


def error_page(body: dict[str, Any]) -> bytes:
    """An error (`Error` in docs/api.yaml) as a page for a person."""
    hint = f"<p>{html.escape(body['hint'])}</p>" if body.get("hint") else ""
    code = html.escape(body["details"]["code"])
    page = (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<title>No dashboard</title></head>"
        "<body style='font-family: sans-serif; margin: 2em; color: #555'>"
        f"<p data-code='{code}'>{html.escape(body['message'])}</p>{hint}</body></html>"
    )
    return page.encode()


def _missing(page: str) -> dict[str, Any]:
    return NotFound(
        f"The Dask of this cluster has no dashboard page “{page}”.",
        hint="Versions of Dask differ in what they show. Choose another plot.",
    ).as_dict()


def with_script(page: bytes, instead: Literal["broken", "missing"] | None = None) -> bytes:
    """A page with our script first in its head; as it is, if it has none.

    Args:
        page: HTML.
        instead: Why this is none of Dask's pages: they can't be had now, or there is no such page.
    """
    mark = f"<head data-rsdat={instead}>".encode() if instead else b"<head>"
    head, found, rest = page.partition(b"<head>")
    return head + mark + b"<script>" + _script() + b"</script>" + rest if found else page


@functools.cache
def _script() -> bytes:
    return Path(__file__).with_name("dashboard.js").read_bytes()
