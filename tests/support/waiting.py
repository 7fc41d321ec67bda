"""Waiting for what another process does, and how long something takes."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_for(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    """Ask again and again; fails at the limit."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def best_s(action: Callable[[], object], times: int = 3) -> float:
    """The shortest of some tries: what else the machine does makes one slow, and not all."""
    taken = []
    for _ in range(times):
        began = time.monotonic()
        action()
        taken.append(time.monotonic() - began)
    return min(taken)
