"""The cluster's folder: whole or absent, one writer at a time, logs and nothing but logs."""

from __future__ import annotations

import asyncio
import errno
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rsdat.base.errors import Conflict, NotFound
from rsdat.base.lock import Lock
from rsdat.clusters.dask_config import write_config
from rsdat.clusters.folder import ClusterFolder, cluster_folders
from rsdat.clusters.link import SchedulerLink, scheduler_address
from rsdat.clusters.logs import MAX_PART_BYTES, read_part
from rsdat.clusters.record import Record
from tests.support.cluster_parts import ID, NOW, record


@pytest.fixture
def folder(tmp_path: Path) -> ClusterFolder:
    made = ClusterFolder(tmp_path / "clusters" / ID)
    made.make(record(0), NOW, write_config)
    return made


def test_changes_by_many_at_once_are_all_kept(folder: ClusterFolder) -> None:
    def add(_: int) -> None:
        def change(record: Record) -> None:
            record.first.wanted += 1

        ClusterFolder(folder.path).update(change)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert folder.read_record().wanted == 40


def test_only_one_may_act(folder: ClusterFolder) -> None:
    lock = asyncio.run(folder.take_act_lock())
    assert lock is not None
    assert asyncio.run(ClusterFolder(folder.path).take_act_lock()) is None
    lock.release()
    again = asyncio.run(folder.take_act_lock())
    assert again is not None
    again.release()


def test_a_change_that_fails_changes_nothing(folder: ClusterFolder) -> None:
    before = folder.record_file.read_bytes()

    def refuse(record: Record) -> None:
        record.first.wanted = 9
        raise Conflict("no")

    with pytest.raises(Conflict):
        folder.update(refuse)
    assert folder.record_file.read_bytes() == before
    folder.update(lambda record: None)


def test_a_folder_half_made_is_no_cluster(tmp_path: Path) -> None:
    def fail(folder: ClusterFolder) -> None:
        raise OSError("disk full")

    made = ClusterFolder(tmp_path / "clusters" / ID)
    with pytest.raises(OSError, match="disk full"):
        made.make(record(0), NOW, fail)
    assert cluster_folders(tmp_path) == []


def test_damaged_records_are_said_to_be(folder: ClusterFolder) -> None:
    for text in ("{", "[]", '{"format": 1}', '{"format": 99}'):
        folder.record_file.write_text(text)
        with pytest.raises(Conflict):
            folder.read_record()


@pytest.mark.parametrize(
    "facts", [None, {}, {"address": None}, {"address": "tcp://127.0.0.1:1"}, {"address": 5}]
)
def test_only_tls_addresses_are_contacted(facts: dict[str, object] | None) -> None:
    assert scheduler_address(facts) is None


def test_half_a_scheduler_file_is_none(folder: ClusterFolder) -> None:
    folder.scheduler_file.write_text('{"address": "tls://127.0')
    assert SchedulerLink.open(folder) is None


def test_logs_by_parts(folder: ClusterFolder) -> None:
    log = folder.logs / "7_0.log"
    log.write_bytes(b"x" * MAX_PART_BYTES + b"end")
    first = read_part(folder, "7_0", 0)
    assert (len(first.text), first.next_offset) == (MAX_PART_BYTES, MAX_PART_BYTES)
    assert read_part(folder, "7_0", first.next_offset).text == b"end"
    assert read_part(folder, "7_0", -3).text == b"end"
    assert read_part(folder, "7_0", -(10**9)).next_offset == MAX_PART_BYTES
    past = read_part(folder, "7_0", 10**9)
    assert (past.text, past.next_offset, past.size) == (b"", past.size, MAX_PART_BYTES + 3)


@pytest.mark.parametrize(
    "source", ["../cluster", "..", "", "7_0/../../cluster.json", "scheduler.log", "7", "٧_0", "7_1"]
)
def test_nothing_but_logs_is_read(folder: ClusterFolder, source: str) -> None:
    with pytest.raises(NotFound):
        read_part(folder, source, 0)


def test_a_log_that_is_a_link_is_not_followed(folder: ClusterFolder) -> None:
    (folder.logs / "7_0.log").symlink_to("/etc/passwd")
    with pytest.raises(NotFound):
        read_part(folder, "7_0", 0)


def test_what_others_could_read_is_made_private_again(folder: ClusterFolder) -> None:
    assert folder.tighten() == []
    folder.path.chmod(0o755)
    folder.key_file.chmod(0o644)
    assert folder.tighten() == [".", "tls/key.pem"]
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert folder.key_file.stat().st_mode & 0o777 == 0o600
    assert folder.tighten() == []


def test_a_file_system_without_locks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lustre mounted without `flock`."""

    def none(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("rsdat.base.lock.fcntl.flock", none)
    with pytest.raises(Conflict, match="no locks") as refusal:
        Lock.take(tmp_path / ".act.lock")
    assert "RSDAT_HOME" in (refusal.value.hint or "")
