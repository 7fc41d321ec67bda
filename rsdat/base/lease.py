"""A lock between computers in plain files, for file systems on which flock is one computer's own.

Each holder makes a file with the next number, which only one can; the highest number holds. Who
releases it writes that into the file instead of removing it, so no number is ever given twice. As
long as it is held a thread touches it. A holder on another computer that has not done so for a
minute and a half is taken to be gone: longer than any command that it started may go on.

A computer that stops for so long and goes on later may find that somebody else acts. That is seen
when it next takes the lock, and not before.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import threading
from functools import cache
from pathlib import Path

from rsdat.base.files import PRIVATE_FILE, room_for

#: A holder is gone that has not shown up for so long.
STALE_S = 90.0
BEAT_S = 10.0


@cache
def this_computer() -> str:
    """What tells it from others, and from itself before it was started anew."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    with contextlib.suppress(OSError):
        return f"{socket.gethostname()} {boot.read_text(encoding='utf-8').strip()}"
    return socket.gethostname()


class Lease:
    """The right of one computer, among those that share a file system. `release` it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        _beat.add(file)

    @classmethod
    def take(cls, path: Path) -> Lease | None:
        """The lease on what `path` stands for; None while another computer has it. Blocks.

        The caller holds the flock on `path`: nobody else on this computer has the lease.

        Raises:
            NoSpace: There is no room for its file.
            FileNotFoundError: The folder is gone.
        """
        known = _numbers(path)
        last = max(known, default=0)
        if known and not _is_free(_file(path, last)):
            return None
        mine = _file(path, last + 1)
        try:
            with room_for(mine):
                descriptor = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        except FileExistsError:
            return None
        told = {"held": True, "computer": this_computer(), "pid": os.getpid()}
        # Who ends something must not need room: an empty file holds as well.
        with contextlib.suppress(OSError), os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(told, file)
        if max(_numbers(path), default=0) != last + 1:
            # What was listed first was old: others have come and gone since.
            mine.unlink(missing_ok=True)
            return None
        for number in known:
            _file(path, number).unlink(missing_ok=True)
        return cls(mine)

    def release(self) -> None:
        """Let others have it. No error where it has been taken away, or can't be written."""
        _beat.drop(self._file)
        with contextlib.suppress(OSError):
            descriptor = os.open(self._file, os.O_WRONLY | os.O_TRUNC)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"held": False}, file)


class _Beat:
    """Touches the files of all leases that are held, in a thread of its own while there are any."""

    def __init__(self) -> None:
        self._files: set[Path] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, file: Path) -> None:
        with self._changed:
            self._files.add(file)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="rsdat leases", daemon=True)
                self._thread.start()

    def drop(self, file: Path) -> None:
        with self._changed:
            self._files.discard(file)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: not self._files, timeout=BEAT_S)
                if not self._files:
                    self._thread = None
                    return
                files = list(self._files)
            for file in files:
                with contextlib.suppress(OSError):
                    os.utime(file)


_beat = _Beat()


def _file(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.lease.{number}")


def _numbers(path: Path) -> list[int]:
    prefix = f"{path.name}.lease."
    names = (each.name for each in path.parent.iterdir())
    ends = (name[len(prefix) :] for name in names if name.startswith(prefix))
    return [int(end) for end in ends if end.isdecimal()]


def _is_free(file: Path) -> bool:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        if not told["held"] or told["computer"] == this_computer():
            return True
    except FileNotFoundError:
        return False  # somebody has the next one
    except (ValueError, KeyError, TypeError):
        pass  # being written, or its writer died meanwhile: its age tells
    return _age_s(file) > STALE_S


def _age_s(file: Path) -> float:
    """How long ago a file was touched, by the clock of its disk."""
    probe = file.with_name(f"{file.name}.{secrets.token_hex(4)}.now")
    try:
        with room_for(probe):
            os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
        return probe.stat().st_mtime - file.stat().st_mtime
    except FileNotFoundError:
        return 0.0
    finally:
        probe.unlink(missing_ok=True)
