"""The folder of one cluster: where each file lies, who may change it, and how.

Two locks, both released by the kernel when their holder dies:
`act` is held by the one companion that submits, cancels, retires; others only look meanwhile.
`record` is held for the moment in which `cluster.json` is read, changed and replaced.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from rsdat.base.clock import to_iso
from rsdat.base.errors import Conflict, NoSpace, NotFound
from rsdat.base.files import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    private_folder,
    read_json,
    room_for,
    write_bytes,
    write_json,
    write_text,
)
from rsdat.base.lock import Lock
from rsdat.base.secret import Secret
from rsdat.clusters.certificate import make_certificate
from rsdat.clusters.formats import FORMAT, up_to_date
from rsdat.clusters.naming import is_id
from rsdat.clusters.record import Record

_RECORD_LOCK_WAIT_S = 10.0
PRELOADS = (
    "rsdat_scheduler.py",
    "rsdat_worker.py",
    "rsdat_nanny.py",
    "rsdat_start.py",
    "rsdat_clients.py",
    "rsdat_pulse.py",
)


class ClusterFolder:
    """Paths and files of one cluster. All methods block: call them in a thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name
        self.record_file = path / "cluster.json"
        self.scheduler_file = path / "scheduler.json"
        self.certificate_file = path / "tls" / "certificate.pem"
        self.key_file = path / "tls" / "key.pem"
        self.secret_file = path / "dashboard.key"
        self.dask = path / "dask"
        self.preloads = path / "preloads"
        self.logs = path / "logs"
        self.scripts = path / "scripts"
        #: A file for each job that left by itself before its walltime.
        self.left = path / "left"
        self.events_file = path / "events.jsonl"
        self.scheduler_log = self.logs / "scheduler.log"
        #: Tells the nannies that the whole cluster goes, and nobody is there to take their data.
        self.stopping_file = path / "stopping"
        #: What the companion gives to the jobs, who know it as `RSDAT_SHARED`: it may hold secrets.
        self.shared = path / "shared"

    def make(
        self, record: Record, now: datetime, configure: Callable[[ClusterFolder], None]
    ) -> None:
        """Make the folder with its keys; the record is written last, and makes it a cluster.

        Args:
            record: The first one.
            now: From when on the keys are valid.
            configure: Writes the Dask configuration into it.

        Raises:
            FileExistsError: The id is taken.
            NoSpace: There is no room for it; nothing is left of it.
        """
        private_folder(self.path.parent)
        with room_for(self.path):
            self.path.mkdir(mode=PRIVATE_FOLDER)
        try:
            for name in ("tls", "dask", "preloads", "logs", "scripts", "left", "shared"):
                private_folder(self.path / name)
            certificate, key = make_certificate(self.id, now)
            write_bytes(self.key_file, key)
            write_bytes(self.certificate_file, certificate)
            write_text(self.secret_file, secrets.token_urlsafe(32))
            shipped = resources.files("rsdat.clusters.preloads")
            for name in PRELOADS:
                # Copied, because the workers' Python may have no rsdat.
                write_text(self.preloads / name, shipped.joinpath(name).read_text("utf-8"))
            configure(self)
            self.write_record(record)
        except BaseException:
            shutil.rmtree(self.path, ignore_errors=True)
            raise

    def make_bare(self, record: Record) -> None:
        """Make the folder of a cluster that is somebody else's: no keys, no scripts.

        Raises:
            FileExistsError: The id is taken.
        """
        private_folder(self.path.parent)
        self.path.mkdir(mode=PRIVATE_FOLDER)
        try:
            private_folder(self.logs)
            self.write_record(record)
        except BaseException:
            shutil.rmtree(self.path, ignore_errors=True)
            raise

    def tighten(self) -> list[str]:
        """Take from others what a copy, a restored backup or a careless `chmod -R` gave them.

        Returns:
            What was open, as paths within the folder; `.` is the folder itself.
        """
        opened = []
        private = (self.record_file, self.key_file, self.certificate_file, self.secret_file)
        for path, mode in (
            (self.path, PRIVATE_FOLDER),
            (self.path / "tls", PRIVATE_FOLDER),
            (self.shared, PRIVATE_FOLDER),
            *((file, PRIVATE_FILE) for file in private),
        ):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mode & 0o077:
                    path.chmod(mode)
                    opened.append(str(path.relative_to(self.path)))
        return opened

    def read_record(self) -> Record:
        """What `cluster.json` says.

        Raises:
            NotFound: There is no such cluster.
            Conflict: It is damaged, or from a newer rsdat.
        """
        return self._read()[1]

    def _read(self) -> tuple[dict[str, Any], Record]:
        try:
            value = read_json(self.record_file, format_version=FORMAT)
            return value, Record.from_dict(up_to_date(value))
        except FileNotFoundError as error:
            raise NotFound(f"There is no cluster '{self.id}'") from error
        except (KeyError, TypeError, ValueError) as error:
            raise Conflict("cluster.json is damaged", code="damaged_file") from error

    def write_record(self, record: Record) -> None:
        """Replace `cluster.json`. Only before anybody knows the folder; else `update`."""
        write_json(self.record_file, record.as_dict(), format_version=FORMAT)

    def record_stamp(self) -> int:
        """Changes whenever the record was replaced; 0 where there is none."""
        try:
            stat = self.record_file.stat()
        except FileNotFoundError:
            return 0
        return stat.st_mtime_ns ^ stat.st_ino

    def update(self, change: Callable[[Record], None]) -> Record:
        """Read the record, let `change` change it, and replace it, alone. Returns the new one.

        Raises:
            NotFound: The cluster is gone.
            Conflict: Another companion held it for too long.
            NoSpace: There is no room for the new one; the old one stands.
            RsdatError: What `change` raises; the record then stays as it was.
        """
        with self._record_lock():
            before, record = self._read()
            change(record)
            after = record.as_dict()
            if {"format": FORMAT, **after} != before:
                write_json(self.record_file, after, format_version=FORMAT)
            return record

    def note(self, change: Callable[[Record], None], known: Record | None = None) -> Record:
        """As `update`, for what may be lost: where there is no room, only `known` is changed.

        Args:
            change: Changes the record.
            known: What the caller holds; read anew if not given.
        """
        try:
            return self.update(change)
        except NoSpace:
            record = known or self.read_record()
            change(record)
            return record

    @contextmanager
    def _record_lock(self) -> Iterator[None]:
        deadline = time.monotonic() + _RECORD_LOCK_WAIT_S
        while True:
            lock = Lock.take(self.path / ".record.lock")
            if lock is not None:
                break
            if time.monotonic() > deadline:
                raise Conflict(
                    f"Another rsdat has held the cluster's file for {_RECORD_LOCK_WAIT_S:g} s",
                    hint="Try again; else look for a hung Jupyter server of yours.",
                )
            time.sleep(0.01)
        try:
            yield
        finally:
            lock.release()

    async def take_act_lock(self) -> Lock | None:
        """The right to act for the cluster, or None while another companion has it."""
        return await Lock.take_aside(self.path / ".act.lock")

    def read_scheduler_file(self) -> dict[str, Any] | None:
        """What the scheduler wrote; None while there is nothing whole."""
        try:
            value = json.loads(self.scheduler_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return value if isinstance(value, dict) else None

    def read_secret(self) -> Secret | None:
        """What opens the dashboard; None once the cluster has stopped."""
        try:
            return Secret(self.secret_file.read_text(encoding="utf-8").strip())
        except FileNotFoundError:
            return None

    def drop_secrets(self) -> None:
        """Delete keys and secret of a cluster that has ended. Logs and record stay."""
        shutil.rmtree(self.path / "tls", ignore_errors=True)
        gone = self.path / ".shared.gone"
        shutil.rmtree(gone, ignore_errors=True)  # of an end that was cut off
        with suppress(OSError):
            # Away from its name first: what is being written there must find nothing to go into.
            self.shared.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
        for file in (self.secret_file, self.scheduler_file, self.stopping_file):
            file.unlink(missing_ok=True)

    def add_event(self, now: datetime, what: str, **facts: Any) -> None:
        """Append one line to `events.jsonl`. Facts are JSON values, never secrets.

        A chronicle for people: what was done stays done where it can't be written.
        """
        line = json.dumps({"at": to_iso(now), "what": what, **facts})
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with suppress(OSError):
            descriptor = os.open(self.events_file, flags, PRIVATE_FILE)
            try:
                os.write(descriptor, line.encode() + b"\n")
            finally:
                os.close(descriptor)


def cluster_folders(home: Path) -> list[ClusterFolder]:
    """All folders below `clusters/` that may hold a cluster, stopped ones too."""
    root = home / "clusters"
    if not root.is_dir():
        return []
    return [
        ClusterFolder(path) for path in sorted(root.iterdir()) if path.is_dir() and is_id(path.name)
    ]
