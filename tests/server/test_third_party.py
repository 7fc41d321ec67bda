"""Copies between two dCaches: one pulls from the other by a macaroon for that file alone."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsdat.base.files import read_json, write_json
from tests.support.door import Door, door
from tests.support.handed import note_handed
from tests.support.transfers import Transfers

SIZE = 3_000_000


@pytest.fixture
def other(tmp_path: Path, dcache: Door, rsdat_home: Path) -> Iterator[Door]:
    """Another dCache, as the endpoint `other` beside `default`."""
    with door(tmp_path / "other") as running:
        known = read_json(rsdat_home / "endpoints.json", format_version=1)["endpoints"]
        running.write_endpoint(rsdat_home, name="other")
        known += read_json(rsdat_home / "endpoints.json", format_version=1)["endpoints"]
        write_json(rsdat_home / "endpoints.json", {"endpoints": known}, format_version=1)
        yield running


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What pools were given to identify themselves with."""
    return note_handed(monkeypatch)


def status(url: str, token: str, method: str = "GET") -> int:
    """What a door says to a bearer of a token; redirects count as leave."""
    head = {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, headers=head, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


async def test_by_macaroon(
    transfers: Transfers, folder: str, place: Path, dcache: Door, other: Door, handed: list[str]
) -> None:
    """No byte passes this computer; the macaroon reads that file, and nothing else."""
    body = os.urandom(SIZE)
    (other.root / "f").write_bytes(body)
    (other.root / "secret").write_bytes(b"x")
    other.forget()
    made = await transfers.begin("copy", source=("other", "/f"), destination=("default", folder))
    ended = await transfers.done(made["id"])
    assert ended["verified"] == "adler32"
    assert ended["way"] == {"by_doors": 1, "streamed": 0, "reasons": []}
    assert (place / "f").read_bytes() == body
    assert len(dcache.requests("redirect", "COPY")) == 1
    assert dcache.requests("", "PUT") == []
    (macaroon,) = handed
    assert macaroon not in (other.token, dcache.token)
    assert status(other.path_url("/f"), macaroon) == 200
    assert status(other.path_url("/secret"), macaroon) == 403
    assert status(other.path_url("/f"), macaroon, "DELETE") == 403
    assert (other.root / "f").exists()


async def test_without_macaroons(
    transfers: Transfers, folder: str, place: Path, dcache: Door, other: Door, handed: list[str]
) -> None:
    """A door that makes none: the bytes pass this computer, and no token leaves it."""
    body = os.urandom(SIZE)
    (other.root / "f").write_bytes(body)
    other.configure(plain_macaroons=False)
    made = await transfers.begin("copy", source=("other", "/f"), destination=("default", folder))
    ended = await transfers.done(made["id"])
    assert ended["verified"] == "adler32"
    assert ended["way"] == {
        "by_doors": 0,
        "streamed": 1,
        "reasons": ["dCache did not copy from 'other' to 'default' by itself"],
    }
    assert (place / "f").read_bytes() == body
    assert handed == []
    assert dcache.requests("redirect", "COPY") == []


async def test_pool_can_not_reach_the_other(
    transfers: Transfers, folder: str, place: Path, dcache: Door, other: Door
) -> None:
    """What a pull left is removed, and the bytes pass this computer."""
    body = os.urandom(SIZE)
    (other.root / "f").write_bytes(body)
    other.fault("cut_download", server="pool", at_bytes=SIZE // 2)
    made = await transfers.begin("copy", source=("other", "/f"), destination=("default", folder))
    assert (await transfers.done(made["id"]))["verified"] == "adler32"
    assert [path.name for path in place.iterdir()] == ["f"]
    assert (place / "f").read_bytes() == body
    assert len(dcache.requests("redirect", "COPY")) == 1
