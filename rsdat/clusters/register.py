"""Registers new clusters: a free id, a folder, and a name that no other live cluster has."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from rsdat.base.clock import Clock
from rsdat.base.errors import Conflict, NotFound
from rsdat.base.lock import Lock
from rsdat.clusters.caps import Usage, check_room, read_caps
from rsdat.clusters.dask_config import write_config
from rsdat.clusters.folder import ClusterFolder, cluster_folders
from rsdat.clusters.naming import default_name, new_id
from rsdat.clusters.record import FIRST_GROUP, Group, Record, SchedulerJob
from rsdat.clusters.request import Request

_LOCK_WAIT_S = 5.0


def make_cluster(
    home: Path, request: Request, clock: Clock, others: Usage | None = None
) -> tuple[ClusterFolder, Record]:
    """Make the folder of a new cluster; nothing is started. Blocks.

    Raises:
        Conflict: A live cluster has that name, or a cap is in the way.
        InvalidInput: The caps that are configured make no sense.
    """
    with names_held(home) as taken:
        if request.name is not None:
            check_free(request.name, taken)
        now = clock.now()
        while True:
            folder = ClusterFolder(home / "clusters" / new_id())
            more = [
                Group(each.name, each.options, each.workers, each.adapt, dict(each.resources))
                for each in request.groups
            ]
            record = Record(
                id=folder.id,
                name=_name(request, taken.values()),
                created=now,
                preset=request.preset,
                groups=[
                    Group(FIRST_GROUP, request.options, request.workers, adapt=request.adapt),
                    *more,
                ],
                idle_after=request.idle_after,
                renew=request.renew,
                scheduler_job=SchedulerJob(request.scheduler) if request.scheduler else None,
            )
            check_room(record, read_caps(), others or Usage())
            with contextlib.suppress(FileExistsError):
                folder.make(record, now, write_config)
                break
        folder.add_event(now, "created", name=record.name, workers=record.wanted)
    return folder, record


@contextlib.contextmanager
def names_held(home: Path) -> Iterator[dict[str, str]]:
    """The names of live clusters by id, which no other companion changes meanwhile. Blocks.

    Raises:
        Conflict: Another companion held them for too long.
    """
    deadline = time.monotonic() + _LOCK_WAIT_S
    while (lock := Lock.take(home / "clusters" / ".names.lock")) is None:
        if time.monotonic() > deadline:
            raise Conflict("Another rsdat is making a cluster", hint="Try again.")
        time.sleep(0.02)
    try:
        names = {}
        for folder in cluster_folders(home):
            with contextlib.suppress(NotFound, Conflict):
                record = folder.read_record()
                if record.phase != "stopped":
                    names[folder.id] = record.name
        yield names
    finally:
        lock.release()


def _name(request: Request, taken: Collection[str]) -> str:
    if request.name is not None:
        return request.name
    if request.like is not None and request.like not in taken:
        return request.like
    return default_name(taken)


def check_free(name: str, taken: Mapping[str, str]) -> None:
    """Refuse a name that somebody has.

    Raises:
        Conflict: A live cluster has it.
    """
    if name in taken.values():
        raise Conflict(f"There is a cluster named '{name}' already", code="name_taken")
