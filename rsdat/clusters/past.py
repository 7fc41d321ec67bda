"""Clusters that have stopped: what is known of them, deleting them, and for how long they stay."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rsdat.base.clock import to_iso
from rsdat.base.errors import Conflict, NotFound
from rsdat.base.lock import Lock
from rsdat.clusters.diagnosis.schedulerjob import why_it_failed
from rsdat.clusters.folder import ClusterFolder, cluster_folders
from rsdat.clusters.naming import is_id
from rsdat.clusters.record import Record
from rsdat.clusters.retention import Kept, Limits, too_much

_log = logging.getLogger(__name__)

#: One pass of `tidy` deletes for so long and no more folders; the rest is for the next.
TIDY_S = 30.0
TIDY_MOST = 500
_DOOMED = ".deleted-"
_LOCK_WAIT_S = 3.0


@dataclass
class _Seen:
    """A past cluster as it was read. `size`: bytes of its folder, None until somebody asks."""

    stamp: int
    view: dict[str, Any]
    ended: datetime
    size: int | None = None


class PastClusters:
    """All past clusters below a home folder. All methods block: call them in a thread.

    Nothing of a stopped cluster changes any more, so each record is read once.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._seen: dict[str, _Seen | None] = {}
        self._stamps: dict[str, int] = {}
        self._looking = threading.Lock()

    def list(self) -> dict[str, Any]:
        """The `PastList` of docs/api.yaml, the latest first."""
        past = list(self._look().values())
        past.sort(key=lambda seen: (seen.ended, seen.view["id"]), reverse=True)
        return {"clusters": [seen.view for seen in past]}

    def tidy(self, limits: Limits, now: datetime, cancelled: Callable[[], bool]) -> Sequence[str]:
        """Delete, oldest first, what is older or more than wanted; ids of what was deleted.

        Living clusters and damaged records are left alone. One pass is bounded in time.

        Args:
            limits: How long and how much stays.
            now: The time.
            cancelled: Whether to leave the rest for another time.
        """
        until_s = time.monotonic() + TIDY_S
        self._sweep()
        kept = []
        for cluster_id, seen in self._look().items():
            if cancelled() or time.monotonic() > until_s:
                continue
            if seen.size is None and limits.size_bytes is not None:
                seen.size = _size(self._home / "clusters" / cluster_id)
            kept.append(Kept(cluster_id, seen.ended, seen.size or 0))
        deleted = []
        for each, why in too_much(kept, limits, now)[:TIDY_MOST]:
            if cancelled() or time.monotonic() > until_s:
                break
            with contextlib.suppress(Conflict, NotFound, OSError):
                self.delete(each.id)
                deleted.append(each.id)
                _log.warning(
                    "Cluster %s, ended %s, was deleted: %s", each.id, to_iso(each.ended), why
                )
        return deleted

    def delete(self, cluster_id: str, *, damaged_too: bool = False) -> None:
        """Delete the folder of a cluster that has stopped.

        Args:
            cluster_id: Whose.
            damaged_too: Also one whose record can't be read; the caller has seen to it that
                nothing of it lives.

        Raises:
            NotFound: There is no such cluster.
            Conflict: It has not stopped, or another companion is at it.
        """
        folder = ClusterFolder(self._home / "clusters" / cluster_id)
        if not is_id(cluster_id) or not folder.path.is_dir():
            raise NotFound(f"There is no cluster '{cluster_id}'")
        doomed = folder.path.with_name(f"{_DOOMED}{cluster_id}-{secrets.token_hex(4)}")
        with _held(folder):
            try:
                record = folder.read_record()
            except Conflict as error:
                if not damaged_too or error.code != "damaged_file":
                    raise
            except NotFound:
                if not damaged_too:
                    raise
            else:
                if record.phase != "stopped":
                    raise Conflict(
                        f"'{record.name}' has not stopped",
                        hint="Shut it down first.",
                        code="not_stopped",
                    )
            # Gone in one step: nobody ever sees half a cluster.
            folder.path.rename(doomed)
        # After the locks: files that are held open can't leave a folder on NFS.
        shutil.rmtree(doomed, ignore_errors=True)

    def _look(self) -> dict[str, _Seen]:
        with self._looking:
            self._read_new()
            return {id_: seen for id_, seen in self._seen.items() if seen is not None}

    def _read_new(self) -> None:
        folders = cluster_folders(self._home)
        here = {folder.id for folder in folders}
        for gone in set(self._stamps) - here:
            self._seen.pop(gone, None)
            self._stamps.pop(gone, None)
        for folder in folders:
            try:
                stamp = folder.record_stamp()
                if stamp == 0 or self._stamps.get(folder.id) == stamp:
                    continue
                record = folder.read_record()
                self._seen[folder.id] = _read(record, folder, stamp)
                self._stamps[folder.id] = stamp
            except (Conflict, NotFound, OSError):
                # Damaged ones are told of among the clusters.
                self._seen[folder.id] = None

    def _sweep(self) -> None:
        """Take away what an earlier deletion did not get done."""
        root = self._home / "clusters"
        if root.is_dir():
            for path in root.iterdir():
                if path.name.startswith(_DOOMED):
                    shutil.rmtree(path, ignore_errors=True)


def past_view(record: Record) -> dict[str, Any]:
    """The `PastCluster` of docs/api.yaml."""
    return {
        "id": record.id,
        "name": record.name,
        "created": to_iso(record.created),
        "ended": to_iso(record.stopped) if record.stopped else None,
        "end": {"code": record.end_reason or "unknown", "message": _why(record)},
        "preset": record.preset,
        "mode": record.mode,
        "groups": [
            {
                "name": group.name,
                "workers": group.wanted_before_end,
                "adapt": (
                    {"minimum": group.adapt_before_end[0], "maximum": group.adapt_before_end[1]}
                    if group.adapt_before_end
                    else None
                ),
                "options": {} if record.attached else group.options.as_request(),
                "resources": dict(group.resources),
            }
            for group in record.groups
        ],
        "jobs": {"total": record.jobs_ended, "failed": record.jobs_failed},
        "cost": {"core_hours": round(record.spent_core_s / 3600, 4)},
    }


def _why(record: Record) -> str:
    if record.end_reason == "asked":
        return "Shut down by you" if record.attached is None else "Detached by you"
    if record.end_reason == "idle":
        return "Shut down by itself after it had been idle"
    if record.end_reason == "failed":
        told = record.problem or {}
        return told.get("message") or why_it_failed(record) or "Its scheduler failed"
    return "Not known"


def _read(record: Record, folder: ClusterFolder, stamp: int) -> _Seen | None:
    if record.phase != "stopped":
        return None
    ended = record.stopped
    if ended is None:
        ended = datetime.fromtimestamp(folder.record_file.stat().st_mtime, record.created.tzinfo)
    return _Seen(stamp, past_view(record), ended)


def _size(path: Path) -> int:
    size = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118 - many files
    return size


@contextlib.contextmanager
def _held(folder: ClusterFolder) -> Any:
    """Nobody else acts for the cluster or writes its record meanwhile."""
    locks: list[Lock] = []
    deadline = time.monotonic() + _LOCK_WAIT_S
    try:
        for name in (".act.lock", ".record.lock"):
            while (lock := Lock.take(folder.path / name)) is None:
                if time.monotonic() > deadline:
                    raise Conflict(
                        "Another rsdat is busy with this cluster",
                        hint="Try again in a moment.",
                    )
                time.sleep(0.02)
            locks.append(lock)
        yield
    finally:
        for lock in locks:
            lock.release()
