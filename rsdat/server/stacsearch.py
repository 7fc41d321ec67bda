"""Routes of STAC APIs: which there are, what they have, and searches in them."""

from __future__ import annotations

import asyncio
import importlib
import secrets

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat.server.handler import RsdatHandler


class _ApiRoute(RsdatHandler):
    async def prepare(self) -> None:  # type: ignore[override]
        """As all; then pystac-client and Dask's configuration, which take a second to import."""
        await super().prepare()
        for name in ("rsdat.stac.searching.apis", "rsdat.stac.searching.running"):
            await asyncio.to_thread(importlib.import_module, name)


class ApisHandler(_ApiRoute):
    """`/api/stac/apis`."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Those that are known by name."""
        from rsdat.stac.searching import apis

        self.reply({"apis": await asyncio.to_thread(apis.known)})


class ApiHandler(_ApiRoute):
    """`/api/stac/apis/{name}`."""

    @web.authenticated
    @authorized
    async def put(self, name: str) -> None:
        """Save one, if it is one."""
        from rsdat.stac.searching import apis
        from rsdat.stac.searching.api import open_api
        from rsdat.stac.searching.request import Request, check

        url = self.body("StacApiRequest")["url"]
        check(Request(url))
        client = await asyncio.to_thread(open_api, url)
        self.reply(await asyncio.to_thread(apis.save, name, url, client.title or client.id))

    @web.authenticated
    @authorized
    async def delete(self, name: str) -> None:
        """Forget one."""
        from rsdat.stac.searching import apis

        await asyncio.to_thread(apis.delete, name)
        self.set_status(204)
        self.finish()


class CollectionsHandler(_ApiRoute):
    """`/api/stac/collections`."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The collections of an API."""
        from rsdat.stac.searching.api import describe

        url = self.query("listStacCollections")["url"]
        self.reply(await asyncio.to_thread(describe, url))


class SearchesHandler(_ApiRoute):
    """`/api/stac/searches`."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Begin one."""
        from rsdat.stac.searching.request import Request
        from rsdat.stac.searching.running import Search

        asked = self.body("StacSearchRequest")
        id_ = secrets.token_hex(6)
        stac = self.companion.stac
        search = Search(
            id_,
            Request(
                asked["url"],
                tuple(asked.get("collections", ())),
                tuple(asked.get("ids", ())),
                asked.get("bbox"),
                asked.get("datetime"),
                tuple(asked.get("query", ())),
                asked["limit"],
            ),
            stac.teller(f"search:{id_}"),
        )
        stac.add_search(search)
        self.reply(search.as_dict(), 201)


class SearchHandler(RsdatHandler):
    """`/api/stac/searches/{id}`."""

    @web.authenticated
    @authorized
    async def get(self, id_: str) -> None:
        """How far it is."""
        self.reply(self.companion.stac.search(id_).as_dict())

    @web.authenticated
    @authorized
    async def delete(self, id_: str) -> None:
        """End and forget it."""
        self.companion.stac.forget_search(id_)
        self.set_status(204)
        self.finish()


class StopHandler(RsdatHandler):
    """`/api/stac/searches/{id}/stop`."""

    @web.authenticated
    @authorized
    async def post(self, id_: str) -> None:
        """End it, and keep what it found."""
        search = self.companion.stac.search(id_)
        search.stop()
        self.reply(search.as_dict())
