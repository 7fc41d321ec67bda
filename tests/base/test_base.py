"""Units, secrets, files and errors."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import time
from pathlib import Path

import pytest

from rsdat.base.errors import Conflict, InvalidInput, NoSpace, Refused
from rsdat.base.files import private_folder, read_json, write_bytes, write_json
from rsdat.base.run import CommandMissing, CommandTimeout, run
from rsdat.base.secret import Secret
from rsdat.base.units import (
    format_bytes,
    format_span,
    format_walltime,
    parse_bytes,
    parse_walltime_s,
)


@pytest.mark.parametrize(
    ("text", "size"),
    [("30GiB", 30 * 2**30), ("8G", 8 * 2**30), ("4GB", 4 * 10**9), ("1.5 MiB", 1572864), ("7", 7)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "GiB", "-1GB", "1 parsec", "1e3"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not a size"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 1800),
        ("30:05", 1805),
        ("1:00:00", 3600),
        ("2-", None),
        ("2-12", 216000),
        ("1-01:02:03", 90123),
    ],
)
def test_walltimes(text: str, seconds: int | None) -> None:
    if seconds is None:
        with pytest.raises(InvalidInput):
            parse_walltime_s(text)
    else:
        assert parse_walltime_s(text) == seconds


def test_unlimited_walltime_is_no_limit() -> None:
    assert parse_walltime_s("UNLIMITED") is None


@pytest.mark.parametrize("seconds", [0, 59, 3600, 86399, 86400, 90123])
def test_walltime_round_trip(seconds: int) -> None:
    assert parse_walltime_s(format_walltime(seconds)) == seconds


def test_format_bytes() -> None:
    assert [format_bytes(n) for n in (0, 1023, 1536, 8 * 2**30)] == [
        "0 B",
        "1023 B",
        "1.5 KiB",
        "8 GiB",
    ]


def test_secret_shows_itself_nowhere() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]}"
    assert secret.reveal() == "hunter2"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(secret)


def test_errors_cross_process_borders_whole() -> None:
    error = Refused("no", hint="ask", code="limit", limit=3)
    again = pickle.loads(pickle.dumps(error))
    assert again.as_dict() == error.as_dict()
    assert again.as_dict()["details"] == {"code": "limit", "limit": 3}


def test_files_are_private_and_whole(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "a" / "b")
    file = folder / "x.json"
    write_json(file, {"a": 1}, format_version=1)
    assert read_json(file, format_version=1) == {"format": 1, "a": 1}
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.parent.stat().st_mode & 0o777 == 0o700


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x"
    write_bytes(file, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NoSpace, match="no space left"):
        write_bytes(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}'])
def test_damaged_files_are_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cluster.json"
    file.write_text(text)
    with pytest.raises(Conflict, match=r"cluster\.json"):
        read_json(file, format_version=1)


def test_newer_format_is_refused(tmp_path: Path) -> None:
    write_json(tmp_path / "x", {}, format_version=2)
    with pytest.raises(Conflict, match="newer rsdat"):
        read_json(tmp_path / "x", format_version=1)


def test_run_keeps_both_outputs() -> None:
    done = asyncio.run(run(["sh", "-c", "cat; echo no >&2; exit 3"], timeout_s=10, stdin="yes"))
    assert (done.returncode, done.stdout, done.stderr) == (3, "yes", "no\n")


def test_run_names_a_missing_program() -> None:
    with pytest.raises(CommandMissing, match="no-such-program"):
        asyncio.run(run(["no-such-program"], timeout_s=1))


def test_run_kills_the_whole_group_at_its_limit(tmp_path: Path) -> None:
    """A child of the command that holds the pipe open must not hold us."""
    pid_file = tmp_path / "pid"
    began = time.monotonic()
    with pytest.raises(CommandTimeout, match="no answer within"):
        asyncio.run(run(["sh", "-c", f"sleep 60 & echo $! > {pid_file}; wait"], timeout_s=3))
    assert time.monotonic() - began < 30
    child = int(pid_file.read_text())
    deadline = time.monotonic() + 20
    with contextlib.suppress(OSError):  # it is gone
        while time.monotonic() < deadline:
            if Path(f"/proc/{child}/stat").read_text().split()[2] == "Z":
                return  # ended, waiting for whoever adopted it
    assert not Path(f"/proc/{child}").exists()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (5400, "1 h 30 min"),
        (7201, "2 h 1 s"),
        (86400, "24 h"),
        (172800, "2 days"),
        (432000, "5 days"),
        (190800, "2 days 5 h"),
    ],
)
def test_spans_in_words(seconds: int, words: str) -> None:
    assert format_span(seconds) == words
