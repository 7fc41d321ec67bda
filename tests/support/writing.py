"""A writer as a process that can be killed: `python -m tests.support.writing API WEBDAV PATH`.

Replaces the file by what standard input holds; the token is in `$BEARER_TOKEN`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator

from rsdat.dcache.client import DCacheClient
from rsdat.dcache.endpoint import endpoint_from_options


async def _main(api_url: str, webdav_url: str, path: str) -> None:
    data = sys.stdin.buffer.read()

    async def chunks() -> AsyncIterator[bytes]:
        yield data

    given = {"api_url": api_url, "webdav_url": webdav_url, "token": os.environ["BEARER_TOKEN"]}
    client = DCacheClient(endpoint_from_options("standin", given))
    try:
        await client.write(path, chunks(), len(data), replace=True)
    finally:
        await client.close()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
