"""Who may: every verb of every registered route, for strangers, the unauthorised, other sites."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jupyter_server.auth import Authorizer
from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.websocket import websocket_connect

from tests.support.server import VERBS, Lab, check_error, registered, verbs_of

DASHBOARD = "/clusters/x1/dashboard/status/ws"


class Refuser(Authorizer):
    """Lets nobody use rsdat."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        """Everything but rsdat."""
        return resource != "rsdat"


def every_route(lab: Lab) -> list[tuple[str, str, set[str]]]:
    """(verb, a path that the route takes, verbs that it offers)."""
    routes = []
    for pattern, handler in registered(lab.app.web_app, lab.base_url):
        path = re.sub(r"\(\.\*\)", "x1/y", pattern)
        path = re.sub(r"\([^)]*\)", _fitting, path)
        assert re.fullmatch(pattern, path)
        routes += [(verb, path, verbs_of(handler)) for verb in VERBS]
    assert len(routes) >= 16 * len(VERBS)
    return routes


def _fitting(group: re.Match[str]) -> str:
    return next(text for text in ("x1", "1_1", "hold") if re.fullmatch(group[0], text))


@pytest.mark.parametrize("open_server", [False, True], ids=["closed", "open"])
async def test_strangers(lab: Lab, open_server: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the administrator lets strangers into handlers that don't refuse them."""
    monkeypatch.setitem(lab.app.web_app.settings, "allow_unauthenticated_access", open_server)
    for verb, path, _ in every_route(lab):
        response = await lab.ask(verb.upper(), path, body=_body(verb), token=False)
        assert response.code == 403, (verb, path, response.code)
    with pytest.raises(HTTPClientError, match="403"):
        await _websocket(lab, {})


async def test_strangers_with_a_wrong_token(lab: Lab) -> None:
    """The token is compared, not only looked for."""
    for verb, path, _ in every_route(lab):
        headers = {"Authorization": f"token {lab.token}x"}
        response = await lab.ask(verb.upper(), path, body=_body(verb), headers=headers, token=False)
        assert response.code == 403, (verb, path, response.code)


class TestUnauthorised:
    """Known to Jupyter, but kept from rsdat by the server's authorizer."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config: dict[str, Any]) -> dict[str, Any]:
        """With an authorizer that refuses."""
        jp_server_config["ServerApp"]["authorizer_class"] = Refuser
        return jp_server_config

    async def test_refused(self, lab: Lab) -> None:
        """Every verb that is offered; the others aren't there at all."""
        for verb, path, offered in every_route(lab):
            response = await lab.ask(verb.upper(), path, body=_body(verb))
            wanted = 403 if verb in offered else 405
            assert response.code == wanted, (verb, path, response.code)
        with pytest.raises(HTTPClientError, match="403"):
            await _websocket(lab, {"Authorization": f"token {lab.token}"})


async def test_other_sites(lab: Lab) -> None:
    """What another site's page can make a logged-in browser send, does nothing."""
    cookies, xsrf = await _log_in(lab)
    foreign = {"Cookie": cookies, "Origin": "https://evil.example"}
    for verb, path, offered in every_route(lab):
        requests = [foreign, {**foreign, "X-XSRFToken": xsrf}]
        if verb not in ("get", "head", "options"):
            requests.append({"Cookie": cookies})  # a form's post may come without Origin
        for headers in requests:
            response = await lab.ask(
                verb.upper(), path, body=_body(verb), headers=headers, token=False
            )
            if response.code == 404 and verb != "head":
                # Jupyter's own word for a foreign origin; ours for what is not there differs.
                assert json.loads(response.body)["message"] == "Not Found"
            elif response.code == 405:
                assert verb not in offered
            else:
                assert response.code == 403, (verb, path, headers, response.code)
    with pytest.raises(HTTPClientError, match="403"):
        await _websocket(lab, {"Cookie": cookies, "Origin": "https://evil.example"})


async def test_own_page(lab: Lab) -> None:
    """The counterpart: with cookie, XSRF token and its own origin a page gets through."""
    cookies, xsrf = await _log_in(lab)
    headers = {"Cookie": cookies, "X-XSRFToken": xsrf, "Origin": lab.origin}
    response = await lab.ask("DELETE", "/api/clusters/x1", headers=headers, token=False)
    check_error(response, 404, "not_found")


async def test_unknown_routes(lab: Lab) -> None:
    """Our form of error, whatever the verb."""
    for verb in VERBS:
        response = await lab.ask(verb.upper(), "/api/clusterz", body=_body(verb))
        if verb == "head":
            assert response.code == 404
        elif verb != "options":
            check_error(response, 404, "not_found")


async def test_verbs_not_offered(lab: Lab) -> None:
    """405, by every route."""
    for verb, path, offered in every_route(lab):
        if verb not in offered:
            response = await lab.ask(verb.upper(), path, body=_body(verb))
            assert response.code == 405
            if verb != "head":
                check_error(response, 405, "method_not_allowed")


def _body(verb: str) -> bytes | None:
    return b"{}" if verb in ("post", "put", "patch") else None


async def _websocket(lab: Lab, headers: dict[str, str]) -> Any:
    url = lab.url(DASHBOARD).replace("http", "ws", 1)
    return await websocket_connect(HTTPRequest(url, headers=headers))


async def _log_in(lab: Lab) -> tuple[str, str]:
    """Cookies of a browser that opened Lab with its token, and the XSRF token among them."""
    response: HTTPResponse = await lab.client.fetch(
        HTTPRequest(f"{lab.origin}{lab.base_url}login?token={lab.token}", follow_redirects=False),
        raise_error=False,
    )
    jar: dict[str, str] = {}
    _keep(jar, response)
    page = await lab.client.fetch(
        HTTPRequest(f"{lab.origin}{lab.base_url}nothing", headers={"Cookie": _joined(jar)}),
        raise_error=False,
    )
    _keep(jar, page)
    answer = await lab.ask("GET", "/api/nothing", headers={"Cookie": _joined(jar)}, token=False)
    assert answer.code == 404, "not logged in by cookie"
    return _joined(jar), jar["_xsrf"]


def _keep(jar: dict[str, str], response: HTTPResponse) -> None:
    for line in response.headers.get_list("Set-Cookie"):
        name, _, rest = line.partition("=")
        jar[name] = rest.partition(";")[0]


def _joined(jar: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in jar.items())
