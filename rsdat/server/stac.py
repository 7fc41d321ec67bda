"""Routes of STAC catalogs: nodes, items, footprints, and where assets lie."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat.server import stacnodes, stacselection
from rsdat.server.handler import RsdatHandler


class NodeHandler(RsdatHandler):
    """`/api/stac/node`."""

    compresses = True

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """A node of the tree."""
        query = self.query("getStacNode")
        self.reply(await stacnodes.node(self.companion.stac, query["href"], query["endpoint"]))


class _ItemsOf(RsdatHandler):
    """Questions to the items of a catalog or a search."""

    compresses = True

    async def _items(self, operation: str) -> tuple[Any, Any, dict[str, Any]]:
        query = self.query(operation)
        items = await self.companion.stac.items(query["href"], query["endpoint"])
        from rsdat.stac.index import parse_filter

        return items, parse_filter(query["bbox"], query["datetime"], query["text"]), query


class ItemsHandler(_ItemsOf):
    """`/api/stac/items`."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """A page of them."""
        items, wanted, query = await self._items("listStacItems")
        self.reply(
            await asyncio.to_thread(
                items.page, wanted, query["sort"], query["offset"], query["limit"]
            )
        )


class SummaryHandler(_ItemsOf):
    """`/api/stac/summary`."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Where and when they are, and what they have."""
        items, wanted, _ = await self._items("getStacSummary")
        self.reply(await asyncio.to_thread(items.summary, wanted))


class FootprintsHandler(_ItemsOf):
    """`/api/stac/footprints`."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Outlines for a map."""
        items, wanted, query = await self._items("listStacFootprints")
        self.reply(await asyncio.to_thread(items.footprints, wanted, query["limit"]))


class ItemHandler(RsdatHandler):
    """`/api/stac/item`."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """One item, whole."""
        query = self.query("getStacItem")
        self.reply(
            await stacnodes.item(
                self.companion.stac,
                query["href"],
                query["endpoint"],
                among=query["item"],
                id_=query["id"],
            )
        )


class FilesHandler(RsdatHandler):
    """`/api/stac/files`."""

    compresses = True

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Where the assets of a selection lie."""
        asked = self.body("StacAssets")
        self.reply(
            await stacselection.files(
                self.companion.stac,
                asked["href"],
                asked.get("endpoint"),
                asked.get("selection"),
                asked.get("assets"),
            )
        )
