"""What tokens say of themselves: macaroons of both formats, OIDC tokens, anything else."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta, timezone

import pytest

from rsdat.dcache.macaroon import Claims, inspect, macaroon_caveats
from rsdat.demo.door.macaroons import Macaroon

NOW = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)
OBSERVED = ["iid:Xo", "id:1000;1000,1005;alice", "before:2026-06-02T12:00:00.123456789Z"]


def v1(*caveats: str) -> str:
    return Macaroon.make(b"secret", "identifier").add(*caveats).serialise()


def v2(*caveats: str, location: str = "") -> str:
    """libmacaroons' second binary format."""

    def field(kind: int, data: bytes) -> bytes:
        assert len(data) < 16384
        size = len(data)
        length = bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])
        return bytes([kind]) + length + data

    raw = b"\x02" + (field(1, location.encode()) if location else b"") + field(2, b"id") + b"\x00"
    for caveat in caveats:
        raw += field(2, caveat.encode()) + b"\x00"
    raw += b"\x00" + field(6, bytes(32))
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def jwt(**payload: object) -> str:
    parts = [{"alg": "RS256"}, payload]
    texts = [base64.urlsafe_b64encode(json.dumps(each).encode()).decode() for each in parts]
    return ".".join(text.rstrip("=") for text in texts) + ".c2ln"


@pytest.mark.parametrize("write", [v1, v2])
@pytest.mark.parametrize(
    ("caveats", "claims"),
    [
        ([], {}),
        (OBSERVED, {"expires": NOW + timedelta(days=1, microseconds=123456)}),
        (["before:2026-07-01T00:00:00Z", "before:2026-06-01T12:00:00Z"], {"expires": NOW}),
        (["before:nonsense"], {}),
        (["path:/users/alice"], {"paths": ("/users/alice",)}),
        (["path:/users/alice", "path:/sub"], {"paths": ("/users/alice/sub",)}),
        (["path:/"], {}),
        (["root:/pnfs/x", "path:/y"], {"root": "/pnfs/x", "paths": ("/y",)}),
        (["root:/pnfs", "root:/x"], {"root": "/pnfs/x"}),
        (["activity:LIST,DOWNLOAD"], {"activities": ("LIST", "DOWNLOAD")}),
        (["activity:DOWNLOAD,LIST,STAGE", "activity:LIST,UPLOAD"], {"activities": ("LIST",)}),
        (["activity:LIST", "activity:UPLOAD"], {"activities": ()}),
        (["ip:10.0.0.0/8,1.2.3.4"], {"ips": ("10.0.0.0/8", "1.2.3.4")}),
        (["ip:10.0.0.0/8", "ip:10.1.0.0/16,9.9.9.9"], {"ips": ("10.1.0.0/16",)}),
        (["max-upload:5", "home:/users/alice", "unknown"], {}),
    ],
)
def test_caveats(write: object, caveats: list[str], claims: dict[str, object]) -> None:
    assert callable(write)
    token = write(*caveats)
    assert macaroon_caveats(token) == caveats
    assert inspect(token) == Claims("macaroon", **claims)  # type: ignore[arg-type]


def test_long_caveats_and_locations() -> None:
    long = "path:/" + "x" * 300
    assert macaroon_caveats(v2(long, location="https://door.example")) == [long]
    assert macaroon_caveats(v1(long)) == [long]


def test_padding_and_both_alphabets() -> None:
    token = v1("path:/a?b>c~")
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for text in (base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
        assert macaroon_caveats(text.decode()) == ["path:/a?b>c~"]


@pytest.mark.parametrize(
    ("payload", "claims"),
    [
        ({"exp": NOW.timestamp()}, {"expires": NOW}),
        ({"exp": 1e300}, {}),
        ({"exp": "soon"}, {}),
        ({"scope": "openid profile"}, {}),
        (
            {"scope": "storage.read:/data storage.create:/data/new"},
            {
                "paths": ("/data", "/data/new"),
                "activities": ("LIST", "DOWNLOAD", "UPLOAD", "READ_METADATA"),
            },
        ),
        (
            {"scope": "storage.stage:/"},
            {"activities": ("LIST", "DOWNLOAD", "READ_METADATA", "STAGE")},
        ),
    ],
)
def test_oidc(payload: dict[str, object], claims: dict[str, object]) -> None:
    assert inspect(jwt(**payload)) == Claims("oidc", **claims)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "token",
    ["", "abc", "a.b.c", "é", "MDAxY2xv", "Ag", "AgI", "AgIC", v1("path:/x")[:-20], v2("a")[:-44]],
)
def test_opaque(token: str) -> None:
    """Cut and foreign ones; nothing of them breaks anything."""
    assert inspect(token) == Claims("opaque")


def test_noise() -> None:
    """Every cut of a macaroon, and every byte of it changed, is read or not, but never fails."""
    for token in (v1(*OBSERVED), v2(*OBSERVED)):
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        for place in range(len(raw)):
            inspect(base64.b64encode(raw[:place]).decode())
            changed = raw[:place] + bytes([raw[place] ^ 0xFF]) + raw[place + 1 :]
            inspect(base64.b64encode(changed).decode())


def test_ending() -> None:
    for left, ending, ended in ((25, False, False), (24, True, False), (0, True, True)):
        claims = Claims("opaque", NOW + timedelta(hours=left))
        assert (claims.is_ending(NOW), claims.has_ended(NOW)) == (ending, ended)
    assert not Claims("opaque").is_ending(NOW)
