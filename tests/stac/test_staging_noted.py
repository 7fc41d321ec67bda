"""Staging from a notebook that nobody waits for: a companion follows it to its end, and tells."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.errors import NotPermitted
from rsdat.base.files import rsdat_home
from rsdat.dcache import requests
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.configured import load_endpoints
from rsdat.dcache.orders.book import Orders
from rsdat.dcache.orders.record import OrderFolder
from rsdat.stac import stage
from rsdat.stac.copying import staging
from tests.support.copies import item
from tests.support.door import Door

#: Of which fsspec would take two for patterns.
NAMES = ("a", "[b]", "c*")


@pytest.fixture
def one(dcache: Door, tmp_path: Path) -> Any:
    """An item whose files are on tape, and come to disk when they are asked for."""
    (dcache.root / tmp_path.name).mkdir()
    for name in NAMES:
        (dcache.root / tmp_path.name / name).write_bytes(b"x")
        dcache.set_file(f"/{tmp_path.name}/{name}", locality="NEARLINE", stage_delay_s=0.05)
    return item("i", {name: f"dcache:///{tmp_path.name}/{name}" for name in NAMES})


def test_it_is_followed_to_its_end(one: Any, dcache: Door, tmp_path: Path) -> None:
    staged = stage(one, lifetime=3600)
    assert len(staged.waiting) == len(NAMES)
    [order_id] = staged.orders
    asked = [each for each in dcache.requests() if each["method"] == "POST"]
    assert len(asked) == 1, asked

    async def follow() -> tuple[Any, list[dict[str, Any]]]:
        [endpoint] = load_endpoints(rsdat_home())
        client = DCacheClient(endpoint)
        news = asyncio.Event()

        async def give(name: str) -> DCacheClient:
            assert name == endpoint.name
            return client

        orders = Orders(rsdat_home(), give, lambda _: news.set(), lambda _name, _folder: None)
        await orders.open()
        try:
            while True:
                # Before the look, or what happens during it would be waited for in vain.
                news.clear()
                found = await orders.get(order_id)
                if found.state != "running":
                    return found, await orders.targets(found, 0, 10)
                await asyncio.wait_for(news.wait(), 30)
        finally:
            await orders.close()
            await client.close()

    found, targets = asyncio.run(asyncio.wait_for(follow(), 60))
    assert (found.state, found.activity, found.keep_s, found.seen) == ("done", "stage", 3600, False)
    assert {each["path"] for each in targets} == {f"/{tmp_path.name}/{name}" for name in NAMES}
    # What a notebook has asked for is not asked for again.
    assert len([each for each in dcache.requests() if each["method"] == "POST"]) == 1
    assert staged.look().ready


def test_what_dcache_took_before_it_refused_the_rest(
    one: Any, dcache: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "MAX_PATHS", 1)
    submit, taken = requests.submit, []

    async def once(*given: Any) -> str:
        if taken:
            raise NotPermitted("no more")
        taken.append(await submit(*given))
        return taken[0]

    monkeypatch.setattr(requests, "submit", once)
    with pytest.raises(NotPermitted):
        stage(one)
    [noted] = (rsdat_home() / "tape").iterdir()
    assert [part.request for part in OrderFolder(noted).load().parts] == taken


def test_it_is_not_noted_where_somebody_waits(one: Any) -> None:
    assert stage(one, wait=60, progress=False).orders == []
    assert not (rsdat_home() / "tape").exists()


def test_it_is_not_noted_where_nobody_wants_it(one: Any) -> None:
    assert stage(one, notify=False).orders == []
    assert not (rsdat_home() / "tape").exists()


def test_an_endpoint_that_nobody_knows(one: Any, dcache: Door) -> None:
    options = {"api_url": dcache.api_url, "webdav_url": dcache.webdav_url, "token": dcache.token}
    staged = stage(one, storage_options={"dcache": options})
    assert staged.requests
    assert staged.orders == []


def test_no_place_to_write_it_down(one: Any, caplog: pytest.LogCaptureFixture) -> None:
    (rsdat_home() / "tape").write_text("no folder")
    staged = stage(one)
    assert staged.requests
    assert staged.orders == []
    assert "Lab is not told" in caplog.text
