"""Leases between computers, simulated: flocks that others do not see, and a name for each."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rsdat.base import lease as leases
from rsdat.base import lock as locks
from rsdat.base.lease import Lease
from rsdat.base.lock import Lock
from rsdat.base.mounts import is_flock_local, mount_of, parse_mounts

ROOT = Path(__file__).resolve().parents[2]
MOUNTS = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:50 / /lustre rw shared:2 - lustre mds@tcp:/fs rw,flock,lazystatfs
31 22 0:51 / /lustre/scratch\040one rw - lustre mds@tcp:/s rw,localflock
32 22 0:52 / /home rw,nosuid - nfs4 server:/home rw,vers=4.2,local_lock=none
33 22 0:53 / /old rw - nfs server:/old rw,vers=3,nolock,local_lock=all
34 22 0:54 / /bee rw - beegfs beegfs_nodev rw,cfgFile=%s
35 22 0:55 / /home/me rw - beegfs beegfs_nodev rw,cfgFile=/nowhere
36 22 0:56 / /home/me rw - ceph mon:/ rw
not a line
"""


@pytest.mark.parametrize(
    ("folder", "kind", "local"),
    [
        ("/data", "ext4", False),
        ("/lustre/me", "lustre", False),
        ("/lustre/scratch one/me", "lustre", True),
        ("/lustre/scratch", "lustre", False),
        ("/home/you/.rsdat", "nfs4", False),
        ("/home/me/.rsdat", "ceph", False),
        ("/old", "nfs", True),
        ("/bee/me", "beegfs", True),
    ],
)
def test_where_flock_is_one_computers_own(folder: str, kind: str, local: bool) -> None:
    mount = mount_of(Path(folder), parse_mounts(MOUNTS))
    assert mount is not None
    assert (mount.kind, is_flock_local(mount)) == (kind, local)


@pytest.mark.parametrize(
    ("line", "local"),
    [
        ("tuneUseGlobalFileLocks = true", False),
        ("tuneUseGlobalFileLocks = false", True),
        ("", True),
    ],
)
def test_beegfs_is_as_configured(tmp_path: Path, line: str, local: bool) -> None:
    config = tmp_path / "client.conf"
    config.write_text(f"# tuneUseGlobalFileLocks = true\n{line}\n")
    assert is_flock_local(mount_of(Path("/bee"), parse_mounts(MOUNTS % config))) is local


class Computers:
    """Says on which one we are."""

    here = "one"


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Computers:
    computers = Computers()
    monkeypatch.setattr(leases, "this_computer", lambda: computers.here)
    monkeypatch.setattr(locks, "flock_is_local", lambda _: True)
    return computers


def test_one_at_a_time_and_no_number_twice(tmp_path: Path, on: Computers) -> None:
    path = tmp_path / "lock"
    for number in range(1, 4):
        on.here = f"number {number}"
        held = Lease.take(path)
        assert held is not None
        assert [file.name for file in tmp_path.iterdir()] == [f"lock.lease.{number}"]
        on.here = "another"
        assert Lease.take(path) is None
        held.release()


def test_a_holder_that_is_gone(tmp_path: Path, on: Computers) -> None:
    """On this computer the flock has told that already; on another one it takes its time."""
    path = tmp_path / "lock"
    assert Lease.take(path) is not None
    again = Lease.take(path)
    assert again is not None
    on.here = "another"
    (file,) = tmp_path.iterdir()
    for age_s, taken in ((leases.STALE_S - 10, False), (leases.STALE_S + 10, True)):
        os.utime(file, (time.time() - age_s,) * 2)
        assert (Lease.take(path) is not None) is taken
    again.release()  # it is not its own any more, and stays the other's
    on.here = "a third"
    assert Lease.take(path) is None


def test_a_holder_that_died_as_it_took_it(tmp_path: Path, on: Computers) -> None:
    path = tmp_path / "lock"
    empty = tmp_path / "lock.lease.7"
    empty.touch()
    assert Lease.take(path) is None
    os.utime(empty, (0, 0))
    assert Lease.take(path) is not None
    assert not empty.exists()


def test_who_holds_it_shows_up(
    tmp_path: Path, on: Computers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "BEAT_S", 0.05)
    held = Lease.take(tmp_path / "lock")
    assert held is not None
    (file,) = tmp_path.iterdir()
    os.utime(file, (0, 0))
    deadline = time.monotonic() + 10
    while file.stat().st_mtime == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    held.release()


def test_an_old_list_of_the_folder_gives_nobody_the_lock(
    tmp_path: Path, on: Computers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As network file systems may show it: others have come and gone since."""
    (tmp_path / "lock.lease.9").write_text('{"held": false}')
    numbers = leases._numbers
    lists = [[4], None]
    (tmp_path / "lock.lease.4").write_text('{"held": false}')
    monkeypatch.setattr(leases, "_numbers", lambda path: lists.pop(0) or numbers(path))
    assert Lease.take(tmp_path / "lock") is None
    assert not (tmp_path / "lock.lease.5").exists()


def test_a_lock_is_both(tmp_path: Path, on: Computers, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock"
    lock = Lock.take(path)
    assert lock is not None
    assert Lock.take(path) is None
    on.here = "another"
    monkeypatch.setattr(locks.fcntl, "flock", lambda *_: None)
    assert Lock.take(path) is None
    lock.release()
    other = Lock.take(path)
    assert other is not None
    other.release()
    assert Lock.take(tmp_path / "gone" / "lock") is None


COUNT = """\
import os, sys, time
from pathlib import Path
from tests.support.companion import _move_to
from rsdat.base.lock import Lock

_move_to(sys.argv[1])
file, path, rounds = Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
for _ in range(rounds):
    while (lock := Lock.take(path)) is None:
        time.sleep(0.001)
    count = int(file.read_text())
    time.sleep(0.001)
    file.write_text(str(count + 1))
    lock.release()
"""


def test_computers_that_count_together(tmp_path: Path) -> None:
    file, rounds, computers = tmp_path / "count", 25, 3
    file.write_text("0")
    with contextlib.ExitStack() as stack:
        counting = [
            stack.enter_context(
                subprocess.Popen(
                    [
                        *(sys.executable, "-c", COUNT, f"computer {number}", str(file)),
                        *(str(tmp_path / "lock"), str(rounds)),
                    ],
                    cwd=ROOT,
                )
            )
            for number in range(computers)
        ]
        for each in counting:
            assert each.wait(60) == 0
    assert file.read_text() == str(computers * rounds)
