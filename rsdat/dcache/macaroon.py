"""What a token says of itself: macaroons and OIDC tokens are decoded here, nobody is asked.

Nothing is verified: only dCache has the key. Sources: libmacaroons' two binary formats; dCache's
caveats (`CaveatType.java`, MacaroonRequestHandler.java); RFC 7519; WLCG Common JWT Profiles 1.0.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

from rsdat.base.clock import from_iso, to_iso
from rsdat.base.errors import NoCredential

ACTIVITIES = (
    "LIST",
    "DOWNLOAD",
    "UPLOAD",
    "DELETE",
    "MANAGE",
    "READ_METADATA",
    "UPDATE_METADATA",
    "STAGE",
)
#: So long before its end a token is told to be ending.
ENDING = timedelta(days=1)
_SEAL_BYTES = 32

_SCOPES = {
    "storage.read": ("DOWNLOAD", "LIST", "READ_METADATA"),
    "storage.create": ("UPLOAD", "LIST", "READ_METADATA"),
    "storage.modify": ("UPLOAD", "DELETE", "MANAGE", "LIST", "READ_METADATA", "UPDATE_METADATA"),
    "storage.stage": ("STAGE", "DOWNLOAD", "LIST", "READ_METADATA"),
}


@dataclass(frozen=True)
class Claims:
    """What a token says of itself.

    Attributes:
        kind: What it is.
        expires: When it ends; None if it doesn't say.
        root: The folder that it shows as `/`.
        paths: Only below these, as seen from `root`; empty is everywhere.
        activities: dCache's names; None is not limited by the token.
        ips: Addresses or networks from which it may be used; empty is all.
    """

    kind: Literal["macaroon", "oidc", "opaque"]
    expires: datetime | None = None
    root: str | None = None
    paths: tuple[str, ...] = ()
    activities: tuple[str, ...] | None = None
    ips: tuple[str, ...] = ()

    def is_ending(self, now: datetime) -> bool:
        """Whether it has ended, or will within a day."""
        return self.expires is not None and self.expires - now <= ENDING

    def has_ended(self, now: datetime) -> bool:
        """Whether it is of no use any more."""
        return self.expires is not None and self.expires <= now


def inspect(token: str) -> Claims:
    """Decode a bearer token. What is neither macaroon nor OIDC token is `opaque`."""
    caveats = macaroon_caveats(token)
    if caveats is not None:
        return _of_macaroon(caveats)
    payload = _jwt_payload(token)
    return Claims("opaque") if payload is None else _of_jwt(payload)


def ended(expires: datetime) -> NoCredential:
    """The error for a credential that is too old; as if dCache had said it."""
    return NoCredential(
        f"The credential ended at {to_iso(expires)}",
        hint="Get a new one and put it where the old one is.",
        code="expired",
        status=401,
    )


def expiry_of(token: str) -> datetime | None:
    """When a bearer token ends, if it says so."""
    return inspect(token).expires


def macaroon_caveats(token: str) -> list[str] | None:
    """The first-party caveats of a macaroon in their order; None if it is none."""
    raw = _base64(token)
    if raw is None:
        return None
    try:
        return list(_caveats_v2(raw) if raw[:1] == b"\x02" else _caveats_v1(raw))
    except (ValueError, LookupError):
        return None


def _caveats_v1(raw: bytes) -> Iterator[str]:
    """Packets of four hexadecimal digits (their own length), key, blank, value, newline."""
    keys = []
    offset = 0
    while offset < len(raw):
        length = int(raw[offset : offset + 4], 16)
        packet = raw[offset + 4 : offset + length]
        if length < 6 or offset + length > len(raw) or not packet.endswith(b"\n"):
            raise ValueError("no packet")
        key, _, value = packet[:-1].partition(b" ")
        keys.append(key)
        if key == b"cid":
            yield value.decode(errors="replace")
        offset += length
    if keys[:1] not in ([b"location"], [b"identifier"]) or keys[-1:] != [b"signature"]:
        raise ValueError("no macaroon")


def _caveats_v2(raw: bytes) -> Iterator[str]:
    """Version 2, then sections of fields (type, length, bytes), each ended by a zero."""
    offset = 1

    def number() -> int:
        nonlocal offset
        value = shift = 0
        while True:
            byte = raw[offset]
            offset += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def section() -> dict[int, bytes]:
        nonlocal offset
        fields: dict[int, bytes] = {}
        while kind := number():
            length = number()
            if offset + length > len(raw):
                raise ValueError("cut")
            fields[kind] = raw[offset : offset + length]
            offset += length
        return fields

    if 2 not in section():
        raise ValueError("no identifier")
    while fields := section():
        if 4 not in fields:  # with a verification id it is a third party's
            yield fields[2].decode(errors="replace")
    if number() != 6 or number() != _SEAL_BYTES or len(raw) - offset != _SEAL_BYTES:
        raise ValueError("no signature")


def _of_macaroon(caveats: list[str]) -> Claims:
    root: str | None = None
    path: str | None = None
    ends: list[datetime] = []
    activities: set[str] | None = None
    ips: list[str] | None = None
    for caveat in caveats:
        key, _, value = caveat.partition(":")
        if key == "before":
            moment = _moment(value)
            if moment is not None:
                ends.append(moment)
        elif key == "root":
            # Each is seen from the one before; so are paths.
            root = _below(root or "/", value)
        elif key == "path":
            path = _below(path or "/", value)
        elif key == "activity":
            named = {name.strip() for name in value.split(",")}
            activities = named if activities is None else activities & named
        elif key == "ip":
            given = [each.strip() for each in value.split(",") if each.strip()]
            ips = given if ips is None else narrowed(ips, given)
    known = {name: place for place, name in enumerate(ACTIVITIES)}
    return Claims(
        kind="macaroon",
        expires=min(ends, default=None),
        root=None if root in (None, "/") else root,
        paths=() if path in (None, "/") else (path or "/",),
        activities=None
        if activities is None
        else tuple(sorted(activities, key=lambda name: (known.get(name, 99), name))),
        ips=tuple(ips or ()),
    )


def _of_jwt(payload: dict[str, Any]) -> Claims:
    expires = None
    if isinstance(payload.get("exp"), (int, float)):
        try:
            expires = datetime.fromtimestamp(payload["exp"], timezone.utc)
        except (ValueError, OverflowError, OSError):
            expires = None
    allowed: set[str] = set()
    paths: list[str] = []
    scope = payload.get("scope")
    for each in scope.split() if isinstance(scope, str) else ():
        name, _, path = each.partition(":")
        if name in _SCOPES:
            allowed.update(_SCOPES[name])
            paths.append(_below("/", path))
    # Without a storage scope what it allows is decided by groups, at dCache.
    return Claims(
        kind="oidc",
        expires=expires,
        paths=() if "/" in paths else tuple(dict.fromkeys(paths)),
        activities=tuple(name for name in ACTIVITIES if name in allowed) if allowed else None,
    )


def narrowed(first: list[str], second: list[str]) -> list[str]:
    """The addresses that are in both lists of addresses or networks."""
    both = []
    for one in map(network, first):
        for other in map(network, second):
            if one is None or other is None or one.version != other.version:
                continue
            if one.subnet_of(other):  # type: ignore[arg-type]
                both.append(str(one))
            elif other.subnet_of(one):  # type: ignore[arg-type]
                both.append(str(other))
    return [text.removesuffix("/32").removesuffix("/128") for text in dict.fromkeys(both)]


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """An address or network; None if it is none."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _jwt_payload(token: str) -> dict[str, Any] | None:
    parts = token.split(".")
    value: Any = None
    if len(parts) != 3:
        return None
    for part in parts[:2]:
        raw = _base64(part)
        try:
            value = json.loads(raw or b"")
        except (ValueError, RecursionError):
            return None
        if not isinstance(value, dict):
            return None
    return dict(value)


def _base64(text: str) -> bytes | None:
    """Both alphabets, with or without padding."""
    plain = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _moment(text: str) -> datetime | None:
    """ISO 8601 with up to nine digits of a second, as dCache writes it; it is UTC."""
    head, dot, fraction = text.strip().removesuffix("Z").partition(".")
    try:
        return from_iso(f"{head}{dot}{fraction[:6].ljust(6, '0') if dot else ''}+00:00")
    except ValueError:
        return None


def _below(folder: str, path: str) -> str:
    return posixpath.normpath("/" + folder.strip("/") + "/" + path.strip("/")).replace("//", "/")
