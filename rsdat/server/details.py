"""Routes of one file's or folder's attributes, and of quotas."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat.base.errors import RsdatError
from rsdat.dcache import paths
from rsdat.server.handler import RsdatHandler


class _Details(RsdatHandler):
    async def describe(self, endpoint: str, path: str) -> dict[str, Any]:
        """All that is known of a path, as the contract has it."""
        client = await self.companion.storage.client(endpoint)
        details, user, pinned = await asyncio.gather(
            client.details(path), _user(client), self._pinned(endpoint, path)
        )
        own = details.owner is not None and details.owner == user.get("uid")
        described: dict[str, Any] = details.as_dict(
            owner_name=user.get("username") if own else None, pinned=pinned
        )
        return described

    async def _pinned(self, endpoint: str, path: str) -> Any:
        return await (await self.companion.orders()).pinned(endpoint, path)


class DetailsHandler(_Details):
    """`/api/dcache/{endpoint}/details`."""

    @web.authenticated
    @authorized
    async def get(self, endpoint: str) -> None:
        """All attributes of one file or folder."""
        path = paths.parse(self.query("getDetails")["path"])
        self.reply(await self.describe(endpoint, path))


class AttributesHandler(_Details):
    """`/api/dcache/{endpoint}/attributes`."""

    @web.authenticated
    @authorized
    async def post(self, endpoint: str) -> None:
        """Change labels and extended attributes."""
        body = self.body("AttributesRequest")
        path = paths.parse(body["path"])
        client = await self.companion.storage.client(endpoint)
        try:
            await client.change_attributes(
                path,
                add_labels=body.get("add_labels", ()),
                remove_labels=body.get("remove_labels", ()),
                set_xattrs=body.get("set_xattrs"),
                remove_xattrs=body.get("remove_xattrs", ()),
            )
        finally:
            # Also after a failure: a part may be done. dCache sends no event for attributes.
            self.companion.entry_changed(endpoint, path)
        self.reply(await self.describe(endpoint, path))


class QuotaHandler(RsdatHandler):
    """`/api/dcache/{endpoint}/quota`."""

    @web.authenticated
    @authorized
    async def get(self, endpoint: str) -> None:
        """What the user and his group have used and may use."""
        client = await self.companion.storage.client(endpoint)
        found, message = await client.quotas()
        self.reply({"quotas": [quota.as_dict() for quota in found], "message": message})


async def _user(client: Any) -> dict[str, Any]:
    try:
        user: dict[str, Any] = await client.user()
    except RsdatError:
        return {}  # only the owner's name depends on it
    return user
