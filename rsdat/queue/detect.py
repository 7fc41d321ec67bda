"""Which queue this computer has."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from pathlib import Path

from rsdat.base.errors import InvalidInput
from rsdat.queue.interface import Queue
from rsdat.queue.local.queue import LocalQueue
from rsdat.queue.slurm.queue import SlurmQueue

_log = logging.getLogger(__name__)

# Slurm's commands say this at once when they find neither slurm.conf nor a DNS record of a site:
# Slurm is installed, but this computer belongs to none (22.05.8, src/common/read_config.c).
_NO_SITE = "Could not establish a configuration source"
_PING_S = 5.0


def detect_queue(home: Path) -> Queue:
    """Slurm where `sbatch` is on the PATH and configured, else this computer itself.

    `RSDAT_QUEUE=slurm` or `=local` forces one of them. A Slurm that does not answer still is this
    computer's queue. Waits for one command, 5 s at most: call it in a thread.

    Args:
        home: rsdat's home folder; the local queue keeps its records below it.

    Raises:
        InvalidInput: `RSDAT_QUEUE` holds something else.
    """
    wanted = os.environ.get("RSDAT_QUEUE") or ("slurm" if _has_slurm() else "local")
    if wanted == "slurm":
        return SlurmQueue()
    if wanted == "local":
        return LocalQueue(home)
    raise InvalidInput(
        f"RSDAT_QUEUE={wanted} names no queue", hint="Set it to slurm or local, or unset it."
    )


def _has_slurm() -> bool:
    if not shutil.which("sbatch"):
        return False
    try:
        ping = subprocess.run(
            ["scontrol", "ping"],
            capture_output=True,
            text=True,
            timeout=_PING_S,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return True
    if _NO_SITE in ping.stderr:
        _log.warning(
            "sbatch is installed, but Slurm is not configured here (no slurm.conf, SLURM_CONF not "
            "set): jobs run on this computer. RSDAT_QUEUE=slurm forces Slurm."
        )
        return False
    return True
