"""Catalogs are read through fsspec, on every file system alike."""

from __future__ import annotations

import json
import subprocess
import sys

import fsspec
import pystac
import pytest

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.demo.sample import make_radar_stack, put_sentinel2_scene
from rsdat.stac import FsspecStacIO, read_catalog
from rsdat.stac.catalog import find_item


def test_items_are_found_through_the_collection(base: str) -> None:
    catalog = read_catalog(make_radar_stack(base, n=3, size=4))

    items = list(catalog.get_items(recursive=True))

    assert [item.id for item in items] == [
        "slc-0000-20240101",
        "slc-0001-20240113",
        "slc-0002-20240125",
    ]
    assert [item.get_collection().id for item in items] == ["slc-stack"] * 3
    assert items[0].get_root() is catalog
    assert find_item(catalog, "slc-0002-20240125") is items[2]


def test_a_collection_can_be_opened_by_itself(base: str) -> None:
    make_radar_stack(base, n=2, size=4)
    collection = read_catalog(f"{base}/slc-stack/collection.json")
    assert len(list(collection.get_items())) == 2


def test_a_catalog_can_be_saved_elsewhere(base: str) -> None:
    """PySTAC's own saving works with our I/O, and the copy leads to itself."""
    catalog = read_catalog(put_sentinel2_scene(f"{base}/from"))
    target = "memory://else/where"

    catalog.normalize_and_save(target, pystac.CatalogType.SELF_CONTAINED, stac_io=FsspecStacIO())

    copy = read_catalog(f"{target}/catalog.json")
    assert [item.id for item in copy.get_items(recursive=True)] == ["S2-18SVG-coast"]


def test_nothing_there(base: str) -> None:
    with pytest.raises(NotFound, match=r"catalog\.json"):
        read_catalog(f"{base}/catalog.json")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"type": "FeatureCollection"}', "\xff"])
def test_no_catalog(base: str, text: str) -> None:
    filesystem, path = fsspec.core.url_to_fs(f"{base}/catalog.json")
    filesystem.makedirs(base, exist_ok=True)
    filesystem.pipe_file(path, text.encode("latin-1"))
    with pytest.raises(InvalidInput, match="not a STAC catalog"):
        read_catalog(f"{base}/catalog.json")


def test_an_item_is_no_catalog(base: str) -> None:
    put_sentinel2_scene(base)
    with pytest.raises(InvalidInput, match="item"):
        read_catalog(f"{base}/coast/S2-18SVG-coast/S2-18SVG-coast.json")


def test_which_item(base: str) -> None:
    catalog = read_catalog(make_radar_stack(base, n=2, size=4))
    with pytest.raises(InvalidInput, match="several"):
        find_item(catalog, None)
    with pytest.raises(NotFound, match="'x'"):
        find_item(catalog, "x")


def test_an_empty_catalog() -> None:
    fsspec.filesystem("memory").pipe_file(
        "/empty/catalog.json",
        json.dumps(
            {"type": "Catalog", "stac_version": "1.0.0", "id": "e", "description": "", "links": []}
        ).encode(),
    )
    with pytest.raises(NotFound, match="no items"):
        find_item(read_catalog("memory://empty/catalog.json"), None)


def test_every_name_is_there() -> None:
    """In a fresh process, whichever comes first: modules must not hide functions."""
    script = (
        "import rsdat.stac as stac\n"
        "missing = [name for name in stac.__all__ if not callable(getattr(stac, name))]\n"
        "assert not missing, missing\n"
        "assert set(stac.__all__) == set(stac._HOMES) == set(dir(stac))\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_pystac_keeps_its_own_default() -> None:
    """Importing rsdat.stac changes nothing for other users of PySTAC, and loads nothing yet."""
    script = (
        "import sys, rsdat.stac\n"
        "assert 'pystac' not in sys.modules and 'rasterio' not in sys.modules\n"
        "rsdat.stac.read_catalog\n"
        "import pystac\n"
        "assert type(pystac.StacIO.default()).__module__.startswith('pystac')\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
