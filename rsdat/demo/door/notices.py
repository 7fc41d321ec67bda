"""Who watches which directory, and what is told of each change: inotify's words, not its kernel."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from rsdat.demo.door import paths

EVENT_FLAGS = (
    "IN_ACCESS",
    "IN_ATTRIB",
    "IN_CLOSE_NOWRITE",
    "IN_CLOSE_WRITE",
    "IN_CREATE",
    "IN_DELETE",
    "IN_DELETE_SELF",
    "IN_MODIFY",
    "IN_MOVED_FROM",
    "IN_MOVED_TO",
    "IN_MOVE_SELF",
    "IN_OPEN",
)
Payload = dict[str, Any]


@dataclass(eq=False)
class Watch:
    """One watched entry. `path` follows renames, which is not told to the one who watches.

    `deliver` takes each event's payload; `end` is called once, when the entry is deleted.
    """

    path: str
    flags: frozenset[str]
    deliver: Callable[[Payload], None]
    end: Callable[[], None]

    def tell(self, mask: str, name: str = "", *, is_directory: bool, cookie: str = "") -> None:
        """Deliver an event, if it was asked for."""
        if mask not in self.flags:
            return
        payload: Payload = {"name": name} if name else {}
        payload["mask"] = [mask, "IN_ISDIR"] if is_directory else [mask]
        if cookie:
            payload["cookie"] = cookie
        self.deliver(payload)


class Notices:
    """All watches by path. The tree tells every change here; only in the event loop's thread."""

    def __init__(self) -> None:
        self._watches: dict[str, list[Watch]] = {}

    def add(self, watch: Watch) -> None:
        """Begin to tell."""
        self._watches.setdefault(watch.path, []).append(watch)

    def remove(self, watch: Watch) -> None:
        """Tell no more; nothing happens if that is so already."""
        there = self._watches.get(watch.path, [])
        if watch in there:
            there.remove(watch)
        if not there:
            self._watches.pop(watch.path, None)

    def created(self, path: str, *, is_directory: bool) -> None:
        """Something new is at `path`."""
        self._tell("IN_CREATE", path, is_directory=is_directory)

    def changed(self, path: str, *, is_directory: bool) -> None:
        """Size, locality, labels or mode changed."""
        self._tell("IN_ATTRIB", path, is_directory=is_directory, own=True)

    def written(self, path: str) -> None:
        """An upload has ended."""
        self._tell("IN_CLOSE_WRITE", path, is_directory=False, own=True)

    def deleted(self, path: str, *, is_directory: bool) -> None:
        """What was at `path` is gone: who watched it is told so, and then nothing more."""
        self._tell("IN_DELETE", path, is_directory=is_directory)
        for watch in list(self._watches.get(path, ())):
            watch.tell("IN_DELETE_SELF", is_directory=is_directory)
            self.remove(watch)
            watch.end()

    def moved(self, source: str, target: str, *, is_directory: bool) -> None:
        """A rename; both halves carry one cookie. Watches inside go along."""
        cookie = uuid.uuid4().hex[:16]
        self._tell("IN_MOVED_FROM", source, is_directory=is_directory, cookie=cookie)
        self._tell("IN_MOVED_TO", target, is_directory=is_directory, cookie=cookie)
        for watch in list(self._watches.get(source, ())):
            watch.tell("IN_MOVE_SELF", is_directory=is_directory)
        for path in self.watched(source):
            new = target + path[len(source) :]
            for watch in self._watches.pop(path):
                watch.path = new
                self.add(watch)

    def watched(self, path: str) -> list[str]:
        """The watched paths that are this one or below it, the deepest first."""
        found = [key for key in self._watches if key == path or paths.is_below(key, path)]
        return sorted(found, key=lambda key: key.count("/"), reverse=True)

    def _tell(
        self, mask: str, path: str, *, is_directory: bool, cookie: str = "", own: bool = False
    ) -> None:
        if not self._watches:
            return
        for watch in self._at(paths.parent(path) if path != "/" else ""):
            watch.tell(mask, paths.name_of(path), is_directory=is_directory, cookie=cookie)
        for watch in self._at(path) if own else ():
            watch.tell(mask, is_directory=is_directory)

    def _at(self, path: str) -> Iterable[Watch]:
        return list(self._watches.get(path, ()))
