"""A search that runs in the background, and what it has found so far."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

from rsdat.base.errors import DoorBroken, RsdatError
from rsdat.stac import hrefs
from rsdat.stac.index.index import TELL_S, Items
from rsdat.stac.index.links import named_in, own_href
from rsdat.stac.index.row import row_of
from rsdat.stac.index.source import words_of
from rsdat.stac.index.spool import Spool
from rsdat.stac.index.walk import ODD
from rsdat.stac.index.web import without_query
from rsdat.stac.searching.request import Request, check, pages

_log = logging.getLogger(__name__)
State = Literal["running", "done", "failed", "cancelled"]


class Search(Items):
    """Items that an API finds.

    Args:
        id_: Its name.
        request: What is searched for.
        changed: Called at most twice a second when there is more to see, in a thread.

    Raises:
        InvalidInput: The request makes no sense.
    """

    def __init__(
        self, id_: str, request: Request, changed: Callable[[], None] = lambda: None
    ) -> None:
        check(request)
        super().__init__()
        self.id = id_
        self.href = f"search:{id_}"
        self.request = request
        self.state: State = "running"
        self.matched: int | None = None
        self._tell = changed
        self._told_s = 0.0
        self._stop = threading.Event()
        self._taking = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rsdat-stac-search", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wait(self, timeout_s: float | None = None, *, kept: bool = True) -> bool:
        """Wait for its end; whether it found everything that it was to find."""
        self._ended.wait(timeout_s)
        return self.complete

    def as_dict(self) -> dict[str, Any]:
        """The `StacSearch` of the contract."""
        failure = self.failure
        return {
            "id": self.id,
            "href": self.href,
            "state": self.state,
            "found": len(self.table),
            "matched": self.matched,
            "problem": failure and {"message": failure.message, "hint": failure.hint},
        }

    def node(self) -> dict[str, Any]:
        """The `StacNode` of the contract."""
        return {
            "href": self.href,
            "endpoint": None,
            "kind": "search",
            "id": self.id,
            "title": f"Search in {without_query(self.request.url)}",
            "description": None,
            "stac_version": None,
            "bbox": list(self.request.bbox) if self.request.bbox else None,
            "interval": None,
            "license": None,
            "keywords": [],
            "providers": [],
            "parent": None,
            "children": [],
            "items": len(self.table),
            "problems": [problem._asdict() for problem in self.problems.first(100)],
        }

    def stop(self) -> None:
        """End it, and keep what it found: that is all there is, from now on. Asks nobody."""
        with self._taking:
            if self.state != "running":
                return
            self._stop.set()
            self.state = "cancelled"
            self.complete = True
        self._ended.set()
        self._tell()

    def end(self, *, kept: bool = False) -> None:
        """See `Items`: as `stop`, for what nobody looks at any more."""
        with self._taking:
            self._stop.set()
            if self.state == "running":
                self.state = "cancelled"
        self._ended.set()

    @property
    def ended(self) -> bool:
        """See `Items`."""
        return not self._thread.is_alive()

    def close(self) -> None:
        """End it, and forget what it found."""
        self.end()
        if self._thread.is_alive():
            self._thread.join(90)  # one request more, at most
        self.forget()

    def _run(self) -> None:
        try:
            for features, matched in pages(self.request):
                # What comes after it was stopped is not wanted any more.
                with self._taking:
                    if self._stop.is_set():
                        return
                    self.matched = matched
                    self._take(features)
        except RsdatError as error:
            self._end("failed", error)
        except Exception as error:  # noqa: BLE001 - or a page would not be told why it ended
            _log.exception("rsdat: a search in %s ended", without_query(self.request.url))
            ours = DoorBroken(
                f"The search ended: {type(error).__name__}",
                hint="The server's log tells more.",
                code="search_broken",
            )
            self._end("failed", ours)
        else:
            self._end("done")

    def _end(self, state: State, failure: RsdatError | None = None) -> None:
        with self._taking:
            if self._stop.is_set():
                return
            self.failure = failure
            self.complete = failure is None
            self.state = state
        self._ended.set()
        self._tell()

    def _take(self, features: list[dict[str, Any]]) -> None:
        rows, where = [], []
        for item in features:
            href = own_href(item) or named_in(self.request.url, item)
            try:
                rows.append(row_of(item, href, hrefs.resolve))
            except ODD as error:
                self.problems.add(href, f"This is no STAC item: {words_of(error)}")
                continue
            where.append(self._spool.add(Spool.packed(json.dumps(item).encode())))
        self.table.extend(rows, [None] * len(rows), where)
        now_s = time.monotonic()
        if now_s - self._told_s >= TELL_S:
            self._told_s = now_s
            self._tell()
