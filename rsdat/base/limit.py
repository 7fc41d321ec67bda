"""Waiting with a limit, in tasks that are cancelled at their end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def within(limit_s: float, awaited: Awaitable[T]) -> T:
    """What `awaited` gives, which is cancelled when it takes longer, and with us.

    In place of `asyncio.wait_for`, which loses a cancel until Python 3.12 when that comes in the
    moment in which what it waits for is done (cpython issue 86296): a loop around it never ends
    then, nor does who waits for its end.

    Raises:
        asyncio.TimeoutError: It took longer than `limit_s` seconds.
    """
    task = asyncio.ensure_future(awaited)
    # Read, because who waits may be gone by then: asyncio would complain of an error at the end.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        await asyncio.wait({task}, timeout=limit_s)
    except asyncio.CancelledError:
        await _end(task)
        raise
    if task.done():
        return task.result()
    await _end(task)
    if task.cancelled():
        raise asyncio.TimeoutError
    # It was done, or failed, before it could be cancelled.
    return task.result()


async def _end(task: asyncio.Future[T]) -> None:
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
