"""How often to look, and how big an adaptive cluster should be. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from rsdat.clusters.record import Group

#: After a call of `list` or `get`, somebody is taken to be looking for so long.
WATCHED_S = 30.0
#: With nobody looking and nothing to come, only the scheduler is asked, so often.
IDLE_TURN_S = 10.0
#: Fewer workers are wanted only after Dask has asked for fewer all the time for so long: a queue
#: gives back slowly what was given up.
SHRINK_AFTER = timedelta(seconds=30)


def queue_pause_s(
    *, moving: bool, adapting: bool, watched: bool, quiet_s: float, silences: int
) -> float | None:
    """Seconds between two looks at the queue; None for not at all.

    Args:
        moving: Something is expected to change.
        adapting: Some cluster adapts.
        watched: Somebody looked at the clusters lately.
        quiet_s: Seconds since anything changed.
        silences: Looks in a row that got no answer.
    """
    if not (moving or adapting or watched):
        return None
    if silences:
        return float(min(2.0 * 2 ** min(silences, 5), 60.0))
    if moving:
        return _between(quiet_s / 5, 1.0, 15.0)
    return _between(quiet_s / 10, 3.0, 30.0)


def turn_pause_s(*, moving: bool, adapting: bool, watched: bool, quiet_s: float) -> float:
    """Seconds between two looks at the schedulers, which are cheap."""
    if moving:
        return _between(quiet_s / 10, 0.25, 5.0)
    if adapting or watched:
        return _between(quiet_s / 10, 1.0, 5.0)
    return IDLE_TURN_S


class AdaptiveSize:
    """Follows what Dask wants: up at once, down when it has stayed down."""

    def __init__(self) -> None:
        self._below_since: datetime | None = None
        self._highest_below = 0

    def follow(self, wanted: int, target: int, bounds: tuple[int, int], now: datetime) -> int:
        """The size to want from now on.

        Args:
            wanted: The size that is wanted so far.
            target: What the scheduler asks for now.
            bounds: Minimum and maximum.
            now: The time.
        """
        goal = min(max(target, bounds[0]), bounds[1])
        ceiling = min(max(wanted, bounds[0]), bounds[1])
        if goal >= ceiling:
            self._below_since = None
            return goal
        if self._below_since is None:
            self._below_since, self._highest_below = now, goal
        self._highest_below = max(self._highest_below, goal)
        if now - self._below_since < SHRINK_AFTER:
            return ceiling
        self._below_since = None
        return self._highest_below


def share_target(groups: Sequence[Group], target: int) -> list[tuple[Group, int]]:
    """How many workers each adaptive group is to have, of those that the work at hand wants.

    Dask counts all workers alike. Those of groups with a size of their own do their part; what is
    left fills the adaptive groups in their order.
    """
    left = max(target - sum(group.wanted for group in groups if group.adapt is None), 0)
    shares = []
    for group in groups:
        if group.adapt is not None:
            share = min(left, group.adapt[1])
            shares.append((group, share))
            left -= share
    return shares


def _between(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
