"""What was listed of an endpoint is of no use any more when it is another dCache."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsdat.dcache.rows import Rows
from rsdat.server.listings import Listings
from tests.support.door import Door, door
from tests.support.server import Lab

ROUTE = "/api/endpoints/mine"


@pytest.fixture
def other_door(tmp_path: Path) -> Iterator[Door]:
    """Another dCache."""
    with door(tmp_path / "other") as running:
        yield running


async def names(lab: Lab) -> list[str]:
    answer = await lab.call(
        "GET", "/api/dcache/{endpoint}/list", 200, endpoint="mine", query={"path": "/same"}
    )
    return [entry["name"] for entry in answer["entries"]]


async def test_another_dcache_under_the_same_name(
    lab: Lab, running_door: Door, other_door: Door
) -> None:
    for site, name in ((running_door, "old"), (other_door, "new")):
        (site.root / "same").mkdir(exist_ok=True)
        (site.root / "same" / name).write_text("x")
    for site, name in ((running_door, "old"), (other_door, "new")):
        given = {
            "api_url": site.api_url,
            "webdav_url": site.webdav_url,
            "token": site.token,
        }
        assert (await lab.ask("PUT", ROUTE, value=given)).code in (200, 201)
        assert await names(lab) == [name]
    assert (await lab.ask("DELETE", ROUTE)).code == 204


async def test_a_listing_under_way_is_not_kept() -> None:
    """It is told to those who had asked before."""
    listings, asked = Listings(), asyncio.Event()
    query = {
        "refresh": "0",
        "sort": "name",
        "filter": "",
        "find": "",
        "hidden": "1",
        "offset": 0,
        "limit": 10,
    }

    async def slow(_limit: int | None) -> Rows:
        await asked.wait()
        return Rows("/old")

    async def other(_limit: int | None) -> Rows:
        return Rows("/new")

    before = asyncio.create_task(listings.page("e", "/f", slow, query))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    listings.drop("e")
    await listings.page("e", "/f", other, query)
    assert listings._folders["e", "/f"].rows.folder == "/new"
    asked.set()
    await before
    assert listings._folders["e", "/f"].rows.folder == "/new"
    assert not listings._dropped
    await listings.close()
