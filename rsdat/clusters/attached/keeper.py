"""Keeps one attached cluster: looks whether its scheduler answers, and never acts upon it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rsdat.base.clock import Clock
from rsdat.base.errors import DoorBroken, InvalidInput
from rsdat.clusters.attached.look import AttachedLook
from rsdat.clusters.attached.view import attached_view
from rsdat.clusters.clients import connection
from rsdat.clusters.diagnose import Diagnosis
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.keeper import Keeper
from rsdat.clusters.record import Record
from rsdat.clusters.view import Observed
from rsdat.queue.interface import Job, Queue

#: So many looks in a row that fail are no accident.
_PATIENCE = 2


class AttachedKeeper(Keeper):
    """One attached cluster as this companion knows it. `close` it."""

    def __init__(
        self, folder: ClusterFolder, record: Record, home: Path, queue: Queue, clock: Clock
    ) -> None:
        super().__init__(folder, record, home, queue, clock)
        self._there = AttachedLook()
        self._failures = 0

    @property
    def moving(self) -> bool:
        """Whether something is expected to change by itself."""
        if self.record.phase != "up":
            return self.record.phase == "stopping"
        return self.observed.scheduler == "none" or 0 < self._failures < _PATIENCE

    def view(self) -> dict[str, Any]:
        """The `Cluster` of docs/api.yaml."""
        view = attached_view(self.record, self.observed, self.diagnosis)
        return {**view, "connection": connection(self.folder, self.record)}

    async def turn(self, jobs: Sequence[Job] | None, *, reloaded: bool = False) -> None:
        """Look at the scheduler; whatever the queue says is none of its business."""
        self.acted = False
        if not reloaded and not await self.reload():
            return
        if self.record.phase == "stopping":
            await asyncio.to_thread(self._forget)
            await self.reload()
        attached = self.record.attached
        if self.record.phase != "up" or attached is None:
            self.observed, self.diagnosis = Observed(), None
            return
        try:
            seen = await self._there.look(attached)
        except (DoorBroken, InvalidInput) as error:
            self._failures += 1
            known = self.observed.answer
            if known is None or self._failures >= _PATIENCE:
                self.diagnosis = Diagnosis(error.message, error.hint)
                self.observed = Observed(scheduler="silent")
            return
        self._failures = 0
        self.observed = Observed(scheduler="up", answer=seen)
        self.diagnosis = None
        if attached.dask_id is None:
            await asyncio.to_thread(self.folder.update, lambda r: _pin(r, seen.dask_id))

    async def close(self) -> None:
        """Close the lines to the scheduler. It lives on."""
        await super().close()
        await self._there.close()

    async def _show(self, observed: Observed) -> None:
        # All that is shown was set by `turn`.
        if self.record.phase != "up":
            self.observed, self.diagnosis = Observed(), None

    def _forget(self) -> None:
        now = self._clock.now()

        def stop(record: Record) -> None:
            record.phase = "stopped"
            record.stopped = now

        self.folder.update(stop)
        self.folder.drop_secrets()
        self.folder.add_event(now, "detached")


def _pin(record: Record, dask_id: str) -> None:
    if record.attached is not None:
        record.attached.dask_id = dask_id or None
