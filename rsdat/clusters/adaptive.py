"""How many workers adaptive groups should have: Dask's wish, with a queue's patience. Pure.

A place in the queue is worth something: it is given up only after nobody has wanted it for a
while. So are workers that run: another one would have to wait. Dask's own adaptive scaling throws
both away after three seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rsdat.clusters.configured import count, duration_s, section
from rsdat.clusters.record import Group

KEY = "rsdat.clusters.adaptive"


@dataclass(frozen=True)
class Habits:
    """How patient adaptive groups are.

    Attributes:
        keep_queued: A job that waits and is not needed keeps its place for so long.
        hold_idle: A worker that is not needed stays for so long.
        most_queued: No more jobs of a group than these wait in the queue at once.
    """

    keep_queued: timedelta = timedelta(minutes=5)
    hold_idle: timedelta = timedelta(minutes=1)
    most_queued: int = 50


def read_habits() -> Habits:
    """What `rsdat.clusters.adaptive` of Dask's configuration says.

    Its keys are `keep-queued`, `hold-idle`, as Dask writes times (`5 minutes`), and `most-queued`.

    Raises:
        InvalidInput: That makes no sense.
    """
    given = section(KEY, {"keep-queued", "hold-idle", "most-queued"})

    def patience(key: str, default: timedelta) -> timedelta:
        if key not in given:
            return default
        return timedelta(seconds=duration_s(f"{KEY}.{key}", given[key]))

    return Habits(
        keep_queued=patience("keep-queued", Habits.keep_queued),
        hold_idle=patience("hold-idle", Habits.hold_idle),
        most_queued=count(
            f"{KEY}.most-queued", given.get("most-queued", Habits.most_queued), least=1
        ),
    )


class AdaptiveSize:
    """Follows what Dask wants for one group: up at once, down when it has stayed down."""

    def __init__(self) -> None:
        self._below_since: datetime | None = None
        self._highest_below = 0

    def follow(
        self,
        wanted: int,
        target: int,
        bounds: tuple[int, int],
        now: datetime,
        *,
        queued: int = 0,
        habits: Habits | None = None,
    ) -> int:
        """The size to want from now on.

        Args:
            wanted: The size that is wanted so far.
            target: What the scheduler asks for now.
            bounds: Minimum and maximum.
            now: The time.
            queued: Jobs of the group that wait.
            habits: How patient it is.
        """
        habits = habits or Habits()
        goal = min(max(target, bounds[0]), bounds[1])
        ceiling = min(max(wanted, bounds[0]), bounds[1])
        if goal >= ceiling:
            self._below_since = None
            # Those that wait already count; the minimum is a wish of the user and no guess.
            most = max(wanted - queued + habits.most_queued, ceiling)
            return min(goal, most)
        if self._below_since is None:
            self._below_since, self._highest_below = now, goal
        self._highest_below = max(self._highest_below, goal)
        waited = now - self._below_since
        # Jobs that wait are dropped before workers are: nothing is gained by a place in the queue
        # while a worker idles.
        if queued and waited >= habits.keep_queued:
            return max(self._highest_below, ceiling - queued)
        if not queued and waited >= habits.hold_idle:
            self._below_since = None
            return self._highest_below
        return ceiling


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


def may_grow(groups: Sequence[Group], target: int | None) -> bool:
    """Whether some adaptive group might be given more workers than it has."""
    return target is not None and any(
        group.adapt is not None and min(max(goal, group.adapt[0]), group.adapt[1]) > group.wanted
        for group, goal in share_target(groups, target)
    )
