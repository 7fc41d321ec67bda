"""What a queue can do. Two implementations: `rsdat.queue.slurm` and `rsdat.queue.local`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from rsdat.queue.site import Limit, NodeKind, Partition, Reservation, Site

__all__ = [
    "ALIVE",
    "SUBMIT_LIMIT",
    "WAITING",
    "Estimate",
    "Job",
    "Limit",
    "NodeKind",
    "Partition",
    "Queue",
    "Reservation",
    "Site",
]

#: States in which a job still is in the queue (man squeue, JOB STATE CODES).
WAITING = frozenset({"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT"})
ALIVE = frozenset({"RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT"})
#: `code` of the `Refused` of a submission of which a smaller part may be taken.
SUBMIT_LIMIT = "submit_limit"


@dataclass(frozen=True)
class Job:
    """One batch job; of a job array, one array task.

    Attributes:
        id: As squeue prints it: `671_0` for an array task, `671` else.
        array_id: The id of the whole array, `671`.
        name: The job name it was submitted under.
        state: Slurm's word, in capitals: `PENDING`, `RUNNING`, `FAILED`, …
        reason: Slurm's code for why it waits or ended; None for `None`.
        start_estimate: When Slurm expects to start it, while it waits.
        time_left_s: Until its walltime, while it runs.
        exit: `code:signal` as sacct prints it, once it ended and that is known.
        waiting: It is in the queue and has not started.
        alive: It has started and has not ended.
        ended: It will not run again.
    """

    id: str
    array_id: str
    name: str
    state: str
    reason: str | None = None
    node: str | None = None
    start_estimate: datetime | None = None
    started: datetime | None = None
    time_left_s: int | None = None
    exit: str | None = None
    waiting: bool = field(init=False, repr=False, compare=False)
    alive: bool = field(init=False, repr=False, compare=False)
    ended: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Once: of thousands of jobs each is asked several times at every look.
        waiting, alive = self.state in WAITING, self.state in ALIVE
        self.__dict__.update(waiting=waiting, alive=alive, ended=not (waiting or alive))

    def with_time_left(self, seconds: int | None) -> Job:
        """The same job, looked at later. Cheaper than `replace`."""
        later = Job.__new__(Job)
        later.__dict__.update(self.__dict__, time_left_s=seconds)
        return later


@dataclass(frozen=True)
class Estimate:
    """What `sbatch --test-only` said. An estimate and no check: it accepts what never starts."""

    start: datetime | None
    problem: str | None


class Queue(Protocol):
    """A batch system. Every method has a time limit of its own and is safe to cancel.

    All of them raise `QueueSilent` when the queue does not answer, and nothing else but what
    they name.
    """

    @property
    def kind(self) -> Literal["slurm", "local"]:
        """Which implementation this is."""
        ...

    @property
    def can_hold(self) -> bool:
        """Whether `hold` and `release` are possible."""
        ...

    async def version(self) -> str | None:
        """As the queue names itself, `slurm 22.05.8`; None where it does not say."""
        ...

    async def submit(self, script: str, *, name: str, tasks: int, log_folder: Path) -> str:
        """Submit a job array of `tasks` tasks, indices 0 to tasks-1, in one call.

        Inside each task `SLURM_ARRAY_JOB_ID`, `SLURM_ARRAY_TASK_ID` and `SLURM_JOB_ID` are set,
        and its output is appended to `log_folder/<array id>_<task>.log`.

        Args:
            script: Batch script with its `#SBATCH` lines, without array, name and output.
            name: Job name; unique, so that an unsure submission can be found again.
            tasks: At least 1.
            log_folder: Exists; on a file system that the nodes share.

        Returns:
            The array's job id.

        Raises:
            Refused: The queue said no; the message is in its own words. With the code
                `SUBMIT_LIMIT`, it might take fewer.
            QueueSilent: No sure answer. **The jobs may exist**: look for `name` with `jobs()`
                before anything else, never just submit again.
        """
        ...

    async def array_limit(self) -> int | None:
        """Most tasks that one `submit` may have; None for any number."""
        ...

    async def jobs(self, prefix: str) -> list[Job]:
        """This user's jobs whose name starts with `prefix`, one an array task.

        Holds every job that waits or runs, and ended ones for as long as the queue lists them.
        """
        ...

    async def ended(self, ids: Sequence[str]) -> list[Job]:
        """How jobs that `jobs()` no longer lists ended; those the queue forgot are left out."""
        ...

    async def time_left_s(self, job_id: str) -> int | None:
        """Seconds until a running job's walltime is over; None where nothing limits or knows it.

        For jobs that `jobs()` does not tell of, such as the one that we ourselves run in.
        """
        ...

    async def cancel(self, ids: Sequence[str]) -> None:
        """End jobs. Those that have ended already are no error.

        Raises:
            NotPermitted: They are somebody else's.
        """
        ...

    async def hold(self, ids: Sequence[str]) -> None:
        """Keep waiting jobs from starting. Those that run or have ended already are no error.

        Raises:
            Refused: The queue can't, or won't.
            NotPermitted: They are somebody else's.
        """
        ...

    async def release(self, ids: Sequence[str]) -> None:
        """Let held jobs start.

        Raises:
            Refused: The queue can't, or won't.
            NotPermitted: They are somebody else's, or an administrator holds them.
        """
        ...

    async def estimate(self, script: str, *, tasks: int) -> Estimate:
        """When such jobs would start; submits nothing."""
        ...

    async def site(self) -> Site:
        """Partitions, accounts and what they allow. Cheap to ask again: it is kept for a while."""
        ...
