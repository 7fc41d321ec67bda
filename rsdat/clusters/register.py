"""Registers new clusters: a free id, a folder, a name of its own, and room for its workers."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from rsdat.base.clock import Clock
from rsdat.base.errors import Conflict, InvalidInput, NotFound
from rsdat.base.lock import Lock
from rsdat.clusters.caps import Cap, Usage, check_room, read_caps, total, usage_of
from rsdat.clusters.dask_config import write_config
from rsdat.clusters.folder import ClusterFolder, cluster_folders
from rsdat.clusters.naming import default_name, new_id
from rsdat.clusters.record import FIRST_GROUP, Group, Record, SchedulerJob
from rsdat.clusters.request import Request

_LOCK_WAIT_S = 5.0


def make_cluster(home: Path, request: Request, clock: Clock) -> tuple[ClusterFolder, Record]:
    """Make the folder of a new cluster; nothing is started. Blocks.

    Raises:
        Conflict: A live cluster has that name, or a cap is in the way.
        InvalidInput: The caps that are configured make no sense.
    """
    with register_held(home) as live:
        taken = {each.id: each.name for each in live.values()}
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
            check_room(record, read_caps(), _wanted_by(live.values()))
            with contextlib.suppress(FileExistsError):
                folder.make(record, now, write_config)
                break
        folder.add_event(now, "created", name=record.name, workers=record.wanted)
    return folder, record


@contextlib.contextmanager
def names_held(home: Path) -> Iterator[dict[str, str]]:
    """The names of live clusters by id, which nobody changes meanwhile. Blocks.

    Raises:
        Conflict: Another companion held them for too long.
    """
    with register_held(home) as live:
        yield {cluster_id: record.name for cluster_id, record in live.items()}


@contextlib.contextmanager
def others_held(home: Path, cluster_id: str) -> Iterator[Usage]:
    """What all other live clusters want, which nobody raises meanwhile. Blocks.

    So a cap on all of them holds for wishes in the same instant, too: each is checked and written
    down before the next is looked at. Nothing is counted where no such cap is configured.

    Raises:
        Conflict: Another companion held the sizes for too long.
    """
    try:
        cap = read_caps().all
    except InvalidInput:
        cap = Cap()  # whoever asks for more is told so
    if cap.workers is None and cap.cores is None:
        yield Usage()
        return
    with register_held(home) as live:
        yield _wanted_by(each for each in live.values() if each.id != cluster_id)


@contextlib.contextmanager
def register_held(home: Path) -> Iterator[dict[str, Record]]:
    """The records of live clusters by id: none comes, is renamed or grows meanwhile. Blocks.

    Raises:
        Conflict: Another companion held them for too long.
    """
    deadline = time.monotonic() + _LOCK_WAIT_S
    while (lock := Lock.take(home / "clusters" / ".names.lock")) is None:
        if time.monotonic() > deadline:
            raise Conflict("Another rsdat is making or scaling a cluster", hint="Try again.")
        time.sleep(0.02)
    try:
        live = {}
        for folder in cluster_folders(home):
            with contextlib.suppress(NotFound, Conflict):
                record = folder.read_record()
                if record.phase != "stopped":
                    live[folder.id] = record
        yield live
    finally:
        lock.release()


def _wanted_by(records: Iterable[Record]) -> Usage:
    return total(usage_of(record) for record in records)


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
