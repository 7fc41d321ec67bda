"""Two endpoints with the same paths and other pixels: each item is read where its catalog was."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import cloudpickle
import dask
import fsspec
import numpy as np
import pystac
import pytest
import rasterio
from rasterio.transform import from_origin

from rsdat.base.files import write_json
from rsdat.stac import Catalog, get_asset, items, open_stack, read_catalog
from rsdat.stac.access import access_to
from rsdat.stac.stack.locality import localities
from tests.support.door import Door, door
from tests.support.stac_catalog import item, write

CATALOG = "dcache:///cat/catalog.json"
THERE = {"endpoint": "there"}


def put_image(path: Path, value: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    profile = {"driver": "GTiff", "width": 64, "height": 64, "count": 1, "dtype": "int16"}
    place = {"crs": "EPSG:32631", "transform": from_origin(0, 640, 10, 10)}
    with rasterio.open(path, "w", **profile, **place) as file:
        file.write(np.full((1, 64, 64), value, "int16"))


def put_catalog(folder: Path, name: str, day: int, href: str) -> None:
    catalog = Catalog(name, "Of one image")
    found = pystac.Item(name, None, None, datetime(2024, 5, day, tzinfo=timezone.utc), {})
    found.add_asset("red", pystac.Asset(href, media_type="image/tiff"))
    catalog.add_item(found)
    catalog.normalize_and_save(str(folder), catalog_type="SELF_CONTAINED")


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Door, Door]]:
    """`here` with ones, `there` with twos, in files of the same names."""
    roots = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there")
    with door(roots[0]) as here, door(roots[1]) as there:
        for running, name, value in ((here, "here", 1), (there, "there", 2)):
            put_image(running.root / "data/red.tif", value)
            put_catalog(running.root / "cat", name, value, "dcache:///data/red.tif")
        yield here, there


@pytest.fixture(autouse=True)
def both(
    doors: tuple[Door, Door], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Door, Door]]:
    """Both configured, `here` as the default."""
    home = tmp_path / "rsdat-home"
    known = []
    for running, name in zip(doors, ("here", "there"), strict=True):
        running.write_endpoint(home, name=name)
        known += json.loads((home / "endpoints.json").read_text())["endpoints"]
    write_json(home / "endpoints.json", {"endpoints": known}, format_version=1)
    monkeypatch.setenv("RSDAT_HOME", str(home))
    fsspec.get_filesystem_class("dcache").clear_instance_cache()
    with dask.config.set(scheduler="synchronous"):
        yield doors


def means(stack: Any) -> list[int]:
    return [int(each) for each in stack.mean(("y", "x")).values]


@pytest.mark.parametrize("options", [THERE, {"dcache": THERE}], ids=["flat", "by protocol"])
def test_found_items_remember_their_endpoint(options: dict[str, Any]) -> None:
    """It is said once, as with `read_catalog`."""
    found = items(CATALOG, storage_options=options)
    assert [each.id for each in found] == ["there"]
    assert means(open_stack(found, "red")) == [2]
    assert int(get_asset(found[0], "red").mean()) == 2
    # Also where they have been copied, narrowed, or in another process.
    for others in (items(found, text="the"), [found[0].clone()], pickle.loads(pickle.dumps(found))):
        assert means(open_stack(others, "red")) == [2]


def test_items_of_the_other_door_s_address(both: tuple[Door, Door]) -> None:
    """What lies beside the catalog is in the endpoint of that door, whichever is the default."""
    put_catalog(both[1].root / "beside", "beside", 5, "../../data/red.tif")
    address = both[1].path_url("/beside/catalog.json")
    assert means(open_stack(items(address), "red")) == [2]
    assert means(open_stack(address, "red")) == [2]


def test_a_stack_of_two_endpoints_has_the_pixels_of_both() -> None:
    here, there = items(CATALOG), items(CATALOG, storage_options=THERE)
    stack = open_stack([*there, *here], "red")
    assert means(stack) == [1, 2]
    assert means(pickle.loads(cloudpickle.dumps(stack))) == [1, 2]


def test_of_two_endpoints_no_result_is_taken_for_the_other_s(
    both: tuple[Door, Door],
) -> None:
    """A cluster knows results by their tasks' names."""
    for running in both:  # alike to the second
        os.utime(running.root / "data/red.tif", (1_700_000_000, 1_700_000_000))
    one, other = (
        open_stack(items(CATALOG, storage_options={"endpoint": name}), "red")
        for name in ("here", "there")
    )
    named = [
        {key for key in stack.__dask_graph__() if isinstance(key, tuple)} for stack in (one, other)
    ]
    assert not named[0] & named[1]


def test_a_stack_of_several_protocols(tmp_path: Path) -> None:
    """The first item's file system is not that of the others."""
    put_image(tmp_path / "red.tif", 3)
    put_catalog(tmp_path / "local", "local", 3, str(tmp_path / "red.tif"))
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/apart/red.tif", (tmp_path / "red.tif").read_bytes())
    put_catalog(tmp_path / "memory", "memory", 4, "memory://apart/red.tif")
    local, inside = (
        next(iter(read_catalog(tmp_path / name / "catalog.json").get_items()))
        for name in ("local", "memory")
    )
    (there,) = items(CATALOG, storage_options=THERE)
    try:
        assert means(open_stack([local, inside, there], "red")) == [2, 3, 3]
        assert means(open_stack([there, local], "red")) == [2, 3]
        located = localities([local, there], "red")
        assert [each.access for each in located] == [
            access_to(each.href, each.item) for each in located
        ]
    finally:
        memory.rm("/apart", recursive=True)


def test_options_of_what_a_catalog_links(both: tuple[Door, Door], tmp_path: Path) -> None:
    """A catalog elsewhere may name items in dCache: the options for dCache are for these."""
    named = item(1)
    write(both[1].root / "far/one.json", named)
    link = {"rel": "item", "href": "dcache:///far/one.json"}
    value = {"type": "Catalog", "stac_version": "1.0.0", "id": "c", "description": "d"}
    path = write(tmp_path / "linking.json", {**value, "links": [link]})
    (found,) = items(path, storage_options={"dcache": THERE})
    assert found.id == named["id"]
