"""Single jobs in the place of array tasks, for sites that forbid arrays (`MaxArraySize=0`).

Everybody else knows such a job as the only task of an array: `671_0`.
"""

from __future__ import annotations

from dataclasses import replace

from rsdat.queue.interface import Job

_AS_TASK = 'export SLURM_ARRAY_JOB_ID="$SLURM_JOB_ID" SLURM_ARRAY_TASK_ID=0'


def as_task(script: str) -> str:
    """The script, with the variables that an array task has."""
    lines = script.split("\n")
    # sbatch reads its directives up to the first line that is no comment.
    commands = (n for n, line in enumerate(lines) if line.strip() and not line.startswith("#"))
    first = next(commands, len(lines))
    return "\n".join([*lines[:first], _AS_TASK, *lines[first:]])


def named_as_task(job: Job) -> Job:
    """The job under the id of a task."""
    return job if job.id != job.array_id else replace(job, id=f"{job.id}_0")
