"""Clusters that have stopped and those whose record is damaged, for the server."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

from rsdat.base.clock import Clock
from rsdat.base.errors import Conflict, RsdatError
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.link import SchedulerLink
from rsdat.clusters.naming import cluster_of_job, job_name
from rsdat.clusters.past import PastClusters
from rsdat.clusters.retention import configured_limits
from rsdat.clusters.scheduler import end_process, find_scheduler
from rsdat.queue.interface import Queue

_log = logging.getLogger(__name__)

TIDY_EVERY = timedelta(days=1)


class Attic:
    """Lists and deletes what is over. `start` it in the event loop, and `stop` it.

    Args:
        home: `$RSDAT_HOME`.
        tell: Called with the id of a cluster that is gone, or damaged since.
    """

    def __init__(self, home: Path, queue: Queue, clock: Clock, tell: Callable[[str], None]) -> None:
        self._home = home
        self._queue = queue
        self._clock = clock
        self._tell = tell
        self._past = PastClusters(home)
        self._damaged: dict[str, dict[str, Any]] = {}
        self._stopping = threading.Event()
        self._tidying: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to delete, now and once a day, what is older or more than wanted."""
        self._tidying = asyncio.create_task(self._tidy_daily(), name="rsdat past clusters")

    async def stop(self) -> None:
        """End that; a deletion under way is finished by its thread."""
        self._stopping.set()
        if self._tidying is not None:
            self._tidying.cancel()
            await asyncio.wait({self._tidying})

    async def past(self) -> dict[str, Any]:
        """The `PastList` of docs/api.yaml."""
        return await asyncio.to_thread(self._past.list)

    async def delete(self, cluster_id: str) -> None:
        """Delete a past cluster, or a damaged one after what is left of it was ended.

        Raises:
            NotFound: There is no such cluster.
            Conflict: It has not stopped, or can't be ended.
            QueueSilent: Whether a damaged one has jobs is not known.
        """
        try:
            await asyncio.to_thread(self._past.delete, cluster_id)
        except Conflict as error:
            if error.code != "damaged_file":
                raise
            await self._end_leftovers(ClusterFolder(self._home / "clusters" / cluster_id))
            await asyncio.to_thread(self._past.delete, cluster_id, damaged_too=True)
        self._damaged.pop(cluster_id, None)
        self._tell(cluster_id)

    # -- damaged ones ---------------------------------------------------------------------------

    def damaged(self) -> list[dict[str, Any]]:
        """The `DamagedCluster`s of docs/api.yaml."""
        return [self._damaged[cluster_id] for cluster_id in sorted(self._damaged)]

    def note_damage(self, cluster_id: str, error: RsdatError | OSError) -> None:
        """A cluster's folder can't be read."""
        hint = None
        can_delete = False
        if isinstance(error, RsdatError):
            message, hint = error.message, error.hint
            can_delete = isinstance(error, Conflict) and error.code == "damaged_file"
        else:
            message = error.strerror or type(error).__name__
        if can_delete:
            hint = "Its logs can still be read. Delete it: what is left of it in the queue ends."
        elif hint is None:
            hint = f"Look at its folder, {self._home / 'clusters' / cluster_id}."
        view = {
            "id": cluster_id,
            "message": f"The cluster {cluster_id} can't be read: {message}",
            "hint": hint,
            "can_delete": can_delete,
        }
        if self._damaged.get(cluster_id) != view:
            self._damaged[cluster_id] = view
            self._tell(cluster_id)

    def note_rest_readable(self, damaged: Collection[str]) -> None:
        """All others can be read (again), or are gone."""
        for cluster_id in set(self._damaged).difference(damaged):
            del self._damaged[cluster_id]
            self._tell(cluster_id)

    async def _end_leftovers(self, folder: ClusterFolder) -> None:
        link = await asyncio.to_thread(SchedulerLink.open, folder)
        if link is not None:
            try:
                await link.terminate()
            finally:
                await link.close()
        left = await asyncio.to_thread(find_scheduler, folder, self._clock.now())
        if left is not None and not await end_process(left):
            raise Conflict(f"The scheduler of cluster {folder.id} does not end", code="not_stopped")
        jobs = [
            job.id
            for job in await self._queue.jobs(job_name(folder.id, ""))
            if not job.ended and cluster_of_job(job.name) == folder.id
        ]
        if jobs:
            await self._queue.cancel(jobs)

    # -- for how long they stay -----------------------------------------------------------------

    async def _tidy_daily(self) -> None:
        while not self._stopping.is_set():
            try:
                limits = configured_limits()
                now = self._clock.now()
                await asyncio.to_thread(self._past.tidy, limits, now, self._stopping.is_set)
            except (RsdatError, OSError) as error:
                _log.warning("Past clusters can't be tidied: %s", error)
            except Exception:  # noqa: BLE001
                # The last line of defence of a loop that must not end; a bug, so with its trace.
                _log.exception("Tidying past clusters failed")
            await asyncio.sleep(TIDY_EVERY.total_seconds())
