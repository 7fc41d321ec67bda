"""What could not be read, told while the rest is read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

_MOST_LETTERS = 500


class Problem(NamedTuple):
    """Something that could not be read; the rest could."""

    href: str | None
    message: str


class Problems:
    """Filled by one thread, looked at by any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # An item has one at most: it may be read again, and then be whole.
        self._of_items: dict[str, Problem] = {}
        self._others: list[Problem] = []

    def add(self, href: str | None, message: str) -> None:
        """Something is wrong, and stays so."""
        with self._lock:
            self._others.append(Problem(href, message[:_MOST_LETTERS]))

    def add_item(self, href: str, message: str) -> None:
        """An item could not be read."""
        with self._lock:
            self._of_items[href] = Problem(href, message[:_MOST_LETTERS])

    def solved(self, href: str) -> None:
        """The item was read all the same."""
        with self._lock:
            self._of_items.pop(href, None)

    def first(self, count: int) -> list[Problem]:
        """So many of them at most."""
        with self._lock:
            return [
                *self._others[:count],
                *islice(self._of_items.values(), max(0, count - len(self._others))),
            ]

    def __len__(self) -> int:
        return len(self._others) + len(self._of_items)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.first(len(self)))
