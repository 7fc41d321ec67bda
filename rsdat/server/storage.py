"""The configured dCache endpoints and one client for each."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rsdat.base.errors import NotFound
from rsdat.server.opening import close_all, ending

if TYPE_CHECKING:
    from datetime import datetime

    from rsdat.dcache.client import DCacheClient
    from rsdat.dcache.endpoint import Endpoint

#: Uploads that were cut off delete what they left at dCache; so long the server waits for them.
CLEAN_UP_S = 10.0
#: The client of an endpoint that was replaced is closed when nobody has used it for so long.
UNUSED_S = 120.0


class Storage:
    """Clients by endpoint name.

    The configuration is read again whenever it is listed or an unknown name is asked for, so
    that an endpoint added while the server runs needs no restart.

    Args:
        home: `$RSDAT_HOME`.
        replaced: Told the name of an endpoint that is another one from now on, or none: what is
            known of it is of no use any more.
    """

    def __init__(self, home: Path, replaced: Callable[[str], None] = lambda _name: None) -> None:
        self._home = home
        self._tell_replaced = replaced
        self._endpoints: dict[str, Endpoint] = {}
        self._configured: dict[str, Endpoint] = {}
        self._clients: dict[str, DCacheClient] = {}
        # Of endpoints whose configuration changed; a transfer may still be using them.
        self._replaced: dict[DCacheClient, asyncio.Task[None]] = {}
        self._writes: set[asyncio.Task[Any]] = set()
        self._ending = False

    async def endpoints(self) -> list[Endpoint]:
        """All endpoints as configured now, the default first."""
        found = await asyncio.to_thread(_load, self._home)
        endpoints = {endpoint.name: endpoint for endpoint in found}
        for name, client in list(self._clients.items()):
            # An address that was found out makes no other endpoint.
            if endpoints.get(name) not in (self._configured.get(name), self._endpoints.get(name)):
                self._replaced[client] = asyncio.create_task(self._close_unused(client))
                del self._clients[name]
                self._tell_replaced(name)
        self._configured = dict(endpoints)
        known = {name: self._endpoints[name] for name in self._clients}
        self._endpoints = {**endpoints, **known}
        return found

    async def _close_unused(self, client: DCacheClient) -> None:
        while (left_s := UNUSED_S - client.http.idle_s) > 0:  # noqa: ASYNC110 - nothing happens
            await asyncio.sleep(left_s)
        # Whoever still has it, and asks once more, opens it again: so it is closed at the end, too.
        await client.close()

    async def endpoint(self, name: str) -> Endpoint:
        """An endpoint with both its addresses.

        Raises:
            NotFound: No endpoint has this name.
            DoorBroken: An address can't be found out.
        """
        return (await self.client(name)).endpoint

    async def client(self, endpoint: str) -> DCacheClient:
        """The client of an endpoint.

        Raises:
            NotFound: No endpoint has this name.
            Conflict: The server is ending, and it has none yet.
        """
        if endpoint not in self._endpoints:
            await self.endpoints()
        if endpoint not in self._endpoints:
            raise NotFound(
                f"There is no dCache endpoint '{endpoint}'",
                hint="Add it in the dCache panel, or in endpoints.json of rsdat's home folder.",
            )
        client = self._clients.get(endpoint)
        if client is None:
            wanted = self._endpoints[endpoint]
            if not wanted.complete:
                from rsdat.dcache.doors import complete

                wanted = await complete(self._home, wanted)
                if endpoint in self._clients:  # another request was faster
                    return self._clients[endpoint]
                self._endpoints[endpoint] = wanted
            if self._ending:
                raise ending()
            client = self._clients[endpoint] = _new_client(wanted)
        return client

    async def save(self, name: str, given: Mapping[str, Any]) -> tuple[Endpoint, bool]:
        """Describe an endpoint, or change one, and remember it; see `described.save`.

        An address that was not given is found out first.

        Raises:
            RsdatError: The description makes no sense, or the address can't be found out.
        """
        await asyncio.to_thread(importlib.import_module, "rsdat.dcache.described")
        from rsdat.dcache import described
        from rsdat.dcache.doors import complete

        meant = await self._meant(name, given)
        if not meant.complete:
            meant = await complete(None, meant)
        addresses = {"api_url": meant.api_url, "webdav_url": meant.webdav_url}
        endpoint, new = await asyncio.to_thread(
            described.save, self._home, name, {**given, **addresses}
        )
        await self.endpoints()
        return endpoint, new

    async def delete(self, name: str) -> None:
        """Forget an endpoint; see `described.delete`.

        Raises:
            NotFound: There is no such endpoint.
            Conflict: It is configured elsewhere.
        """
        await asyncio.to_thread(importlib.import_module, "rsdat.dcache.described")
        from rsdat.dcache import described

        await asyncio.to_thread(described.delete, self._home, name)
        await self.endpoints()

    async def test(self, name: str, given: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """The `EndpointTest` of an endpoint as it is, or as described; nothing is saved.

        Raises:
            RsdatError: The description makes no sense.
        """
        await asyncio.to_thread(importlib.import_module, "rsdat.dcache.doctor")
        from rsdat.dcache.doctor import examine

        meant = await self._meant(name, given)
        return (await examine(meant, now)).as_dict(now)

    async def _meant(self, name: str, given: Mapping[str, Any]) -> Endpoint:
        """An endpoint as a change would make it."""
        await asyncio.to_thread(importlib.import_module, "rsdat.dcache.described")
        from rsdat.dcache.described import merged
        from rsdat.dcache.endpoint import endpoint_from_options

        if not given:
            await self.endpoints()
            if name in self._endpoints:
                return self._endpoints[name]
        options = await asyncio.to_thread(merged, self._home, name, given)
        return await asyncio.to_thread(
            lambda: endpoint_from_options(name, options, folder=self._home)
        )

    def own(self, write: asyncio.Task[Any]) -> None:
        """Keep a write until it has ended, also when its request is gone."""
        self._writes.add(write)
        if self._ending:
            write.cancel()
        write.add_done_callback(self._ended)

    def _ended(self, write: asyncio.Task[Any]) -> None:
        self._writes.discard(write)
        if not write.cancelled():
            # Its request tells it to the user; where that is gone, nobody is left to tell.
            write.exception()

    def end(self) -> None:
        """Cut off the writes under way, and make no client any more."""
        if not self._ending:
            self._ending = True
            # Once: another cancel would break off the tidying.
            for write in self._writes:
                write.cancel()

    async def close(self) -> None:
        """`end`, give those writes time to clean up, close all connections."""
        self.end()
        if self._writes:
            await asyncio.wait(self._writes, timeout=CLEAN_UP_S)
        for task in self._replaced.values():
            task.cancel()
        clients = [*self._clients.values(), *self._replaced]
        self._clients, self._replaced = {}, {}
        await close_all(*((client.endpoint.name, client.close) for client in clients))


def _load(home: Path) -> list[Endpoint]:
    # Runs in a thread: the first import takes a while, and the home folder may be slow.
    from rsdat.dcache.client import DCacheClient  # noqa: F401 - ready when it is needed
    from rsdat.dcache.configured import load_endpoints

    return load_endpoints(home)


def _new_client(endpoint: Endpoint) -> DCacheClient:
    from rsdat.dcache.client import DCacheClient

    return DCacheClient(endpoint)
