"""Time, as something a test can move."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Protocol


class Clock(Protocol):
    """What the time is."""

    def now(self) -> datetime:
        """Wall time, aware, UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never run backwards."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now(self) -> datetime:
        """Wall time, aware, UTC."""
        return datetime.now(timezone.utc)

    def monotonic_s(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()


def to_iso(moment: datetime) -> str:
    """ISO 8601 in UTC with `Z`, whole seconds: the form of most times in REST and on disk."""
    # Not strftime, which takes ten times as long: lists have thousands of times.
    utc = moment.astimezone(timezone.utc).replace(tzinfo=None)
    return utc.isoformat(timespec="seconds") + "Z"


def to_iso_ms(moment: datetime) -> str:
    """As `to_iso` with milliseconds: for times that are compared, such as those of files."""
    utc = moment.astimezone(timezone.utc).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds") + "Z"


def from_iso(text: str) -> datetime:
    """The inverse of `to_iso`; also takes offsets and fractions."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)
