"""What a handle can do with its cluster, as coroutines for the office's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from rsdat.base.errors import Conflict
from rsdat.clusters.logs import MAX_PART_BYTES
from rsdat.clusters.manager import ClusterManager

_POLL_S = 0.2


class Deeds:
    """The deeds for one cluster; the errors are those of `ClusterManager`."""

    def __init__(self, manager: ClusterManager, cluster_id: str) -> None:
        self._manager = manager
        self._id = cluster_id

    async def state(self) -> dict[str, Any]:
        """The `Cluster` of docs/api.yaml."""
        return await self._manager.get(self._id)

    async def change(self, change: Mapping[str, Any]) -> None:
        """A `ClusterChange` of docs/api.yaml; `group` None is the first one."""
        body = {key: value for key, value in change.items() if key != "group" or value is not None}
        await self._manager.change(self._id, body)

    async def add_group(self, request: Mapping[str, Any]) -> None:
        """A `GroupRequest` of docs/api.yaml."""
        await self._manager.add_group(self._id, request)

    async def remove_group(self, name: str) -> None:
        """Let the workers of a group go, and forget it."""
        await self._manager.remove_group(self._id, name)

    async def cancel(self, job: str) -> None:
        """End one job, its data handed over."""
        await self._manager.act_on_job(self._id, job, "cancel")

    async def logs(self, source: str) -> str:
        """The end of a log, as text."""
        part = await self._manager.log(self._id, source, -MAX_PART_BYTES)
        return part.text.decode("utf-8", "replace")

    async def wait_for_workers(self, workers: int, timeout_s: float) -> None:
        """Wait until so many are connected.

        Raises:
            Conflict: They are not, after `timeout_s` seconds or because the cluster failed.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while True:
            state = await self.state()
            connected = state["workers"]["connected"]
            if connected >= workers:
                return
            if state["state"] in ("failed", "stopping", "stopped") or loop.time() > deadline:
                diagnosis = state["diagnosis"] or {}
                raise Conflict(
                    diagnosis.get("message") or f"{connected} of {workers} workers are connected",
                    hint=diagnosis.get("hint"),
                    code="no_workers",
                )
            await asyncio.sleep(_POLL_S)

    async def close(self, timeout_s: float) -> None:
        """End the cluster and wait until nothing of it is left.

        Raises:
            Conflict: Something is left after `timeout_s` seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        await self._manager.shutdown(self._id)
        while (await self.state())["state"] != "stopped":
            if loop.time() > deadline:
                raise Conflict("The cluster is still stopping", hint="Look at the panel.")
            await asyncio.sleep(_POLL_S)
