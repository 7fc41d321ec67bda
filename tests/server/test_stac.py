"""The routes of STAC catalogs, in the workspace and in dCache, held against the contract."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from rsdat.dcache.client import DCacheClient
from rsdat.server.companion import Companion
from rsdat.server.stacindexes import MOST_INDEXES
from rsdat.stac import open_index
from tests.support.dcache import run, stream, until
from tests.support.door import Door
from tests.support.server import Lab, check_error
from tests.support.stac_catalog import catalog, item, write, write_deep, write_flat


@pytest.fixture
def root(lab: Lab) -> Path:
    """Jupyter's root folder."""
    return Path(lab.app.contents_manager.root_dir)


def companion(lab: Lab) -> Companion:
    """What stands behind the routes."""
    found: Companion = lab.app.web_app.settings["rsdat_companion"]
    return found


async def get(lab: Lab, what: str, href: str, status: int = 200, **query: Any) -> Any:
    """An answer about a catalog; if it has one, about all of its items."""
    if status == 200 and what in ("items", "summary", "footprints"):
        await companion(lab).stac.whole(href, None, 60)
    return await lab.call("GET", f"/api/stac/{what}", status, query={"href": href, **query})


async def test_tree_of_a_workspace_catalog(lab: Lab, root: Path) -> None:
    write_deep(root / "cat", 3)
    top = await get(lab, "node", "workspace:/cat/catalog.json")
    assert (top["kind"], top["title"], top["endpoint"], top["items"]) == (
        "catalog",
        "Deep",
        None,
        0,
    )
    assert top["children"] == [
        {
            "href": "workspace:/cat/scenes/collection.json",
            "title": "scenes",
            "kind": "unknown",
        }
    ]
    below = await get(lab, "node", top["children"][0]["href"])
    assert (below["kind"], below["items"], below["parent"]) == ("collection", 3, top["href"])
    assert below["interval"] == ["2024-01-01T00:00:00Z", None]
    assert below["bbox"] == [-170, -80, 170, 80]
    assert below["license"] == "CC-BY-4.0"


async def test_items_of_a_workspace_catalog(lab: Lab, root: Path) -> None:
    write_deep(root / "cat", 30)
    href = "workspace:/cat/catalog.json"
    page = await get(lab, "items", href, sort="id", offset=5, limit=10)
    assert (page["total"], page["complete"], page["read"], page["offset"]) == (30, True, 30, 5)
    assert [row["id"] for row in page["entries"]] == [f"scene-{n:06}" for n in range(5, 15)]
    first = page["entries"][0]
    assert first["href"] == "workspace:/cat/scenes/scene-000005/scene-000005.json"
    assert first["thumbnail"] == "workspace:/cat/scenes/scene-000005/thumb.png"
    assert first["assets"] == ["red", "thumbnail"]
    area = await get(lab, "items", href, bbox="-170,-80,-167.2,-79")
    assert {row["id"] for row in area["entries"]} == {f"scene-{n:06}" for n in range(3)}
    summary = await get(lab, "summary", href, datetime="2024-01-01/2024-01-10")
    assert (summary["total"], summary["interval"]) == (
        10 + 0,
        ["2024-01-01T10:00:00Z", "2024-01-10T10:00:00Z"],
    )
    assert sum(each["count"] for each in summary["histogram"]) == 10
    assert summary["collections"] == [{"id": "scenes", "count": 10}]
    assert summary["assets"][0] == {
        "key": "red",
        "count": 10,
        "title": "Red",
        "type": "image/tiff; application=geotiff",
        "roles": ["data"],
    }
    prints = await get(lab, "footprints", href, limit=7)
    assert (prints["total"], len(prints["footprints"])) == (30, 7)
    assert all(len(each["rings"][0]) == 5 for each in prints["footprints"])


async def test_one_item_and_its_assets(lab: Lab, root: Path) -> None:
    write_deep(root / "cat", 1)
    place = root / "cat" / "scenes" / "scene-000000"
    (place / "scene-000000-red.tif").write_bytes(b"x" * 77)
    found = await get(lab, "item", "workspace:/cat/scenes/scene-000000/scene-000000.json")
    red, thumb = found["assets"]
    assert red["place"] == {
        "endpoint": None,
        "path": "cat/scenes/scene-000000/scene-000000-red.tif",
    }
    assert (red["size"], red["locality"]) == (77, "ONLINE")
    assert (thumb["size"], thumb["locality"]) == (None, "MISSING")
    assert found["item"]["id"] == "scene-000000"


async def test_catalog_in_dcache(lab: Lab, dcache: Door, folder: str, place: Path) -> None:
    write_deep(place, 12)
    write(place / "scenes" / "scene-000003" / "scene-000003-red.tif", "12345")
    dcache.set_file(f"{folder}/scenes/scene-000003/scene-000003-red.tif", locality="NEARLINE")
    href = f"dcache://{folder}/catalog.json"
    top = await get(lab, "node", href)
    assert (top["href"], top["endpoint"]) == (href, "default")
    page = await get(lab, "items", href, sort="id")
    assert (page["total"], page["complete"]) == (12, True)
    one = await get(lab, "item", page["entries"][3]["href"], endpoint="default")
    red = one["assets"][0]
    assert red["place"] == {
        "endpoint": "default",
        "path": f"{folder}/scenes/scene-000003/scene-000003-red.tif",
    }
    assert (red["size"], red["locality"]) == (5, "NEARLINE")
    files = await lab.call(
        "POST",
        "/api/stac/files",
        200,
        value={"href": href, "selection": {"text": "00000"}, "assets": ["red"]},
    )
    assert files["items"] == 10
    assert files["elsewhere"] == []
    assert files["places"][0]["endpoint"] == "default"
    assert len(files["places"][0]["paths"]) == 10
    chosen = await lab.call(
        "POST",
        "/api/stac/files",
        200,
        value={"href": href, "selection": {"items": [page["entries"][3]["href"]]}},
    )
    assert (chosen["items"], len(chosen["places"][0]["paths"])) == (1, 2)


async def test_a_catalog_by_the_web_address_of_its_door(
    lab: Lab, dcache: Door, folder: str, place: Path
) -> None:
    """As stac2dcache wrote them: it is the catalog in dCache, links and files too."""
    write_deep(place, 3)
    web = f"{dcache.webdav_url}{folder}"
    top = json.loads((place / "catalog.json").read_text())
    for link in top["links"]:
        link["href"] = f"{web}/{link['href'].removeprefix('./')}"
    write(place / "catalog.json", json.dumps(top))
    href = f"dcache://{folder}/catalog.json"
    for address in (href, f"{web}/catalog.json"):
        assert (await get(lab, "node", address))["href"] == href
        page = await get(lab, "items", address, sort="id")
        assert (page["total"], page["complete"]) == (3, True)
        assert all(row["href"].startswith(f"dcache://{folder}/") for row in page["entries"])


async def test_assets_by_the_web_address_of_a_door_lie_in_dcache(
    lab: Lab, dcache: Door, folder: str
) -> None:
    """Not so a signed address, which is for whom it was made for, nor another host's."""
    door = f"{dcache.webdav_url}{folder}"
    hrefs = [f"{door}/a%20b.tif", f"{door}/c.tif?authz=x", "https://other.example/pnfs/d.tif"]
    value = item(1)
    value["assets"] = {str(number): {"href": href} for number, href in enumerate(hrefs)}
    root = Path(lab.app.contents_manager.root_dir)
    write(root / "one.json", json.dumps(value))
    files = await lab.call("POST", "/api/stac/files", 200, value={"href": "workspace:/one.json"})
    assert files["places"] == [{"endpoint": "default", "paths": [f"{folder}/a b.tif"]}]
    assert files["elsewhere"] == hrefs[1:]


async def test_one_kept_index_serves_notebooks_and_the_companion(
    lab: Lab, dcache: Door, folder: str, place: Path
) -> None:
    """They name the same folder differently, and see the same times of its files."""
    write_deep(place, 210)
    href = f"dcache://{folder}/catalog.json"
    notebook = open_index(href)
    assert await asyncio.to_thread(notebook.wait, 100)
    notebook.close()
    dcache.forget()
    items = await companion(lab).stac.whole(href, None, 100)
    assert (await get(lab, "items", href))["total"] == 210
    asked = {each["path"] for each in dcache.requests(method="GET") if "scene-" in each["path"]}
    asked = {path for path in asked if path.startswith("/api/v1/namespace/")}
    assert not asked
    first = (await get(lab, "items", href, sort="id"))["entries"][0]
    assert first["href"] == f"dcache://{folder}/scenes/scene-000000/scene-000000.json"
    assert items.complete


async def test_pages_are_told_of_more_items_and_of_changes(
    lab: Lab, dcache: Door, folder: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_flat(place, 3)
    href = f"dcache://{folder}/catalog.json"
    told: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    monkeypatch.setattr(
        companion(lab).notifier, "changed", lambda kind, id_: told.put_nowait((kind, id_))
    )
    assert (await get(lab, "items", href))["total"] == 3
    assert await asyncio.wait_for(told.get(), 10) == ("stac", href)
    write_flat(place, 5)
    while not told.empty():
        told.get_nowait()
    companion(lab).folder_changed("default", folder)
    assert await asyncio.wait_for(told.get(), 10) == ("dcache", f"default:{folder}")
    assert await asyncio.wait_for(told.get(), 10) == ("stac", href)
    assert (await get(lab, "items", href))["total"] == 5


async def test_a_catalog_that_somebody_else_changes(
    lab: Lab, dcache: Door, folder: str, place: Path
) -> None:
    """dCache's own event has it read again; nobody asks meanwhile."""
    write_flat(place, 3)
    href = f"dcache://{folder}/catalog.json"
    assert (await get(lab, "items", href))["total"] == 3
    await until(lambda: companion(lab).watching.is_live("default", folder), 30)
    new = json.dumps(catalog("flat", ["./items/scene-000001.json"])).encode()

    async def replace(client: DCacheClient) -> None:
        await client.write(f"{folder}/catalog.json", stream(new), len(new), replace=True)

    await asyncio.to_thread(run, dcache, replace)
    items = await companion(lab).stac.items(href, None)
    await until(lambda: len(items.table) == 1, 30)


async def test_few_indexes_are_kept_open(lab: Lab, root: Path) -> None:
    for number in range(MOST_INDEXES + 2):
        write_flat(root / str(number), 1)
        await get(lab, "items", f"workspace:/{number}/catalog.json")
    stac = companion(lab).stac
    assert len(stac._indexes) == MOST_INDEXES

    def reading() -> bool:
        return any(thread.name.startswith("rsdat-stac-index") for thread in threading.enumerate())

    await until(lambda: not reading(), 30)  # an answer comes a moment before its thread ends


async def test_an_item_of_a_collection_file(lab: Lab, root: Path) -> None:
    features = [*(item(n) for n in range(3)), item(1, collection="others", platform="other")]
    write(root / "items.json", {"type": "FeatureCollection", "features": features})
    node = await get(lab, "node", "workspace:/items.json")
    assert (node["kind"], node["items"]) == ("items", 4)
    page = await get(lab, "items", "workspace:/items.json", sort="id")
    names = {row["href"]: row["collection"] for row in page["entries"] if "000001" in row["id"]}
    assert names == {
        "workspace:/items.json#scenes:scene-000001": "scenes",
        "workspace:/items.json#others:scene-000001": "others",
    }
    # Ids are unique in a collection only.
    for name, collection in names.items():
        one = await get(lab, "item", name)
        assert (one["item"]["id"], one["item"]["collection"]) == ("scene-000001", collection)
        assert one["assets"][0]["place"]["path"] == "scene-000001-red.tif"
    await get(lab, "item", "workspace:/items.json#nobody:scene-000001", 404)
    files = await lab.call(
        "POST",
        "/api/stac/files",
        200,
        value={
            "href": "workspace:/items.json",
            "selection": {"items": ["workspace:/items.json#scenes:scene-000002"]},
            "assets": ["red"],
        },
    )
    assert files["places"] == [{"endpoint": None, "paths": ["scene-000002-red.tif"]}]


async def test_what_is_not_there(lab: Lab, root: Path, dcache: Door) -> None:
    write(root / "no.json", "{ no json")
    write(root / "geo.json", {"type": "Polygon", "coordinates": []})
    for what in ("node", "items", "summary", "footprints", "item"):
        for href in ("workspace:/nowhere.json", "dcache:///nowhere.json"):
            await get(lab, what, href, 404)
        for href in ("workspace:/no.json", "workspace:/geo.json"):
            await get(lab, what, href, 400)
        response = await lab.ask("GET", f"/api/stac/{what}", query={"href": "file:///etc/passwd"})
        check_error(response, 400, "invalid_input")
        response = await lab.ask("GET", f"/api/stac/{what}", query={"href": "search:abc"})
        check_error(response, 404, "no_search")


async def test_nothing_leads_out_of_the_workspace(lab: Lab, root: Path, tmp_path: Path) -> None:
    outside = write(tmp_path / "outside" / "secret.json", item(1))
    write(root / ".hidden" / "catalog.json", catalog("hidden", []))
    for href, code in (
        ("workspace:/../outside/secret.json", "bad_path"),
        ("workspace:/.hidden/catalog.json", "hidden"),
    ):
        response = await lab.ask("GET", "/api/stac/node", query={"href": href})
        check_error(response, 404 if code == "hidden" else 400, code)
    write(
        root / "cat" / "catalog.json",
        catalog("out", [str(outside), f"file://{outside}", "../../outside/secret.json"]),
    )
    summary = await get(lab, "summary", "workspace:/cat/catalog.json")
    assert summary["total"] == 0
    assert summary["problems_total"] == 1  # the links are one address


async def test_links_on_disk_are_followed_as_jupyter_follows_them(
    lab: Lab, root: Path, tmp_path: Path
) -> None:
    """Users link project folders into their home, and catalogs there name their real places."""
    project = tmp_path / "project"
    write_flat(project, 3)
    absolute = [str(project / "items" / f"scene-{n:06}.json") for n in range(3)]
    write(project / "absolute.json", catalog("absolute", absolute))
    (root / "project").symlink_to(project)
    contents = lab.app.contents_manager.get("project/catalog.json", content=False)
    if inspect.isawaitable(contents):
        contents = await contents
    assert contents["name"] == "catalog.json"
    for name in ("catalog.json", "absolute.json"):
        page = await get(lab, "items", f"workspace:/project/{name}", sort="id")
        assert page["total"] == 3
        assert page["entries"][0]["href"] == "workspace:/project/items/scene-000000.json"
    (root / "nowhere.json").symlink_to(tmp_path / "nothing")
    await get(lab, "node", "workspace:/nowhere.json", 404)


async def test_what_is_no_file_is_not_waited_for(lab: Lab, root: Path) -> None:
    os.mkfifo(root / "pipe.json")
    response = await lab.ask("GET", "/api/stac/node", query={"href": "workspace:/pipe.json"})
    check_error(response, 409, "not_a_file")


async def test_two_requests_at_once_open_one_index(lab: Lab, root: Path) -> None:
    write_flat(root / "cat", 3)
    stac = companion(lab).stac
    found = await asyncio.gather(
        *(stac.items("workspace:/cat/catalog.json", None) for _ in range(5))
    )
    assert len({id(each) for each in found}) == 1


async def test_a_broken_item_is_a_problem_not_a_failure(lab: Lab, root: Path) -> None:
    write_flat(root / "cat", 5)
    write(root / "cat" / "items" / "scene-000002.json", "{")
    summary = await get(lab, "summary", "workspace:/cat/catalog.json")
    assert (summary["total"], summary["problems_total"]) == (4, 1)
    assert summary["problems"][0]["href"] == "workspace:/cat/items/scene-000002.json"
    assert "JSON" in summary["problems"][0]["message"]
