"""`items` and `search` where one item is odd: it is mended, or told, and the others are there."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rsdat.stac import items, read_catalog, search
from rsdat.stac.problems import Problem
from tests.support.stac_catalog import item, write, write_flat
from tests.support.web import web

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An rsdat home of the test's own."""
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path / "rsdat-home"))
    return tmp_path / "rsdat-home"


def spoilt(folder: Path, change: Change) -> Path:
    """A catalog of three items, the middle one changed."""
    path = write_flat(folder, 3)
    middle = folder / "items/scene-000001.json"
    value = json.loads(middle.read_text())
    change(value)
    write(middle, value)
    return path


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value["properties"].pop("datetime"),
        lambda value: value.pop("properties"),
        lambda value: value.pop("links"),
        lambda value: value.pop("geometry"),
        lambda value: value["assets"]["red"].pop("href"),
        lambda value: value.update(assets=[]),
        lambda value: value.update(id=7),
    ],
    ids=["time", "properties", "links", "geometry", "href", "assets", "numeric id"],
)
def test_an_odd_item_is_mended_as_in_a_walk(tmp_path: Path, change: Change) -> None:
    path = spoilt(tmp_path / "cat", change)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = items(path)
    walked = {each.id: each for each in read_catalog(path).get_items()}
    assert {each.id for each in found} == {*walked}
    assert len(found) == 3
    for each in found:
        assert type(each) is type(walked[each.id])
        assert {*each.assets} == {*walked[each.id].assets}
        assert each.datetime == walked[each.id].datetime


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = spoilt(tmp_path / "cat", lambda value: value["properties"].update(datetime="once"))
    write(tmp_path / "cat/items/scene-000002.json", "{")
    with pytest.warns(UserWarning, match=r"scene-000002\.json.*scene-000001\.json") as told:
        assert [each.id for each in items(path)] == ["scene-000000"]
    assert told[0].filename == __file__
    problems: list[Problem] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(items(path, on_problem=problems.append)) == 1
        # Who asked for others has all that was asked for.
        assert len(items(path, ids=["scene-000000"])) == 1
    assert {Path(each.href).name: each.code for each in problems} == {
        "scene-000001.json": "invalid",
        "scene-000002.json": "unreadable",
    }
    with pytest.warns(UserWarning, match="left out"):
        assert len(items(path, ids=["scene-000000", "scene-000001"])) == 1


def collection_file(path: Path, features: list[Any]) -> Path:
    return write(path, {"type": "FeatureCollection", "features": features})


def test_one_id_in_two_collections_of_one_file(tmp_path: Path) -> None:
    """Ids are unique in a collection only."""
    names = ("landsat", "sentinel/2", None)
    path = collection_file(tmp_path / "fc.json", [item(1, collection=each) for each in names])
    problems: list[Problem] = []
    found = items(path, on_problem=problems.append)
    assert {each.collection_id for each in found} == {*names}
    assert problems == []
    # Their names make no folder of the file.
    assert {each.assets["red"].href for each in found} == {str(tmp_path / "scene-000001-red.tif")}


def test_an_item_twice_in_one_file_is_told(tmp_path: Path) -> None:
    twins = [item(1, platform="first"), item(1, platform="second")]
    path = collection_file(tmp_path / "fc.json", [*(item(n) for n in range(100, 170)), *twins])
    with pytest.warns(UserWarning, match="Another item has this id"):
        found = items(path, text="000001")
    assert [each.properties["platform"] for each in found] == ["second"]
    # Far from each other in the file, too.
    distant = [twins[0], *(item(n) for n in range(100, 170)), twins[1]]
    with pytest.warns(UserWarning, match="Another item has this id"):
        items(collection_file(tmp_path / "far.json", distant))


def test_what_a_kept_file_cannot_hold_is_told_again(tmp_path: Path) -> None:
    """The file is not read again while it is the same."""
    path = collection_file(tmp_path / "fc.json", [*(item(n) for n in range(250)), "no item"])
    for _ in range(2):
        with pytest.warns(UserWarning, match="no JSON object"):
            assert len(items(path)) == 250
        assert (tmp_path / "fc.items.parquet").exists()


def test_a_search_goes_on_after_an_odd_item() -> None:
    timeless, broken = item(1), item(2)
    timeless["properties"]["datetime"] = None
    broken["properties"]["datetime"] = "once"

    with web() as site:
        site.api()
        features = [timeless, broken, item(3)]
        site.json("/search", {"type": "FeatureCollection", "features": features, "links": []})
        with pytest.warns(UserWarning, match="scene-000002"):
            found = search(site.url)
        problems: list[Problem] = []
        search(site.url, on_problem=problems.append)
    assert [each.id for each in found] == ["scene-000001", "scene-000003"]
    assert [each.code for each in problems] == ["invalid"]
