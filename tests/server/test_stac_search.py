"""The routes of STAC APIs and searches, against a real server of one."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import Lab, check_error
from tests.support.stac_api import StacApi, stac_api  # noqa: F401 - a fixture
from tests.support.stac_catalog import item, write


@pytest.fixture(scope="module")
def scenes(stac_api: StacApi) -> StacApi:  # noqa: F811
    """An API with 450 items in one collection and three in another."""
    stac_api.add("server-scenes", [item(n) for n in range(450)], title="Scenes")
    stac_api.add("server-few", [item(n) for n in range(3)])
    return stac_api


async def searched(lab: Lab, **asked: Any) -> dict[str, Any]:
    """A search at its end."""
    found = await lab.call("POST", "/api/stac/searches", 201, value=asked)
    end_s = time.monotonic() + 30
    while found["state"] == "running":
        assert time.monotonic() < end_s
        await asyncio.sleep(0.05)
        found = await lab.call("GET", "/api/stac/searches/{id}", 200, id=found["id"])
    result: dict[str, Any] = found
    return result


async def test_collections(lab: Lab, scenes: StacApi) -> None:
    found = await lab.call("GET", "/api/stac/collections", 200, query={"url": scenes.url})
    assert found["title"] == "Test API"
    assert {"server-scenes", "server-few"} <= {each["id"] for each in found["collections"]}
    assert set(found["can"]) == {"filter", "query", "sort", "intersects"}
    node = await lab.call("GET", "/api/stac/node", 200, query={"href": scenes.url})
    assert (node["kind"], node["title"]) == ("api", "Test API")
    assert "Scenes" in {child["title"] for child in node["children"]}
    refused = await lab.ask("GET", "/api/stac/items", query={"href": scenes.url})
    check_error(refused, 400, "is_api")


async def test_search_and_its_items(lab: Lab, scenes: StacApi) -> None:
    found = await searched(
        lab, url=scenes.url, collections=["server-scenes"], query=["eo:cloud_cover<20"]
    )
    wanted = {f"scene-{n:06}" for n in range(450) if n % 101 < 20}
    assert (found["state"], found["found"], found["problem"]) == ("done", len(wanted), None)
    assert found["matched"] in (None, len(wanted))
    query = {"href": found["href"], "limit": 1000}
    page = await lab.call("GET", "/api/stac/items", 200, query=query)
    assert page["complete"]
    assert {row["id"] for row in page["entries"]} == wanted
    assert page["entries"][0]["href"].startswith(scenes.url)
    summary = await lab.call("GET", "/api/stac/summary", 200, query={"href": found["href"]})
    assert summary["collections"] == [{"id": "server-scenes", "count": len(wanted)}]
    node = await lab.call("GET", "/api/stac/node", 200, query={"href": found["href"]})
    assert (node["kind"], node["items"]) == ("search", len(wanted))
    one = await lab.call(
        "GET", "/api/stac/item", 200, query={"href": found["href"], "id": "scene-000003"}
    )
    by_address = await lab.call(
        "GET",
        "/api/stac/item",
        200,
        query={"href": found["href"], "item": one["href"]},
    )
    assert by_address == one
    assert one["item"]["properties"]["eo:cloud_cover"] == 3
    assert one["assets"][0]["size"] == 1003
    files = await lab.call(
        "POST",
        "/api/stac/files",
        200,
        value={"href": found["href"], "selection": {"text": "scene-000003"}, "assets": ["red"]},
    )
    assert files["items"] == 1
    assert len(files["elsewhere"]) == 1
    await lab.call("DELETE", "/api/stac/searches/{id}", 204, id=found["id"])
    gone = await lab.ask("GET", f"/api/stac/searches/{found['id']}")
    check_error(gone, 404, "no_search")


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"bbox": [-170.2, -90, -165.2, 90]}, 10),
        ({"bbox": [168, -90, -168.9, 90]}, 6),
        ({"datetime": "2024-01-01T00:00:00Z/2024-01-02T23:00:00Z"}, 2),
        ({"ids": ["scene-000001", "scene-000002", "nothing"]}, 2),
        ({"query": ["eo:cloud_cover>=10", "eo:cloud_cover<=11"]}, 10),
        ({"query": ["platform=test-1"], "limit": 260}, 260),
        ({"query": ["platform='test-2'"]}, 0),
    ],
)
async def test_what_is_searched_for(
    lab: Lab, scenes: StacApi, asked: dict[str, Any], count: int
) -> None:
    found = await searched(lab, url=scenes.url, collections=["server-scenes"], **asked)
    assert (found["state"], found["found"]) == ("done", count)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"query": ["no condition"]}, "is no condition"),
        ({"datetime": "yesterday"}, "is no time"),
        ({"bbox": [0, 10, 1, 5]}, "is no area"),
        ({"url": "ftp://x"}, "url"),
    ],
)
async def test_searches_that_make_no_sense(lab: Lab, asked: dict[str, Any], words: str) -> None:
    """Nobody is asked: the port is closed."""
    value = {"url": "http://127.0.0.1:9/", **asked}
    response = await lab.ask("POST", "/api/stac/searches", value=value)
    assert words in check_error(response, 400, response_code(response))["message"]


def response_code(response: Any) -> str:
    import json

    code: str = json.loads(response.body)["details"]["code"]
    return code


async def test_a_search_that_the_api_refuses(lab: Lab, scenes: StacApi) -> None:
    found = await searched(lab, url=f"{scenes.url}/nothing-here")
    assert (found["state"], found["found"]) == ("failed", 0)
    assert "no STAC API" in found["problem"]["message"]
    page = await lab.call("GET", "/api/stac/items", 404, query={"href": found["href"]})
    assert page["details"]["code"] == "no_api"
    unreachable = await searched(lab, url="http://127.0.0.1:9/")
    assert "can't be reached" in unreachable["problem"]["message"]


async def test_saved_apis(
    lab: Lab, scenes: StacApi, rsdat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = (await lab.call("GET", "/api/stac/apis", 200))["apis"]
    assert {"earth-search", "copernicus", "planetary-computer"} <= {a["name"] for a in shipped}
    assert not any(api["own"] for api in shipped)
    saved = await lab.call(
        "PUT", "/api/stac/apis/{name}", 200, value={"url": scenes.url}, name="mine"
    )
    assert saved == {"name": "mine", "url": scenes.url, "title": "Test API", "own": True}
    write(rsdat_home / "stac" / "apis" / "damaged.json", "{")
    assert saved in (await lab.call("GET", "/api/stac/apis", 200))["apis"]
    await lab.call("DELETE", "/api/stac/apis/{name}", 204, name="mine")
    check_error(await lab.ask("DELETE", "/api/stac/apis/mine"), 404, "no_api")
    check_error(await lab.ask("DELETE", "/api/stac/apis/copernicus"), 409, "configured_elsewhere")
    bad = await lab.ask("PUT", "/api/stac/apis/bad", value={"url": f"{scenes.url}/nothing"})
    check_error(bad, 404, "no_api")
    secret = await lab.ask("PUT", "/api/stac/apis/bad", value={"url": "https://a:b@example.org/"})
    check_error(secret, 400, "bad_address")


async def test_stop(lab: Lab, scenes: StacApi) -> None:
    """One that is over stays as it is; one that nobody knows is told."""
    found = await searched(lab, url=scenes.url, collections=["server-few"])
    again = await lab.call("POST", "/api/stac/searches/{id}/stop", 200, id=found["id"], value={})
    assert again == found
    check_error(await lab.ask("POST", "/api/stac/searches/gone/stop", value={}), 404, "no_search")


async def test_one_id_in_two_collections(lab: Lab, scenes: StacApi) -> None:
    """The details are those of the row: ids are unique in a collection only."""
    found = await searched(
        lab, url=scenes.url, collections=["server-scenes", "server-few"], ids=["scene-000001"]
    )
    page = await lab.call("GET", "/api/stac/items", 200, query={"href": found["href"]})
    assert {row["collection"] for row in page["entries"]} == {"server-scenes", "server-few"}
    for row in page["entries"]:
        query = {"href": found["href"], "item": row["href"]}
        one = await lab.call("GET", "/api/stac/item", 200, query=query)
        assert one["href"] == row["href"]
        assert one["item"]["collection"] == row["collection"]
    query = {"href": found["href"], "item": f"{scenes.url}/nowhere"}
    check_error(await lab.ask("GET", "/api/stac/item", query=query), 404, "not_found")
