"""Macaroons as dCache writes them: version 1 packets, and the chain of HMACs that seals them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

# What dCache puts there: it prints a Java Optional that holds nothing.
LOCATION = "Optional.empty"
_KEY_GENERATOR = b"macaroons-key-generator"


class BadMacaroonError(ValueError):
    """The text is no macaroon."""


@dataclass(frozen=True)
class Macaroon:
    """An identifier, caveats in their order, and the seal over all of them."""

    location: str
    identifier: str
    caveats: tuple[str, ...]
    signature: bytes

    @classmethod
    def make(cls, secret: bytes, identifier: str, location: str = LOCATION) -> Macaroon:
        """One without caveats, sealed with `secret`."""
        key = _seal(_KEY_GENERATOR, secret)
        return cls(location, identifier, (), _seal(key, identifier.encode()))

    @classmethod
    def parse(cls, text: str) -> Macaroon:
        """The inverse of `serialise`; padding may be there or not. Proves nothing: see `verify`.

        Raises:
            BadMacaroonError: It isn't one.
        """
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            packets = _packets(raw)
            (first, location), (second, identifier), *rest, (last, signature) = packets
            caveats = tuple(value.decode() for _, value in rest)
            kinds = [first, second, *dict.fromkeys(kind for kind, _ in rest), last]
            if [kind for kind in kinds if kind != "cid"] != ["location", "identifier", "signature"]:
                raise BadMacaroonError("unknown packets")
            return cls(location.decode(), identifier.decode(), caveats, signature)
        except (binascii.Error, ValueError) as error:
            raise BadMacaroonError("not a macaroon") from error

    def serialise(self) -> str:
        """The text that a client carries: base64url without padding."""
        packets = [("location", self.location.encode()), ("identifier", self.identifier.encode())]
        packets += [("cid", caveat.encode()) for caveat in self.caveats]
        packets.append(("signature", self.signature))
        raw = b"".join(_packet(kind, value) for kind, value in packets)
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def add(self, *caveats: str) -> Macaroon:
        """Narrow it; anybody who holds it can."""
        signature = self.signature
        for caveat in caveats:
            signature = _seal(signature, caveat.encode())
        return Macaroon(self.location, self.identifier, (*self.caveats, *caveats), signature)

    def verify(self, secret: bytes) -> bool:
        """Whether it was made with this secret and has kept every caveat."""
        right = Macaroon.make(secret, self.identifier).add(*self.caveats)
        return hmac.compare_digest(right.signature, self.signature)


def _seal(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


def _packet(kind: str, value: bytes) -> bytes:
    body = kind.encode() + b" " + value + b"\n"
    return f"{len(body) + 4:04x}".encode() + body


def _packets(raw: bytes) -> list[tuple[str, bytes]]:
    found = []
    while raw:
        size = int(raw[:4], 16)
        if size < 6 or size > len(raw) or raw[size - 1 : size] != b"\n":
            raise BadMacaroonError("a packet is cut")
        kind, _, value = raw[4 : size - 1].partition(b" ")
        found.append((kind.decode(), value))
        raw = raw[size:]
    return found
