"""Pins: until when a file on tape keeps its copy on disk, and the sweep that takes the others'."""

from __future__ import annotations

import time
from dataclasses import replace

from rsdat.demo.door.store import NEARLINE, ON_BOTH
from rsdat.demo.door.tree import Tree


class Pins:
    """Who pinned what. A pin belongs to a request; one that has run out counts no more."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def add(self, path: str, request_id: str, lifetime_s: float) -> None:
        """Pin a file for a request, from now on; a negative lifetime never ends."""
        entry = self._tree.find(path)
        if entry is None:
            return
        until_ms = -1 if lifetime_s < 0 else int((time.time() + lifetime_s) * 1000)
        pins = {**entry.attributes.pins, request_id: until_ms}
        self._tree.update(entry, replace(entry.attributes, pins=pins))

    def end(self, path: str, request_id: str | None = None) -> None:
        """End the pin of a request, or all of them. The file stays on disk until a sweep."""
        entry = self._tree.find(path)
        if entry is None or not entry.attributes.pins:
            return
        pins = {
            key: until_ms
            for key, until_ms in entry.attributes.pins.items()
            if request_id is not None and key != request_id
        }
        self._tree.update(entry, replace(entry.attributes, pins=pins))

    def sweep(self) -> list[str]:
        """Evict what no pin holds on disk, as a pool does that needs room. Returns the paths."""
        now_ms = int(time.time() * 1000)
        evicted = []
        for path in self._tree.store.located(ON_BOTH):
            entry = self._tree.find(path)
            if entry is None or any(
                until_ms < 0 or until_ms > now_ms for until_ms in entry.attributes.pins.values()
            ):
                continue
            self._tree.update(entry, replace(entry.attributes, locality=NEARLINE))
            evicted.append(path)
        return evicted
