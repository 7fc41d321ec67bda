"""`copy_asset` as stac2dcache has it, `stage`, `estimate`."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pystac
import pytest

from rsdat.base.errors import InvalidInput, NotFound, OnTape
from rsdat.stac import Catalog
from rsdat.stac.copying import CopyFailed, copy_asset, estimate, stage
from tests.support.copies import item
from tests.support.door import Door
from tests.support.webfiles import WebFiles, web_files


@pytest.fixture
def web() -> Iterator[WebFiles]:
    with web_files() as served:
        yield served


@pytest.fixture
def catalog(web: WebFiles, dcache: Door, tmp_path: Path) -> Any:
    """Saved in dCache, its assets on the web."""
    web.files = {f"/{n}/{key}.tif": os.urandom(1000) for n in range(3) for key in ("red", "nir")}
    made = Catalog("c", "d")
    made.add_items(
        item(f"i{n}", {key: f"{web.url}/{n}/{key}.tif" for key in ("red", "nir")}) for n in range(3)
    )
    made.normalize_and_save(f"dcache:///{tmp_path.name}", pystac.CatalogType.SELF_CONTAINED)
    return made


def test_arguments_are_those_of_stac2dcache() -> None:
    names = list(inspect.signature(copy_asset).parameters)
    assert names[:8] == [
        "catalog",
        "asset_key",
        "update_catalog",
        "item_id",
        "to_uri",
        "filesystem_from",
        "filesystem_to",
        "max_workers",
    ]


def test_beside_the_items_with_new_addresses_in_memory(
    catalog: Any, web: WebFiles, dcache: Door, tmp_path: Path
) -> None:
    copy_asset(catalog, "red", update_catalog=True, max_workers=2, progress=False)
    for n, each in enumerate(sorted(catalog.get_items(), key=lambda found: str(found.id))):
        assert each.assets["red"].href == "./red.tif"
        assert each.assets["nir"].href == f"{web.url}/{n}/nir.tif"
        copy = dcache.root / tmp_path.name / f"i{n}/red.tif"
        assert copy.read_bytes() == web.files[f"/{n}/red.tif"]
    saved = (dcache.root / tmp_path.name / "i0/i0.json").read_text()
    assert f"{web.url}/0/red.tif" in saved
    catalog.save()
    again = Catalog.from_file(f"dcache:///{tmp_path.name}/catalog.json")
    assert [each.assets["red"].href for each in again.get_items()] == ["./red.tif"] * 3


def test_one_item_to_another_folder(catalog: Any, web: WebFiles, tmp_path: Path) -> None:
    report = copy_asset(
        catalog, "nir", True, item_id="i1", to_uri=str(tmp_path / "to"), progress=False
    )
    assert len(report.copied) == 1
    assert (tmp_path / "to/i1/nir.tif").read_bytes() == web.files["/1/nir.tif"]
    assert catalog.get_item("i1").assets["nir"].href == f"file://{tmp_path}/to/i1/nir.tif"
    assert catalog.get_item("i0").assets["nir"].href.startswith(web.url)


def test_without_update_nothing_of_the_catalog_changes(catalog: Any, tmp_path: Path) -> None:
    before = catalog.get_item("i0").to_dict()
    copy_asset(catalog, "red", to_uri=str(tmp_path), progress=False)
    assert catalog.get_item("i0").to_dict() == before


def test_file_systems_that_are_handed_over(catalog: Any, web: WebFiles) -> None:
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    headers = {"X-Mine": "yes"}
    seen: list[Any] = []

    def look(handler: Any) -> bool:
        seen.append(handler.headers.get("X-Mine"))
        return False

    web.spoil = look
    copy_asset(
        catalog,
        "red",
        to_uri="memory://x",
        filesystem_from=fsspec.filesystem("http", headers=headers, skip_instance_cache=True),
        filesystem_to=memory,
        progress=False,
    )
    assert set(seen) == {"yes"}
    assert memory.cat_file("/x/i2/red.tif") == web.files["/2/red.tif"]
    memory.store.clear()


def test_what_is_missing(catalog: Any, web: WebFiles, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no asset 'blue'"):
        copy_asset(catalog, "blue", to_uri=str(tmp_path), progress=False)
    with pytest.raises(NotFound, match="no item 'i9'"):
        copy_asset(catalog, "red", item_id="i9", to_uri=str(tmp_path), progress=False)
    with pytest.raises(InvalidInput, match="no address"):
        copy_asset(pystac.Catalog("c", "d"), "red", progress=False)
    del web.files["/1/red.tif"]
    with pytest.raises(CopyFailed, match=r"red\.tif was not copied"):
        copy_asset(catalog, "red", to_uri=str(tmp_path), progress=False)
    assert (tmp_path / "i2/red.tif").exists()


def test_staging(dcache: Door, tmp_path: Path) -> None:
    folder = dcache.root / tmp_path.name
    folder.mkdir()
    for name in "abc":
        (folder / name).write_bytes(b"x")
    for name, delay in (("a", 0.1), ("b", 600)):
        dcache.set_file(f"/{tmp_path.name}/{name}", locality="NEARLINE", stage_delay_s=delay)
    hrefs = {name: f"dcache:///{tmp_path.name}/{name}" for name in "abcd"}
    one = item("i", {**hrefs, "web": "https://example.org/x"})

    assert stage(one, ["a", "c"], wait=60, progress=False).ready
    staged = stage(one)
    assert [href.rpartition("/")[2] for href in staged.waiting] == ["b"]
    assert sorted(href.rpartition("/")[2] for href in staged.on_disk) == ["a", "c"]
    assert [href.rpartition("/")[2] for href in staged.missing] == ["d"]
    assert staged.elsewhere == ["https://example.org/x"]
    assert staged.requests
    assert not staged.look().ready
    with pytest.raises(OnTape, match="1 of 1 files are still on tape"):
        staged.wait(0.2, progress=False)
    assert "1 on their way from tape" in staged._repr_html_()
    dcache.set_file(f"/{tmp_path.name}/b", locality="ONLINE_AND_NEARLINE")
    assert staged.wait(30, progress=False).ready
    with pytest.raises(InvalidInput):
        stage(one, lifetime=0)


def test_estimate(web: WebFiles, dcache: Door, tmp_path: Path) -> None:
    source = dcache.root / tmp_path.name
    source.mkdir()
    (source / "here").write_bytes(b"x" * 3000)
    (source / "tape").write_bytes(b"x" * 500)
    dcache.set_file(f"/{tmp_path.name}/tape", locality="NEARLINE")
    web.files = {"/a": b"x" * 200}
    one = item(
        "i",
        {
            "a": f"{web.url}/a",
            "gone": f"{web.url}/gone",
            "told": f"{web.url}/told",
            "here": f"dcache:///{tmp_path.name}/here",
            "tape": f"dcache:///{tmp_path.name}/tape",
        },
    )
    one.assets["told"].extra_fields["file:size"] = 7
    to = f"dcache:///{tmp_path.name}/to"
    dcache.set_quota(user=[{"id": 1000, "replica": 5, "replicaLimit": 10_005}])
    try:
        found = estimate(one, None, to)
    finally:
        dcache.set_quota()
    assert found.as_dict() | {"seconds": 0} == {
        "items": 1,
        "files": 5,
        "bytes": 3707,
        "unknown": 0,
        "there": 0,
        "on_tape": 1,
        "missing": 1,
        "seconds": 0,
        "by_doors": 1,
        "free": 10_000,
        "sampled": False,
    }
    assert found.seconds is not None
    # What an item tells is believed, and not asked for.
    assert ("HEAD", "/told", None) not in web.asked

    (source / "to/i").mkdir(parents=True)
    (source / "to/i/here").write_bytes(b"x" * 3000)
    (source / "to/i/a").write_bytes(b"x" * 199)
    assert estimate(one, ["here", "a"], to).there == 1


def test_an_estimate_of_many_asks_a_sample(web: WebFiles, tmp_path: Path) -> None:
    web.files = {f"/{n}": b"x" * 100 for n in range(0, 1000, 2)}
    items = [item(f"i{n}", {"a": f"{web.url}/{n // 2 * 2}"}) for n in range(1000)]
    found = estimate(items, "a", str(tmp_path))
    assert found.sampled
    assert (found.files, found.bytes, found.missing) == (1000, 100_000, 0)
    assert len([1 for verb, _, _ in web.asked if verb == "HEAD"]) <= 300


def test_estimate_of_many_looks_at_an_even_choice(web: WebFiles, tmp_path: Path) -> None:
    """Of 20 000 items no more files are asked about than of 300."""
    web.files = {f"/{n}": b"x" * (1000 if n % 2 else 3000) for n in range(20_001)}
    many: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "stac_version": "1.0.0",
            "id": f"i{n}",
            "geometry": None,
            "properties": {"datetime": "2024-01-01T00:00:00Z"},
            "links": [],
            "assets": {"a": {"href": f"{web.url}/{n}"}, "b": {"href": f"{web.url}/{n}?b"}},
        }
        for n in range(20_001)
    ]
    (tmp_path / "to").mkdir()
    found = estimate(many, ["a", "b"], str(tmp_path / "to"))
    assert (found.items, found.files, found.sampled) == (20_001, 40_002, True)
    assert found.seconds is not None
    assert found.unknown == 0
    assert found.bytes == pytest.approx(80e6, rel=0.3)
    heads = [path for verb, path, _ in web.asked if verb == "HEAD"]
    assert 0 < len(heads) <= 300


def test_estimate_of_many_takes_sizes_from_the_items(tmp_path: Path) -> None:
    """All of those looked at, not only of the files that would be asked about."""
    many = [item(f"i{n}", {"a": f"https://example.invalid/{n}"}) for n in range(450)]
    for n, each in enumerate(many):
        each.assets["a"].extra_fields["file:size"] = n
    found = estimate(many, None, str(tmp_path))
    assert (found.items, found.files, found.sampled) == (450, 450, True)
    assert found.bytes == sum(range(450))
