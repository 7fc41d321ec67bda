"""Hands endpoints to a cluster's workers: a whole copy in a folder that they can read.

Their home may be another, and what the notebook's environment says they never see. A copy holds the
credential as it is now, in files of their own (0600); it is written again when that changes.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rsdat.base.errors import RsdatError
from rsdat.base.files import PRIVATE_FOLDER, write_json, write_text
from rsdat.base.secret import Secret
from rsdat.dcache.credentials import SecretFile, read_private
from rsdat.dcache.endpoint import Endpoint
from rsdat.dcache.shared import FILE, FOLDER, FORMAT
from rsdat.dcache.sources import ClientCertificate, NetrcFile, RcloneFile, TokenCommand
from rsdat.dcache.tls import authorities


@dataclass(frozen=True)
class Copy:
    """What a worker gets of one endpoint. Two are equal when a worker would see no difference."""

    options: tuple[tuple[str, Any], ...]
    #: Suffix of its file (`token`, `password`, `pem`) and what is in it; None without a secret.
    secret: tuple[str, Secret] | None

    @property
    def name(self) -> str:
        """The endpoint's."""
        return str(dict(self.options)["name"])


async def copy_of(endpoint: Endpoint) -> Copy | None:
    """What workers get of an endpoint now; None if its addresses or its credential are not known.

    A credential that can't be read just now changes nothing: the workers keep what they have.
    """
    if not endpoint.complete:
        return None
    credential = endpoint.credential
    folder = await asyncio.to_thread(authorities, endpoint.ca_folder)
    options: dict[str, Any] = {
        "name": endpoint.name,
        "api_url": endpoint.api_url,
        "webdav_url": endpoint.webdav_url,
        "home": endpoint.home,
        "insecure_redirects": endpoint.insecure_redirects,
        "ca_folder": None if folder is None else str(folder),
        "from": _origin(endpoint),
    }
    try:
        if isinstance(credential, ClientCertificate):
            # It may lie on a network file system, and this is asked every few seconds.
            text, _ = await asyncio.to_thread(read_private, credential.path)
            secret: tuple[str, Secret] | None = ("pem", Secret(text or ""))
            options["proxy_file"] = f"{endpoint.name}.pem"
        else:
            header = await credential.header()
            secret = None if header is None else _as_file(header, endpoint.name, options)
    except RsdatError:
        return None
    return Copy(tuple((key, _frozen(value)) for key, value in options.items()), secret)


def write_copies(folder: Path, copies: Sequence[Copy]) -> None:
    """Make this the whole of what a cluster's workers find. Blocks.

    Args:
        folder: The cluster's shared folder, which must exist: without it the cluster is gone.
        copies: The default endpoint first.

    Raises:
        NoSpace: There is no room; what was there still is.
        FileNotFoundError: The cluster is gone.
    """
    place = folder / FOLDER
    # Never its parents: a cluster that has just ended is not made anew.
    place.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    files = {}
    for copy in copies:
        if copy.secret is not None:
            suffix, secret = copy.secret
            files[f"{copy.name}.{suffix}"] = secret
    # Secrets first: who reads the list finds what it names.
    for name, secret in files.items():
        write_text(place / name, secret.reveal())
    described = [_thawed(copy) for copy in copies]
    write_json(place / FILE, {"endpoints": described}, format_version=FORMAT)
    for file in place.iterdir():
        if file.name != FILE and file.name not in files and not file.name.startswith("."):
            file.unlink(missing_ok=True)


def _as_file(header: Secret, name: str, options: dict[str, Any]) -> tuple[str, Secret]:
    scheme, _, value = header.reveal().partition(" ")
    if scheme == "Bearer":
        options["token_file"] = f"{name}.token"
        return "token", Secret(value + "\n")
    user, _, password = base64.b64decode(value).decode().partition(":")
    options["username"] = user
    options["password_file"] = f"{name}.password"
    return "password", Secret(password + "\n")


def _origin(endpoint: Endpoint) -> dict[str, str]:
    """By which keywords a notebook may mean it, besides its addresses."""
    credential = endpoint.credential
    if isinstance(credential, SecretFile):
        key = "token_file" if credential.username is None else "password_file"
        found = {key: str(credential.path)}
        return found if credential.username is None else {**found, "username": credential.username}
    if isinstance(credential, RcloneFile):
        found = {"rclone_config": str(credential.path)}
        return found | ({"rclone_section": credential.section} if credential.section else {})
    if isinstance(credential, NetrcFile):
        return {"netrc_file": str(credential.path)}
    if isinstance(credential, ClientCertificate):
        return {"proxy_file": str(credential.path)}
    if isinstance(credential, TokenCommand):
        return {"token_command": credential.command}
    return {}


def _frozen(value: Any) -> Any:
    return tuple(sorted(value.items())) if isinstance(value, dict) else value


def _thawed(copy: Copy) -> dict[str, Any]:
    options = dict(copy.options)
    options["from"] = dict(options["from"])
    return {key: value for key, value in options.items() if value is not None}
