"""Zip and tar made while they are sent."""

from __future__ import annotations

import io
import tarfile
import zipfile
from datetime import datetime, timezone

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
