"""Routes of orders for tape: give them, see how far they are, cancel and forget them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat.dcache import paths
from rsdat.server.handler import RsdatHandler

if TYPE_CHECKING:
    from rsdat.dcache.requests import Activity


class _OrderHandler(RsdatHandler):
    activity: Activity

    @web.authenticated
    @authorized
    async def post(self, endpoint: str) -> None:
        """Take an order; it is followed to its end."""
        body = self.body("TapeOrder")
        wanted = [paths.parse(path) for path in body["paths"]]
        orders = await self.companion.orders()
        order = await orders.order(
            endpoint,
            self.activity,
            wanted,
            recursive=body["recursive"],
            keep_s=body["keep"],
        )
        self.reply(order.as_dict(_now()), 202)


class StageHandler(_OrderHandler):
    """`/api/dcache/{endpoint}/stage`."""

    activity = "stage"


class PinHandler(_OrderHandler):
    """`/api/dcache/{endpoint}/pin`."""

    activity = "pin"


class ReleaseHandler(_OrderHandler):
    """`/api/dcache/{endpoint}/release`."""

    activity = "release"


class TapeHandler(RsdatHandler):
    """`/api/tape`."""

    compresses = True

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """All orders, the latest first."""
        found = await (await self.companion.orders()).all()
        now = _now()
        self.reply({"requests": [order.as_dict(now) for order in found]})


class TapeOrderHandler(RsdatHandler):
    """`/api/tape/{id}`."""

    @web.authenticated
    @authorized
    async def get(self, order_id: str) -> None:
        """One order with some of its targets."""
        query = self.query("getTapeRequest")
        orders = await self.companion.orders()
        order = await orders.get(order_id)
        targets = await orders.targets(order, query["offset"], query["limit"])
        self.reply({**order.as_dict(_now()), "targets": targets})

    @web.authenticated
    @authorized
    async def delete(self, order_id: str) -> None:
        """Cancel what is not done, and forget it."""
        await (await self.companion.orders()).delete(order_id)
        self.set_status(204)
        self.finish()


class SeenHandler(RsdatHandler):
    """`/api/tape/{id}/seen`."""

    @web.authenticated
    @authorized
    async def post(self, order_id: str) -> None:
        """The user was told how it ended."""
        await (await self.companion.orders()).see(order_id)
        self.set_status(204)
        self.finish()


def _now() -> datetime:
    return datetime.now(timezone.utc)
