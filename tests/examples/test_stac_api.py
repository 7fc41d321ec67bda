"""The examples' small STAC API does what the client and the specification of STAC APIs expect."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pystac
import pytest
import rasterio
from pystac_client import Client

from rsdat.demo.samples import archive
from rsdat.demo.samples.stac_api import ArchiveApi
from tests.support.waiting import wait_for

BOX = [5.065, 52.045, 5.095, 52.057]


@pytest.fixture(scope="module")
def api() -> Iterator[ArchiveApi]:
    """One for all tests."""
    with ArchiveApi() as running:
        yield running


def ask(address: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    """Status and body of any answer."""
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(address, data, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read(), response.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_search(api: ArchiveApi, method: str) -> None:
    """The same by both methods, page by page, as the formula of the archive says."""
    search = Client.open(api.url).search(
        method=method,
        collections=[archive.COLLECTION],
        bbox=BOX,
        datetime="2024-05/2024-08",
        query={"eo:cloud_cover": {"lt": 25, "gte": 3}},
        limit=2,
    )
    wanted = [
        item["id"]
        for item in archive.items("")
        if "2024-05" <= item["properties"]["datetime"] < "2024-09"
        and 3 <= item["properties"]["eo:cloud_cover"] < 25
    ]
    assert len(wanted) == 5
    assert [item.id for item in search.items()] == wanted
    assert search.matched() == 5
    assert [len(page.items) for page in search.pages()] == [2, 2, 1]


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({}, 72),
        ({"bbox": [0, 0, 1, 1]}, 0),
        ({"bbox": [5.05, 52.05, 0, 5.06, 52.055, 100]}, 36),
        ({"bbox": [170, 50, 5.05, 53]}, 36),
        ({"intersects": {"type": "Point", "coordinates": [5.09, 52.05]}}, 36),
        ({"datetime": "2024-01-05T10:40:00Z"}, 2),
        ({"datetime": "2024-01-05"}, 2),
        ({"datetime": "../2024-01-15T10:40:00Z"}, 4),
        ({"datetime": "2024-12-01/.."}, 4),
        ({"ids": ["west-00", "east-07", "nothing"]}, 2),
        ({"collections": ["other"]}, 0),
        ({"query": {"eo:cloud_cover": {"eq": 0}}}, 2),
        ({"query": {"nothing": {"eq": 0}}}, 0),
    ],
)
def test_each_parameter(api: ArchiveApi, asked: dict[str, Any], count: int) -> None:
    """Alone; POST as it is written, GET as text."""
    status, body, _ = ask(f"{api.url}/search", {**asked, "limit": 1000})
    assert (status, json.loads(body)["numberMatched"]) == (200, count)
    if "datetime" not in asked:
        found = Client.open(api.url).search(method="GET", **asked).item_collection()
        assert len(found) == count


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": 0},
        {"limit": "many"},
        {"bbox": [1, 2, 3]},
        {"bbox": BOX, "intersects": {"type": "Point", "coordinates": [0, 0]}},
        {"intersects": {"type": "Blob"}},
        {"datetime": "yesterday"},
        {"query": {"eo:cloud_cover": {"like": "x"}}},
        {"filter": "x = 1"},
        [],
        b"not json",
    ],
)
def test_nonsense_is_said_to_be_that(api: ArchiveApi, asked: Any) -> None:
    """400 with a reason; an API that ignored it would give something else than was asked for."""
    status, body, _ = ask(f"{api.url}/search", asked)
    assert status == 400
    assert json.loads(body)["description"]


def test_walk(api: ArchiveApi) -> None:
    """From the landing page to an item, by links, each valid for PySTAC."""
    client = Client.open(api.url)
    [collection] = client.get_collections()
    assert isinstance(collection, pystac.Collection)
    assert [link.rel for link in collection.links].count("items") == 1
    assert len(list(collection.get_items())) == 72
    item = collection.get_item("east-13")
    assert item is not None
    assert item.get_self_href() == f"{api.url}/collections/fields/items/east-13"
    for path in ("/nothing", "/collections/other", "/collections/fields/items/west-99"):
        assert ask(api.url + path)[0] == 404


def test_assets(api: ArchiveApi) -> None:
    """Whole, in parts, and the same every time; GDAL reads them in this very process."""
    item = Client.open(api.url).get_collection("fields").get_item("west-14")
    assert item is not None
    for asset in item.assets.values():
        status, body, headers = ask(asset.href)
        assert (status, headers["Content-Type"]) == (200, asset.media_type)
        again = ask(asset.href, headers={"Range": f"bytes=10-{len(body)}"})
        assert (again[0], again[1], again[2]["ETag"]) == (206, body[10:], headers["ETag"])
        assert ask(asset.href, headers={"Range": "bytes=-5"})[1] == body[-5:]
    with (
        rasterio.open(item.assets["nir"].href) as nir,
        rasterio.open(item.assets["red"].href) as red,
    ):
        values = nir.read(1) / 1e4, red.read(1) / 1e4
        assert list(nir.bounds) == [640_000, 5_767_440, 642_560, 5_770_000]
    index = (values[0] - values[1]) / (values[0] + values[1])
    clear = round(archive.SIZE * item.properties["eo:cloud_cover"] / 100)
    truth = archive.vegetation_index("west", item.datetime)
    assert abs(index - truth)[clear:].max() < 1e-3
    assert abs(index[:clear]).max() == 0
    assert ask(f"{api.url}/assets/west-14/other.tif")[0] == 404


def test_ends_with_whoever_started_it() -> None:
    """Also when that is killed: nothing stays behind."""
    code = (
        "import os, time\n"
        "from rsdat.demo.samples.stac_api import ArchiveApi\n"
        "api = ArchiveApi()\n"
        "print(api._child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert child.stdout is not None
    server = int(child.stdout.readline())
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    child.stdout.close()

    def is_gone() -> bool:
        try:
            os.kill(server, 0)
        except ProcessLookupError:
            return True
        return False

    wait_for(is_gone)
