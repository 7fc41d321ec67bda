"""Counts down to the end of a cluster that nobody computes on. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from rsdat.clusters.record import Record


class IdleWatch:
    """Since when a cluster has had no work, by this companion's clock.

    Not kept over a restart: the countdown then begins anew, which costs a little and loses nothing.
    """

    def __init__(self) -> None:
        self._since: datetime | None = None

    def note(self, *, idle: bool, now: datetime) -> None:
        """What the scheduler said just now."""
        if not idle:
            self._since = None
        elif self._since is None:
            self._since = now

    def forget(self) -> None:
        """Nothing is known."""
        self._since = None

    def ends_at(self, record: Record) -> datetime | None:
        """When the cluster shuts itself down; None while it works, or never does."""
        if record.idle_after is None or self._since is None or record.phase != "up":
            return None
        since = max(self._since, record.kept) if record.kept else self._since
        return since + timedelta(seconds=record.idle_after)

    def is_over(self, record: Record, now: datetime) -> bool:
        """Whether it is time."""
        ends_at = self.ends_at(record)
        return ends_at is not None and now >= ends_at
