"""What the credential of an endpoint is, may do and until when; whom dCache takes it for."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rsdat.base.clock import to_iso
from rsdat.base.errors import NoCredential, NotPermitted, RsdatError
from rsdat.base.secret import Secret
from rsdat.dcache.credentials import Credential, SecretFile, Token, read_private
from rsdat.dcache.http import Http
from rsdat.dcache.macaroon import Claims, ended, inspect
from rsdat.dcache.rest import json_object
from rsdat.dcache.sources import ClientCertificate, RcloneFile

_log = logging.getLogger(__name__)

_BEARER = "Bearer "
#: Kinds of credentials, for people.
WORDS = {
    "macaroon": "A macaroon",
    "oidc": "An OIDC token",
    "opaque": "A token",
    "password": "A password",
    "x509": "A certificate",
    "none": "No credential",
}


@dataclass(frozen=True)
class Identity:
    """Whom dCache takes the user for; `root` is the folder that it shows as `/`."""

    username: str | None
    uid: int | None
    gids: tuple[int, ...]
    home: str | None
    root: str | None

    def as_dict(self) -> dict[str, Any]:
        """As in `TokenInfo` of docs/api.yaml."""
        return {
            "username": self.username,
            "uid": self.uid,
            "gids": list(self.gids),
            "home": self.home,
            "root": self.root,
        }


@dataclass(frozen=True)
class Report:
    """What is known of a credential. `claims` is None where it is no token."""

    kind: str
    source: str
    renewable: bool
    expires: datetime | None = None
    claims: Claims | None = None
    identity: Identity | None = None
    problem: RsdatError | None = None

    def as_dict(self, now: datetime) -> dict[str, Any]:
        """The `TokenInfo` of docs/api.yaml."""
        claims = self.claims or Claims("opaque")
        problem = self.problem
        return {
            "kind": self.kind,
            "source": self.source,
            "renewable": self.renewable,
            "expires": None if self.expires is None else to_iso(self.expires),
            "ending": Claims("opaque", self.expires).is_ending(now),
            "root": claims.root,
            "paths": list(claims.paths),
            "activities": None if claims.activities is None else list(claims.activities),
            "ips": list(claims.ips),
            "identity": None if self.identity is None else self.identity.as_dict(),
            "problem": None
            if problem is None
            else {"message": problem.message, "hint": problem.hint},
        }


async def look(credential: Credential) -> Report:
    """What the credential says of itself; dCache is not asked."""
    kind: str = credential.kind
    try:
        header = await credential.header()
        text = "" if header is None else header.reveal()
        if text.startswith(_BEARER):
            claims = inspect(text.removeprefix(_BEARER))
            found = Report(
                claims.kind, credential.source, False, expires=claims.expires, claims=claims
            )
        elif isinstance(credential, ClientCertificate):
            ends = await asyncio.to_thread(_certificate_end, credential.path)
            found = Report("x509", credential.source, False, expires=ends)
        else:
            found = Report(credential.kind, credential.source, False)
    except NoCredential as problem:
        kind = "opaque" if kind == "token" else kind
        found = Report(kind, credential.source, False, problem=problem)
    return replace(found, renewable=is_renewable(credential))


async def ask(http: Http, now: datetime) -> Report:
    """As `look`, with whom dCache takes the credential for, or why it does not take it.

    A credential that has ended is not sent: each refusal counts.
    """
    report = await look(http.endpoint.credential)
    if report.problem is not None:
        return report
    if report.expires is not None and report.expires <= now:
        return replace(report, problem=ended(report.expires))
    try:
        return replace(report, identity=await identity(http))
    except RsdatError as problem:
        return replace(report, problem=problem)


def is_renewable(credential: Credential) -> bool:
    """Whether `renew` can put another token in its place."""
    return isinstance(credential, (SecretFile, RcloneFile)) and credential.renewable


async def renew(credential: Credential, token: str, *, http: Http | None = None) -> None:
    """Replace the token in the file from which the endpoint reads it.

    Args:
        credential: Knows that file.
        token: The new one.
        http: Who asks dCache first whether it takes the new one; None: it is not asked.

    Raises:
        NoCredential: It is no token, it has ended, dCache refuses it, or the file can't be read;
            the old one is still there.
        NotPermitted: The file can't be written.
    """
    if isinstance(credential, RcloneFile):
        await credential.header()  # whether it holds a token shows when it is read
    if not isinstance(credential, (SecretFile, RcloneFile)) or not credential.renewable:
        raise NoCredential(
            f"This endpoint takes its credential from {credential.source}, which rsdat can't renew",
            hint="Renew it there.",
            code="not_renewable",
        )
    expires = inspect(token.strip()).expires
    if expires is not None and expires <= datetime.now(timezone.utc):
        raise ended(expires)
    if http is not None:
        await _prove(http, token.strip())
    try:
        await asyncio.to_thread(credential.renew, token)
    except OSError as error:
        raise NotPermitted(
            f"The token can't be put into {credential.source}: {error.strerror or error}",
            hint="Renew it where that file comes from, or name another file for this endpoint.",
            code="not_renewable",
        ) from error


async def _prove(http: Http, token: str) -> None:
    """Show it to dCache. One that can't be asked is no reason against a token."""
    trial = replace(http.endpoint, credential=Token(Secret(token), "the new token"))
    trial_http = Http(trial, tuning=http.tuning, busy_waits_s=())
    try:
        await identity(trial_http)
    except RsdatError as error:
        if error.details.get("status") == 401:
            raise NoCredential(
                f"dCache does not take this token: {error.message}",
                hint="The old one was kept. Look whether the new one was copied whole.",
                code="refused_token",
            ) from None
        if isinstance(error, NoCredential):
            raise
        _log.info("A new token is taken untried: %s", error.message)
    finally:
        await trial_http.close()


async def identity(http: Http) -> Identity | None:
    """Whom dCache takes the user for; None is a stranger.

    Raises:
        RsdatError: dCache refused the credential, or gave no usable answer.
    """
    answer = await http.ask("GET", http.rest_url("user"), doing="log in")
    user = json_object(answer)
    if user.get("status") != "AUTHENTICATED":
        return None

    def text(key: str) -> str | None:
        return user[key] if isinstance(user.get(key), str) else None

    gids = user.get("gids")
    return Identity(
        username=text("username"),
        uid=user["uid"] if isinstance(user.get("uid"), int) else None,
        gids=tuple(each for each in gids if isinstance(each, int))
        if isinstance(gids, list)
        else (),
        home=text("homeDirectory"),
        root=text("rootDirectory"),
    )


def _certificate_end(file: Path) -> datetime | None:
    from cryptography import x509

    text = read_private(file)[0] or ""
    try:
        chain = x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        raise NoCredential(f"There is no certificate in '{file}'", code="credential_file") from None
    # A proxy is of no use without the certificate that made it.
    return min(each.not_valid_after_utc for each in chain)
