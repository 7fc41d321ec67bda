"""Watching credentials: when pages are told, what workers' folders get, what costs nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.errors import QueueSilent
from rsdat.base.files import private_folder, write_json, write_text
from rsdat.demo.door.macaroons import Macaroon
from rsdat.server.credentials import CredentialWatch, warnings_due
from rsdat.server.storage import Storage

START = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)
URLS = {"api_url": "http://127.0.0.1:9/api/v1", "webdav_url": "http://127.0.0.1:9"}


class MovedClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def monotonic_s(self) -> float:
        return (self.moment - START).total_seconds()


class Watched:
    """A watch over a home folder, looked with by hand."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.clock = MovedClock()
        self.told: list[str] = []
        self.folders: list[Path] = []
        self.silent = False
        self.watch = CredentialWatch(Storage(home), self.shared, self.told.append, self.clock)

    async def shared(self) -> Sequence[Path]:
        if self.silent:
            raise QueueSilent("Slurm did not answer")
        return self.folders

    def configure(self, *endpoints: dict[str, Any]) -> None:
        write_json(self.home / "endpoints.json", {"endpoints": endpoints}, format_version=1)

    def cluster(self, name: str) -> Path:
        folder = private_folder(self.home / "clusters" / name / "shared")
        self.folders.append(folder)
        return folder

    def look(self) -> list[str]:
        """One look; what was told since the last."""
        asyncio.run(self.watch.look())
        told = self.told[:]
        self.told.clear()
        return told


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setattr("fsspec.config.conf", {})
    for name in ("BEARER_TOKEN", "BEARER_TOKEN_FILE", "XDG_RUNTIME_DIR", "X509_USER_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return Watched(private_folder(tmp_path / "home"))


def macaroon(ends: timedelta) -> str:
    moment = (START + ends).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Macaroon.make(b"secret", "id").add(f"before:{moment}").serialise()


def read(folder: Path) -> dict[str, Any]:
    """What workers find: endpoints by name, with their secrets."""
    found = {}
    for each in json.loads((folder / "dcache/endpoints.json").read_text())["endpoints"]:
        files = [each[key] for key in each if key.endswith("_file")]
        secrets = [(folder / "dcache" / file).read_text().strip() for file in files]
        found[each["name"]] = (*secrets, each.get("username"))
    return found


def test_the_end_is_told_three_times(watched: Watched) -> None:
    """A day before, an hour before, and when it is there; once each."""
    write_text(watched.home / "t", macaroon(timedelta(days=3)))
    watched.configure({"name": "a", **URLS, "token_file": "t"})
    told = []
    for hours in (0, 1, 47, 48, 49, 70, 71, 71.5, 72, 73):
        watched.clock.moment = START + timedelta(hours=hours)
        told.append((hours, watched.look()))
    assert [hours for hours, names in told if names == ["a"]] == [48, 71, 72]
    assert [names for _, names in told if names not in ([], ["a"])] == []


def test_a_changed_file_is_told(watched: Watched) -> None:
    write_text(watched.home / "t", "one")
    write_text(watched.home / "u", "other")
    watched.configure(
        {"name": "a", **URLS, "token_file": "t"}, {"name": "b", **URLS, "token_file": "u"}
    )
    assert watched.look() == []
    write_text(watched.home / "t", "two")
    assert watched.look() == ["a"]
    assert watched.look() == []
    (watched.home / "t").unlink()
    assert watched.look() == ["a"]


def test_endpoints_that_come_and_go_are_told(watched: Watched) -> None:
    """Another Jupyter server on this home, or an editor, changed endpoints.json."""
    watched.configure({"name": "a", **URLS})
    assert watched.look() == []
    watched.configure({"name": "b", **URLS}, {"name": "c", **URLS})
    assert watched.look() == ["a", "b", "c"]
    assert watched.look() == []


def test_warnings() -> None:
    assert warnings_due(None, START) == 0
    for left, due in ((25, 0), (24, 1), (1, 2), (0, 3), (-5, 3)):
        assert warnings_due(START + timedelta(hours=left), START) == due


def test_every_kind_of_credential_is_handed_over(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = watched.home
    write_text(home / "t", "from-file\n")
    write_text(home / "p", "päss\n")
    write_text(home / "r", "[s]\ntype = webdav\nurl = http://127.0.0.1:9\nbearer_token = from-r\n")
    write_text(home / "n", "machine 127.0.0.1 login bob password from-netrc\n")
    write_text(home / "x", "a proxy")
    watched.configure(
        {"name": "token", **URLS, "token_file": "t"},
        {"name": "password", **URLS, "username": "alice", "password_file": "p"},
        {"name": "rclone", **URLS, "rclone_config": "r"},
        {"name": "netrc", **URLS, "netrc_file": "n"},
        {"name": "proxy", **URLS, "proxy_file": "x"},
        {"name": "command", **URLS, "token_command": "echo from-command"},
        {"name": "none", **URLS},
    )
    folder = watched.cluster("c1")
    watched.look()
    assert read(folder) == {
        "token": ("from-file", None),
        "password": ("päss", "alice"),
        "rclone": ("from-r", None),
        "netrc": ("from-netrc", "bob"),
        "proxy": ("a proxy", None),
        "command": ("from-command", None),
        "none": (None,),
    }


def test_only_what_changed_is_written(watched: Watched) -> None:
    write_text(watched.home / "t", "one")
    watched.configure({"name": "a", **URLS, "token_file": "t"})
    first = watched.cluster("c1")
    watched.look()
    before = (first / "dcache/a.token").stat().st_ino
    second = watched.cluster("c2")
    watched.look()
    assert (first / "dcache/a.token").stat().st_ino == before
    assert read(second) == {"a": ("one", None)}
    write_text(watched.home / "t", "two")
    watched.look()
    assert read(first) == read(second) == {"a": ("two", None)}


def test_bad_days(watched: Watched) -> None:
    """What can't be read changes nothing for the workers; a cluster that ended is not made anew."""
    write_text(watched.home / "t", "one")
    watched.configure({"name": "a", **URLS, "token_file": "t"})
    folder = watched.cluster("c1")
    watched.look()
    (watched.home / "t").chmod(0o644)
    watched.look()
    assert read(folder) == {"a": ("one", None)}
    (watched.home / "endpoints.json").write_text("{")
    watched.look()
    assert read(folder) == {"a": ("one", None)}
    watched.configure({"name": "b", **URLS})
    watched.silent = True
    watched.look()
    assert read(folder) == {"a": ("one", None)}
    watched.silent = False
    gone = watched.cluster("c2")
    gone.rmdir()
    watched.look()
    assert read(folder) == {"b": (None,)}
    assert not gone.exists()
    assert not (folder / "dcache/a.token").exists()


def test_an_address_is_asked_for_once(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one address only; dCache is not polled for the other."""
    asked: list[str] = []
    storage = watched.watch._storage
    complete = storage.endpoint

    async def counted(name: str) -> Any:
        asked.append(name)
        return await complete(name)

    monkeypatch.setattr(storage, "endpoint", counted)
    watched.configure({"name": "a", "api_url": URLS["api_url"]})
    folder = watched.cluster("c1")
    for _ in range(3):
        watched.look()
    assert asked == ["a"]
    assert not (folder / "dcache").exists()


async def test_it_looks_when_a_cluster_comes(watched: Watched) -> None:
    """At once, and no more often than clusters come and go."""
    watched.configure({"name": "a", **URLS})
    looked = asyncio.Event()
    look = watched.watch.look

    async def told() -> None:
        await look()
        looked.set()

    watched.watch.look = told  # type: ignore[method-assign]
    watched.watch.start()
    await asyncio.wait_for(looked.wait(), 10)
    folder = watched.cluster("c1")
    looked.clear()
    watched.watch.clusters_changed()
    await asyncio.wait_for(looked.wait(), 10)
    assert read(folder) == {"a": (None,)}
    await watched.watch.stop()
    watched.watch.clusters_changed()
    assert watched.watch._task is None


@pytest.mark.parametrize("later", range(6))
def test_it_stops_while_a_cluster_goes(watched: Watched, later: int) -> None:
    """In the very moment in which it is woken, too: Jupyter waits for its end."""

    async def main() -> None:
        folder = watched.cluster("one")
        looked = asyncio.Event()
        watch = CredentialWatch(Storage(watched.home), watched.shared, watched.told.append)
        look = watch.look

        async def noted() -> None:
            await look()
            looked.set()

        watch.look = noted  # type: ignore[method-assign]
        watch.start()
        await looked.wait()
        # It waits for news, or for its time.
        await asyncio.sleep(0.01)
        watched.folders.remove(folder)
        watch.clusters_changed()
        for _ in range(later):
            await asyncio.sleep(0)
        await asyncio.wait_for(watch.stop(), 5)

    asyncio.run(main())
