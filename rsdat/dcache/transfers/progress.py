"""How fast a transfer is: bytes of the last moments, and of the files that are under way."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

#: The rate is that of so many seconds.
WINDOW_S = 6.0
_SAMPLE_S = 0.25


class Progress:
    """Counts bytes as they come; cheap enough for each chunk.

    Args:
        monotonic_s: Seconds that never run backwards.
    """

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = monotonic_s
        self._moving: dict[int, int] = {}
        self._names: dict[int, str] = {}
        self._counted = 0
        self._samples: deque[tuple[float, int]] = deque()
        self.dirty = False
        self.last_s = monotonic_s()

    def begin(self, number: int, name: str) -> None:
        """A file is under way."""
        self._moving[number] = 0
        self._names[number] = name
        self.touch()

    def at(self, number: int, arrived: int) -> None:
        """So many bytes of it have arrived; fewer than before when they come again."""
        more = arrived - self._moving.get(number, 0)
        if number in self._moving:
            self._moving[number] = arrived
        self.came(max(more, 0))

    def came(self, count: int) -> None:
        """Bytes have come, of whatever file."""
        self._counted += count
        now = self._now_s()
        if not self._samples or now - self._samples[-1][0] >= _SAMPLE_S:
            self._samples.append((now, self._counted))
            while now - self._samples[0][0] > 2 * WINDOW_S:
                self._samples.popleft()
        self.touch()

    def end(self, number: int) -> int:
        """It is under way no more; the bytes of it that had arrived."""
        self._names.pop(number, None)
        self.touch()
        return self._moving.pop(number, 0)

    def touch(self) -> None:
        """There is something new to be told."""
        self.dirty = True
        self.last_s = self._now_s()

    def has(self, number: int) -> bool:
        """Whether a file is under way."""
        return number in self._moving

    def moved(self, number: int) -> int:
        """Bytes of a file under way that have arrived."""
        return self._moving.get(number, 0)

    @property
    def busy(self) -> bool:
        """Whether any file is under way."""
        return bool(self._moving)

    @property
    def moving(self) -> int:
        """Bytes that have arrived of files under way."""
        return sum(self._moving.values())

    @property
    def current(self) -> str | None:
        """Path of the file that has been under way for longest."""
        return next(iter(self._names.values()), None)

    @property
    def rate(self) -> float | None:
        """Bytes a second; None while it is not known."""
        now = self._now_s()
        recent = [sample for sample in self._samples if now - sample[0] <= WINDOW_S]
        if not recent or now - recent[0][0] < _SAMPLE_S:
            return None
        return (self._counted - recent[0][1]) / (now - recent[0][0])
