"""Runs in each worker: leave it to the nanny when to go.

Slurm sends SIGTERM to every process of a job, and Dask's worker would exit with its data before
the nanny has handed them over. The nanny still ends its worker: by SIGKILL, after this is ignored.
"""

import signal
import threading


def dask_setup(worker):
    """Ignore SIGTERM from now on."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
