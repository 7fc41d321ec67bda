"""The local queue's parts: scripts, records, processes, slots, and a runner step by step."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from rsdat.base.errors import Refused
from rsdat.queue.local import runner as runner_module
from rsdat.queue.local.processes import Process, sessions
from rsdat.queue.local.records import (
    Array,
    Snapshot,
    State,
    Task,
    ask_to_cancel,
    asked_to_cancel,
    jobs_of,
    look,
)
from rsdat.queue.local.runner import Runner
from rsdat.queue.local.script import read_demands
from rsdat.queue.local.slots import Slots

NOW = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)


def wait_for(condition: Callable[[], bool], *, within_s: float = 60) -> None:
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, f"not within {within_s:g} s"
        time.sleep(0.05)


# -- scripts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        ("#SBATCH -t 00:30:00", 1800),
        ("#SBATCH -t5", 300),
        ("#SBATCH --time=1-00", 86400),
        ("#SBATCH --time 90", 5400),
        ("#SBATCH -J x -t 0:02 --mem=1G # half", 2),
        ("#SBATCH -t 5\n# a comment\n\n#SBATCH -t 6", 360),
        ("#SBATCH --time=UNLIMITED", None),
        ("#SBATCH --tmp=5", None),
        ("true\n#SBATCH -t 5", None),
        ("## SBATCH -t 5", None),
        ("", None),
    ],
)
def test_walltime_of_a_script(lines: str, seconds: int | None) -> None:
    assert read_demands(f"#!/bin/bash\n{lines}\ntrue\n").walltime_s == seconds


@pytest.mark.parametrize(
    ("first", "interpreter"),
    [
        ("#!/bin/bash", ("/bin/bash",)),
        ("#! /usr/bin/env -S bash -l", ("/usr/bin/env", "-S bash -l")),
    ],
)
def test_interpreter(first: str, interpreter: tuple[str, ...]) -> None:
    assert read_demands(f"{first}\ntrue\n").interpreter == interpreter


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("true\n", "batch script"),
        ("", "batch script"),
        ("#!\ntrue", "batch script"),
        ("#!/bin/sh\n#SBATCH -t soon\n", "Invalid --time specification"),
        ("#!/bin/sh\n#SBATCH -t\n", "Invalid --time specification"),
        ('#!/bin/sh\n#SBATCH -J "x\n', "quotation"),
    ],
)
def test_scripts_that_are_refused(script: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        read_demands(script)


# -- processes -------------------------------------------------------------------------------


def test_a_process_is_known_by_more_than_its_number() -> None:
    me = Process.of(os.getpid())
    assert me
    assert me.is_alive()
    assert Process.from_dict(json.loads(json.dumps(me.as_dict()))) == me
    for other in (
        dataclasses.replace(me, born=me.born - 1),
        dataclasses.replace(me, boot="yesterday"),
        dataclasses.replace(me, host="elsewhere"),
    ):
        assert not other.is_alive()
        assert not other.send(0)


def test_a_process_that_ended_unwaited_is_not_alive() -> None:
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    process = Process.of(child.pid)
    assert process
    assert child.pid in sessions()[child.pid]
    child.kill()
    wait_for(lambda: not process.is_alive())
    assert child.pid not in sessions()
    assert Process.of(child.pid) is None
    child.wait()


# -- records ---------------------------------------------------------------------------------

ARRAY = Array("rsdat-x", 2, "/logs", "/", ("/bin/bash",), 600, NOW - timedelta(seconds=100))
HERE = Process(socket.gethostname(), "boot", 1, 1)


def snapshot(
    *tasks: Task, runner_alive: bool = True, alive: frozenset[int] = frozenset()
) -> Snapshot:
    return Snapshot("5", ARRAY, State(HERE, dict(enumerate(tasks))), runner_alive, alive)


def test_jobs_of_an_array_that_runs() -> None:
    running = Task("RUNNING", None, HERE, NOW - timedelta(seconds=100))
    first, second = jobs_of(snapshot(running, Task(reason="Resources")), NOW)
    assert (first.id, first.array_id, first.name) == ("5_0", "5", "rsdat-x")
    assert (first.node, first.time_left_s) == (HERE.host, 500)
    assert (second.id, second.state, second.reason) == ("5_1", "PENDING", "Resources")


def test_after_a_restart_of_the_computer_jobs_are_lost() -> None:
    ended = Task("FAILED", "NonZeroExitCode", HERE, NOW, NOW, "3:0")
    running = Task("RUNNING", None, HERE, NOW)
    first, second, third = jobs_of(snapshot(ended, running, Task(), runner_alive=False), NOW)
    assert (first.state, first.exit) == ("FAILED", "3:0")
    assert (second.state, second.reason) == ("NODE_FAIL", "NodeDown")
    assert (third.state, third.ended) == ("NODE_FAIL", True)


def test_a_task_outlives_its_runner() -> None:
    running = Task("RUNNING", None, HERE, NOW)
    (job,) = jobs_of(snapshot(running, runner_alive=False, alive=frozenset({0})), NOW)
    assert job.state == "RUNNING"


@pytest.mark.parametrize(("age_s", "state"), [(5, "PENDING"), (100, "NODE_FAIL")])
def test_a_submission_whose_runner_has_not_spoken(age_s: int, state: str) -> None:
    array = dataclasses.replace(ARRAY, submitted=NOW - timedelta(seconds=age_s))
    jobs = jobs_of(Snapshot("5", array, None, False, frozenset()), NOW)
    assert [job.state for job in jobs] == [state] * 2


def test_records_come_back_as_they_were_written(tmp_path: Path) -> None:
    ended = Task("FAILED", "NonZeroExitCode", HERE, NOW, NOW, "3:0")
    state = State(HERE, {0: ended, 1: Task()})
    ARRAY.write(tmp_path)
    state.write(tmp_path)
    assert Array.read(tmp_path) == ARRAY
    assert State.read(tmp_path) == state


def test_a_runner_on_another_computer_is_alive_while_it_gives_signs(tmp_path: Path) -> None:
    elsewhere = dataclasses.replace(HERE, host="elsewhere")
    ARRAY.write(tmp_path)
    State(elsewhere, {0: Task("RUNNING", None, elsewhere, NOW)}).write(tmp_path)
    os.utime(tmp_path / "state.json", (NOW.timestamp(), NOW.timestamp()))
    seen = look(tmp_path, NOW + timedelta(seconds=30))
    assert seen
    assert seen.runner_alive
    seen = look(tmp_path, NOW + timedelta(minutes=5))
    assert seen
    assert jobs_of(seen, NOW)[0].state == "NODE_FAIL"


def test_a_folder_that_is_gone_is_nothing(tmp_path: Path) -> None:
    assert look(tmp_path / "5", NOW) is None


def test_word_to_cancel(tmp_path: Path) -> None:
    assert asked_to_cancel(tmp_path) == set()
    ask_to_cancel(tmp_path, [1, 7])
    assert asked_to_cancel(tmp_path) == {1, 7}
    ask_to_cancel(tmp_path, None)
    assert asked_to_cancel(tmp_path) is None


# -- slots -----------------------------------------------------------------------------------


def test_slots_are_shared_and_come_back(tmp_path: Path) -> None:
    one, other = Slots(tmp_path, 2), Slots(tmp_path, 2)
    first, second = one.take(), other.take()
    assert first
    assert second
    assert one.take() is None
    first.close()
    third = other.take()
    assert third
    second.close()
    third.close()


# -- a runner, step by step ------------------------------------------------------------------


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Runner]:
    """Makes a runner of this process; its tasks log to tmp_path."""
    monkeypatch.setattr(runner_module, "GRACE_S", 0.5)

    def start_(command: str, *, tasks: int = 1, walltime_s: int | None = None) -> Runner:
        folder = tmp_path / "7"
        folder.mkdir()
        (folder / "script").write_text(f"{command}\n")
        array = Array("x", tasks, str(tmp_path), "/", ("/bin/bash",), walltime_s, NOW)
        array.write(folder)
        return runner_module._load(folder)

    return start_


def run_until(runner: Runner, folder: Path, condition: Callable[[State], bool]) -> State:
    state = State.read(folder)

    def step() -> bool:
        nonlocal state
        runner.step()
        state = State.read(folder)
        return condition(state)

    wait_for(step)
    return state


def over(state: State) -> bool:
    return all(task.is_over for task in state.tasks.values())


def logged(tmp_path: Path, text: str) -> Callable[[State], bool]:
    def condition(_state: State) -> bool:
        log = tmp_path / "7_0.log"
        return log.exists() and text in log.read_text()

    return condition


def test_what_ignores_sigterm_is_killed_with_all_its_children(
    start: Callable[..., Runner], tmp_path: Path
) -> None:
    runner = start("trap '' TERM; sleep 600 & echo up; sleep 600; sleep 600")
    state = run_until(runner, tmp_path / "7", logged(tmp_path, "up"))
    leader = state.tasks[0].process
    assert leader
    ask_to_cancel(tmp_path / "7", [0])
    state = run_until(runner, tmp_path / "7", lambda state: state.tasks[0].state != "RUNNING")
    assert state.tasks[0].state == "COMPLETING"
    state = run_until(runner, tmp_path / "7", over)
    assert (state.tasks[0].state, state.tasks[0].exit) == ("CANCELLED", "0:9")
    assert leader.pid not in sessions()


def test_what_a_script_leaves_running_is_ended_with_it(
    start: Callable[..., Runner], tmp_path: Path
) -> None:
    runner = start("sleep 600 & exit 4")
    state = run_until(runner, tmp_path / "7", over)
    assert (state.tasks[0].state, state.tasks[0].exit) == ("FAILED", "4:0")
    assert state.tasks[0].process
    assert state.tasks[0].process.pid not in sessions()


def test_more_tasks_than_slots_wait_for_their_turn(
    start: Callable[..., Runner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "slot_count", lambda: 2)
    go = tmp_path / "go"
    runner = start(f"until [ -e {go} ]; do sleep 0.05; done", tasks=5)
    state = run_until(runner, tmp_path / "7", lambda state: state.tasks[0].state == "RUNNING")
    assert [task.state for task in state.tasks.values()] == ["RUNNING"] * 2 + ["PENDING"] * 3
    assert {task.reason for task in state.tasks.values()} == {None, "Resources"}
    go.touch()
    state = run_until(runner, tmp_path / "7", over)
    assert {task.state for task in state.tasks.values()} == {"COMPLETED"}
    assert {task.reason for task in state.tasks.values()} == {None}


def test_a_waiting_task_is_cancelled_without_ever_starting(
    start: Callable[..., Runner], tmp_path: Path
) -> None:
    runner = start("echo never")
    ask_to_cancel(tmp_path / "7", None)
    state = run_until(runner, tmp_path / "7", over)
    assert (state.tasks[0].state, state.tasks[0].process) == ("CANCELLED", None)
    assert not (tmp_path / "7_0.log").exists()


def test_walltime(start: Callable[..., Runner], tmp_path: Path) -> None:
    runner = start("exec sleep 600", walltime_s=1)
    state = run_until(runner, tmp_path / "7", over)
    assert (state.tasks[0].state, state.tasks[0].reason) == ("TIMEOUT", "TimeLimit")


def test_a_log_that_cannot_be_written_fails_as_on_slurm(
    start: Callable[..., Runner], tmp_path: Path
) -> None:
    runner = start("true")
    (tmp_path / "7_0.log").mkdir()
    state = run_until(runner, tmp_path / "7", over)
    assert (state.tasks[0].state, state.tasks[0].exit) == ("FAILED", "0:53")


def test_a_missing_interpreter_is_told_in_the_log(
    start: Callable[..., Runner], tmp_path: Path
) -> None:
    runner = start("true")
    object.__setattr__(runner._array, "interpreter", ("/no/such/shell",))
    state = run_until(runner, tmp_path / "7", over)
    assert (state.tasks[0].state, state.tasks[0].exit) == ("FAILED", "127:0")
    assert "/no/such/shell: No such file" in (tmp_path / "7_0.log").read_text()


def test_told_to_end_it_takes_everything_along(
    start: Callable[..., Runner], tmp_path: Path
) -> None:
    runner = start("exec sleep 600", tasks=2)
    run_until(runner, tmp_path / "7", lambda state: state.tasks[1].state == "RUNNING")
    runner.tell_to_end()
    state = run_until(runner, tmp_path / "7", over)
    assert {task.state for task in state.tasks.values()} == {"CANCELLED"}


def test_a_second_runner_looks_after_what_the_first_left(
    start: Callable[..., Runner], tmp_path: Path
) -> None:
    folder = tmp_path / "7"
    orphan = subprocess.Popen(["sleep", "600"], start_new_session=True)
    process = Process.of(orphan.pid)
    start("true")
    gone = dataclasses.replace(process, born=1) if process else None
    lost = State.read(folder)
    lost.tasks = {
        0: Task("RUNNING", None, process, NOW),
        1: Task("RUNNING", None, gone, NOW),
        2: Task(),
    }
    lost.write(folder)
    second = runner_module._load(folder)
    state = State.read(folder)
    assert [task.state for task in state.tasks.values()] == ["RUNNING", "NODE_FAIL", "NODE_FAIL"]
    ask_to_cancel(folder, [0])
    state = run_until(second, folder, over)
    assert (state.tasks[0].state, state.tasks[0].exit) == ("CANCELLED", None)
    assert orphan.wait(5) == -signal.SIGTERM
