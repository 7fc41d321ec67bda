"""Which past clusters are kept: by age and by the space they take. Pure but for the configuration.

Dask configuration `rsdat.clusters.keep-past`, with these defaults; null for no limit:

    rsdat:
      clusters:
        keep-past:
          days: 90
          size: 2GiB
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import dask.config

from rsdat.base.errors import InvalidInput
from rsdat.base.units import parse_bytes

DEFAULT_DAYS = 90.0
DEFAULT_SIZE = "2GiB"


@dataclass(frozen=True)
class Limits:
    """How long and how much is kept; None for no limit."""

    days: float | None = DEFAULT_DAYS
    size_bytes: int | None = parse_bytes(DEFAULT_SIZE)


@dataclass(frozen=True)
class Kept:
    """A past cluster: when it ended, and the bytes its folder takes."""

    id: str
    ended: datetime
    size: int


def configured_limits() -> Limits:
    """The limits that the user or the site has set.

    Raises:
        InvalidInput: They make no sense.
    """
    value: Any = dask.config.get("rsdat.clusters.keep-past", None)
    if value is None:
        return Limits()
    if not isinstance(value, Mapping):
        raise InvalidInput("rsdat.clusters.keep-past has the keys days and size")
    days, size = value.get("days", DEFAULT_DAYS), value.get("size", DEFAULT_SIZE)
    if days is not None and (isinstance(days, bool) or not isinstance(days, (int, float))):
        raise InvalidInput("rsdat.clusters.keep-past.days must be a number, or null")
    if days is not None and not days >= 0:
        raise InvalidInput("rsdat.clusters.keep-past.days must not be below 0")
    return Limits(
        None if days is None else float(days),
        None if size is None else parse_bytes(str(size)),
    )


def too_much(past: Sequence[Kept], limits: Limits, now: datetime) -> list[tuple[Kept, str]]:
    """Which to delete and why, the oldest first."""
    total = sum(each.size for each in past)
    doomed = []
    for each in sorted(past, key=lambda one: (one.ended, one.id)):
        # Compared as numbers: a timedelta of very many days does not exist.
        if limits.days is not None and (now - each.ended) / timedelta(days=1) > limits.days:
            doomed.append((each, f"it ended more than {limits.days:g} days ago"))
        elif limits.size_bytes is not None and total > limits.size_bytes:
            doomed.append((each, f"past clusters take more than {limits.size_bytes / 2**30:g} GiB"))
        else:
            continue
        total -= each.size
    return doomed
