"""Route by which a page finds out that it missed events."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat.server.handler import RsdatHandler


class ChangesHandler(RsdatHandler):
    """`/api/changes`."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The number of the last event; asks neither queue nor dCache."""
        self.reply({"number": self.companion.notifier.number})
