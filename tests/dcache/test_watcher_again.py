"""A folder that somebody looks at again while the channel is being closed."""

from __future__ import annotations

import asyncio

from rsdat.dcache.client import DCacheClient
from rsdat.dcache.watcher import Watcher
from tests.support.dcache import run
from tests.support.door import Door


def test_watched_again_while_the_channel_is_closed(site: Door, folder: str) -> None:
    async def work(client: DCacheClient) -> None:
        watcher = Watcher(client.http, lambda _folder, _name: None)
        assert await watcher.watch(folder)
        site.fault("delay", server="frontend", method="DELETE", prefix="/api/v1/events", seconds=1)
        watcher.unwatch(folder)
        while watcher.is_live(folder):
            await asyncio.sleep(0.01)
        assert await watcher.watch(folder)
        await watcher.close()

    run(site, work)
