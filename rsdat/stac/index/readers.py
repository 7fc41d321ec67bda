"""Threads that read for a walk, and hold up nobody's end."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

_Task = tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]


class Readers:
    """A few threads, begun when they are needed.

    In place of a `ThreadPoolExecutor`: Python waits for its threads when the process ends, for
    minutes where the other side does not answer.

    Args:
        most: So many threads.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._threads: list[threading.Thread] = []
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()

    def submit(self, call: Callable[..., Any], *args: Any) -> Future[Any]:
        """Have something called, after what was submitted before."""
        future: Future[Any] = Future()
        self._tasks.put((future, call, args))
        if len(self._threads) < self._most:
            thread = threading.Thread(target=self._run, name="rsdat-stac", daemon=True)
            thread.start()
            self._threads.append(thread)
        return future

    def close(self) -> None:
        """Leave what was not begun, and wait for what was."""
        try:
            while (task := self._tasks.get_nowait()) is not None:
                task[0].cancel()
        except queue.Empty:
            pass
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            future, call, args = task
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call(*args))
                except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                    future.set_exception(error)
            # Or what it read would stay until there is more to do.
            del task, future, call, args
