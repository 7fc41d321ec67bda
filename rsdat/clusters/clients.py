"""Clients of a cluster: how they get to its scheduler, who is there, and what they would lose."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from rsdat.base.errors import Conflict, DoorBroken
from rsdat.clusters.attached.look import whereabouts
from rsdat.clusters.attached.request import security_of
from rsdat.clusters.diagnosis.versions import compare
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.link import CALL_S, SchedulerLink
from rsdat.clusters.record import Record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

#: Workers of one cluster mostly run the same Python: a look at some of them tells.
_WORKERS_ASKED = 32


def connection(folder: ClusterFolder, record: Record) -> dict[str, str | None] | None:
    """What a client needs to know, the `Connection` of docs/api.yaml: paths of files, no secrets.

    None once the cluster has no scheduler for anybody.
    """
    if record.phase != "up":
        return None
    attached = record.attached
    if attached is not None:
        ways = ("address", "scheduler_file", "ca_file", "cert_file", "key_file")
        return {way: getattr(attached, way) for way in ways}
    certificate = str(folder.certificate_file)
    return {
        "address": None,
        "scheduler_file": str(folder.scheduler_file),
        "ca_file": certificate,
        "cert_file": certificate,
        "key_file": str(folder.key_file),
    }


async def clients_of(folder: ClusterFolder, record: Record) -> dict[str, Any]:
    """The `Clients` of docs/api.yaml: who is connected, and what is only in workers' memory.

    Raises:
        Conflict: The scheduler is not up, or can't tell.
        DoorBroken: It does not answer.
    """
    async with _line(folder, record) as link:
        told = await link.clients()
    if told is None:
        raise Conflict("This scheduler does not tell who is connected", code="not_told")
    keys = ("processing", "waiting", "in_memory")
    return {
        "clients": [str(each) for each in told.get("clients") or ()],
        "tasks": {key: int(told.get(key) or 0) for key in keys},
        "bytes": int(told.get("nbytes") or 0),
    }


async def compare_versions(
    folder: ClusterFolder, record: Record, notebook: Mapping[str, str | None]
) -> dict[str, Any]:
    """The `VersionsCompared` of docs/api.yaml: whether a notebook's packages go with a cluster's.

    Args:
        folder: Of the cluster.
        record: Of the cluster.
        notebook: Versions by package, as far as they are known.

    Raises:
        Conflict: The scheduler is not up, or must not be asked by rpc.
        DoorBroken: It does not answer.
    """
    async with _line(folder, record) as link:
        seen = await link.look()
        scheduler = await link.versions()
        names = {worker.address: worker.name for worker in seen.workers[:_WORKERS_ASKED]}
        answers = await link.worker_versions(list(names)) if names else {}
    workers = {names[address]: told for address, told in answers.items() if address in names}
    found = compare(notebook, scheduler, workers)
    return {
        "workers": len(workers),
        "mismatch": (
            {"message": found.message, "hint": found.step, "serious": found.serious}
            if found
            else None
        ),
    }


class _Line(SchedulerLink):
    async def clients(self) -> Mapping[str, Any] | None:
        """What our preload says; None where the scheduler has none."""
        told = await self._call("rsdat_clients", CALL_S)
        if not isinstance(told, Mapping):
            return None
        if told.get("id") != self.dask_id:
            raise DoorBroken("Another scheduler than the cluster's answers at its address")
        return told


@asynccontextmanager
async def _line(folder: ClusterFolder, record: Record) -> AsyncIterator[_Line]:
    """A line of our own: a busy scheduler must not make the keeper's look silent."""
    link = await asyncio.to_thread(_open, folder, record)
    if link is None:
        raise Conflict("The scheduler is not up", code="scheduler_not_up")
    try:
        yield link
    finally:
        await link.close()


def _open(folder: ClusterFolder, record: Record) -> _Line | None:
    if record.phase != "up":
        return None
    if record.attached is None:
        opened = _Line.open(folder)
        return opened if isinstance(opened, _Line) else None
    there = whereabouts(record.attached)
    if not there.encrypted:
        # rpc over plain tcp would let whoever holds that port run code here.
        raise Conflict("This scheduler is not encrypted: it is not asked", code="not_told")
    arguments = security_of(record.attached).get_connection_args("client")
    return _Line(there.address, there.dask_id, arguments)
