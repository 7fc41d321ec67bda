"""What won't pass by waiting is told after the first attempt."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from rsdat.base.errors import DoorBroken
from rsdat.dcache import write
from rsdat.dcache.entry import Entry
from rsdat.dcache.transfers import carry
from tests.support.door import Door
from tests.support.transfers import Transfers


@pytest.mark.parametrize(
    ("code", "lasts"),
    [
        ("cut", False),
        ("unreachable", False),
        ("timeout", False),
        ("broken_upload", False),
        ("unverified", True),
        ("not_dcache", True),
        ("certificate", True),
        ("unavailable", True),
    ],
)
async def test_pause(code: str, lasts: bool) -> None:
    """It is worth an attempt, or not."""
    attempts = iter((0.0,))
    error = DoorBroken("x", code=code)
    if not lasts:
        await carry.pause(attempts, error)
    with pytest.raises(DoorBroken):
        await carry.pause(attempts, error)


@pytest.mark.parametrize("way", ["up", "over"])
async def test_dcache_without_checksums(
    transfers: Transfers,
    folder: str,
    place: Path,
    dcache: Door,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    """It keeps none tomorrow either: no byte is sent twice."""
    monkeypatch.setattr(carry, "PAUSES_S", (0.0,) * 7)
    check = write._check_upload

    def unchecked(path: str, uploaded: Entry, size: int, adler32: str) -> None:
        check(path, dataclasses.replace(uploaded, checksums={}), size, adler32)

    monkeypatch.setattr(write, "_check_upload", unchecked)
    (place / "to").mkdir()
    (place / "f" if way == "over" else transfers.root / "f").write_bytes(b"bytes")
    for _ in range(2):
        dcache.fault("status", method="COPY", status=501)
    made = await transfers.begin(
        "copy",
        source=("default", f"{folder}/f") if way == "over" else (None, "f"),
        destination=("default", f"{folder}/to"),
    )
    ended = await transfers.until(made["id"])
    assert ended["state"] == "failed"
    assert "does not say which bytes" in ended["problem"]["message"]
    assert len(dcache.requests("pool", "PUT")) == 1
