"""Transfers outlive the companion that began them: killed, stopped, or one of two."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.companion import Companion
from tests.support.door import Door

MIB = 1 << 20
LIMIT_S = 60.0


@pytest.fixture
def home(site: Door, tmp_path: Path) -> Path:
    """An RSDAT_HOME that knows the stand-in, and a workspace beside it."""
    path = tmp_path / "home"
    site.write_endpoint(path)
    (tmp_path / "workspace").mkdir()
    return path


@contextmanager
def companion(home: Path) -> Iterator[Companion]:
    """One that only transfers."""
    root = str(home.parent / "workspace")
    with Companion(home, root, program="tests.support.transferring") as running:
        yield running


def until(condition: Callable[[], Any]) -> Any:
    """Wait for something in other processes."""
    end = time.monotonic() + LIMIT_S
    while not (value := condition()):
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)
    return value


def ended(one: Companion, id_: str) -> Any:
    """The transfer once it has ended."""

    def look() -> Any:
        transfer = one.do("get", id_)
        return None if transfer["state"] in ("waiting", "running", "asking") else transfer

    return until(look)


def copy(source: tuple[str | None, str], destination: tuple[str | None, str], **more: Any) -> Any:
    """A request."""
    return {
        "kind": "copy",
        "source": {"endpoint": source[0], "paths": [source[1]]},
        "destination": {"endpoint": destination[0], "paths": [destination[1]]},
        "conflict": "ask",
        **more,
    }


def fill(folder: Path, count: int, size: int) -> dict[str, bytes]:
    folder.mkdir()
    files = {f"f{number}": os.urandom(size) for number in range(count)}
    for name, body in files.items():
        (folder / name).write_bytes(body)
    return files


def whole(folder: Path) -> dict[str, bytes]:
    """Files that have their names."""
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if not path.name.startswith(".rsdat-")
    }


def parts(folder: Path) -> list[Path]:
    return list(folder.glob(".rsdat-*")) if folder.is_dir() else []


def size(file: Path) -> int:
    """Nothing once it has been renamed."""
    with suppress(FileNotFoundError):
        return file.stat().st_size
    return 0


@pytest.mark.parametrize("way", ["down", "up", "over"])
def test_killed_in_the_middle(home: Path, site: Door, folder: str, way: str) -> None:
    """No half file has its name; the next companion does the rest, and no file twice."""
    root, place = home.parent / "workspace", site.root / folder[1:]
    files = fill(root / "t" if way == "up" else place / "t", 10, 2 * MIB)
    (place / "to").mkdir()
    source = (None, "t") if way == "up" else ("default", f"{folder}/t")
    destination = (None, "") if way == "down" else ("default", f"{folder}/to")
    goal = (root if way == "down" else place / "to") / "t"
    site.configure(bytes_per_s=2 * MIB)
    try:
        with companion(home) as first:
            id_ = first.do("create", copy(source, destination))["id"]
            until(lambda: goal.is_dir() and whole(goal) and parts(goal))
            first.kill()
        for name, body in whole(goal).items():
            assert body == files[name]
        before = {path: path.stat().st_mtime_ns for path in goal.glob("f*")}
    finally:
        site.configure(bytes_per_s=None)
    with companion(home) as second:
        transfer = ended(second, id_)
        assert (transfer["state"], transfer["verified"]) == ("done", "adler32"), transfer
        assert transfer["files"] == {"total": 11, "done": 11, "skipped": 0, "failed": 0}
    assert whole(goal) == files
    assert {path: path.stat().st_mtime_ns for path in before} == before
    if way == "down":
        assert not parts(goal)


def test_parts_are_gone_on_from(home: Path, site: Door, folder: str) -> None:
    """What had arrived of a file is not fetched again."""
    place, root = site.root / folder[1:], home.parent / "workspace"
    files = fill(place / "t", 1, 12 * MIB)
    site.configure(bytes_per_s=4 * MIB)
    with companion(home) as first:
        id_ = first.do("create", copy(("default", f"{folder}/t"), (None, "")))["id"]
        until(lambda: sum(size(part) for part in parts(root / "t")) >= 3 * MIB)
        first.kill()
    site.configure(bytes_per_s=None)
    site.forget()
    with companion(home) as second:
        assert ended(second, id_)["verified"] == "adler32"
    assert whole(root / "t") == files
    # The pool may still be noting the request that was killed.
    (fetched,) = [each for each in site.requests("pool", "GET") if each["status"]]
    assert int(fetched["range"].removeprefix("bytes=").split("-")[0]) >= 3 * MIB


def test_cancelled_after_the_kill(home: Path, site: Door, folder: str) -> None:
    """The parts of the first life are removed by the second."""
    place, root = site.root / folder[1:], home.parent / "workspace"
    fill(place / "t", 4, 4 * MIB)
    site.configure(bytes_per_s=4 * MIB)
    try:
        with companion(home) as first:
            id_ = first.do("create", copy(("default", f"{folder}/t"), (None, "")))["id"]
            until(lambda: len(parts(root / "t")) == 4)
            first.kill()
        with companion(home) as second:
            assert second.do("cancel", id_)["state"] == "cancelled"
            assert not parts(root / "t")
            second.do("forget", id_)
            assert second.do("all") == []
    finally:
        site.configure(bytes_per_s=None)
    assert not list((home / "transfers").iterdir())


def test_what_lives_on_the_page_is_interrupted(home: Path, site: Door, folder: str) -> None:
    """Uploads and downloads say that they start over."""
    (site.root / folder[1:] / "f").write_bytes(b"x")
    with companion(home) as first:
        up = first.do(
            "create",
            {
                "kind": "upload",
                "destination": {"endpoint": "default", "paths": [folder]},
                "files": [{"path": "a", "size": 1}],
            },
        )
        down = first.do(
            "create",
            {
                "kind": "download",
                "source": {"endpoint": "default", "paths": [f"{folder}/f"]},
                "format": "file",
            },
        )
        archive = first.do(
            "create",
            {
                "kind": "download",
                "source": {"endpoint": "default", "paths": [folder]},
                "format": "zip",
            },
        )
        first.kill()
    hints = {
        up["id"]: "same files",
        down["id"]: "resume it where the browser offers that",
        archive["id"]: "an archive can't be gone on with, all of it comes again",
    }
    with companion(home) as second:
        for each in (up, down, archive):
            transfer = second.do("get", each["id"])
            assert transfer["state"] == "interrupted"
            assert transfer["problem"]["hint"].startswith("Start over")
            assert hints[each["id"]] in transfer["problem"]["hint"]
            assert transfer["can"] == ["retry", "forget"]
            assert second.do("retry", each["id"])["state"] == "waiting"


def test_two_companions(home: Path, site: Door, folder: str) -> None:
    """Both show it, one acts for it; when that one is gone the other does."""
    place, root = site.root / folder[1:], home.parent / "workspace"
    files = fill(place / "t", 4, 4 * MIB)
    site.configure(bytes_per_s=4 * MIB)
    with companion(home) as one, companion(home) as other:
        id_ = one.do("create", copy(("default", f"{folder}/t"), (None, "")))["id"]
        (seen,) = other.do("all")
        assert (seen["id"], seen["can"]) == (id_, [])
        other.tell("cancel", id_)
        assert "Another Jupyter server" in other.answer()["error"]
        until(lambda: parts(root / "t"))
        one.kill()
        site.configure(bytes_per_s=None)
        assert other.do("cancel", id_)["can"] == ["retry", "forget"]
        other.do("retry", id_)
        assert ended(other, id_)["state"] == "done"
    assert whole(root / "t") == files


def test_asks_again_after_a_kill(home: Path, site: Door, folder: str) -> None:
    """A question that nobody answered; what was said for all is remembered."""
    place, root = site.root / folder[1:], home.parent / "workspace"
    files = fill(place / "t", 3, 100)
    (root / "t").mkdir()
    for name in files:
        (root / "t" / name).write_bytes(b"old")
    with companion(home) as first:
        id_ = first.do("create", copy(("default", f"{folder}/t"), (None, "")))["id"]
        until(lambda: first.do("get", id_)["state"] == "asking")
        first.kill()
    with companion(home) as second:
        asking = until(lambda: second.do("get", id_)["question"])
        second.do("answer", id_, asking["path"], "replace", True)
        assert ended(second, id_)["state"] == "done"
    assert whole(root / "t") == files


def test_records_are_private_and_readable(home: Path, site: Door, folder: str) -> None:
    """0600 in 0700, no secret in them; a damaged one harms no other."""
    (site.root / folder[1:] / "f").write_bytes(b"x")
    with companion(home) as first:
        id_ = first.do("create", copy(("default", f"{folder}/f"), (None, "")))["id"]
        ended(first, id_)
        until(
            lambda: not (home / "transfers" / id_ / "transfer.json").read_text().count('"running"')
        )
    files = [path for path in (home / "transfers").rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert path.stat().st_mode & 0o777 == 0o600, path
        assert site.token not in path.read_text()
    assert (home / "transfers" / id_).stat().st_mode & 0o777 == 0o700
    broken = home / "transfers" / "broken"
    broken.mkdir()
    (broken / "transfer.json").write_text("{")
    with companion(home) as second:
        assert [each["id"] for each in second.do("all")] == [id_]
