"""Processes that outlive us: started detached, recognised again, ended with certainty."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from rsdat.base.files import PRIVATE_FILE

#: Children of this process, to be reaped: a dead child stays in the process table else.
_children: dict[int, subprocess.Popen[bytes]] = {}


def this_host() -> str:
    """The name of this computer, as processes are recorded with."""
    return socket.gethostname()


def start_detached(argv: Sequence[str], *, env: Mapping[str, str], log: Path, cwd: Path) -> int:
    """Start a process in a session of its own, its outputs appended to `log`; returns its id.

    It lives on when we die, however we die.

    Raises:
        OSError: The program can't be started.
    """
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)
    try:
        child = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            close_fds=True,
        )
    finally:
        os.close(descriptor)
    _children[child.pid] = child
    return child.pid


@cache
def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()


def birth(pid: int) -> str | None:
    """What tells a process from a later one with its id: boot and start time. None: not alive.

    Source: man proc, /proc/pid/stat, field 22; the name in field 2 may hold spaces and brackets.
    """
    child = _children.get(pid)
    if child is not None and child.poll() is not None:
        _children.pop(pid, None)  # two threads may look at once
        return None
    try:
        # Not by a Path: this is done for each cluster at each look, and that costs thrice as much.
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            fields = file.read().decode(errors="replace")
        boot = _boot()
    except (FileNotFoundError, ProcessLookupError):
        return None
    after_name = fields.rpartition(")")[2].split()
    if after_name[0] in ("Z", "X"):
        return None
    return f"{boot}:{after_name[19]}"


def alive(host: str, pid: int, born: str) -> bool | None:
    """Whether that very process lives; None where we can't see it, on another computer."""
    if host != this_host():
        return None
    return birth(pid) == born


def find_by_arguments(arguments: Sequence[str]) -> list[int]:
    """Processes of ours on this computer that have all these among their arguments."""
    found = []
    wanted = {argument.encode() for argument in arguments}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            given = set((folder / "cmdline").read_bytes().split(b"\0"))
            if wanted <= given and folder.stat().st_uid == os.getuid():
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def send_signal(host: str, pid: int, born: str, number: signal.Signals) -> None:
    """Send a signal to that very process; does nothing where it is gone or out of sight."""
    if alive(host, pid, born):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
