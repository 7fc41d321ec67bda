"""Quotas, qualities of service, optional attributes, costs and limits of the stand-in."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rsdat.demo.door import checksums
from rsdat.demo.door.auth import RateLimiter
from rsdat.demo.door.store import AttributeStore
from rsdat.demo.door.tree import Tree
from rsdat.demo.door.uploads import Upload
from tests.support.door import Door, door
from tests.support.raw_http import Reply, ask, ask_on, connection
from tests.support.waiting import best_s, wait_for


@pytest.fixture(scope="module")
def dcache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with door(tmp_path_factory.mktemp("door"), stage_delay_s=0.05) as running:
        yield running


def rest(dcache: Door, route: str, body: object = None, user: str = "") -> Reply:
    headers = dict(dcache.headers)
    if user:
        basic = base64.b64encode(f"{user}:{dcache.password}".encode()).decode()
        headers["Authorization"] = f"Basic {basic}"
    if body is None:
        return ask("GET", f"{dcache.api_url}/{route}", headers)
    headers["Content-Type"] = "application/json"
    return ask("POST", f"{dcache.api_url}/{route}", headers, json.dumps(body).encode())


def put(dcache: Door, path: str, body: bytes, *, proxy: bool = True) -> Reply:
    headers = {**dcache.headers, "Content-Type": "application/octet-stream"}
    return ask("PUT", dcache.path_url(path, proxy=proxy), headers, body)


def qos(dcache: Door, path: str) -> tuple[str, str | None]:
    entry = dcache.entry(path, "qos=true")
    return entry["currentQos"], entry.get("targetQos")


def test_quotas(dcache: Door) -> None:
    none = rest(dcache, "quota/user?user=true")
    assert (none.status, json.loads(none.text)["detail"]) == (404, "No such quota exists")
    others = {"id": 2000, "replica": 7}
    dcache.set_quota([{"id": 1000, "replica": 5, "replicaLimit": 10}, others])
    expected = {
        "id": 1000,
        "type": "USER",
        "custodial": 0,
        "replica": 5,
        "output": 0,
        "custodialLimit": None,
        "replicaLimit": 10,
        "outputLimit": None,
    }
    own = rest(dcache, "quota/user?user=true").text
    assert (json.loads(own), '"outputLimit":null' in own) == ([expected], True)
    assert len(json.loads(rest(dcache, "quota/user").text)) == 2  # everyone's
    assert json.loads(rest(dcache, "quota/user/2000").text)["replica"] == 7
    assert rest(dcache, "quota/group").status == 404
    # What is used lags by minutes: nothing is refused.
    assert put(dcache, "/quota-lags", b"x" * 100).status == 201
    assert json.loads(rest(dcache, "quota/user?user=true").text)[0]["replica"] == 5
    dcache.set_quota(configured=False)
    assert rest(dcache, "quota/user").status == 503
    dcache.set_quota()


def test_an_enforced_quota_refuses(dcache: Door) -> None:
    dcache.set_quota(group=[{"id": 1005, "replica": 5, "replicaLimit": 10}], enforce=True)
    try:
        full = put(dcache, "/too-much", b"x" * 6)
        assert full.line == (507, "Insufficient storage: SER_DISK_FULL")
        headers = {**dcache.headers, "Expect": "100-continue", "Content-Length": "6"}
        assert ask("PUT", dcache.path_url("/too-much"), headers).status == 507
        assert not (dcache.root / "too-much").exists()
        assert put(dcache, "/fits", b"x" * 5).status == 201
        assert put(dcache, "/fits-not", b"x").status == 507
        assert json.loads(rest(dcache, "quota/group").text)[0]["replica"] == 10
    finally:
        dcache.set_quota()


def test_a_quota_used_up_at_the_pool_leaves_an_entry(dcache: Door) -> None:
    headers = {**dcache.headers, "Expect": "100-continue", "Content-Type": "text/plain"}
    first = ask("PUT", dcache.path_url("/filled"), {**headers, "Content-Length": "6"})
    assert first.status == 307
    dcache.set_quota([{"id": 1000, "replica": 10, "replicaLimit": 10}], enforce=True)
    try:
        full = ask("PUT", first.headers["Location"], {}, b"x" * 6)
        assert (full.status, full.reason) == (507, "SER_DISK_FULL")
        assert "size" in dcache.entry("/filled")
    finally:
        dcache.set_quota()


def test_qos_needs_a_role(dcache: Door) -> None:
    (dcache.root / "qos").write_bytes(b"x")
    change = {"action": "qos", "target": "disk+tape"}
    assert rest(dcache, "namespace/qos", change).status == 403
    assert rest(dcache, "namespace/qos", change, user="alice").status == 403
    bad = {"action": "qos", "target": "gold"}
    assert rest(dcache, "namespace/qos", bad, user="alice#qos-user").status == 400
    assert rest(dcache, "namespace/qos", change, user="alice#qos-user").status == 201
    wait_for(lambda: qos(dcache, "/qos") == ("disk+tape", None))
    assert "/qos" not in dcache.sweep()
    bulk = {"activity": "UPDATE_QOS", "target": ["/qos"], "arguments": {"targetQos": "tape"}}
    refused = rest(dcache, "bulk-requests", bulk).headers["request-url"]
    wait_for(lambda: target(dcache, refused)["state"] == "FAILED")
    assert target(dcache, refused)["errorMessage"] == "Access denied: /qos"
    dcache.configure(qos_for_all=True, stage_delay_s=2)
    try:
        done = rest(dcache, "bulk-requests", bulk).headers["request-url"]
        wait_for(lambda: qos(dcache, "/qos") == ("disk+tape", "tape"))
        wait_for(lambda: target(dcache, done)["state"] == "COMPLETED")
        assert qos(dcache, "/qos") == ("tape", None)
        assert "/qos" in dcache.sweep()
    finally:
        dcache.configure(qos_for_all=False, stage_delay_s=0.05)


def test_qos_that_tape_can_not_give(dcache: Door) -> None:
    (dcache.root / "unread").write_bytes(b"x")
    dcache.set_file("/unread", locality="NEARLINE", stage_error="Tape is broken")
    dcache.configure(qos_for_all=True)
    try:
        arguments = {"targetQos": "disk"}
        order = {"activity": "UPDATE_QOS", "target": ["/unread"], "arguments": arguments}
        url = rest(dcache, "bulk-requests", order).headers["request-url"]
        wait_for(lambda: target(dcache, url)["state"] == "FAILED")
        assert target(dcache, url)["errorMessage"] == "Tape is broken"
        assert qos(dcache, "/unread") == ("tape", None)
    finally:
        dcache.configure(qos_for_all=False)


def target(dcache: Door, url: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ask("GET", url, dcache.headers).text)["targets"][0]
    return found


def test_qos_management(dcache: Door) -> None:
    names = json.loads(rest(dcache, "qos-management/qos/file").text)
    assert names["name"] == ["disk", "tape", "disk+tape", "volatile"]
    one = json.loads(rest(dcache, "qos-management/qos/file/disk+tape").text)["backendCapability"]
    assert (one["name"], one["metadata"]["cdmi_data_redundancy_provided"]) == ("disk+tape", "2")
    assert rest(dcache, "qos-management/qos/file/gold").status == 404
    assert rest(dcache, "qos-management/namespace/x").status == 400


def test_optional_attributes(dcache: Door) -> None:
    (dcache.root / "optional").write_bytes(b"x")
    plain = rest(dcache, "namespace/optional").text
    full = rest(dcache, "namespace/optional?optional=true").text
    assert 600 < len(full) - len(plain) < 1500
    entry = json.loads(full)
    assert (entry["owner"], entry["group"], entry["accessLatency"]) == (1000, 1000, "ONLINE")
    assert {"acl", "storageInfo", "atime", "ctime", "hsm"} <= entry.keys()


def test_what_ordinary_users_may_not_see(dcache: Door) -> None:
    for route in ("id/0000ABC", "restores"):
        assert rest(dcache, route).status == 403
    assert json.loads(rest(dcache, "space/tokens").text) == []
    labels = rest(dcache, "labels")
    assert (labels.status, "there are no any labels" in labels.text) == (500, True)


def test_labels_come_in_pages(dcache: Door) -> None:
    for name in "abc":
        (dcache.root / f"labelled-{name}").touch()
    dcache.set_files([{"path": f"/labelled-{n}", "labels": ["é a"]} for n in "abc"])

    def names(query: str = "") -> list[str]:
        answer = rest(dcache, f"labels/%C3%A9%20a{query}")
        return [child["fileName"] for child in json.loads(answer.text)["children"]]

    assert names() == ["labelled-a-1", "labelled-b-2", "labelled-c-3"]
    assert names("?limit=1&offset=1") == ["labelled-b-2"]
    assert json.loads(rest(dcache, "labels/unknown").text)["children"] == []


def test_pages_follow_changes(dcache: Door) -> None:
    """Names of a long folder are remembered; a change of it must show all the same."""
    folder = dcache.root / "long"
    folder.mkdir()
    for i in range(1500):
        (folder / f"f{i}").touch()
    os.utime(folder, (1_700_000_000, 1_700_000_000))  # one just changed isn't remembered

    def names(query: str = "") -> list[str]:
        answer = rest(dcache, f"namespace/long?children=true{query}")
        return [child["fileName"] for child in json.loads(answer.text)["children"]]

    whole = names()
    assert names("&limit=100&offset=700") == whole[700:800]
    assert names("&offset=1490") == whole[1490:]
    assert put(dcache, "/long/new", b"x").status == 201
    assert set(names()) == {*whole, "new"}
    (folder / "f7").unlink()
    assert "f7" not in names()


def test_a_long_listing_costs_little_memory(dcache: Door) -> None:
    folder = dcache.root / "many"
    folder.mkdir()
    for i in range(40_000):
        (folder / f"file-{i:05d}.tif").touch()
    before = peak_bytes(dcache)
    size = len(rest(dcache, "namespace/many?children=true&locality=true").body)
    # The answer itself, the names, and one batch of entries.
    assert peak_bytes(dcache) - before < 3 * size
    page_s = best_s(lambda: rest(dcache, "namespace/many?children=true&limit=100&offset=30000"))
    # The names are read for both; entries are made for a hundred, or for all.
    assert page_s < best_s(lambda: rest(dcache, "namespace/many?children=true")) / 2


def peak_bytes(dcache: Door) -> int:
    status = Path(f"/proc/{dcache.process.pid}/status").read_text().splitlines()
    line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def test_a_listing_can_cost_time_by_its_length(tmp_path_factory: pytest.TempPathFactory) -> None:
    slow = ("--entry-cost-us", "20000")
    with door(tmp_path_factory.mktemp("door"), arguments=slow) as running:
        for i in range(100):
            (running.root / f"f{i}").touch()
        assert best_s(lambda: rest(running, "namespace/?children=true&limit=10")) < 2
        start = time.monotonic()
        rest(running, "namespace/?children=true")
        assert time.monotonic() - start >= 2


def test_starting_a_mover_costs(dcache: Door) -> None:
    (dcache.root / "costly").write_bytes(os.urandom(1000))
    dcache.configure(mover_cost_ms=1000)
    try:
        for proxy in (True, False):
            start = time.monotonic()
            answer = ask("GET", dcache.path_url("/costly", proxy=proxy), dcache.headers)
            assert time.monotonic() - start >= 1
        start = time.monotonic()
        assert put(dcache, "/costly-put", b"x").status == 201
        assert time.monotonic() - start >= 1
        url = answer.headers["Location"]
        with connection(url) as pool:
            start = time.monotonic()
            for i in range(20):  # other ranges at the same pool URL start none
                assert ask_on(pool, "GET", url, {"Range": f"bytes={i}-{i}"}).status == 206
            assert time.monotonic() - start < 20 * 1 / 2
        assert best_s(lambda: ask("HEAD", dcache.path_url("/costly"), dcache.headers)) < 1
    finally:
        dcache.configure(mover_cost_ms=0)


def test_requests_per_second(dcache: Door) -> None:
    dcache.configure(requests_per_s=5)
    try:
        url = dcache.path_url("/")
        statuses = [ask("HEAD", url, dcache.headers).status for _ in range(20)]
        assert 429 in statuses
        other = {**dcache.headers, "X-Forwarded-For": "192.0.2.9"}
        assert ask("HEAD", url, other).status == 200
    finally:
        dcache.configure(requests_per_s=None)
    assert ask("HEAD", url, dcache.headers).status == 200


def test_the_limit_is_of_each_second() -> None:
    now = [0.0]
    limiter = RateLimiter(10, lambda: now[0], requests_per_s=2)
    assert [limiter.is_blocked("a") for _ in range(3)] == [False, False, True]
    assert not limiter.is_blocked("b")
    now[0] = 1.0
    assert not limiter.is_blocked("a")


@pytest.mark.parametrize("replaced", [True, False])
def test_checksums_of_a_file_that_is_replaced_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replaced: bool
) -> None:
    """What was computed of the old file isn't kept for the new one."""
    (tmp_path / "f").write_bytes(b"old")
    store = AttributeStore(tmp_path.with_suffix(".sqlite"))
    tree = Tree(tmp_path, store)

    def compute(file: Path) -> dict[str, str]:
        if replaced:
            file.unlink()
            upload = Upload(tree, "/f")
            upload.write(b"new")
            upload.abandon()
        return {"ADLER32": "00000001"}

    monkeypatch.setattr(checksums, "_compute", compute)
    monkeypatch.setattr(asyncio, "to_thread", _at_once)
    sums = asyncio.run(checksums.known(tree, tree.entry("/f")))
    attributes = tree.entry("/f").attributes
    if replaced:
        assert (sums, attributes.state, attributes.checksums) == ({}, "uploading", {})
    else:
        assert sums == attributes.checksums == {"ADLER32": "00000001"}
    store.close()


async def _at_once(work: Callable[..., Any], *arguments: object) -> Any:
    """Instead of a thread: what the work does happens in the loop's, as it would meanwhile."""
    return work(*arguments)
