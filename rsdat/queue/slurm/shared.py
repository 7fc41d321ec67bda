"""One question asked once for everybody who waits for its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass
class _Call(Generic[T]):
    task: asyncio.Task[T]
    waiting: int = 0

    def joinable(self) -> bool:
        # A notebook may use one queue from several event loops, one after the other.
        return not self.task.done() and self.task.get_loop() is asyncio.get_running_loop()


class SharedCall(Generic[T]):
    """Concurrent callers share one call of `ask`; the last one to leave early cancels it."""

    def __init__(self, ask: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._ask = ask
        self._call: _Call[T] | None = None

    def outdate(self) -> None:
        """What is under way may not know of what just happened: later callers ask anew."""
        self._call = None

    async def get(self) -> T:
        """The answer, or what asking raised. Safe to cancel."""
        call = self._call
        if call is None or not call.joinable():
            call = self._call = _Call(asyncio.get_running_loop().create_task(self._ask()))
        call.waiting += 1
        try:
            return await asyncio.shield(call.task)
        finally:
            call.waiting -= 1
            if not call.waiting and not call.task.done():
                call.task.cancel()
                if self._call is call:
                    self._call = None
