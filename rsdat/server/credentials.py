"""Watches credentials: tells when one changes or nears its end, and keeps the workers' copies.

Nobody is asked: files are looked at, tokens say themselves when they end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rsdat.base.clock import Clock, SystemClock
from rsdat.base.errors import RsdatError
from rsdat.base.limit import within
from rsdat.base.secret import Secret
from rsdat.server.storage import Storage

if TYPE_CHECKING:
    from rsdat.dcache.endpoint import Endpoint
    from rsdat.dcache.handover import Copy

_log = logging.getLogger(__name__)
#: How often the files are looked at. A worker's copy is that much behind a file changed by hand.
EVERY_S = 15.0
#: So long before its end the end of a token is told.
WARNINGS = (timedelta(days=1), timedelta(hours=1), timedelta(0))


class CredentialWatch:
    """For one companion. `start` it, and `stop` it at the end.

    Args:
        storage: The endpoints.
        shared: Gives the folders that workers of the live clusters read.
        changed: Told the name of an endpoint that is not what it was.
        clock: What the time is.
    """

    def __init__(
        self,
        storage: Storage,
        shared: Callable[[], Awaitable[Sequence[Path]]],
        changed: Callable[[str], None],
        clock: Clock | None = None,
    ) -> None:
        self._storage = storage
        self._shared = shared
        self._changed = changed
        self._clock = clock or SystemClock()
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        self._wake = asyncio.Event()
        self._looking = asyncio.Lock()
        #: By endpoint: its header, and how many warnings of its end are due.
        self._seen: dict[str, tuple[Secret | None, int]] = {}
        #: All that there are; None before the first look.
        self._names: set[str] | None = None
        self._copies: dict[str, Copy] = {}
        self._given: dict[Path, tuple[Copy, ...]] = {}
        #: Endpoints whose second address was asked for, in vain or not: dCache is not polled.
        self._completed: set[str] = set()

    def start(self) -> None:
        """Begin to look, now and then every `EVERY_S` seconds."""
        if self._task is None and not self._stopped:
            self._task = asyncio.create_task(self._run(), name="rsdat credentials")

    def clusters_changed(self) -> None:
        """A cluster may have come or gone; may be called often."""
        self.start()
        self._wake.set()

    async def renewed(self, endpoint: str) -> None:
        """An endpoint or its credential was just changed here: workers get it before this ends."""
        self._seen.pop(endpoint, None)
        self._completed.discard(endpoint)
        await self.look()
        self._changed(endpoint)

    async def look(self) -> None:
        """Look once at everything, tell what changed and write what workers lack."""
        async with self._looking:
            try:
                endpoints = await self._storage.endpoints()
            except RsdatError as error:
                # Told to every page that lists them.
                _log.debug("rsdat: endpoints can't be read: %s", error.message)
                return
            for endpoint in endpoints:
                await self._look_at(endpoint)
            known = {endpoint.name for endpoint in endpoints}
            for name in [name for name in self._seen if name not in known]:
                del self._seen[name]
            if self._names is not None:
                # By another server on this home, or by hand.
                for name in sorted(known ^ self._names):
                    self._changed(name)
            self._names = known
            await self._hand_over(endpoints)

    async def stop(self) -> None:
        """End the looking, for good."""
        self._stopped = True
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _run(self) -> None:
        while not self._stopped:
            await self._guarded(self.look)
            if not await self._guarded(self._wait):
                await asyncio.sleep(EVERY_S)

    async def _guarded(self, act: Callable[[], Awaitable[None]]) -> bool:
        try:
            await act()
        except Exception:  # noqa: BLE001 - whatever it is, the next look may find it gone
            _log.exception("rsdat: credentials could not be looked at")
            return False
        return True

    async def _wait(self) -> None:
        """Until it is time again, or a cluster came or went."""
        end = self._clock.monotonic_s() + EVERY_S
        while (left := end - self._clock.monotonic_s()) > 0:
            with suppress(asyncio.TimeoutError):
                await within(left, self._wake.wait())
            self._wake.clear()
            with suppress(RsdatError):
                if set(await self._shared()) != set(self._given):
                    return

    async def _look_at(self, endpoint: Endpoint) -> None:
        # Loaded with the endpoints.
        from rsdat.dcache.tokens import look

        try:
            header = await endpoint.credential.header()
        except RsdatError:
            header = None
        due = warnings_due((await look(endpoint.credential)).expires, self._clock.now())
        before = self._seen.get(endpoint.name)
        self._seen[endpoint.name] = (header, due)
        if before is not None and before != (header, due):
            self._changed(endpoint.name)

    async def _hand_over(self, endpoints: Sequence[Endpoint]) -> None:
        from rsdat.dcache.handover import copy_of, write_copies

        try:
            folders = await self._shared()
        except RsdatError:
            return  # no cluster can be managed now; those that live keep what they have
        self._given = {folder: self._given.get(folder, ()) for folder in folders}
        if not folders:
            self._copies.clear()
            return
        copies = []
        for endpoint in endpoints:
            copy = await self._copy(endpoint, copy_of)
            if copy is not None:
                copies.append(copy)
        self._copies = {copy.name: copy for copy in copies}
        for folder in folders:
            if self._given[folder] != tuple(copies):
                try:
                    await asyncio.to_thread(write_copies, folder, copies)
                    self._given[folder] = tuple(copies)
                except FileNotFoundError:
                    pass  # the cluster has just ended
                except (OSError, RsdatError) as error:
                    _log.warning("rsdat: workers can't be given dCache's credentials: %s", error)

    async def _copy(
        self, endpoint: Endpoint, copy_of: Callable[[Endpoint], Awaitable[Copy | None]]
    ) -> Copy | None:
        if not endpoint.complete and endpoint.name not in self._completed:
            self._completed.add(endpoint.name)
            with suppress(RsdatError):
                endpoint = await self._storage.endpoint(endpoint.name)
        return await copy_of(endpoint) or self._copies.get(endpoint.name)


def warnings_due(expires: datetime | None, now: datetime) -> int:
    """How many of the warnings of an end are due by now."""
    if expires is None:
        return 0
    return sum(expires - now <= before for before in WARNINGS)
