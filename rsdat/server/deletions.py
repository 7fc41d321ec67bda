"""Deletions that are under way, so that they can be stopped, and how some of them ended."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rsdat.base.errors import NotFound, RsdatError

if TYPE_CHECKING:
    from rsdat.dcache.delete import Deletion

#: Of those that have ended so many are kept.
MOST_ENDED = 100


@dataclass
class Noted:
    """One deletion as it is told.

    Attributes:
        id: Its name in the REST interface.
        endpoint: Of which dCache.
        path: Literal path of what is deleted with all that is in it.
        deletion: How far it is.
        state: `running`, `done`, `stopped` or `failed`.
        error: What it failed with, as REST bodies hold it; also when it was stopped.
        listed: Somebody was told of it while it ran, and will want to know how it ended.
        seen: The user was told how it ended.
    """

    id: str
    endpoint: str
    path: str
    deletion: Deletion
    state: str = "running"
    error: dict[str, Any] | None = None
    listed: bool = False
    seen: bool = False

    def as_dict(self) -> dict[str, Any]:
        """A `Deletion` of the contract."""
        return {
            "id": self.id,
            "endpoint": self.endpoint,
            "path": self.path,
            "state": self.state,
            "deleted": self.deletion.deleted,
            "error": self.error,
            "seen": self.seen,
        }


class Deletions:
    """Those of this companion, in the order in which they were begun or have ended.

    They end with it: the page that comes next finds none.

    Args:
        changed: Told the id of one that has ended, if somebody was told of it before.
    """

    def __init__(self, changed: Callable[[str], None]) -> None:
        self._changed = changed
        self._noted: dict[str, Noted] = {}

    @contextmanager
    def running(
        self, endpoint: str, path: str, is_heard: Callable[[], bool] = lambda: True
    ) -> Iterator[Deletion]:
        """One more, until it has ended.

        Args:
            endpoint: Of which dCache.
            path: Literal path.
            is_heard: Whether who asked for it still waits for its end.
        """
        from rsdat.dcache.delete import Deletion

        noted = Noted(secrets.token_hex(8), endpoint, path, Deletion())
        self._noted[noted.id] = noted
        try:
            yield noted.deletion
            noted.state = "done"
        except RsdatError as error:
            noted.state = "stopped" if error.code == "stopped" else "failed"
            noted.error = error.as_dict()
            raise
        except Exception:
            noted.state = "failed"
            noted.error = RsdatError("Something went wrong inside rsdat.").as_dict()
            raise
        finally:
            self._ended(noted, heard=is_heard())

    def all(self) -> list[dict[str, Any]]:
        """What there is to tell; who asks is told by an event when one that runs has ended."""
        for noted in self._noted.values():
            noted.listed = True
        return [noted.as_dict() for noted in self._noted.values()]

    def stop(self, id_: str) -> dict[str, Any]:
        """Have it delete nothing more; returns it as it is now, mostly still running.

        Raises:
            NotFound: There is none of this id.
        """
        noted = self._get(id_)
        noted.deletion.stop()
        return noted.as_dict()

    def seen(self, id_: str) -> dict[str, Any]:
        """The user was told how it ended.

        Raises:
            NotFound: There is none of this id.
        """
        noted = self._get(id_)
        noted.seen = noted.state != "running"
        return noted.as_dict()

    def _get(self, id_: str) -> Noted:
        try:
            return self._noted[id_]
        except KeyError:
            raise NotFound("There is no such deletion", id=id_) from None

    def _ended(self, noted: Noted, *, heard: bool) -> None:
        noted.seen = heard
        # Given up as the server ends, it has come to no end that could be told.
        is_untold = not heard and noted.state in ("stopped", "failed")
        if noted.state == "running" or not (noted.listed or is_untold):
            del self._noted[noted.id]
        else:
            self._noted[noted.id] = self._noted.pop(noted.id)
        ended = [each for each in self._noted.values() if each.state != "running"]
        # Those that the user was told of go first, then the earliest.
        for each in sorted(ended, key=lambda each: not each.seen)[:-MOST_ENDED]:
            del self._noted[each.id]
        if noted.listed:
            self._changed(noted.id)
