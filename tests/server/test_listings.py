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
from tests.support.server import Lab, until

QUERY = {
    "offset": 0,
    "limit": 200,
    "sort": "name",
    "filter": "",
    "find": "",
    "hidden": "1",
    "refresh": "0",
}


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


def test_a_moment_before_1970_is_a_time() -> None:
    """Also the last millisecond of 1969: only what is unknown stands last."""
    before = datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=timezone.utc)
    rows = [entry("x"), entry("a", modified=at(2001)), entry("b", modified=before)]
    assert arranged(rows, "modified") == ["b", "a", "x"]
    assert arranged(rows, "-modified") == ["a", "b", "x"]


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


async def test_hidden_names_are_left_out_and_counted() -> None:
    """In every order, filter, page and search; what changes is counted anew."""
    listings = Listings()
    source = Source("b.tif", "a.tif", ".c.tif", ".rsdat-0123456789abcdef.part")

    async def found(**query: Any) -> tuple[str, int, int]:
        asked = {**QUERY, "hidden": "0", **query}
        answer = await listings.page("e", "/x", source.load, asked)
        names = " ".join(row["name"] for row in answer["entries"])
        return names, answer["total"], answer["hidden"]

    assert await found() == ("a.tif b.tif", 2, 2)
    assert await found(sort="-name", limit=1, offset=1) == ("a.tif", 2, 2)
    assert await found(filter=".TIF") == ("a.tif b.tif", 2, 1)
    assert await found(filter=".c") == ("", 0, 1)
    assert await found(find=".") == ("", 2, 2)
    assert (await found(hidden="1"))[1:] == (4, 0)
    assert await found(hidden="1", filter=".c") == (".c.tif", 1, 0)
    await listings.change("e", "/x", {"a.tif": None, ".d": entry(".d"), "e": entry("e")})
    assert await found() == ("b.tif e", 2, 3)
    await listings.change("e", "/x", dict.fromkeys((".c.tif", ".d", source.names[3])))
    assert await found() == ("b.tif e", 2, 0)
    assert source.asked == 1


async def test_finds_a_beginning() -> None:
    """Whatever the case, in the order that is shown, from a row on and round the end."""
    listings, source = Listings(), Source("alpha", "Beta", "bravo", "\u00c9clair", "zeta")

    async def found(**query: Any) -> tuple[int, list[str]]:
        answer = await shown(listings, source, **query)
        return answer["offset"], [entry["name"] for entry in answer["entries"]]

    assert await found(find="B", limit=1) == (1, ["Beta"])
    assert await found(find="b", offset=2, limit=1) == (2, ["bravo"])
    assert await found(find="b", offset=3, limit=1) == (1, ["Beta"])
    assert await found(find="b", offset=99, limit=2) == (1, ["Beta", "bravo"])
    assert await found(find="e\u0301c", limit=1) == (3, ["\u00c9clair"])
    assert await found(find="eta") == (5, [])
    assert await found(find="b", sort="-name", limit=1) == (2, ["bravo"])
    assert await found(find="z", filter="eta", limit=1) == (1, ["zeta"])


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


BIG = [f"f{number}" for number in range(FIRST_PAGE + 100)]


async def test_first_page_first() -> None:
    """Of a large folder a first page is shown at once; an event tells when all is there."""
    told: list[tuple[str, str]] = []
    listings = Listings(lambda *key: told.append(key))
    source = Source(*BIG)
    first = await shown(listings, source)
    assert (first["complete"], first["total"]) == (False, FIRST_PAGE)
    assert [row["name"] for row in first["entries"][:3]] == ["f0", "f1", "f2"]
    await until(lambda: told)
    whole = await shown(listings, source)
    assert (whole["complete"], whole["total"]) == (True, len(BIG))
    assert told == [("e", "/x")]
    assert source.asked == 2


async def test_small_folders_cost_one_request() -> None:
    """What is shorter than a first page is all of it."""
    source = Source(*BIG[: FIRST_PAGE - 1])
    answer = await shown(Listings(), source)
    assert (answer["complete"], answer["total"], source.asked) == (True, FIRST_PAGE - 1, 1)


async def test_failure_after_the_first_page() -> None:
    """Told to who asks next, in its own words; and who asks anew gets another try."""
    told: list[tuple[str, str]] = []
    now = Time()
    listings = Listings(lambda *key: told.append(key), monotonic_s=now)
    source, shown_first = Source(*BIG), asyncio.Event()

    async def broken(limit: int | None) -> Rows:
        if limit is None:
            await shown_first.wait()
            raise DoorBroken("the door broke")
        return await source.load(limit)

    assert not (await listings.page("e", "/x", broken, QUERY))["complete"]
    shown_first.set()
    await until(lambda: told)
    for _ in range(2):
        with pytest.raises(DoorBroken, match="the door broke"):
            await shown(listings, source)
    again = await shown(listings, source, refresh="1")
    assert not again["complete"]
    await until(lambda: len(told) == 2)
    assert (await shown(listings, source))["complete"]


async def test_old_rows_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a folder is read anew its old rows are shown, also when that fails."""
    monkeypatch.setattr("rsdat.server.listings.PATIENCE_S", 0.01)
    told: list[tuple[str, str]] = []
    listings, source = Listings(lambda *key: told.append(key)), Source(*BIG)
    await shown(listings, source)
    await until(lambda: told)
    listings.forget("e", "/x")
    source.names = ["new", *BIG]
    source.gate.clear()
    old = await shown(listings, source)
    assert (old["complete"], old["total"]) == (False, len(BIG))
    source.gate.set()
    await until(lambda: len(told) == 2)
    new = await shown(listings, source)
    assert (new["complete"], new["total"]) == (True, len(BIG) + 1)


async def test_single_entries_change() -> None:
    """A large folder is not asked for again because one file came."""
    told: list[tuple[str, str]] = []
    listings, source = Listings(lambda *key: told.append(key)), Source(*BIG)
    await shown(listings, source)
    await until(lambda: told)
    await shown(listings, source, filter="f1")
    await listings.change("e", "/x", {"a": entry("a"), "f0": None, "f1": entry("f1", size=99)})
    answer = await shown(listings, source)
    assert [(row["name"], row["size"]) for row in answer["entries"][:3]] == [
        ("a", 1),
        ("f1", 99),
        ("f2", 1),
    ]
    assert (answer["total"], source.asked) == (len(BIG), 2)


async def test_what_dcache_tells_is_not_asked_for() -> None:
    """Where changes are told, a listing stays good for longer."""
    now, source = Time(), Source("a")
    listings = Listings(live=lambda *_: True, monotonic_s=now)
    await page(listings, source)
    now.now_s += 10 * FRESH_S
    await page(listings, source)
    assert source.asked == 1


async def test_closed_while_listing() -> None:
    """Nothing is left running."""
    listings, source = Listings(), Source("a")
    source.gate.clear()
    waiting = asyncio.create_task(page(listings, source))
    await source.has_been_asked()
    await listings.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


def test_sorts_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slices of a long sort are one order in the end; also when all names have one shape."""
    monkeypatch.setattr("rsdat.server.order._SLICE", 7)
    numbers = [number * 37 % 101 for number in range(101)]
    rows = [entry(f"f{number}", size=number % 5) for number in numbers]
    assert arranged(rows, "name") == [f"f{number}" for number in range(101)]
    assert arranged(rows, "-name") == [f"f{number}" for number in reversed(range(101))]
    by_size = sorted(range(101), key=lambda number: (number % 5, number))
    assert arranged(rows, "size") == [f"f{number}" for number in by_size]
    assert arranged(rows, "-size") == [f"f{number}" for number in reversed(by_size)]
    same = [entry(f"F{number:03}_a B") for number in numbers] + [entry("f000_a b/")]
    assert arranged(same, "name") == [
        "f000_a b",
        *(f"F{number:03}_a B" for number in range(101)),
    ]


async def shown(listings: Listings, source: Source, **query: Any) -> dict[str, Any]:
    """A whole answer."""
    return await listings.page("e", "/x", source.load, {**QUERY, **query})


async def test_large_folder_over_rest(
    lab: Lab, dcache: Door, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The door restarts while a large folder is listed: words, and then all of it."""
    for name in BIG:
        (dcache.root / folder[1:] / name).write_bytes(b"")
    heard: list[tuple[str, str]] = []
    notifier = lab.app.web_app.settings["rsdat_companion"].notifier
    monkeypatch.setattr(
        notifier, "_emit", lambda change: heard.append((change["kind"], change["id"]))
    )

    async def listed(status: int = 200) -> Any:
        return await lab.call(
            "GET", "/api/dcache/{endpoint}/list", status, query={"path": folder}, endpoint="default"
        )

    # More than a first page has, and less than all.
    dcache.fault("cut_download", at_bytes=80_000, server="frontend", times=2)
    first = await listed()
    assert (first["complete"], first["total"]) == (False, FIRST_PAGE)
    await until(lambda: ("dcache", f"default:{folder}") in heard)
    assert (await listed(502))["message"]
    heard.clear()
    again = await lab.call(
        "GET",
        "/api/dcache/{endpoint}/list",
        200,
        query={"path": folder, "refresh": "1"},
        endpoint="default",
    )
    if not again["complete"]:
        await until(lambda: ("dcache", f"default:{folder}") in heard)
    whole = await listed()
    assert (whole["complete"], whole["total"]) == (True, len(BIG))
