"""Looks at an attached scheduler: with TLS by rpc, else at its HTTP side alone.

rpc over plain tcp would let whoever holds that port run code in this process, and nobody can say
who that is. Over HTTP it is only JSON that comes, and little of it is believed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tornado.httpclient import HTTPError, HTTPRequest
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from rsdat.base.errors import DoorBroken
from rsdat.clusters.attached.numbers import number
from rsdat.clusters.attached.page import PAGE, read_page
from rsdat.clusters.attached.request import read_scheduler_file, security_of
from rsdat.clusters.link import SchedulerLink, SchedulerSeen, WorkerSeen
from rsdat.clusters.record import Attached

#: Where Dask puts its HTTP side unless it is told otherwise.
DASHBOARD_PORT = 8787
CALL_S = 5.0
_ANSWER_BYTES = 16 * 2**20
_MOST_WORKERS = 10_000
_TEXT = 200


@dataclass(frozen=True)
class Whereabouts:
    """Where a scheduler is, as far as that is known without asking it.

    Attributes:
        dask_id: Which one must answer; None where any may.
    """

    address: str
    dashboard_port: int | None
    dask_id: str | None

    @property
    def encrypted(self) -> bool:
        """Whether it is reached over TLS."""
        return self.address.startswith("tls://")


def whereabouts(attached: Attached) -> Whereabouts:
    """Where it is now. Blocks for its scheduler file.

    Raises:
        InvalidInput: The scheduler file is gone, or no longer one.
    """
    if attached.scheduler_file is not None:
        facts = read_scheduler_file(attached)
        services = facts.get("services")
        port = services.get("dashboard") if isinstance(services, Mapping) else None
        known = port if isinstance(port, int) and 0 < port < 65536 else None
        # Whoever may write the file says which scheduler is meant.
        dask_id = facts.get("id")
        return Whereabouts(
            str(facts["address"]),
            attached.dashboard_port or known,
            dask_id if isinstance(dask_id, str) else attached.dask_id,
        )
    address = str(attached.address)
    # With TLS the certificate says who it is, also after a restart.
    pinned = None if address.startswith("tls://") else attached.dask_id
    return Whereabouts(address, attached.dashboard_port, pinned)


class AttachedLook:
    """Looks at one attached scheduler again and again. `close` it."""

    def __init__(self) -> None:
        self._link: SchedulerLink | None = None
        self._http: SimpleAsyncHTTPClient | None = None

    async def look(self, attached: Attached) -> SchedulerSeen:
        """What the scheduler and its workers are.

        Raises:
            DoorBroken: It does not answer, or another one does.
            InvalidInput: A file of it can't be used (any more).
        """
        there = await asyncio.to_thread(whereabouts, attached)
        if there.encrypted:
            return await self._by_rpc(attached, there)
        return await self._by_http(there)

    async def close(self) -> None:
        """Close its lines."""
        link, self._link = self._link, None
        http, self._http = self._http, None
        if http is not None:
            http.close()
        if link is not None:
            await link.close()

    async def _by_rpc(self, attached: Attached, there: Whereabouts) -> SchedulerSeen:
        link = self._link
        if link is None or link.address != there.address or link.dask_id != there.dask_id:
            await self.close()
            security = await asyncio.to_thread(security_of, attached)
            arguments = security.get_connection_args("client")
            link = self._link = SchedulerLink(there.address, there.dask_id, arguments)
        try:
            seen = await link.look()
        except DoorBroken:
            await self.close()
            raise
        port = there.dashboard_port or seen.dashboard_port
        return SchedulerSeen(seen.dask_id, there.address, port, seen.workers)

    async def _by_http(self, there: Whereabouts) -> SchedulerSeen:
        host = urlsplit(there.address).hostname or ""
        port = there.dashboard_port or DASHBOARD_PORT
        base = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        code, body = await self._get(f"{base}/json/identity.json")
        if code in (403, 404) and (await self._get(f"{base}/health"))[0] == 200:
            # Its HTTP side tells nothing but that it is there.
            return SchedulerSeen(there.dask_id or "", there.address, port, ())
        if code == 500:
            # It computes, see `page`; who it is, it tells again when it rests.
            code, body = await self._get(base + PAGE)
            page = body.decode(errors="replace")
            said, workers = await asyncio.to_thread(read_page, page) if code == 200 else (None, ())
            if said is not None:
                _check_port(said, there, port)
                return SchedulerSeen(there.dask_id or "", there.address, port, workers)
            code = 500
        if code != 200:
            raise DoorBroken(
                f"{base} is no dashboard of a scheduler: it answers with {code}",
                hint="Say on which port the dashboard is.",
            )
        seen = await asyncio.to_thread(_read_identity, body, there, port)
        if there.dask_id not in (None, seen.dask_id):
            raise DoorBroken(
                f"Another scheduler answers at {there.address} now",
                hint="Detach this one; attach the other if it is yours.",
                code="another_scheduler",
            )
        return seen

    async def _get(self, url: str) -> tuple[int, bytes]:
        if self._http is None:
            self._http = SimpleAsyncHTTPClient(force_instance=True, max_body_size=_ANSWER_BYTES)
        request = HTTPRequest(
            url,
            connect_timeout=CALL_S,
            request_timeout=CALL_S,
            # Only there, and nowhere that it may point to; no bombs in small parcels.
            follow_redirects=False,
            decompress_response=False,
        )
        try:
            answer = await self._http.fetch(request, raise_error=False)
        except (OSError, HTTPError, asyncio.TimeoutError) as error:
            raise _silent(url) from error
        if answer.code == 599 or (answer.error is not None and answer.code < 300):
            raise _silent(url)
        return answer.code, answer.body or b""


def _silent(url: str) -> DoorBroken:
    parts = urlsplit(url)
    return DoorBroken(
        f"Nothing answers at {parts.scheme}://{parts.netloc}",
        hint="Is the scheduler still there, and its dashboard on that port?",
    )


def _read_identity(body: bytes, there: Whereabouts, port: int) -> SchedulerSeen:
    problem = DoorBroken(f"What answers at {there.address} is no scheduler of Dask")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise problem from error
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        raise problem
    _check_port(str(value.get("address")), there, port)
    workers = value.get("workers")
    listed = list(workers.items())[:_MOST_WORKERS] if isinstance(workers, dict) else []
    return SchedulerSeen(
        value["id"][:_TEXT],
        there.address,
        port,
        tuple(_worker(address, facts) for address, facts in listed if isinstance(facts, dict)),
    )


def _check_port(said: str, there: Whereabouts, port: int) -> None:
    # Only the port: a computer has several names and addresses.
    if _port(said) != _port(there.address):
        raise DoorBroken(
            f"The dashboard on port {port} is another scheduler's",
            hint="Say on which port the dashboard of this one is.",
            code="another_scheduler",
        )


def _worker(address: str, facts: Mapping[str, Any]) -> WorkerSeen:
    given = facts.get("metrics")
    metrics: Mapping[str, Any] = given if isinstance(given, dict) else {}
    counts = metrics.get("task_counts")
    tasks: Mapping[str, Any] = counts if isinstance(counts, dict) else {}
    return WorkerSeen(
        name=str(facts.get("name"))[:_TEXT],
        address=address[:_TEXT],
        threads=int(number(facts.get("nthreads"))),
        memory_bytes=int(number(facts.get("memory_limit"))),
        used_bytes=int(number(metrics.get("memory"))),
        cpu_percent=number(metrics.get("cpu")),
        status=str(facts.get("status") or "running")[:_TEXT],
        executing=int(number(tasks.get("executing")) + number(tasks.get("long-running"))),
        ready=int(number(tasks.get("ready"))),
        in_memory=int(number(tasks.get("memory"))),
    )


def _port(address: str) -> int | None:
    try:
        return urlsplit(address).port
    except ValueError:
        return None
