"""Imports dask-jobqueue's renderer without letting it take over Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
from typing import Any

_lock = threading.Lock()


def slurm_job_class() -> Any:
    """`dask_jobqueue.slurm.SLURMJob`. Takes half a second the first time: call it in a thread.

    dask-jobqueue 0.9.0 sets a handler for SIGINT when it is imported (runner.py, for programs
    started by srun). In the main thread that would take Ctrl-C from Jupyter; in any other thread
    the import fails. So in that moment this thread's call of `signal.signal` does nothing.
    """
    with _lock:
        if "dask_jobqueue.slurm" not in sys.modules:
            _import_quietly()
    from dask_jobqueue.slurm import SLURMJob

    return SLURMJob


def _import_quietly() -> None:
    original = signal.signal
    importer = threading.get_ident()

    def guarded(number: Any, handler: Any) -> Any:
        if threading.get_ident() == importer:
            return signal.getsignal(number)
        return original(number, handler)

    signal.signal = guarded  # type: ignore[assignment]
    try:
        import dask_jobqueue.slurm  # noqa: F401 - imported for the one below
    finally:
        signal.signal = original
