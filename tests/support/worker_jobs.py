"""Scheduler and worker jobs of a cluster that no companion looks after."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from distributed import Client, Future

from rsdat.clusters.dask_config import write_config
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.link import SchedulerLink, security
from rsdat.clusters.naming import job_name, new_token
from rsdat.clusters.options import read_options
from rsdat.clusters.scheduler import end_process, listen_host, start_scheduler
from rsdat.clusters.script import ScriptPaths, render_script
from rsdat.queue.interface import Job, Queue
from tests.support import cluster_parts

LIMIT_S = 60.0


class WorkerJobs:
    """One scheduler with its client, and jobs that are submitted one by one."""

    def __init__(self, folder: ClusterFolder, home: Path, queue: Queue, client: Client) -> None:
        self.folder = folder
        self.client = client
        self._home = home
        self._queue = queue
        self.arrays: list[str] = []

    def submit(self, tasks: int = 1, **options: Any) -> str:
        """Submit worker jobs; the array's id."""
        small = {"cores": 1, "memory": "600MiB", "walltime": "00:30:00"}
        read = read_options({}, {**small, **options})
        script = render_script(self.folder.id, read, ScriptPaths.of(self.folder, self._home))
        name = job_name(self.folder.id, new_token())
        self.arrays.append(
            asyncio.run(
                self._queue.submit(script, name=name, tasks=tasks, log_folder=self.folder.logs)
            )
        )
        return self.arrays[-1]

    def start(self, tasks: int = 1, **options: Any) -> str:
        """Submit worker jobs and wait until their workers are connected; the array's id."""
        array = self.submit(tasks, **options)
        names = {f"{self.folder.id}-{array}_{number}" for number in range(tasks)}
        wait(lambda: names <= set(self.workers()), lambda: self.log(f"{array}_0"))
        return array

    def workers(self) -> dict[str, str]:
        """Addresses of the connected workers by name."""
        known = self.client.sync(self.client.scheduler.identity, n_workers=-1)["workers"]
        return {worker["name"]: address for address, worker in known.items()}

    def address(self, job_id: str) -> str:
        """Of the worker of a job."""
        return self.workers()[f"{self.folder.id}-{job_id}"]

    def scatter_to(self, job_id: str, values: Sequence[Any]) -> list[Future]:
        """Put data that nobody can compute again on one worker alone."""
        futures: list[Future] = self.client.scatter(
            list(values), workers=[self.address(job_id)], hash=False
        )
        return futures

    def wait_until_gone(self, job_id: str, limit_s: float = LIMIT_S) -> None:
        """Wait until the worker of a job is connected no more."""
        name = f"{self.folder.id}-{job_id}"
        wait(lambda: name not in self.workers(), lambda: self.log(job_id), limit_s)

    def job(self, job_id: str) -> Job:
        """As the queue lists it."""
        jobs = asyncio.run(self._queue.jobs("rsdat-"))
        return next(job for job in jobs if job.id == job_id)

    def retire(self, job_id: str) -> list[str]:
        """As scaling down does it."""

        async def ask() -> list[str]:
            link = SchedulerLink.open(self.folder)
            assert link is not None
            try:
                return await link.retire([f"{self.folder.id}-{job_id}"])
            finally:
                await link.close()

        return asyncio.run(ask())

    def cancel(self, array: str) -> None:
        """As scancel does it."""
        asyncio.run(self._queue.cancel([array]))

    def log(self, job_id: str) -> str:
        """Of one job."""
        with contextlib.suppress(OSError):
            return (self.folder.logs / f"{job_id}.log").read_text()
        return "no log"


@contextlib.contextmanager
def worker_jobs(home: Path, queue: Queue) -> Iterator[WorkerJobs]:
    """A scheduler without workers; everything is ended on leaving."""
    folder = ClusterFolder(home / "clusters" / "c0ffee00")
    now = datetime.now(timezone.utc)
    folder.make(cluster_parts.record(), now, write_config)
    host = listen_host(local=queue.kind == "local", interface=None)
    scheduler = start_scheduler(folder, host, home, now)
    try:
        wait(lambda: folder.read_scheduler_file() is not None, folder.scheduler_log.read_text)
        facts = folder.read_scheduler_file()
        assert facts is not None
        with Client(facts["address"], security=security(folder), timeout=20) as client:
            jobs = WorkerJobs(folder, home, queue, client)
            try:
                yield jobs
            finally:
                folder.stopping_file.touch()
                if jobs.arrays:
                    asyncio.run(queue.cancel(jobs.arrays))
    finally:
        assert asyncio.run(end_process(scheduler))


def wait(condition: Callable[[], bool], words: Callable[[], str], limit_s: float = LIMIT_S) -> None:
    """Wait for something with a bound; `words` tell what was seen instead."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {limit_s} s: {words()}"
        time.sleep(0.05)
