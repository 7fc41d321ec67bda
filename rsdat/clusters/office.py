"""A manager with an event loop of its own in a thread, for notebooks and scripts."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from rsdat.base.errors import RsdatError
from rsdat.base.files import rsdat_home
from rsdat.base.limit import within
from rsdat.clusters.manager import ClusterManager
from rsdat.queue.detect import detect_queue

_T = TypeVar("_T")
_CALL_S = 60.0
_END_S = 5.0


class Office:
    """Looks after the clusters of one home folder, as long as this program runs."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.manager = ClusterManager(home, detect_queue(home))
        self._loop = asyncio.new_event_loop()
        # A daemon: the program may end while a queue is silent.
        self._thread = threading.Thread(target=self._serve, name="rsdat", daemon=True)
        self._thread.start()
        self.call(self.manager.start())

    def _serve(self) -> None:
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(_end_all())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    def call(self, work: Coroutine[Any, Any, _T], limit_s: float = _CALL_S) -> _T:
        """Do it in the loop and wait for it.

        Raises:
            RsdatError: It took longer than `limit_s` seconds, or what `work` raises.
        """
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(limit_s)
        except concurrent.futures.TimeoutError as error:
            future.cancel()
            raise _late(limit_s) from error

    async def await_call(self, work: Coroutine[Any, Any, _T], limit_s: float = _CALL_S) -> _T:
        """As `call`, for callers with an event loop of their own, which goes on meanwhile.

        Raises:
            RsdatError: It took longer than `limit_s` seconds, or what `work` raises.
        """
        future = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))
        try:
            return await within(limit_s, future)
        except asyncio.TimeoutError as error:
            raise _late(limit_s) from error

    def close(self) -> None:
        """End the work in the background; clusters live on."""
        if self._loop.is_running():
            stopping = asyncio.run_coroutine_threadsafe(self.manager.stop(), self._loop)
            # Nobody is there any more to read that it took too long.
            concurrent.futures.wait([stopping], _END_S)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_END_S)


def _late(limit_s: float) -> RsdatError:
    return RsdatError(
        f"No answer within {limit_s:g} s",
        hint="Is the disk with your home folder away? What was asked may have happened.",
    )


async def _end_all() -> None:
    # Calls of other threads that end with the program.
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _at_exit(close: Callable[[], None]) -> None:
    # `atexit` comes too late: before it, Python ends its thread pools, and the loop, still at work,
    # could not read a file any more. threading's own hooks run first, the youngest before all.
    register = getattr(threading, "_register_atexit", atexit.register)
    register(close)


_offices: dict[Path, Office] = {}
_offices_lock = threading.Lock()


def office() -> Office:
    """The one of `$RSDAT_HOME`; opened at the first call. Blocks for a moment then."""
    home = rsdat_home()
    with _offices_lock:
        if home not in _offices:
            opened = Office(home)
            _at_exit(opened.close)
            _offices[home] = opened
        return _offices[home]
