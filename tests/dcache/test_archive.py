"""Zip and tar made while they are sent."""

from __future__ import annotations

import gc
import io
import sys
import tarfile
import zipfile
from datetime import datetime, timezone
from typing import Any

import pytest

from rsdat.dcache.transfers.archive import archive


def dated(year: int, month: int = 1, day: int = 1) -> datetime:
    """A day."""
    return datetime(year, month, day, tzinfo=timezone.utc)


def made(format_: str, modified: datetime | None) -> bytes:
    """An archive with one file."""
    writer = archive(format_)
    parts = [writer.begin("f", 2, modified), bytes(writer.data(b"ab")), *writer.end()]
    return b"".join([*parts, writer.close()])


@pytest.mark.parametrize(
    ("modified", "shown"),
    [
        (None, (1980, 1, 1, 0, 0, 0)),
        (dated(1601), (1980, 1, 1, 0, 0, 0)),
        (dated(2026, 5, 4), (2026, 5, 4, 0, 0, 0)),
        (dated(2107, 12, 31), (2107, 12, 31, 0, 0, 0)),
        (dated(2108), (2107, 12, 31, 23, 59, 58)),
        (datetime.max.replace(tzinfo=timezone.utc), (2107, 12, 31, 23, 59, 58)),
    ],
)
def test_times_of_zip(modified: datetime | None, shown: tuple[int, ...]) -> None:
    """It has none before 1980, nor after 2107."""
    with zipfile.ZipFile(io.BytesIO(made("zip", modified))) as found:
        assert found.testzip() is None
        assert found.getinfo("f").date_time == shown
        assert found.read("f") == b"ab"


@pytest.mark.parametrize("year", [1, 1601, 1969, 2026, 2108, 2300, 9999])
def test_times_of_tar(year: int) -> None:
    """It has all of them."""
    with tarfile.open(fileobj=io.BytesIO(made("tar", dated(year)))) as found:
        member = found.getmember("f")
        file = found.extractfile(member)
        assert file is not None
        assert file.read() == b"ab"
        assert member.mtime == dated(year).timestamp()


@pytest.mark.parametrize("format_", ["zip", "tar"])
def test_dropped_in_the_middle(format_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser left: nothing complains of that in the log."""
    complaints: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    writer: Any = archive(format_)
    writer.begin("f", 2, None)
    writer.data(b"a")
    writer.drop()
    if format_ == "zip":
        writer._zip.circle = writer  # as a traceback makes one: collected in any order
    del writer
    gc.collect()
    assert complaints == []
