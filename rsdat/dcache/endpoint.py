"""One dCache as a user reaches it: addresses, where the credential is, where to start.

Made from keywords, a section of fsspec's configuration, or an entry of `endpoints.json`. Where to
find those: `rsdat.dcache.configured`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yarl import URL

from rsdat.base.errors import InvalidInput
from rsdat.base.secret import Secret
from rsdat.dcache import paths
from rsdat.dcache.ada import read_ada
from rsdat.dcache.credentials import Credential, Password, SecretFile, Token, read_private
from rsdat.dcache.rclone import is_rclone, read_remote
from rsdat.dcache.sources import ClientCertificate, NetrcFile, RcloneFile, TokenCommand, discover

#: Each is a credential; the first that is given counts.
CREDENTIALS = (
    "token",
    "token_file",
    "token_command",
    "rclone_config",
    "ada_config",
    "netrc_file",
    "proxy_file",
    "username",
)
OPTIONS = (
    "api_url",
    "webdav_url",
    *CREDENTIALS,
    "rclone_section",
    "password",
    "password_file",
    "ca_folder",
    "home",
    "insecure_redirects",
)
#: Options that name files.
FILES = (
    "token_file",
    "rclone_config",
    "ada_config",
    "netrc_file",
    "proxy_file",
    "password_file",
    "ca_folder",
)
_NAME = re.compile(r"[A-Za-z0-9_.-]+\Z")


@dataclass(frozen=True)
class Endpoint:
    """One dCache as this user reaches it.

    Attributes:
        name: What the panel and `endpoint=` call it.
        api_url: Base of the frontend's REST API, such as `https://host:3880/api/v1`.
        webdav_url: Base of a WebDAV door, such as `https://host:2880`. One of the two may be
            empty: `rsdat.dcache.doors` finds it out.
        credential: Where the proof of identity comes from.
        home: The path the panel opens first.
        insecure_redirects: Whether an https door may send the bytes (never the credential) over
            plain http.
        ca_folder: Authorities to trust besides the system's; None is those of `rsdat.dcache.tls`.
        own: Whether it is described in `endpoints.json`.
    """

    name: str
    api_url: str
    webdav_url: str
    credential: Credential
    home: str = "/"
    insecure_redirects: bool = False
    ca_folder: Path | None = None
    own: bool = False

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise InvalidInput(
                f"{self.name!r} can't be the name of an endpoint",
                hint="Use letters, digits and _ . - only.",
            )
        for what, url in (("api_url", self.api_url), ("webdav_url", self.webdav_url)):
            if url:
                _check_url(url, f"{what} of the dCache endpoint '{self.name}'")

    @property
    def complete(self) -> bool:
        """Whether both addresses are known."""
        return bool(self.api_url and self.webdav_url)


def endpoint_from_options(
    name: str, options: Mapping[str, Any], *, folder: Path | None = None, own: bool = False
) -> Endpoint:
    """An endpoint from keywords, a section of fsspec's configuration or of `endpoints.json`.

    The credential is the first there is of `CREDENTIALS`, else what the surroundings offer
    (`sources.discover`), else none. Addresses that are not given are taken from the rclone or ada
    configuration that is named.

    Args:
        name: What it will be called.
        options: Any of `OPTIONS`.
        folder: Where relative file names start; the working directory if not given.
        own: Whether it is from `endpoints.json`.

    Raises:
        InvalidInput: There is no address, one is no address, or an option is unknown.
        NoCredential: A configuration that is named can't be used.
    """
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise InvalidInput(
            f"The dCache endpoint '{name}' has unknown options: {', '.join(unknown)}",
            hint=f"Known ones are {', '.join(OPTIONS)}.",
        )
    given = {key: value for key, value in options.items() if value not in (None, "")}
    for key in FILES:
        if key in given:
            given[key] = (folder or Path()) / Path(str(given[key])).expanduser()
    given = _with_configurations(given)
    api_url = str(given.get("api_url", "")).rstrip("/")
    webdav_url = str(given.get("webdav_url", "")).rstrip("/")
    if not api_url and not webdav_url:
        raise InvalidInput(
            f"The dCache endpoint '{name}' has no api_url and no webdav_url",
            hint="One of them is enough: api_url is the frontend's, such as "
            "https://host:3880/api/v1; webdav_url a WebDAV door's, such as https://host:2880.",
        )
    return Endpoint(
        name=name,
        api_url=api_url,
        webdav_url=webdav_url,
        credential=_credential(name, given, api_url, webdav_url),
        home=paths.parse(str(given.get("home", "/"))),
        insecure_redirects=_is_yes(given.get("insecure_redirects", False)),
        ca_folder=given.get("ca_folder"),
        own=own,
    )


def _with_configurations(given: dict[str, Any]) -> dict[str, Any]:
    """What the rclone or ada configuration says that was not given itself."""
    used = next((key for key in CREDENTIALS if key in given), None)
    if used == "ada_config":
        settings = read_ada(given["ada_config"])
        from_ada = {
            "api_url": settings.api,
            "token_file": Path(settings.tokenfile) if settings.tokenfile else None,
            "netrc_file": Path(settings.netrcfile) if settings.netrcfile else None,
        }
        given = {**{key: value for key, value in from_ada.items() if value}, **given}
        used = "token_file" if "token_file" in given else used
    if "webdav_url" not in given and "api_url" not in given and used == "rclone_config":
        text = read_private(given["rclone_config"])[0] or ""
        where = f"'{given['rclone_config']}'"
        url = read_remote(text, given.get("rclone_section"), where).url
        if url:
            given = {**given, "webdav_url": _door_of(url, where)}
    elif "webdav_url" not in given and used == "token_file":
        # ada takes the door from there, too: get-macaroon writes such files.
        beside = _url_beside_token(given["token_file"])
        if beside:
            given = {**given, "webdav_url": beside}
    return given


def _url_beside_token(file: Path) -> str | None:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None  # told when the token is needed
    if not is_rclone(text):
        return None
    where = f"'{file}'"
    url = read_remote(text, None, where).url
    return _door_of(url, where) if url else None


def _door_of(url: str, where: str) -> str:
    """The door of rclone's `url`, which goes on with a path."""
    try:
        return str(URL(url, encoded=True).origin())
    except ValueError:
        # The message does not repeat it: it may hold a secret.
        raise InvalidInput(f"The url in {where} is no http(s) address") from None


def _credential(name: str, given: dict[str, Any], api_url: str, webdav_url: str) -> Credential:
    if "token" in given:
        return Token(_secret(given["token"]))
    if "token_file" in given:
        return SecretFile(given["token_file"])
    if "token_command" in given:
        return TokenCommand(str(given["token_command"]))
    if "rclone_config" in given:
        return RcloneFile(given["rclone_config"], section=given.get("rclone_section"))
    if "netrc_file" in given:
        urls = (URL(url, encoded=True) for url in (webdav_url, api_url) if url)
        hosts = tuple(dict.fromkeys(url.host or "" for url in urls))
        return NetrcFile(given["netrc_file"], hosts=hosts)
    if "proxy_file" in given:
        return ClientCertificate(given["proxy_file"])
    username = given.get("username")
    if username is not None:
        if "password" in given:
            return Password(str(username), _secret(given["password"]))
        if "password_file" in given:
            return SecretFile(given["password_file"], username=str(username))
        raise InvalidInput(
            f"The dCache endpoint '{name}' has a username without a password",
            hint="Add password_file.",
        )
    return discover()


def _secret(given: Any) -> Secret:
    return given if isinstance(given, Secret) else Secret(str(given))


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
