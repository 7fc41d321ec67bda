"""This computer as a `Queue`: the same job scripts as on Slurm, as detached processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Literal, TypeVar

from rsdat.base.clock import Clock, SystemClock
from rsdat.base.errors import Conflict, QueueSilent, Refused
from rsdat.base.files import PRIVATE_FOLDER, private_folder, write_bytes
from rsdat.queue.environment import job_environment
from rsdat.queue.ids import array_of, by_array, expand
from rsdat.queue.interface import Estimate, Job, NodeKind, Partition, Site
from rsdat.queue.local.records import Array, Snapshot, ask_to_cancel, jobs_of, look
from rsdat.queue.local.runner import GRACE_S
from rsdat.queue.local.script import Demands, read_demands

P = TypeVar("P")
T = TypeVar("T")

#: As Slurm's MinJobAge: how long `jobs` lists what has ended.
LISTED = timedelta(minutes=5)
#: How long `ended` knows it.
KEPT = timedelta(days=7)
#: An interpreter that has not begun after so long never will.
START_LIMIT_S = 30
#: The most tasks of one array.
MOST_TASKS = 10000


class LocalQueue:
    """Runs job arrays on this computer; they outlive the process that submitted them.

    Jobs are found again by their files, so several processes may use one home folder.

    Args:
        home: rsdat's home folder; records are kept in `local` below it.
        clock: For the age of records.
    """

    kind: Literal["slurm", "local"] = "local"
    can_hold = False

    def __init__(self, home: Path, clock: Clock | None = None) -> None:
        self._root = home / "local"
        self._clock = clock or SystemClock()
        # Arrays that ended too long ago to be listed: their files need not be read again.
        self._past: set[str] = set()

    async def version(self) -> str | None:
        """None: it has none of its own."""
        return None

    async def submit(self, script: str, *, name: str, tasks: int, log_folder: Path) -> str:
        """See `Queue.submit`."""
        return await asyncio.to_thread(self._submit, script, name, tasks, log_folder)

    async def array_limit(self) -> int | None:
        """None: any number."""
        return None

    async def jobs(self, prefix: str) -> list[Job]:
        """See `Queue.jobs`."""
        return await _aside(self._jobs, prefix)

    async def ended(self, ids: Sequence[str]) -> list[Job]:
        """See `Queue.ended`; what ended over a week ago is forgotten."""
        return await _aside(self._ended, ids)

    async def time_left_s(self, job_id: str) -> int | None:
        """See `Queue.time_left_s`."""
        return next((job.time_left_s for job in await self.jobs("") if job.id == job_id), None)

    async def cancel(self, ids: Sequence[str]) -> None:
        """See `Queue.cancel`. Returns at once; a task has 10 s between SIGTERM and SIGKILL."""
        await _aside(self._cancel, ids)

    async def hold(self, ids: Sequence[str]) -> None:
        """See `Queue.hold`: not possible, a job waits for nothing but a free core."""
        raise Refused("The local queue can't hold jobs")

    async def release(self, ids: Sequence[str]) -> None:
        """See `Queue.release`: nothing is ever held."""
        raise Refused("The local queue holds no jobs")

    async def estimate(self, script: str, *, tasks: int) -> Estimate:
        """See `Queue.estimate`: at once, if the script is one."""
        try:
            _check(script, tasks)
        except Refused as error:
            return Estimate(None, error.message)
        return Estimate(self._clock.now(), None)

    async def site(self) -> Site:
        """See `Queue.site`: one partition `local` with one node."""
        cores = len(os.sched_getaffinity(0))
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        node = Partition(
            name="local",
            default=True,
            state="UP",
            nodes=1,
            cores_per_node=cores,
            memory_per_node_bytes=memory,
            walltime_limit_s=None,
            nodes_limit=1,
            node_kinds=(NodeKind(1, cores, memory),),
        )
        return Site(None, (node,), (), array_limit=MOST_TASKS, kill_wait_s=GRACE_S)

    # -- inside, off the event loop --------------------------------------------------------------

    def _submit(self, script: str, name: str, tasks: int, log_folder: Path) -> str:
        demands = _check(script, tasks)
        try:
            private_folder(self._root)
            self._forget_old()
            folder = self._new_folder()
            write_bytes(folder / "script", script.encode(), mode=PRIVATE_FOLDER)
            Array(
                name=name,
                tasks=tasks,
                log_folder=str(log_folder),
                cwd=str(Path.cwd()),
                interpreter=demands.interpreter,
                walltime_s=demands.walltime_s,
                submitted=self._clock.now(),
            ).write(folder)
            problem = _start_runner(folder)
        except OSError as error:
            raise Refused(f"The job can't be started: {error.strerror}") from error
        if problem:
            raise Refused(f"The job can't be started: {problem}")
        return folder.name

    def _new_folder(self) -> Path:
        highest = max((int(folder.name) for folder in self._folders()), default=0)
        while True:
            highest += 1
            folder = self._root / str(highest)
            try:
                folder.mkdir(mode=PRIVATE_FOLDER)
            except FileExistsError:  # another companion took it just now
                continue
            return folder

    def _folders(self) -> Iterator[Path]:
        return (folder for folder in self._root.glob("[0-9]*") if folder.name.isdigit())

    def _jobs(self, prefix: str) -> list[Job]:
        now = self._clock.now()
        found: list[Job] = []
        for folder in sorted(self._folders(), key=lambda folder: int(folder.name)):
            if folder.name in self._past:
                continue
            jobs = _array(folder, now)
            if all(job.ended for job in jobs) and _age(folder, now) > LISTED:
                self._past.add(folder.name)
            else:
                found.extend(job for job in jobs if job.name.startswith(prefix))
        return found

    def _ended(self, ids: Sequence[str]) -> list[Job]:
        now = self._clock.now()
        wanted = [single for given in ids for single in expand(given)]
        arrays = {array_of(job_id) for job_id in wanted}
        jobs = (job for array in arrays for job in _array(self._root / array, now))
        found = {job.id: job for job in jobs if job.ended}
        return [found[job_id] for job_id in wanted if job_id in found]

    def _cancel(self, ids: Sequence[str]) -> None:
        now = self._clock.now()
        for array, numbers in by_array(ids).items():
            folder = self._root / array
            snapshot = _look(folder, now)
            if snapshot is None or all(job.ended for job in jobs_of(snapshot, now)):
                continue
            ask_to_cancel(folder, numbers)
            if snapshot.state is None or snapshot.state.runner.send(signal.SIGUSR1):
                continue
            if snapshot.state.runner.is_here():
                # Somebody killed the runner; its tasks live on and want another one.
                problem = _start_runner(folder)
                if problem:
                    raise QueueSilent(f"Local jobs can't be ended: {problem}")

    def _forget_old(self) -> None:
        now = self._clock.now()
        folders = sorted(self._folders(), key=lambda folder: int(folder.name))
        for folder in folders[:-1]:  # the last one keeps the numbers going up
            if _age(folder, now) > KEPT and all(job.ended for job in _array(folder, now)):
                shutil.rmtree(folder, ignore_errors=True)


async def _aside(work: Callable[[P], T], argument: P) -> T:
    """Do what touches files and processes off the event loop.

    Raises:
        QueueSilent: The records can't be read or written.
    """
    try:
        return await asyncio.to_thread(work, argument)
    except OSError as error:
        raise QueueSilent(
            f"The local queue's records are out of reach: {error.strerror}",
            hint="Is the disk with your home folder full or away?",
        ) from error


def _check(script: str, tasks: int) -> Demands:
    """What the script demands.

    Raises:
        Refused: It is none, or the number of tasks makes no sense; in sbatch's words.
    """
    if not 1 <= tasks <= MOST_TASKS:
        raise Refused("Invalid job array specification", hint=f"1 to {MOST_TASKS} tasks, please.")
    return read_demands(script)


def _start_runner(folder: Path) -> str | None:
    """Start an array's runner; why it did not start, None if it did.

    Raises:
        QueueSilent: It said nothing in time.
    """
    with (folder / "runner.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "rsdat.queue.local.runner", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=job_environment(os.environ),
            start_new_session=True,
        )
    try:
        code = process.wait(START_LIMIT_S)
    except subprocess.TimeoutExpired as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise QueueSilent(f"Local job {folder.name} did not start in time") from error
    if code == 0:
        return None
    said = (folder / "runner.log").read_text(errors="replace").strip().splitlines()
    return said[-1] if said else f"its runner ended with exit code {code}"


def _look(folder: Path, now: datetime) -> Snapshot | None:
    try:
        return look(folder, now)
    except Conflict as error:
        if error.code == "newer_format":
            raise QueueSilent(error.message, hint=error.hint, code=error.code) from error
        return None  # damaged: nobody can tell what its jobs were
    except (KeyError, TypeError, ValueError, AttributeError):
        return None  # the same, though it is JSON


def _array(folder: Path, now: datetime) -> list[Job]:
    snapshot = _look(folder, now)
    return jobs_of(snapshot, now) if snapshot else []


def _age(folder: Path, now: datetime) -> timedelta:
    """Since something was last written about an array."""
    written = 0.0
    for path in (folder, folder / "array.json", folder / "state.json"):
        with contextlib.suppress(FileNotFoundError):
            written = max(written, path.stat().st_mtime)
    return now - datetime.fromtimestamp(written, timezone.utc)
