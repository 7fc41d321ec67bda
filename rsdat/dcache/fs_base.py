"""What all parts of `DCacheFileSystem` stand on: names, the connection, how an entry looks."""

from __future__ import annotations

import asyncio
import weakref
from concurrent import futures
from contextlib import suppress
from typing import Any

from fsspec.utils import stringify_path

from rsdat.base.errors import InvalidInput
from rsdat.dcache import paths
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.endpoint import Endpoint
from rsdat.dcache.entry import Entry
from rsdat.dcache.literal import LiteralNames
from rsdat.dcache.oserrors import file_errors
from rsdat.dcache.tuning import Tuning


class Connected(LiteralNames):
    """Paths, and one client for each event loop that it is used from.

    Attributes:
        endpoint: Which dCache, and who one is there.
    """

    endpoint: Endpoint
    _tuning: Tuning
    _client: DCacheClient | None = None
    _client_loop: asyncio.AbstractEventLoop | None = None

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(each) for each in path]
        text = stringify_path(path)
        with file_errors():
            if text.startswith(("https://", "http://")):
                # Which door this is can't be seen from here; another one's path would be a
                # different file.
                raise InvalidInput(
                    f"'{text.partition('?')[0]}' is an address, not a path",
                    hint="Give the door as webdav_url, and the path as dcache:///… or /….",
                    code="bad_path",
                )
            return paths.parse(text)

    @classmethod
    def _parent(cls, path: str) -> str:
        return paths.parent_of(cls._strip_protocol(path))

    @staticmethod
    def describe(entry: Entry) -> dict[str, Any]:
        """An entry as fsspec's `info` and `ls` give it."""
        return {
            "name": entry.path,
            "size": entry.size,
            "type": entry.type,
            "created": entry.created,
            "modified": entry.modified,
            "locality": entry.locality,
            "mime": entry.mime,
            "pnfs_id": entry.pnfs_id,
        }

    async def connect(self) -> DCacheClient:
        """The client of the running event loop; made at the first need."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._client_loop is not loop:
            self._client = DCacheClient(self.endpoint, tuning=self._tuning)
            self._client_loop = loop
            weakref.finalize(self, _close, loop, self._client)
        return self._client

    async def aclose(self) -> None:
        """Close the connections, for those who made it `asynchronous`."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()


def _close(loop: asyncio.AbstractEventLoop, client: DCacheClient) -> None:
    if not loop.is_running():
        return
    done = asyncio.run_coroutine_threadsafe(client.close(), loop)
    try:
        here = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if here is not loop:
        # The interpreter's exit calls this too: a moment for the connections to say goodbye.
        with suppress(futures.TimeoutError):
            done.result(1)
