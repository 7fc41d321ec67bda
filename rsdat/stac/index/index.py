"""The items of one catalog: read in the background, usable meanwhile, kept when they are whole."""

from __future__ import annotations

import errno
import json
import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rsdat.base.errors import DoorBroken, InvalidInput, NoSpace, NotFound, RsdatError
from rsdat.stac.index import query
from rsdat.stac.index.geoparquet import is_geoparquet
from rsdat.stac.index.kept import KeptFile, write
from rsdat.stac.index.place import WORTH_KEEPING, Place, discard, temporary
from rsdat.stac.index.problems import Problems
from rsdat.stac.index.source import Source, is_missing, words_of
from rsdat.stac.index.spool import Spool
from rsdat.stac.index.table import KEPT, Table, View
from rsdat.stac.index.walk import Away, Stopped, Walk
from rsdat.stac.index.web import shown
from rsdat.stac.sampling import some_of

_log = logging.getLogger(__name__)
#: Between what is told of progress.
TELL_S = 0.5
#: Between tries when the other side is away.
_PAUSES_S = (2.0, 5.0, 10.0, 30.0, 60.0)
#: So many times as long as keeping took, it is not kept again.
_REST = 30


class Items:
    """Rows with their JSON, which somebody fills. Read from any thread."""

    def __init__(self) -> None:
        self.table = Table()
        self._spool = Spool()
        self._kept: KeptFile | None = None
        self._ranks: dict[str, Any] = {}
        self._reading = threading.Lock()
        self._closed = False
        #: Whether all that there is was read.
        self.complete = False
        self.problems = Problems()
        #: Why nothing more is read, if something is wrong.
        self.failure: RsdatError | None = None

    def wait(self, timeout_s: float | None = None, *, kept: bool = True) -> bool:
        """Wait until nothing more comes; whether all that there is came.

        Args:
            timeout_s: At most so long.
            kept: Also until it is kept, if it is to be.
        """
        raise NotImplementedError

    def view(self) -> View:
        """The columns as they are now."""
        return self.table.view()

    def page(
        self, wanted: query.Filter, sort: str = "-datetime", offset: int = 0, limit: int = 200
    ) -> dict[str, Any]:
        """The `StacItems` of the contract.

        Raises:
            InvalidInput: There is no such order.
        """
        view = self.view()
        rows = query.ordered(view, query.select(view, wanted, self._ranks), sort, self._ranks)
        return {
            "total": len(rows),
            "complete": self.complete,
            "read": int(view.alive.sum()),
            "offset": offset,
            "entries": [query.row_as_dict(view, row) for row in rows[offset : offset + limit]],
        }

    def summary(self, wanted: query.Filter) -> dict[str, Any]:
        """The `StacSummary` of the contract."""
        view = self.view()
        rows = query.select(view, wanted, self._ranks)
        return {
            "total": len(rows),
            "complete": self.complete,
            "read": int(view.alive.sum()),
            "bbox": query.extent(view, rows),
            "interval": query.interval(view, rows),
            "histogram": query.histogram(view, rows),
            "collections": query.collections(view, rows),
            "assets": query.assets(view, rows),
            "problems": [problem._asdict() for problem in self.problems.first(100)],
            "problems_total": len(self.problems),
        }

    def footprints(self, wanted: query.Filter, limit: int = 2000) -> dict[str, Any]:
        """The `StacFootprints` of the contract."""
        view = self.view()
        rows, total = query.even_choice(view, query.select(view, wanted, self._ranks), limit)
        return {
            "total": total,
            "complete": self.complete,
            "footprints": [
                {"id": view.ids[row], "href": view.hrefs[row], "rings": view.rings_of(row)}
                for row in rows
            ],
        }

    def chosen(self, wanted: query.Filter) -> list[tuple[str, dict[str, Any]]]:
        """Address and JSON of the items that pass, the latest first."""
        return self.choice(wanted, None)[0]

    def choice(
        self, wanted: query.Filter, most: int | None
    ) -> tuple[list[tuple[str, dict[str, Any]]], int]:
        """As `chosen`, but of more than `most` only some; and how many pass."""
        view = self.view()
        rows = query.ordered(
            view, query.select(view, wanted, self._ranks), "-datetime", self._ranks
        )
        total = len(rows)
        rows = rows[list(some_of(total, most))]
        # In the order they lie in, so that no part of the kept file is read twice.
        found = {int(row): self.document(view, int(row)) for row in sorted(rows)}
        return [(view.hrefs[row], found[int(row)]) for row in rows], total

    def by_href(self, hrefs: Iterable[str]) -> dict[str, dict[str, Any]]:
        """JSON of items by address; those that are not known are left out."""
        view = self.view()
        rows = {href: self.table.find(href) for href in hrefs}
        known = sorted((row, href) for href, row in rows.items() if row is not None)
        return {href: self.document(view, row) for row, href in known if row < view.n}

    def by_id(self, id_: str) -> tuple[str, dict[str, Any]] | None:
        """Address and JSON of the item with this id."""
        view = self.view()
        rows = query.select(view, query.Filter(ids=frozenset({id_})))
        return (view.hrefs[rows[0]], self.document(view, int(rows[0]))) if len(rows) else None

    def document(self, view: View, row: int) -> dict[str, Any]:
        """The JSON of a row as it was read."""
        value: dict[str, Any] = json.loads(self._bytes(view, row))
        return value

    def _bytes(self, view: View, row: int) -> bytes:
        at, length = (int(each) for each in view.where[row])
        with self._reading:
            if self._closed:
                raise NotFound("These items were closed", code="closed")
            if length == KEPT:
                if self._kept is None:
                    raise AssertionError("a kept row without a kept file")
                return self._kept.item(at)
            return self._spool.get(at, length)

    def end(self, *, kept: bool = False) -> None:
        """Have reading end, and wait for nobody.

        Args:
            kept: Let what is being kept be kept before.
        """
        raise NotImplementedError

    @property
    def ended(self) -> bool:
        """Whether no thread reads."""
        raise NotImplementedError

    def forget(self) -> None:
        """Forget everything. A thread that still reads does no harm, and nobody has its items."""
        with self._reading:
            self._closed = True
            self._spool.close()
            if self._kept is not None:
                self._kept.close()


class Index(Items):
    """The items below a catalog, or in an item collection.

    Args:
        href: Absolute address of its JSON, in the form that `source` takes.
        source: Reads.
        owner: What tells catalogs of one address apart: the endpoint.
        keep: Whether to keep it on disk, and to begin with what is kept.
        changed: Called at most twice a second when there is more to see, in a thread.
        patience_s: Between tries when the other side is away.
    """

    def __init__(
        self,
        href: str,
        source: Source,
        *,
        owner: str = "",
        keep: bool = True,
        changed: Callable[[], None] = lambda: None,
        patience_s: tuple[float, ...] = _PAUSES_S,
    ) -> None:
        super().__init__()
        self.href = href
        self._source = source
        self._place = Place(href, owner) if keep and not is_geoparquet(href) else None
        self._tell = changed
        self._patience_s = patience_s
        self._told_s = 0.0
        self._stop = threading.Event()
        #: Set with the one above when even keeping is to end.
        self._unwanted = threading.Event()
        self._keeping: Path | None = None
        self._settled = threading.Event()
        self._came = threading.Event()
        self._thread: threading.Thread | None = None
        self._stale = False
        self._unkept = False
        self._kept_s, self._keeping_s = 0.0, 0.0
        self._starting = threading.Lock()
        #: When the last walk ended, and how long it took: seconds that never run backwards.
        self.checked_s: float | None = None
        self.took_s = 0.0
        #: Where it is kept; None while it is not.
        self.kept_at: str | None = None

    def refresh(self) -> None:
        """Walk through the catalog, in a thread of its own; again, if one is on its way."""
        with self._starting:
            if self._stop.is_set():
                return
            if self._thread is not None and not self._settled.is_set():
                self._stale = True
                return
            self._settled.clear()
            if not self.complete:
                self._came.clear()
            self.failure = None
            self._thread = threading.Thread(target=self._run, name="rsdat-stac-index", daemon=True)
            self._thread.start()

    def wait(self, timeout_s: float | None = None, *, kept: bool = True) -> bool:
        """Wait until everything was read, or can't be; whether it was."""
        (self._settled if kept else self._came).wait(timeout_s)
        return self.complete

    @property
    def settled(self) -> bool:
        """Whether nothing is being read."""
        return self._settled.is_set()

    def end(self, *, kept: bool = False) -> None:
        """See `Items`."""
        self._stop.set()
        if not kept:
            self._unwanted.set()
            if (path := self._keeping) is not None:
                discard(path)
        with self._starting:  # `refresh` makes nobody wait again
            self._came.set()

    @property
    def ended(self) -> bool:
        """See `Items`."""
        return self._thread is None or not self._thread.is_alive()

    def close(self) -> None:
        """End the walk, and forget everything."""
        self.end(kept=True)
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(30)
        self.forget()

    def _run(self) -> None:
        again = True
        while again:
            self._stale = False
            self._try()
            with self._starting:
                # `refresh` looks under the same lock: it sees this thread go on, or starts another.
                again = self._stale and self.failure is None and not self._stop.is_set()
                if not again:
                    self._came.set()
                    self._settled.set()
        if not self._stop.is_set():
            self._tell()

    def _try(self) -> None:
        try:
            if self._kept is None and self._place is not None and not len(self.table):
                self._load(self._place)
            self._walk_patiently()
        except Stopped:
            pass
        except RsdatError as error:
            self.failure = error
        except (OSError, ValueError, RecursionError) as error:
            self.failure = self._in_words(error)
        except Exception as error:  # noqa: BLE001 - or a page would wait for ever
            if self._stop.is_set():
                return  # the event loop that it asks may be gone already
            _log.exception("rsdat: reading %s ended", shown(self.href))
            self.failure = DoorBroken(
                f"{shown(self.href)} can't be read: {type(error).__name__}",
                hint="The server's log tells more.",
                code="unreadable",
            )

    def _in_words(self, error: Exception) -> RsdatError:
        where = shown(self.href)
        if is_missing(error):
            return NotFound(f"There is no catalog at {where}")
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return NoSpace(
                f"There is no space for the items of {where}",
                hint=f"Make room in {tempfile.gettempdir()}, or set TMPDIR.",
            )
        if isinstance(error, OSError):
            return DoorBroken(f"{where} can't be read: {words_of(error)}", code="unreadable")
        return InvalidInput(f"{where} is no STAC catalog: {error}", code="not_stac")

    def _walk_patiently(self) -> None:
        for pause_s in (*self._patience_s, None):
            try:
                self._walk()
            except Away as error:  # noqa: PERF203 - a handful of tries
                if pause_s is None:
                    raise
                self.failure = error
                self._tell()
                if self._stop.wait(pause_s):
                    raise Stopped from None
            else:
                self.failure = None
                return

    def _walk(self) -> None:
        began_s = time.monotonic()
        walk = Walk(self._source, self.href, self.table, self._spool, self._stop, self._progressed)
        before, self.problems = self.problems, walk.problems
        try:
            walk.run()
            if walk.unread:
                self.problems = before
        finally:
            self.checked_s = time.monotonic()
            self.took_s = self.checked_s - began_s
        self.complete = True
        self._came.set()
        self._tell()
        self._unkept |= walk.changed or self.kept_at is None
        # A catalog that grows all day is not written anew each time that somebody looks.
        rested_s = time.monotonic() - self._kept_s
        if self._place is not None and self._unkept and rested_s > _REST * self._keeping_s:
            self._keep(self._place)
            self._keeping_s = time.monotonic() - self.checked_s
            self._kept_s = time.monotonic()

    def _progressed(self) -> None:
        now_s = time.monotonic()
        if now_s - self._told_s >= TELL_S:
            self._told_s = now_s
            self._tell()

    def _load(self, place: Place) -> None:
        for path, where in place.load(self._source):
            try:
                # Open, it lasts until it is closed, and leaves nothing behind whatever happens.
                kept = KeptFile(path, self.href, self._source.resolve)
                columns = kept.columns()
            except NotFound:
                place.occupied(where)
                continue
            except RsdatError:
                continue
            finally:
                discard(path)
            self.table.load(columns)
            self.table.container = kept.container
            for problem in kept.problems:
                self.problems.add(*problem)
            with self._reading:
                if self._closed:
                    kept.close()
                    raise Stopped
                self._kept = kept
            self.kept_at = where
            self._tell()
            return

    def _keep(self, place: Place) -> None:
        view = self.view()
        rows = query.select(view, query.Filter())
        if len(rows) < WORTH_KEEPING and self.kept_at is None:
            return
        path = self._keeping = temporary()
        try:
            write(
                path,
                view,
                rows,
                lambda row: self._wanted_bytes(view, int(row)),
                self.table.shape,
                self.table.container,
                self.href,
                self.problems.first(100) if self.table.container else (),
            )
            self.kept_at = place.store(self._source, path)
            self._unkept = self.kept_at is None
        except Exception:  # noqa: BLE001 - nothing that goes wrong here may cost the items
            # A full disk, perhaps: it is read anew the next time, and can be used all the same.
            self.kept_at = None
            if self._closed or self._unwanted.is_set():
                return  # nobody waits for it any more
            _log.warning(
                "rsdat: the index of %s could not be kept", shown(self.href), exc_info=True
            )
        finally:
            discard(path)
            self._keeping = None

    def _wanted_bytes(self, view: View, row: int) -> bytes:
        if self._unwanted.is_set():
            raise Stopped
        return self._bytes(view, row)
