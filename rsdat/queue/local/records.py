"""The files of one local job array: who writes which, and the jobs they add up to.

`<home>/local/<array id>/` holds `array.json` and `script` (written once, by who submits),
`state.json` (written by the array's runner alone) and `cancel/` (a file per task to be ended,
made by anybody).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rsdat.base.clock import from_iso, to_iso
from rsdat.base.files import private_folder, read_json, write_json
from rsdat.queue.interface import ALIVE, WAITING, Job
from rsdat.queue.local.processes import Process

FORMAT = 1
#: In `cancel/`: the whole array.
EVERY_TASK = "all"
#: A runner shows this often that it lives, for those who can't see its process.
HEARTBEAT_S = 10
#: A runner on another computer that was silent for so long is taken for dead.
SILENCE = timedelta(seconds=60)
#: Between the submission and the runner's first word.
START_LIMIT = timedelta(seconds=60)


@dataclass(frozen=True)
class Array:
    """What was submitted."""

    name: str
    tasks: int
    log_folder: str
    cwd: str
    interpreter: tuple[str, ...]
    walltime_s: int | None
    submitted: datetime

    def write(self, folder: Path) -> None:
        """Write `array.json`."""
        value = {
            "name": self.name,
            "tasks": self.tasks,
            "log_folder": self.log_folder,
            "cwd": self.cwd,
            "interpreter": list(self.interpreter),
            "walltime_s": self.walltime_s,
            "submitted": to_iso(self.submitted),
        }
        write_json(folder / "array.json", value, format_version=FORMAT)

    @classmethod
    def read(cls, folder: Path) -> Array:
        """Read `array.json`; raises what `read_json` does."""
        value = read_json(folder / "array.json", format_version=FORMAT)
        return cls(
            name=value["name"],
            tasks=value["tasks"],
            log_folder=value["log_folder"],
            cwd=value["cwd"],
            interpreter=tuple(value["interpreter"]),
            walltime_s=value["walltime_s"],
            submitted=from_iso(value["submitted"]),
        )


@dataclass
class Task:
    """How one array task stands, in Slurm's words. `process` began the task's session."""

    state: str = "PENDING"
    reason: str | None = None
    process: Process | None = None
    started: datetime | None = None
    ended: datetime | None = None
    exit: str | None = None

    @property
    def is_over(self) -> bool:
        """It will not run (again)."""
        return self.state not in WAITING and self.state not in ALIVE

    def end(self, state: str, when: datetime, *, reason: str | None, code: str | None) -> None:
        """It has ended."""
        self.state, self.reason, self.exit, self.ended = state, reason, code, when


@dataclass
class State:
    """What `state.json` holds."""

    runner: Process
    tasks: dict[int, Task] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write `state.json`."""
        value = {
            "runner": self.runner.as_dict(),
            "tasks": {str(number): _task_to_dict(task) for number, task in self.tasks.items()},
        }
        write_json(folder / "state.json", value, format_version=FORMAT)

    @classmethod
    def read(cls, folder: Path) -> State:
        """Read `state.json`; raises what `read_json` does."""
        value = read_json(folder / "state.json", format_version=FORMAT)
        tasks = {int(number): _task_from_dict(task) for number, task in value["tasks"].items()}
        return cls(Process.from_dict(value["runner"]), tasks)


def _task_to_dict(task: Task) -> dict[str, Any]:
    return {
        "state": task.state,
        "reason": task.reason,
        "process": task.process and task.process.as_dict(),
        "started": task.started and to_iso(task.started),
        "ended": task.ended and to_iso(task.ended),
        "exit": task.exit,
    }


def _task_from_dict(value: dict[str, Any]) -> Task:
    return Task(
        state=value["state"],
        reason=value["reason"],
        process=value["process"] and Process.from_dict(value["process"]),
        started=value["started"] and from_iso(value["started"]),
        ended=value["ended"] and from_iso(value["ended"]),
        exit=value["exit"],
    )


def ask_to_cancel(folder: Path, tasks: Iterable[int] | None) -> None:
    """Leave word for the runner to end tasks; None is every one of them."""
    private_folder(folder / "cancel")
    for name in [EVERY_TASK] if tasks is None else map(str, tasks):
        (folder / "cancel" / name).touch()


def asked_to_cancel(folder: Path) -> set[int] | None:
    """Tasks that somebody wants ended; None is every one of them."""
    names = {path.name for path in (folder / "cancel").glob("*")}
    return None if EVERY_TASK in names else {int(name) for name in names if name.isdigit()}


@dataclass(frozen=True)
class Snapshot:
    """One array as its files and processes show it at one moment.

    Attributes:
        state: None until its runner has said its first word.
        runner_alive: Looked at *before* the state was read: a dead runner's state is final.
        alive: Tasks whose process was seen.
    """

    id: str
    array: Array
    state: State | None
    runner_alive: bool
    alive: frozenset[int]


def look(folder: Path, now: datetime) -> Snapshot | None:
    """Read an array's files; None if they are gone or never were whole.

    Raises:
        Conflict: Damaged, or written by a newer rsdat.
    """
    try:
        array = Array.read(folder)
    except FileNotFoundError:
        return None
    try:
        runner = State.read(folder).runner
        alive = _runner_alive(runner, folder, now)
        state = State.read(folder)
    except FileNotFoundError:
        return Snapshot(folder.name, array, None, False, frozenset())
    seen = (n for n, task in state.tasks.items() if task.process and task.process.is_alive())
    return Snapshot(folder.name, array, state, alive, frozenset(seen))


def _runner_alive(runner: Process, folder: Path, now: datetime) -> bool:
    if runner.is_here():
        return runner.is_alive()
    silent_s = now.timestamp() - (folder / "state.json").stat().st_mtime
    return silent_s < SILENCE.total_seconds()


def jobs_of(snapshot: Snapshot, now: datetime) -> list[Job]:
    """The jobs of an array, one a task. Pure."""
    array, state = snapshot.array, snapshot.state
    if state is None:
        waiting = now - array.submitted < START_LIMIT
        lost = Task() if waiting else Task(state="NODE_FAIL", reason="NodeDown")
        return [_job(snapshot, number, lost, now) for number in range(array.tasks)]
    jobs = []
    for number, task in sorted(state.tasks.items()):
        shown = task
        if not task.is_over and not snapshot.runner_alive and number not in snapshot.alive:
            # The computer was restarted, or somebody killed runner and task: nobody knows more.
            shown = Task("NODE_FAIL", "NodeDown", task.process, task.started)
        jobs.append(_job(snapshot, number, shown, now))
    return jobs


def _job(snapshot: Snapshot, number: int, task: Task, now: datetime) -> Job:
    left = None
    if task.state in ALIVE and task.started and snapshot.array.walltime_s is not None:
        left = max(0, int(snapshot.array.walltime_s - (now - task.started).total_seconds()))
    return Job(
        id=f"{snapshot.id}_{number}",
        array_id=snapshot.id,
        name=snapshot.array.name,
        state=task.state,
        reason=task.reason,
        node=task.process.host if task.process else None,
        started=task.started,
        time_left_s=left,
        exit=task.exit,
    )
