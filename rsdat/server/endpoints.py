"""Routes of the configured dCache endpoints: list, describe, forget, try out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat.base.clock import SystemClock
from rsdat.server.handler import RsdatHandler

if TYPE_CHECKING:
    from rsdat.dcache.endpoint import Endpoint


class EndpointsHandler(RsdatHandler):
    """`/api/dcache/endpoints`."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The configured endpoints, never a credential."""
        endpoints = await self.companion.storage.endpoints()
        self.reply({"endpoints": [_view(endpoint) for endpoint in endpoints]})


class EndpointHandler(RsdatHandler):
    """`/api/endpoints/{endpoint}`."""

    @web.authenticated
    @authorized
    async def put(self, endpoint: str) -> None:
        """Describe it, or change it."""
        given = self.body("EndpointRequest")
        saved, new = await self.companion.storage.save(endpoint, given)
        await self.companion.credentials.renewed(endpoint)
        self.reply(_view(saved), 201 if new else 200)

    @web.authenticated
    @authorized
    async def delete(self, endpoint: str) -> None:
        """Forget it."""
        await self.companion.storage.delete(endpoint)
        await self.companion.credentials.renewed(endpoint)
        self.set_status(204)
        self.finish()


class EndpointTestHandler(RsdatHandler):
    """`/api/endpoints/{endpoint}/test`."""

    @web.authenticated
    @authorized
    async def post(self, endpoint: str) -> None:
        """Try it out."""
        given = self.body("EndpointRequest")
        self.reply(await self.companion.storage.test(endpoint, given, SystemClock().now()))


def _view(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "name": endpoint.name,
        "api_url": endpoint.api_url,
        "webdav_url": endpoint.webdav_url,
        "home": endpoint.home,
        "own": endpoint.own,
        "credential": endpoint.credential.source,
    }
