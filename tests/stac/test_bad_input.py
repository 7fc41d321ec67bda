"""What catalogs are like in the world: broken, old, circular, oddly named, changing."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pystac
import pytest

from rsdat.base.errors import InvalidInput, NoCredential, NotFound, RsdatError
from rsdat.stac import Catalog, FsspecStacIO, Problem, read_catalog, walk_items
from rsdat.stac.store import filesystem_of, portable, write_bytes
from tests.support.door import Door

TIME = "2024-01-01T00:00:00Z"


def put(href: str, value: Any) -> None:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    write_bytes(href, data)


def catalog_json(*links: dict[str, Any], catalog_id: str = "c", **more: Any) -> dict[str, Any]:
    return {
        "type": "Catalog",
        "stac_version": "1.0.0",
        "id": catalog_id,
        "description": "",
        "links": list(links),
        **more,
    }


def item_json(item_id: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": item_id,
        "geometry": None,
        "properties": {"datetime": TIME},
        "links": [],
        "assets": {},
        **more,
    }


def linked(*hrefs: str, rel: str = "item") -> list[dict[str, Any]]:
    return [{"rel": rel, "href": href} for href in hrefs]


BROKEN: dict[str, Any] = {
    "half.json": b'{"type": "Feature", "id": "ha',
    "list.json": [],
    "text.json": "no",
    "number.json": b"7",
    "empty.json": b"",
    "binary.json": b"\xff\xfe\x00",
    "nothing.json": {},
    "catalog.json": None,
    "no-id.json": {"type": "Feature", "stac_version": "1.0.0", "properties": {"datetime": TIME}},
    "when.json": item_json("when", properties={"datetime": "the day before yesterday"}),
    "missing.json": ...,
}


def test_one_bad_item_does_not_end_the_work(base: str) -> None:
    """Each is told, with where it is and what is wrong; the good ones all come."""
    good = [f"good-{i}.json" for i in range(5)]
    names = [name for pair in zip(good, BROKEN, strict=False) for name in pair]
    names += [name for name in BROKEN if name not in names]
    put(f"{base}/catalog.json", catalog_json(*linked(*(f"./items/{name}" for name in names))))
    for name in good:
        put(f"{base}/items/{name}", item_json(name))
    for name, value in BROKEN.items():
        if value is not ...:
            put(f"{base}/items/{name}", catalog_json() if value is None else value)
    problems: list[Problem] = []

    found = list(walk_items(read_catalog(f"{base}/catalog.json"), on_problem=problems.append))

    assert [item.id for item in found] == good
    assert [problem.href.rpartition("/")[2] for problem in problems] == list(BROKEN)
    assert {problem.code for problem in problems} == {"not_found", "invalid"}
    assert problems[-1].code == "not_found"
    assert all(problem.found_in.endswith("/catalog.json") for problem in problems)
    assert all(problem.message for problem in problems)


def test_without_a_list_the_first_ends_it(base: str) -> None:
    put(f"{base}/catalog.json", catalog_json(*linked("./gone.json")))
    with pytest.raises(NotFound, match=r"gone\.json"):
        list(read_catalog(f"{base}/catalog.json").get_items())
    put(f"{base}/gone.json", b"{")
    with pytest.raises(InvalidInput, match="not valid STAC"):
        list(read_catalog(f"{base}/catalog.json").get_items())


def test_what_can_be_mended_is_read(base: str) -> None:
    """No links, no assets, no geometry, no time; links and assets without address."""
    put(
        f"{base}/catalog.json",
        {
            **catalog_json(*linked("a.json", "b.json", "c.json")),
            "links": [*linked("a.json", "b.json"), {"rel": "item"}, 7, None, {"href": "x"}],
        },
    )
    put(f"{base}/a.json", {"type": "Feature", "stac_version": "1.0.0", "id": "a"})
    put(
        f"{base}/b.json",
        item_json(
            "b",
            properties=None,
            bbox="wide",
            assets={"no": {}, "yes": {"href": "./b.tif"}, "odd": "b.tif"},
        ),
    )
    a, b = read_catalog(f"{base}/catalog.json").get_items()
    assert (a.id, a.geometry, a.datetime, a.bbox) == ("a", None, None, None)
    assert a.properties == {"datetime": None} or a.properties == {}
    assert list(b.assets) == ["yes"]
    # And it can be saved again.
    catalog = read_catalog(f"{base}/catalog.json")
    catalog.normalize_and_save(f"{base}/out", "SELF_CONTAINED")
    assert len(list(read_catalog(f"{base}/out/catalog.json").get_items())) == 2


def test_circles_end(base: str) -> None:
    """A child that links its parent as a child, and one that links itself."""
    put(f"{base}/catalog.json", catalog_json(*linked("./x/catalog.json", rel="child")))
    put(
        f"{base}/x/catalog.json",
        catalog_json(
            *linked("../catalog.json", "./catalog.json", "../y/catalog.json", rel="child"),
            *linked("i.json"),
            catalog_id="x",
        ),
    )
    put(
        f"{base}/y/catalog.json",
        catalog_json(*linked("../x/catalog.json", rel="child"), *linked("i.json"), catalog_id="y"),
    )
    put(f"{base}/x/i.json", item_json("x"))
    put(f"{base}/y/i.json", item_json("y"))
    catalog = read_catalog(f"{base}/catalog.json")
    problems: list[Problem] = []

    assert [item.id for item in walk_items(catalog, on_problem=problems.append)] == ["x", "y"]
    assert [problem.code for problem in problems] == ["cycle"] * 3
    assert [item.id for item in catalog.get_items(recursive=True)] == ["x", "y"]
    assert catalog.get_parent() is None
    catalog.normalize_and_save(f"{base}/out", "SELF_CONTAINED")
    assert len(list(read_catalog(f"{base}/out/catalog.json").get_items(recursive=True))) == 2


def test_too_deep(base: str) -> None:
    for level in range(105):
        put(
            f"{base}/{level}.json",
            catalog_json(*linked(f"{level + 1}.json", rel="child"), catalog_id=str(level)),
        )
    problems: list[Problem] = []
    assert list(walk_items(read_catalog(f"{base}/0.json"), on_problem=problems.append)) == []
    assert [problem.code for problem in problems] == ["too_deep"]


@pytest.mark.parametrize("links", ["relative", "absolute", "mixed"])
def test_hrefs_of_all_kinds(base: str, links: str) -> None:
    """Absolute and relative, with characters that URLs take for something else."""
    names = ["plain", "a b", "c#1", "d?x=1", "50%41", "e+f&g", "é", "日本", "h;i", "a=b,c"]
    hrefs = []
    for number, name in enumerate(names):
        put(
            f"{base}/items/{name}/{name}.json",
            item_json(name, assets={"data": {"href": f"./{name}.tif"}}),
        )
        put(f"{base}/items/{name}/{name}.tif", name.encode())
        is_absolute = links == "absolute" or (links == "mixed" and number % 2)
        start = base if is_absolute else "."
        hrefs.append(f"{start}/items/{name}/{name}.json")
    put(f"{base}/catalog.json", catalog_json(*linked(*hrefs)))
    items = list(read_catalog(f"{base}/catalog.json").get_items())
    assert [item.id for item in items] == names
    from rsdat.stac.hrefs import resolve

    for item in items:
        filesystem, path = filesystem_of(resolve(item.assets["data"].href, item.self_href), item)
        assert filesystem.cat_file(path).decode() == item.id


@pytest.mark.parametrize("version", ["0.9.0", "1.0.0-beta.2", "1.0.0-rc.1", "1.0.0", "1.1.0"])
def test_versions(base: str, version: str) -> None:
    """All are read, and become the present one; `commons` of 0.9 is followed through our I/O."""
    old = version.startswith("0.") or "beta" in version
    commons = version == "0.9.0"
    extensions = ["commons", "eo"] if commons else ["eo"] if old else []
    put(
        f"{base}/catalog.json",
        {
            "stac_version": version,
            "id": "root",
            "description": "Old and new.",
            **({} if old else {"type": "Catalog"}),
            "links": [
                {"rel": "root", "href": "./catalog.json"},
                *linked("./c/collection.json", rel="child"),
            ],
        },
    )
    put(
        f"{base}/c/collection.json",
        {
            "stac_version": version,
            "stac_extensions": ["commons"] if commons else [],
            "id": "c",
            "description": "",
            "license": "proprietary",
            **({} if old else {"type": "Collection"}),
            "extent": {
                "spatial": {"bbox": [[0, 0, 1, 1]]},
                "temporal": {"interval": [[TIME, None]]},
            },
            **({"properties": {"eo:gsd": 20, "instrument": "msi"}} if commons else {}),
            "links": [
                {"rel": "root", "href": "../catalog.json"},
                {"rel": "parent", "href": "../catalog.json"},
                *linked("./i/i.json"),
            ],
        },
    )
    put(
        f"{base}/c/i/i.json",
        item_json(
            "i",
            stac_version=version,
            stac_extensions=extensions,
            collection="c",
            bbox=[0, 0, 1, 1],
            geometry={"type": "Point", "coordinates": [0, 0]},
            properties={
                "datetime": TIME,
                **({"instrument": "msi"} if not commons else {}),
                **({"eo:epsg": 32631} if version == "0.9.0" else {}),
            },
            links=[
                {"rel": "root", "href": "../../catalog.json"},
                {"rel": "parent", "href": "../collection.json"},
                {"rel": "collection", "href": "../collection.json"},
            ],
            assets={"data": {"href": "./a.tif", "type": "image/tiff"}},
        ),
    )
    catalog = read_catalog(f"{base}/catalog.json")
    (item,) = catalog.get_items(recursive=True)
    assert item.datetime == datetime(2024, 1, 1, tzinfo=timezone.utc)
    assert item.properties["instrument"] == "msi" or item.properties["instruments"] == ["msi"]
    assert item.get_collection().id == "c"
    assert item.get_root() is catalog
    catalog.normalize_and_save(f"{base}/new", "SELF_CONTAINED")
    filesystem, path = filesystem_of(f"{base}/new/c/i/i.json")
    written = json.loads(filesystem.cat_file(path))
    assert written["stac_version"] == pystac.get_stac_version()
    assert "commons" not in written["stac_extensions"]
    assert len(list(read_catalog(f"{base}/new/catalog.json").get_items(recursive=True))) == 1


def test_boxes_over_the_antimeridian(base: str) -> None:
    put(f"{base}/catalog.json", catalog_json(*linked("./a.json")))
    put(f"{base}/a.json", item_json("a", bbox=[170, 0, -170, 10], geometry=_across()))
    catalog = read_catalog(f"{base}/catalog.json")
    (item,) = catalog.get_items()
    assert item.bbox == [170, 0, -170, 10]
    catalog.normalize_and_save(f"{base}/out")
    (again,) = read_catalog(f"{base}/out/catalog.json").get_items()
    assert (again.bbox, again.geometry) == (item.bbox, _across())


def _across() -> dict[str, Any]:
    def ring(west: int, east: int) -> list[list[list[int]]]:
        return [[[west, 0], [east, 0], [east, 10], [west, 10], [west, 0]]]

    return {"type": "MultiPolygon", "coordinates": [ring(170, 180), ring(-180, -170)]}


def test_a_root_that_is_gone(base: str) -> None:
    """A collection was copied alone: its root link leads nowhere."""
    put(
        f"{base}/collection.json",
        catalog_json({"rel": "root", "href": "../../gone/catalog.json"}, *linked("./a.json")),
    )
    put(
        f"{base}/a.json", item_json("a", links=[{"rel": "root", "href": "../../gone/catalog.json"}])
    )
    catalog = read_catalog(f"{base}/collection.json")
    (item,) = catalog.get_items(recursive=True)
    assert item.get_root() is catalog
    catalog.normalize_and_save(f"{base}/out", "SELF_CONTAINED")
    assert len(list(read_catalog(f"{base}/out/catalog.json").get_items())) == 1


def test_changed_while_it_is_read(dcache: Door) -> None:
    """Items vanish after the catalog was read; the rest comes."""
    base = f"dcache://changing-{time.monotonic_ns()}"
    names = [f"{number}.json" for number in range(60)]
    put(f"{base}/catalog.json", catalog_json(*linked(*names)))
    for name in names:
        put(f"{base}/{name}", item_json(name))
    problems: list[Problem] = []
    walk = walk_items(read_catalog(f"{base}/catalog.json"), on_problem=problems.append)
    first = next(walk).id
    filesystem, path = filesystem_of(base)
    filesystem.rm([f"{path}/{name}" for name in names[30:40]])
    rest = [item.id for item in walk]
    assert [first, *rest] == names[:30] + names[40:]
    assert [problem.code for problem in problems] == ["not_found"] * 10


def test_a_door_that_fails_now_and_then(dcache: Door) -> None:
    base = f"dcache://failing-{time.monotonic_ns()}"
    names = [f"{number}.json" for number in range(10)]
    put(f"{base}/catalog.json", catalog_json(*linked(*names)))
    for name in names:
        put(f"{base}/{name}", item_json(name))
    catalog = read_catalog(f"{base}/catalog.json")
    dcache.set_file(f"/{base[9:]}/3.json", forbidden=["read"])
    problems: list[Problem] = []
    found = [item.id for item in walk_items(catalog, on_problem=problems.append)]
    dcache.set_file(f"/{base[9:]}/3.json", forbidden=[])
    assert found == [name for name in names if name != "3.json"]
    assert [problem.code for problem in problems] == ["not_permitted"]


def test_a_refused_login_ends_it_at_once(dcache: Door) -> None:
    """Three refused logins block the whole computer: 60 items must not be 60 refusals."""
    base = f"dcache://refused-{time.monotonic_ns()}"
    names = [f"{number}.json" for number in range(60)]
    put(f"{base}/catalog.json", catalog_json(*linked(*names)))
    for name in names:
        put(f"{base}/{name}", item_json(name))
    problems: list[Problem] = []
    catalog = read_catalog(f"{base}/catalog.json")
    walk = walk_items(catalog, on_problem=problems.append)
    next(walk)
    dcache.configure(refuse_token="token expired", block_s=0.0)
    try:
        with pytest.raises(RsdatError) as caught:
            list(walk)
        assert isinstance(caught.value, NoCredential)
    finally:
        dcache.configure(refuse_token="", block_s=0.5)
    assert problems == []


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """A plain web server."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

    def handler(*args: Any) -> Quiet:
        return Quiet(*args, directory=str(tmp_path))

    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
    server.server_close()


def test_catalogs_on_the_web(web: str, tmp_path: Path, dcache: Door) -> None:
    """Read over http, saved to dCache; hrefs follow the web's rules there, and lead back to it."""
    put(str(tmp_path / "catalog.json"), catalog_json(*linked("./items/a%20b.json", "./gone.json")))
    put(
        str(tmp_path / "items/a b.json"),
        item_json("a", assets={"data": {"href": "../data/x.tif?v=1"}}),
    )
    problems: list[Problem] = []
    catalog = read_catalog(f"{web}/catalog.json")
    (item,) = walk_items(catalog, on_problem=problems.append)
    assert [problem.code for problem in problems] == ["not_found"]
    assert item.id == "a"
    catalog.clear_items()
    catalog.add_item(item)
    base = f"dcache://web-{time.monotonic_ns()}"
    catalog.normalize_and_save(base, "SELF_CONTAINED")
    (again,) = read_catalog(f"{base}/catalog.json").get_items()
    assert again.assets["data"].href == f"{web}/data/x.tif?v=1"
    with pytest.raises(NotFound):
        read_catalog(f"{web}/nothing.json")


# ---------------------------------------------------------------- secrets


def test_no_secret_travels(dcache: Door) -> None:
    """A token given as text is in no pickle; names of endpoints and files are."""
    addresses = {"api_url": dcache.api_url, "webdav_url": dcache.webdav_url}
    put("dcache://secrets/catalog.json", catalog_json(*linked("a.json")))
    put("dcache://secrets/a.json", item_json("a"))
    # The configured endpoint has the same token: its name goes instead.
    catalog = read_catalog(
        "dcache://secrets/catalog.json", storage_options={**addresses, "token": dcache.token}
    )
    travelled = pickle.dumps(next(catalog.get_items())._stac_io)
    assert dcache.token.encode() not in travelled
    assert portable(catalog) == {"dcache": {"endpoint": "default"}}
    assert pickle.loads(travelled).storage_options == {"dcache": {"endpoint": "default"}}
    # Another one goes not at all, and is missed where it would be needed.
    other = FsspecStacIO(
        {
            "dcache": {**addresses, "token": "t0p"},
            "s3": {"key": "k1", "anon": 1},
            "filecache": {"target_options": {"token": "t1p"}},
        }
    )
    travelled = pickle.dumps(other)
    for secret in (b"t0p", b"k1", b"t1p"):
        assert secret not in travelled
    again = pickle.loads(travelled)
    with pytest.raises(NoCredential, match="does not travel"):
        filesystem_of("dcache://x", again)
    assert again.storage_options["s3"]["anon"] == 1
    named = FsspecStacIO({"endpoint": "spider"})
    assert pickle.loads(pickle.dumps(named)).storage_options == {"dcache": {"endpoint": "spider"}}


def test_options_of_one_store_do_not_reach_another(base: str) -> None:
    """Flat options are for the catalog's own protocol: no token of dCache goes to a web server."""
    put(f"{base}/catalog.json", catalog_json())
    with pytest.raises((RsdatError, TypeError, OSError, ValueError)):
        read_catalog("dcache://x/catalog.json", storage_options={"endpoint": "nobody"})
    stac_io = FsspecStacIO({"token": "t0p"})
    filesystem, _ = filesystem_of("http://127.0.0.1:1/x.json", stac_io)
    assert "token" not in filesystem.storage_options


def test_use_fsspec_in_pystac() -> None:
    """PySTAC's default changes only by the call, and comes back after `with`."""
    script = (
        "import fsspec, json, pystac\n"
        "from rsdat.stac import use_fsspec_in_pystac, Catalog\n"
        "before = type(pystac.StacIO.default())\n"
        "Catalog('c', '').normalize_and_save('memory://m', 'SELF_CONTAINED')\n"
        "with use_fsspec_in_pystac():\n"
        "    found = pystac.Catalog.from_file('memory://m/catalog.json')\n"
        "    assert type(found) is pystac.Catalog and found.id == 'c'\n"
        "    found.normalize_and_save('memory://n', pystac.CatalogType.SELF_CONTAINED)\n"
        "assert type(pystac.StacIO.default()) is before\n"
        "assert fsspec.filesystem('memory').exists('/n/catalog.json')\n"
        "use_fsspec_in_pystac()\n"
        "assert pystac.Catalog.from_file('memory://n/catalog.json').id == 'c'\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_an_old_pystac_catalog_of_ours(base: str) -> None:
    """`Catalog.from_file` opens collections too, and says what it can't open."""
    put(f"{base}/i.json", item_json("i"))
    with pytest.raises(InvalidInput, match="item"):
        Catalog.from_file(f"{base}/i.json")
