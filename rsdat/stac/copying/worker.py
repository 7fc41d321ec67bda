"""A copy as a process of its own does it: by the order in its folder, telling how far it is."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rsdat.base.errors import RsdatError
from rsdat.dcache.transfers.outside import asked_to_stop, work_lock, write_progress
from rsdat.dcache.transfers.record import REASONS, SHOWN
from rsdat.stac.copying.assets import Copying, Run
from rsdat.stac.copying.facts import Job, Outcome
from rsdat.stac.copying.order import ITEMS, read_items, read_order, write_items
from rsdat.stac.copying.plan import Broken, chosen, items_in, jobs_of, read_anew
from rsdat.stac.copying.running import run
from rsdat.stac.copying.trouble import understood
from rsdat.stac.hrefs import shown

_log = logging.getLogger(__name__)

#: So often at most progress is written.
_TELL_S = 0.5
_NO_SUMS = ("size", "nothing")


class Worker:
    """Does one copy.

    Args:
        folder: Of its transfer.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._total: int | None = None
        self._total_bytes: int | None = None
        self._done = self._skipped = self._failed = self._unverified = 0
        self._done_bytes = self._skipped_bytes = self._arrived = 0
        self._sums: set[str] = set()
        self._by_doors = self._streamed = 0
        self._reasons: list[str] = []
        self._failures: list[dict[str, Any]] = []
        self._moving: dict[str, int] = {}
        self._told_s = -_TELL_S

    def run(self) -> int:
        """Until the end; the process's exit code."""
        lock = work_lock(self._folder)
        if lock is None:
            return 0  # another one does it already
        try:
            self._tell("running")
            what = read_order(self._folder)
            self._plan(what)
            problem = self._copy(what)
        except KeyboardInterrupt:
            self._tell("cancelled")
            return 1
        except Exception as error:  # noqa: BLE001 - told by the list of transfers
            ours = understood(error, "the copy")
            _log.exception("The copy failed")
            self._tell("failed", ours)
            return 1
        else:
            self._tell("failed" if problem else "done", problem)
            return 0
        finally:
            lock.release()

    def _plan(self, what: Copying) -> None:
        """Write the list of items where there is only an address, and count what there is."""
        if not (self._folder / ITEMS).exists():
            write_items(self._folder, self._while_asked(items_in(what.items, what.options)))
        elif any(isinstance(item, Broken) for item in read_items(self._folder)):
            # It is tried again: what could not be read may be there by now.
            items = read_anew(read_items(self._folder), what.options)
            write_items(self._folder, self._while_asked(items), what.access)
        what.items = _Items(self._folder)
        files, size = 0, 0
        all_sizes = True
        for item in self._while_asked(items_in(what.items)):
            if isinstance(item, Broken):
                files += 1
                continue
            keys, _ = chosen(what.keys, item)
            jobs = jobs_of(item, keys, what.to)
            files += len(jobs)
            size += sum(job.size or 0 for job in jobs)
            all_sizes = all_sizes and all(job.size is not None for job in jobs)
        self._total, self._total_bytes = files, size if all_sizes else None
        self._tell("running")

    def _while_asked(self, items: Iterator[Any]) -> Iterator[Any]:
        for item in items:
            self._tick()
            yield item

    def _copy(self, what: Copying) -> RsdatError | None:
        work = Run(what, keep=False, ended=self._ended, moved=self._moved)
        report = run(work.here(), self._tick)
        if report.failed:
            first = report.failed[0]
            if len(report.failed) == 1:
                return RsdatError(str(first.reason), hint=first.hint)
            return RsdatError(
                f"{len(report.failed)} of {self._total} files failed",
                hint="Retry takes only these.",
            )
        for href, error in report.problems.items():
            return RsdatError(f"{shown(href)} could not be saved: {error.message}", hint=error.hint)
        return None

    def _moved(self, job: Job, count: int) -> None:
        with self._lock:
            self._arrived += count
            self._moving[job.source] = self._moving.get(job.source, 0) + count

    def _ended(self, outcome: Outcome) -> None:
        with self._lock:
            self._moving.pop(outcome.job.source, None)
            if outcome.state == "failed":
                self._failed += 1
                if len(self._failures) < SHOWN:
                    path = shown(outcome.job.source)
                    self._failures.append(
                        {"path": path, "message": outcome.reason, "hint": outcome.hint}
                    )
                return
            if outcome.state == "skipped":
                self._skipped += 1
                self._skipped_bytes += outcome.job.size or 0
                return
            self._done += 1
            self._done_bytes += outcome.size or 0
            self._by_doors += outcome.by_doors
            self._streamed += not outcome.by_doors
            reason = outcome.streamed
            if reason is not None and reason not in self._reasons:
                self._reasons = [*self._reasons, reason][:REASONS]
            if outcome.verified is None or outcome.verified in _NO_SUMS:
                self._unverified += 1
            else:
                self._sums.add(outcome.verified)

    def _tick(self) -> None:
        if time.monotonic() - self._told_s < _TELL_S:
            return
        if asked_to_stop(self._folder):
            raise KeyboardInterrupt
        self._tell("running")

    def _tell(self, state: str, problem: RsdatError | None = None) -> None:
        self._told_s = time.monotonic()
        with self._lock:
            total = self._total_bytes
            value = {
                "state": state,
                "total": self._total,
                "done": self._done,
                "skipped": self._skipped,
                "failed": self._failed,
                "total_bytes": None if total is None else total - self._skipped_bytes,
                "done_bytes": self._done_bytes + sum(self._moving.values()),
                "arrived": self._arrived,
                "current": next((shown(source) for source in self._moving), None),
                "sums": sorted(self._sums),
                "unverified": self._unverified,
                "by_doors": self._by_doors,
                "streamed": self._streamed,
                "reasons": self._reasons,
                "failures": list(self._failures),
                "problem": None
                if problem is None
                else {"message": problem.message, "hint": problem.hint},
            }
        try:
            write_progress(self._folder, value)
        except (OSError, RsdatError) as error:
            # Copying needs no room here; the end is told as soon as there is some.
            _log.warning("How far it is can't be noted: %s", error)


class _Items:
    """The items of a folder, as often as they are asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __iter__(self) -> Iterator[Any]:
        return iter(read_items(self._folder))
