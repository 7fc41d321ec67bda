"""Quality of service: which of disk and tape a file is on, and changes of that, which take time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from rsdat.demo.door.pins import Pins
from rsdat.demo.door.rights import Rights
from rsdat.demo.door.store import ON_BOTH, ONLINE
from rsdat.demo.door.tree import Entry, Tree

if TYPE_CHECKING:
    from rsdat.demo.door.tape import Stager

# The name of the pin that keeps a file of `disk+tape` on disk.
PIN = "qos"


class Qos:
    """What the frontend calls `qos`."""

    NAMES = ("disk", "tape", "disk+tape", "volatile")

    def __init__(self, tree: Tree, stager: Stager, pins: Pins) -> None:
        self._tree = tree
        self._stager = stager
        self._pins = pins
        self.open_to_all = False
        self._running: set[asyncio.Task[str]] = set()

    def may_change(self, rights: Rights) -> bool:
        """Whether a request may: ordinary users need a role that they don't have."""
        return self.open_to_all or bool(rights.roles)

    def current(self, entry: Entry) -> str:
        """As the frontend shows it."""
        if entry.is_directory or entry.locality == ONLINE:
            return "disk"
        if entry.locality == ON_BOTH:
            return "disk+tape" if PIN in entry.attributes.pins else "tape"
        return "tape" if entry.locality == "NEARLINE" else "unavailable"

    def target(self, entry: Entry) -> str | None:
        """What it is about to become; None if it stays as it is."""
        wanted = entry.attributes.target_qos
        return wanted if wanted and wanted != self.current(entry) else None

    def start(self, entry: Entry, wanted: str) -> None:
        """`change`, not waited for."""
        task = asyncio.get_running_loop().create_task(self.change(entry, wanted))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def stop(self) -> None:
        """Give up all that was started."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def change(self, entry: Entry, wanted: str) -> str:
        """Bring a file there, which takes as long as tape does.

        Returns why that failed, or an empty text.
        """
        path = entry.path
        self._set(path, wanted)
        if wanted in ("disk", "disk+tape"):
            error = await self._stager.bring(path)
            if error:
                self._set(path, "")
                return error
        else:
            await asyncio.sleep(self._stager.delay_s)
        found = self._tree.find(path)
        if found is None or found.attributes.target_qos != wanted:
            return ""  # gone, or somebody wants something else now
        if wanted == "disk+tape":
            self._pins.add(path, PIN, -1)
        else:
            self._pins.end(path, PIN)
        found = self._tree.entry(path)
        locality = ON_BOTH if "tape" in wanted else ONLINE
        self._tree.update(found, replace(found.attributes, locality=locality, target_qos=""))
        return ""

    def _set(self, path: str, wanted: str) -> None:
        found = self._tree.find(path)
        if found is not None:
            self._tree.update(found, replace(found.attributes, target_qos=wanted))
