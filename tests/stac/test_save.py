"""Saving: in the right order, each file whole, killed at any moment, nothing written twice."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pystac
import pytest

from rsdat.base.errors import Conflict, InvalidInput
from rsdat.demo.sample import make_radar_stack, put_sentinel2_scene
from rsdat.stac import Catalog, Collection, FsspecStacIO, Item, add_item, read_catalog
from rsdat.stac.hrefs import absolute, resolve
from rsdat.stac.store import filesystem_of, read_text
from tests.support.door import Door

DAY = datetime(2024, 1, 1, tzinfo=timezone.utc)


def make_item(item_id: str, **properties: Any) -> pystac.Item:
    return pystac.Item(item_id, None, None, DAY, properties)


def make_catalog(items: int, **properties: Any) -> Catalog:
    catalog = Catalog("many", "Many items.")
    collection = Collection(
        "all",
        "All of them.",
        pystac.Extent(
            pystac.SpatialExtent([[-180, -90, 180, 90]]), pystac.TemporalExtent([[DAY, None]])
        ),
    )
    catalog.add_child(collection)
    collection.add_items(make_item(f"item-{i}", **properties) for i in range(items))
    return catalog


def files_below(href: str) -> dict[str, bytes]:
    filesystem, path = filesystem_of(href)
    found: dict[str, bytes] = filesystem.cat(list(filesystem.find(path)))
    return {name: data for name, data in found.items() if "/." not in name}


@pytest.mark.parametrize("kind", [None, "SELF_CONTAINED", "RELATIVE_PUBLISHED"])
def test_there_and_back(base: str, kind: str | None) -> None:
    catalog = make_catalog(5)
    catalog.normalize_and_save(f"{base}/out", kind)

    again = read_catalog(f"{base}/out/catalog.json")

    assert [item.id for item in again.get_items(recursive=True)] == [f"item-{i}" for i in range(5)]
    item = again.get_item("item-3", recursive=True)
    assert item is not None
    assert item.self_href == absolute(f"{base}/out/all/item-3/item-3.json")
    assert item.get_collection().id == "all"
    assert item.get_root() is again
    links = json.loads(read_text(item.self_href))["links"]
    assert all(
        ("://" in link["href"] or link["href"][0] == "/") == (kind is None) for link in links
    )


_SLIDES = """
from rsdat.stac import Catalog, copy_asset, get_asset

catalog = Catalog.from_file("dcache://slides/from/catalog.json")
catalog.normalize_and_save("dcache://slides/to")
copy_asset(catalog, "red", update_catalog=True)
blue = get_asset(catalog, "blue", "S2-18SVG-coast")

import dask
import pystac
from pystac.stac_io import DefaultStacIO

assert type(pystac.StacIO.default()) is DefaultStacIO
assert dask.is_dask_collection(blue)
print(blue.dims, blue.spatial_ref.attrs["crs_wkt"][:6])
print(float(blue.x[1] - blue.x[0]), float(blue.mean()) > 100)
"""


def test_the_slides_code(dcache: Door) -> None:
    """With nothing but the import changed, in a process that knows nothing else."""
    put_sentinel2_scene(str(dcache.root / "slides/from"))
    done = subprocess.run(
        [sys.executable, "-c", _SLIDES], timeout=120, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["('y', 'x') PROJCS", "10.0 True"]
    again = Catalog.from_file("dcache:///slides/to/catalog.json")
    [item] = again.get_items(recursive=True)
    # What was not copied stays where it is, and is found from the new place.
    filesystem, path = filesystem_of(resolve(item.assets["blue"].href, item.self_href))
    assert path.startswith("/slides/from/")
    assert filesystem.exists(path)
    assert len(list((dcache.root / "slides/to").rglob("B04.tif"))) == 1


@pytest.mark.parametrize("name", ["run.2024", "v1.2/", "out/catalog.json"])
def test_folders_that_look_like_files(base: str, name: str) -> None:
    make_catalog(1).normalize_and_save(f"{base}/{name}")
    place = name.rstrip("/").removesuffix("/catalog.json")
    assert len(list(read_catalog(f"{base}/{place}/catalog.json").get_items(recursive=True))) == 1


def test_assets_are_found_from_the_new_place(base: str) -> None:
    catalog = read_catalog(put_sentinel2_scene(f"{base}/from #1?"))
    catalog.normalize_and_save(f"{base}/to", "SELF_CONTAINED")
    again = read_catalog(f"{base}/to/catalog.json")
    item = next(again.get_items(recursive=True))

    filesystem, path = filesystem_of(resolve(item.assets["blue"].href, item.self_href))
    assert filesystem.size(path) > 100


@pytest.mark.parametrize("item_id", ["a/../../b", "..", "/etc/x"])
def test_ids_that_lead_out(base: str, item_id: str) -> None:
    catalog = Catalog("c", "")
    catalog.add_item(make_item(item_id))
    with pytest.raises(InvalidInput, match="name of a file"):
        catalog.normalize_and_save(f"{base}/out")


def test_odd_ids(base: str) -> None:
    catalog = Catalog("c", "")
    names = ["a b", "c#1", "d?x", "50%41", "e+f&g", "é", "日本", "h;i"]
    catalog.add_items(make_item(name) for name in names)
    catalog.normalize_and_save(f"{base}/out", "SELF_CONTAINED")
    again = read_catalog(f"{base}/out/catalog.json")
    assert [item.id for item in again.get_items()] == names
    assert again.get_item("d?x").id == "d?x"  # type: ignore[union-attr]


def test_saved_without_a_place() -> None:
    with pytest.raises(InvalidInput, match="no place"):
        make_catalog(1).save("SELF_CONTAINED")


def test_to_another_folder(base: str) -> None:
    """`dest_href` as PySTAC's: what is in memory keeps its own place."""
    catalog = make_catalog(2)
    catalog.normalize_and_save(f"{base}/one", "SELF_CONTAINED")
    catalog.save("SELF_CONTAINED", dest_href=f"{base}/two")
    assert catalog.self_href == absolute(f"{base}/one/catalog.json")
    one, two = (files_below(f"{base}/{name}") for name in ("one", "two"))
    assert len(one) == 4
    assert [name.replace("/one/", "/two/") for name in one] == list(two)
    assert list(one.values()) == list(two.values())


def test_one_item_alone(base: str) -> None:
    catalog = make_catalog(2)
    catalog.normalize_and_save(f"{base}/a #1?", "SELF_CONTAINED")
    before = files_below(f"{base}/a #1?")
    again = read_catalog(f"{base}/a #1?/catalog.json")
    item = again.get_item("item-1", recursive=True)
    assert item is not None
    item.save_object(include_self_link=False)
    assert files_below(f"{base}/a #1?") == before
    item.properties["more"] = 1
    item.save_object(include_self_link=False)
    after = files_below(f"{base}/a #1?")
    assert [name.rpartition("/")[2] for name in after if after[name] != before[name]] == [
        "item-1.json"
    ]


def test_one_catalog_alone(base: str) -> None:
    """What we wrote ourselves is not taken for somebody else's; what others wrote is."""
    make_catalog(1).normalize_and_save(f"{base}/c", "SELF_CONTAINED")
    catalog = read_catalog(f"{base}/c/catalog.json")
    catalog.title = "first"
    catalog.save_object(include_self_link=False)
    assert "first" in read_text(f"{base}/c/catalog.json")
    catalog.title = "second"
    catalog.save()
    assert "second" in read_text(f"{base}/c/catalog.json")
    add_item(f"{base}/c/catalog.json", make_item("theirs"))
    catalog.title = "third"
    with pytest.raises(Conflict, match="somebody else"):
        catalog.save_object(include_self_link=False)
    assert "theirs" in read_text(f"{base}/c/catalog.json")


def test_numbers_that_json_has_not(tmp_path: Path) -> None:
    """Nobody else could read NaN; numpy's numbers are numbers."""
    catalog = Catalog("c", "")
    catalog.add_item(make_item("a", nan=float("nan"), mean=np.float32(1.5), seen=np.bool_(True)))
    catalog.normalize_and_save(str(tmp_path), "SELF_CONTAINED")

    def never(name: str) -> None:
        raise AssertionError(name)

    value = json.loads((tmp_path / "a/a.json").read_text(encoding="utf-8"), parse_constant=never)
    assert value["properties"]["nan"] is None
    assert value["properties"]["mean"] == 1.5
    assert value["properties"]["seen"] is True


def test_what_has_no_form_in_json(tmp_path: Path) -> None:
    catalog = Catalog("c", "")
    catalog.add_item(make_item("a", what=object()))
    with pytest.raises(InvalidInput, match=r"'a'.*JSON"):
        catalog.normalize_and_save(str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_private_files_stay_private(tmp_path: Path) -> None:
    make_catalog(1).normalize_and_save(str(tmp_path), "SELF_CONTAINED")
    private = [tmp_path / "catalog.json", tmp_path / "all/item-0/item-0.json"]
    for path in private:
        path.chmod(0o600)
    catalog = read_catalog(tmp_path / "catalog.json")
    catalog.title = "new"
    next(catalog.get_items(recursive=True)).properties["new"] = 1
    catalog.save()
    for path in private:
        assert "new" in path.read_text(encoding="utf-8")
        assert path.stat().st_mode & 0o777 == 0o600


def test_pystac_reads_what_we_write(tmp_path: Path) -> None:
    """And validates it, where it is right by itself: local files with plain names."""
    make_catalog(3).normalize_and_save(str(tmp_path), "SELF_CONTAINED")
    catalog = pystac.Catalog.from_file(str(tmp_path / "catalog.json"))
    assert len(list(catalog.get_items(recursive=True))) == 3
    assert all(type(item) is pystac.Item for item in catalog.get_items(recursive=True))


def test_as_pystac_itself_saves(tmp_path: Path) -> None:
    """The same JSON, link by link."""
    make_radar_stack(str(tmp_path / "from"), n=2, size=4)
    for kind in ("SELF_CONTAINED", "RELATIVE_PUBLISHED", "ABSOLUTE_PUBLISHED"):
        ours = read_catalog(str(tmp_path / "from/catalog.json"))
        ours.normalize_and_save(str(tmp_path / "out"), kind)
        mine = files_below(str(tmp_path / "out"))
        theirs = pystac.Catalog.from_file(str(tmp_path / "from/catalog.json"))
        theirs.normalize_and_save(str(tmp_path / "out"), pystac.CatalogType(kind))
        other = files_below(str(tmp_path / "out"))
        assert {k: json.loads(v) for k, v in mine.items()} == {
            k: json.loads(v) for k, v in other.items()
        }


# ---------------------------------------------------------------- order, and only what changed


def test_leaves_first_root_last(dcache: Door) -> None:
    dcache.forget()
    make_catalog(20).normalize_and_save("dcache://order", "SELF_CONTAINED")
    moved = [r["path"] for r in dcache.requests("redirect", "MOVE")]
    placed = [r["path"] for r in dcache.requests("frontend", "POST")]
    assert len([path for path in moved if "item-" in path]) == 20
    # Catalogs are made under a lock, whose folder is moved; the collection's before the root's.
    locks = [path for path in moved if path.endswith(".lock")]
    assert len(locks) == 2
    assert "/order/all/" in locks[0]
    assert "/all/" not in locks[1]
    assert moved.index(locks[0]) >= 20
    assert placed


def test_what_is_unchanged_is_not_written(dcache: Door) -> None:
    make_catalog(20).normalize_and_save("dcache://again", "SELF_CONTAINED")
    catalog = read_catalog("dcache://again/catalog.json")
    items = list(catalog.get_items(recursive=True))
    catalog.save()
    items[7].properties["changed"] = True
    dcache.forget()
    catalog.save()
    written = {r["path"].rpartition("/")[0] for r in dcache.requests("redirect", "PUT")}
    assert {path.rpartition("/")[2] for path in written} == {"item-7"}


def test_files_on_tape_are_not_waited_for(dcache: Door) -> None:
    """An item whose file is on tape can't be compared: it is written anew."""
    folder = f"tape-{time.monotonic_ns()}"
    make_catalog(2).normalize_and_save(f"dcache://{folder}", "SELF_CONTAINED")
    catalog = read_catalog(f"dcache://{folder}/catalog.json")
    assert len(list(catalog.get_items(recursive=True))) == 2
    dcache.set_file(f"/{folder}/all/item-0/item-0.json", locality="NEARLINE")
    catalog.save()
    again = read_catalog(f"dcache://{folder}/catalog.json")
    assert len(list(again.get_items(recursive=True))) == 2


def test_nothing_asked_more_than_needed(dcache: Door) -> None:
    """A new item: is it there, its folder, up (to door and pool), compare, rename."""
    dcache.forget()
    make_catalog(40).normalize_and_save("dcache://counted", "SELF_CONTAINED")
    asked = [r for r in dcache.requests() if "item-" in r["path"]]
    assert len(asked) <= 40 * 7


def test_many_at_once(dcache: Door) -> None:
    """The door takes its time: twelve wait together, and not one after the other."""
    catalog = make_catalog(36)
    dcache.fault("delay", server="redirect", method="PUT", seconds=0.3, times=10_000)
    catalog.normalize_and_save("dcache://slow", "SELF_CONTAINED")
    assert 6 <= dcache.most()["redirect PUT"] <= 12
    dcache.forget()


def test_reading_many_at_once(dcache: Door) -> None:
    make_catalog(40).normalize_and_save("dcache://slowly", "SELF_CONTAINED")
    catalog = read_catalog("dcache://slowly/catalog.json")
    dcache.fault("delay", server="redirect", method="GET", seconds=0.2, times=10_000)
    assert len(list(catalog.get_items(recursive=True))) == 40
    assert 6 <= dcache.most()["redirect GET"] <= 12
    dcache.forget()


def test_the_first_item_costs_one_file(dcache: Door) -> None:
    make_catalog(40).normalize_and_save("dcache://first", "SELF_CONTAINED")
    catalog = read_catalog("dcache://first/catalog.json")
    dcache.forget()
    next(catalog.get_items(recursive=True))
    assert len(dcache.requests("redirect", "GET")) == 2  # and the collection
    dcache.forget()
    assert read_catalog("dcache://first/catalog.json").get_item("item-33", recursive=True)
    assert len(dcache.requests("redirect", "GET")) == 3


# ---------------------------------------------------------------- other people, bad days


def test_what_others_added_is_not_overwritten(base: str) -> None:
    make_catalog(1).normalize_and_save(f"{base}/c", "SELF_CONTAINED")
    catalog = read_catalog(f"{base}/c/catalog.json")
    catalog.title = "mine"
    add_item(f"{base}/c/catalog.json", make_item("theirs"))
    with pytest.raises(Conflict, match="somebody else"):
        catalog.save()
    assert "theirs" in read_text(f"{base}/c/catalog.json")
    catalog.save(overwrite=True)
    assert "mine" in read_text(f"{base}/c/catalog.json")


def test_two_begin_one_catalog(dcache: Door) -> None:
    """Nothing was there when we began; what is there in the end is theirs, and stays."""
    folder = f"begun-{time.monotonic_ns()}"
    href = f"dcache://{folder}"
    ours, theirs = Catalog("c", "ours"), Catalog("c", "theirs")
    ours.add_item(make_item("a"))
    theirs.add_item(make_item("b"))
    # Our item takes its time, and the catalog comes after it.
    dcache.fault("delay", server="redirect", method="PUT", prefix=f"/{folder}/a/", seconds=8)
    with ThreadPoolExecutor(1) as pool:
        saving = pool.submit(ours.normalize_and_save, href, "SELF_CONTAINED")
        ends = time.monotonic() + 20
        while not any(f"{folder}/a" in r["path"] for r in dcache.requests("frontend")):
            assert time.monotonic() < ends
            time.sleep(0.02)
        theirs.normalize_and_save(href, "SELF_CONTAINED")
        with pytest.raises(Conflict, match="somebody else"):
            saving.result(60)
    assert [item.id for item in read_catalog(f"{href}/catalog.json").get_items()] == ["b"]
    ours.save(overwrite=True)
    assert [item.id for item in read_catalog(f"{href}/catalog.json").get_items()] == ["a"]


def test_paths_are_taken(tmp_path: Path) -> None:
    make_catalog(1).normalize_and_save(tmp_path / "out", "SELF_CONTAINED")
    assert read_catalog(tmp_path / "out" / "catalog.json").id == "many"


def test_a_failed_save_leaves_the_root(dcache: Door) -> None:
    make_catalog(3).normalize_and_save("dcache://failing", "SELF_CONTAINED")
    before = (dcache.root / "failing/catalog.json").read_bytes()
    catalog = read_catalog("dcache://failing/catalog.json")
    catalog.title = "new"
    for item in catalog.get_items(recursive=True):
        item.properties["v"] = 2
    dcache.fault("no_space", method="PUT", times=10_000)
    with pytest.raises(OSError, match=r"(?i)space|full|quota"):
        catalog.save()
    dcache.forget()
    assert (dcache.root / "failing/catalog.json").read_bytes() == before
    assert len(list(read_catalog("dcache://failing/catalog.json").get_items(recursive=True))) == 3


SAVER = """
import sys
import time
from rsdat.stac import read_catalog
catalog = read_catalog(sys.argv[1])
version = int(sys.argv[2])
catalog.title = f"version {version}"
for item in catalog.get_items(recursive=True):
    item.properties["version"] = version
print("ready", flush=True)
sys.stdin.readline()
start = time.monotonic()
catalog.save()
print(time.monotonic() - start, flush=True)
"""


def save_elsewhere(href: str, version: int, kill_after_s: float | None) -> float | None:
    """A process that saves; how long that took, None if it did not come to its end."""
    process = subprocess.Popen(
        [sys.executable, "-c", SAVER, href, str(version)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("\n")
        process.stdin.flush()
        if kill_after_s is not None:
            time.sleep(kill_after_s)  # the moment is the point of the test
            process.send_signal(signal.SIGKILL)
        said = process.stdout.readline()
        return float(said) if said else None
    finally:
        process.kill()
        process.wait(30)
        process.stdin.close()
        process.stdout.close()


@pytest.mark.parametrize("where", ["local", "dcache"])
def test_killed_at_any_moment(where: str, dcache: Door, tmp_path: Path) -> None:
    """The catalog is whole, every item of it is there, old or new."""
    name = f"killed-{time.monotonic_ns()}"
    href = f"{tmp_path / name}" if where == "local" else f"dcache://{name}"
    make_catalog(30, version=0).normalize_and_save(href, "SELF_CONTAINED")
    whole_s = save_elsewhere(f"{href}/catalog.json", 1, None)
    assert whole_s is not None
    moments = random.Random(name)
    killed = 0
    for version in range(2, 8):
        done = save_elsewhere(f"{href}/catalog.json", version, moments.uniform(0, whole_s))
        killed += done is None
        if done is not None:  # the first may have been slower than the others
            whole_s = min(whole_s, done)
        catalog = read_catalog(f"{href}/catalog.json")
        versions = [item.properties["version"] for item in catalog.get_items(recursive=True)]
        assert len(versions) == 30
        assert set(versions) <= set(range(version + 1))
        # The root tells the truth: it is written last.
        if catalog.title == f"version {version}":
            assert set(versions) == {version}
    assert killed


def test_options_stay_with_the_catalog(stac_door: Door, tmp_path: Path) -> None:
    """No default endpoint knows this dCache; children, items and saves find it all the same."""
    folder = f"mine-{time.monotonic_ns()}"
    options = {"api_url": stac_door.api_url, "webdav_url": stac_door.webdav_url}
    secret = {**options, "token": stac_door.token}
    make_catalog(3).normalize_and_save(
        f"dcache://{folder}", "SELF_CONTAINED", storage_options=secret
    )
    catalog = Catalog.from_file(f"dcache://{folder}/catalog.json", storage_options=secret)
    item = next(catalog.get_items(recursive=True))
    assert isinstance(item, Item)
    filesystem, path = filesystem_of(item.self_href, item)
    assert filesystem.exists(path)
    item.properties["more"] = 1
    catalog.save()
    assert b'"more"' in (stac_door.root / folder / "all/item-0/item-0.json").read_bytes()
    by_protocol = read_catalog(
        f"dcache://{folder}/catalog.json", storage_options={"dcache": secret}
    )
    assert len(list(by_protocol.get_items(recursive=True))) == 3
    fs = fsspec.filesystem("dcache", **secret)
    given = Catalog.from_file(
        f"dcache://{folder}/catalog.json", stac_io=FsspecStacIO(filesystem=fs)
    )
    assert len(list(given.get_items(recursive=True))) == 3
