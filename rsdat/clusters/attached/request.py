"""Reads which scheduler is to be attached, and checks that its files can be used."""

from __future__ import annotations

import json
import os
import re
import ssl
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from distributed.security import Security

from rsdat.base.errors import Conflict, InvalidInput, NotFound
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.naming import is_id
from rsdat.clusters.record import Attached

_FILES = ("ca_file", "cert_file", "key_file")
_KEYS = {"address", "scheduler_file", "dashboard_port", *_FILES}
_HOST = re.compile(r"[A-Za-z0-9_.-]{1,253}\Z|[0-9A-Fa-f:.]{2,45}\Z")
_FILE_BYTES = 8 * 2**20
_WITH_PORT = "Write it as tls://host:port or tcp://host:port."


def read_attach(request: Any) -> Attached:
    """Check an AttachRequest of docs/api.yaml. Blocks for the files that it names.

    Raises:
        InvalidInput: It makes no sense, or a file can't be used.
    """
    if not isinstance(request, Mapping):
        raise InvalidInput("attach must be an object")
    unknown = set(request) - _KEYS
    if unknown:
        raise InvalidInput(f"attach has no '{min(map(str, unknown))}'")
    given = {key: value for key, value in request.items() if value not in (None, "")}
    if ("address" in given) == ("scheduler_file" in given):
        raise InvalidInput("Say either the address of the scheduler or its scheduler file")
    port = given.pop("dashboard_port", None)
    if port is not None and not (type(port) is int and 0 < port < 65536):
        raise InvalidInput("dashboard_port must be a number from 1 to 65535")
    if not all(isinstance(value, str) for value in given.values()):
        raise InvalidInput("Addresses and files are texts")
    files = {key: str(_path(given[key])) for key in given if key != "address"}
    attached = Attached(
        address=check_address(given["address"]) if "address" in given else None,
        dashboard_port=port,
        **files,
    )
    address = attached.address or str(read_scheduler_file(attached)["address"])
    if address.startswith("tls://"):
        security_of(attached)
    elif any(key in files for key in _FILES):
        raise InvalidInput(
            f"{address} is not encrypted: certificates have no use there",
            hint="A scheduler with TLS has an address that begins with tls://.",
        )
    return attached


def attach_again(home: Path, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A ClusterRequest that asks for an attached cluster again, as the one that attaches it.

    Any other request as it is. Blocks.

    Raises:
        NotFound: There is no such cluster.
    """
    cluster_id = body.get("again")
    if not isinstance(cluster_id, str) or not is_id(cluster_id):
        return body
    try:
        old = ClusterFolder(home / "clusters" / cluster_id).read_record().attached
    except (NotFound, Conflict):
        return body
    if old is None:
        return body
    asked = {key: getattr(old, key) for key in _KEYS if getattr(old, key) is not None}
    rest = {key: value for key, value in body.items() if key != "again"}
    return {**rest, "attach": asked}


def check_address(text: str) -> str:
    """The address, `tls://host:port` or `tcp://host:port`.

    Raises:
        InvalidInput: It is something else.
    """
    text = text.strip()
    try:
        parts = urlsplit(text if "://" in text else f"tcp://{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
        parts = urlsplit("")
    if parts.scheme not in ("tls", "tcp"):
        raise InvalidInput(f"'{text[:100]}' is no address of a scheduler", hint=_WITH_PORT)
    whole = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    if not host or not port or not whole or not _HOST.match(host):
        raise InvalidInput(f"'{text[:100]}' is no address of a scheduler", hint=_WITH_PORT)
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def read_scheduler_file(attached: Attached) -> dict[str, Any]:
    """What the scheduler file says; its `address` is checked. Blocks.

    Raises:
        InvalidInput: There is none, or it is something else.
    """
    path = str(attached.scheduler_file)
    problem = f"'{path}' is no scheduler file"
    hint = (
        "Dask writes one with `dask scheduler --scheduler-file …` or `client.write_scheduler_file`."
    )
    try:
        # Not to wait for ever where somebody put a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise InvalidInput(f"'{path}' can't be read: {error.strerror}", hint=hint) from error
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > _FILE_BYTES:
            raise InvalidInput(problem, hint=hint)
        value = json.loads(os.pread(descriptor, _FILE_BYTES, 0))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInput(problem, hint=hint) from error
    finally:
        os.close(descriptor)
    if not isinstance(value, dict) or not isinstance(value.get("address"), str):
        raise InvalidInput(problem, hint=hint)
    return {**value, "address": check_address(value["address"])}


def security_of(attached: Attached) -> Security:
    """What a client of a scheduler with TLS needs. Blocks.

    Raises:
        InvalidInput: A file is not named, or can't be used.
    """
    missing = [key for key in _FILES if getattr(attached, key) is None]
    if missing:
        raise InvalidInput(
            "A scheduler with TLS needs three files: of the authority, the certificate and the key",
            hint=f"Not named: {', '.join(missing)}.",
        )
    security = Security(
        require_encryption=True,
        tls_ca_file=attached.ca_file,
        tls_client_cert=attached.cert_file,
        tls_client_key=attached.key_file,
    )
    try:
        security.get_connection_args("client")
    except (OSError, ssl.SSLError, ValueError) as error:
        words = getattr(error, "strerror", None) or type(error).__name__
        raise InvalidInput(f"The certificates can't be used: {words}") from error
    return security


def way_to(attached: Attached) -> tuple[str, Security | None]:
    """Address and keys for a client of one's own. Blocks.

    Raises:
        InvalidInput: A file can't be used (any more).
    """
    address = attached.address or str(read_scheduler_file(attached)["address"])
    return address, security_of(attached) if address.startswith("tls://") else None


def _path(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_absolute() or "\0" in text:
        raise InvalidInput(
            f"'{text}' is not the whole path of a file", hint="It begins with / or ~."
        )
    return path
