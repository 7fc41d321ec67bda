"""An archive that a fault of rsdat's own breaks off never looks like a whole one."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.simple_httpclient import HTTPStreamClosedError

from rsdat.dcache.transfers.archive import _Zip
from tests.support.server import check_error
from tests.support.transfers import Transfers

FAR_S = 8_000_000_000  # in the year 2223


async def test_file_of_a_far_time(transfers: Transfers, folder: str, place: Path) -> None:
    """It is in there, and so is what comes after it."""
    for name in ("a", "b"):
        (place / name).write_bytes(name.encode())
    os.utime(place / "a", (FAR_S, FAR_S))
    made = await transfers.begin(
        "download", source=("default", f"{folder}/a", f"{folder}/b"), format="zip"
    )
    response = await transfers.fetch(made["id"])
    with zipfile.ZipFile(io.BytesIO(response.body)) as found:
        assert {name: found.read(name) for name in found.namelist()} == {"a": b"a", "b": b"b"}
    await transfers.done(made["id"])


async def test_bug_in_the_middle(
    transfers: Transfers, folder: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is cut, and the transfer doesn't blame the browser."""
    (place / "a").write_bytes(b"a")

    def end(_: _Zip) -> Iterator[bytes]:
        yield b"x"
        raise ZeroDivisionError

    monkeypatch.setattr(_Zip, "end", end)
    made = await transfers.begin("download", source=("default", f"{folder}/a"), format="zip")
    with pytest.raises(HTTPStreamClosedError):
        await transfers.fetch(made["id"])
    ended = await transfers.until(made["id"])
    assert (ended["state"], ended["can"]) == ("failed", ["retry", "forget"])
    assert "inside rsdat (ZeroDivisionError)" in ended["problem"]["message"]


async def test_bug_at_the_begin(
    transfers: Transfers, folder: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While there is time for it, it is answered as an error."""
    (place / "a").write_bytes(b"a")

    def begin(*_: object) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr(_Zip, "begin", begin)
    made = await transfers.begin("download", source=("default", f"{folder}/a"), format="zip")
    check_error(await transfers.fetch(made["id"]), 500, "internal")
    assert (await transfers.until(made["id"]))["state"] == "failed"
