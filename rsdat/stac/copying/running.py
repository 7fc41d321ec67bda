"""Work of the event loop, waited for from a script or from a notebook whose own loop runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from typing import Any, TypeVar

from fsspec.asyn import get_loop

_T = TypeVar("_T")
_TICK_S = 0.1
#: An interrupted copy takes so long at most to take back what was begun.
_CLEAN_UP_S = 20.0


def run(work: Coroutine[Any, Any, _T], tick: Callable[[], object] = lambda: None) -> _T:
    """Await something in fsspec's background loop; an interrupt cancels it there.

    Args:
        work: What is awaited.
        tick: Called in this thread again and again, to show progress.

    Raises:
        RuntimeError: Called in that very loop.
    """
    loop = get_loop()
    with suppress(RuntimeError):
        if asyncio.get_running_loop() is loop:
            work.close()
            raise AssertionError("called inside fsspec's own event loop")
    over = threading.Event()

    async def guarded() -> _T:
        try:
            return await work
        finally:
            over.set()

    future = asyncio.run_coroutine_threadsafe(guarded(), loop)
    try:
        while True:
            try:
                return future.result(_TICK_S)
            except NotYet:
                if future.done():
                    raise
            tick()
    except BaseException:
        if not future.done():
            future.cancel()
            over.wait(_CLEAN_UP_S)
        raise
