"""The logs of all clusters, living and past, for the server: in threads, never many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from rsdat.base.clock import to_iso
from rsdat.base.errors import Conflict, NotFound
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.logs import LogPart, list_logs, open_log, read_part
from rsdat.clusters.logsearch import search_logs
from rsdat.clusters.naming import is_id
from rsdat.clusters.record import Record
from rsdat.queue.interface import Job

#: The threads are few, and looking after the clusters needs them too.
_SEARCHES = 2


class LogAccess:
    """Answers from the files alone, so that a stopped or damaged cluster's logs can be read.

    Args:
        home: `$RSDAT_HOME`.
        jobs: The jobs of a cluster as the queue last listed them; none of one that has stopped.
    """

    def __init__(self, home: Path, jobs: Callable[[str], Sequence[Job]]) -> None:
        self._home = home
        self._jobs = jobs
        self._searching = asyncio.Semaphore(_SEARCHES)

    async def list(self, cluster_id: str) -> dict[str, Any]:
        """The `LogList` of docs/api.yaml.

        Raises:
            NotFound: There is no such cluster.
        """
        return await asyncio.to_thread(self._list, cluster_id, self._jobs(cluster_id))

    async def part(self, cluster_id: str, source: str, offset: int) -> LogPart:
        """A part of a log; see `logs.read_part`.

        Raises:
            NotFound: There is no such cluster or log.
        """
        return await asyncio.to_thread(
            lambda: read_part(folder_with_logs(self._home, cluster_id), source, offset)
        )

    async def open(self, cluster_id: str, source: str) -> BinaryIO:
        """A whole log, to be read in threads; the caller closes it.

        Raises:
            NotFound: There is no such cluster or log.
        """
        return await asyncio.to_thread(
            lambda: open_log(folder_with_logs(self._home, cluster_id), source)
        )

    async def search(
        self,
        cluster_id: str,
        text: str,
        *,
        source: str | None = None,
        limit: int = 200,
        match_case: bool = False,
    ) -> dict[str, Any]:
        """The `LogMatches` of docs/api.yaml; see `logsearch.search_logs`.

        Raises:
            InvalidInput: The text is empty or has line breaks.
            NotFound: There is no such cluster or log.
        """

        def search() -> dict[str, Any]:
            folder = folder_with_logs(self._home, cluster_id)
            found = search_logs(folder, text, source=source, limit=limit, match_case=match_case)
            return {"matches": [vars(match) for match in found.matches], "more": found.more}

        async with self._searching:
            return await asyncio.to_thread(search)

    def _list(self, cluster_id: str, jobs: Sequence[Job]) -> dict[str, Any]:
        folder = folder_with_logs(self._home, cluster_id)
        try:
            record: Record | None = folder.read_record()
        except (NotFound, Conflict):
            record = None
        facts: dict[str, dict[str, str | None]] = {}
        for ended in record.ended if record else ():
            facts[ended.id] = {"node": ended.node, "state": ended.state}
        for job in jobs:
            facts[job.id] = {"node": job.node or facts.get(job.id, {}).get("node")}
            facts[job.id]["state"] = job.state
        if record is not None and record.scheduler is not None:
            facts["scheduler"] = {"node": record.scheduler.host}
        return {
            "name": record.name if record else None,
            "logs": [
                {
                    "source": log.source,
                    "size": log.size,
                    "modified": to_iso(log.modified),
                    **{k: v for k, v in facts.get(log.source, {}).items() if v is not None},
                }
                for log in list_logs(folder)
            ],
        }


def folder_with_logs(home: Path, cluster_id: str) -> ClusterFolder:
    """The folder of a cluster, whatever its state. Blocks.

    Raises:
        NotFound: There is no such cluster.
    """
    folder = ClusterFolder(home / "clusters" / cluster_id)
    if not is_id(cluster_id) or not folder.logs.is_dir():
        raise NotFound(f"There is no cluster '{cluster_id}'")
    return folder
