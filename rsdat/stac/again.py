"""Reads tried again where a door broke: one failed request must not end a day's work."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from rsdat.base.errors import Conflict, DoorBroken

T = TypeVar("T")
# Between the tries. The client below has tried single requests again by itself, for less long.
WAITS_S = (0.3, 1.5, 4.0)
# No further try after this: what hangs until its limit would do so four times.
LIMIT_S = 120.0


def again(read: Callable[[], T]) -> T:
    """What `read` gives, after four tries at most.

    Tried again is what may pass: a door that gave no usable answer, a connection that broke, a
    file that was replaced between two requests. Whole reads, never the rest of one.

    Raises:
        Exception: What the last try raised; at once what does not pass.
    """
    began = time.monotonic()
    for wait_s in WAITS_S:
        try:
            return read()
        except (DoorBroken, ConnectionError, TimeoutError):
            if time.monotonic() - began > LIMIT_S:
                raise
        except Conflict as error:
            if error.code != "changed":
                raise
        time.sleep(wait_s)
    return read()
