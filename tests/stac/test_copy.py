"""Assets of many items to dCache and to local folders: what arrives, is skipped, is told."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pystac
import pytest

from rsdat.base.errors import InvalidInput
from rsdat.stac.copying import CopyFailed, copy_assets, keeper
from rsdat.stac.copying.places import Places
from tests.support.copies import item, multihash
from tests.support.dcache import names
from tests.support.door import Door
from tests.support.webfiles import WebFiles, web_files


@pytest.fixture
def web() -> Iterator[WebFiles]:
    with web_files() as served:
        yield served


def quietly(items: Any, *args: Any, **options: Any) -> Any:
    """`copy_assets` without a bar."""
    return copy_assets(items, *args, progress=False, **options)


def test_from_the_web_to_dcache_and_only_once(web: WebFiles, dcache: Door, tmp_path: Path) -> None:
    data = {f"/{n}/{key}.tif": os.urandom(200_000) for n in range(3) for key in ("red", "nir")}
    web.files = data
    items = [
        item(f"i{n}", {key: f"{web.url}/{n}/{key}.tif" for key in ("red", "nir")}) for n in range(3)
    ]
    to = f"dcache:///copies/{tmp_path.name}"
    report = quietly(items, None, to)
    assert (len(report.copied), report.skipped, report.failed) == (6, [], [])
    assert report.bytes == 6 * 200_000
    # An ETag of this server is the MD5 of the content, so it proves the bytes.
    assert report.verified == {"md5": 6}
    for n in range(3):
        for key in ("red", "nir"):
            copy = dcache.root / "copies" / tmp_path.name / f"i{n}" / f"{key}.tif"
            assert copy.read_bytes() == data[f"/{n}/{key}.tif"]

    web.asked.clear()
    again = quietly(items, None, to)
    assert (again.copied, len(again.skipped)) == ([], 6)
    assert {verb for verb, _, _ in web.asked} == {"HEAD"}


def test_items_that_tell_their_checksums_are_not_even_asked_for(
    web: WebFiles, tmp_path: Path
) -> None:
    data = os.urandom(10_000)
    web.files["/a.bin"] = data
    one = item("x", {"a": f"{web.url}/a.bin"})
    one.assets["a"].extra_fields = {
        "file:size": len(data),
        "file:checksum": multihash("sha256", data),
    }
    assert quietly(one, "a", str(tmp_path)).verified == {"sha256": 1}
    # Locally nothing stores checksums: the file is read, and held against the item's.
    assert quietly(one, "a", str(tmp_path)).skipped
    (tmp_path / "x/a.bin").write_bytes(data[:-1] + b"?")
    report = quietly(one, "a", str(tmp_path))
    assert report.copied
    assert (tmp_path / "x/a.bin").read_bytes() == data


def test_from_dcache_to_a_folder(dcache: Door, tmp_path: Path) -> None:
    folder = dcache.root / tmp_path.name
    folder.mkdir()
    (folder / "é 1.raw").write_bytes(b"x" * 3_000_000)
    one = item("i", {"raw": f"dcache:///{tmp_path.name}/é 1.raw"})
    report = quietly(one, "raw", str(tmp_path))
    assert report.verified == {"adler32": 1}
    assert (tmp_path / "i/é 1.raw").read_bytes() == b"x" * 3_000_000
    dcache.forget()
    assert quietly(
        item("i", {"raw": f"dcache:///{tmp_path.name}/é 1.raw"}), "raw", str(tmp_path)
    ).skipped
    assert "pool GET" not in dcache.counts()


def test_a_door_of_a_configured_endpoint_needs_no_other_login(dcache: Door, tmp_path: Path) -> None:
    (dcache.root / f"{tmp_path.name}.bin").write_bytes(b"private")
    one = item("i", {"a": dcache.path_url(f"/{tmp_path.name}.bin")})
    assert quietly(one, "a", str(tmp_path)).copied
    assert (tmp_path / "i" / f"{tmp_path.name}.bin").read_bytes() == b"private"


def test_one_that_is_gone_stops_no_other(web: WebFiles, dcache: Door, tmp_path: Path) -> None:
    web.files = {f"/{n}.tif": bytes([n]) * 1000 for n in range(5)}
    items = [item(f"i{n}", {"a": f"{web.url}/{n}.tif?secret={n}"}) for n in range(6)]
    report = quietly(items, "a", f"dcache:///{tmp_path.name}")
    assert len(report.copied) == 5
    (lost,) = report.failed
    assert (lost.job.item, lost.code) == ("i5", "asset_gone")
    for words in (str(report), report._repr_html_()):
        assert "5.tif" in words
        assert "secret" not in words
    with pytest.raises(CopyFailed, match=r"5\.tif was not copied: There is no file"):
        report.raise_for_failures()

    web.files["/5.tif"] = b"late"
    web.asked.clear()
    second = report.retry()
    assert (len(second.copied), second.failed) == (1, [])
    assert {path for _, path, _ in web.asked} == {"/5.tif"}
    assert second.retry().ok


def test_hrefs_change_only_for_what_arrived(web: WebFiles, dcache: Door, tmp_path: Path) -> None:
    web.files = {"/a.tif": b"a" * 100}
    root = f"dcache:///{tmp_path.name}/catalog"
    catalog = pystac.Catalog("c", "d")
    catalog.add_item(item("i", {"a": f"{web.url}/a.tif", "b": f"{web.url}/b.tif"}))
    from rsdat.stac import FsspecStacIO, read_catalog

    catalog.normalize_hrefs(f"dcache://{tmp_path.name}/catalog")
    catalog.save(pystac.CatalogType.SELF_CONTAINED, stac_io=FsspecStacIO())
    opened = read_catalog(f"{root}/catalog.json")
    path = dcache.root / tmp_path.name / "catalog/i/i.json"
    value = json.loads(path.read_text())
    value["unknown to PySTAC"] = {"stays": True}
    path.write_text(json.dumps(value))

    report = quietly(opened, None, root, update_catalog=True)
    assert (len(report.copied), len(report.failed), report.problems) == (1, 1, {})
    (held,) = opened.get_items(recursive=True)
    assert held.assets["a"].href == "./a.tif"
    assert held.assets["b"].href == f"{web.url}/b.tif"
    saved = json.loads(path.read_text())
    assert saved["assets"]["a"]["href"] == "./a.tif"
    assert saved["assets"]["b"]["href"] == f"{web.url}/b.tif"
    assert saved["unknown to PySTAC"] == {"stays": True}

    web.files["/b.tif"] = b"b"
    assert report.retry().copied
    assert json.loads(path.read_text())["assets"]["b"]["href"] == "./b.tif"
    # Now they are where they should be: nothing is asked for, nothing is copied.
    web.asked.clear()
    last = quietly(read_catalog(f"{root}/catalog.json"), None, root, update_catalog=True)
    assert (len(last.skipped), web.asked) == (2, [])


def test_a_catalog_of_what_arrived(web: WebFiles, dcache: Door, tmp_path: Path) -> None:
    web.files = {"/a.tif": b"a", "/b.tif": b"b"}
    to = f"dcache:///{tmp_path.name}/new"
    one = item("i/1", {"a": f"{web.url}/a.tif", "b": f"{web.url}/b.tif"})
    one.collection_id = "sentinel"
    report = quietly(one, "a", to, write_catalog="my copies")
    assert report.ok, report
    assert report.catalog == f"dcache://{tmp_path.name}/new/catalog.json"
    quietly(item("i2", {"a": f"{web.url}/a.tif"}), "a", to, write_catalog=True)

    from rsdat.stac import read_catalog

    catalog = read_catalog(report.catalog)
    assert catalog.id == "my copies"
    found = {each.id: each for each in catalog.get_items()}
    assert set(found) == {"i/1", "i2"}
    first = found["i/1"]
    assert first.assets["a"].href == "./a.tif"
    assert first.assets["b"].href == f"{web.url}/b.tif"
    # The first collection has plain names here, and others, or none, are told apart from it.
    there = names(dcache, f"{tmp_path.name}/new")
    noted = [".rsdat-copies.json", ".rsdat-copies~sentinel"]
    assert there == [*noted, "catalog.json", "i=2F1", "~i2"]

    # Another copy of other assets forgets nothing of the first.
    assert quietly(one, "b", to, write_catalog=True).copied
    first = next(read_catalog(report.catalog).get_items("i/1"))
    assert {key: asset.href for key, asset in first.assets.items()} == {
        "a": "./a.tif",
        "b": "./b.tif",
    }

    # Without assets only the catalog is written, its assets where they were.
    alone = quietly(item("i3", {"a": f"{web.url}/a.tif"}), [], to, write_catalog=True)
    assert (alone.copied, alone.ok) == ([], True)
    third = next(read_catalog(report.catalog).get_items("i3"))
    assert third.assets["a"].href == f"{web.url}/a.tif"


def test_bounded_over_all_and_for_each_host(web: WebFiles, tmp_path: Path) -> None:
    import threading

    web.files = {f"/{n}": b"x" for n in range(24)}
    gate = threading.Barrier(3)

    def wait_for_others(_handler: Any) -> bool:
        # Only if three are there at once does any of them go on.
        gate.wait(20)
        return False

    web.spoil = wait_for_others
    items = [item(f"i{n}", {"a": f"{web.url}/{n}"}) for n in range(24)]
    report = quietly(items, "a", str(tmp_path), max_concurrency=12, per_host=3)
    assert report.ok
    assert web.most_at_once == 3


def test_in_a_notebook_whose_loop_runs(web: WebFiles, tmp_path: Path) -> None:
    web.files["/a"] = b"x"

    async def cell() -> Any:
        return quietly(item("i", {"a": f"{web.url}/a"}), "a", str(tmp_path))

    assert asyncio.run(cell()).ok


def test_a_search_is_read_as_it_is_copied(web: WebFiles, tmp_path: Path) -> None:
    web.files = {f"/{n}": b"x" for n in range(400)}
    given: list[int] = []

    class Search:
        def items(self) -> Iterator[pystac.Item]:
            for n in range(400):
                given.append(n - len([1 for verb, _, _ in web.asked if verb == "GET"]))
                yield item(f"i{n}", {"a": f"{web.url}/{n}"})

    assert len(quietly(Search(), "a", str(tmp_path), max_concurrency=2).copied) == 400
    assert max(given) < 60


def test_signatures_are_made_when_they_are_needed(web: WebFiles, tmp_path: Path) -> None:
    web.files = {f"/{n}": b"x" for n in range(4)}
    good = {"now": "1"}

    def check(handler: Any) -> bool:
        if handler.path.partition("?sig=")[2] != good["now"]:
            handler.plain(403)
            return True
        # The signature ends with each file.
        good["now"] = str(int(good["now"]) + 1) if handler.command == "GET" else good["now"]
        return False

    def sign(one: pystac.Item) -> None:
        for asset in one.assets.values():
            asset.href += f"?sig={good['now']}"

    web.spoil = check
    one = item("i", {str(n): f"{web.url}/{n}" for n in range(4)})
    report = quietly(one, None, str(tmp_path), modifier=sign, max_concurrency=1)
    assert report.ok, report
    assert "?" not in one.assets["0"].href
    assert sorted(each.name for each in (tmp_path / "i").iterdir()) == ["0", "1", "2", "3"]


@pytest.mark.parametrize("to", ["https://example.org/x", None])
def test_where_nothing_can_be_written(to: str | None) -> None:
    with pytest.raises(InvalidInput):
        quietly([], None, to)


def test_a_broken_catalog_costs_only_what_is_behind_its_link(web: WebFiles, tmp_path: Path) -> None:
    web.files["/a"] = b"x"
    catalog = pystac.Catalog("c", "d")
    for n in range(2):
        catalog.add_item(item(f"i{n}", {"a": f"{web.url}/a"}))
    catalog.normalize_and_save(str(tmp_path / "cat"), pystac.CatalogType.SELF_CONTAINED)
    (tmp_path / "cat/i0/i0.json").write_text("{")
    report = quietly(str(tmp_path / "cat/catalog.json"), "a", str(tmp_path / "to"))
    assert (len(report.copied), len(report.failed)) == (1, 1)
    assert "i0.json" in report.failed[0].job.source


def test_the_bar(web: WebFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    web.files["/a"] = b"x"
    copy_assets(item("i", {"a": f"{web.url}/a"}), "a", str(tmp_path))
    assert "1/1" in capsys.readouterr().err
    quietly(item("i", {"a": f"{web.url}/a"}), "a", str(tmp_path))
    assert capsys.readouterr().err == ""


def test_hashes_of_items() -> None:
    from rsdat.stac.copying.sums import from_multihash

    data = b"abc"
    for kind in ("md5", "sha1", "sha256", "sha512"):
        assert from_multihash(multihash(kind, data)) == {kind: hashlib.new(kind, data).hexdigest()}
    for nonsense in ("", "zz", None, 5, "1220abcd", hashlib.md5(data).hexdigest()):
        assert from_multihash(nonsense) == {}


def test_items_are_not_copied_faster_than_they_are_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else all of 100 000 would wait in memory."""
    (tmp_path / "a").write_bytes(b"x")
    most = 0
    change = Places.change

    async def slowly(self: Places, *args: Any, **options: Any) -> None:
        nonlocal most
        most = max(most, len(asyncio.all_tasks()))
        await asyncio.sleep(0.1)
        await change(self, *args, **options)

    monkeypatch.setattr(Places, "change", slowly)
    monkeypatch.setattr(keeper, "_SAVES_WAIT", 10)
    items = [item(f"i{n}", {"a": str(tmp_path / "a")}) for n in range(160)]
    to = tmp_path / "to"
    report = copy_assets(items, "a", str(to), write_catalog=True, progress=False)
    assert len(report.copied) == 160
    assert most < 80
    assert len(list(to.glob("*/*.json"))) == 160
