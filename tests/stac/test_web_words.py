"""What is said of catalogs and assets on the web: what happened, and no signature or login."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pystac
import pytest

from rsdat.base.errors import InvalidInput, RsdatError
from rsdat.stac import Problem, get_asset, read_catalog, walk_items
from rsdat.stac.hrefs import shown
from tests.support.webfiles import WebFiles, web_files

SIGNED = "?sig=s3cret"


@pytest.fixture
def web() -> Iterator[WebFiles]:
    with web_files() as served:
        yield served


def answer(status: int) -> Callable[[Any], bool]:
    """A server that answers nothing but this, but for the catalog."""

    def spoil(handler: Any) -> bool:
        if handler.path.startswith("/catalog.json"):
            return False
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    return spoil


def put_catalog(web: WebFiles, *hrefs: str) -> str:
    links = [{"rel": "item", "href": href} for href in hrefs]
    catalog = {"type": "Catalog", "stac_version": "1.0.0", "id": "c", "description": ""}
    web.files["/catalog.json"] = json.dumps({**catalog, "links": links}).encode()
    return f"{web.url}/catalog.json"


@pytest.mark.parametrize(
    ("status", "code"), [(404, "not_found"), (403, "unreadable"), (500, "unreadable")]
)
def test_items_that_are_refused(web: WebFiles, status: int, code: str) -> None:
    web.spoil = answer(status)
    problems: list[Problem] = []
    href = f"{web.url}/a.json"
    catalog = read_catalog(put_catalog(web, href + SIGNED))
    assert list(walk_items(catalog, on_problem=problems.append)) == []
    (problem,) = problems
    assert problem.code == code
    assert problem.href == href
    assert "s3cret" not in problem.message
    assert status == 404 or f"HTTP {status}" in problem.message


@pytest.mark.parametrize("status", [404, 403])
def test_a_catalog_that_is_refused(web: WebFiles, status: int) -> None:
    web.spoil = answer(status)
    with pytest.raises(RsdatError) as caught:
        read_catalog(f"{web.url}/x/catalog.json{SIGNED}")
    assert "s3cret" not in str(caught.value)


def test_an_asset_that_is_gone(web: WebFiles) -> None:
    item = pystac.Item("i", None, None, None, {"start_datetime": "x", "end_datetime": "x"})
    item.add_asset("red", pystac.Asset(f"{web.url}/red.tif{SIGNED}"))
    with pytest.raises(RsdatError, match="red") as caught:
        get_asset(item, "red")
    assert "s3cret" not in str(caught.value)


def test_folders_have_a_hint(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InvalidInput, match="folder") as caught:
        read_catalog(tmp_path / "folder")
    assert str(caught.value.hint).endswith("/folder/catalog.json")


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("https://me:pw@host:1/a.json?x=1#y", "https://host:1/a.json"),
        ("dcache://a?b#c", "dcache://a?b#c"),
        ("/a?b", "/a?b"),
    ],
)
def test_shown(href: str, expected: str) -> None:
    assert shown(href) == expected
