"""A client of the stand-in for one test, and small helpers around its answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from rsdat.dcache.client import DCacheClient
from rsdat.dcache.endpoint import Endpoint, endpoint_from_options
from tests.support.door import Door

T = TypeVar("T")


def endpoint_of(site: Door, *, proxy: bool = False, **options: Any) -> Endpoint:
    """The stand-in as an endpoint, with its token; `proxy` is the door that moves bytes itself."""
    door_url = site.proxy_url if proxy else site.webdav_url
    given = {"api_url": site.api_url, "webdav_url": door_url, "token": site.token, **options}
    return endpoint_from_options("standin", given)


def run(
    site: Door | Endpoint, work: Callable[[DCacheClient], Awaitable[T]], *, proxy: bool = False
) -> T:
    """Do something with a client in an event loop of its own."""

    async def main() -> T:
        endpoint = site if isinstance(site, Endpoint) else endpoint_of(site, proxy=proxy)
        client = DCacheClient(endpoint)
        try:
            return await asyncio.wait_for(work(client), 60)
        finally:
            await client.close()

    return asyncio.run(main())


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    """Chunks as an upload takes them."""
    for chunk in chunks:
        yield chunk


async def read(client: DCacheClient, path: str, start: int = 0, end: int | None = None) -> bytes:
    """The bytes of a file."""
    async with client.open_read(path, start, end) as download:
        return b"".join([chunk async for chunk in download])


def names(site: Door, folder: str) -> list[str]:
    """What really lies in a folder of the stand-in, hidden names too."""
    return sorted(each.name for each in (site.root / folder.strip("/")).iterdir())


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that the stand-in reports, or its folder shows."""

    def holds() -> bool:
        # What was listed a moment ago may have been renamed or deleted.
        with contextlib.suppress(FileNotFoundError):
            return condition()
        return False

    deadline = asyncio.get_running_loop().time() + seconds
    while not await asyncio.to_thread(holds):
        assert asyncio.get_running_loop().time() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


def in_another_process(home: Path, code: str) -> str:
    """What a fresh Python prints that knows nothing but RSDAT_HOME."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("FSSPEC_", "BEARER_"))
    }
    environment["RSDAT_HOME"] = str(home)
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout
