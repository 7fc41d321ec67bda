"""Orders for tape: what they come to, how they are followed, and what survives."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.errors import DoorBroken, NoSpace, NotFound
from rsdat.dcache import requests
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.orders import expand, follow
from rsdat.dcache.orders.book import KEEP, Orders
from rsdat.dcache.orders.record import Order, OrderFolder, Part
from rsdat.dcache.requests import Activity
from tests.support.dcache import endpoint_of
from tests.support.door import Door

WEEK_S = 7 * 86400


def in_a_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """A test with an event loop of its own."""

    @functools.wraps(test)
    def run(**fixtures: Any) -> None:
        asyncio.run(asyncio.wait_for(test(**fixtures), 60))

    return run


class Told:
    """What the orders told, and a way to wait for it."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.folders: set[tuple[str, str]] = set()
        self._news = asyncio.Event()

    def changed(self, order_id: str) -> None:
        self.ids.append(order_id)
        self._news.set()

    def localities(self, endpoint: str, folder: str) -> None:
        self.folders.add((endpoint, folder))

    async def until(self, true: Callable[[], Awaitable[Any]]) -> Any:
        """Wait for something that comes with news."""
        while not (value := await true()):
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 30)
        return value


@asynccontextmanager
async def opened(site: Door, home: Path, **options: Any) -> AsyncIterator[tuple[Orders, Told]]:
    """A companion's orders, followed."""
    told = Told()
    client = DCacheClient(endpoint_of(site, **options))

    async def give(name: str) -> DCacheClient:
        if name != "e":
            raise NotFound(f"There is no dCache endpoint '{name}'")
        return client

    orders = Orders(home, give, told.changed, told.localities)
    await orders.open()
    try:
        yield orders, told
    finally:
        await orders.close()
        await client.close()


async def ended(orders: Orders, told: Told, order: Order) -> Order:
    """The order once it is no longer running."""

    async def look() -> Order | None:
        found = await orders.get(order.id)
        return found if found.state != "running" else None

    found: Order = await told.until(look)
    return found


async def targets(orders: Orders, order: Order) -> dict[str, tuple[str, str | None]]:
    """State and message of each target by its name."""
    found = await orders.targets(order, 0, 1000)
    return {each["path"].rpartition("/")[2]: (each["state"], each["message"]) for each in found}


def make(site: Door, folder: str, **localities: str) -> None:
    """Files of three bytes."""
    for name in localities:
        file = site.root / folder[1:] / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"abc")
    site.set_files(
        [{"path": f"{folder}/{name}", "locality": each} for name, each in localities.items()]
    )


def swept(site: Door, folder: str) -> list[str]:
    """What leaves the disk when a pool needs room, of this test's files."""
    return [path for path in site.sweep() if path.startswith(f"{folder}/")]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@in_a_loop
async def test_staged(site: Door, folder: str, home: Path) -> None:
    """Named files and a folder: what is only on disk needs nothing, what is missing fails."""
    make(site, folder, a="NEARLINE", b="ONLINE", x="NEARLINE")
    make(site, f"{folder}/d", c="NEARLINE", e="ONLINE", f="ONLINE_AND_NEARLINE")
    make(site, f"{folder}/d/deep", g="NEARLINE")
    wanted = [f"{folder}/{name}" for name in ("a", "b", "nope", "d", "a")]
    async with opened(site, home) as (orders, told):
        order = await orders.order("e", "stage", wanted, keep_s=WEEK_S)
        assert (order.state, order.as_dict(orders.clock.now())["files"]["total"]) == (
            "running",
            None,
        )
        order = await ended(orders, told, order)
        assert [part.on_disk for part in order.parts or ()] == [2]  # b and d/f
        assert await targets(orders, order) == {
            "a": ("done", None),
            "b": ("done", expand.NO_COPY),
            "nope": ("failed", expand.MISSING),
            "c": ("done", None),
            "f": ("done", None),
        }
        assert order.state == "failed"
        assert order.problem == {"message": f"1 of 5 files failed: {expand.MISSING}", "hint": None}
        assert order.as_dict(orders.clock.now())["bytes"] == 12
        assert told.folders == {("e", folder), ("e", f"{folder}/d")}
        assert site.entry(f"{folder}/a")["fileLocality"] == "ONLINE_AND_NEARLINE"
        assert site.entry(f"{folder}/x")["fileLocality"] == "NEARLINE"
        until = await orders.pinned("e", f"{folder}/a")
        assert until is not None
        assert abs(until - orders.clock.now() - timedelta(seconds=WEEK_S)) < timedelta(minutes=1)
        assert await orders.pinned("e", f"{folder}/x") is None
        assert await orders.pinned("other", f"{folder}/a") is None


@in_a_loop
async def test_recursive(site: Door, folder: str, home: Path) -> None:
    """All that lies below."""
    make(site, f"{folder}/1/2/3", deep="NEARLINE")
    make(site, f"{folder}/1", high="NEARLINE")
    async with opened(site, home) as (orders, told):
        order = await orders.order("e", "stage", [folder], recursive=True, keep_s=60)
        order = await ended(orders, told, order)
        assert order.state == "done"
        assert set(await targets(orders, order)) == {"deep", "high"}


@in_a_loop
async def test_pin_and_release(site: Door, folder: str, home: Path) -> None:
    """A pin keeps a file on disk; a release ends it, and is the last word."""
    make(site, folder, a="ONLINE_AND_NEARLINE", b="ONLINE_AND_NEARLINE")
    async with opened(site, home) as (orders, told):
        pin = await orders.order("e", "pin", [f"{folder}/a"], keep_s=WEEK_S)
        assert (await ended(orders, told, pin)).state == "done"
        assert swept(site, folder) == [f"{folder}/b"]
        assert await orders.pinned("e", f"{folder}/a") is not None
        release = await orders.order("e", "release", [f"{folder}/a"])
        assert (await ended(orders, told, release)).state == "done"
        assert swept(site, folder) == [f"{folder}/a"]
        assert await orders.pinned("e", f"{folder}/a") is None
        assert [each.activity for each in await orders.all()] == ["release", "pin"]


@in_a_loop
async def test_odd_names(site: Door, folder: str, home: Path) -> None:
    """Names with everything in them, one by one and in a folder of that kind."""
    names = ["a b", "#", "?x=1", "50%", "a+b&c;d", "é日🛰", "back\\slash", ".hidden", "'\"", "{}"]
    make(site, f"{folder}/d #;%", **dict.fromkeys(names, "NEARLINE"))
    async with opened(site, home) as (orders, told):
        wanted = [f"{folder}/d #;%/{name}" for name in names]
        order = await orders.order("e", "stage", wanted, keep_s=60)
        order = await ended(orders, told, order)
        assert (order.state, order.problem) == ("done", None)
        assert set(await targets(orders, order)) == set(names)
        freed = await orders.order("e", "release", [f"{folder}/d #;%"])
        assert (await ended(orders, told, freed)).counts() == {"done": len(names)}
    assert len(swept(site, folder)) == len(names)


@in_a_loop
async def test_login_with_a_root(site: Door, folder: str, home: Path) -> None:
    """dCache's bulk service wants full paths where a macaroon shows a folder as the root."""
    make(site, f"{folder}/in", a="NEARLINE")
    token = site.mint("/", f"root:{folder}")
    async with opened(site, home, token=token) as (orders, told):
        for activity in ("stage", "pin", "release"):
            order = await orders.order("e", activity, ["/in"], keep_s=60)
            order = await ended(orders, told, order)
            assert (order.state, order.problem) == ("done", None)
            assert [each["path"] for each in await orders.targets(order, 0, 9)] == ["/in/a"]


@in_a_loop
async def test_refused(site: Door, folder: str, home: Path) -> None:
    """A macaroon that may only list: told once in dCache's words, and not tried for ever."""
    make(site, folder, a="NEARLINE")
    token = site.mint("/", "activity:LIST")
    async with opened(site, home, token=token) as (orders, told):
        order = await orders.order("e", "stage", [f"{folder}/a"], keep_s=60)
        order = await ended(orders, told, order)
        assert order.state == "failed"
        assert order.counts() == {"failed": 1}
        assert order.problem is not None


@in_a_loop
async def test_parts(site: Door, folder: str, home: Path) -> None:
    """1 200 files are three requests, and nobody looks at each by itself before."""
    make(site, folder, **{f"f{number}": "NEARLINE" for number in range(1200)})
    async with opened(site, home) as (orders, told):
        wanted = [f"{folder}/f{number}" for number in range(1200)]
        order = await orders.order("e", "stage", wanted, keep_s=60)
        order = await ended(orders, told, order)
        assert order.counts() == {"done": 1200}
        assert len(order.paths) == 100
        assert len(await orders.targets(order, 1190, 100)) == 10
    posts = [r for r in site.requests("frontend", "POST") if "tape/stage" in r["path"]]
    assert len(posts) == 3
    looks = [r for r in site.requests("frontend", "GET") if "/namespace/" in r["path"]]
    assert len(looks) == 1


@in_a_loop
async def test_survives_its_companion(site: Door, folder: str, home: Path) -> None:
    """Closed while dCache stages: the next companion follows the same request to its end."""
    make(site, folder, slow="NEARLINE")
    site.set_file(f"{folder}/slow", stage_delay_s=1.5)
    async with opened(site, home) as (orders, told):
        order = await orders.order("e", "stage", [f"{folder}/slow"], keep_s=60)

        async def handed_in() -> bool:
            parts = (await orders.get(order.id)).parts
            return parts is not None and parts[0].request is not None

        await told.until(handed_in)
    async with opened(site, home) as (orders, told):
        assert (await ended(orders, told, order)).state == "done"
    posts = [r for r in site.requests("frontend", "POST") if "tape/stage" in r["path"]]
    assert len(posts) == 1
    mode = (home / "tape" / order.id / "order.json").stat().st_mode
    assert mode & 0o777 == 0o600


@in_a_loop
async def test_two_companions(site: Door, folder: str, home: Path) -> None:
    """One follows; the other sees it, may delete it, and the first lets go."""
    make(site, folder, slow="NEARLINE")
    site.set_file(f"{folder}/slow", stage_delay_s=3600)
    async with opened(site, home) as (first, told), opened(site, home) as (second, _):
        order = await first.order("e", "stage", [f"{folder}/slow"], keep_s=60)

        async def seen_running() -> bool:
            found = await second.all()
            return bool(found and found[0].parts and found[0].parts[0].request)

        await told.until(seen_running)
        await second._take_over()
        assert not second._followed
        await second.see(order.id)
        assert (await first.all())[0].seen
        await second.delete(order.id)
        with pytest.raises(NotFound):
            await second.get(order.id)
        # It learns of the cancelling, and finds nothing to write that into.
        tasks = [task for _, _, task in first._followed.values()]
        await asyncio.gather(*tasks)
        assert await first.all() == []


@in_a_loop
async def test_cancelled(site: Door, folder: str, home: Path) -> None:
    """What is not done is cancelled at dCache, what is done stays on disk."""
    make(site, folder, quick="NEARLINE", slow="NEARLINE")
    site.set_file(f"{folder}/slow", stage_delay_s=3600)
    async with opened(site, home) as (orders, told):
        order = await orders.order("e", "stage", [f"{folder}/quick", f"{folder}/slow"], keep_s=60)

        async def half() -> bool:
            return (await orders.get(order.id)).counts()["done"] == 1

        await told.until(half)
        await orders.delete(order.id)
        assert await orders.all() == []
        with pytest.raises(NotFound):
            await orders.get(order.id)
        with pytest.raises(NotFound):
            await orders.get("../x")
    assert not (home / "tape" / order.id).exists()
    cancels = [r for r in site.requests("frontend", "POST") if r["path"].endswith("/cancel")]
    assert len(cancels) == 1
    assert swept(site, folder) == []  # the pin of what was staged stays


@in_a_loop
async def test_door_down(
    site: Door, folder: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The problem is told in words, and gone when the door is back."""
    monkeypatch.setattr(follow, "MAX_PAUSE_S", 0.5)
    make(site, folder, a="NEARLINE")
    site.down("frontend", 8)
    async with opened(site, home) as (orders, told):
        order = await orders.order("e", "stage", [f"{folder}/a"], keep_s=60)

        async def hindered() -> Any:
            return (await orders.get(order.id)).problem

        assert "reach dCache" in (await told.until(hindered))["message"]
        order = await ended(orders, told, order)
        assert (order.state, order.problem) == ("done", None)


@pytest.mark.parametrize("activity", ["stage", "pin", "release"])
@in_a_loop
async def test_answer_that_is_lost(
    site: Door, folder: str, home: Path, monkeypatch: pytest.MonkeyPatch, activity: Activity
) -> None:
    """What dCache has taken is found again, not handed in twice."""
    where = "NEARLINE" if activity == "stage" else "ONLINE_AND_NEARLINE"
    make(site, folder, a=where, b=where)
    site.foreign_bulk("PIN", f"{folder}/a")
    site.forget()
    taken: list[str] = []
    real = requests.submit

    async def losing(*args: Any) -> str:
        taken.append(await real(*args))
        if len(taken) == 1:
            raise DoorBroken("the connection broke", code="cut")
        return taken[-1]

    monkeypatch.setattr(requests, "submit", losing)
    async with opened(site, home) as (orders, told):
        asked = [f"{folder}/a", f"{folder}/b"]
        keep_s = None if activity == "release" else 60
        order = await orders.order("e", activity, asked, keep_s=keep_s)
        order = await ended(orders, told, order)
        assert (order.state, order.problem) == ("done", None)
        assert [part.request for part in order.parts or ()] == taken
        assert len(taken) == 1


@in_a_loop
async def test_cancel_that_dcache_does_not_hear(site: Door, folder: str, home: Path) -> None:
    """Then the order stands, and says so."""
    make(site, folder, slow="NEARLINE")
    site.set_file(f"{folder}/slow", stage_delay_s=3600)
    async with opened(site, home) as (orders, told):
        order = await orders.order("e", "stage", [f"{folder}/slow"], keep_s=60)

        async def handed_in() -> bool:
            parts = (await orders.get(order.id)).parts
            return parts is not None and parts[0].request is not None

        await told.until(handed_in)
        site.down("frontend", 3)
        with pytest.raises(DoorBroken):
            await orders.delete(order.id)
        assert (await orders.get(order.id)).state == "running"
        assert order.id in orders._followed


@in_a_loop
async def test_no_endpoint(site: Door, home: Path) -> None:
    """Nothing is written for an endpoint that does not exist."""
    async with opened(site, home) as (orders, _):
        with pytest.raises(NotFound):
            await orders.order("nope", "stage", ["/a"], keep_s=60)
        assert await orders.all() == []


@in_a_loop
async def test_old_ones_are_forgotten(site: Door, folder: str, home: Path) -> None:
    """After a month; damaged ones are left alone, and not in the list."""
    make(site, folder, a="NEARLINE")
    async with opened(site, home) as (orders, told):
        order = await orders.order("e", "stage", [f"{folder}/a"], keep_s=60)
        order = await ended(orders, told, order)
    assert order.ended is not None
    order.ended -= KEEP + timedelta(days=1)
    OrderFolder(home / "tape" / order.id).save(order)
    damaged = home / "tape" / "20200101-000000-abcdef"
    damaged.mkdir()
    (damaged / "order.json").write_text("{")
    async with opened(site, home) as (orders, _):
        assert await orders.all() == []
    assert not (home / "tape" / order.id).exists()
    assert damaged.exists()


@in_a_loop
async def test_lost_requests(
    site: Door, folder: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What dCache has forgotten is handed in again, a few times."""
    monkeypatch.setattr(follow, "MAX_PAUSE_S", 0.5)
    make(site, folder, a="NEARLINE")
    site.set_file(f"{folder}/a", stage_delay_s=3600)
    client = DCacheClient(endpoint_of(site))
    async with opened(site, home) as (orders, told):
        order = await orders.order("e", "stage", [f"{folder}/a"], keep_s=60)

        async def forgotten_by_dcache() -> bool:
            found = await orders.get(order.id)
            for part in found.parts or ():
                if part.request is not None and part.is_open:
                    url = client.http.rest_url(f"tape/stage/{part.request}")
                    await client.http.ask("DELETE", url, doing="forget", ok=(200, 404))
            return found.state != "running"

        await told.until(forgotten_by_dcache)
        order = await orders.get(order.id)
        assert order.state == "failed"
        assert order.problem is not None
        assert "forgot" in order.problem["message"]
    await client.close()


@in_a_loop
async def test_disk_full(
    site: Door, folder: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new order is refused; an old one goes on, and is written down when there is room again."""
    make(site, folder, a="NEARLINE")
    monkeypatch.setattr(follow, "MAX_PAUSE_S", 0.2)
    save, full = OrderFolder.save, [False]

    def save_if_there_is_room(self: OrderFolder, order: Order) -> None:
        if full[0]:
            raise NoSpace("There is no space left")
        save(self, order)

    monkeypatch.setattr(OrderFolder, "save", save_if_there_is_room)
    async with opened(site, home) as (orders, told):
        order = await orders.order("e", "stage", [f"{folder}/a"], keep_s=60)
        full[0] = True

        async def noted() -> bool:
            found = await orders.get(order.id)
            return bool(found.problem) and found.counts()["done"] == 1

        await told.until(noted)
        with pytest.raises(NoSpace):
            await orders.order("e", "stage", [f"{folder}/a"], keep_s=60)
        assert [each.id for each in await orders.all()] == [order.id]
        full[0] = False
        await asyncio.wait_for(asyncio.gather(*(t for _, _, t in orders._followed.values())), 30)
        written = OrderFolder(home / "tape" / order.id).load()
        assert (written.state, written.problem) == ("done", None)


def test_the_later_word_within_a_second(tmp_path: Path) -> None:
    """Which of two orders of a second came later is known after they were read from disk, too."""
    moment = datetime(2026, 1, 1, tzinfo=timezone.utc)
    folder = OrderFolder(tmp_path / "x")
    created = moment + timedelta(milliseconds=250)
    order = Order("x", "e", "pin", ["/a"], recursive=False, keep_s=60, created=created)
    folder.create(order, order.paths)
    assert moment < folder.load().created < moment + timedelta(seconds=1)


@in_a_loop
async def test_what_a_notebook_ordered_was_on_disk(site: Door, folder: str, home: Path) -> None:
    """As far as it is done when it is first seen: that says nothing of tape's rate."""
    make(site, folder, a="ONLINE_AND_NEARLINE", b="ONLINE_AND_NEARLINE")
    paths = [f"{folder}/a", f"{folder}/b"]
    client = DCacheClient(endpoint_of(site))
    now = datetime.now(timezone.utc)
    request = await requests.submit(client.http, "stage", paths, 60)
    while {e.state for e in (await requests.look(client.http, "stage", request)).values()} != {
        "done"
    }:
        await asyncio.sleep(0)
    await client.close()
    order = Order("x", "e", "stage", paths, recursive=False, keep_s=60, created=now)
    order.parts = [Part(0, "rr", request, now)]
    (home / "tape").mkdir(parents=True)
    OrderFolder(home / "tape" / "x").create(order, paths, targets=paths)
    async with opened(site, home) as (orders, told):
        order = await ended(orders, told, order)
    assert [part.on_disk for part in order.parts or ()] == [2]
