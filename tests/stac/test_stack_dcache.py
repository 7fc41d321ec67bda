"""Stacks from dCache: few requests, tape told beforehand, no token on its way, faults named."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import cloudpickle
import dask
import numpy as np
import pytest
import rasterio

from rsdat.base.errors import InvalidInput, NoCredential, NotFound, OnTape, RsdatError
from rsdat.demo.sample import make_radar_stack
from rsdat.stac import open_stack, read_catalog
from rsdat.stac.raster.ranged import BLOCK_BYTES
from rsdat.stac.stack.locality import LISTED_FROM, localities
from tests.support.cogs import SIZE, put_cogs, truth
from tests.support.dcache import in_another_process
from tests.support.door import Door

COGS = "dcache:///cogs/catalog.json"
RADAR = "dcache:///radar/catalog.json"


@pytest.fixture(scope="module")
def data(stac_door: Door) -> Door:
    put_cogs(stac_door.root / "cogs", n=4)
    make_radar_stack(str(stac_door.root / "radar"), n=4, size=128)
    return stac_door


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    with dask.config.set(scheduler="synchronous"):
        yield


def asked(dcache: Door, server: str) -> Counter[str]:
    return Counter(request["path"] for request in dcache.requests(server, "GET"))


def pool_bytes(dcache: Door) -> int:
    total = 0
    for request in dcache.requests("pool", "GET"):
        first, _, last = request["range"].removeprefix("bytes=").partition("-")
        total += int(last) - int(first) + 1
    return total


def locality(dcache: Door, word: str, *days: int) -> None:
    dcache.set_files([{"path": f"/cogs/day-{day}/red.tif", "locality": word} for day in days])


def test_a_window_is_one_start_of_a_mover_and_few_ranges(data: Door, dcache: Door) -> None:
    stack = open_stack(COGS, "red", chunks={"y": 512, "x": -1})
    dcache.forget()

    rows = stack[0, :512].values

    np.testing.assert_array_equal(rows, truth(0)[:512])
    # No side-car file, no other file; the header and then all tiles of the window as one range.
    assert list(asked(dcache, "redirect").items()) == [("/cogs/day-0/red.tif", 1)]
    assert len(dcache.requests("pool", "GET")) <= 4
    file_bytes = (dcache.root / "cogs/day-0/red.tif").stat().st_size
    assert pool_bytes(dcache) < file_bytes / 2 + 4 * BLOCK_BYTES


def test_opening_reads_no_file(data: Door, dcache: Door) -> None:
    open_stack(COGS, "red")
    assert {path.rpartition(".")[2] for path in asked(dcache, "redirect")} == {"json"}
    # One question a file, for where it lies.
    frontend = [path for path in asked(dcache, "frontend").elements() if path.endswith(".tif")]
    assert len(frontend) == 4


def test_coarse_grids_read_overviews(data: Door, dcache: Door) -> None:
    stack = open_stack(COGS, "red", resolution=80)
    dcache.forget()

    values = stack[0].values

    with rasterio.open(dcache.root / "cogs/day-0/red.tif", overview_level=1) as overview:
        expected = overview.read(1)
    np.testing.assert_array_equal(values[: SIZE // 4, : SIZE // 4], expected)
    file_bytes = (dcache.root / "cogs/day-0/red.tif").stat().st_size
    assert pool_bytes(dcache) < file_bytes / 4
    assert sum(asked(dcache, "redirect").values()) == 1


@pytest.mark.parametrize("what", ["cogs", "radar"])
def test_no_token_travels(data: Door, dcache: Door, what: str) -> None:
    address, key = (COGS, "red") if what == "cogs" else (RADAR, "slc")
    options = {"api_url": dcache.api_url, "webdav_url": dcache.webdav_url, "token": dcache.token}
    for storage_options in (None, options):
        stack = open_stack(address, key, storage_options=storage_options)
        travelling = cloudpickle.dumps(stack.data.__dask_graph__())
        assert dcache.token.encode() not in travelling


def test_a_worker_reads_with_its_own_credentials(data: Door, dcache: Door, tmp_path: Path) -> None:
    """What another process can read knows nothing but its own RSDAT_HOME."""
    home = tmp_path / "worker-home"
    dcache.write_endpoint(home)
    stack = open_stack(COGS, "red", resolution=200)
    file = tmp_path / "graph"
    file.write_bytes(cloudpickle.dumps(stack.data))
    code = (
        "import cloudpickle, pathlib\n"
        f"stack = cloudpickle.loads(pathlib.Path({str(file)!r}).read_bytes())\n"
        "print(int(stack.compute(scheduler='synchronous').sum()))"
    )
    assert int(in_another_process(home, code)) == int(stack.values.sum())


def test_a_token_given_as_text_stays_here_and_workers_say_so(
    data: Door, dcache: Door, tmp_path: Path
) -> None:
    (tmp_path / "rsdat-home" / "endpoints.json").unlink()
    options = {"api_url": dcache.api_url, "webdav_url": dcache.webdav_url, "token": dcache.token}
    stack = open_stack(RADAR, "slc", storage_options=options)
    assert stack[0, 0, 0].values == stack.values[0, 0, 0]
    elsewhere = cloudpickle.loads(cloudpickle.dumps(stack.data))
    with pytest.raises(NoCredential, match="does not travel") as caught:
        elsewhere.compute()
    assert "the item 'slc-0" in str(caught.value)


def test_tape_is_found_before_compute(data: Door, dcache: Door) -> None:
    locality(dcache, "NEARLINE", 1, 3)
    try:
        with pytest.raises(OnTape, match=r"2 of 4 files .* only on tape: .*day-1") as caught:
            open_stack(COGS, "red")
        assert caught.value.code == "on_tape"
        assert caught.value.details == {"count": 2, "items": ["day-1", "day-3"]}
        assert "stage" in (caught.value.hint or "")

        left = open_stack(COGS, "red", on_tape="skip")
        np.testing.assert_array_equal(left.values, [truth(0), truth(2)])

        with pytest.raises(OnTape, match=r"'red' of the item 'day-[13]'"):
            open_stack(COGS, "red", on_tape="ignore").compute()
        dcache.set_files(
            [{"path": f"/cogs/day-{n}/red.tif", "locality": "NEARLINE"} for n in (0, 2)]
        )
        with pytest.raises(NotFound, match="only on tape") as nothing:
            open_stack(COGS, "red", on_tape="skip")
        assert nothing.value.code == "all_on_tape"
    finally:
        dcache.set_files(
            [{"path": f"/cogs/day-{n}/red.tif", "locality": "ONLINE"} for n in range(4)]
        )


def test_many_files_in_a_folder_are_one_listing(data: Door, dcache: Door) -> None:
    folder = dcache.root / "flat"
    folder.mkdir(exist_ok=True)
    links = []
    for index in range(LISTED_FROM):
        (folder / f"{index}.tif").write_bytes(b"x" * index)
        item = {
            "type": "Feature", "stac_version": "1.0.0", "id": f"i{index}", "geometry": None,
            "properties": {"datetime": "2024-01-01T00:00:00Z"}, "links": [],
            "assets": {"red": {"href": f"./{index}.tif", "type": "image/tiff"}},
        }  # fmt: skip
        (folder / f"{index}.json").write_text(json.dumps(item))
        links.append({"rel": "item", "href": f"./{index}.json"})
    catalog = {
        "type": "Catalog", "stac_version": "1.0.0", "id": "flat", "description": "x",
        "links": links,
    }  # fmt: skip
    (folder / "catalog.json").write_text(json.dumps(catalog))
    dcache.set_file("/flat/7.tif", locality="NEARLINE")
    items = list(read_catalog("dcache:///flat/catalog.json").get_items())
    dcache.forget()

    found = localities(items, "red")

    assert [each.item.id for each in found if each.on_tape] == ["i7"]
    assert [each.size_bytes for each in found] == list(range(LISTED_FROM))
    assert len(dcache.requests("frontend")) == 1
    (folder / "3.tif").unlink()
    with pytest.raises(NotFound, match="'red' of the item 'i3' is gone"):
        localities(items, "red")


def test_an_asset_that_vanishes_is_named(data: Door, dcache: Door) -> None:
    put_cogs(dcache.root / "vanishing", n=2)
    stack = open_stack("dcache:///vanishing/catalog.json", "red")
    (dcache.root / "vanishing/day-1/red.tif").unlink()
    with pytest.raises(NotFound, match="'red' of the item 'day-1' is gone") as caught:
        stack.compute()
    assert caught.value.code == "asset_gone"


@pytest.mark.parametrize("damage", ["no raster", "half of it", "only a header", "zeros at its end"])
def test_a_broken_file_is_named(data: Door, dcache: Door, damage: str) -> None:
    put_cogs(dcache.root / damage, n=1)
    file = dcache.root / damage / "day-0/red.tif"
    whole = file.read_bytes()
    file.write_bytes(
        {
            "no raster": b"no raster" * 1000,
            "half of it": whole[: len(whole) // 2],
            "only a header": whole[:1000],
            "zeros at its end": whole[:-4000] + bytes(4000),
        }[damage]
    )
    stack = open_stack(f"dcache:///{damage}/catalog.json", "red")
    with pytest.raises((InvalidInput, OSError), match="'red' of the item 'day-0'") as caught:
        stack.compute()
    assert "vsiriopener" not in str(caught.value)


def test_some_requests_fail(data: Door, dcache: Door) -> None:
    """One in each image, at every server; retries are bounded, the result is right."""
    radar = open_stack(RADAR, "slc", chunks={"y": 16})
    cogs = open_stack(COGS, "red", chunks={"y": 256, "x": 256})
    expected = {"radar": radar.values, "cogs": np.array([truth(index) for index in range(4)])}
    dcache.forget()
    np.testing.assert_array_equal(cogs.values, expected["cogs"])
    np.testing.assert_array_equal(radar.values, expected["radar"])
    without_faults = len(dcache.requests("pool", "GET"))
    dcache.forget()
    for server in ("redirect", "pool"):
        for index, kind in enumerate(("status", "drop", "cut_download", "status")):
            for name, stack in (("radar", radar), ("cogs", cogs)):
                dcache.fault(kind, server=server, method="GET", status=503, at_bytes=5000)
                np.testing.assert_array_equal(stack[index].values, expected[name][index])
    failed = sum(request["status"] == 503 for request in dcache.requests())
    assert failed >= 4
    # Two rounds over all, and for each fault what it broke off once more.
    assert len(dcache.requests("pool", "GET")) < 3 * without_faults


def test_a_door_that_stays_broken_ends(data: Door, dcache: Door) -> None:
    stack = open_stack(COGS, "red")
    for server in ("redirect", "pool"):
        dcache.fault("status", server=server, status=500, times=1000)
    with pytest.raises((OSError, RsdatError), match="'red' of the item 'day-0'"):
        stack[0].compute()


def test_a_token_that_ends_is_told(stac_door: Door, data: Door, dcache: Door) -> None:
    stack = open_stack(COGS, "red")
    stack[0].compute()
    dcache.configure(refuse_token="token expired")
    try:
        with pytest.raises(NoCredential, match="'red' of the item 'day-2'") as caught:
            stack[2].compute()
        assert "token" in f"{caught.value.message} {caught.value.hint}".lower()
        assert dcache.token not in str(caught.value)
    finally:
        dcache.configure(refuse_token="")
