"""The configured dCache endpoints and one client for each."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rsdat.base.errors import NotFound

if TYPE_CHECKING:
    from rsdat.dcache.client import DCacheClient
    from rsdat.dcache.endpoint import Endpoint

#: Uploads that were cut off delete what they left at dCache; so long the server waits for them.
CLEAN_UP_S = 10.0


class Storage:
    """Clients by endpoint name.

    The configuration is read again whenever it is listed or an unknown name is asked for, so
    that an endpoint added while the server runs needs no restart.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._endpoints: dict[str, Endpoint] = {}
        self._clients: dict[str, DCacheClient] = {}
        # Of endpoints whose configuration changed; a transfer may still be using them.
        self._replaced: list[DCacheClient] = []
        self._writes: set[asyncio.Task[Any]] = set()

    async def endpoints(self) -> list[Endpoint]:
        """All endpoints as configured now, the default first."""
        found = await asyncio.to_thread(_load, self._home)
        endpoints = {endpoint.name: endpoint for endpoint in found}
        for name, client in list(self._clients.items()):
            if endpoints.get(name) != self._endpoints.get(name):
                self._replaced.append(client)
                del self._clients[name]
        self._endpoints = endpoints
        return found

    async def client(self, endpoint: str) -> DCacheClient:
        """The client of an endpoint.

        Raises:
            NotFound: No endpoint has this name.
        """
        if endpoint not in self._endpoints:
            await self.endpoints()
        if endpoint not in self._endpoints:
            raise NotFound(
                f"There is no dCache endpoint '{endpoint}'",
                hint="Endpoints are configured in endpoints.json of rsdat's home folder.",
            )
        client = self._clients.get(endpoint)
        if client is None:
            client = self._clients[endpoint] = _new_client(self._endpoints[endpoint])
        return client

    def own(self, write: asyncio.Task[Any]) -> None:
        """Keep a write until it has ended, also when its request is gone."""
        self._writes.add(write)
        write.add_done_callback(self._ended)

    def _ended(self, write: asyncio.Task[Any]) -> None:
        self._writes.discard(write)
        if not write.cancelled():
            # Its request tells it to the user; where that is gone, nobody is left to tell.
            write.exception()

    async def close(self) -> None:
        """Cut off the writes under way, give them time to clean up, close all connections."""
        if self._writes:
            for write in self._writes:
                write.cancel()
            await asyncio.wait(self._writes, timeout=CLEAN_UP_S)
        clients = [*self._clients.values(), *self._replaced]
        self._clients, self._replaced = {}, []
        for client in clients:
            await client.close()


def _load(home: Path) -> list[Endpoint]:
    # Runs in a thread: the first import takes a while, and the home folder may be slow.
    from rsdat.dcache.client import DCacheClient  # noqa: F401 - ready when it is needed
    from rsdat.dcache.configured import load_endpoints

    return load_endpoints(home)


def _new_client(endpoint: Endpoint) -> DCacheClient:
    from rsdat.dcache.client import DCacheClient

    return DCacheClient(endpoint)
