"""The tape: files come to disk after a delay, once somebody wants them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from rsdat.demo.door.store import NEARLINE, ON_BOTH
from rsdat.demo.door.tree import Tree


class Stager:
    """Brings files from tape; one task per file. Stop it at the end."""

    def __init__(self, tree: Tree, delay_s: float) -> None:
        self.delay_s = delay_s
        self._tree = tree
        self._running: dict[str, asyncio.Task[None]] = {}

    def start(self, path: str) -> asyncio.Task[None] | None:
        """Begin to stage a file, or join what is under way; None if it is on disk already."""
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

    async def wait(self, path: str, timeout_s: float) -> bool:
        """Stage a file and wait for it; False if that takes longer than `timeout_s`."""
        task = self.start(path)
        if task is None:
            return True
        done, _ = await asyncio.wait([task], timeout=timeout_s)
        return bool(done)

    async def stop(self) -> None:
        """Give up all that is under way."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _stage(self, path: str, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        entry = self._tree.find(path)
        if entry is not None and entry.locality == NEARLINE:
            self._tree.update(entry, replace(entry.attributes, locality=ON_BOTH))
