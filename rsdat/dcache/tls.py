"""Whom TLS trusts, and the certificate it shows: grid authorities, X509 proxies."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from pathlib import Path

from rsdat.base.errors import InvalidInput, NoCredential
from rsdat.dcache.credentials import read_private

#: Where grid software keeps the IGTF's authorities.
GRID_FOLDER = Path("/etc/grid-security/certificates")
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+\Z")
_MOST_FILES = 2000


def authorities(chosen: Path | None, environment: Mapping[str, str] | None = None) -> Path | None:
    """The folder of authorities to trust besides the system's.

    The one that was chosen, else `X509_CERT_DIR`, else the grid's own where it exists.
    """
    environment = os.environ if environment is None else environment
    if chosen is not None:
        return chosen
    if environment.get("X509_CERT_DIR"):
        return Path(environment["X509_CERT_DIR"])
    return GRID_FOLDER if GRID_FOLDER.is_dir() else None


def tls_context(folder: Path | None) -> ssl.SSLContext:
    """A client's context that trusts the system's authorities and those in `folder`. Blocks.

    Raises:
        InvalidInput: There is no certificate in the folder.
    """
    context = ssl.create_default_context()
    if folder is None:
        return context
    # Authorities of the grid are older than some of what "strict" asks for.
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    try:
        names = sorted(each.name for each in folder.iterdir())[:_MOST_FILES]
    except OSError as error:
        raise InvalidInput(
            f"The folder of trusted authorities, '{folder}', can't be read: {error.strerror}",
            hint="Correct ca_folder of the endpoint, or X509_CERT_DIR.",
            code="ca_folder",
        ) from error
    hashed = any(_HASHED.match(name) for name in names)
    if hashed:
        # By the hash in their names, each when it is needed.
        context.load_verify_locations(capath=str(folder))
    loaded = False
    for name in names:
        if name.endswith((".pem", ".crt")) and not hashed:
            try:
                context.load_verify_locations(cafile=str(folder / name))
                loaded = True
            except (ssl.SSLError, OSError):
                continue  # a key, or something else that is none
    if not hashed and not loaded:
        raise InvalidInput(
            f"There is no certificate of an authority in '{folder}'",
            hint="It holds files as 0a1b2c3d.0, or .pem and .crt.",
            code="ca_folder",
        )
    return context


def show_certificate(
    context: ssl.SSLContext, file: Path, seen: tuple[int, int, int] | None
) -> tuple[int, int, int]:
    """Let new connections of a context show a certificate, if it has changed. Blocks.

    Args:
        context: A client's.
        file: PEM: certificate, key without pass phrase, chain. Nobody else may read it.
        seen: What this returned last.

    Raises:
        NoCredential: It can't be used.
    """
    text, now = read_private(file, seen)
    if text is None:
        return now
    try:
        # A pass phrase is asked for on the terminal, where there is one: answer with none.
        context.load_cert_chain(str(file), password=lambda: b"")
    except (ssl.SSLError, OSError, ValueError) as error:
        locked = "ENCRYPTED" in text
        raise NoCredential(
            f"'{file}' is no usable certificate with its key"
            + (": the key has a pass phrase" if locked else ""),
            hint="Make a proxy with voms-proxy-init, or write certificate and key into one file.",
            code="credential_file",
        ) from error
    return now
