"""Workers read dCache with what the companion gave them: not their home, no environment."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from rsdat.base.files import write_text
from rsdat.clusters.connect import connect
from rsdat.dcache.shared import FOLDER
from rsdat.server import credentials
from tests.support.door import Door
from tests.support.server import Lab, until

pytestmark = pytest.mark.timeout(180)

REQUEST = {"workers": 1, "options": {"cores": 1, "memory": "600MiB", "walltime": "00:10:00"}}


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "EVERY_S", 0.2)


@pytest.fixture
def file(running_door: Door) -> Iterator[str]:
    """A file in dCache."""
    (running_door.root / "for-workers").write_text("hello")
    yield "/for-workers"
    running_door.forget()


async def cluster_of(lab: Lab) -> tuple[str, Path]:
    """A cluster with a worker: its id, and its folder that jobs can read."""
    made = await lab.call("POST", "/api/clusters", 201, value=REQUEST)

    async def connected() -> bool:
        cluster = await lab.call("GET", "/api/clusters/{id}", 200, id=made["id"])
        assert cluster["state"] in ("starting", "running"), cluster
        return bool(cluster["workers"]["connected"])

    await until(connected, within_s=90)
    home = lab.app.web_app.settings["rsdat_companion"].storage._home
    return made["id"], home / "clusters" / made["id"] / "shared"


async def end(lab: Lab, cluster_id: str) -> None:
    await lab.call("DELETE", "/api/clusters/{id}", 202, id=cluster_id)

    async def stopped() -> bool:
        cluster = await lab.call("GET", "/api/clusters/{id}", 200, id=cluster_id)
        return bool(cluster["state"] == "stopped")

    await until(stopped, within_s=90)


def on_worker(home: Path, cluster_id: str, options: dict[str, Any], path: str) -> str:
    """What a task reads there, or its error; the worker's own home is made unusable."""

    def task() -> str:
        import os

        import fsspec

        os.environ["RSDAT_HOME"] = "/nowhere/rsdat"
        for name in [name for name in os.environ if name.startswith(("FSSPEC_", "BEARER_"))]:
            del os.environ[name]
        try:
            return fsspec.filesystem("dcache", **options).cat_file(path).decode()
        except PermissionError:
            return "refused"

    client = connect(cluster_id, home=home)
    try:
        return str(client.submit(task, pure=False).result(timeout=60))
    finally:
        client.close()


async def test_only_the_notebook_is_configured(
    lab: Lab, rsdat_home: Path, running_door: Door, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By fsspec's configuration there, with a token as text."""
    configured = {
        "api_url": running_door.api_url,
        "webdav_url": running_door.webdav_url,
        "token": running_door.token,
    }
    monkeypatch.setattr("fsspec.config.conf", {"dcache": configured})
    cluster_id, shared = await cluster_of(lab)
    try:
        for options in (
            {},
            {"endpoint": "default"},
            {key: configured[key] for key in ("api_url", "webdav_url")},
        ):
            read = await asyncio.to_thread(on_worker, rsdat_home, cluster_id, options, file)
            assert read == "hello"
        assert not (rsdat_home / "endpoints.json").exists()
        for process in psutil.process_iter(["cmdline"]):
            # Nor in the arguments of a process, where everybody on the node could read it.
            assert running_door.token not in " ".join(process.info["cmdline"] or ())
        for path in (shared, *shared.rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    finally:
        await end(lab, cluster_id)
    assert not shared.exists()
    left = [path for path in shared.parent.rglob("*") if path.is_file()]
    assert left
    assert not [path for path in left if running_door.token in path.read_text(errors="replace")]


async def test_renewed_tokens_reach_the_workers(
    lab: Lab, rsdat_home: Path, running_door: Door, file: str, tmp_path: Path
) -> None:
    """By the panel at once, by hand soon after; one that can't be read changes nothing."""
    narrow = running_door.mint("/", "activity:LIST")
    good = running_door.mint("/", "activity:LIST,DOWNLOAD")
    own = tmp_path / "token"
    write_text(own, narrow)
    value = {"api_url": running_door.api_url, "token_file": str(own)}
    await lab.call("PUT", "/api/endpoints/{endpoint}", 201, value=value, endpoint="mine")
    cluster_id, shared = await cluster_of(lab)
    given = shared / FOLDER / "mine.token"
    # As a notebook's DCacheFileSystem travels that was told the file: it does not exist there.
    options = {**value, "webdav_url": running_door.webdav_url}

    async def read() -> str:
        return await asyncio.to_thread(on_worker, rsdat_home, cluster_id, options, file)

    try:
        assert await read() == "refused"
        await lab.call(
            "PUT", "/api/dcache/{endpoint}/token", 200, value={"token": good}, endpoint="mine"
        )
        assert given.read_text().strip() == good
        hidden = own.rename(tmp_path / "moved")
        assert await read() == "hello"
        await lab.app.web_app.settings["rsdat_companion"].credentials.look()
        assert given.read_text().strip() == good
        hidden.rename(own)
        write_text(own, narrow)
        await until(lambda: given.read_text().strip() == narrow)
        assert await read() == "refused"
        await lab.call("DELETE", "/api/endpoints/{endpoint}", 204, endpoint="mine")
        assert not given.exists()
    finally:
        await end(lab, cluster_id)
    assert shared.parent.is_dir()
    assert not shared.exists()
