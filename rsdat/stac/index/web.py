"""Catalogs on the web: GET of JSON, with limits, and nothing of the user's goes out.

What a catalog links is written by strangers. So only http and https are followed, no cookie, no
`.netrc` and no token of this computer is sent, and no answer is read without an end.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import ReadTimeoutError

from rsdat.base.errors import (
    DoorBroken,
    InvalidInput,
    NoCredential,
    NotFound,
    NotPermitted,
    Refused,
)
from rsdat.stac import hrefs
from rsdat.stac.index.source import joined

TIMEOUT_S = (10.0, 60.0)
MOST_BYTES = 512 * 1024 * 1024
_MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK_BYTES = 256 * 1024
_REFUSED = {401: NoCredential, 403: NotPermitted, 404: NotFound, 410: NotFound}


class WebSource:
    """Reads http and https only."""

    readers = 8

    def __init__(self) -> None:
        self._sessions = threading.local()

    def resolve(self, href: str, base: str) -> str:
        """See `Source`.

        Raises:
            InvalidInput: It leads away from the web.
        """
        target = hrefs.resolve(href, base)
        if base.startswith(("http://", "https://")) and "://" not in href.split("?")[0]:
            target = urljoin(base, href)
        return target

    def read(self, href: str, stamp: str | None) -> tuple[bytes | None, str | None]:
        """See `Source`."""
        headers = {}
        if stamp is not None:
            name = "If-None-Match" if stamp.startswith(('"', "W/")) else "If-Modified-Since"
            headers[name] = stamp
        with self._get(href, headers) as response:
            if response.status_code == 304:
                return None, stamp
            now = response.headers.get("ETag") or response.headers.get("Last-Modified")
            return joined(_limited(response, href), without_query(href)), now

    def chunks(self, href: str) -> Iterator[bytes]:
        """See `Source`."""
        with self._get(href, {}) as response:
            yield from _limited(response, href)

    def stamps(self, wanted: Sequence[str]) -> dict[str, str]:
        """See `Source`: each would cost a request, as reading it does."""
        return {}

    def tells(self, href: str) -> bool:
        """See `Source`: by the headers of its answer."""
        return True

    def download(self, href: str, path: Path) -> None:
        """See `Source`."""
        with path.open("wb") as file:
            for data in self.chunks(href):
                file.write(data)

    def upload(self, path: Path, href: str) -> None:
        """Nothing is ever written to the web."""
        raise NotPermitted("The web is not written to")

    def _get(self, href: str, headers: dict[str, str]) -> requests.Response:
        for _ in range(_MOST_REDIRECTS + 1):
            if urlsplit(href).scheme not in ("http", "https"):
                raise InvalidInput(f"{href[:200]} is not on the web", code="not_web")
            try:
                response = self._session().get(
                    href, headers=headers, timeout=TIMEOUT_S, stream=True, allow_redirects=False
                )
            except requests.RequestException as error:
                raise in_words(href, error) from error
            if response.status_code in _REDIRECTS and "Location" in response.headers:
                response.close()
                href = urljoin(href, response.headers["Location"])
                continue
            if response.status_code >= 400:
                words = refusal(response)
                response.close()
                kind = _REFUSED.get(response.status_code)
                if kind is None:
                    kind = (
                        DoorBroken
                        if response.status_code >= 500 or response.status_code == 429
                        else Refused
                    )
                raise kind(f"{without_query(href)} answered {response.status_code}{words}")
            return response
        raise DoorBroken(f"{without_query(href)} redirects in circles", code="redirects")

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._sessions, "session", None)
        if session is None:
            session = self._sessions.session = clean_session()
        return session


def clean_session() -> requests.Session:
    """A session that sends nothing of the user's."""
    session = requests.Session()
    session.auth = _no_auth  # or requests takes it from ~/.netrc
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["Accept"] = "application/geo+json, application/json;q=0.9, */*;q=0.5"
    session.headers["User-Agent"] = "rsdat"
    return session


def _no_auth(request: Any) -> Any:
    return request


def _limited(response: requests.Response, href: str) -> Iterator[bytes]:
    total = 0
    try:
        for data in response.iter_content(_CHUNK_BYTES):
            total += len(data)
            if total > MOST_BYTES:
                raise Refused(
                    f"{without_query(href)} is larger than {MOST_BYTES >> 20} MiB", code="too_large"
                )
            yield data
    except (requests.RequestException, OSError) as error:
        raise in_words(href, error) from error


def in_words(href: str, error: Exception) -> DoorBroken:
    """What went wrong on the way to a web server."""
    where = without_query(href)
    if isinstance(error, requests.exceptions.SSLError):
        return DoorBroken(
            f"{where} can't be trusted: its certificate is not valid here",
            hint="Check the address. A site's own authority is named by REQUESTS_CA_BUNDLE.",
            code="tls",
        )
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(error, requests.Timeout) or isinstance(reason, ReadTimeoutError):
        return DoorBroken(f"{where} did not answer in time", hint="Try again.", code="timeout")
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
        return DoorBroken(f"{where} is no address", code="bad_address")
    if isinstance(error, requests.ConnectionError):
        return DoorBroken(
            f"{where} can't be reached",
            hint="Check the address and the network.",
            code="unreachable",
        )
    return DoorBroken(f"{where} broke off", hint="Try again.", code="cut")


def refusal(response: requests.Response) -> str:
    """The server's own words, for the end of a sentence."""
    try:
        data = next(response.iter_content(4096), b"")
    except (requests.RequestException, OSError):
        return ""
    text = data.decode("utf-8", "replace").strip()
    if "json" in response.headers.get("Content-Type", ""):
        import json

        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if isinstance(value, dict):
            said = value.get("detail") or value.get("description") or value.get("message")
            text = said if isinstance(said, str) else json.dumps(said or value)
    elif "html" in response.headers.get("Content-Type", "") or text.startswith("<"):
        text = ""
    text = " ".join(text.split())
    return f": {text[:300]}" if text else ""


def shown(href: str) -> str:
    """An address of any kind as it may be shown."""
    return without_query(href) if href.startswith(("http://", "https://")) else href


def without_query(href: str) -> str:
    """An address as it may be shown: what follows `?` may be a secret."""
    parts = urlsplit(href)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query="", fragment="").geturl()
