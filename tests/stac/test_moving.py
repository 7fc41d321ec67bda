"""Catalogs copied, and moved from store to store: all is still found, with the same login."""

from __future__ import annotations

import json
import pickle
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pystac
import pytest

from rsdat.base.errors import InvalidInput
from rsdat.demo.sample import put_sentinel2_scene
from rsdat.stac import (
    Catalog,
    Collection,
    add_item,
    copy_asset,
    copy_assets,
    get_asset,
    read_catalog,
)
from rsdat.stac.hrefs import resolve
from rsdat.stac.store import exists, options_of, read_text
from tests.support.door import Door

DAY = datetime(2024, 1, 1, tzinfo=timezone.utc)


def put_flat(folder: Path) -> None:
    """A catalog whose only item, and the item's asset, lie in the same folder."""
    folder.mkdir(parents=True)
    links = [{"rel": "root", "href": "./catalog.json"}, {"rel": "item", "href": "./a.json"}]
    common = {"stac_version": "1.0.0", "id": "a"}
    catalog = {**common, "type": "Catalog", "description": "", "links": links}
    item = {
        **common,
        "type": "Feature",
        "geometry": None,
        "properties": {"datetime": "2024-01-01T00:00:00Z"},
        "links": links[:1],
        "assets": {"x": {"href": "./x.txt"}},
    }
    (folder / "catalog.json").write_text(json.dumps(catalog), encoding="utf-8")
    (folder / "a.json").write_text(json.dumps(item), encoding="utf-8")
    (folder / "x.txt").write_text("here", encoding="utf-8")


def asset_of(href: str) -> str:
    """The text of the file that the asset of an item's file leads to."""
    value = json.loads(read_text(href))
    return read_text(resolve(value["assets"]["x"]["href"], href))


def test_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`./x.txt` there is a relative href like everywhere."""
    put_flat(tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    add_item(
        tmp_path / "added" / "catalog.json", next(Catalog.from_file("catalog.json").get_items())
    )
    Catalog.from_file("catalog.json").normalize_and_save(str(tmp_path / "moved"), "SELF_CONTAINED")
    for name in ("added", "moved"):
        assert asset_of(f"{tmp_path}/{name}/a/a.json") == "here"


def test_from_this_computer_elsewhere(base: str, tmp_path: Path) -> None:
    """What stays on this computer says so: `/a/b` in a catalog on dCache is a place on dCache."""
    put_flat(tmp_path / "here")
    catalog = read_catalog(tmp_path / "here" / "catalog.json")
    catalog.normalize_and_save(f"{base}/moved", "SELF_CONTAINED")
    add_item(f"{base}/added/catalog.json", next(catalog.get_items()))
    for name in ("added", "moved"):
        assert asset_of(f"{base}/{name}/a/a.json") == "here"
    # And once more, from there.
    again = read_catalog(f"{base}/moved/catalog.json")
    item = next(again.get_items())
    assert resolve(item.assets["x"].href, item.self_href) == str(tmp_path / "here" / "x.txt")
    again.normalize_and_save(str(tmp_path / "back"), "SELF_CONTAINED")
    assert asset_of(f"{tmp_path}/back/a/a.json") == "here"


def test_children_that_stay_on_this_computer(base: str, tmp_path: Path) -> None:
    """Linked with `file://` from another store, a catalog is read, moved and saved as any other."""
    put_flat(tmp_path / "here")
    root = Catalog("root", "")
    root.add_link(pystac.Link("child", f"file://{tmp_path}/here/catalog.json"))
    root.normalize_and_save(f"{base}/root", "ABSOLUTE_PUBLISHED", skip_unresolved=True)
    again = read_catalog(f"{base}/root/catalog.json")
    item = next(again.get_items(recursive=True))
    assert read_text(resolve(item.assets["x"].href, str(item.get_self_href()))) == "here"
    child = next(again.get_children())
    child.title = "changed"
    child.save(catalog_type="ABSOLUTE_PUBLISHED")
    assert "changed" in (tmp_path / "here" / "catalog.json").read_text(encoding="utf-8")


def test_the_slides_from_a_local_catalog(
    dcache: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Save a catalog of local files to dCache, bring one asset after, read both kinds."""
    put_sentinel2_scene(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    catalog = Catalog.from_file("catalog.json")
    catalog.normalize_and_save("dcache://slides-local", catalog_type="SELF_CONTAINED")
    copy_asset(catalog, "red", update_catalog=True, progress=False)
    catalog.save()
    again = Catalog.from_file("dcache://slides-local/catalog.json")
    item = next(again.get_items(recursive=True))
    assert item.assets["red"].href == "./B04.tif"
    assert item.assets["green"].href.startswith("file:///")
    for key in ("red", "green"):
        assert get_asset(again, key).mean().compute() > 100


def test_a_collection_s_own_assets(base: str) -> None:
    extent = pystac.Extent(
        pystac.SpatialExtent([[-180, -90, 180, 90]]), pystac.TemporalExtent([[DAY, None]])
    )
    collection = Collection("all", "", extent)
    collection.add_asset("map", pystac.Asset("./map #1.png"))
    collection.normalize_and_save(f"{base}/a", "SELF_CONTAINED")
    moved = read_catalog(f"{base}/a/collection.json")
    moved.normalize_and_save(f"{base}/b/c", "SELF_CONTAINED")
    href = f"{base}/b/c/collection.json"
    told = json.loads(read_text(href))["assets"]["map"]["href"]
    assert resolve(told, moved.self_href) == resolve(f"{base}/a/map #1.png", "")


@pytest.mark.parametrize("assets", [[], "x", {"a": None, "b": {}}])
def test_a_collection_with_broken_assets(base: str, assets: Any) -> None:
    collection = {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": "c",
        "description": "",
        "license": "other",
        "extent": {"spatial": {"bbox": [[0, 0, 1, 1]]}, "temporal": {"interval": [[None, None]]}},
        "links": [],
        "assets": assets,
    }
    from rsdat.stac.store import write_bytes

    write_bytes(f"{base}/collection.json", json.dumps(collection).encode())
    assert read_catalog(f"{base}/collection.json").assets == {}  # type: ignore[attr-defined]


@pytest.mark.parametrize("how", ["clone", "full_copy", "map_items", "pickle"])
def test_copies_keep_their_login(stac_door: Door, how: str) -> None:
    """No endpoint is configured: without the options nothing would be found."""
    folder = f"copies-{how}"
    options = {
        "api_url": stac_door.api_url,
        "webdav_url": stac_door.webdav_url,
        "token": stac_door.token,
    }
    new = Catalog("c", "")
    new.add_child(Catalog("k", ""))
    new.add_item(pystac.Item("a", None, None, DAY, {}))
    place = f"dcache://{folder}"
    new.normalize_and_save(place, "SELF_CONTAINED", storage_options=options)
    catalog = Catalog.from_file(f"{place}/catalog.json", storage_options=options)
    if how == "pickle":
        # Secrets stay behind, and what is known of the files does not.
        assert pickle.loads(pickle.dumps(catalog))._stac_io.read_as == catalog._stac_io.read_as
        return
    copied = {
        "clone": catalog.clone,
        "full_copy": catalog.full_copy,
        "map_items": lambda: catalog.map_items(lambda item: item),
    }[how]()
    assert isinstance(copied, Catalog)
    assert options_of(copied) == options_of(catalog)
    assert [item.id for item in copied.get_items(recursive=True)] == ["a"]
    assert options_of(next(copied.get_items())) == options_of(catalog)
    copied.normalize_and_save(f"{place}/copy", "SELF_CONTAINED")
    assert exists(f"{place}/copy/a/a.json", catalog)


def test_two_items_of_one_place(tmp_path: Path) -> None:
    """One would silently replace the other."""
    catalog = Catalog("c", "")
    catalog.add_items([pystac.Item("a", None, None, DAY, {"v": v}) for v in (1, 2)])
    with pytest.raises(InvalidInput, match=r"'a'.*one place"):
        catalog.normalize_and_save(str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_the_same_item_twice(tmp_path: Path) -> None:
    """As two searches give it: no harm is done."""
    catalog = Catalog("c", "")
    catalog.add_items([pystac.Item("a", None, None, DAY, {"v": 1}) for _ in range(2)])
    catalog.normalize_and_save(str(tmp_path / "out"), "SELF_CONTAINED")
    assert {item.id for item in read_catalog(tmp_path / "out/catalog.json").get_items()} == {"a"}


def test_circles_in_memory(tmp_path: Path) -> None:
    catalog, child = Catalog("c", ""), Catalog("k", "")
    catalog.add_child(child)
    child.add_link(pystac.Link("child", catalog))
    catalog.normalize_hrefs(str(tmp_path), skip_unresolved=True)
    assert child.get_self_href() == str(tmp_path / "k" / "catalog.json")


def test_copies_that_come_to_this_computer(dcache: Door, tmp_path: Path) -> None:
    """The items of a catalog on dCache say that they are here."""
    put_sentinel2_scene("dcache://download")
    catalog = Catalog.from_file("dcache://download/catalog.json")
    copy_asset(catalog, "red", update_catalog=True, to_uri=str(tmp_path / "to"), progress=False)
    item = next(catalog.get_items(recursive=True))
    assert item.assets["red"].href.startswith(f"file://{tmp_path}/to/")
    assert get_asset(item, "red").mean().compute() > 100


def test_a_new_catalog_of_copies_names_what_stayed_here(dcache: Door, tmp_path: Path) -> None:
    copy_assets(
        read_catalog(put_sentinel2_scene(str(tmp_path))),
        "red",
        "dcache://partly",
        write_catalog=True,
        progress=False,
    )
    item = next(read_catalog("dcache://partly/catalog.json").get_items())
    for key in ("red", "green"):
        assert get_asset(item, key).mean().compute() > 100
