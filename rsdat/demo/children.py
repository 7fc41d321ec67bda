"""The processes of a demo: started, recorded, recognised after a crash, ended."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rsdat.base.errors import DoorBroken
from rsdat.base.files import PRIVATE_FILE, read_json, write_json
from rsdat.base.process import alive, birth, send_signal, this_host
from rsdat.demo.door.serve import ADDRESS_FILE
from rsdat.demo.folder import DemoFolder

FORMAT = 1
DOOR_READY_S = 30.0
END_S = 10.0
_POLL_S = 0.05


class Records:
    """Which processes an earlier or this start has left running, by their part in the demo."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def put(self, part: str, pid: int) -> None:
        """Keep a process that was just started."""
        records = self._read()
        records[part] = {"host": this_host(), "pid": pid, "born": birth(pid) or ""}
        write_json(self._file, {"processes": records}, format_version=FORMAT)

    def lives(self, part: str) -> bool:
        """Whether the recorded process, and no later one with its id, is alive here."""
        record = self._read().get(part)
        return bool(record and alive(record["host"], record["pid"], record["born"]))

    def pid(self, part: str) -> int | None:
        """Process id of the recorded process while that lives."""
        return int(self._read()[part]["pid"]) if self.lives(part) else None

    def end(self, part: str) -> None:
        """End the recorded process, gently first; does nothing where it is gone."""
        record = self._read().get(part)
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self.lives(part) or record is None:
                return
            send_signal(record["host"], record["pid"], record["born"], number)
            limit = time.monotonic() + END_S
            while self.lives(part) and time.monotonic() < limit:
                time.sleep(_POLL_S)

    def _read(self) -> dict[str, Any]:
        try:
            processes = read_json(self._file, format_version=FORMAT)["processes"]
        except FileNotFoundError:
            return {}
        return dict(processes)


def ensure_door(folder: DemoFolder, records: Records) -> Mapping[str, str]:
    """A running stand-in's `api_url` and `webdav_url`: the one of a crashed start, or a new one.

    It has a session of its own: Ctrl-C in the terminal must not end it while Lab still runs,
    and clusters that outlive a crash of Lab go on reading from it.

    Raises:
        DoorBroken: It did not become ready.
    """
    if records.lives("door"):
        with contextlib.suppress(FileNotFoundError):
            return read_json(folder.door_state / ADDRESS_FILE, format_version=1)
        records.end("door")
    argv = [
        *(sys.executable, "-m", "rsdat.demo.door"),
        *("--root", os.fspath(folder.dcache)),
        *("--state", os.fspath(folder.door_state)),
        *("--token-file", os.fspath(folder.token_file)),
    ]
    log = folder.path / "door.log"
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as errors:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    records.put("door", child.pid)
    line = _first_line(child, DOOR_READY_S)
    if not line:
        child.kill()
        child.wait(END_S)
        raise DoorBroken(
            "the dCache stand-in did not start", hint=f"{log} may say why.", code="door_not_started"
        )
    addresses: dict[str, str] = json.loads(line)
    return addresses


def _first_line(child: subprocess.Popen[bytes], timeout_s: float) -> bytes:
    """What the child says when it is ready; empty if it ends, or takes too long, before."""
    assert child.stdout is not None  # noqa: S101 - it is a pipe
    limit = time.monotonic() + timeout_s
    said = b""
    with child.stdout as pipe:
        while not said.endswith(b"\n"):
            readable, _, _ = select.select([pipe], [], [], max(0.0, limit - time.monotonic()))
            part = os.read(pipe.fileno(), 65536) if readable else b""
            if not part:
                return b""
            said += part
    return said
