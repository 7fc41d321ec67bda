"""Runs in the scheduler: tells how busy the cluster is and how far its work is, in a few numbers.

The companion asks every few seconds while somebody looks. Only counters that Dask keeps are read,
never its tasks. Where the counters are many as well (tasks with keys of the user's own make a group
each), they are read in pieces, between which the scheduler goes on, and not again before a hundred
times as long has passed. Needs nothing but Python: the scheduler's may have no rsdat.
"""

from __future__ import annotations

import asyncio
from itertools import chain
from time import perf_counter, time
from typing import Any

#: So many counters are read in less than half a millisecond.
_PIECE = 400
#: Reading them may take this part of the scheduler's time.
_SHARE = 0.01
#: Of so many names of tasks sums are made; so many are told, the busiest.
_NAMES = 200
_TOLD = 3
_NAME_LENGTH = 80
#: What is still to be done of a computation, and what is done or never will be.
_TO_DO = ("processing", "queued", "no-worker", "waiting")
_DONE = ("memory", "released", "erred")


class Pulse:
    """Counts for one scheduler; what was counted is kept until something happened to a task."""

    def __init__(self, scheduler: Any) -> None:
        self._scheduler = scheduler
        self._counting = asyncio.Lock()
        self._counted: dict[str, Any] = {}
        self._at_transition = -1
        #: By `perf_counter`: not counted again before.
        self._due = 0.0
        self._is_running = False
        #: When the last of what is done was done, by the workers' clocks as Dask reads them.
        self._stop = 0.0

    async def tell(self) -> dict[str, Any]:
        """The answer to `rsdat_pulse`; what its parts mean stands in pulse_seen.py."""
        load = await self._load()
        async with self._counting:
            moment = self._scheduler.transition_counter
            if moment != self._at_transition and perf_counter() >= self._due:
                self._counted = await self._count()
                self._at_transition = moment
        # Read each time, or a long task would seem to take none.
        return {"id": self._scheduler.id, "load": load, **self._counted, "seconds": self._seconds()}

    async def _load(self) -> list[float]:
        threads = paused = cpu_percent = used = limit = spilled = 0.0
        unlimited = False
        workers = list(self._scheduler.workers.values())
        for number, worker in enumerate(workers):
            if number % _PIECE == _PIECE - 1:
                await asyncio.sleep(0)
            metrics = worker.metrics or {}
            threads += worker.nthreads
            paused += worker.status.name == "paused"
            cpu_percent += metrics.get("cpu", 0.0)
            used += metrics.get("memory", 0)
            limit += worker.memory_limit or 0
            unlimited = unlimited or not worker.memory_limit
            spilled += (metrics.get("spilled_bytes") or {}).get("disk", 0)
        limit = 0 if unlimited else limit
        return [len(workers), paused, threads, cpu_percent, used, limit, spilled]

    async def _count(self) -> dict[str, Any]:
        began, spent = perf_counter(), 0.0
        scheduler = self._scheduler
        mine = scheduler.computations[-1].groups if scheduler.computations else set()
        # The computation also knows its groups of which nothing is left.
        groups = chain(list(mine), list(scheduler.task_groups.values()))
        own = len(mine)
        tasks = dict.fromkeys((*_TO_DO, "memory", "erred"), 0)
        run = {"done": 0, "total": 0, "erred": 0}
        names: dict[str, list[int]] = {}
        stop = 0.0
        for number, group in enumerate(groups):
            if number % _PIECE == _PIECE - 1:
                spent += perf_counter() - began
                await asyncio.sleep(0)
                began = perf_counter()
            is_own = number < own
            if not is_own and group in mine:
                continue
            states = group.states
            for state in tasks:
                tasks[state] += states[state]
            to_do = sum(states[state] for state in _TO_DO)
            if not to_do and not is_own:
                continue
            # As Dask counts its progress; but what was forgotten since the computation began was
            # done as well, and what a group that is older forgot belongs to earlier ones.
            done = sum(states[state] for state in _DONE) + (states["forgotten"] if is_own else 0)
            run["done"] += done
            run["total"] += done + to_do
            run["erred"] += states["erred"]
            stop = max(stop, group.stop)
            if to_do:
                _add(names, group.prefix.name, states["processing"], done, to_do, states["erred"])
        spent += perf_counter() - began
        self._due = perf_counter() + spent / _SHARE
        self._is_running = run["done"] < run["total"]
        self._stop = stop
        told = sorted(names.items(), key=lambda each: (-each[1][0], each[1][1] - each[1][2]))
        return {
            "tasks": list(tasks.values()),
            "run": [*run.values(), self._is_running],
            "names": [[name[:_NAME_LENGTH], *row] for name, row in told[:_TOLD]],
        }

    def _seconds(self) -> float | None:
        """How long the computation has taken so far, or took; None where Dask keeps none."""
        computations = self._scheduler.computations
        if not computations or not self._counted:
            return None
        stop = time() if self._is_running else self._stop
        return max(stop - float(computations[-1].start), 0.0)


def _add(
    names: dict[str, list[int]], name: str, processing: int, done: int, to_do: int, erred: int
) -> None:
    name = str(name)
    row = names.get(name)
    if row is None:
        if len(names) >= _NAMES:
            return
        row = names[name] = [0, 0, 0, 0]
    row[0] += processing
    row[1] += done
    row[2] += done + to_do
    row[3] += erred


def dask_setup(scheduler: Any) -> None:
    """Answer one more question."""
    scheduler.handlers["rsdat_pulse"] = Pulse(scheduler).tell
