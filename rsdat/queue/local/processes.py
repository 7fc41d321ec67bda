"""Processes of this computer, told apart for good: an id alone is soon somebody else's."""

from __future__ import annotations

import os
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_PROC = Path("/proc")
# Fields of /proc/PID/stat behind the program's name (man proc): state is 0.
_SESSION = 3
_BORN = 19


@dataclass(frozen=True)
class Process:
    """One process, across restarts of programs and of the computer.

    Attributes:
        host: The computer.
        boot: Its boot id; `born` counts from there.
        pid: The process id.
        born: When it started, in clock ticks since boot.
    """

    host: str
    boot: str
    pid: int
    born: int

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process that has this id now; None if it has ended."""
        born = _born(pid)
        return None if born is None else cls(socket.gethostname(), _boot(), pid, born)

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Process:
        """The inverse of `as_dict`."""
        return cls(value["host"], value["boot"], value["pid"], value["born"])

    def as_dict(self) -> dict[str, Any]:
        """For a JSON file."""
        return asdict(self)

    def is_here(self) -> bool:
        """It is, or was, a process of this computer: one home folder may serve several."""
        return self.host == socket.gethostname()

    def is_alive(self) -> bool:
        """It runs on this computer; ended processes that nobody waited for do not."""
        return self.is_here() and self.boot == _boot() and _born(self.pid) == self.born

    def send(self, number: int) -> bool:
        """Send a signal to it alone; whether it was there."""
        return self.is_alive() and send(self.pid, number)


def send(pid: int, number: int) -> bool:
    """Send a signal; whether that process was there."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def sessions() -> dict[int, list[int]]:
    """All live processes by session.

    A session carries the id of the process that began it. The kernel gives that id to nobody
    else while the beginner lives, or has ended and its parent has not yet asked how.
    """
    found: dict[int, list[int]] = {}
    for folder in _PROC.glob("[0-9]*"):
        fields = _stat(int(folder.name))
        if fields and fields[0] not in "ZX":
            found.setdefault(int(fields[_SESSION]), []).append(int(folder.name))
    return found


def _stat(pid: int) -> list[str] | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def _born(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[_BORN]) if fields and fields[0] not in "ZX" else None


def _boot() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except FileNotFoundError:  # some containers hide it
        return ""
