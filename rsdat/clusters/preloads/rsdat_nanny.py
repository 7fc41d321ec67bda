"""Runs in each nanny: hands the worker's data to the others before its job ends, then goes.

A job ends by a signal (scancel, preemption, requeue, `--signal`: SIGTERM or SIGUSR1, with SIGKILL
after KillWait, 30 s unless the site changed it) or at its walltime, which is known beforehand:
then the worker first gets no new Dask tasks and hands over what it has, the running ones may end
meanwhile, and their results follow. Needs nothing but distributed: the Python may have no rsdat.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: After a signal; below the usual KillWait.
HAND_OVER_S = 20.0
#: Slurm signals every process of a job, and apptainer hands on to us what it got: twice the same.
SAME_SIGNAL_S = 2.0
#: Without being told: how long before its end a job leaves.
LEAVE_BEFORE_S = 60.0
#: While nobody can take the data, or Dask tasks run.
LOOK_S = 1.0
#: Of the time before the end this part is for the last results.
LAST_PART = 1 / 3
_TIME = re.compile(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)$")
_nannies: list[Any] = []
_tasks: list[asyncio.Future[None]] = []
_before: dict[int, Any] = {}
_leaving_for_walltime: list[asyncio.Future[None]] = []


def dask_setup(nanny: Any) -> None:
    """Take the signals over from `dask worker` and watch the time, once for all nannies here."""
    _nannies.append(nanny)
    if _before or threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()

    first: list[float] = []

    def on_signal(number: int, frame: Any) -> None:
        if not first:
            first.append(time.monotonic())
            loop.call_soon_threadsafe(lambda: _start(_leave_at_once()))
        elif time.monotonic() - first[0] > SAME_SIGNAL_S:
            # Whoever sends another one does not want to wait: on to who was there before.
            _give_signals_back()
            os.kill(os.getpid(), number)

    for number in (signal.SIGTERM, signal.SIGUSR1):
        _before[number] = signal.signal(number, on_signal)
    mark = _mark_file()
    if mark is not None:
        # A job that was requeued has not left any more.
        _quietly(lambda: mark.unlink(missing_ok=True))
    now = time.time()
    end = job_end(os.environ, now)
    if end is not None:
        begin, last = leave_times(os.environ, now, end)
        _leaving_for_walltime.append(_start(_leave_before_walltime(begin, last)))


def job_end(environment: Mapping[str, str], now: float) -> float | None:
    """When the walltime is over, in seconds since 1970 by this computer's clock; None: never.

    `RSDAT_ENDS_AT` says it as such. Else `RSDAT_TIME_LEFT` says how long was left at the moment
    `RSDAT_ASKED_AT`, as `squeue -o %L` prints it or in seconds: clocks of nodes differ.
    """
    fixed = environment.get("RSDAT_ENDS_AT", "")
    if fixed.isdigit():
        end = float(fixed)
        return end if end > now else None
    left = environment.get("RSDAT_TIME_LEFT", "").strip()
    asked = environment.get("RSDAT_ASKED_AT", "")
    match = _TIME.match(left)
    if match:
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        left_s = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    elif left.isdigit():
        left_s = int(left)
    else:
        return None
    if left_s <= 0:
        return None
    return (float(asked) if asked.isdigit() else now) + left_s


def leave_times(environment: Mapping[str, str], now: float, end: float) -> tuple[float, float]:
    """When a worker begins to leave, and until when its running Dask tasks may go on.

    Within a quarter of its time at most, and each task of an array at another moment, so that
    hundreds don't leave at once, nor two of them with nobody to hand their data to.
    """
    wanted = _number(environment.get("RSDAT_LEAVE_BEFORE_S"), LEAVE_BEFORE_S)
    margin = max(min(wanted, (end - now) / 4), 0.0)
    # Multiples of the golden ratio spread evenly, however many tasks there are.
    task = _number(environment.get("SLURM_ARRAY_TASK_ID"), 0.0)
    part = (task * 0.6180339887498949) % 1.0
    last = margin * LAST_PART
    return end - margin + part * last, end - last


async def _leave_before_walltime(begin: float, last: float) -> None:
    while True:
        left_s = begin - time.time()
        if left_s <= 0:
            break
        # In pieces: the clock may be set meanwhile, or the computer sleep.
        await asyncio.sleep(min(left_s, 30.0))
    print("rsdat: the job's walltime ends soon, its workers leave", flush=True)
    # Data first, and no new Dask tasks. Where nobody can take it yet, the workers work on.
    await _hand_over_at_last(remove=False, limit_s=max(last - time.time(), HAND_OVER_S))
    while True:
        if time.time() >= last or not await _executing():
            break
        await asyncio.sleep(LOOK_S / 4)
    await _hand_over_at_last(remove=True, limit_s=HAND_OVER_S)
    _write_mark()
    _give_signals_back()
    os.kill(os.getpid(), signal.SIGTERM)


async def _hand_over_at_last(*, remove: bool, limit_s: float) -> None:
    # Without end: Slurm ends the job, and lets it live on a little beyond its time.
    while True:
        if await _hand_over(remove=remove, limit_s=limit_s):
            break
        # Two that fail for each other's sake must not try again in the same moment.
        await asyncio.sleep(LOOK_S * random.uniform(0.5, 1.5))  # noqa: S311 - no secret


async def _leave_at_once() -> None:
    for waiting in _leaving_for_walltime:
        waiting.cancel()
    try:
        if not _stopping():
            await _hand_over(remove=True, limit_s=HAND_OVER_S)
    finally:
        _give_signals_back()
        os.kill(os.getpid(), signal.SIGTERM)


async def _hand_over(*, remove: bool, limit_s: float) -> bool:
    """Whether others have all data now. `remove`: the workers are no longer the cluster's."""
    # All in one call: workers of one job must not hand over to each other.
    addresses = [nanny.worker_address for nanny in _nannies if nanny.worker_address]
    if not addresses:
        return True
    try:
        gone = await asyncio.wait_for(
            _nannies[0].scheduler.retire_workers(
                workers=addresses, close_workers=False, remove=remove
            ),
            limit_s,
        )
    except (OSError, asyncio.TimeoutError) as error:
        print(f"rsdat: could not hand the data over: {error!r}", flush=True)
        return False
    return set(addresses) <= set(gone or ())


async def _executing() -> bool:
    """Whether a Dask task runs on one of our workers."""
    for nanny in _nannies:
        if not nanny.worker_address:
            continue
        try:
            running = await asyncio.wait_for(
                nanny.rpc(nanny.worker_address).rsdat_executing(), HAND_OVER_S / 4
            )
        except asyncio.TimeoutError:
            return True  # too busy to answer
        except OSError:
            continue
        # A worker without our preload answers None.
        if running:
            return True
    return False


def _start(coroutine: Any) -> asyncio.Future[None]:
    # A task that nobody refers to may be collected before it is done.
    task: asyncio.Future[None] = asyncio.ensure_future(coroutine)
    _tasks.append(task)
    return task


def _give_signals_back() -> None:
    for taken, handler in _before.items():
        signal.signal(taken, handler if handler is not None else signal.SIG_DFL)


def _folder() -> Path | None:
    # Not by this file's own place: Dask runs a copy of it.
    config = os.environ.get("DASK_CONFIG")
    return Path(config).parent if config else None


def _stopping() -> bool:
    """Whether the whole cluster goes: then there is nobody to take the data."""
    folder = _folder()
    return folder is not None and (folder / "stopping").exists()


def _mark_file() -> Path | None:
    folder = _folder()
    array, task = (os.environ.get(f"SLURM_ARRAY_{which}_ID") for which in ("JOB", "TASK"))
    return folder / "left" / f"{array}_{task}" if folder and array and task else None


def _write_mark() -> None:
    """Tell whoever looks after the cluster that this job left before its walltime: no loss."""
    mark = _mark_file()
    if mark is None:
        return

    def write() -> None:
        mark.parent.mkdir(mode=0o700, exist_ok=True)
        mark.touch(mode=0o600)

    _quietly(write)


def _quietly(action: Any) -> None:
    try:
        action()
    except OSError as error:  # a full disk must not keep the data here
        print(f"rsdat: {error}", flush=True)


def _number(text: str | None, default: float) -> float:
    try:
        return float(text) if text else default
    except ValueError:
        return default
