"""Talks to a cluster's scheduler: rpc over TLS with the cluster's key, every call with a limit.

rpc over plain tcp would let whoever holds that port run code in this process. So an address that
is not `tls://` is never used, and over TLS only the holder of the cluster's key can answer.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from distributed.comm.core import CommClosedError
from distributed.core import rpc
from distributed.security import Security

from rsdat.base.errors import DoorBroken
from rsdat.base.limit import within
from rsdat.clusters.diagnosis.versions import packages_in
from rsdat.clusters.folder import ClusterFolder

CALL_S = 5.0
#: Handing over gigabytes takes its time; a frozen scheduler must not stop us for ever.
RETIRE_S = 60.0


class WorkerSeen(NamedTuple):
    """One worker, as the scheduler knows it.

    Attributes:
        memory_bytes: What it may use.
        used_bytes: Of its process.
        cpu_percent: 100 is one core.
        status: Dask's word: running, paused, closing_gracefully, …
        executing: Dask tasks.
        ready: Dask tasks that wait for a thread.
        in_memory: Dask tasks whose results it holds.
    """

    name: str
    address: str
    threads: int
    memory_bytes: int
    used_bytes: int = 0
    cpu_percent: float = 0.0
    status: str = "running"
    executing: int = 0
    ready: int = 0
    in_memory: int = 0


def _worker(address: Any, facts: Mapping[str, Any]) -> WorkerSeen:
    metrics = facts.get("metrics") or {}
    tasks = metrics.get("task_counts") or {}
    return WorkerSeen(
        name=str(facts.get("name")),
        address=str(address),
        threads=int(facts.get("nthreads") or 0),
        memory_bytes=int(facts.get("memory_limit") or 0),
        used_bytes=int(metrics.get("memory") or 0),
        cpu_percent=float(metrics.get("cpu") or 0.0),
        status=str(facts.get("status") or "running"),
        executing=int(tasks.get("executing", 0) + tasks.get("long-running", 0)),
        ready=int(tasks.get("ready", 0)),
        in_memory=int(tasks.get("memory", 0)),
    )


@dataclass(frozen=True)
class SchedulerSeen:
    """What the scheduler said of itself.

    Attributes:
        dashboard_port: Of its HTTP server; None where that did not start.
    """

    dask_id: str
    address: str
    dashboard_port: int | None
    workers: tuple[WorkerSeen, ...]


def security(folder: ClusterFolder) -> Security:
    """What a client of this cluster needs to be let in, and to refuse impostors."""
    return Security(
        require_encryption=True,
        tls_ca_file=str(folder.certificate_file),
        tls_client_cert=str(folder.certificate_file),
        tls_client_key=str(folder.key_file),
    )


def scheduler_address(facts: Mapping[str, Any] | None) -> str | None:
    """The address in a scheduler file; None unless it is one that may be contacted."""
    address = (facts or {}).get("address")
    return address if isinstance(address, str) and address.startswith("tls://") else None


class SchedulerLink:
    """One open line to one scheduler. `close` it.

    Args:
        address: A `tls://` one.
        dask_id: Which scheduler must answer; None where its certificate says enough.
        connection_args: With the keys.
    """

    def __init__(
        self, address: str, dask_id: str | None, connection_args: Mapping[str, Any]
    ) -> None:
        self.address = address
        self.dask_id = dask_id
        self._connection_args = dict(connection_args)
        self._rpc: Any = None
        #: Whether it has our preload, as far as is known: one without answers None.
        self._tells_in_short = True

    @classmethod
    def open(cls, folder: ClusterFolder) -> SchedulerLink | None:
        """The line that the scheduler file leads to; None while there is none to trust.

        Blocks for files. Nothing is sent yet.
        """
        facts = folder.read_scheduler_file()
        address = scheduler_address(facts)
        if facts is None or address is None or not folder.key_file.exists():
            return None
        arguments = security(folder).get_connection_args("client")
        return cls(address, str(facts.get("id")), arguments)

    async def look(self) -> SchedulerSeen:
        """What the scheduler and its workers are.

        Raises:
            DoorBroken: No answer, or an answer by another scheduler.
        """
        if self._tells_in_short:
            short = await self._call("rsdat_look", CALL_S)
            self._tells_in_short = isinstance(short, Mapping)
            if self._tells_in_short and str(short.get("id")) == self.dask_id:
                workers = [WorkerSeen._make(facts) for facts in short.get("workers") or ()]
                return self._seen(str(self.dask_id), short.get("dashboard"), workers)
        # Without arguments: n_workers is not known to versions before 2024.9.
        answer = await self._call("identity", CALL_S)
        found = str(answer.get("id")) if isinstance(answer, Mapping) else None
        if found is None or self.dask_id not in (None, found):
            raise _another_scheduler()
        facts = (answer.get("workers") or {}).items()
        workers = [_worker(address, worker) for address, worker in facts]
        return self._seen(found, (answer.get("services") or {}).get("dashboard"), workers)

    def _seen(self, dask_id: str, port: Any, workers: Sequence[WorkerSeen]) -> SchedulerSeen:
        return SchedulerSeen(dask_id, self.address, int(port) if port else None, tuple(workers))

    async def pulse(self, limit_s: float = CALL_S) -> Mapping[str, Any] | None:
        """How busy it is, see `pulse_seen`; None where it has no preload of ours that tells.

        Args:
            limit_s: Seconds after which it does not answer.

        Raises:
            DoorBroken: No answer, or an answer by another scheduler.
        """
        told = await self._call("rsdat_pulse", limit_s)
        if not isinstance(told, Mapping):
            return None
        if str(told.get("id")) != self.dask_id:
            raise _another_scheduler()
        return told

    async def idle(self) -> bool:
        """Whether no task waits or runs anywhere.

        Raises:
            DoorBroken: No answer.
        """
        # When that began, by the scheduler's clock, which need not be ours; else None.
        return await self._call("check_idle", CALL_S) is not None

    async def target(self) -> int:
        """How many workers the work at hand wants.

        Raises:
            DoorBroken: No answer.
        """
        answer = await self._call("adaptive_target", CALL_S)
        if not isinstance(answer, int):
            raise DoorBroken("The scheduler did not say how many workers it wants")
        return answer

    async def order_to_close(self, count: int, *, idle_only: bool) -> list[str]:
        """Names of workers in the order in which they should go: idle and emptiest first.

        Raises:
            DoorBroken: No answer.
        """
        arguments: dict[str, Any] = {} if idle_only else {"n": count}
        answer = await self._call("workers_to_close", CALL_S, attribute="name", **arguments)
        return [str(name) for name in answer or ()]

    async def retire(self, names: Sequence[str]) -> list[str]:
        """Hand over the data of these workers and end them; returns the names that went.

        A worker whose data fit nowhere stays, and is not in the answer.

        Raises:
            DoorBroken: No answer.
        """
        answer = await self._call(
            "retire_workers", RETIRE_S, names=list(names), close_workers=True, remove=True
        )
        # An unknown op would answer None, and no worker at all an empty mapping.
        return [str(worker.get("name")) for worker in (answer or {}).values()]

    async def versions(self) -> dict[str, str | None] | None:
        """The scheduler's packages and their versions; None where it can't tell.

        Raises:
            DoorBroken: No answer.
        """
        return packages_in(await self._call("versions", CALL_S))

    async def worker_versions(self, addresses: Sequence[str]) -> dict[str, dict[str, str | None]]:
        """The same of workers, by address; those that can't tell are left out.

        Raises:
            DoorBroken: No answer, of the scheduler or of one of them.
        """
        answers = await self._call(
            "broadcast",
            CALL_S,
            msg={"op": "versions"},
            workers=list(addresses),
            on_error="ignore",
        )
        told = {str(each): packages_in(answer) for each, answer in (answers or {}).items()}
        return {address: packages for address, packages in told.items() if packages}

    async def terminate(self) -> None:
        """End the scheduler, and with it its workers. No error where it has gone already."""
        with contextlib.suppress(DoorBroken):
            # It closes the line instead of answering: that is how success looks.
            await self._call("terminate", CALL_S)

    async def close(self) -> None:
        """Close the line."""
        line, self._rpc = self._rpc, None
        if line is not None:
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                await within(CALL_S, line.close_rpc())

    async def _call(self, operation: str, limit_s: float, **arguments: Any) -> Any:
        if self._rpc is None:
            self._rpc = rpc(
                self.address, connection_args=self._connection_args, timeout=min(CALL_S, limit_s)
            )
        try:
            return await within(limit_s, getattr(self._rpc, operation)(**arguments))
        except (OSError, asyncio.TimeoutError, CommClosedError) as error:
            # A cancelled call leaves its comm marked as taken for ever: begin anew.
            await self.close()
            raise DoorBroken(
                f"The scheduler at {self.address} does not answer",
                hint="It may be busy; else look at its log.",
            ) from error
        except asyncio.CancelledError:
            await self.close()
            raise
        except Exception as error:
            # rpc raises here whatever the scheduler's code raised there.
            await self.close()
            raise DoorBroken(
                f"The scheduler at {self.address} failed at '{operation}': {type(error).__name__}",
                hint="Look at its log.",
            ) from error


def _another_scheduler() -> DoorBroken:
    return DoorBroken(
        "Another scheduler than the cluster's answers at its address",
        hint="Shut the cluster down and make a new one.",
    )
