"""What all handlers share: who may, one form of error, JSON in and out."""

from __future__ import annotations

import gzip
import json
import secrets
from collections.abc import Container
from datetime import datetime, timezone
from http.client import responses
from types import TracebackType
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from rsdat.base.errors import InvalidInput, RsdatError
from rsdat.server.companion import Companion
from rsdat.server.contract import check_body, check_query

#: Codes of statuses that tornado or Jupyter raise; ours bring their own.
_CODES = {
    400: "invalid_input",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    411: "length_required",
}


#: Shorter answers are not compressed: they fit into a few packets anyway.
LEAST_COMPRESSED_BYTES = 4096
#: Level 1 takes a tenth of the time in which such an answer is written as JSON; further ones gain
#: little for much more.
_LEVEL = 1


def accepts_gzip(header: str) -> bool:
    """Whether an `Accept-Encoding` allows it. A star alone doesn't: few who send it mean it."""
    for each in header.split(","):
        name, *parameters = (part.strip().lower() for part in each.split(";"))
        if name == "gzip":
            return not any(q.startswith("q=0") and not q.strip("q=0.") for q in parameters)
    return False


class ErrorAnswers:
    """Mixin: every failure leaves as `Error` of the contract, whatever raised it.

    Comes before the handler class it is mixed into.
    """

    def log_exception(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Expected failures one line, bugs a traceback with the id that the user is shown."""
        # Never the whole address: its query may hold a token.
        asked = f"{self.request.method} {self.request.path}"  # type: ignore[attr-defined]
        if isinstance(error, RsdatError):
            expected = error.status in getattr(self, "expected", ())
            tell = self.log.debug if expected else self.log.info  # type: ignore[attr-defined]
            tell("rsdat: %s: %s", asked, error.message)
        elif isinstance(error, web.HTTPError):
            self.log.warning("rsdat: %s: %s", asked, error)  # type: ignore[attr-defined]
        else:
            self._log_id = secrets.token_hex(4)
            self.log.error(  # type: ignore[attr-defined]
                "rsdat: %s failed, log id %s",
                asked,
                self._log_id,
                exc_info=(kind, error, traceback),
            )

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Turn the failure into status and body."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, RsdatError):
            self.set_status(error.status)  # type: ignore[attr-defined]
            body = error.as_dict()
        elif isinstance(error, web.HTTPError) or error is None:
            body = self._body_of(status_code, error)
        else:
            log_id = getattr(self, "_log_id", None)
            body = {
                "message": "Something went wrong inside rsdat.",
                "hint": f"The Jupyter server's log tells more; look for {log_id}.",
                "details": {"code": "internal", "log_id": log_id},
            }
        self.write_error_body(body)

    def _body_of(self, status_code: int, error: web.HTTPError | None) -> dict[str, Any]:
        message = responses.get(status_code, "Unknown error")
        if error is not None:
            if error.log_message:
                message = error.log_message % error.args if error.args else error.log_message
            elif error.reason:
                message = error.reason
        code = _CODES.get(status_code, "internal" if status_code >= 500 else "refused_by_jupyter")
        body: dict[str, Any] = {"message": message, "details": {"code": code}}
        if status_code == 403 and not getattr(self, "current_user", None):
            body["hint"] = "Log in to Jupyter (again)."
        return body

    def write_error_body(self, body: dict[str, Any]) -> None:
        """Send an error; JSON, unless a handler knows better."""
        self.set_header("Content-Type", "application/json")  # type: ignore[attr-defined]
        self.finish(json.dumps(body))  # type: ignore[attr-defined]


class RsdatHandler(ErrorAnswers, JupyterHandler):
    """A route below `<base_url>rsdat/`.

    Each verb of a subclass carries `@web.authenticated` and, under it, `@authorized`. What a
    subclass does not define is answered with 405.
    """

    auth_resource = "rsdat"
    #: Statuses that are an answer like others: no warning in Jupyter's log.
    expected: Container[int] = ()
    #: Whether what is neither GET nor HEAD is something that the user does, not the page by itself.
    is_deed = True
    #: Large answers go out compressed. Only of lists that hold no secret: by the length of a
    #: compressed one, who can choose a part of it could guess the rest (BREACH).
    compresses = False

    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse strangers and foreign pages before anything of the request is looked at."""
        await super().prepare()
        # Jupyter itself lets strangers come this far when the administrator set
        # allow_unauthenticated_access, and skips the origin check where XSRF checks are off.
        if not self.current_user:
            raise web.HTTPError(403, "Not logged in to Jupyter")
        if not self.check_origin():
            raise web.HTTPError(403, "Pages of other origins may not ask this")
        if self.is_deed and self.request.method not in ("GET", "HEAD"):
            # What a user does keeps the server from being culled as idle; panels that poll don't.
            self.settings["api_last_activity"] = datetime.now(timezone.utc)

    def _log(self) -> None:
        """Write the line about this request; tornado lets it be overridden."""
        if self.get_status() in self.expected:
            self.log.debug("%d %s %s", self.get_status(), self.request.method, self.request.path)
        else:
            super()._log()

    def get_login_url(self) -> str:
        """Programs ask here, so there is no page to send them to."""
        raise web.HTTPError(403, "Not logged in to Jupyter")

    @property
    def content_security_policy(self) -> str:
        """Answers are data: nothing in them may run, wherever a browser shows them."""
        return "sandbox; default-src 'none'; frame-ancestors 'self'"

    def set_default_headers(self) -> None:
        """Answers are for this page and this moment only."""
        super().set_default_headers()
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")

    def compute_etag(self) -> None:
        """None: with `no-store` nobody could ask by it, and it costs a hash of every answer."""

    @property
    def companion(self) -> Companion:
        """The managers behind the routes."""
        companion: Companion = self.settings["rsdat_companion"]
        return companion

    def body(self, schema: str) -> dict[str, Any]:
        """The JSON body, checked against a schema of the contract.

        Raises:
            InvalidInput: It is no JSON, or not what the schema asks for.
        """
        try:
            value = json.loads(self.request.body)
        except (ValueError, RecursionError) as error:
            raise InvalidInput(f"The request's body is not JSON: {error}") from error
        return check_body(schema, value)

    def query(self, operation: str) -> dict[str, Any]:
        """The query parameters, checked against an operation of the contract.

        Raises:
            InvalidInput: One is missing or makes no sense.
        """
        given = self.request.query_arguments

        def text_of(name: str) -> str | None:
            # Literally: tornado's own would strip spaces and make spaces of control characters,
            # which gives the name of another file.
            return self.decode_argument(given[name][-1], name) if name in given else None

        return check_query(operation, text_of)

    def reply(self, value: dict[str, Any], status: int = 200) -> None:
        """Send a JSON object."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        body = json.dumps(value).encode()
        if self.compresses:
            self.set_header("Vary", "Accept-Encoding")
            accepted = accepts_gzip(self.request.headers.get("Accept-Encoding", ""))
            if accepted and len(body) >= LEAST_COMPRESSED_BYTES:
                self.set_header("Content-Encoding", "gzip")
                body = gzip.compress(body, _LEVEL)
        self.finish(body)


class UnknownRoute(RsdatHandler):
    """Everything below `rsdat/` that is no route: 404 in our form of error."""

    @web.authenticated
    @authorized("read", "rsdat")  # type: ignore[untyped-decorator]
    async def get(self, _rest: str) -> None:
        """There is no such route."""
        raise web.HTTPError(404, "rsdat has no such route")

    head = post = put = patch = delete = get
