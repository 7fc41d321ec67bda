"""The last minutes of one cluster, in a few numbers a look. Pure, and small.

Looks come when somebody watches, so a history has gaps: each sample has its time.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from rsdat.clusters.pulse_seen import PulseSeen

#: So much is kept, and never more than so many samples.
HISTORY_S = 180.0
_MOST = 150


class _Sample(NamedTuple):
    tick: int
    at_s: float
    values: tuple[float | None, ...]


class History:
    """Samples in the order in which they came; the oldest go."""

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque(maxlen=_MOST)

    def add(self, tick: int, at_s: float, seen: PulseSeen) -> None:
        """Keep what was seen.

        Args:
            tick: Grows with each sample of any cluster.
            at_s: When, by a clock that never goes back.
            seen: What.
        """
        self._samples.append(_Sample(tick, at_s, _values(seen)))
        while at_s - self._samples[0].at_s > HISTORY_S:
            self._samples.popleft()

    def since(self, tick: int, now_s: float) -> list[list[float | None]]:
        """The samples after a tick, as `samples` of `Pulse` in docs/api.yaml."""
        found: list[list[float | None]] = []
        for sample in reversed(self._samples):
            age_s = now_s - sample.at_s
            if sample.tick <= tick or age_s > HISTORY_S:
                break
            found.append([round(age_s, 1), *sample.values])
        return found[::-1]


def _values(seen: PulseSeen) -> tuple[float | None, ...]:
    memory = seen.memory_percent
    tasks = seen.tasks
    return (
        seen.cpu,
        None if memory is None else round(memory, 1),
        tasks.processing,
        tasks.to_come,
        tasks.erred,
    )
