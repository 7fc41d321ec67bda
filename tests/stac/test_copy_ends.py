"""Copies between two dCaches: whose `dcache://` an address is, and who is read and written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pystac
import pytest

from rsdat.base.errors import InvalidInput
from rsdat.base.files import write_text
from rsdat.stac import Catalog, read_catalog
from rsdat.stac.copying import copy_assets, estimate, stage
from rsdat.stac.copying.order import read_items, write_items
from rsdat.stac.copying.plan import access_of, items_in
from tests.support.copies import item
from tests.support.door import Door

ENDPOINTS = ("default", "other")


@pytest.fixture
def doors(dcache: Door, other: Door, tmp_path: Path) -> dict[str, Door]:
    """Two dCaches with catalogs at the same path, of items whose files are at the same paths."""
    found = {"default": dcache, "other": other}
    for name, site in found.items():
        folder = site.root / tmp_path.name
        folder.mkdir()
        for key in ("red", "blue"):
            (folder / f"{key}.tif").write_text(f"{key} of {name}")
        catalog = Catalog("c", "d")
        catalog.add_item(
            item("i", {key: f"dcache:///{tmp_path.name}/{key}.tif" for key in ("red", "blue")})
        )
        catalog.normalize_and_save(
            f"dcache:///{tmp_path.name}/cat",
            catalog_type="SELF_CONTAINED",
            storage_options={"endpoint": name},
        )
    return found


@pytest.fixture
def catalogs(doors: dict[str, Door], tmp_path: Path) -> dict[str, Any]:
    return {
        name: read_catalog(
            f"dcache:///{tmp_path.name}/cat/catalog.json", storage_options={"endpoint": name}
        )
        for name in doors
    }


def quietly(items: Any, keys: Any, to: str, **options: Any) -> Any:
    report = copy_assets(items, keys, to, progress=False, **options)
    assert report.ok, report
    return report


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def test_what_is_not_copied_is_named_by_its_door(
    doors: dict[str, Door], catalogs: dict[str, Any], tmp_path: Path
) -> None:
    to = f"dcache:///{tmp_path.name}/to"
    source = catalogs["default"]
    quietly(source, "red", to, write_catalog=True, target_options={"endpoint": "other"})
    saved = read(doors["other"].root / tmp_path.name / "to/i/i.json")
    door = doors["default"].path_url
    assert {key: asset["href"] for key, asset in saved["assets"].items()} == {
        "red": "./red.tif",
        "blue": door(f"/{tmp_path.name}/blue.tif"),
    }
    (via,) = [link["href"] for link in saved["links"] if link["rel"] == "via"]
    assert via == door(f"/{tmp_path.name}/cat/i/i.json")

    # It is read with the right login, from the right place.
    copy = read_catalog(f"{to}/catalog.json", storage_options={"endpoint": "other"})
    quietly(copy, "blue", str(tmp_path / "here"))
    assert (tmp_path / "here/i/blue.tif").read_text() == "blue of default"


@pytest.mark.parametrize("source", ENDPOINTS)
@pytest.mark.parametrize("target", [*ENDPOINTS, "local"])
def test_a_catalog_alone(
    doors: dict[str, Door], catalogs: dict[str, Any], tmp_path: Path, source: str, target: str
) -> None:
    """Within one dCache nothing needs a door; a local file is read with the default endpoint."""
    if target == "local":
        folder, to, options = tmp_path / "saved", str(tmp_path / "saved"), {}
    else:
        folder = doors[target].root / tmp_path.name / "saved"
        to, options = f"dcache:///{tmp_path.name}/saved", {"target_options": {"endpoint": target}}
    quietly(catalogs[source], [], to, write_catalog=True, **options)
    path = f"/{tmp_path.name}/red.tif"
    is_same = source == target or (source, target) == ("default", "local")
    wanted = f"dcache:/{path}" if is_same else doors[source].path_url(path)
    assert read(folder / "i/i.json")["assets"]["red"]["href"] == wanted


def test_the_source_is_saved_with_what_it_was_read_with(
    doors: dict[str, Door], catalogs: dict[str, Any], tmp_path: Path
) -> None:
    files = {name: door.root / tmp_path.name / "cat/i/i.json" for name, door in doors.items()}
    before = files["other"].read_text()
    to = f"dcache:///{tmp_path.name}/to"
    options = {"target_options": {"endpoint": "other"}}
    quietly(catalogs["default"], "red", to, update_catalog=True, **options)
    assert files["other"].read_text() == before
    wanted = doors["other"].path_url(f"/{tmp_path.name}/to/i/red.tif")
    assert read(files["default"])["assets"]["red"]["href"] == wanted
    (held,) = catalogs["default"].get_items()
    assert held.assets["red"].href == wanted

    # Also where the copies lie at the place, of the other dCache, where the item is.
    quietly(
        catalogs["default"],
        "blue",
        f"dcache:///{tmp_path.name}/cat",
        update_catalog=True,
        **options,
    )
    assert read(files["default"])["assets"]["blue"]["href"] == doors["other"].path_url(
        f"/{tmp_path.name}/cat/i/blue.tif"
    )


@pytest.mark.parametrize("form", ["list", "iterator", "one"])
def test_items_are_read_with_what_they_were_read_with(
    doors: dict[str, Door], catalogs: dict[str, Any], tmp_path: Path, form: str
) -> None:
    def items() -> Any:
        found = list(catalogs["other"].get_items())
        return {"list": found, "iterator": iter(found), "one": found[0]}[form]

    quietly(items(), "red", str(tmp_path / "to"))
    assert (tmp_path / "to/i/red.tif").read_text() == "red of other"
    # As with a catalog, it is also where `to` is.
    quietly(items(), "red", f"dcache:///{tmp_path.name}/copies")
    assert (doors["other"].root / tmp_path.name / "copies/i/red.tif").exists()

    doors["other"].set_file(f"/{tmp_path.name}/red.tif", locality="NEARLINE")
    assert len(stage(items(), "red", notify=False).waiting) == 1
    assert estimate(items(), "red", str(tmp_path / "new")).on_tape == 1
    # What was said counts.
    said = {"storage_options": {"endpoint": "default"}}
    assert stage(items(), "red", notify=False, **said).on_disk
    quietly(items(), "red", str(tmp_path / "said"), **said)
    assert (tmp_path / "said/i/red.tif").read_text() == "red of default"


def test_items_of_both(doors: dict[str, Door], catalogs: dict[str, Any], tmp_path: Path) -> None:
    items = []
    for name in ENDPOINTS:
        (found,) = catalogs[name].get_items()
        found.id = name
        items.append(found)
        doors[name].set_file(f"/{tmp_path.name}/red.tif", locality="NEARLINE", stage_delay_s=0.1)
    assert len(stage(items, "red", notify=False).waiting) == 2
    report = quietly(items, None, str(tmp_path / "to"), stage=True, stage_wait_s=60)
    assert len(report.copied) == 4
    for name in ENDPOINTS:
        for key in ("red", "blue"):
            assert (tmp_path / f"to/{name}/{key}.tif").read_text() == f"{key} of {name}"

    # So it is in a process of its own.
    write_items(tmp_path, items, lambda each: access_of(each) or None)
    back = [each for each in items_in(read_items(tmp_path)) if isinstance(each, pystac.Item)]
    assert [access_of(each)["dcache"]["endpoint"] for each in back] == list(ENDPOINTS)


@pytest.mark.parametrize("form", [list, iter])
@pytest.mark.parametrize("first", ENDPOINTS)
@pytest.mark.parametrize("made", [True, False])
def test_items_that_say_nothing_are_read_with_the_defaults(
    doors: dict[str, Door],
    catalogs: dict[str, Any],
    tmp_path: Path,
    form: Callable[[Any], Any],
    first: str,
    made: bool,
) -> None:
    """Whatever the others of a list, or of an iterator, were read with."""

    def items() -> Any:
        (far,) = catalogs["other"].get_items()
        if made:
            near = item("i", {"red": f"dcache:///{tmp_path.name}/red.tif"})
        else:
            (near,) = read_catalog(f"dcache:///{tmp_path.name}/cat/catalog.json").get_items()
        far.id, near.id = "other", "default"
        return form([near, far] if first == "default" else [far, near])

    quietly(items(), "red", str(tmp_path / "to"))
    for name in ENDPOINTS:
        assert (tmp_path / f"to/{name}/red.tif").read_text() == f"red of {name}"
    doors["default"].set_file(f"/{tmp_path.name}/red.tif", locality="NEARLINE")
    assert len(stage(items(), "red", notify=False).waiting) == 1
    assert estimate(items(), "red", str(tmp_path / "new")).on_tape == 1
    doors["default"].set_file(f"/{tmp_path.name}/red.tif", locality="ONLINE")

    to = f"dcache:///{tmp_path.name}/copies"
    if form is iter:
        with pytest.raises(InvalidInput, match="several endpoints"):
            copy_assets(items(), "red", to, progress=False)
        with pytest.raises(InvalidInput, match="several endpoints"):
            copy_assets(items(), "red", to, background=True)
    quietly(items(), "red", to, target_options={"endpoint": "other"})
    for name in ENDPOINTS:
        written = doors["other"].root / tmp_path.name / f"copies/{name}/red.tif"
        assert written.read_text() == f"red of {name}"


@pytest.mark.parametrize("name", ["access", "broken", "item"])
@pytest.mark.parametrize("kind", ["item", "dictionary"])
def test_items_in_another_process_may_have_members_of_any_name(
    tmp_path: Path, name: str, kind: str
) -> None:
    one = item("i", {"a": "dcache:///a"})
    one.extra_fields[name] = ["open"]
    write_items(tmp_path, [one if kind == "item" else one.to_dict()])
    (back,) = items_in(read_items(tmp_path))
    assert isinstance(back, pystac.Item)
    assert (back.id, back.extra_fields[name]) == ("i", ["open"])


def test_in_one_dcache_the_login_for_writing_saves_the_item(
    doors: dict[str, Door], tmp_path: Path
) -> None:
    """That for reading may not."""
    site = doors["other"]
    token = tmp_path / "read.token"
    write_text(token, site.mint("/", "activity:DOWNLOAD,LIST,READ_METADATA"))
    reading = {
        "api_url": site.api_url,
        "webdav_url": site.webdav_url,
        "token_file": str(token),
    }
    catalog = read_catalog(f"dcache:///{tmp_path.name}/cat/catalog.json", storage_options=reading)
    to, options = f"dcache:///{tmp_path.name}/cat", {"endpoint": "other"}
    quietly(catalog, "red", to, update_catalog=True, target_options=options)
    saved = read(site.root / tmp_path.name / "cat/i/i.json")
    assert saved["assets"]["red"]["href"] == "./red.tif"
