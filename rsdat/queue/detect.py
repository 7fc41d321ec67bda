"""Which queue this computer has."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from rsdat.base.errors import InvalidInput
from rsdat.queue.interface import Queue
from rsdat.queue.local.queue import LocalQueue
from rsdat.queue.slurm.queue import SlurmQueue


def detect_queue(home: Path) -> Queue:
    """Slurm where `sbatch` is on the PATH, else this computer itself.

    `RSDAT_QUEUE=slurm` or `=local` forces one of them.

    Args:
        home: rsdat's home folder; the local queue keeps its records below it.

    Raises:
        InvalidInput: `RSDAT_QUEUE` holds something else.
    """
    wanted = os.environ.get("RSDAT_QUEUE") or ("slurm" if shutil.which("sbatch") else "local")
    if wanted == "slurm":
        return SlurmQueue()
    if wanted == "local":
        return LocalQueue(home)
    raise InvalidInput(
        f"RSDAT_QUEUE={wanted} names no queue", hint="Set it to slurm or local, or unset it."
    )
