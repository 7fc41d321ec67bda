"""Several people add to one catalog at once: no link lost, nothing half is ever read."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import fsspec
import pystac
import pytest
from fsspec.asyn import sync

from rsdat.base.errors import Conflict, InvalidInput, NotPermitted, RsdatError
from rsdat.dcache import swap
from rsdat.stac import add_item, read_catalog
from rsdat.stac.hrefs import absolute
from rsdat.stac.store import filesystem_of, read_text
from rsdat.stac.swap import update
from tests.support.dcache import names
from tests.support.door import Door


def make_item(item_id: str) -> pystac.Item:
    return pystac.Item(item_id, None, None, datetime(2024, 1, 1, tzinfo=timezone.utc), {})


ADDER = """
import sys
from datetime import datetime, timezone
import pystac
from rsdat.stac import add_item
href, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
day = datetime(2024, 1, 1, tzinfo=timezone.utc)
for i in range(count):
    add_item(href, pystac.Item(f"{name}-{i}", None, None, day, {}))
"""


def adders(href: str, processes: int, each: int) -> list[subprocess.Popen[str]]:
    """Processes that wait for a line, then add."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", ADDER, href, f"p{number}", str(each)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    return started


@pytest.fixture(params=["local", "dcache"])
def shared(request: pytest.FixtureRequest, tmp_path: Path, dcache: Door) -> str:
    """Where several may write."""
    folder = f"together-{time.monotonic_ns()}"
    return str(tmp_path / "shared") if request.param == "local" else f"dcache://{folder}"


def test_many_processes_add_at_once(shared: str) -> None:
    """And somebody reads all the while."""
    href = f"{shared}/catalog.json"
    add_item(href, make_item("first"))
    running = adders(href, processes=4, each=5)
    counts: list[int] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            links = json.loads(read_text(href))["links"]
            counts.append(len([link for link in links if link["rel"] == "item"]))

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        for process in running:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        try:
            for process in running:
                _, errors = process.communicate(timeout=120)
                assert process.returncode == 0, errors
        finally:
            stop.set()
        looking.result(30)

    items = {item.id for item in read_catalog(href).get_items()}
    assert items == {"first", *(f"p{p}-{i}" for p in range(4) for i in range(5))}
    # Whoever reads sees it grow, and never shrink.
    assert len(counts) > 3
    assert counts == sorted(counts)


def test_many_threads_begin_one_catalog(shared: str) -> None:
    """Nobody was first: the catalog itself is made once."""
    href = f"{shared}/new/catalog.json"
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda i: add_item(href, make_item(f"t{i}")), range(6)))
    assert {item.id for item in read_catalog(href).get_items()} == {f"t{i}" for i in range(6)}


def test_nothing_is_left_behind(dcache: Door, tmp_path: Path) -> None:
    add_item("dcache:///tidy/catalog.json", make_item("a"))
    add_item("dcache:///tidy/catalog.json", make_item("b"))
    assert names(dcache, "tidy") == ["a", "b", "catalog.json"]
    assert names(dcache, "tidy/a") == ["a.json"]


def on_dcache(path: str, change: swap.Change, takeover_s: float) -> bool:
    filesystem = fsspec.filesystem("dcache")

    async def work() -> bool:
        client = await filesystem.connect()
        return await swap.update(client, path, change, takeover_s=takeover_s)

    done: bool = sync(filesystem.loop, work, timeout=60)
    return done


def test_who_was_stopped_overwrites_nothing(dcache: Door) -> None:
    """Its lock is taken away while it thinks; what it then writes is built on what is there now."""
    path = f"/stopped-{time.monotonic_ns()}/list.txt"
    on_dcache(path, lambda old: b"0", 9)
    thinking, go_on = threading.Event(), threading.Event()
    seen: list[bytes | None] = []

    def slow(old: bytes | None) -> bytes:
        seen.append(old)
        if len(seen) == 1:
            thinking.set()
            assert go_on.wait(30)
        return (old or b"") + b" slow"

    with ThreadPoolExecutor(1) as pool:
        stopped = pool.submit(on_dcache, path, slow, 9)
        assert thinking.wait(30)
        on_dcache(path, lambda old: (old or b"") + b" quick", 0.3)
        go_on.set()
        stopped.result(60)

    assert seen == [b"0", b"0 quick"]
    assert (dcache.root / path[1:]).read_bytes() == b"0 quick slow"
    assert names(dcache, path.rpartition("/")[0]) == ["list.txt"]


@pytest.mark.parametrize("where", ["local", "dcache"])
def test_who_was_killed_stops_nobody(where: str, dcache: Door, tmp_path: Path) -> None:
    """A process dies with the lock in its hand."""
    script = (
        "import sys, time\n"
        "from rsdat.stac.swap import update\n"
        "def change(old):\n"
        "    print('inside', flush=True)\n"
        "    time.sleep(600)\n"
        "update(sys.argv[1], change)\n"
    )
    folder = f"killed-{time.monotonic_ns()}"
    href = f"{tmp_path / folder}/x.txt" if where == "local" else f"dcache://{folder}/x.txt"
    update(href, lambda old: b"0")
    process = subprocess.Popen(
        [sys.executable, "-c", script, href], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "inside\n"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        process.stdout.close()
    if where == "local":
        assert update(href, lambda old: (old or b"") + b"1")
    else:
        assert on_dcache(f"/{folder}/x.txt", lambda old: (old or b"") + b"1", 0.3)
    assert read_text(href) == "01"


def test_somebody_without_the_lock_is_not_overwritten(dcache: Door) -> None:
    """Another tool replaces the file while we think."""
    path = f"/other-{time.monotonic_ns()}/x.txt"
    filesystem = fsspec.filesystem("dcache")
    filesystem.pipe_file(path, b"0")
    seen: list[bytes | None] = []

    def change(old: bytes | None) -> bytes:
        seen.append(old)
        if len(seen) == 1:
            asyncio.run_coroutine_threadsafe(
                filesystem._pipe_file(path, b"theirs"), filesystem.loop
            ).result(30)
        return (old or b"") + b" ours"

    on_dcache(path, change, 9)

    assert seen == [b"0", b"theirs"]
    assert filesystem.cat_file(path) == b"theirs ours"


@pytest.mark.parametrize("server", ["frontend", "redirect"])
def test_lost_answers(dcache: Door, server: str) -> None:
    """A door that answers nothing now and then: done once, or told; never half."""
    path = f"/lost-{server}-{time.monotonic_ns()}/x.txt"
    on_dcache(path, lambda old: b"0", 9)
    done = 0
    for number in range(12):
        dcache.fault("drop", server=server, times=1, method="POST" if number % 2 else "")
        with contextlib.suppress(OSError, RsdatError):
            done += on_dcache(path, lambda old: (old or b"") + b"+", 0.3)
        dcache.forget()
    text = (dcache.root / path[1:]).read_text()
    assert text.startswith("0")
    # One that was told as failed may have come through.
    assert done <= text.count("+") <= 12


def test_who_may_not_delete(dcache: Door, tmp_path: Path) -> None:
    """A macaroon for writing alone begins catalogs and changes none; nobody waits for its locks."""
    folder = f"narrow-{time.monotonic_ns()}"
    (dcache.root / folder).mkdir()
    token = dcache.mint(f"/{folder}", "activity:DOWNLOAD,LIST,UPLOAD,MANAGE,READ_METADATA")
    options = {"api_url": dcache.api_url, "webdav_url": dcache.webdav_url, "token": token}
    href = f"dcache://{folder}/catalog.json"
    start = time.monotonic()
    add_item(href, make_item("a"), storage_options=options)
    with pytest.raises(NotPermitted, match="may not be replaced") as caught:
        add_item(href, make_item("b"), storage_options=options)
    assert "DELETE" in str(caught.value.hint)
    with pytest.raises(NotPermitted, match="may not be replaced"):
        add_item(href, make_item("a"), overwrite=True, storage_options=options)
    assert [item.id for item in read_catalog(href).get_items()] == ["a"]
    add_item(href, make_item("c"))
    assert time.monotonic() - start < swap.TAKEOVER_S
    assert [item.id for item in read_catalog(href).get_items()] == ["a", "c"]


def test_a_dead_lock_and_a_login_that_may_not_delete(dcache: Door) -> None:
    """The lock of who died is moved away, even where it can't be deleted."""
    folder = f"dead-{time.monotonic_ns()}"
    (dcache.root / folder / ".rsdat-lock-x.txt" / "0123456789abcdef").mkdir(parents=True)
    token = dcache.mint(f"/{folder}", "activity:DOWNLOAD,LIST,UPLOAD,MANAGE,READ_METADATA")
    filesystem = fsspec.filesystem(
        "dcache", api_url=dcache.api_url, webdav_url=dcache.webdav_url, token=token
    )

    async def work() -> bool:
        client = await filesystem.connect()
        return await swap.update(client, f"/{folder}/x.txt", lambda _: b"1", takeover_s=0.3)

    assert sync(filesystem.loop, work, timeout=60)
    assert (dcache.root / folder / "x.txt").read_bytes() == b"1"


def test_of_two_with_one_id_one_comes_through(shared: str) -> None:
    """At the same moment: the other is told, whatever both saw before."""
    href = f"{shared}/catalog.json"
    add_item(href, make_item("first"))
    items = [make_item("same") for _ in range(6)]
    for number, item in enumerate(items):
        item.properties["by"] = number
    at_once = threading.Barrier(len(items))

    def add(item: pystac.Item) -> int | None:
        at_once.wait(30)
        with contextlib.suppress(Conflict):
            add_item(href, item)
            return int(item.properties["by"])
        return None

    with ThreadPoolExecutor(len(items)) as pool:
        done = [number for number in pool.map(add, items) if number is not None]
    found = read_catalog(href).get_item("same")
    assert found is not None
    assert done == [found.properties["by"]]


def test_no_item_is_replaced_unasked(shared: str) -> None:
    href = f"{shared}/catalog.json"
    add_item(href, make_item("a"))
    with pytest.raises(Conflict, match="'a' already"):
        add_item(href, make_item("a"))
    add_item(href, make_item("a"), overwrite=True)
    assert [item.id for item in read_catalog(href).get_items()] == ["a"]


def test_assets_stay_where_they_are(base: str) -> None:
    item = make_item("odd #1? 50%")
    item.set_self_href(f"{base}/somewhere/odd.json")
    item.add_asset("near", pystac.Asset("./near #2?.tif"))
    item.add_asset("far", pystac.Asset("https://host/a.tif?x=1"))

    href = add_item(f"{base}/all/catalog.json", item)

    found = next(read_catalog(f"{base}/all/catalog.json").get_items())
    assert found.get_self_href() == href
    filesystem, path = filesystem_of(href)
    value = json.loads(filesystem.cat_file(path))
    assert value["assets"]["near"]["href"] == "../../somewhere/near #2?.tif"
    assert value["assets"]["far"]["href"] == "https://host/a.tif?x=1"
    assert absolute(item.self_href) == absolute(f"{base}/somewhere/odd.json")


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"type": "Feature"}', b"\xff"])
def test_what_is_no_catalog_stays(shared: str, text: bytes) -> None:
    href = f"{shared}/catalog.json"
    update(href, lambda old: text)
    with pytest.raises(InvalidInput):
        add_item(href, make_item("a"))
    filesystem, path = filesystem_of(href)
    assert filesystem.cat_file(path) == text
