"""Runs in each nanny: on SIGTERM or SIGUSR1 hand the worker's data to the others, then go.

Both come from Slurm: SIGTERM at scancel, preemption and walltime, SIGUSR1 from `--signal`. SIGKILL
follows after KillWait, 30 s unless the site changed it (man slurm.conf); we stay below.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path
from typing import Any

HAND_OVER_S = 20.0
_STOPPING = Path(__file__).resolve().parent.parent / "stopping"
_nannies: list[Any] = []
_tasks: list[asyncio.Future[None]] = []
_before: dict[int, Any] = {}


def dask_setup(nanny: Any) -> None:
    """Take the signals over from `dask worker`, once for all nannies of this process."""
    _nannies.append(nanny)
    if _before or threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()

    def on_signal(number: int, frame: Any) -> None:
        # The second signal goes to whoever was there before: no waiting then.
        for taken, handler in _before.items():
            signal.signal(taken, handler if handler is not None else signal.SIG_DFL)
        loop.call_soon_threadsafe(_start_leaving)

    for number in (signal.SIGTERM, signal.SIGUSR1):
        _before[number] = signal.signal(number, on_signal)


def _start_leaving() -> None:
    # A task that nobody refers to may be collected before it is done.
    _tasks.append(asyncio.ensure_future(_leave()))


async def _leave() -> None:
    try:
        # When the whole cluster goes, there is nobody to take the data.
        if not _STOPPING.exists():
            addresses = [each.worker_address for each in _nannies if each.worker_address]
            if addresses:
                await asyncio.wait_for(
                    _nannies[0].scheduler.retire_workers(
                        workers=addresses, close_workers=False, remove=True
                    ),
                    HAND_OVER_S,
                )
    except (OSError, asyncio.TimeoutError) as error:
        print(f"rsdat: could not hand the data over: {error!r}", flush=True)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
