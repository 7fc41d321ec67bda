"""Tries an endpoint out, step by step, and says in words what is wrong and what to do.

Each door refuses a bad credential at most once here: a third refusal would block the computer.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import aiohttp
from yarl import URL

from rsdat.base.clock import to_iso
from rsdat.base.errors import NoCredential, NotFound, NotPermitted, RsdatError
from rsdat.base.found import Found, State
from rsdat.dcache import paths, rest, tokens
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.credentials import Anonymous
from rsdat.dcache.doors import complete
from rsdat.dcache.endpoint import Endpoint
from rsdat.dcache.http import Http
from rsdat.dcache.macaroon import ended

Name = Literal["doors", "certificate", "identity", "token", "list", "write"]
_STEPS: tuple[Name, ...] = ("doors", "certificate", "identity", "token", "list", "write")
_ASK = aiohttp.ClientTimeout(total=20.0, sock_connect=10.0)
#: Of somebody, whoever it is; what a refused login and a block mean is told by their errors.
_ANSWERS = frozenset(range(200, 600)) - {401, 429}
_NEEDED_TO_WRITE = ("UPLOAD", "MANAGE", "DELETE")
_TLS = ("certificate", "no_tls", "ca_folder")
_SAMPLE = b"rsdat writes this to see whether it can, and deletes it again.\n"


@dataclass(frozen=True)
class Step(Found):
    """What one step found."""

    name: Name

    def as_dict(self) -> dict[str, Any]:
        """As in `EndpointTest` of docs/api.yaml."""
        return {
            "name": self.name,
            "state": self.state,
            "message": self.message,
            "hint": self.hint,
        }


@dataclass
class Examination:
    """All steps, in their order, and what was found on the way."""

    endpoint: Endpoint
    steps: list[Step] = field(default_factory=list)
    token: tokens.Report | None = None

    @property
    def ok(self) -> bool:
        """Nothing that is needed failed."""
        return all(step.state != "failed" for step in self.steps)

    def as_dict(self, now: datetime) -> dict[str, Any]:
        """The `EndpointTest` of docs/api.yaml."""
        return {
            "ok": self.ok,
            "steps": [step.as_dict() for step in self.steps],
            "api_url": self.endpoint.api_url or None,
            "webdav_url": self.endpoint.webdav_url or None,
            "token": None if self.token is None else self.token.as_dict(now),
        }


async def examine(endpoint: Endpoint, now: datetime, home: Path | None = None) -> Examination:
    """Try everything that works without the step before.

    Args:
        endpoint: One address is enough.
        now: The time.
        home: Where doors that were found are remembered; None asks anew.
    """
    found = Examination(endpoint)
    try:
        found.endpoint = await complete(home, endpoint)
    except RsdatError as error:
        name: Name = "doors"
        if error.code in _TLS:
            name = "certificate"
        elif isinstance(error, NoCredential):
            name = "identity"
        found.token = await tokens.look(endpoint.credential)
        _add(found, name, error)
    else:
        client = DCacheClient(found.endpoint)
        http = Http(found.endpoint, busy_waits_s=())
        try:
            await _doors_and_identity(found, http, now)
            if found.ok:
                await _list(found, client)
            if found.ok:
                await _write(found, client)
        finally:
            await http.close()
            await client.close()
    done = {step.name for step in found.steps}
    found.steps += [
        Step(name, "skipped", "Because something else failed")
        for name in _STEPS
        if name not in done
    ]
    found.steps.sort(key=lambda step: _STEPS.index(step.name))
    return found


def _add(found: Examination, name: Name, error: RsdatError, state: State = "failed") -> None:
    found.steps.append(Step(name, state, error.message, error.hint))


async def _doors_and_identity(found: Examination, http: Http, now: datetime) -> None:
    endpoint = found.endpoint
    report = await tokens.look(endpoint.credential)
    found.token = report
    if report.problem is not None:
        # What can't be read can't be sent.
        _add(found, "token", report.problem)
    elif report.expires is not None and report.expires <= now:
        report = replace(report, problem=ended(report.expires))
        found.token = report
        _add(found, "token", ended(report.expires or now))
    if report.problem is not None:
        await _reach(found)
        return
    await _frontend(found, http)
    await _door(found, http)
    if not any(step.name in ("doors", "certificate") for step in found.steps):
        found.steps.append(_doors_found(endpoint))
    if not any(step.name == "certificate" for step in found.steps):
        found.steps.append(_certificate(endpoint))
    if not any(step.name == "token" for step in found.steps):
        refused = any(s.name == "identity" and s.state == "failed" for s in found.steps)
        found.steps.append(_token(report, now, refused=refused))


async def _reach(found: Examination) -> None:
    """Whether the addresses answer, by pages that need no login: a stranger's 401 counts too."""
    endpoint = found.endpoint
    http = Http(replace(endpoint, credential=Anonymous()), busy_waits_s=())
    try:
        for url, page in (
            (endpoint.api_url, "/scripts/config.js"),
            (endpoint.webdav_url, "/.well-known/wlcg-tape-rest-api"),
        ):
            open_page = URL(url, encoded=True).origin().with_path(page)
            async with http.exchange(
                "GET", open_page, doing="look who is there", ok=range(200, 600), timeout=_ASK
            ):
                pass
    except RsdatError as error:
        _add(found, "certificate" if error.code in _TLS else "doors", error)
        return
    finally:
        await http.close()
    message = f"{endpoint.api_url} and {endpoint.webdav_url} answer"
    found.steps.append(Step("doors", "ok", message))
    found.steps.append(_certificate(endpoint))


async def _frontend(found: Examination, http: Http) -> None:
    """Whether it is one, and whom it takes the user for."""
    try:
        who = await tokens.identity(http)
    except NoCredential as error:
        _add(found, "identity", error)
        return
    except RsdatError as error:
        await _explain_frontend(found, http.endpoint, error)
        return
    if who is None:
        found.steps.append(
            Step(
                "identity",
                "warning",
                "dCache takes you for a stranger",
                "Give a token, unless everything you need is public.",
            )
        )
        return
    assert found.token is not None  # noqa: S101 - looked at before
    found.token = replace(found.token, identity=who)
    root = f", seeing {who.root} as /" if who.root not in (None, "/") else ""
    found.steps.append(Step("identity", "ok", f"dCache knows you as {who.username}{root}"))


async def _explain_frontend(found: Examination, endpoint: Endpoint, error: RsdatError) -> None:
    url = URL(endpoint.api_url, encoded=True)
    if error.code in _TLS:
        _add(found, "certificate", error)
    elif error.code in ("not_dcache", "cut") or "status" in error.details:
        hint = error.hint
        if error.details.get("status") == 429:
            hint = "Failed logins from this computer have blocked it. Wait 20 s, then try again."
        elif not url.path.rstrip("/").endswith("/api/v1"):
            hint = f"Its REST address ends in /api/v1: try {url.origin()}/api/v1."
        elif await _speaks_webdav(endpoint, url.origin()):
            hint = "What answers there is a WebDAV door: it is the WebDAV address (webdav_url)."
        elif error.code == "cut" and url.scheme == "http":
            hint = "It may speak https: try https:// instead of http://."
        found.steps.append(Step("doors", "failed", f"No frontend at {url}: {error.message}", hint))
    else:
        _add(found, "doors", error)


async def _door(found: Examination, http: Http) -> None:
    """Whether the other address is a WebDAV door."""
    door = URL(found.endpoint.webdav_url, encoded=True)
    try:
        speaks = await _announces_webdav(http, http.door_url("/"))
    except NoCredential as error:
        speaks = True  # a door, that wants another credential
        if not any(step.name in ("identity", "token") for step in found.steps):
            _add(found, "identity", error)
    except RsdatError as error:
        name: Name = "certificate" if error.code in _TLS else "doors"
        hint = error.hint
        if error.code == "cut" and door.scheme == "http":
            hint = "It may speak https: try https:// instead of http://."
        if not any(step.name == name for step in found.steps):
            found.steps.append(Step(name, "failed", error.message, hint))
        return
    if not speaks and not any(step.name == "doors" for step in found.steps):
        hint = "Give a WebDAV door's address: the one that rclone or curl would use."
        if await _is_frontend(http.endpoint, door.origin()):
            hint = "What answers there is the frontend (REST): it is the REST address (api_url)."
        found.steps.append(Step("doors", "failed", f"No WebDAV door at {door}", hint))


async def _announces_webdav(http: Http, url: URL) -> bool:
    async with http.exchange(
        "OPTIONS", url, doing="look at the door", ok=_ANSWERS, timeout=_ASK
    ) as response:
        return "DAV" in response.headers


async def _speaks_webdav(endpoint: Endpoint, origin: URL) -> bool:
    return await _quietly(endpoint, lambda http: _announces_webdav(http, origin / ""))


async def _is_frontend(endpoint: Endpoint, origin: URL) -> bool:
    async def ask(http: Http) -> bool:
        await tokens.identity(http)
        return True

    return await _quietly(replace(endpoint, api_url=f"{origin}/api/v1"), ask)


async def _quietly(endpoint: Endpoint, ask: Callable[[Http], Awaitable[bool]]) -> bool:
    http = Http(endpoint, busy_waits_s=())
    try:
        return await ask(http)
    except RsdatError:
        return False
    finally:
        await http.close()


def _doors_found(endpoint: Endpoint) -> Step:
    message = f"The frontend is at {endpoint.api_url}, a WebDAV door at {endpoint.webdav_url}"
    return Step("doors", "ok", message)


def _certificate(endpoint: Endpoint) -> Step:
    plain = [url for url in (endpoint.api_url, endpoint.webdav_url) if url.startswith("http:")]
    if plain:
        return Step(
            "certificate",
            "warning",
            f"Not encrypted: {' and '.join(plain)}. Everybody on the way can read your token",
            "Use https addresses, unless this is your own computer.",
        )
    return Step("certificate", "ok", "The certificates are trusted")


def _token(report: tokens.Report, now: datetime, *, refused: bool) -> Step:
    if report.kind == "none":
        return Step("token", "warning", "There is no credential", "Give a token.")
    what = f"{tokens.WORDS[report.kind]} from {report.source}"
    if refused:
        until = (
            "" if report.expires is None else f", by its own words until {to_iso(report.expires)}"
        )
        hint = "It may have been withdrawn, be cut off at an end, or be of another dCache."
        return Step("token", "warning", f"{what}{until}: refused by dCache", hint)
    if report.expires is None:
        return Step("token", "ok", f"{what}; it does not say when it ends")
    left = report.expires - now
    until = f"{what}, good until {to_iso(report.expires)}"
    if left <= timedelta(days=1):
        return Step("token", "warning", until, "It ends soon: get a new one.")
    return Step("token", "ok", until)


async def _list(found: Examination, client: DCacheClient) -> None:
    home = found.endpoint.home
    try:
        await rest.children(client.http, home, limit=1)
    except NotPermitted as error:
        hint = "Ask for a token with LIST, or set the start folder to one that you may list."
        found.steps.append(Step("list", "failed", error.message, hint))
    except NotFound as error:
        hint = "Set the start folder to one that exists, as your token shows it."
        found.steps.append(Step("list", "failed", error.message, hint))
    except RsdatError as error:
        _add(found, "list", error)
    else:
        found.steps.append(Step("list", "ok", f"'{home}' can be listed"))


async def _write(found: Examination, client: DCacheClient) -> None:
    home = found.endpoint.home
    claims = found.token.claims if found.token is not None else None
    if claims is not None and claims.activities is not None:
        lacking = [name for name in _NEEDED_TO_WRITE if name not in claims.activities]
        if lacking:
            found.steps.append(
                Step(
                    "write",
                    "skipped",
                    f"The token lacks {', '.join(lacking)}",
                    "Reading works. To write files safely it needs UPLOAD, MANAGE and DELETE.",
                )
            )
            return
    path = paths.join(home, f".rsdat-test-{secrets.token_hex(6)}")
    try:
        await client.write(path, _sample(), len(_SAMPLE), replace=False)
    except NotPermitted as error:
        advice = "Reading works. To write, choose a folder of your own, or ask for the right."
        found.steps.append(Step("write", "warning", error.message, advice))
        return
    except RsdatError as error:
        hint = error.hint
        if error.code == "insecure_redirect":
            hint = f"{hint} At SURF, port 2880 is a door that does not redirect."
        found.steps.append(Step("write", "failed", error.message, hint))
        with suppress(RsdatError):  # what is left of it, if anything
            await client.delete(path)
        return
    try:
        await client.delete(path)
    except RsdatError as error:
        found.steps.append(
            Step(
                "write",
                "warning",
                f"'{home}' can be written to, but the test file '{path}' could not be deleted: "
                f"{error.message}",
                "Delete it when you can.",
            )
        )
    else:
        found.steps.append(Step("write", "ok", f"'{home}' can be written to"))


async def _sample() -> AsyncIterator[bytes]:
    yield _SAMPLE
