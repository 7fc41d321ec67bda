"""The scheduler's own pages, websockets included, at an address of this Jupyter server."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from jupyter_server.auth.decorator import authorized
from jupyter_server_proxy.handlers import ProxyHandler
from tornado import httpclient, iostream, web, websocket

from rsdat.base.errors import DoorBroken, RsdatError
from rsdat.server.companion import Companion
from rsdat.server.handler import ErrorAnswers

if TYPE_CHECKING:
    from rsdat.clusters.manager import DashboardTarget

#: Without it the scheduler's HTTP server answers nobody.
KEY_HEADER = "X-Rsdat-Cluster-Key"
#: Ours to the Jupyter server; none of the scheduler's business.
_PRIVATE_HEADERS = ("Cookie", "Authorization", "X-Xsrftoken", "Referer", KEY_HEADER)
CONNECT_S = 10.0
ANSWER_S = 60.0
_GOING_AWAY = 1001


class DashboardHandler(ErrorAnswers, ProxyHandler):  # type: ignore[misc]
    """`/clusters/{id}/dashboard/{page}`: GET, HEAD and websockets, to our own schedulers only."""

    auth_resource = "rsdat"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(
            *args,
            # The address comes from the cluster manager alone, never from the request.
            host_allowlist=lambda _handler, _host: True,
            # An open dashboard must not keep an idle server from being culled.
            update_last_activity=False,
            rewrite_response=lambda response: self._rewrite(response),
            **kwargs,
        )

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
        await super().get(id_, page)

    @web.authenticated
    @authorized
    async def head(self, id_: str, page: str) -> None:
        """As GET, without the body."""
        await self._find(id_)
        await self._fetch(page)

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
        query = parse_qsl(self.request.query, keep_blank_values=True)
        self.request.query = urlencode([(k, v) for k, v in query if k not in ("token", "_xsrf")])
        uri: str = super().get_client_uri(protocol, host, port, proxied_path)
        return uri

    def write_error_body(self, body: dict[str, Any]) -> None:
        """A page for a person (the tab that shows plots), JSON for programs."""
        if "text/html" not in self.request.headers.get("Accept", ""):
            super().write_error_body(body)
            return
        self.set_header("Content-Type", "text/html; charset=utf-8")
        hint = f"<p>{html.escape(body['hint'])}</p>" if body.get("hint") else ""
        code = html.escape(body["details"]["code"])
        self.finish(
            "<!doctype html><html lang='en'><meta charset='utf-8'><title>No dashboard</title>"
            "<body style='font-family: sans-serif; margin: 2em; color: #555'>"
            f"<p data-code='{code}'>{html.escape(body['message'])}</p>{hint}</body></html>"
        )

    async def _find(self, id_: str) -> None:
        companion: Companion = self.settings["rsdat_companion"]
        manager = await companion.clusters()
        self._target: DashboardTarget = await manager.dashboard(id_)
        # Where redirects of the scheduler lead: below this, instead of Jupyter's root.
        self.proxy_base = f"rsdat/clusters/{id_}/dashboard"

    async def _fetch(self, page: str) -> None:
        try:
            await self.proxy(self._target.host, self._target.port, page)
        except RsdatError:
            raise
        except (OSError, web.HTTPError) as error:
            # The proxy says 500 or 599 where the scheduler says nothing.
            raise DoorBroken(
                "The scheduler of this cluster does not answer.",
                hint="It is starting, ending, or busy. Look at the cluster's card.",
            ) from error

    def _rewrite(self, response: Any) -> None:
        # Its pages live on Jupyter's origin: they may not set its cookies nor open it to others.
        for name in ("Set-Cookie", "Access-Control-Allow-Origin", "Server"):
            response.headers.pop(name, None)
        response.headers["Content-Security-Policy"] = self.content_security_policy
        response.headers["X-Content-Type-Options"] = "nosniff"
