"""Deleting a folder with everything in it: child by child, so that each refusal is seen.

One recursive WebDAV DELETE would be faster, and would take along whatever another user puts there
meanwhile, without a word on what it could not delete. Nor could it be stopped.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from rsdat.base.errors import Conflict, InvalidInput, NotFound, RsdatError
from rsdat.dcache import rest
from rsdat.dcache.http import Http

PARALLEL = 8
T = TypeVar("T")


class Deletion:
    """One deletion under way: how far it is, and a way to stop it.

    Attributes:
        deleted: Files, links and folders that are gone by now.
    """

    def __init__(self) -> None:
        self.deleted = 0
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Delete nothing more; what dCache was asked for already is waited for."""
        self._stop.set()

    @property
    def stopped(self) -> bool:
        """Whether nothing more is to be deleted."""
        return self._stop.is_set()

    async def unless_stopped(self, asking: Coroutine[Any, Any, T]) -> T | None:
        """What a question gives; None, at once, when stopped. For what changes nothing."""
        answer = asyncio.ensure_future(asking)
        stop = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({answer, stop}, return_when=asyncio.FIRST_COMPLETED)
            return None if self.stopped else answer.result()
        finally:
            for task in (answer, stop):
                task.cancel()
            await asyncio.gather(answer, stop, return_exceptions=True)


async def delete(
    http: Http, path: str, *, recursive: bool = False, deletion: Deletion | None = None
) -> None:
    """Delete a file, a link (not what it points to) or a folder.

    The first failure ends it; what was deleted by then stays deleted.

    Args:
        http: The endpoint.
        path: Literal path.
        recursive: Folders with everything in them.
        deletion: By which it is stopped, and how much was deleted is known.

    Raises:
        NotFound: There is no such path.
        Conflict: A folder holds something and `recursive` is not set (`not_empty`), or it was
            stopped before all was deleted (`stopped`).
        InvalidInput: It is the root.
        RsdatError: dCache refused, or gave no usable answer. Of a folder its `deleted` says how
            much was deleted before.
    """
    if path == "/":
        raise InvalidInput("The root can't be deleted", code="bad_path")
    if not recursive or not (await rest.info(http, path)).is_folder:
        await rest.remove(http, path)
        return
    deletion = deletion or Deletion()
    try:
        await _delete_folder(http, path, deletion)
    except RsdatError as error:
        error.details["deleted"] = deletion.deleted
        raise
    if deletion.stopped and await rest.find(http, path) is not None:
        raise Conflict(f"Deleting '{path}' was stopped", code="stopped", deleted=deletion.deleted)


async def _delete_folder(http: Http, path: str, deletion: Deletion) -> None:
    if deletion.stopped:
        return
    children = await deletion.unless_stopped(rest.children(http, path))
    if children is None:
        return
    for child in children:
        if child.is_folder:
            await _delete_folder(http, child.path, deletion)
    files = (child.path for child in children if not child.is_folder)
    await _delete_files(http, files, deletion)
    await _remove(http, path, deletion)


async def _delete_files(http: Http, paths: Iterable[str], deletion: Deletion) -> None:
    left = deque(paths)

    async def work() -> None:
        try:
            while left:
                await _remove(http, left.popleft(), deletion)
        except RsdatError:
            left.clear()
            raise

    workers = [asyncio.ensure_future(work()) for _ in range(PARALLEL)]
    try:
        # After a refusal, too, what dCache was asked for is waited for: it is to be counted.
        ended = await asyncio.gather(*workers, return_exceptions=True)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    for each in ended:
        if isinstance(each, BaseException):
            raise each


async def _remove(http: Http, path: str, deletion: Deletion) -> None:
    if deletion.stopped:
        return
    try:
        await rest.remove(http, path)
    except NotFound:
        return  # somebody else was faster
    deletion.deleted += 1
