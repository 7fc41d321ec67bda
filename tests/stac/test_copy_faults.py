"""Bad days of a copy: what breaks, vanishes, lies or is killed, and what stands afterwards."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.files import write_text
from rsdat.stac.copying import copy_assets
from rsdat.stac.copying import one as one_file
from rsdat.stac.copying import reader as reading
from tests.support.copies import item, multihash
from tests.support.door import Door
from tests.support.webfiles import WebFiles, web_files


@pytest.fixture
def web() -> Iterator[WebFiles]:
    with web_files() as served:
        yield served


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries are short."""
    monkeypatch.setattr(one_file, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(reading, "PAUSES_S", (0.01, 0.01, 0.01))


def quietly(items: Any, keys: Any, to: Any, **options: Any) -> Any:
    return copy_assets(items, keys, str(to), progress=False, **options)


def hidden(folder: Path) -> list[Path]:
    """What is left of copies that did not end."""
    return list(folder.rglob(".*"))


def test_one_request_of_a_hundred_fails(web: WebFiles, dcache: Door, tmp_path: Path) -> None:
    web.files = {f"/{n}": os.urandom(20_000) for n in range(200)}
    dice = random.Random(7)
    spoiled: list[str] = []

    def fail_some(handler: Any) -> bool:
        if dice.random() < 0.03:
            spoiled.append(handler.path)
            handler.plain(503)
            return True
        return False

    web.spoil = fail_some
    for server, method in (("redirect", "PUT"), ("pool", "PUT"), ("frontend", "GET")):
        dcache.fault("status", server=server, method=method, status=503, times=2)
    items = [item(f"i{n}", {"a": f"{web.url}/{n}"}) for n in range(200)]
    report = quietly(items, "a", f"dcache:///{tmp_path.name}")
    assert spoiled
    assert report.ok, report
    assert len(report.copied) == 200
    for n in range(200):
        assert (dcache.root / tmp_path.name / f"i{n}/{n}").read_bytes() == web.files[f"/{n}"]
    assert hidden(dcache.root / tmp_path.name) == []


def test_a_cut_connection_goes_on_where_it_was(web: WebFiles, dcache: Door, tmp_path: Path) -> None:
    web.files["/a"] = os.urandom(5_000_000)
    web.cut_at, web.cuts = 2_000_000, 1
    report = quietly(item("i", {"a": f"{web.url}/a"}), "a", f"dcache:///{tmp_path.name}")
    assert report.ok, report
    assert (dcache.root / tmp_path.name / "i/a").read_bytes() == web.files["/a"]
    first, second = web.gets("/a")
    assert first is None
    assert second is not None
    assert 0 < int(second.removeprefix("bytes=").rstrip("-")) <= 2_000_000
    # The upload was the same all the time.
    assert dcache.counts()["pool PUT"] == 1


def test_without_etag_and_range_it_begins_anew(web: WebFiles, tmp_path: Path) -> None:
    web.files["/a"] = os.urandom(3_000_000)
    web.tags = web.ranges = False
    web.cut_at, web.cuts = 1_000_000, 2
    report = quietly(item("i", {"a": f"{web.url}/a"}), "a", tmp_path)
    assert report.ok, report
    assert web.gets("/a") == [None, None, None]
    assert (tmp_path / "i/a").read_bytes() == web.files["/a"]
    assert hidden(tmp_path) == []


def test_a_range_that_begins_later_than_asked(web: WebFiles, tmp_path: Path) -> None:
    """No byte is taken for another one: such an answer is refused, and asked for again."""
    body = os.urandom(6_000_000)
    web.files = {"/a.tif": body}
    web.cut_at, web.cuts = 2_500_000, 1
    lied: list[str] = []

    def lie(handler: Any) -> bool:
        asked = handler.headers.get("Range")
        if asked is None or lied:
            return False
        lied.append(asked)
        first = int(asked.removeprefix("bytes=").rstrip("-")) + 1000
        rest = body[first:] + bytes(1000)
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        handler.send_header("Content-Length", str(len(rest)))
        handler.end_headers()
        handler.wfile.write(rest)
        return True

    web.spoil = lie
    report = copy_assets(item("i", {"a": f"{web.url}/a.tif"}), "a", str(tmp_path), progress=False)
    report.raise_for_failures()
    assert len(lied) == 1
    assert (tmp_path / "i/a.tif").read_bytes() == body


def test_without_content_length(web: WebFiles, dcache: Door, tmp_path: Path) -> None:
    web.files["/a"] = os.urandom(700_000)
    web.length = web.tags = False
    one = item("i", {"a": f"{web.url}/a"})
    report = quietly(one, "a", f"dcache:///{tmp_path.name}")
    assert report.verified == {"nothing": 1}
    assert (dcache.root / tmp_path.name / "i/a").read_bytes() == web.files["/a"]
    one.assets["a"].extra_fields["file:checksum"] = multihash("sha256", web.files["/a"])
    assert quietly(one, "a", tmp_path).verified == {"sha256": 1}


def test_an_item_that_tells_a_wrong_checksum(web: WebFiles, dcache: Door, tmp_path: Path) -> None:
    web.files = {"/a": b"a" * 100, "/b": b"b" * 100}
    one = item("i", {"a": f"{web.url}/a", "b": f"{web.url}/b"})
    one.assets["a"].extra_fields["file:checksum"] = multihash("sha256", b"other")
    one.assets["b"].extra_fields["file:size"] = 99
    report = quietly(one, None, f"dcache:///{tmp_path.name}")
    assert {outcome.code for outcome in report.failed} == {"item_differs"}
    assert list((dcache.root / tmp_path.name).rglob("*.*")) == []
    assert list((dcache.root / tmp_path.name / "i").iterdir()) == []
    assert quietly(one, None, f"dcache:///{tmp_path.name}", trust_items=False).ok


def test_bytes_that_are_damaged_on_their_way(web: WebFiles, dcache: Door, tmp_path: Path) -> None:
    (dcache.root / tmp_path.name).mkdir()
    (dcache.root / tmp_path.name / "a").write_bytes(b"a" * 500_000)
    one = item("i", {"a": f"dcache:///{tmp_path.name}/a"})
    dcache.fault("flip", server="pool", method="GET", at_bytes=1000, times=1)
    assert quietly(one, "a", tmp_path).ok
    assert (tmp_path / "i/a").read_bytes() == b"a" * 500_000
    dcache.fault("flip", server="pool", method="GET", at_bytes=1000, times=9)
    report = quietly(one, "a", tmp_path / "two")
    dcache.forget()
    assert [outcome.code for outcome in report.failed] == ["wrong_checksum"]
    assert list((tmp_path / "two/i").iterdir()) == []


def test_a_source_that_changes_while_it_is_copied(web: WebFiles, tmp_path: Path) -> None:
    web.files["/a"] = b"1" * 3_000_000
    web.cut_at, web.cuts = 2_000_000, 1

    def change(handler: Any) -> bool:
        if handler.headers.get("Range"):
            web.files["/a"] = b"2" * 3_000_000
        return False

    web.spoil = change
    report = quietly(item("i", {"a": f"{web.url}/a"}), "a", tmp_path)
    assert report.ok, report
    assert (tmp_path / "i/a").read_bytes() == b"2" * 3_000_000


def test_a_source_that_changes_between_head_and_get(web: WebFiles, tmp_path: Path) -> None:
    web.files["/a"] = b"1" * 1000
    one = item("i", {"a": f"{web.url}/a"})
    assert quietly(one, "a", tmp_path).ok
    web.files["/a"] = b"2" * 2000

    def change(handler: Any) -> bool:
        if handler.command == "GET":
            web.files["/a"] = b"3" * 3000
        return False

    web.spoil = change
    report = quietly(one, "a", tmp_path)
    assert len(report.copied) == 1
    assert (tmp_path / "i/a").read_bytes() == b"3" * 3000


def test_a_token_that_ends_in_the_middle(web: WebFiles, dcache: Door, tmp_path: Path) -> None:
    web.files = {f"/{n}": os.urandom(1000) for n in range(60)}
    served = 0

    def end_the_token(handler: Any) -> bool:
        nonlocal served
        served += handler.command == "GET"
        if served == 20:
            dcache.configure(refuse_token="Token has expired")
        return False

    web.spoil = end_the_token
    items = [item(f"i{n}", {"a": f"{web.url}/{n}"}) for n in range(60)]
    to = f"dcache:///{tmp_path.name}"
    dcache.forget()
    try:
        report = quietly(items, "a", to, max_concurrency=4)
        refused = [each for each in dcache.requests() if each["status"] == 401]
    finally:
        dcache.configure(refuse_token="")
    assert 10 < len(report.copied) < 21
    assert len(report.copied) + len(report.failed) == 60
    assert "expired" in str(report)
    assert sum((outcome.reason or "").startswith("Not tried") for outcome in report.failed) > 30
    # Only what was under way asked with it: dCache blocks who goes on.
    assert len(refused) <= 4
    # The user puts a new one where the old one was, and goes on.
    new = dcache.mint("/", "activity:DOWNLOAD,UPLOAD,DELETE,MANAGE,LIST,READ_METADATA")
    write_text(Path(os.environ["RSDAT_HOME"]) / "default.token", new)
    again = report.retry()
    assert again.ok, again
    assert len(again.copied) == len(report.failed)


def test_a_full_disk_and_a_full_quota(
    web: WebFiles, dcache: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.files = {f"/{n}": os.urandom(100_000) for n in range(30)}
    items = [item(f"i{n}", {"a": f"{web.url}/{n}"}) for n in range(30)]
    dcache.fault("no_space", method="PUT", times=1000)
    report = quietly(items, "a", f"dcache:///{tmp_path.name}", max_concurrency=2)
    dcache.forget()
    assert {outcome.code for outcome in report.failed} == {"no_space"}
    assert len(report.failed) == 30
    assert len(web.asked) < 10
    assert hidden(dcache.root / tmp_path.name) == []
    assert report.retry().ok

    # No file system of a test can be filled for real without being root: the write fails instead.
    full = tmp_path / "full"
    real = os.fdopen

    class Full:
        def __init__(self, file: Any) -> None:
            self._file = file

        def __getattr__(self, name: str) -> Any:
            return getattr(self._file, name)

        def write(self, _data: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    def opened(descriptor: int, mode: str, *args: Any, **options: Any) -> Any:
        file = real(descriptor, mode, *args, **options)
        return Full(file) if mode == "r+b" else file

    monkeypatch.setattr("rsdat.stac.copying.targets.os.fdopen", opened)
    report = quietly(items, "a", full, max_concurrency=2)
    assert {outcome.code for outcome in report.failed} == {"no_space"}
    assert hidden(full) == []


def test_killed_in_the_middle_and_run_again(web: WebFiles, dcache: Door, tmp_path: Path) -> None:
    web.files = {f"/{n}": os.urandom(1_500_000) for n in range(8)}
    gate = threading.Event()

    def hold(handler: Any) -> bool:
        if handler.command != "GET" or int(handler.path[1:]) < 3 or gate.is_set():
            return False
        body = web.files[handler.path]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[:1_000_000])
        gate.wait(60)
        return True

    web.spoil = hold
    folder = dcache.root / tmp_path.name
    folder.mkdir()
    catalog = {"type": "Catalog", "id": "old", "stac_version": "1.0.0", "description": "d"}
    old = json.dumps({**catalog, "links": []}).encode()
    (folder / "catalog.json").write_bytes(old)
    to = f"dcache:///{tmp_path.name}"
    code = f"""
from rsdat.base.files import write_text
from rsdat.stac.copying import copy_assets
from tests.support.copies import item
items = [item(f"i{{n}}", {{"a": "{web.url}/" + str(n)}}) for n in range(8)]
copy_assets(items, "a", {to!r}, progress=False, write_catalog=True)
"""
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        ends = time.monotonic() + 60
        while not all((folder / f"i{n}/i{n}.json").exists() for n in range(3)):
            assert time.monotonic() < ends
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        gate.set()
    # Nobody sees half a file, and the catalog is the old one.
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith(".") and path.suffix != ".json":
            assert path.read_bytes() == web.files[f"/{path.name}"]
    assert (folder / "catalog.json").read_bytes() == old

    items = [item(f"i{n}", {"a": f"{web.url}/{n}"}) for n in range(8)]
    report = quietly(items, "a", to, write_catalog=True)
    assert report.ok, report
    assert (len(report.skipped), len(report.copied)) == (3, 5)
    saved = json.loads((folder / "catalog.json").read_text())
    assert saved["id"] == "old"
    assert len([link for link in saved["links"] if link["rel"] == "item"]) == 8


def test_killed_in_the_middle_of_a_local_file_it_goes_on_there(
    web: WebFiles, tmp_path: Path
) -> None:
    web.files["/a"] = os.urandom(8_000_000)
    gate = threading.Event()

    def hold(handler: Any) -> bool:
        if handler.command != "GET" or gate.is_set():
            return False
        body = web.files["/a"]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("ETag", '"one"')
        handler.end_headers()
        handler.wfile.write(body[:5_000_000])
        gate.wait(60)
        return True

    web.spoil = hold
    to = tmp_path / "to"
    code = f"""
from rsdat.base.files import write_text
from rsdat.stac.copying import copy_assets
from tests.support.copies import item
copy_assets(item("i", {{"a": "{web.url}/a"}}), "a", {str(to)!r}, progress=False)
"""
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        ends = time.monotonic() + 60
        while not (to.is_dir() and any(path.stat().st_size > 4_000_000 for path in hidden(to))):
            assert time.monotonic() < ends
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        gate.set()
    assert not (to / "i/a").exists()

    def tag(handler: Any) -> bool:
        # The same ETag as before.
        body = web.files["/a"]
        start = int((handler.headers.get("Range") or "bytes=0-")[6:].rstrip("-"))
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        handler.send_header("ETag", '"one"')
        handler.send_header("Content-Length", str(len(body) - start))
        handler.end_headers()
        if handler.command == "GET":
            handler.wfile.write(body[start:])
        return True

    web.spoil = tag
    report = quietly(item("i", {"a": f"{web.url}/a"}), "a", to)
    assert report.ok, report
    assert report.bytes < 4_100_000
    assert (to / "i/a").read_bytes() == web.files["/a"]
    assert hidden(to) == []


@pytest.mark.parametrize("place", ["dcache", "local"])
def test_two_copies_of_the_same_at_once(
    web: WebFiles, dcache: Door, tmp_path: Path, place: str
) -> None:
    web.files = {f"/{n}": os.urandom(400_000) for n in range(6)}
    both = threading.Barrier(2)

    def together(handler: Any) -> bool:
        if handler.command == "GET" and handler.path == "/0":
            both.wait(30)
        return False

    web.spoil = together
    items = [item(f"i{n}", {"a": f"{web.url}/{n}"}) for n in range(6)]
    folder = dcache.root / tmp_path.name if place == "dcache" else tmp_path / "to"
    to = f"dcache:///{tmp_path.name}" if place == "dcache" else folder
    reports: list[Any] = []
    threads = [
        threading.Thread(target=lambda: reports.append(quietly(items, "a", to, write_catalog=True)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [report.ok for report in reports] == [True, True], reports
    for n in range(6):
        assert (folder / f"i{n}/{n}").read_bytes() == web.files[f"/{n}"]
    assert [path for path in hidden(folder) if "rsdat" in path.name and path.is_file()] == []
    links = json.loads((folder / "catalog.json").read_text())["links"]
    assert len([link for link in links if link["rel"] == "item"]) == 6


def test_files_on_tape_are_told_at_once_or_staged(dcache: Door, tmp_path: Path) -> None:
    source = dcache.root / tmp_path.name
    source.mkdir()
    for name in "ab":
        (source / name).write_bytes(name.encode() * 10)
    dcache.set_file(f"/{tmp_path.name}/b", locality="NEARLINE", stage_delay_s=0.1)
    one = item("i", {name: f"dcache:///{tmp_path.name}/{name}" for name in "ab"})
    report = quietly(one, None, tmp_path / "to")
    assert [outcome.code for outcome in report.failed] == ["on_tape"]
    assert "stage=True" in str(report)
    assert len(report.copied) == 1
    staged = quietly(one, None, tmp_path / "to", stage=True, stage_wait_s=60)
    assert (len(staged.copied), len(staged.skipped)) == (1, 1), staged
    dcache.set_file(f"/{tmp_path.name}/b", locality="NEARLINE", stage_delay_s=600)
    late = quietly(one, "b", tmp_path / "late", stage=True, stage_wait_s=0.5)
    assert [outcome.code for outcome in late.failed] == ["on_tape_still"]


def test_a_list_of_items_that_breaks_off(web: WebFiles, tmp_path: Path) -> None:
    """What came before is copied; the failure is told all the same."""
    web.files = {f"/{n}": b"x" for n in range(3)}

    def search() -> Iterator[Any]:
        for n in range(3):
            yield item(f"i{n}", {"a": f"{web.url}/{n}"})
        raise ConnectionError("the API is gone")

    with pytest.raises(ConnectionError, match="the API is gone"):
        quietly(search(), "a", tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["i0", "i1", "i2"]


def test_into_a_file_system_without_locks(
    web: WebFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Lustre mounted without flock: copies come, whole, and nothing is left beside them."""

    def none(*_: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", none)
    web.files = {f"/{n}": os.urandom(2_000_000) for n in range(3)}
    web.cut_at, web.cuts = 1_200_000, 1
    items = [item(f"i{n}", {"a": f"{web.url}/{n}"}) for n in range(3)]
    report = copy_assets(items, "a", str(tmp_path / "to"), progress=False)
    report.raise_for_failures()
    found = sorted(str(each.relative_to(tmp_path / "to")) for each in tmp_path.glob("to/*/*"))
    assert found == ["i0/0", "i1/1", "i2/2"]
    for n in range(3):
        assert (tmp_path / f"to/i{n}/{n}").read_bytes() == web.files[f"/{n}"]
