"""The items of a catalog as columns: a hundred thousand of them in some 60 MiB.

It only grows, so that a look at it (`View`) stays right while more is read: a changed item is a
new row, and its old one is marked as gone.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rsdat.stac.index.row import AssetWords, Box, Row
from rsdat.stac.index.shape import Shape

_FIRST_ROOM = 1024
_LARGE = 50_000
#: In the place of a length in `View.where`: the JSON lies in the kept file, in this row.
KEPT = -1


class Words:
    """Things that repeat, as small numbers."""

    def __init__(self) -> None:
        self.known: list[Any] = []
        self._numbers: dict[Any, int] = {}

    def number(self, word: Any) -> int:
        """The number of a word, a new one for a new word."""
        number = self._numbers.get(word)
        if number is None:
            number = self._numbers[word] = len(self.known)
            self.known.append(word)
        return number


class Growing:
    """A numpy array with room at its end; readers keep what they took when it moves."""

    def __init__(self, dtype: str, width: int | None = None) -> None:
        shape = (_FIRST_ROOM,) if width is None else (_FIRST_ROOM, width)
        self.array: npt.NDArray[Any] = np.zeros(shape, dtype)
        self.length = 0

    def extend(self, values: Any) -> None:
        """Append."""
        new = np.asarray(values, self.array.dtype).reshape((-1, *self.array.shape[1:]))
        end = self.length + len(new)
        if end > len(self.array):
            # Twice as much of much would be most of the memory.
            more = len(self.array) // (1 if len(self.array) < _LARGE else 4)
            room = np.zeros((max(end, len(self.array) + more), *self.array.shape[1:]), new.dtype)
            room[: self.length] = self.array[: self.length]
            self.array = room
        self.array[self.length : end] = new
        self.length = end


@dataclass(frozen=True)
class View:
    """The first `n` rows of a table, as they were at one moment.

    Attributes:
        n: How many there are.
        version: Another one when anything is different.
        alive: Which are not gone.
        ids, hrefs, thumbnails, stamps: Texts.
        start, end: Milliseconds since 1970, or `NO_TIME`.
        boxes: West, south, east, north; NaN where nobody knows.
        cloud: Percent, or NaN.
        collection: Number in `collections`.
        keys: Number in `key_sets`.
        rings: For each row, the first and the number of its rings in `ring_ends`.
        ring_ends: For each ring, where it begins and ends in `points`.
        points: Longitude and latitude.
        where: For each row, where its JSON lies: offset and length in the spool, or its row in the
            kept file and `KEPT`.
    """

    n: int
    version: int
    alive: npt.NDArray[np.bool_]
    ids: Sequence[str]
    hrefs: Sequence[str]
    thumbnails: Sequence[str | None]
    stamps: Sequence[str | None]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    boxes: npt.NDArray[np.float64]
    cloud: npt.NDArray[np.float32]
    collection: npt.NDArray[np.int32]
    collections: Sequence[str | None]
    keys: npt.NDArray[np.int32]
    key_sets: Sequence[tuple[str, ...]]
    asset_words: dict[str, AssetWords]
    rings: npt.NDArray[np.int32]
    ring_ends: npt.NDArray[np.int32]
    points: npt.NDArray[np.float32]
    where: npt.NDArray[np.int64]

    def box(self, row: int) -> Box | None:
        """The box of a row."""
        west, south, east, north = (float(each) for each in self.boxes[row])
        return None if west != west else (west, south, east, north)

    def rings_of(self, row: int) -> list[list[list[float]]]:
        """The outline of a row, as JSON has it."""
        first, count = self.rings[row]
        return [
            np.round(self.points[begin:end].astype(np.float64), 5).tolist()
            for begin, end in self.ring_ends[first : first + count]
        ]


@dataclass
class Columns:
    """What a kept file gives to `Table.load`; fields as in `View`, of the same length each.

    Attributes:
        keys: Asset keys of each row.
        ring_counts: Rings of each row.
        ring_lengths: Points of each ring.
    """

    ids: list[str]
    hrefs: list[str]
    thumbnails: list[str | None]
    stamps: list[str | None]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    boxes: npt.NDArray[np.float64]
    cloud: npt.NDArray[np.float32]
    collections: list[str | None]
    keys: list[tuple[str, ...]]
    asset_words: dict[str, AssetWords]
    ring_counts: npt.NDArray[np.int32]
    ring_lengths: npt.NDArray[np.int32]
    points: npt.NDArray[np.float32]
    shape: Shape

    def check(self) -> None:
        """What one column says must fit the others.

        Raises:
            ValueError: It does not.
        """
        count = len(self.ids)
        texts = (self.hrefs, self.thumbnails, self.stamps, self.collections, self.keys)
        numbers = (self.start, self.end, self.boxes, self.cloud, self.ring_counts)
        fits = (
            all(len(each) == count for each in (*texts, *numbers))
            and all(isinstance(each, str) for each in (*self.ids, *self.hrefs))
            and all(key in self.asset_words for keys in set(self.keys) for key in keys)
            and (self.ring_counts >= 0).all()
            and (self.ring_lengths >= 0).all()
            and self.ring_counts.sum() == len(self.ring_lengths)
            and self.ring_lengths.sum() == len(self.points)
        )
        if not fits:
            raise ValueError("its columns do not fit each other")


class Table:
    """Grows by one thread, is looked at by any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version = 0
        self._ids: list[str] = []
        self._hrefs: list[str] = []
        self._thumbnails: list[str | None] = []
        self._stamps: list[str | None] = []
        self._alive = Growing("bool")
        self._start = Growing("int64")
        self._end = Growing("int64")
        self._boxes = Growing("float64", 4)
        self._cloud = Growing("float32")
        self._collection = Growing("int32")
        self._keys = Growing("int32")
        self._rings = Growing("int32", 2)
        self._ring_ends = Growing("int32", 2)
        self._points = Growing("float32", 2)
        self._where = Growing("int64", 2)
        self._collections = Words()
        self._key_sets = Words()
        self._asset_words: dict[str, AssetWords] = {}
        #: Whoever adds items that are to be kept tells it what they have.
        self.shape = Shape()
        self._row_of: dict[str, int] = {}
        #: The one file that holds all items, and its stamp, where they are not files of their own.
        self.container: tuple[str, str | None] | None = None

    def __len__(self) -> int:
        return len(self._row_of)

    def find(self, href: str) -> int | None:
        """The row of an item that is not gone."""
        return self._row_of.get(href)

    def same(self, href: str) -> str:
        """An address as the table has it; itself if the table has it not."""
        row = self._row_of.get(href)
        return href if row is None else self._hrefs[row]

    def stamp(self, row: int) -> str | None:
        """By what one sees whether the item's file is another one now."""
        return self._stamps[row]

    def restamp(self, row: int, stamp: str | None) -> None:
        """Say that the file was the same at this stamp."""
        self._stamps[row] = stamp

    def extend(
        self,
        rows: Sequence[Row],
        stamps: Sequence[str | None],
        where: Sequence[tuple[int, int]],
    ) -> range:
        """Append items; those of the same address that were here are gone. Returns their numbers.

        Args:
            rows: What is kept of them.
            stamps: As `stamp` gives them.
            where: As `View.where` gives them.
        """
        if not rows:
            return range(0)
        with self._lock:
            for number, row in enumerate(rows, len(self._ids)):
                old = self._row_of.get(row.href)
                if old is not None and old < self._alive.length:
                    self._alive.array[old] = False
                self._row_of[row.href] = number
            fresh = [self._row_of[row.href] == n for n, row in enumerate(rows, len(self._ids))]
            self._ids += [row.id for row in rows]
            self._hrefs += [row.href for row in rows]
            self._thumbnails += [row.thumbnail for row in rows]
            self._stamps += stamps
            self._start.extend([row.start for row in rows])
            self._end.extend([row.end for row in rows])
            self._boxes.extend([row.bbox or (np.nan,) * 4 for row in rows])
            self._cloud.extend([row.cloud for row in rows])
            self._collection.extend([self._collections.number(row.collection) for row in rows])
            self._keys.extend([self._key_set(row) for row in rows])
            self._where.extend(where)
            self._add_rings(rows)
            self._alive.extend(fresh)
            self._version += 1
            return range(len(self._ids) - len(rows), len(self._ids))

    def _key_set(self, row: Row) -> int:
        number = self._key_sets.number(tuple(row.assets))
        for key in row.assets.keys() - self._asset_words.keys():
            self._asset_words[key] = row.assets[key]
        return number

    def _add_rings(self, rows: Sequence[Row]) -> None:
        # A numpy array at a time: one for each ring would be most of the work.
        firsts: list[tuple[int, int]] = []
        ends: list[tuple[int, int]] = []
        points: list[tuple[float, float]] = []
        first, begin = self._ring_ends.length, self._points.length
        for row in rows:
            firsts.append((first, len(row.rings)))
            first += len(row.rings)
            for ring in row.rings:
                points += ring
                ends.append((begin, begin + len(ring)))
                begin += len(ring)
        if points:
            self._points.extend(points)
        if ends:
            self._ring_ends.extend(ends)
        self._rings.extend(firsts)

    def load(self, columns: Columns) -> None:
        """Take what was kept, at once; the table must be empty."""
        with self._lock:
            self._ids, self._hrefs = columns.ids, columns.hrefs
            self._thumbnails, self._stamps = columns.thumbnails, columns.stamps
            self._row_of = {href: row for row, href in enumerate(columns.hrefs)}
            self._start.extend(columns.start)
            self._end.extend(columns.end)
            self._boxes.extend(columns.boxes)
            self._cloud.extend(columns.cloud)
            self._collection.extend([self._collections.number(c) for c in columns.collections])
            self._keys.extend([self._key_sets.number(keys) for keys in columns.keys])
            self._asset_words = columns.asset_words
            self.shape = columns.shape
            first = np.cumsum(columns.ring_counts) - columns.ring_counts
            self._rings.extend(np.stack([first, columns.ring_counts], axis=1))
            ends = np.cumsum(columns.ring_lengths)
            self._ring_ends.extend(np.stack([ends - columns.ring_lengths, ends], axis=1))
            self._points.extend(columns.points)
            rows = np.arange(len(columns.ids))
            self._where.extend(np.stack([rows, np.full_like(rows, KEPT)], axis=1))
            self._alive.extend(np.ones(len(columns.ids), np.bool_))
            self._version += 1

    def rows(self) -> dict[str, int]:
        """The rows that are not gone, by address; not to be changed."""
        return self._row_of

    def container_rows(self, href: str, stamp: str | None) -> list[int]:
        """All rows, if they came from this one file when it had this stamp."""
        if stamp is None or self.container != (href, stamp):
            return []
        return list(self._row_of.values())

    def remove(self, rows: Sequence[int]) -> None:
        """These are gone."""
        with self._lock:
            for row in rows:
                if self._row_of.get(self._hrefs[row]) == row:
                    del self._row_of[self._hrefs[row]]
                self._alive.array[row] = False
            self._version += bool(rows)

    def view(self) -> View:
        """All of it, as it is now."""
        with self._lock:
            n = self._alive.length
            return View(
                n=n,
                version=self._version,
                alive=self._alive.array[:n].copy(),
                ids=self._ids,
                hrefs=self._hrefs,
                thumbnails=self._thumbnails,
                stamps=self._stamps,
                start=self._start.array[:n],
                end=self._end.array[:n],
                boxes=self._boxes.array[:n],
                cloud=self._cloud.array[:n],
                collection=self._collection.array[:n],
                collections=self._collections.known,
                keys=self._keys.array[:n],
                key_sets=self._key_sets.known,
                asset_words=self._asset_words,
                rings=self._rings.array[:n],
                ring_ends=self._ring_ends.array[: self._ring_ends.length],
                points=self._points.array[: self._points.length],
                where=self._where.array[:n],
            )
