"""Sorting, filtering, paging and keeping of listings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

import pytest

from rsdat.base.errors import DoorBroken
from rsdat.dcache.entry import Entry
from rsdat.dcache.rows import Rows
from rsdat.server.listings import FIRST_PAGE, FRESH_S, MAX_FOLDERS, Listings
from rsdat.server.order import arrange, by_name
from tests.support.door import Door
from tests.support.server import Lab

QUERY = {"offset": 0, "limit": 200, "sort": "name", "filter": "", "refresh": "0"}


def entry(name: str, **values: Any) -> Entry:
    """A row; a folder when the name ends with a slash."""
    given = {
        "type": "directory" if name.endswith("/") else "file",
        "size": 1,
        "modified": None,
        "created": None,
        "locality": None,
        "mime": None,
    }
    name = name.rstrip("/")
    return Entry(name=name, path=f"/{name}", **{**given, **values})


def at(year: int) -> datetime:
    """A moment."""
    return datetime(year, 1, 1, tzinfo=timezone.utc)


def rows_of(entries: Iterable[Entry]) -> Rows:
    """A folder's rows."""
    return Rows("/").changed({each.name: each for each in entries})


def arranged(entries: Iterable[Entry], sort: str) -> list[str]:
    """The names in an order of the contract."""
    rows = rows_of(entries)
    return [rows.names[number] for number in arrange(rows, by_name(rows), sort)]


@pytest.mark.parametrize(
    ("names", "sort", "wanted"),
    [
        ("b A c", "name", "A b c"),
        ("b A c", "-name", "c b A"),
        ("f10 f9 F1 f01", "name", "F1 f01 f9 f10"),
        ("a0 a a.b a1b a1", "name", "a a0 a1 a1b a.b"),
        ("z/ a b/", "name", "b z a"),
        ("z/ a b/", "-name", "z b a"),
        ("9 10 x", "name", "9 10 x"),
        ("e é f", "name", "e é f"),
    ],
)
def test_order_of_names(names: str, sort: str, wanted: str) -> None:
    """As people count, whatever the case, folders first in both directions."""
    assert arranged([entry(name) for name in names.split()], sort) == wanted.split()


@pytest.mark.parametrize(
    ("sort", "wanted"),
    [
        ("size", "d a b c x"),
        ("-size", "d c b a x"),
        ("modified", "d b a c x"),
        ("-modified", "d c a b x"),
        ("locality", "d a c b x"),
    ],
)
def test_order_of_values(sort: str, wanted: str) -> None:
    """Ties by name; what has no value (an upload under way) stands last in both directions."""
    rows = [
        entry("x", size=None),
        entry("c", size=20, modified=at(2003), locality="NEARLINE"),
        entry("a", size=10, modified=at(2002), locality="NEARLINE"),
        entry("b", size=10, modified=at(2001), locality="ONLINE"),
        entry("d/"),
    ]
    assert arranged(rows, sort) == wanted.split()


class Source:
    """A dCache that counts how often it is asked, and answers when it is let."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def has_been_asked(self) -> None:
        """Wait for the first request."""
        while not self.asked:
            await asyncio.sleep(0)

    async def load(self, limit: int | None) -> Rows:
        """The folder, or its first page, as it was when asked."""
        self.asked += 1
        rows = rows_of(entry(name) for name in self.names[:limit])
        await self.gate.wait()
        return rows


class Time:
    """A clock that stands until it is moved."""

    now_s = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now_s


async def page(listings: Listings, source: Source, path: str = "/x", **query: Any) -> str:
    """The names of a page, joined."""
    answer = await listings.page("e", path, source.load, {**QUERY, **query})
    return " ".join(row["name"] for row in answer["entries"])


async def test_pages_and_filter() -> None:
    """One listing serves them all; the total is that of the filter."""
    listings, source = Listings(), Source(*(f"f{n}" for n in range(1, 31)), "Étude", "E\u0301 2")
    answer = await listings.page("e", "/x", source.load, {**QUERY, "offset": 9, "limit": 3})
    assert [row["name"] for row in answer["entries"]] == ["f8", "f9", "f10"]
    assert (answer["total"], answer["offset"], answer["path"]) == (32, 9, "/x")
    assert await page(listings, source, filter="F2", limit=3) == "f2 f20 f21"
    answer = await listings.page("e", "/x", source.load, {**QUERY, "filter": "\u00e9"})
    assert answer["total"] == 2
    assert await page(listings, source, offset=99) == ""
    assert source.asked == 1


async def test_kept_for_a_while() -> None:
    """Until it is old, asked anew, or changed by us."""
    now, source = Time(), Source("a")
    listings = Listings(monotonic_s=now)
    await page(listings, source)
    source.names = ["a", "b"]
    now.now_s += FRESH_S
    assert await page(listings, source) == "a"
    now.now_s += 1
    assert await page(listings, source) == "a b"
    source.names = ["c"]
    assert await page(listings, source) == "a b"
    now.now_s += 0.1
    assert await page(listings, source, refresh="1") == "c"
    source.names = ["d"]
    listings.forget("other", "/x")
    listings.forget("e", "/x/y")
    assert await page(listings, source) == "c"
    listings.forget("e", "/")
    assert await page(listings, source) == "d"


async def test_asked_once_for_all() -> None:
    """Who comes while it is being listed waits for the same answer."""
    listings, source = Listings(), Source("a")
    source.gate.clear()
    pages = [asyncio.create_task(page(listings, source)) for _ in range(5)]
    await asyncio.sleep(0)
    source.gate.set()
    assert await asyncio.gather(*pages) == ["a"] * 5
    assert source.asked == 1


async def test_many_who_ask_anew() -> None:
    """Those who press Refresh while an older listing runs get one new listing, not five."""
    now, source = Time(), Source("old")
    listings = Listings(monotonic_s=now)
    source.gate.clear()
    first = asyncio.create_task(page(listings, source))
    await source.has_been_asked()
    now.now_s += 1
    source.names = ["new"]
    pages = [asyncio.create_task(page(listings, source, refresh="1")) for _ in range(5)]
    await asyncio.sleep(0)
    source.gate.set()
    assert await first == "old"
    assert await asyncio.gather(*pages) == ["new"] * 5
    assert source.asked == 2


async def test_changed_while_listing() -> None:
    """A listing that began before our change is not kept."""
    listings, source = Listings(), Source("old")
    source.gate.clear()
    early = asyncio.create_task(page(listings, source))
    await source.has_been_asked()
    listings.forget("e", "/x")
    source.names = ["new"]
    source.gate.set()
    assert await early == "old"
    assert await page(listings, source) == "new"


async def test_failure_is_not_kept() -> None:
    """The next one asks again."""
    listings, source = Listings(), Source("a")

    async def fail(_limit: int | None) -> Rows:
        raise DoorBroken("no")

    with pytest.raises(DoorBroken):
        await listings.page("e", "/x", fail, QUERY)
    assert await page(listings, source) == "a"


async def test_cancelled_request_leaves_the_others() -> None:
    """A closed tab takes no answer from another one."""
    listings, source = Listings(), Source("a")
    source.gate.clear()
    first = asyncio.create_task(page(listings, source))
    second = asyncio.create_task(page(listings, source))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait({first})
    source.gate.set()
    assert await second == "a"


async def test_few_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded by folders and by entries; the last used stay."""
    listings, source = Listings(), Source("a")
    for number in range(MAX_FOLDERS + 5):
        await page(listings, source, "/first")
        await page(listings, source, f"/{number}")
    assert source.asked == MAX_FOLDERS + 6
    monkeypatch.setattr("rsdat.server.listings.MAX_ENTRIES", 10)
    big = Source(*"abcdefghijkl")
    await page(listings, big, "/big")
    await page(listings, big, "/big")
    assert big.asked == 1
    await page(listings, source, "/first")
    assert source.asked == MAX_FOLDERS + 7


async def test_own_changes_are_seen(lab: Lab, dcache: Door, folder: str) -> None:
    """Through REST: upload, new folder, rename, delete show in the next listing."""

    async def names() -> list[str]:
        listed = await lab.call(
            "GET", "/api/dcache/{endpoint}/list", 200, query={"path": folder}, endpoint="default"
        )
        return [row["name"] for row in listed["entries"]]

    assert await names() == []
    (dcache.root / folder[1:] / "foreign").write_bytes(b"")
    assert await names() == []
    assert (await lab.ask("PUT", f"/files/default{folder}/f", body=b"x")).code == 201
    assert await names() == ["f", "foreign"]
    for verb, value in (
        ("mkdir", {"path": f"{folder}/d"}),
        ("move", {"source": f"{folder}/f", "destination": f"{folder}/d/g"}),
        ("delete", {"path": f"{folder}/foreign"}),
    ):
        assert (await lab.ask("POST", f"/api/dcache/default/{verb}", value=value)).code < 300
    assert await names() == ["d"]
