"""A queue with a home folder for tests of whole clusters, and what is left of them afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from rsdat.base.clock import Clock, SystemClock
from rsdat.base.run import Completed, run
from rsdat.clusters.manager import ClusterManager
from rsdat.queue.interface import Queue
from rsdat.queue.local.queue import LocalQueue
from rsdat.queue.slurm.queue import SlurmQueue

SMALL = {"cores": 1, "memory": "600MiB", "walltime": "00:30:00"}
LIMIT_S = 60.0


@dataclass
class ClusterSite:
    """One home folder and its queue. `commands` are Slurm's that were run, as argument lists."""

    home: Path
    kind: str
    commands: list[tuple[str, ...]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    clock: Clock = field(default_factory=SystemClock)

    def queue(self, **options: Any) -> Queue:
        if self.kind == "local":
            return LocalQueue(self.home)

        async def logged(argv: Any, **more: Any) -> Completed:
            self.commands.append(tuple(argv))
            return await run(argv, **more)

        return SlurmQueue(run=logged, **options)

    @contextlib.asynccontextmanager
    async def manager(self, queue: Queue | None = None) -> AsyncIterator[ClusterManager]:
        """A started manager. On leaving it is stopped, as by a restart: clusters live on."""
        manager = ClusterManager(
            self.home, queue or self.queue(), clock=self.clock, on_change=self.changed.append
        )
        await manager.start()
        try:
            yield manager
        finally:
            await manager.stop()

    @contextlib.asynccontextmanager
    async def only_manager(self, queue: Queue | None = None) -> AsyncIterator[ClusterManager]:
        """A manager at whose end all clusters are shut down, whatever happened."""
        async with self.manager(queue) as manager:
            try:
                yield manager
            finally:
                await self.end_all(manager)

    async def end_all(self, manager: ClusterManager) -> None:
        for cluster in (await manager.list())["clusters"]:
            await manager.shutdown(cluster["id"])
            await until(manager, cluster["id"], stopped)

    def submissions(self) -> list[tuple[str, ...]]:
        """The sbatch calls so far that submitted."""
        return [
            argv
            for argv in self.commands
            if argv[0] == "sbatch" and "--test-only" not in argv and "--version" not in argv
        ]

    def processes(self, cluster_id: str) -> list[psutil.Process]:
        """Processes that name the cluster in their command line."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE and any(
                    cluster_id in argument for argument in process.cmdline()
                ):
                    found.append(process)
        return found


async def until(
    manager: ClusterManager,
    cluster_id: str,
    condition: Callable[[dict[str, Any]], bool],
    limit_s: float = LIMIT_S,
) -> dict[str, Any]:
    """Look at a cluster until it is as wanted; the cluster then."""
    deadline = time.monotonic() + limit_s
    while True:
        cluster = await manager.get(cluster_id)
        if condition(cluster):
            return cluster
        assert time.monotonic() < deadline, f"not within {limit_s} s: {cluster}"
        await asyncio.sleep(0.05)


def connected(number: int) -> Callable[[dict[str, Any]], bool]:
    return lambda cluster: cluster["workers"]["connected"] == number


def stopped(cluster: dict[str, Any]) -> bool:
    return bool(cluster["state"] == "stopped")


def living(cluster: dict[str, Any]) -> list[str]:
    """Ids of jobs that wait or run."""
    states = ("PENDING", "RUNNING", "COMPLETING")
    return [job["id"] for job in cluster["jobs"] if job["state"] in states]
