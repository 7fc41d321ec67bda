"""The folder that a cluster's jobs read: private, known to them, and gone with the keys."""

from __future__ import annotations

import stat
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from rsdat.base.clock import SystemClock
from rsdat.base.files import write_text
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.record import Record
from rsdat.queue.environment import job_environment


@pytest.fixture
def folder(tmp_path: Path) -> ClusterFolder:
    now = SystemClock().now()
    folder = ClusterFolder(tmp_path / "clusters" / "c0ffee00")
    folder.make(Record(id=folder.id, name="x", created=now, preset="p", groups=[]), now, _nothing)
    return folder


def _nothing(_: ClusterFolder) -> None:
    """No Dask configuration."""


def test_private_and_gone_at_the_end(folder: ClusterFolder) -> None:
    assert stat.S_IMODE(folder.shared.stat().st_mode) == 0o700
    folder.shared.chmod(0o755)
    assert folder.tighten() == ["shared"]
    (folder.shared / "dcache").mkdir()
    write_text(folder.shared / "dcache" / "token", "secret")
    (folder.path / ".shared.gone" / "x").mkdir(parents=True)  # an end that was cut off
    folder.drop_secrets()
    assert not [path for path in folder.path.rglob("*") if "shared" in path.name]
    folder.drop_secrets()


def test_who_writes_meanwhile_leaves_nothing(folder: ClusterFolder) -> None:
    """Its name is gone before its contents: no late secret stays behind."""
    stop = threading.Event()

    def write() -> None:
        with suppress(FileNotFoundError):
            while not stop.is_set():
                write_text(folder.shared / "token", "secret")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        folder.drop_secrets()
    finally:
        writer.join(10)
        stop.set()
    folder.drop_secrets()
    assert not [path for path in folder.path.rglob("*") if "token" in path.name]


def test_not_inherited() -> None:
    """A job of ours that starts a cluster of its own has another folder."""
    assert job_environment({"RSDAT_SHARED": "/x", "HOME": "/h"}) == {"HOME": "/h"}
