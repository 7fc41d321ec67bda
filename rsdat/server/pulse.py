"""The route of the overview: how busy the clusters are."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from rsdat.server.handler import RsdatHandler


class PulseHandler(RsdatHandler):
    """`/api/clusters/pulse`."""

    compresses = True

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """What is new since the asker's last answer."""
        since = self.query("getPulse")["since"]
        self.reply(await (await self.companion.clusters()).pulses.tell(since))
