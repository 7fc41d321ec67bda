"""How the HTTP of one endpoint is done: limits, certificates, proxies, as aiohttp's users say it.

dcachefs passed `client_kwargs` on to aiohttp's `ClientSession` and `request_kwargs` to each
request. What keeps its meaning with redirects followed by hand is taken over; the rest is refused
by name, because to ignore it would change what a certificate or a header means.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.request import getproxies_environment, proxy_bypass

import aiohttp
from yarl import URL

from rsdat.base.errors import InvalidInput
from rsdat.base.secret import Secret

# Ours, or they would contradict what is sent.
_OUR_HEADERS = ("content-length", "content-type", "expect", "host", "range", "transfer-encoding")


@dataclass(frozen=True)
class Tuning:
    """What differs from our own way.

    Attributes:
        timeout: Its limits replace ours where it sets one. A `total` holds for each request, also
            for one that moves a large file.
        headers: Added to requests to the endpoint's own doors, never to a pool's.
        ssl: aiohttp's `ssl`: a context, or False for no check of certificates; None is ours.
        proxy: Address of an HTTP proxy.
        trust_env: Whether the environment's `HTTPS_PROXY`, `NO_PROXY` and so on count. Not netrc:
            that is a credential, and given as one.
    """

    timeout: aiohttp.ClientTimeout | None = None
    headers: Mapping[str, Secret] = field(default_factory=dict)
    ssl: ssl.SSLContext | aiohttp.Fingerprint | bool | None = None
    proxy: str | None = None
    trust_env: bool = False

    def limits(self, ours: aiohttp.ClientTimeout) -> aiohttp.ClientTimeout:
        """Our limits, with those replaced that were given."""
        if self.timeout is None:
            return ours
        theirs = {
            name: value
            for name in ("total", "connect", "sock_connect", "sock_read")
            if (value := getattr(self.timeout, name)) is not None
        }
        return aiohttp.ClientTimeout(
            **{
                "total": ours.total,
                "connect": ours.connect,
                "sock_connect": ours.sock_connect,
                "sock_read": ours.sock_read,
                **theirs,
            }
        )

    def request(self, url: URL) -> dict[str, Any]:
        """The keywords that a request to aiohttp gets."""
        given: dict[str, Any] = {}
        if self.ssl is not None:
            given["ssl"] = self.ssl
        proxy = self.proxy
        if proxy is None and self.trust_env and not proxy_bypass(url.host or ""):
            proxy = getproxies_environment().get(url.scheme)
        if proxy is not None:
            given["proxy"] = proxy
        return given


@dataclass(frozen=True)
class Asked:
    """dcachefs's keywords, understood: how to talk, and who is talking if they said so."""

    tuning: Tuning
    credential: Mapping[str, str]


def understand(client: Mapping[str, Any] | None, request: Mapping[str, Any] | None) -> Asked:
    """What `client_kwargs` and `request_kwargs` mean; the request's win.

    `auth=aiohttp.BasicAuth(…)` and an `Authorization: Bearer` header become `username` and
    `password` or `token`, so that they stay within the endpoint like any other credential.

    Raises:
        InvalidInput: A keyword that has no meaning here.
    """
    known = {"timeout", "headers", "auth", "ssl", "proxy", "trust_env"}
    facts: dict[str, Any] = {}
    headers: dict[str, str] = {}
    for what, given in (("client_kwargs", client or {}), ("request_kwargs", request or {})):
        if not isinstance(given, Mapping):
            raise InvalidInput(f"{what} must be a dictionary")
        unknown = sorted(set(given) - known)
        if unknown:
            raise InvalidInput(
                f"{what} can't hold '{unknown[0]}'",
                hint=f"These have a meaning: {', '.join(sorted(known))}.",
                code="unknown_option",
            )
        facts.update({key: value for key, value in given.items() if value is not None})
        headers.update(given.get("headers") or {})
    credential = _credential(facts.pop("auth", None), headers)
    facts.pop("headers", None)
    for name in headers:
        if name.lower() in _OUR_HEADERS:
            raise InvalidInput(f"The header '{name}' can't be given: rsdat sets it")
    timeout = facts.pop("timeout", None)
    if timeout is not None and not isinstance(timeout, aiohttp.ClientTimeout):
        timeout = aiohttp.ClientTimeout(total=float(timeout))
    secret = {name: Secret(str(value)) for name, value in headers.items()}
    return Asked(Tuning(timeout=timeout, headers=secret, **facts), credential)


def _credential(auth: Any, headers: dict[str, str]) -> dict[str, str]:
    """Who is talking; takes the header out of the others."""
    found: dict[str, str] = {}
    for name in [each for each in headers if each.lower() == "authorization"]:
        kind, _, value = headers.pop(name).partition(" ")
        if kind.lower() == "bearer" and value.strip():
            found = {"token": value.strip()}
        elif kind.lower() == "basic":
            auth = _decoded(value)
        else:
            raise InvalidInput("The header 'Authorization' must hold a Bearer token or be Basic")
    if auth is None:
        return found
    if not isinstance(auth, (tuple, list)) or len(auth) < 2:  # BasicAuth is a named tuple
        raise InvalidInput("'auth' must be an aiohttp.BasicAuth")
    if found:
        raise InvalidInput("Give either a token or a user name with a password, not both")
    return {"username": str(auth[0]), "password": str(auth[1])}


def _decoded(value: str) -> tuple[str, str]:
    try:
        name, colon, password = (
            base64.b64decode(value.strip(), validate=True).decode().partition(":")
        )
    except ValueError as error:
        raise InvalidInput("The header 'Authorization' is no HTTP Basic") from error
    if not colon:
        raise InvalidInput("The header 'Authorization' is no HTTP Basic")
    return name, password
