"""What an index of a catalog in dCache asks dCache for."""

from __future__ import annotations

from pathlib import Path

from rsdat.dcache import small
from rsdat.stac.index import open_index
from tests.support.door import Door
from tests.support.stac_catalog import write_deep

COUNT = 150


def test_an_item_costs_one_request(dcache: Door, tmp_path: Path) -> None:
    folder = f"/{tmp_path.name}"
    write_deep(dcache.root / tmp_path.name, COUNT)
    dcache.forget()
    index = open_index(f"dcache://{folder}/catalog.json", keep=False)
    try:
        assert index.wait(60), index.failure
        assert len(index.table) == COUNT
    finally:
        index.close()
    # The first 64 are read once more, with their stamps, which one listing has told.
    items = [each for each in dcache.requests("pool", "GET") if "scene-" in each["path"]]
    assert len(items) == COUNT + 64
    about = [each["path"] for each in dcache.requests("frontend", "GET")]
    # All that are under way when the first answers come are asked about.
    at_once = 12
    asked = [path for path in about if "scene-" in path]
    assert small.SURE_AFTER <= len(asked) <= small.SURE_AFTER + at_once
