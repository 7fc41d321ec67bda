"""Deleting a folder with everything in it: child by child, so that each refusal is seen.

One recursive WebDAV DELETE would be faster, and would take along whatever another user puts there
meanwhile, without a word on what it could not delete.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.dcache import rest
from rsdat.dcache.http import Http

PARALLEL = 8


async def delete(http: Http, path: str, *, recursive: bool = False) -> None:
    """Delete a file, a link (not what it points to) or a folder.

    The first failure ends it; what was deleted by then stays deleted.

    Args:
        http: The endpoint.
        path: Literal path.
        recursive: Folders with everything in them.

    Raises:
        NotFound: There is no such path.
        Conflict: A folder holds something and `recursive` is not set (`not_empty`).
        InvalidInput: It is the root.
        RsdatError: dCache refused, or gave no usable answer.
    """
    if path == "/":
        raise InvalidInput("The root can't be deleted", code="bad_path")
    if not recursive:
        await rest.remove(http, path)
    elif (await rest.info(http, path)).is_folder:
        await _delete_folder(http, path)
    else:
        await rest.remove(http, path)


async def _delete_folder(http: Http, path: str) -> None:
    children = await rest.children(http, path)
    for child in children:
        if child.is_folder:
            await _delete_folder(http, child.path)
    await _delete_files(http, (child.path for child in children if not child.is_folder))
    await _remove(http, path)


async def _delete_files(http: Http, paths: Iterable[str]) -> None:
    queue = iter(paths)

    async def work() -> None:
        for path in queue:
            await _remove(http, path)

    workers = [asyncio.ensure_future(work()) for _ in range(PARALLEL)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def _remove(http: Http, path: str) -> None:
    try:
        await rest.remove(http, path)
    except NotFound:
        return  # somebody else was faster
