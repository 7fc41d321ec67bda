"""How busy a cluster is and how far its work has come, as read from what its scheduler said. Pure.

Schedulers with our preload tell all of it. Of others only what their workers do is known, from the
looks at them that are made anyway; what is not known is None, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from rsdat.clusters.attached.numbers import number
from rsdat.clusters.link import SchedulerSeen

_TEXT = 80
_NAMES = 8


@dataclass(frozen=True)
class Tasks:
    """Dask tasks by state; None where the scheduler does not tell.

    Attributes:
        processing: On a worker, or on their way to one.
        queued: Ready, and held back until a worker has room.
        no_worker: Ready, but no worker is there that may run them.
        waiting: For others' results.
        in_memory: Done, with their results kept.
        erred: Failed, or after one that did.
    """

    processing: int | None
    queued: int | None = None
    no_worker: int | None = None
    waiting: int | None = None
    in_memory: int | None = None
    erred: int | None = None

    @property
    def to_come(self) -> int | None:
        """Those that no worker has yet."""
        parts = [part for part in (self.queued, self.no_worker, self.waiting) if part is not None]
        return sum(parts) if parts else None


@dataclass(frozen=True)
class Part:
    """The tasks of one name in a computation.

    Attributes:
        name: What Dask calls them: a function, or a step of a collection.
        done: Of `total`; the erred ones, too.
    """

    name: str
    processing: int
    done: int
    total: int
    erred: int


@dataclass(frozen=True)
class Run:
    """What is computed, or was computed last.

    Attributes:
        done: Of `total`; the erred ones, too.
        seconds: For how long so far, or in all; None where that is not known.
        parts: Of what is still to be done, the busiest first; not all of them.
    """

    running: bool
    done: int
    total: int
    erred: int
    seconds: float | None
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class PulseSeen:
    """One look.

    Attributes:
        paused: Workers whose memory is too full to go on.
        cores: Threads of all workers.
        cpu: Percent of all cores; None without workers.
        memory: Bytes in use.
        memory_limit: Bytes; None where a worker has no limit.
        spilled: Bytes on disk, for want of memory; None where that is not told.
        run: None where nothing was computed yet, or the scheduler does not tell.
    """

    workers: int
    paused: int
    cores: int
    cpu: float | None
    memory: int
    memory_limit: int | None
    spilled: int | None
    tasks: Tasks
    run: Run | None

    @property
    def busy(self) -> bool:
        """Whether Dask tasks wait or run."""
        return bool(self.tasks.processing or self.tasks.to_come)

    @property
    def memory_percent(self) -> float | None:
        """Of the limit."""
        return 100 * self.memory / self.memory_limit if self.memory_limit else None

    def as_dict(self) -> dict[str, Any]:
        """The `PulseNow` of docs/api.yaml."""
        # By hand: `asdict` copies what nobody changes, a tenth of the time of an answer for 50.
        run = self.run and {**vars(self.run), "parts": [vars(each) for each in self.run.parts]}
        return {**vars(self), "tasks": vars(self.tasks), "run": run}


def of_preload(told: Mapping[str, Any]) -> PulseSeen:
    """What our preload told (preloads/rsdat_pulse.py).

    It runs beside the user's code: nothing but texts and finite numbers are taken from it.
    """
    workers, paused, cores, cpu, memory, limit, spilled = _numbers(told.get("load"), 7)
    tasks = Tasks(*(int(each) for each in _numbers(told.get("tasks"), 6)))
    return PulseSeen(
        workers=int(workers),
        paused=int(paused),
        cores=int(cores),
        cpu=_share(cpu, cores),
        memory=int(memory),
        memory_limit=int(limit) or None,
        spilled=int(spilled),
        tasks=tasks,
        run=_run(told),
    )


def of_look(seen: SchedulerSeen) -> PulseSeen:
    """What a look at a scheduler without our preload showed."""
    cores = sum(worker.threads for worker in seen.workers)
    limits = [worker.memory_bytes for worker in seen.workers]
    return PulseSeen(
        workers=len(seen.workers),
        paused=sum(worker.status == "paused" for worker in seen.workers),
        cores=cores,
        cpu=_share(sum(worker.cpu_percent for worker in seen.workers), cores),
        memory=sum(worker.used_bytes for worker in seen.workers),
        memory_limit=sum(limits) if all(limits) and limits else None,
        spilled=None,
        tasks=Tasks(sum(worker.executing + worker.ready for worker in seen.workers)),
        run=None,
    )


def _share(percent: float, cores: float) -> float | None:
    return round(percent / cores, 1) if cores else None


def _run(told: Mapping[str, Any]) -> Run | None:
    done, total, erred, running = _numbers(told.get("run"), 4)
    if not total:
        return None
    seconds, names = told.get("seconds"), told.get("names")
    rows: Sequence[Any] = names if _is_list(names) else ()
    return Run(
        running=bool(running),
        done=int(done),
        total=int(total),
        erred=int(erred),
        seconds=None if seconds is None else round(number(seconds), 1),
        parts=tuple(
            Part(str(each[0])[:_TEXT], *(int(count) for count in _numbers(each[1:], 4)))
            for each in rows[:_NAMES]
            if _is_list(each) and each
        ),
    )


def _numbers(value: Any, count: int) -> list[float]:
    """So many of them; 0 for what is missing or none."""
    given = list(value)[:count] if _is_list(value) else []
    found = [float(each) if isinstance(each, bool) else number(each) for each in given]
    return found + [0.0] * (count - len(found))


def _is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))
