"""The files of one transfer and what became of each: in memory small, on disk two growing files.

`items.jsonl` is written once, when it is known what there is to do; `ends.jsonl` gets a line for
each file that ended. A companion that dies loses at most the last lines of the second: those files
are looked at again.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from rsdat.base.files import PRIVATE_FILE, room_for

PENDING, DONE, SKIPPED, FAILED = range(4)
_LETTERS = {DONE: "d", SKIPPED: "s", FAILED: "f", PENDING: "p"}
_CODES = {letter: code for code, letter in _LETTERS.items()}

#: dCache copied it by itself, or its bytes came through this computer.
Way = Literal["doors", "here"]

#: Two paths of dCache, each character escaped.
_LONGEST_LINE = 256 * 1024


class Item(NamedTuple):
    """One file, or one folder that is to be there.

    Attributes:
        source: Its path at the source; empty for an upload.
        target: Its path below the destination.
        size: Bytes as they were when it was listed; None if that is not known.
        folder: Whether it is a folder.
    """

    source: str
    target: str
    size: int | None
    folder: bool = False


class Items:
    """All items of a transfer. `flush()` now and then, and at the end.

    Args:
        folder: Where the two files lie.
    """

    def __init__(self, folder: Path) -> None:
        self._listed = folder / "items.jsonl"
        self._ends = folder / "ends.jsonl"
        self._items: list[Item] = []
        self._states = bytearray()
        self._unwritten: list[str] = []
        self._writing = asyncio.Lock()
        #: As `load` found it: for each file that was done, which checksum was compared.
        self.compared: list[str] = []
        #: And which way they went, of those of which that is known.
        self.ways: list[Way] = []

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, number: int) -> Item:
        return self._items[number]

    def state(self, number: int) -> int:
        """PENDING, DONE, SKIPPED or FAILED."""
        return self._states[number]

    def pending(self) -> Iterator[int]:
        """Numbers of those that have not ended; also of those that are added meanwhile."""
        number = 0
        while number < len(self._items):
            if self._states[number] == PENDING:
                yield number
            number += 1

    def left(self) -> int:
        """How many have not ended."""
        return self._states.count(PENDING)

    def mark(
        self, number: int, state: int, compared: str | None = None, way: Way | None = None
    ) -> None:
        """Note how one ended, or that it is to be done again.

        Args:
            number: Which.
            state: How.
            compared: Of a file that is done: which checksum was compared, empty for none.
            way: Of such a file, where it is known: which way it went.
        """
        self._states[number] = state
        ended = [] if compared is None else [compared, *([] if way is None else [way])]
        line = [number, _LETTERS[state], *ended]
        self._unwritten.append(json.dumps(line) + "\n")

    def again(self) -> int:
        """Those that failed are to be done again; returns how many."""
        failed = [number for number, state in enumerate(self._states) if state == FAILED]
        for number in failed:
            self.mark(number, PENDING)
        return len(failed)

    async def extend(self, items: list[Item]) -> int:
        """Add some, on disk too; returns the number of the first.

        Raises:
            NoSpace: There is no room to note them.
        """
        first = len(self._items)
        self._items += items
        self._states += bytes(len(items))
        await asyncio.to_thread(self._write_items, items)
        return first

    async def clear(self) -> None:
        """Begin the list anew."""
        self._items, self._states, self._unwritten = [], bytearray(), []
        for path in (self._listed, self._ends):
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def load(self) -> None:
        """Read what an earlier companion, or this one before it forgot them, has written."""
        await asyncio.to_thread(self.read)

    def read(self) -> None:
        """As `load`; blocks."""
        self._items, self._states = self._read()
        self._unwritten = []

    async def flush(self) -> None:
        """Write the ends that are not on disk yet; without room there they wait."""
        async with self._writing:
            lines, self._unwritten = self._unwritten, []
            if not lines:
                return
            try:
                await asyncio.to_thread(_append, self._ends, "".join(lines))
            except BaseException:
                self._unwritten = lines + self._unwritten
                raise

    def _write_items(self, items: Iterable[Item]) -> None:
        _append(self._listed, "".join(json.dumps(item) + "\n" for item in items))

    def _read(self) -> tuple[list[Item], bytearray]:
        self.compared, self.ways = [], []
        items = [Item(*value) for value in _lines(self._listed)]
        states = bytearray(len(items))
        for value in _lines(self._ends):
            number, letter, *ended = value
            if 0 <= number < len(items):
                states[number] = _CODES[letter]
                self.compared += ended[:1]
                self.ways += ended[1:]
        return items, states


def _append(path: Path, text: str) -> None:
    """Add whole lines; where there is no room for all of them none is added."""
    data = memoryview(text.encode("utf-8", "surrogatepass"))
    with room_for(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)
        try:
            size = _cut_torn(descriptor)
            try:
                while data:
                    data = data[os.write(descriptor, data) :]
            except BaseException:
                os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)


def _cut_torn(descriptor: int) -> int:
    """Take away the part of a line that somebody died in, lest ours goes on with it; the size."""
    size = os.fstat(descriptor).st_size
    start = max(0, size - _LONGEST_LINE)
    tail = os.pread(descriptor, size - start, start) if size else b""
    if not tail or tail.endswith(b"\n"):
        return size
    size = start + tail.rfind(b"\n") + 1
    os.ftruncate(descriptor, size)
    return size


def _lines(path: Path) -> Iterator[list[Any]]:
    try:
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    return  # cut off by a death in the middle of writing
                yield json.loads(line.decode("utf-8", "surrogatepass"))
    except FileNotFoundError:
        return
