"""Changes made at the server by others show at pages by themselves."""

from __future__ import annotations

import asyncio
import time
import urllib.request
from typing import Any

import pytest

from rsdat.dcache import watcher
from rsdat.dcache.client import DCacheClient
from rsdat.server import watching
from rsdat.server.listings import FIRST_PAGE
from tests.support.dcache import endpoint_of
from tests.support.door import Door
from tests.support.server import Lab, until


class Page:
    """A page that looks at one folder."""

    def __init__(self, lab: Lab, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._lab = lab
        self.folder = folder
        self._news = asyncio.Event()
        self.companion = lab.app.web_app.settings["rsdat_companion"]

        def emit(change: dict[str, Any]) -> None:
            if change["id"] == f"default:{folder}":
                self._news.set()

        monkeypatch.setattr(self.companion.notifier, "_emit", emit)

    async def look(self) -> bool:
        """Say that somebody looks; whether changes will be told."""
        answer = await self._lab.call(
            "POST",
            "/api/dcache/{endpoint}/watch",
            200,
            value={"path": self.folder},
            endpoint="default",
        )
        return bool(answer["live"])

    async def list(self) -> Any:
        """The listing."""
        return await self._lab.call(
            "GET",
            "/api/dcache/{endpoint}/list",
            200,
            query={"path": self.folder, "limit": 1000},
            endpoint="default",
        )

    async def names(self) -> list[str]:
        """The names in it."""
        return [row["name"] for row in (await self.list())["entries"]]

    async def told(self, wanted: list[str]) -> None:
        """Wait until the page knows these names, asking only when it is told to."""
        while await self.names() != wanted:
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 20)


@pytest.fixture
def page(lab: Lab, dcache: Door, folder: str, monkeypatch: pytest.MonkeyPatch) -> Page:
    """A page on an empty folder."""
    return Page(lab, folder, monkeypatch)


def ask(dcache: Door, method: str, url: str, body: bytes = b"") -> None:
    """Another program of the user's."""
    request = urllib.request.Request(url, body or None, dict(dcache.headers), method=method)
    if body:
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=20):
        pass


def make_folder(dcache: Door, folder: str, name: str) -> None:
    """Another program makes a folder."""
    body = b'{"action": "mkdir", "name": "%s"}' % name.encode()
    ask(dcache, "POST", f"{dcache.api_url}/namespace{folder}", body)


async def test_changes_of_others(page: Page, dcache: Door) -> None:
    """Made, renamed, deleted; within a second."""
    assert await page.look()
    assert await page.names() == []
    began_s = asyncio.get_running_loop().time()
    await asyncio.to_thread(make_folder, dcache, page.folder, "a")
    await page.told(["a"])
    assert asyncio.get_running_loop().time() - began_s < 20  # a second, on a machine at rest
    await asyncio.to_thread(ask, dcache, "DELETE", f"{dcache.api_url}/namespace{page.folder}/a")
    await page.told([])


async def test_large_folders_are_not_listed_again(page: Page, dcache: Door) -> None:
    """One new entry costs a look at that entry."""
    for number in range(FIRST_PAGE + 5):
        (dcache.root / page.folder[1:] / f"f{number:04}").write_bytes(b"")
    assert await page.look()
    await until_complete(page)
    # The look at what changed before it was watched is over, else it would find the new entry.
    await until(lambda: not page.companion.watching._pending)
    await asyncio.to_thread(dcache.forget)
    await asyncio.to_thread(make_folder, dcache, page.folder, "a")
    await page.told(["a", *(f"f{number:04}" for number in range(FIRST_PAGE + 5))])
    asked = await asyncio.to_thread(dcache.requests, "frontend", "GET")
    assert not [each for each in asked if "children" in each["query"]]


async def until_complete(page: Page) -> None:
    """Wait until all of the folder is there."""
    while not (await page.list())["complete"]:
        page._news.clear()
        await asyncio.wait_for(page._news.wait(), 20)


async def test_staged(page: Page, dcache: Door) -> None:
    """A locality that changes is told, too."""
    (dcache.root / page.folder[1:] / "f").write_bytes(b"x")
    dcache.set_file(f"{page.folder}/f", locality="NEARLINE")
    assert await page.look()
    assert (await page.list())["entries"][0]["locality"] == "NEARLINE"
    await asyncio.to_thread(dcache.set_file, f"{page.folder}/f", locality="ONLINE_AND_NEARLINE")
    while (await page.list())["entries"][0]["locality"] == "NEARLINE":
        page._news.clear()
        await asyncio.wait_for(page._news.wait(), 20)


async def test_stream_cut(page: Page, dcache: Door) -> None:
    """What happened while the link was down is told when it is back."""
    assert await page.look()
    assert await page.names() == []
    await asyncio.to_thread(dcache.down, "frontend", 0.5)
    (dcache.root / page.folder[1:] / "meanwhile").write_bytes(b"")
    await until(lambda: page.look(), every_s=0.2)
    await page.told(["meanwhile"])
    await asyncio.to_thread(make_folder, dcache, page.folder, "a")
    await page.told(["a", "meanwhile"])


async def test_lost_events(page: Page, dcache: Door) -> None:
    """When dCache had too much to tell, the folder is read again, whatever its time says."""
    (dcache.root / page.folder[1:] / "f").write_bytes(b"x")
    assert await page.look()
    assert await page.names() == ["f"]
    await asyncio.to_thread(dcache.forget)
    page._news.clear()
    await asyncio.to_thread(dcache.lose_events)
    await asyncio.wait_for(page._news.wait(), 20)
    assert await page.names() == ["f"]
    asked = await asyncio.to_thread(dcache.requests, "frontend", "GET")
    assert [each for each in asked if "children" in each["query"]]


async def test_restart(page: Page, dcache: Door) -> None:
    """The frontend forgets its channels: a new one is opened, and what was missed is told."""
    assert await page.look()
    assert await page.names() == []
    (dcache.root / page.folder[1:] / "b").write_bytes(b"")
    await asyncio.to_thread(dcache.restart, "frontend")
    await page.told(["b"])
    await asyncio.to_thread(make_folder, dcache, page.folder, "a")
    await page.told(["a", "b"])


async def test_two_companions(page: Page, dcache: Door) -> None:
    """Each has a channel of its own: both are told, and neither sends the other away."""
    heard: asyncio.Queue[tuple[str, str | None]] = asyncio.Queue()
    client = DCacheClient(endpoint_of(dcache))
    other = watcher.Watcher(client.http, lambda *what: heard.put_nowait(what))
    try:
        assert await other.watch(page.folder)
        assert await page.look()
        assert await page.names() == []
        for name in ("a", "b"):
            await asyncio.to_thread(make_folder, dcache, page.folder, name)
            while await asyncio.wait_for(heard.get(), 20) != (page.folder, name):
                pass
        await page.told(["a", "b"])
    finally:
        await other.close()
        await client.close()


async def test_silence(page: Page, dcache: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a silence the stream is opened anew, and still tells what comes."""
    monkeypatch.setattr(watcher, "SILENCE_S", 0.2)
    assert await page.look()
    assert await page.names() == []
    await asyncio.to_thread(make_folder, dcache, page.folder, "a")
    await page.told(["a"])

    def streams() -> int:
        asked = dcache.requests("frontend", "GET")
        return sum("/events/channels/" in each["path"] for each in asked)

    async def several() -> bool:
        return await asyncio.to_thread(streams) >= 3

    await until(several)
    await asyncio.to_thread(make_folder, dcache, page.folder, "b")
    await page.told(["a", "b"])
    channels = [
        each
        for each in await asyncio.to_thread(dcache.requests, "frontend", "POST")
        if each["path"].endswith("/events/channels")
    ]
    assert len(channels) == 1


async def test_folder_deleted(page: Page, dcache: Door) -> None:
    """Its subscription ends; looked at again it is no longer live."""
    assert await page.look()
    assert await page.names() == []
    url = f"{dcache.api_url}/namespace{page.folder}"
    await asyncio.to_thread(ask, dcache, "DELETE", url)
    await asyncio.wait_for(page._news.wait(), 20)
    assert not await page.look()


async def test_no_events(page: Page, dcache: Door) -> None:
    """Where dCache has none the page is told to ask now and then, and dCache is left in peace."""
    dcache.fault("status", status=404, server="frontend", prefix="/api/v1/events", times=100)
    assert not await page.look()
    assert not await page.look()
    posts = await asyncio.to_thread(dcache.requests, "frontend", "POST")
    assert len([each for each in posts if "/events/" in each["path"]]) == 1


async def test_lease_ends(page: Page, dcache: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """When nobody looks any more, the channel is given back."""
    monkeypatch.setattr(watching, "_SWEEP_S", 0.1)
    assert await page.look()
    later_s = time.monotonic() + watching.LEASE_S + 1
    monkeypatch.setattr(page.companion.watching, "_now_s", lambda: later_s)

    def closed() -> bool:
        asked = dcache.requests("frontend", "DELETE")
        return any("/events/channels/" in each["path"] for each in asked)

    async def given_back() -> bool:
        return await asyncio.to_thread(closed)

    await until(given_back)
    assert not page.companion.watching.is_live("default", page.folder)
    assert await page.look()


async def test_own_change_in_a_large_folder(page: Page, lab: Lab, dcache: Door) -> None:
    """It shows, and the folder is not listed again."""
    for number in range(FIRST_PAGE + 5):
        (dcache.root / page.folder[1:] / f"f{number:04}").write_bytes(b"")
    await until_complete(page)
    await asyncio.to_thread(dcache.forget)
    value = {"source": f"{page.folder}/f0000", "destination": f"{page.folder}/a"}
    assert (await lab.ask("POST", "/api/dcache/default/move", value=value)).code == 200
    await page.told(["a", *(f"f{number:04}" for number in range(1, FIRST_PAGE + 5))])
    asked = await asyncio.to_thread(dcache.requests, "frontend", "GET")
    assert not [each for each in asked if "children" in each["query"]]
