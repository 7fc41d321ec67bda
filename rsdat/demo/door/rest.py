"""What the frontend's routes share: JSON bodies in, JSON answers and errors out."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from rsdat.demo.door import jackson
from rsdat.demo.door.http import Answer, Call

_JSON = "application/json"


class RestError(Exception):
    """An error as the frontend tells it: JSON with `detail`, `title` and `status`."""

    def __init__(self, status: int, detail: str, *, title: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.title = title

    def answer(self) -> Answer:
        """As the client gets it; `status` is a string."""
        title = self.title or HTTPStatus(self.status).phrase
        body = {"detail": self.detail, "title": title, "status": str(self.status)}
        return json_answer(self.status, jackson.compact(body), reason=self.title)


def json_answer(
    status: int,
    text: str,
    *,
    reason: str | None = None,
    headers: list[tuple[str, str]] | None = None,
    length: int | None = None,
) -> Answer:
    """An answer with this JSON text, or a body of `length` bytes that is sent by hand."""
    body = text.encode("utf-8", "replace")
    typed = [("Content-Type", _JSON), *(headers or [])]
    return Answer(status, reason=reason, headers=typed, body=body, length=length)


def success(status: int) -> Answer:
    """What the name space says when a change was made."""
    return json_answer(status, jackson.compact({"status": "success"}))


def only(call: Call, *methods: str) -> None:
    """Let these verbs pass.

    Raises:
        RestError: It is another one.
    """
    if call.method not in methods:
        raise RestError(405, "HTTP 405 Method Not Allowed")


def is_true(text: str | None) -> bool:
    """A boolean of the query: only `true`, in any case."""
    return text is not None and text.lower() == "true"


async def json_body(call: Call) -> dict[str, Any]:
    """The object in the request's body.

    Raises:
        RestError: 415 for another type, 400 for something that is no JSON object.
    """
    if _JSON not in call.header("Content-Type").lower():
        raise RestError(415, "HTTP 415 Unsupported Media Type")
    try:
        value = json.loads(await call.read())
    except ValueError as error:
        raise RestError(400, f"A JSONObject text must begin with '{{': {error}") from error
    if not isinstance(value, dict):
        raise RestError(400, "A JSONObject text must begin with '{' at 1 [character 2 line 1]")
    return value


def text_of(body: dict[str, Any], key: str) -> str:
    """A string of a body.

    Raises:
        RestError: It is missing or of another type.
    """
    if key not in body:
        raise RestError(400, f'JSONObject["{key}"] not found.')
    if not isinstance(body[key], str):
        raise RestError(400, f'JSONObject["{key}"] is not a string.')
    value: str = body[key]
    return value


def page(call: Call) -> tuple[int, int | None]:
    """Offset and limit of a query; no limit is None.

    Raises:
        RestError: 400, one is no number or below zero.
    """
    try:
        offset = int(call.query("offset") or 0)
        limit = None if call.query("limit") is None else int(call.query("limit") or 0)
    except ValueError as error:
        raise RestError(400, "limit and offset must be an integer value.") from error
    if offset < 0 or (limit or 0) < 0:
        raise RestError(400, "limit and offset can not be less than zero.")
    return offset, limit
