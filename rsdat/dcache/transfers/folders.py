"""Folders at the destination, each made once however many files go into it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from rsdat.base.errors import Conflict
from rsdat.dcache import paths, rest
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.transfers.workspace import Workspace


class Folders:
    """Those below one folder that is there already.

    Args:
        base: That folder.
        make: Makes one whose parent is there; no error if it is there itself.
    """

    def __init__(self, base: str, make: Callable[[str], Awaitable[None]]) -> None:
        self._make = make
        self._made: dict[str, asyncio.Future[None]] = {}
        self._base = base

    async def ensure(self, path: str) -> None:
        """Until a folder and all above it are there.

        Raises:
            RsdatError: One of them can't be made; the next who needs it tries again.
        """
        if path == self._base or not paths.is_inside(path, self._base):
            return
        making = self._made.get(path)
        if making is None:
            making = self._made[path] = asyncio.ensure_future(self._below(path))
            making.add_done_callback(lambda done: self._ended(path, done))
        # One who is cancelled must not take the folder from the others.
        await asyncio.shield(making)

    async def _below(self, path: str) -> None:
        await self.ensure(paths.parent_of(path))
        await self._make(path)

    def _ended(self, path: str, done: asyncio.Future[None]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._made.pop(path, None)


def at_dcache(client: DCacheClient, base: str, made: Callable[[str], None]) -> Folders:
    """Folders at an endpoint; `made` is told the path of each."""

    async def make(path: str) -> None:
        try:
            await rest.mkdir(client.http, paths.composed(path), exist_ok=True)
        except Conflict as error:
            if error.code == "exists":
                raise rest.not_a_folder(path) from None
            raise
        made(path)

    return Folders(base, make)


def at_workspace(workspace: Workspace, base: str) -> Folders:
    """Folders in the workspace."""

    async def make(path: str) -> None:
        await workspace.make_folders(workspace.inside(path), path)

    return Folders(base, make)
