"""Bytes per second that a pool gives, to all and to each: real sites are slower than loopback."""

from __future__ import annotations

import asyncio
import time


class Throttle:
    """Lets bytes through at a rate; None is no limit. Shared by all who call `take`."""

    def __init__(self, bytes_per_s: float | None = None) -> None:
        self._rate = bytes_per_s
        self._free_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether there is no limit."""
        return not self._rate

    async def take(self, size: int) -> None:
        """Wait until `size` bytes more may have gone through.

        There is no burst: what was not used in the past is lost.
        """
        if not self._rate:
            return
        now = time.monotonic()
        self._free_at = max(self._free_at, now) + size / self._rate
        await asyncio.sleep(self._free_at - now)


class Rates:
    """The limits of one stand-in; may be changed at any time, for transfers to come."""

    def __init__(self, total: float | None = None, each: float | None = None) -> None:
        self.total = Throttle(total)
        self.each = each

    def transfer(self) -> Transfer:
        """The limits for one transfer."""
        return Transfer(self.total, Throttle(self.each))


class Transfer:
    """Both limits of one transfer."""

    def __init__(self, total: Throttle, own: Throttle) -> None:
        self._throttles = [each for each in (total, own) if not each.is_open]

    @property
    def is_open(self) -> bool:
        """Whether there is no limit."""
        return not self._throttles

    async def take(self, size: int) -> None:
        """Wait until both let `size` bytes through."""
        for throttle in self._throttles:
            await throttle.take(size)
