"""Reads the workers from a page of the dashboard, for when its JSON fails. Pure.

While Dask tasks run, `/json/identity.json` answers 500: the workers' heartbeats then carry tuples
as keys, which JSON does not know (distributed 2026.8). The table of workers is there all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

from rsdat.clusters.attached.numbers import number
from rsdat.clusters.link import WorkerSeen

PAGE = "/info/main/workers.html"
_TEXT = 200


def read_page(page: str) -> tuple[str | None, tuple[WorkerSeen, ...]]:
    """The scheduler's address, None where it is another page, and the workers in the table."""
    table = _Table()
    table.feed(page)
    table.close()
    kind, _, address = table.title.strip().partition(" ")
    if kind != "Scheduler":
        return None, ()
    columns = {name: place for place, name in enumerate(table.head)}
    if not {"Worker", "Name", "Cores"} <= set(columns):
        return address, ()
    rows = [row for row in table.rows if len(row) >= len(columns)]
    return address, tuple(_worker(row, columns) for row in rows)


@dataclass
class _Cell:
    text: str = ""
    sort: str | None = None
    progress: str | None = None


class _Table(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.head: list[str] = []
        self.rows: list[list[_Cell]] = []
        self._in_title = False
        self._in_head = False
        self._cell: _Cell | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._in_title = tag == "h1"
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self._in_head = tag == "th"
            self._cell = _Cell(sort=given.get("data-sort"))
        elif tag == "progress" and self._cell is not None:
            self._cell.progress = given.get("value")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        if self._cell is not None:
            self._cell.text += data

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False
        if tag not in ("td", "th") or self._cell is None:
            return
        cell, self._cell = self._cell, None
        cell.text = cell.text.strip()[:_TEXT]
        if self._in_head:
            self.head.append(cell.text)
        elif self.rows:
            self.rows[-1].append(cell)


def _worker(row: list[_Cell], columns: dict[str, int]) -> WorkerSeen:
    def cell(name: str) -> _Cell:
        place = columns.get(name)
        return row[place] if place is not None else _Cell()

    return WorkerSeen(
        name=cell("Name").text,
        address=cell("Worker").text,
        threads=int(number(cell("Cores").text)),
        memory_bytes=int(number(cell("Memory").sort)),
        used_bytes=int(number(cell("Memory use").progress)),
        executing=int(number(cell("Processing").text)),
        in_memory=int(number(cell("In-memory").text)),
    )
