"""Asking the companion in a test's Jupyter server, and holding its answers against the contract."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import yaml
from openapi_schema_validator import OAS31Validator
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.web import RequestHandler

CONTRACT = yaml.safe_load((Path(__file__).parents[2] / "docs" / "api.yaml").read_text())
VERBS = ("get", "head", "post", "put", "patch", "delete", "options")


@dataclass
class Lab:
    """A Jupyter server with the companion, and a client of it that is logged in by token."""

    app: Any
    origin: str
    base_url: str
    token: str
    client: AsyncHTTPClient

    @property
    def port(self) -> int:
        """Where the server listens."""
        return int(self.origin.rpartition(":")[2])

    def url(self, path: str, query: dict[str, Any] | None = None) -> str:
        """The address of a literal path below `<base_url>rsdat`."""
        address = f"{self.origin}{self.base_url}rsdat{quote(path, safe='/')}"
        return f"{address}?{urlencode(query)}" if query else address

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        value: Any = None,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        token: bool = True,
    ) -> HTTPResponse:
        """Any answer, errors included; redirects are not followed."""
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = f"token {self.token}"
        if value is not None:
            body = json.dumps(value).encode()
            headers["Content-Type"] = "application/json"
        request = HTTPRequest(
            self.url(path, query),
            method=method,
            body=body,
            headers=headers,
            allow_nonstandard_methods=True,
            follow_redirects=False,
            request_timeout=30,
        )
        return await self.client.fetch(request, raise_error=False)

    async def call(self, method: str, template: str, status: int, **options: Any) -> Any:
        """Ask by a path of the contract; the JSON answer, which must be what the contract says.

        Parameters of the path are given as keywords; the rest as for `ask`.
        """
        path = template
        for name in list(options):
            if "{" + name + "}" in path:
                path = path.replace("{" + name + "}", options.pop(name))
        response = await self.ask(method, path, **options)
        assert response.code == status, (response.code, response.body)
        return check(method, template, response)


def check(method: str, template: str, response: HTTPResponse) -> Any:
    """The JSON of an answer, valid by the contract's schema for its status."""
    answers = CONTRACT["paths"][template][method.lower()]["responses"]
    answer = answers.get(str(response.code)) or answers["default"]
    if "$ref" in answer:
        answer = CONTRACT["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    content = answer.get("content", {}).get("application/json")
    if content is None:
        assert not response.body
        return None
    assert response.headers["Content-Type"].startswith("application/json")
    value = json.loads(response.body)
    document = {**content["schema"], "components": CONTRACT["components"]}
    OAS31Validator(document, format_checker=OAS31Validator.FORMAT_CHECKER).validate(value)
    return value


def check_error(response: HTTPResponse, status: int, code: str) -> dict[str, Any]:
    """An answer that must be an error of ours."""
    assert response.code == status, (response.code, response.body)
    assert response.headers["Content-Type"] == "application/json"
    value: dict[str, Any] = json.loads(response.body)
    document = {"$ref": "#/components/schemas/Error", "components": CONTRACT["components"]}
    OAS31Validator(document).validate(value)
    assert value["details"]["code"] == code, value
    return value


def verbs_of(handler: type[RequestHandler]) -> set[str]:
    """The verbs a handler class answers with something else than 405."""
    refused = RequestHandler._unimplemented_method
    return {verb for verb in VERBS if getattr(handler, verb) is not refused}


def registered(app: Any, base_url: str) -> Iterator[tuple[str, type[RequestHandler]]]:
    """Pattern below `rsdat` and handler of every route that the server really has there."""

    def walk(router: Any) -> Iterator[tuple[str, type[RequestHandler]]]:
        for rule in router.rules:
            if hasattr(rule.target, "rules"):
                yield from walk(rule.target)
            elif hasattr(rule.matcher, "regex"):
                yield rule.matcher.regex.pattern, rule.target

    root = f"{base_url}rsdat"
    for pattern, handler in walk(app.default_router):
        if pattern.startswith(root):
            yield pattern.removeprefix(root).removesuffix("$"), handler


async def until(
    condition: Callable[[], Awaitable[Any] | Any], *, within_s: float = 30, every_s: float = 0.05
) -> Any:
    """Wait until a condition gives something true, and return that."""
    end = asyncio.get_running_loop().time() + within_s
    while True:
        value = condition()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return value
        assert asyncio.get_running_loop().time() < end, "it did not come true in time"
        await asyncio.sleep(every_s)
