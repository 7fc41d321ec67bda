"""The process that runs one local job array: starts its tasks, ends them, writes how they ended.

`python -m rsdat.queue.local.runner FOLDER` returns 0 as soon as `state.json` is there, and goes
on in the background as nobody's child, so it outlives the Jupyter server that submitted. Started
again over a folder whose runner died, it looks after what is still alive there.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

from rsdat.queue.local.processes import Process, send, sessions
from rsdat.queue.local.records import HEARTBEAT_S, Array, State, Task, asked_to_cancel
from rsdat.queue.local.slots import Slots, slot_count

#: Between SIGTERM and SIGKILL: a worker hands its results over in this time.
GRACE_S = 10
#: While something is about to end.
BUSY_TICK_S = 0.2
#: While something waits for a slot.
SLOT_TICK_S = 1
#: Otherwise signals wake us; those from another computer only leave a file.
QUIET_TICK_S = 2
#: Slurm's exit for a log that can't be written (no code, its own signal number).
NO_LOG = "0:53"


@dataclass
class Running:
    """A task whose session this runner looks after.

    Attributes:
        child: None if an earlier runner started it; then nobody learns how it ended.
        cause: The state it will have because we ended it.
        ending: It is to end; its processes are told so in the next step.
        kill_at: When SIGTERM turns into SIGKILL, monotonic seconds.
    """

    process: Process
    child: subprocess.Popen[bytes] | None
    slot: IO[bytes] | None = None
    cause: str | None = None
    ending: bool = False
    kill_at: float | None = None

    def leader_ended(self) -> bool:
        """Its first process has ended. A child stays unreaped: its id is not given away yet."""
        if self.child is None:
            return not self.process.is_alive()
        options = os.WEXITED | os.WNOWAIT | os.WNOHANG
        return os.waitid(os.P_PID, self.child.pid, options) is not None

    def members(self, by_session: dict[int, list[int]]) -> list[int]:
        """Live processes of its session, as far as they surely are its own."""
        if self.child is None and not self.process.is_alive():
            return []
        return by_session.get(self.process.pid, [])


class Runner:
    """Runs the array in `folder` until every task has ended."""

    def __init__(self, folder: Path, array: Array, state: State) -> None:
        self._folder = folder
        self._array = array
        self._state = state
        self._slots = Slots(folder.parent, slot_count())
        self._running: dict[int, Running] = {}
        self._changed = False
        self._told_to_end = False
        self._beat = time.monotonic()

    def tell_to_end(self) -> None:
        """End every task, as when the computer shuts down."""
        self._told_to_end = True

    def adopt(self) -> None:
        """Take over what a dead runner left: live sessions go on, all else is lost."""
        for number, task in self._state.tasks.items():
            if task.is_over:
                continue
            if task.process and task.process.is_alive():
                self._running[number] = Running(task.process, None)
            else:
                task.end("NODE_FAIL", _now(), reason="NodeDown", code=None)

    def step(self) -> bool:
        """Do what is due; whether something is left to look after."""
        self._cancel()
        self._start()
        self._limit()
        self._collect()
        if self._changed:
            self._state.write(self._folder)
            self._changed = False
            self._beat = time.monotonic()
        elif time.monotonic() - self._beat >= HEARTBEAT_S:
            os.utime(self._folder / "state.json")
            self._beat = time.monotonic()
        return not all(task.is_over for task in self._state.tasks.values())

    def tick_s(self) -> float:
        """How long nothing will be due, unless a signal comes."""
        ending = any(r.ending for r in self._running.values())
        waiting = any(task.state == "PENDING" for task in self._state.tasks.values())
        tick = BUSY_TICK_S if ending else SLOT_TICK_S if waiting else QUIET_TICK_S
        walltime = self._array.walltime_s
        for number in self._running:
            started = self._state.tasks[number].started
            if walltime is not None and started:
                tick = min(tick, walltime - (_now() - started).total_seconds())
        return max(tick, 0.05)

    def _cancel(self) -> None:
        asked = None if self._told_to_end else asked_to_cancel(self._folder)
        for number, task in self._state.tasks.items():
            if asked is not None and number not in asked:
                continue
            if number in self._running:
                self._end(number, "CANCELLED")
            elif task.state == "PENDING":
                self._record(number, "CANCELLED", reason=None, code="0:0")

    def _start(self) -> None:
        waiting = [number for number, task in self._state.tasks.items() if task.state == "PENDING"]
        for number in waiting:
            slot = self._slots.take()
            if slot is None:
                break
            self._start_task(number, self._state.tasks[number], slot)
        for number in waiting:
            task = self._state.tasks[number]
            if task.state == "PENDING" and task.reason != "Resources":
                task.reason = "Resources"
                self._changed = True

    def _start_task(self, number: int, task: Task, slot: IO[bytes]) -> None:
        array_id = self._folder.name
        try:
            log = (Path(self._array.log_folder) / f"{array_id}_{number}.log").open("ab")
        except OSError:
            slot.close()
            self._record(number, "FAILED", reason="NonZeroExitCode", code=NO_LOG)
            return
        environment = {
            **os.environ,
            "SLURM_ARRAY_JOB_ID": array_id,
            "SLURM_ARRAY_TASK_ID": str(number),
            # Slurm's is a number of its own for each task, and people name scratch folders by it.
            "SLURM_JOB_ID": str(int(array_id) * 10000 + number),
            # No squeue tells it here. 0 is never.
            "RSDAT_ENDS_AT": "0",
        }
        if self._array.walltime_s is not None:
            environment["RSDAT_ENDS_AT"] = str(int(_now().timestamp()) + self._array.walltime_s)
        with log:
            try:
                child = subprocess.Popen(
                    [*self._array.interpreter, str(self._folder / "script")],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self._array.cwd if Path(self._array.cwd).is_dir() else "/",
                    env=environment,
                    start_new_session=True,
                )
            except OSError as error:
                log.write(f"{self._array.interpreter[0]}: {error.strerror}\n".encode())
                slot.close()
                self._record(number, "FAILED", reason="NonZeroExitCode", code="127:0")
                return
        process = Process.of(child.pid)
        if process is None:  # ended already; not reaped, so the id is still its own
            process = Process(self._state.runner.host, self._state.runner.boot, child.pid, 0)
        self._running[number] = Running(process, child, slot)
        task.state, task.reason, task.started = "RUNNING", None, _now()
        task.process = process
        self._changed = True

    def _limit(self) -> None:
        walltime = self._array.walltime_s
        for number in self._running:
            started = self._state.tasks[number].started
            if walltime is not None and started and (_now() - started).total_seconds() >= walltime:
                self._end(number, "TIMEOUT")

    def _end(self, number: int, cause: str | None) -> None:
        """Decide that a task's processes are to end; does nothing if that was decided before."""
        running = self._running[number]
        if not running.ending:
            running.ending, running.cause = True, cause
            self._state.tasks[number].state = "COMPLETING"
            self._changed = True

    def _collect(self) -> None:
        """Record tasks that are over; what they left running in their session is ended first."""
        ended = {number for number, running in self._running.items() if running.leader_ended()}
        due = ended | {number for number, running in self._running.items() if running.ending}
        if not due:
            return
        by_session = sessions()
        for number in sorted(due):
            running = self._running[number]
            members = running.members(by_session)
            if number in ended and not members:
                self._finish(number, running)
                continue
            self._end(number, None)
            if running.kill_at is None:
                running.kill_at = time.monotonic() + GRACE_S
                _send_all(members, signal.SIGTERM)
            elif time.monotonic() >= running.kill_at:
                _send_all(members, signal.SIGKILL)

    def _finish(self, number: int, running: Running) -> None:
        del self._running[number]
        if running.slot:
            running.slot.close()
        code = running.child.wait() if running.child else None
        shown = None if code is None else f"{code}:0" if code >= 0 else f"0:{-code}"
        if running.cause:
            reason = "TimeLimit" if running.cause == "TIMEOUT" else None
            self._record(number, running.cause, reason=reason, code=shown)
        elif code is None:
            self._record(number, "NODE_FAIL", reason="NodeDown", code=None)
        elif code == 0:
            self._record(number, "COMPLETED", reason=None, code=shown)
        else:
            self._record(number, "FAILED", reason="NonZeroExitCode", code=shown)

    def _record(self, number: int, state: str, *, reason: str | None, code: str | None) -> None:
        self._state.tasks[number].end(state, _now(), reason=reason, code=code)
        self._changed = True


def _send_all(pids: list[int], number: int) -> None:
    for pid in pids:
        send(pid, number)


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _load(folder: Path) -> Runner:
    array = Array.read(folder)
    me = Process.of(os.getpid())
    if me is None:
        raise RuntimeError("this process is not in /proc")
    try:
        state = State.read(folder)
    except FileNotFoundError:
        state = State(me, {number: Task() for number in range(array.tasks)})
        runner = Runner(folder, array, state)
    else:
        state.runner = me
        runner = Runner(folder, array, state)
        runner.adopt()
    state.write(folder)
    return runner


def _serve(folder: Path, ready: int) -> None:
    """Run the array; closes `ready` after a byte that says that its state is on disk."""
    with (folder / "lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.write(ready, b"+")  # another runner was quicker: it is looked after
            return
        except OSError:
            pass  # no locks on this file system
        wakeup, waker = os.pipe()
        for end in (wakeup, waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGUSR1, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        runner = _load(folder)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: runner.tell_to_end())
        os.write(ready, b"+")
        os.close(ready)
        while runner.step():
            select.select([wakeup], [], [], runner.tick_s())
            with contextlib.suppress(BlockingIOError):
                os.read(wakeup, 4096)


def main(folder: Path) -> int:
    """Detach, and return once the runner in the background has begun (0) or failed (1)."""
    ready, done = os.pipe()
    if os.fork():
        os.close(done)
        return 0 if os.read(ready, 1) else 1
    os.close(ready)
    _serve(folder, done)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
