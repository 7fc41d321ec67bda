"""Submits the scheduler's own job, and ends it; written down beforehand, as workers' jobs are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rsdat.base.clock import Clock
from rsdat.base.errors import NotPermitted, QueueSilent, RsdatError
from rsdat.base.files import write_text
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.naming import new_token, scheduler_job_name
from rsdat.clusters.placement.script import render_scheduler
from rsdat.clusters.record import Record, SchedulerProcess, Submission
from rsdat.clusters.script import ScriptPaths
from rsdat.queue.interface import Queue


async def submit_scheduler(
    folder: ClusterFolder, home: Path, queue: Queue, record: Record, clock: Clock
) -> Record:
    """Submit it; returns the record as it is then.

    Raises:
        Refused: The queue said no.
        InvalidInput: No script can be made of the options.
        QueueSilent: No sure answer; the job may exist, and the record says so.
    """
    placed = record.scheduler_job
    if placed is None:
        return record
    now = clock.now()
    submission = Submission(new_token(), 1, now, group="")

    def write(change: Any) -> Record:
        def apply(record: Record) -> None:
            if record.scheduler_job is not None:
                change(record, record.scheduler_job)

        return folder.update(apply)

    def begin(record: Record, job: Any) -> None:
        job.submission = submission
        record.scheduler = SchedulerProcess("", 0, "", now)

    def render() -> str:
        script = render_scheduler(
            folder,
            placed.options,
            ScriptPaths.of(folder, home),
            local=queue.kind == "local",
        )
        write_text(folder.scripts / f"s{submission.token}.sh", script)
        write(begin)
        return script

    def settle(array_id: str | None) -> Record:
        told = clock.now()

        def change(_: Record, job: Any) -> None:
            if job.submission is not None and job.submission.token == submission.token:
                job.submission.unsure = array_id is None
                if array_id is not None:
                    job.submission.array_id, job.submission.at = array_id, told

        return write(change)

    script = await asyncio.to_thread(render)
    name = scheduler_job_name(record.id, submission.token)
    try:
        array_id = await queue.submit(script, name=name, tasks=1, log_folder=folder.logs)
    except QueueSilent:
        await asyncio.to_thread(settle, None)
        raise
    except RsdatError:
        await asyncio.to_thread(write, lambda _, job: setattr(job, "submission", None))
        raise
    return await asyncio.to_thread(settle, array_id)


async def cancel_scheduler(folder: ClusterFolder, queue: Queue, now: datetime) -> str | None:
    """Cancel its job, if that is known; its id.

    Raises:
        QueueSilent: The queue did not answer.
    """

    def note(record: Record) -> None:
        if record.scheduler_job is not None and record.scheduler_job.id is not None:
            record.scheduler_job.cancelled = now

    record = await asyncio.to_thread(folder.note, note)
    job_id = record.scheduler_job.id if record.scheduler_job else None
    if job_id is not None:
        await cancel_quietly(queue, [job_id])
    return job_id


async def cancel_quietly(queue: Queue, ids: Sequence[str]) -> None:
    """Cancel jobs; what is somebody else's is left alone.

    Raises:
        QueueSilent: The queue did not answer.
    """
    try:
        await queue.cancel(ids)
    except NotPermitted:
        return


def after_scheduler(record: Record) -> tuple[str, ...] | None:
    """Directives by which workers wait until the scheduler's job has started.

    Without them they would look for it in vain for a minute, and end. None: its job is not known
    (yet), and they can't wait for it.
    """
    placed = record.scheduler_job
    if placed is None or placed.submission is None or placed.submission.array_id is None:
        return None
    return (f"--dependency=after:{placed.submission.array_id}", "--kill-on-invalid-dep=yes")
