"""Brings the wanted sizes in a record up to date: what Dask wants, within what is allowed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import dask.config

from rsdat.base.errors import InvalidInput
from rsdat.clusters.adaptive import AdaptiveSize, Habits, read_habits, share_target
from rsdat.clusters.caps import KEY, Caps, Usage, budget_spent, read_caps, room
from rsdat.clusters.cost import core_hours
from rsdat.clusters.reconcile import jobs_of_groups
from rsdat.clusters.record import Record
from rsdat.queue.interface import Job


class Sizing:
    """The sizes of one cluster's groups; remembers since when Dask has wanted fewer workers."""

    def __init__(self) -> None:
        self._adaptive: dict[str, AdaptiveSize] = {}

    def apply(
        self,
        record: Record,
        jobs: Sequence[Job],
        target: int | None,
        now: datetime,
        others: Usage,
    ) -> None:
        """Change the wanted sizes of a record.

        Args:
            record: Is changed.
            jobs: The cluster's jobs as the queue lists them now.
            target: How many workers Dask wants; None where it was not asked.
            now: The time.
            others: What all other clusters want and have taken.
        """
        if record.phase != "up":
            return
        try:
            habits, caps = read_habits(), read_caps()
        except InvalidInput:
            # Whoever makes or scales a cluster is told so. Until it is mended nothing grows.
            return
        mine = jobs_of_groups(record, jobs)
        spent = budget_spent(core_hours(record, mine, now), caps, others)
        if spent is not None:
            _spend_no_more(record, spent)
        elif target is not None:
            self._follow(record, mine, target, now, habits, caps, others)

    def _follow(
        self,
        record: Record,
        mine: Mapping[str, Sequence[Job]],
        target: int,
        now: datetime,
        habits: Habits,
        caps: Caps,
        others: Usage,
    ) -> None:
        for group, goal in share_target(record.groups, target):
            if group.adapt is None:
                continue
            size = self._adaptive.setdefault(group.name, AdaptiveSize())
            queued = sum(job.waiting and job.id not in record.leaving for job in mine[group.name])
            wanted = size.follow(group.wanted, goal, group.adapt, now, queued=queued, habits=habits)
            most = room(record, group, caps, others)
            # What somebody has by a cap that was lowered since is not taken away.
            if most is not None and wanted > group.wanted:
                wanted = max(min(wanted, most), group.wanted)
            group.wanted = wanted


def is_overspent(record: Record, taken_h: float, others: Callable[[], Usage]) -> bool:
    """Whether a cluster wants workers still, and its core-hours are used up.

    Args:
        record: Of the cluster.
        taken_h: Core-hours that it has used.
        others: Tells what all other clusters have used.
    """
    if not record.wanted or not dask.config.get(KEY, None):
        return False
    try:
        caps = read_caps()
    except InvalidInput:
        return False  # whoever makes or scales a cluster is told so
    alone = caps.all.core_hours is None
    return budget_spent(taken_h, caps, Usage() if alone else others()) is not None


def _spend_no_more(record: Record, why: str) -> None:
    for group in record.groups:
        group.adapt, group.wanted = None, 0
    record.first.held = False  # nothing was refused
    record.first.problem = {
        "message": why,
        "hint": "Its workers leave. Ask whoever set rsdat.clusters.caps in Dask's configuration.",
    }
