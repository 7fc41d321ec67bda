"""The time as the file system has it that all companions of a home folder share.

Companions on computers whose clocks differ compare the times that each other wrote down: how
fresh a submission is, how long a job has been leaving. The disk has one clock for all of them.
"""

from __future__ import annotations

import contextlib
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

from rsdat.base.clock import Clock, SystemClock
from rsdat.base.files import PRIVATE_FILE

#: Less is no difference: a busy file server takes its time.
_TOLERANCE = timedelta(seconds=2)


class DiskClock:
    """This computer's clock, put right by that of the disk.

    Args:
        folder: On the disk whose clock counts.
        base: This computer's clock.
    """

    def __init__(self, folder: Path, base: Clock | None = None) -> None:
        self._folder = folder
        self._base = base or SystemClock()
        self._ahead = timedelta(0)

    def measure(self) -> None:
        """Compare the two clocks; where the disk can't be written, the own one stands. Blocks."""
        probe = self._folder / ".clock"
        with contextlib.suppress(OSError):
            os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE))
            before = self._base.now()
            os.utime(probe)  # the file server's time, not ours
            took = self._base.now() - before
            disk = datetime.fromtimestamp(probe.stat().st_mtime, timezone.utc)
            ahead = before + took / 2 - disk
            self._ahead = ahead if abs(ahead) > _TOLERANCE + took else timedelta(0)

    def now(self) -> datetime:
        """Wall time of the disk, aware, UTC."""
        return self._base.now() - self._ahead

    def monotonic_s(self) -> float:
        """Seconds that never run backwards."""
        return self._base.monotonic_s()
