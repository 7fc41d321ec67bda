"""A full disk under the clusters' folders: said as such, nothing half done, all can be ended."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsdat.base.errors import NoSpace
from rsdat.base.files import write_text
from tests.support.cluster_site import SMALL, ClusterSite, connected, living, stopped, until
from tests.support.slurm_site import SlurmSite

pytestmark = pytest.mark.timeout(240)


class SmallDisk:
    """A file system of 8 MiB."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Leave no block free."""
        with self._filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            for size in (65536, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"x" * size)
        with pytest.raises(OSError, match="No space"):
            (self.folder / "probe").write_text("x")
        (self.folder / "probe").unlink(missing_ok=True)

    def make_room(self) -> None:
        self._filler.unlink(missing_ok=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True, timeout=30).returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], timeout=30, check=True)


@pytest.fixture(params=["local", pytest.param("slurm", marks=pytest.mark.slurm)])
def small_home(
    request: pytest.FixtureRequest, disk: SmallDisk, monkeypatch: pytest.MonkeyPatch
) -> ClusterSite:
    """A home folder on the small disk."""
    if request.param == "slurm":
        slurm: SlurmSite = request.getfixturevalue("slurm_site")
        for key, value in slurm.env().items():
            monkeypatch.setenv(key, value)
    return ClusterSite(disk.folder / "home", request.param)


def test_wishes_on_a_full_disk(small_home: ClusterSite, disk: SmallDisk) -> None:
    """Making and scaling are refused in words; ending works; nothing is left."""

    async def life() -> None:
        async with small_home.only_manager() as manager:
            cluster_id = (await manager.create({"workers": 1, "options": SMALL}))["id"]
            await until(manager, cluster_id, connected(1))
            disk.fill()
            before = sorted((small_home.home / "clusters").iterdir())
            with pytest.raises(NoSpace) as refusal:
                await manager.create({"options": SMALL})
            assert refusal.value.status == 507
            assert "no space left" in refusal.value.message
            assert sorted((small_home.home / "clusters").iterdir()) == before
            with pytest.raises(NoSpace):
                await manager.change(cluster_id, {"workers": 3})
            cluster = await manager.get(cluster_id)
            assert cluster["workers"] | {"wanted": 1, "connected": 1} == cluster["workers"]
            assert (await manager.shutdown(cluster_id))["state"] == "stopping"
            cluster = await until(manager, cluster_id, lambda c: living(c) == [])
            deadline = time.monotonic() + 30
            while small_home.processes(cluster_id):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.1)
            disk.make_room()
            cluster = await until(manager, cluster_id, stopped)
            assert not (small_home.home / "clusters" / cluster_id / "tls").exists()

    asyncio.run(life())


@pytest.mark.slurm
def test_jobs_on_a_full_disk(
    slurm_home: ClusterSite, disk: SmallDisk, slurm_site: SlurmSite
) -> None:
    """None is submitted that can't be written down; one can be cancelled; then all goes on."""
    slurm_home.home = disk.folder / "home"
    held = {**SMALL, "directives": ["--hold"]}

    async def life() -> None:
        async with slurm_home.only_manager() as manager:
            cluster_id = (await manager.create({"workers": 2, "options": held}))["id"]
            await until(manager, cluster_id, lambda c: c["state"] == "running")
            cluster = await until(manager, cluster_id, lambda c: c["workers"]["queued"] == 2)
            disk.fill()
            (first, second) = living(cluster)
            with pytest.raises(NoSpace, match=f"Job {first} is cancelled"):
                await manager.act_on_job(cluster_id, first, "cancel")
            cluster = await until(
                manager,
                cluster_id,
                lambda c: c["diagnosis"] and "no space left" in c["diagnosis"]["message"],
            )
            await until(manager, cluster_id, lambda c: living(c) == [second])
            assert len(slurm_home.submissions()) == 1
            assert (await manager.list())["clusters"][0]["diagnosis"]["hint"]
            disk.make_room()
            cluster = await until(manager, cluster_id, lambda c: len(living(c)) == 2)
            assert len(slurm_home.submissions()) == 2
            await until(
                manager,
                cluster_id,
                lambda c: not c["diagnosis"] or "space" not in c["diagnosis"]["message"],
            )

    asyncio.run(life())


def test_a_quota_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    file = tmp_path / "cluster.json"
    file.write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NoSpace, match="quota is used up"):
        write_text(file, "new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]
