"""Runs in each worker: leave it to the nanny when to go.

Slurm sends SIGTERM to every process of a job, and Dask's worker would exit with its data before
the nanny has handed them over. The nanny still ends its worker: by SIGKILL, after this is ignored.
"""

from __future__ import annotations

import signal
import threading
from typing import Any


def dask_setup(worker: Any) -> None:
    """Ignore SIGTERM from now on, and tell the nanny who asks whether a Dask task runs."""

    def executing() -> int:
        return len(worker.state.all_running_tasks)

    worker.handlers["rsdat_executing"] = executing
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
