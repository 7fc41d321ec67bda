"""The configured dCache endpoints: addresses, where the credential is, where to start.

They come from `$RSDAT_HOME/endpoints.json` and from fsspec's own configuration for the protocol
`dcache` (`FSSPEC_DCACHE_API_URL` and so on, or its files); that one is called "default".
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yarl import URL

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.base.files import read_json
from rsdat.base.secret import Secret
from rsdat.dcache import paths
from rsdat.dcache.credentials import Anonymous, Credential, Password, SecretFile, Token

FORMAT = 1
DEFAULT_NAME = "default"
OPTIONS = (
    "api_url",
    "webdav_url",
    "token",
    "token_file",
    "username",
    "password",
    "password_file",
    "home",
    "insecure_redirects",
)
_NAME = re.compile(r"[A-Za-z0-9_.-]+\Z")


@dataclass(frozen=True)
class Endpoint:
    """One dCache as this user reaches it.

    Attributes:
        name: What the panel and `endpoint=` call it.
        api_url: Base of the frontend's REST API, such as `https://host:3880/api/v1`.
        webdav_url: Base of a WebDAV door, such as `https://host:2880`.
        credential: Where the proof of identity comes from.
        home: The path the panel opens first.
        insecure_redirects: Whether an https door may send the bytes (never the credential) over
            plain http.
    """

    name: str
    api_url: str
    webdav_url: str
    credential: Credential
    home: str = "/"
    insecure_redirects: bool = False

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise InvalidInput(
                f"{self.name!r} can't be the name of an endpoint",
                hint="Use letters, digits and _ . - only.",
            )
        for what, url in (("api_url", self.api_url), ("webdav_url", self.webdav_url)):
            _check_url(url, f"{what} of the dCache endpoint '{self.name}'")


def endpoint_from_options(
    name: str, options: Mapping[str, Any], *, folder: Path | None = None
) -> Endpoint:
    """An endpoint from keywords, a section of fsspec's configuration or of `endpoints.json`.

    The credential is the first there is of: `token`, `token_file`, `username` with `password` or
    `password_file`, the environment's `BEARER_TOKEN`, `BEARER_TOKEN_FILE`; else none.

    Args:
        name: What it will be called.
        options: Any of `OPTIONS`.
        folder: Where relative file names start; the working directory if not given.

    Raises:
        InvalidInput: Addresses are missing or no addresses, or an option is unknown.
    """
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise InvalidInput(
            f"The dCache endpoint '{name}' has unknown options: {', '.join(unknown)}",
            hint=f"Known ones are {', '.join(OPTIONS)}.",
        )
    missing = [option for option in ("api_url", "webdav_url") if not options.get(option)]
    if missing:
        raise InvalidInput(
            f"The dCache endpoint '{name}' has no {' and no '.join(missing)}",
            hint="api_url is the frontend's, such as https://host:3880/api/v1; "
            "webdav_url a WebDAV door's, such as https://host:2880.",
        )
    return Endpoint(
        name=name,
        api_url=str(options["api_url"]).rstrip("/"),
        webdav_url=str(options["webdav_url"]).rstrip("/"),
        credential=_credential(name, options, folder or Path()),
        home=paths.parse(str(options.get("home") or "/")),
        insecure_redirects=_is_yes(options.get("insecure_redirects", False)),
    )


def load_endpoints(home: Path) -> list[Endpoint]:
    """All configured endpoints; the first is the default one. May be empty.

    Args:
        home: `$RSDAT_HOME`. Relative file names in its `endpoints.json` start there.

    Raises:
        InvalidInput: The configuration makes no sense.
        Conflict: `endpoints.json` is damaged, or a newer rsdat wrote it.
    """
    endpoints = []
    try:
        described = read_json(home / "endpoints.json", format_version=FORMAT).get("endpoints")
    except FileNotFoundError:
        described = []
    if not isinstance(described, list) or not all(
        isinstance(each, dict) and isinstance(each.get("name"), str) for each in described
    ):
        raise InvalidInput("endpoints.json: 'endpoints' must be a list of objects with a 'name'")
    for each in described:
        options = {key: value for key, value in each.items() if key != "name"}
        endpoints.append(endpoint_from_options(each["name"], options, folder=home))
    configured = _fsspec_options()
    if configured.get("api_url"):
        endpoints.append(endpoint_from_options(DEFAULT_NAME, configured))
    names = [endpoint.name for endpoint in endpoints]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInput(f"There are two dCache endpoints called '{twice[0]}'")
    return endpoints


def find_endpoint(home: Path, name: str | None = None) -> Endpoint:
    """The endpoint of this name, or the default one.

    Raises:
        NotFound: There is none.
        InvalidInput, Conflict: As `load_endpoints`.
    """
    endpoints = load_endpoints(home)
    if not endpoints:
        raise NotFound(
            "No dCache endpoint is configured",
            hint=f"Describe one in {home / 'endpoints.json'}, or set FSSPEC_DCACHE_API_URL, "
            "FSSPEC_DCACHE_WEBDAV_URL and FSSPEC_DCACHE_TOKEN_FILE.",
            code="no_endpoint",
        )
    if name is None:
        return endpoints[0]
    for endpoint in endpoints:
        if endpoint.name == name:
            return endpoint
    raise NotFound(
        f"There is no dCache endpoint '{name}'",
        hint=f"There are: {', '.join(endpoint.name for endpoint in endpoints)}.",
        code="no_endpoint",
    )


def choose_endpoint(home: Path, name: str | None, options: Mapping[str, Any]) -> Endpoint:
    """The endpoint that keywords mean.

    A name wins over everything else, so that the configured token of one dCache never reaches
    another. A credential without addresses is for the default endpoint.

    Args:
        home: `$RSDAT_HOME`.
        name: Of a configured endpoint.
        options: Any of `OPTIONS`; empty values don't count.

    Raises:
        NotFound, InvalidInput, Conflict: As `find_endpoint` and `endpoint_from_options`.
    """
    given = {key: value for key, value in options.items() if value}
    if name is not None or not given:
        return find_endpoint(home, name)
    if "api_url" not in given and "webdav_url" not in given:
        default = find_endpoint(home)
        given = {
            "api_url": default.api_url,
            "webdav_url": default.webdav_url,
            "insecure_redirects": default.insecure_redirects,
            **given,
        }
    return endpoint_from_options("keywords", given)


def _fsspec_options() -> dict[str, Any]:
    """What fsspec's configuration says of our protocol, as far as it describes an endpoint."""
    from fsspec.config import conf

    section = conf.get("dcache", {})
    return {key: value for key, value in section.items() if key in OPTIONS and value is not None}


def _credential(name: str, options: Mapping[str, Any], folder: Path) -> Credential:
    if options.get("token"):
        given = options["token"]
        return Token(given if isinstance(given, Secret) else Secret(str(given)))
    if options.get("token_file"):
        return SecretFile(_file(options["token_file"], folder))
    username = options.get("username")
    if username:
        if options.get("password"):
            given = options["password"]
            return Password(username, given if isinstance(given, Secret) else Secret(str(given)))
        if options.get("password_file"):
            return SecretFile(_file(options["password_file"], folder), username=username)
        raise InvalidInput(
            f"The dCache endpoint '{name}' has a username without a password",
            hint="Add password_file.",
        )
    # The names of WLCG's Bearer Token Discovery, which ada reads as well.
    if os.environ.get("BEARER_TOKEN"):
        return Token(Secret(os.environ["BEARER_TOKEN"]))
    if os.environ.get("BEARER_TOKEN_FILE"):
        return SecretFile(Path(os.environ["BEARER_TOKEN_FILE"]))
    return Anonymous()


def _file(text: Any, folder: Path) -> Path:
    return folder / Path(str(text)).expanduser()


def _is_yes(value: Any) -> bool:
    # fsspec's environment and .ini files know only text.
    return value.lower() in ("1", "true", "yes", "on") if isinstance(value, str) else bool(value)


def _check_url(text: str, what: str) -> None:
    try:
        url = URL(text, encoded=True)
        good = url.scheme in ("http", "https") and bool(url.host) and url.port is not None
    except ValueError:
        good = False
        url = URL()
    if not good:
        raise InvalidInput(f"The {what} is no http(s) address")
    if url.user or url.password or url.query_string or url.fragment:
        # The message does not repeat the address: it holds a secret.
        raise InvalidInput(
            f"The {what} holds a user name, password, query or fragment",
            hint="Give the credential in a file of its own: token_file or password_file.",
        )
