"""The walk through a catalog: all items below it into a table, many read at once.

A walk goes over everything, but reads only what is not in the table yet, or is another file now.
So a first reading, going on after a break, and bringing an old index up to date are one thing.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any, NamedTuple

from rsdat.base.errors import DoorBroken, InvalidInput, NoCredential, RsdatError
from rsdat.stac.index.features import Ahead, Document, loads, parsed
from rsdat.stac.index.geoparquet import is_geoparquet, items_in
from rsdat.stac.index.links import is_api, link_of, named_in, own_href
from rsdat.stac.index.named import Links
from rsdat.stac.index.place import discard, temporary
from rsdat.stac.index.problems import Problems
from rsdat.stac.index.readers import Readers
from rsdat.stac.index.row import Row, row_of
from rsdat.stac.index.shape import Facts, facts_of
from rsdat.stac.index.source import Source, asked_together, is_passing, words_of
from rsdat.stac.index.spool import Spool
from rsdat.stac.index.table import Table

#: Items that one thread reads in a go: few of few, that all threads have some.
_CHUNKS = (16, 64)
#: Items that are read before anything is asked about the others.
_FIRST = 64
_TRIES = 3
_PAUSE_S = 0.5
#: So many failures of the line, one after another, and the other side is away.
_MOST_BREAKS = 24
#: Of pages that an API gives; whoever wants more searches.
MOST_PAGED = 10_000
#: What an item that many hands have written makes Python say.
ODD = (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RsdatError)


class Away(DoorBroken):
    """Nothing can be read any more just now."""


class Stopped(Exception):
    """The walk is not wanted any more."""


@dataclass
class _Read:
    href: str
    stamp: str | None
    row: Row | None = None
    packed: bytes | None = None
    facts: Facts | None = None
    problem: str | None = None
    passing: bool = False
    feature: bool = False
    named: bool = False  # by its id: nobody says where it is


_Wanted = tuple[str, str | None]


class _Part(NamedTuple):
    """Items that were read, and those that were put off."""

    reads: list[_Read]
    rest: list[_Wanted]


class _Stamped(NamedTuple):
    """Items and the stamps of those that have one."""

    items: Sequence[str]
    stamps: dict[str, str]


class Walk:
    """One walk.

    Args:
        source: Reads.
        root: Absolute address of a catalog, a collection, an item or an item collection.
        table: Gets the rows.
        spool: Gets the JSON.
        stop: Set to end the walk.
        progress: Called after every few rows, in the walk's own thread.
    """

    def __init__(
        self,
        source: Source,
        root: str,
        table: Table,
        spool: Spool,
        stop: threading.Event,
        progress: Callable[[], None],
    ) -> None:
        self._source = source
        self._root = root
        self._table = table
        self._spool = spool
        self._stop = stop
        self._progress = progress
        self._seen_rows: set[int] = set()
        self._seen: set[str] = {root}
        self._whole = True
        self._breaks = 0
        self._why: RsdatError | None = None
        #: What could not be read.
        self.problems = Problems()
        #: Whether the table is another one now.
        self.changed = False
        #: Whether the one file that holds all items is as it was, and was not read.
        self.unread = False

    def run(self) -> None:
        """Walk; items that are nowhere any more are gone afterwards.

        Raises:
            RsdatError, OSError, ValueError: The root can't be read.
            Away: Too much in a row could not be read; what was read stays.
            Stopped: It was told to stop.
        """
        first = self._read_root()
        if first is not None:
            with contextlib.closing(Readers(self._source.readers)) as pool:
                self._follow(first, pool)
        if self._whole:
            gone = [row for row in self._table.rows().values() if row not in self._seen_rows]
            self._table.remove(gone)
            self.changed |= bool(gone)

    # ------------------------------------------------------------- the root

    def _read_root(self) -> Links | None:
        """What the root names; None where it holds its items itself."""
        stamp = self._source.stamps([self._root]).get(self._root)
        known = self._table.container_rows(self._root, stamp)
        if known:
            self._seen_rows.update(known)
            self.unread = True
            return None
        if is_geoparquet(self._root):
            self._read_geoparquet(stamp)
            return None
        links = self._links(self._root)
        document = Document(self._opened(self._root), links.take)
        batch: list[_Read] = []
        count = 0
        for feature in document.features():
            count += 1
            batch.append(self._feature(feature, self._root, stamp))
            if len(batch) >= _FIRST:
                self._take(batch)
                batch = []
        self._take(batch)
        value = document.rest
        if value.get("type") == "FeatureCollection" or count:
            if count and value.get("type") not in ("FeatureCollection", "ItemCollection", None):
                raise ValueError("it is no STAC item collection")
            self._next_pages(value, self._root, count)
            self._table.container = (self._root, stamp)
            return None
        if value.get("type") == "Feature":
            if links.took:  # an item is kept as it is, whatever its links are
                value = Document(self._opened(self._root)).whole()
            self._take([self._parsed(self._root, stamp, json.dumps(value).encode(), value)])
            return None
        if "id" not in value or not ({"stac_version", "links"} & set(value)):
            raise ValueError("it is no STAC catalog")
        if is_api(value):
            raise InvalidInput(
                "This is a STAC API: its items are found by a search",
                hint="Search it by area, time and collection.",
                code="is_api",
            )
        return links.read(value)

    def _read_geoparquet(self, stamp: str | None) -> None:
        path = temporary()
        try:
            self._patient(lambda: self._source.download(self._root, path))
            batch: list[_Read] = []
            for item, href in items_in(path):
                batch.append(self._feature(item, self._root, stamp, href))
                if len(batch) >= _FIRST:
                    self._take(batch)
                    batch = []
            self._take(batch)
        finally:
            discard(path)
        self._table.container = (self._root, stamp)

    def _feature(
        self, feature: Any, container: str, stamp: str | None, href: str | None = None
    ) -> _Read:
        if not isinstance(feature, dict):
            return _Read(container, None, problem="a feature is no JSON object", feature=True)
        try:
            href = self._source.resolve(href, container) if href else own_href(feature)
            named = href is None
            href = href or named_in(container, feature)
        except ODD as error:
            words = f"An item's address is none: {words_of(error)}"
            return _Read(container, stamp, problem=words, feature=True)
        # A geoparquet file may hold times, which JSON has as text.
        data = json.dumps(feature, default=str).encode()
        read = self._parsed(href, stamp, data, feature)
        read.feature, read.named = True, named
        return read

    def _next_pages(self, page: dict[str, Any], href: str, count: int) -> None:
        """The further pages of an API's answer."""
        while (after := link_of(page, "next")) and after.get("method", "GET") == "GET":
            if count >= MOST_PAGED:
                self.problems.add(
                    href, f"Only the first {count} items were read: search for others"
                )
                return
            href = self._source.resolve(str(after["href"]), href)
            if href in self._seen:
                return
            self._seen.add(href)
            if self._stop.is_set():
                raise Stopped
            document = Document(self._opened(href))
            batch = [self._feature(feature, href, None) for feature in document.features()]
            if not batch:
                return
            count += len(batch)
            self._take(batch)
            page = document.rest

    def _opened(self, href: str) -> Iterable[bytes]:
        ahead: Iterable[bytes] = self._patient(lambda: Ahead(self._source.chunks(href)))
        return ahead

    def _patient(self, read: Callable[[], Any]) -> Any:
        """Try again what may have failed by chance."""
        for attempt in range(1, _TRIES + 1):
            try:
                return read()
            except (OSError, RsdatError) as error:
                if attempt == _TRIES or not is_passing(error):
                    raise
            if self._stop.wait(_PAUSE_S * attempt):
                raise Stopped
        raise AssertionError("unreachable")

    # ------------------------------------------------------------- below it

    def _follow(self, first: Links, pool: Readers) -> None:
        catalogs: deque[str] = deque()
        chunks: deque[list[_Wanted]] = deque()
        pages: deque[str] = deque()
        running: set[Future[Any]] = set()

        def found(links: Links) -> None:
            for problem in links.problems:
                self.problems.add(*problem)
            catalogs.extend(self._new(links.catalogs))
            pages.extend(self._new(links.pages))
            items = list(self._new(links.items))
            told = [each for each in items if self._is_told(each)]
            if told:
                chunks.extend(self._unknown(_Stamped(told, {})))
                items = [each for each in items if not self._is_told(each)]
            if items and not len(self._table):
                # The first ones are to be seen before any have been asked about. They are read
                # again with the others, or nobody would know later whether they have changed.
                chunks.extend(self._unknown(_Stamped(items[:_FIRST], {})))
                if len(items) <= _FIRST:
                    items = []
            for part in asked_together(self._source, items):
                running.add(pool.submit(self._ask_stamps, part))

        found(first)
        while catalogs or chunks or pages or running:
            while len(running) < 3 * self._source.readers and (catalogs or chunks):
                if chunks:
                    running.add(pool.submit(self._read_items, chunks.popleft()))
                else:
                    running.add(pool.submit(self._read_catalog, catalogs.popleft()))
            if not running and pages:
                self._page(pages.popleft())
                continue
            done, running = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in done:
                result = future.result()
                if isinstance(result, Links):
                    self._breaks = 0
                    found(result)
                elif isinstance(result, _Stamped):
                    chunks.extend(self._unknown(result))
                elif isinstance(result, _Read):
                    self._failed(result)
                else:
                    if result.rest:
                        chunks.append(result.rest)
                    self._take(result.reads)
            if self._stop.is_set():
                raise Stopped

    def _page(self, href: str) -> None:
        try:
            document = Document(self._opened(href))
            batch = [self._feature(each, href, None) for each in document.features()]
            self._take(batch)
            self._next_pages(document.rest, href, len(batch))
        except (OSError, RsdatError, ValueError) as error:
            self._whole = False
            self.problems.add(href, words_of(error))

    def _new(self, wanted: list[str]) -> Iterator[str]:
        for href in wanted:
            if href not in self._seen:
                self._seen.add(href)
                yield href

    def _is_told(self, href: str) -> bool:
        """Whether an item is to be read anyway, and reading it tells its stamp."""
        return self._source.tells(href) and self._table.find(href) is None

    def _unknown(self, stamped: _Stamped) -> Iterator[list[_Wanted]]:
        """The items that are to be read, some at a time; the others are known as they are."""
        chunk: list[_Wanted] = []
        least, most = _CHUNKS
        size = max(least, min(most, len(stamped.items) // (4 * self._source.readers)))
        for href in stamped.items:
            stamp = stamped.stamps.get(href)
            row = self._table.find(href)
            if row is not None and stamp is not None and stamp == self._table.stamp(row):
                self._seen_rows.add(row)
                continue
            chunk.append((href, stamp))
            if len(chunk) >= size:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def _links(self, href: str) -> Links:
        return Links(href, self._source.resolve, self._table.same)

    # These run in the pool's threads.

    def _ask_stamps(self, items: Sequence[str]) -> _Stamped:
        return _Stamped(items, self._source.stamps(items))

    def _read_catalog(self, href: str) -> Links | _Read:
        try:
            data = self._patient(lambda: self._source.read(href, None))[0]
            links = self._links(href)
            value = parsed(data or b"", links.take)
            if not isinstance(value, dict) or value.get("type") == "Feature":
                raise ValueError("it is no catalog")
            return links.read(value)
        except Stopped:
            return _Read(href, None, problem="stopped")
        except (OSError, RsdatError, ValueError, RecursionError) as error:
            return self._unread(href, error)

    def _read_items(self, wanted: list[_Wanted]) -> _Part:
        found: list[_Read] = []
        for number, (href, stamp) in enumerate(wanted, 1):
            if self._stop.is_set():
                break
            try:
                row = self._table.find(href)
                known = self._table.stamp(row) if row is not None else None
                data, now = self._patient(lambda: self._source.read(href, stamp or known))  # noqa: B023
                if data is None:
                    found.append(_Read(href, now))
                else:
                    found.append(self._parsed(href, now or stamp, data, loads(data)))
            except Stopped:
                break
            except (OSError, RsdatError, ValueError, RecursionError) as error:
                found.append(self._unread(href, error, stamp))
                if found[-1].passing:
                    # Were the other side away, all of them would be tried in vain before it showed.
                    return _Part(found, wanted[number:])
        return _Part(found, [])

    def _parsed(self, href: str, stamp: str | None, data: bytes, value: Any) -> _Read:
        try:
            if not isinstance(value, dict):
                raise ValueError("it is no STAC item")  # noqa: TRY004 - the file is wrong
            row, facts = row_of(value, href, self._source.resolve), facts_of(value)
        except ODD as error:
            return _Read(href, stamp, problem=f"This is no STAC item: {words_of(error)}")
        return _Read(href, stamp, row, Spool.packed(data), facts)

    def _unread(self, href: str, error: BaseException, stamp: str | None = None) -> _Read:
        if isinstance(error, NoCredential):
            self._why = error
        passing = not isinstance(error, ValueError | RecursionError) and is_passing(error)
        message = words_of(error)
        if isinstance(error, ValueError) and not isinstance(error, RsdatError | OSError):
            message = f"This can't be read as JSON: {message}"
        return _Read(
            href, stamp, problem=message, passing=passing or isinstance(error, NoCredential)
        )

    # ------------------------------------------------------------- what came

    def _take(self, batch: Sequence[_Read]) -> None:
        if self._stop.is_set():
            raise Stopped  # there may be no place for them any more
        rows, stamps, where = [], [], []
        named: set[str] = set()
        for each in batch:
            if each.problem is not None:
                self._failed(each, catalog=False)
                continue
            self._breaks = 0
            if each.row is None:
                row = self._table.find(each.href)
                if row is not None:
                    self._seen_rows.add(row)
                continue
            if self._came_stamped(each):
                continue
            self.problems.solved(each.href)
            if each.named:
                if each.href in named or self._table.find(each.href) in self._seen_rows:
                    words = "Another item has this id, too: only the last of them is kept"
                    self.problems.add(each.href, words)
                named.add(each.href)
            if each.facts is not None:
                self._table.shape.add(each.facts)
            rows.append(each.row)
            stamps.append(each.stamp)
            where.append(self._spool.add(each.packed or b""))
        if rows:
            self._seen_rows.update(self._table.extend(rows, stamps, where))
            self.changed = True
            self._progress()

    def _came_stamped(self, read: _Read) -> bool:
        """Whether it is one of the first, and was read again, with its stamp, sooner than this."""
        row = None if read.stamp is not None else self._table.find(read.href)
        return row is not None and row in self._seen_rows and self._table.stamp(row) is not None

    def _failed(self, read: _Read, *, catalog: bool = True) -> None:
        if catalog:
            self._whole = False  # what is below it is not gone
            self.problems.add(read.href, read.problem or "")
        elif read.feature:
            self.problems.add(read.href, read.problem or "")
        elif not self._came_stamped(read):
            self.problems.add_item(read.href, read.problem or "")
        if not read.passing:
            return
        row = self._table.find(read.href)
        if row is not None:
            self._seen_rows.add(row)
        self._breaks += 1
        if self._breaks >= _MOST_BREAKS or self._why is not None:
            raise self._why or Away(
                f"Reading broke off: {read.problem}",
                hint="What was read until then is shown; the rest is tried again.",
                code="away",
            )
