"""The progress bar of a copy, in notebooks and terminals."""

from __future__ import annotations

import threading
import time
import warnings
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rsdat.base.units import format_bytes
from rsdat.stac.copying.facts import Job, Outcome

if TYPE_CHECKING:
    from typing_extensions import Self

#: The rate that is shown is that of about so many seconds.
_WINDOW_S = 5.0


class Bar:
    """Counts in the event loop, and is drawn by the caller's thread: `tick()`.

    Args:
        shown: Whether it is drawn at all.
    """

    def __init__(self, shown: bool) -> None:
        self._shown = shown
        self._lock = threading.Lock()
        self._planned = self._ended = self._failed = self._bytes = 0
        self._samples = [(time.monotonic(), 0)]
        self._bar: Any = None

    def planned(self, files: int) -> None:
        """So many more files are to be copied."""
        with self._lock:
            self._planned += files

    def moved(self, _job: Job, count: int) -> None:
        """Bytes came."""
        with self._lock:
            self._bytes += count

    def ended(self, outcome: Outcome) -> None:
        """A file ended."""
        with self._lock:
            self._ended += 1
            self._failed += outcome.state == "failed"

    def __enter__(self) -> Self:
        if self._shown:
            with warnings.catch_warnings():
                # Without ipywidgets the bar is one of text; nobody needs advice on that.
                warnings.simplefilter("ignore")
                from tqdm.auto import tqdm

            self._bar = tqdm(desc="Copying", unit=" files", total=None, leave=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self.tick()
            self._bar.close()

    def tick(self) -> None:
        """Draw it as it is now."""
        if self._bar is None:
            return
        with self._lock:
            planned, ended, failed, moved = self._planned, self._ended, self._failed, self._bytes
        now = time.monotonic()
        self._samples.append((now, moved))
        while len(self._samples) > 2 and now - self._samples[0][0] > _WINDOW_S:
            self._samples.pop(0)
        then, before = self._samples[0]
        rate = (moved - before) / (now - then) if now > then else 0.0
        words = f"{format_bytes(moved)}, {format_bytes(int(rate))}/s"
        self._bar.total = planned or None
        self._bar.n = ended
        self._bar.set_postfix_str(words + (f", {failed} failed" if failed else ""), refresh=False)
        self._bar.refresh()
