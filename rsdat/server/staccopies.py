"""Routes of copies of STAC assets."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat.base.errors import InvalidInput
from rsdat.server.handler import RsdatHandler


class CopiesHandler(RsdatHandler):
    """`/api/stac/copies`."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Begin a copy."""
        request = _checked(self.body("StacCopy"))
        record = await self.companion.stac_copies.record(request)
        manager = await self.companion.transfers()
        self.reply(await manager.begin_assets(record, request), 201)


class EstimateHandler(RsdatHandler):
    """`/api/stac/copies/estimate`."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """What it would bring."""
        request = _checked(self.body("StacCopy"))
        self.reply(await self.companion.stac_copies.estimate(request))


def _checked(request: dict[str, Any]) -> dict[str, Any]:
    if not request["to"]["path"].strip():
        raise InvalidInput("Where to? The path of the folder is empty.")
    return request
