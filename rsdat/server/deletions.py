"""Deletions that are under way, so that they can be stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rsdat.dcache.delete import Deletion


class Deletions:
    """Those of this companion, by endpoint and path as they were asked for."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, str], list[Deletion]] = {}

    @contextmanager
    def running(self, endpoint: str, path: str) -> Iterator[Deletion]:
        """One more, until it has ended."""
        from rsdat.dcache.delete import Deletion

        deletion = Deletion()
        same = self._running.setdefault((endpoint, path), [])
        same.append(deletion)
        try:
            yield deletion
        finally:
            same.remove(deletion)
            if not same:
                self._running.pop((endpoint, path), None)

    def stop(self, endpoint: str, path: str) -> bool:
        """Stop what deletes a path; false if nothing does."""
        same = self._running.get((endpoint, path), [])
        for deletion in same:
            deletion.stop()
        return bool(same)
