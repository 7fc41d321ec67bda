"""Routes of transfers: everything but their bytes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat.base.errors import InvalidInput
from rsdat.server.contract import check_body
from rsdat.server.handler import RsdatHandler

#: A list of 100 000 files takes a moment to read.
_ASIDE_BYTES = 64 * 1024


class TransfersHandler(RsdatHandler):
    """`/api/transfers`."""

    compresses = True

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """All of them, the latest first."""
        manager = await self.companion.transfers()
        self.reply({"transfers": await manager.all()})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Begin one."""
        body = self.request.body
        if len(body) < _ASIDE_BYTES:
            request = _checked(body)
        else:
            request = await asyncio.to_thread(_checked, body)
        manager = await self.companion.transfers()
        self.reply(await manager.create(request), 201)


class TransferHandler(RsdatHandler):
    """`/api/transfers/{id}`."""

    @web.authenticated
    @authorized
    async def get(self, id_: str) -> None:
        """How far it is."""
        manager = await self.companion.transfers()
        self.reply(await manager.get(id_))

    @web.authenticated
    @authorized
    async def delete(self, id_: str) -> None:
        """Cancel it if need be, and forget it."""
        manager = await self.companion.transfers()
        await manager.forget(id_)
        self.set_status(204)
        self.finish()


class AnswerHandler(RsdatHandler):
    """`/api/transfers/{id}/answer`."""

    @web.authenticated
    @authorized
    async def post(self, id_: str) -> None:
        """Say what becomes of a file whose name is taken."""
        body = self.body("TransferAnswer")
        manager = await self.companion.transfers()
        answered = manager.answer(id_, body["path"], body["choice"], for_all=body["for_all"])
        self.reply(await answered)


class MissingHandler(RsdatHandler):
    """`/api/transfers/{id}/missing`."""

    compresses = True

    @web.authenticated
    @authorized
    async def get(self, id_: str) -> None:
        """What an upload has to send yet."""
        path = self.query("listMissing").get("path")
        manager = await self.companion.transfers()
        upload = await manager.upload(id_)
        self.reply({"files": await asyncio.to_thread(upload.missing, path)})


class ActionHandler(RsdatHandler):
    """`/api/transfers/{id}/{action}`."""

    @web.authenticated
    @authorized
    async def post(self, id_: str, action: str) -> None:
        """Cancel, retry, or note that the user was told or that his page is there."""
        manager = await self.companion.transfers()
        acts = {
            "cancel": manager.cancel,
            "retry": manager.retry,
            "seen": manager.seen,
            "here": manager.here,
        }
        if action not in acts:
            raise web.HTTPError(404, "A transfer can be told: " + ", ".join(acts))
        self.reply(await acts[action](id_), 202)


def _checked(body: bytes) -> dict[str, Any]:
    """The TransferRequest in a body.

    Its files are checked by who notes them: by schema 100 000 of them would take ten seconds.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"The request's body is not JSON: {error}") from error
    files = value.pop("files", None) if isinstance(value, dict) else None
    request = check_body("TransferRequest", value)
    return request if files is None else {**request, "files": files}
