"""The WebDAV door: bytes in, bytes out, the safe rename.

Source: answers as seen on dCache 11.2.5. A door that redirects sends downloads (302) and, when
asked with `Expect: 100-continue`, uploads (307) to a pool; another moves the bytes itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
from yarl import URL

from rsdat.base.errors import Conflict, DoorBroken, NotFound
from rsdat.dcache import paths
from rsdat.dcache.http import CONNECT_S, DATA, Body, Http, place
from rsdat.dcache.rest import exists

MAX_HOPS = 4
# The upload has its own watch, which knows whether dCache or the source is slow.
_UPLOAD = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S)


@asynccontextmanager
async def get(
    http: Http, path: str, *, first: int | None = None, last: int | None = None
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Ask for a file, whole or bytes `first` to `last` (both included).

    The connection to the pool closes at the end of `async with`, and with it the pool's mover:
    kept open, 93 reads used up a pool's 100 movers.

    Raises:
        NotFound: There is no such file.
        RsdatError: dCache refused, or gave no usable answer.
    """
    headers = {"Connection": "close", **byte_range(first, last)}
    status = 206 if "Range" in headers else 200
    url = http.door_url(path)
    for _ in range(MAX_HOPS):
        async with http.exchange(
            "GET",
            url,
            doing=f"read '{path}'",
            path=path,
            ok=(status, 302, 307),
            headers=headers,
            timeout=DATA,
        ) as response:
            if response.status == status:
                yield response
                return
            url = http.redirect(url, response)
    raise too_many_redirects(url)


async def put(http: Http, path: str, body: Body, *, size: int | None, mime: str) -> None:
    """Send a file's bytes. Whatever stood there is deleted first: give a name that is free.

    A failure leaves a broken entry of this name, which may even be readable: delete it.

    Args:
        http: The endpoint.
        path: Literal path.
        body: The bytes.
        size: Their number. Without it a cut upload counts as complete: compare what dCache stored.
        mime: Their media type; dCache keeps it.
    """
    headers = {
        **({} if size is None else {"Content-Length": str(size)}),
        # Always one for the door, else a form's type makes it fail with 500; none for a pool,
        # which answers 501 to it.
        "Content-Type": mime,
        # dCache leaves a door's connection unusable after PUT (lsst/resources, dCache 10.2.14).
        "Connection": "close",
    }
    url = http.door_url(path)
    for _ in range(MAX_HOPS):
        async with http.exchange(
            "PUT",
            url,
            doing=f"write '{path}'",
            path=path,
            ok=(201, 307),
            body=body,
            headers=headers,
            timeout=_UPLOAD,
        ) as response:
            if response.status == 201:
                return
            if body.started:
                raise DoorBroken(
                    f"{place(url)} sent the data elsewhere after taking some of it",
                    code="bad_redirect",
                )
            url = http.redirect(url, response)
            headers.pop("Content-Type", None)
    raise too_many_redirects(url)


async def move(http: Http, source: str, destination: str) -> None:
    """Rename, never onto something: with `Overwrite: T`, or over REST, dCache would replace it.

    Raises:
        Conflict: The destination is taken (`exists`), or lies inside the source.
        NotFound: The source, or the destination's folder, does not exist.
    """
    if paths.is_inside(destination, source) and destination != source:
        raise Conflict(f"'{source}' can't be moved into itself", code="into_itself")
    answer = await http.ask(
        "MOVE",
        http.door_url(source),
        doing=f"move '{source}' to '{destination}'",
        path=source,
        ok=(201, 409, 412),
        headers={"Destination": str(http.door_url(destination)), "Overwrite": "F"},
    )
    if answer.status == 412:
        raise exists(destination)
    if answer.status == 409:
        folder = paths.parent_of(destination)
        raise NotFound(f"The folder '{folder}' does not exist on dCache", path=folder)


def byte_range(first: int | None, last: int | None) -> Mapping[str, str]:
    """The Range header. Never a suffix: a door gives the file's first bytes for `bytes=-5`."""
    return {} if first is None or last is None else {"Range": f"bytes={first}-{last}"}


def too_many_redirects(url: URL) -> DoorBroken:
    """The error for a chain of redirects that does not end."""
    return DoorBroken(f"dCache keeps redirecting (last to {place(url)})", code="bad_redirect")
