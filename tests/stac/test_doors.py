"""Catalogs that name files by the https address of dCache's door: read with its credential."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import cloudpickle
import dask
import numpy as np
import pytest

from rsdat.base.errors import InvalidInput, NoCredential, OnTape
from rsdat.base.files import write_json
from rsdat.demo.sample import make_radar_stack, mean_amplitude
from rsdat.stac import copy_asset, copy_assets, get_asset, open_asset, open_stack, read_catalog
from rsdat.stac import items as list_items
from rsdat.stac.doors import in_dcache
from rsdat.stac.store import WITHHELD, filesystem_of, read_text
from tests.support.copies import item
from tests.support.dcache import in_another_process
from tests.support.door import Door
from tests.support.webfiles import web_files

N, SIZE = 3, 64


@pytest.fixture(scope="module")
def data(stac_door: Door) -> Door:
    """A radar stack whose catalog says https, as a catalog of stac2dcache's does."""
    folder = stac_door.root / "doors"
    make_radar_stack(str(folder), n=N, size=SIZE)
    base = f"{stac_door.webdav_url}/doors/slc-stack"
    for file in folder.glob("slc-stack/*/*.json"):
        value = json.loads(file.read_text())
        for asset in value["assets"].values():
            asset["href"] = f"{base}/{file.parent.name}/{asset['href'].removeprefix('./')}"
        file.write_text(json.dumps(value))
    (folder / "a #1 é.txt").write_text("odd")
    return stac_door


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    with dask.config.set(scheduler="synchronous"):
        yield


def address(door: Door) -> str:
    return f"{door.webdav_url}/doors/catalog.json"


def test_it_is_read_stacked_and_copied(data: Door, dcache: Door, tmp_path: Path) -> None:
    catalog = read_catalog(address(dcache))
    items = sorted(catalog.get_items(recursive=True), key=lambda item: item.id)
    assert len(items) == N
    assert all(item.assets["slc"].href.startswith(dcache.webdav_url) for item in items)

    stack: Any = open_stack(catalog, "slc")
    np.testing.assert_allclose(abs(stack).mean("time"), mean_amplitude(SIZE), rtol=1e-4)
    one: Any = get_asset(items[0], "slc")
    np.testing.assert_array_equal(one.values, stack[0].values)

    report = copy_assets(catalog, "slc", to=str(tmp_path / "copy"), progress=False)
    assert [outcome.verified for outcome in report.copied] == ["adler32"] * N


def test_copies_go_to_it(data: Door, dcache: Door) -> None:
    """By the address of a door that is configured, or with a file system that has it."""
    place = f"{dcache.webdav_url}/copied"
    report = copy_assets(address(dcache), "slc", to=place, write_catalog=True, progress=False)
    assert len(report.copied) == N
    assert report.ok, report
    copies = sorted((dcache.root / "copied").glob("*/slc.raw"))
    assert len(copies) == N
    assert len(list_items("dcache:///copied/catalog.json")) == N

    said = {"api_url": dcache.api_url, "webdav_url": dcache.webdav_url, "token": dcache.token}
    mine = filesystem_of("dcache://x", {"dcache": said})[0]
    copy_asset(
        read_catalog(address(dcache)),
        "slc",
        to_uri=f"{dcache.webdav_url}/handed",
        filesystem_from=mine,
        filesystem_to=mine,
        progress=False,
    )
    assert len(list((dcache.root / "handed").glob("*/slc.raw"))) == N
    # Another door's address is not taken for a path at this one.
    elsewhere = f"{dcache.webdav_url.replace('127.0.0.1', 'localhost')}/handed"
    with pytest.raises(InvalidInput, match="an address, not a path"):
        copy_asset(address(dcache), "slc", to_uri=elsewhere, filesystem_to=mine, progress=False)


def test_all_items_by_an_index(data: Door, dcache: Door) -> None:
    """Also where the links, too, are the door's web addresses."""
    assert len(list_items(address(dcache))) == N
    folder = dcache.root / "linked"
    folder.mkdir()
    child = f"{dcache.webdav_url}/doors/slc-stack/collection.json"
    links = [{"rel": "child", "href": child}]
    catalog = {"type": "Catalog", "id": "c", "stac_version": "1.0.0", "links": links}
    (folder / "catalog.json").write_text(json.dumps({**catalog, "description": ""}))
    found = list_items("dcache:///linked/catalog.json")
    assert sorted(item.id for item in found) == sorted(
        item.id for item in list_items(address(dcache))
    )


def test_tape_is_found_before_compute(data: Door, dcache: Door) -> None:
    path = "/" + str(
        next((dcache.root / "doors").glob("slc-stack/*/slc.raw")).relative_to(dcache.root)
    )
    dcache.set_file(path, locality="NEARLINE")
    try:
        with pytest.raises(OnTape, match="1 of 3 files"):
            open_stack(address(dcache), "slc")
    finally:
        dcache.set_file(path, locality="ONLINE")


def test_tables_by_other_libraries_too(data: Door, dcache: Door) -> None:
    pytest.importorskip("dask.dataframe")
    (dcache.root / "doors" / "table.csv").write_text("a,b\n1,2\n")
    item = next(iter(read_catalog(address(dcache)).get_items(recursive=True)))
    item.assets["slc"].href = f"{dcache.webdav_url}/doors/table.csv"
    table = open_asset(item, "slc", media_type="text/csv")
    assert table.compute().to_dict("list") == {"a": [1], "b": [2]}


def test_a_worker_uses_its_own_credential_and_none_travels(
    data: Door, dcache: Door, tmp_path: Path
) -> None:
    home = tmp_path / "worker-home"
    dcache.write_endpoint(home)
    options = {
        "dcache": {
            "api_url": dcache.api_url,
            "webdav_url": dcache.webdav_url,
            "token": dcache.token,
        }
    }
    for said in (None, options):
        stack: Any = open_stack(address(dcache), "slc", storage_options=said)
        pickled = cloudpickle.dumps(stack.data)
        assert dcache.token.encode() not in pickled
        file = tmp_path / "graph"
        file.write_bytes(pickled)
        code = (
            "import cloudpickle, pathlib\n"
            f"stack = cloudpickle.loads(pathlib.Path({str(file)!r}).read_bytes())\n"
            "print(abs(stack.compute(scheduler='synchronous')).sum())"
        )
        there = float(in_another_process(home, code))
        assert there == pytest.approx(float(abs(stack.values).sum()), rel=1e-6)


def test_options_of_dcache_are_for_its_door_and_don_t_travel_as_text(
    data: Door, dcache: Door, tmp_path: Path
) -> None:
    (tmp_path / "rsdat-home" / "endpoints.json").unlink()
    said = {"api_url": dcache.api_url, "webdav_url": dcache.webdav_url, "token": dcache.token}
    stack: Any = open_stack(address(dcache), "slc", storage_options={"dcache": said})
    assert np.isfinite(stack.values).all()
    elsewhere = cloudpickle.loads(cloudpickle.dumps(stack.data))
    with pytest.raises(NoCredential, match="does not travel"):
        elsewhere.compute()


def test_names_are_decoded_as_the_web_encodes_them(data: Door, dcache: Door) -> None:
    assert read_text(f"{dcache.webdav_url}/doors/{quote('a #1 é.txt')}") == "odd"


def test_nobody_else_gets_it(dcache: Door, tmp_path: Path) -> None:
    """Another host, port, scheme or path prefix is a web page; so is a signed address."""
    home = tmp_path / "rsdat-home"
    token_file = str(home / "default.token")
    write_json(
        home / "endpoints.json",
        {
            "endpoints": [
                {
                    "name": "spider",
                    "api_url": "https://dcacheview.example.org:3880/api/v1",
                    "webdav_url": "https://webdav.example.org:2880/pre",
                    "token_file": token_file,
                }
            ]
        },
        format_version=1,
    )
    door = "https://webdav.example.org:2880/pre"
    assert in_dcache(f"{door}/pnfs/a%20b", {}) == ("dcache://pnfs/a b", {"endpoint": "spider"})
    assert in_dcache("https://WEBDAV.example.org:2880/pre/x", {}) is not None
    other = [
        "https://webdav.example.org:2881/pre/x",
        "https://webdav.example.org/pre/x",
        "http://webdav.example.org:2880/pre/x",
        "https://webdav.example.org.evil.org:2880/pre/x",
        "https://webdav.example.org:2880@evil.org/pre/x",
        "https://me@webdav.example.org:2880/pre/x",
        "https://webdav.example.org:2880/prefix/x",
        "https://webdav.example.org:2880/x",
        f"{door}/x?authz=secret",
        "https://webdav.example.org:port/pre/x",
        "dcache://pre/x",
        "/pre/x",
    ]
    assert [href for href in other if in_dcache(href, {}) is not None] == []
    # Said for https: it counts.
    assert in_dcache(f"{door}/x", {"https": {"headers": {}}}) is None
    # A login alone is for the default endpoint, and one that did not travel stays away.
    for login in ({"token": "t"}, {WITHHELD: True}):
        assert in_dcache(f"{door}/x", {"dcache": login}) == ("dcache://x", login)
    with pytest.raises(NoCredential, match="does not travel"):
        filesystem_of(f"{door}/x", {"dcache": {WITHHELD: True}})
    by_api = {"api_url": "https://dcacheview.example.org:3880/api/v1/", "token": "t"}
    assert in_dcache(f"{door}/x", {"dcache": by_api}) == ("dcache://x", by_api)
    # Of another dCache: it is for that one's door.
    elsewhere = {"webdav_url": "https://other.example.org:2880", "token": "t"}
    assert in_dcache(f"{door}/x", {"dcache": elsewhere}) == (
        "dcache://x",
        {"endpoint": "spider"},
    )


def test_another_host_is_asked_without_it(dcache: Door, tmp_path: Path) -> None:
    seen: list[str | None] = []
    with web_files() as web:
        web.files["/x.txt"] = b"hello"

        def look(handler: Any) -> bool:
            seen.append(handler.headers.get("Authorization"))
            return False

        web.spoil = look
        filesystem, path = filesystem_of(f"{web.url}/x.txt")
        assert filesystem.cat_file(path) == b"hello"
        one = item("one", {"x": f"{web.url}/x.txt"})
        copy_assets([one], to=str(tmp_path / "to"), progress=False).raise_for_failures()
    assert len(seen) >= 2
    assert set(seen) == {None}


def test_a_refused_token_is_not_shown_again_and_again(
    data: Door, dcache: Door, tmp_path: Path
) -> None:
    """What fails at the door of dCache stops the others, as with dcache:// addresses."""
    items = [item(f"i{n}", {"x": f"{dcache.webdav_url}/doors/f{n}"}) for n in range(20)]
    (tmp_path / "rsdat-home" / "default.token").write_text("wrong")
    dcache.forget()
    report = copy_assets(items, to=str(tmp_path / "to"), progress=False, retries=0)
    assert len(report.failed) == 20
    refused = [each for each in dcache.requests() if each["status"] in (401, 429)]
    assert len(refused) <= 2
    not_tried = [each for each in report.failed if str(each.reason).startswith("Not tried")]
    assert len(not_tried) >= 10
