"""The tape: files come to disk after a delay, once somebody wants them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from rsdat.demo.door.store import NEARLINE, ON_BOTH
from rsdat.demo.door.tree import Tree


class Stager:
    """Brings files from tape; one task per file. Stop it at the end.

    With `drives` only so many files are read at once, so that the others wait for their turn.
    """

    def __init__(self, tree: Tree, delay_s: float, drives: int | None = None) -> None:
        self.delay_s = delay_s
        self._tree = tree
        self._drives = None if drives is None else asyncio.Semaphore(drives)
        self._running: dict[str, asyncio.Task[str]] = {}

    def use_drives(self, drives: int | None) -> None:
        """Change how many files are read at once, for those to come; None is no limit."""
        self._drives = None if drives is None else asyncio.Semaphore(drives)

    def start(self, path: str) -> asyncio.Task[str] | None:
        """Begin to stage a file, or join what is under way; None if it is on disk already.

        The task's result is empty, or why the file could not be read.
        """
        entry = self._tree.find(path)
        if entry is None or entry.locality != NEARLINE:
            return None
        if path not in self._running:
            delay_s = entry.attributes.stage_delay_s
            task = asyncio.get_running_loop().create_task(
                self._stage(path, self.delay_s if delay_s is None else delay_s)
            )
            task.add_done_callback(lambda _: self._running.pop(path, None))
            self._running[path] = task
        return self._running[path]

    async def bring(self, path: str) -> str:
        """Stage a file and wait for it; returns why that failed, or an empty text."""
        task = self.start(path)
        # Others may wait for the same file: one who gives up doesn't stop it.
        return "" if task is None else await asyncio.shield(task)

    async def wait(self, path: str, timeout_s: float) -> bool:
        """Stage a file and wait for it; False if that fails or takes longer than `timeout_s`."""
        task = self.start(path)
        if task is None:
            return True
        done, _ = await asyncio.wait([task], timeout=timeout_s)
        return bool(done) and not task.result()

    async def stop(self) -> None:
        """Give up all that is under way."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _stage(self, path: str, delay_s: float) -> str:
        if self._drives is None:
            await asyncio.sleep(delay_s)
        else:
            async with self._drives:
                await asyncio.sleep(delay_s)
        entry = self._tree.find(path)
        if entry is None:
            return f"CacheException(rc=10001;msg=No such file or directory {path})"
        if entry.attributes.stage_error:
            return entry.attributes.stage_error
        if entry.locality == NEARLINE:
            self._tree.update(entry, replace(entry.attributes, locality=ON_BOTH))
        return ""
