"""Tape, logins, the rate limiter and faults on order of the stand-in."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from rsdat.demo.door.auth import RateLimiter
from tests.support.door import Door, door
from tests.support.raw_http import Reply, ask, ask_on, connection, raw_request, until
from tests.support.waiting import wait_for


@pytest.fixture(scope="module")
def dcache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with door(tmp_path_factory.mktemp("door"), stage_delay_s=0.3, block_s=1) as running:
        yield running


def on_tape(dcache: Door, name: str, **attributes: object) -> str:
    (dcache.root / name).write_bytes(b"from tape")
    dcache.set_file(f"/{name}", locality="NEARLINE", **attributes)
    return f"/{name}"


def locality(dcache: Door, path: str) -> str:
    found: str = dcache.entry(path, "locality=true")["fileLocality"]
    return found


def post(dcache: Door, route: str, body: object) -> Reply:
    headers = {**dcache.headers, "Content-Type": "application/json"}
    return ask("POST", f"{dcache.api_url}/{route}", headers, json.dumps(body).encode())


@pytest.mark.parametrize("proxy", [True, False])
def test_get_of_a_tape_file_blocks_until_it_is_staged(dcache: Door, proxy: bool) -> None:
    path = on_tape(dcache, f"blocks-{proxy}")
    head = ask("HEAD", dcache.path_url(path), dcache.headers)
    assert (head.status, head.headers["Content-Length"]) == (200, "9")
    assert locality(dcache, path) == "NEARLINE"  # HEAD stages nothing
    start = time.monotonic()
    answer = ask("GET", dcache.path_url(path, proxy=proxy), dcache.headers)
    assert time.monotonic() - start >= 0.3
    assert answer.status == (200 if proxy else 302)
    assert locality(dcache, path) == "ONLINE_AND_NEARLINE"


def test_stage_request(dcache: Door) -> None:
    path = on_tape(dcache, "staged")
    (dcache.root / "disk-only").write_text("")
    files = [{"path": p, "diskLifetime": "PT48H"} for p in (path, "/disk-only", "/missing")]
    answer = post(dcache, "tape/stage", {"files": files})
    assert answer.status == 201
    request_id = json.loads(answer.text)["requestId"]
    url = f"{dcache.api_url}/tape/stage/{request_id}"
    assert answer.headers["Location"] == url

    def status() -> dict[str, object]:
        found: dict[str, object] = json.loads(ask("GET", url, dcache.headers).text)
        return found

    wait_for(lambda: "completedAt" in status())
    targets = {item["path"]: item for item in status()["files"]}  # type: ignore[attr-defined]
    assert targets[path]["state"] == "COMPLETED"
    assert targets["/disk-only"]["error"] == "Cannot stage DISK only files"
    assert "No such file or directory /missing" in targets["/missing"]["error"]
    assert locality(dcache, path) == "ONLINE_AND_NEARLINE"
    assert post(dcache, f"tape/release/{request_id}", {"paths": [path, "/no"]}).status == 200
    assert ask("DELETE", url, dcache.headers).status == 200
    assert ask("GET", url, dcache.headers).status == 404


def test_stage_requests_that_are_refused(dcache: Door) -> None:
    path = on_tape(dcache, "refused", stage_delay_s=60)
    weeks = {"files": [{"path": path, "diskLifetime": "P1W"}]}
    assert post(dcache, "tape/stage", weeks).status == 400
    assert post(dcache, "tape/stage", {"files": [{"path": path}], "x": 1}).status == 400
    assert post(dcache, "tape/stage", {"files": []}).status == 400
    request = json.loads(post(dcache, "tape/stage", {"files": [{"path": path}]}).text)["requestId"]
    assert post(dcache, f"tape/stage/{request}/cancel", {"paths": ["/other"]}).status == 400
    assert post(dcache, f"tape/stage/{request}/cancel", {"paths": [path]}).status == 200
    state = ask("GET", f"{dcache.api_url}/tape/stage/{request}", dcache.headers)
    assert json.loads(state.text)["files"][0]["state"] == "CANCELLED"


def test_pin_stages_and_archive_info_tells(dcache: Door) -> None:
    path = on_tape(dcache, "pinned")
    (dcache.root / "folder").mkdir()
    paths = [path, "/folder", "/nope"]
    before = json.loads(post(dcache, "tape/archiveinfo", {"paths": paths}).text)
    assert {item["path"]: item.get("locality", item.get("error")) for item in before} == {
        path: "TAPE",
        "/folder": "NONE",
        "/nope": "No such file or directory /nope",
    }
    pin = {"action": "pin", "lifetime": 7, "lifetime-unit": "DAYS"}
    assert post(dcache, f"namespace{path}", pin).status == 201
    wait_for(lambda: locality(dcache, path) == "ONLINE_AND_NEARLINE")
    assert post(dcache, f"namespace{path}", {**pin, "lifetime-unit": "WEEKS"}).status == 500
    assert post(dcache, f"namespace{path}", {"action": "unpin"}).status == 201


def test_pins_end_one_by_one_and_a_sweep_takes_the_rest(dcache: Door) -> None:
    """Stage requests, the name space and bulk UNPIN each have pins; a file goes with its last."""
    path = on_tape(dcache, "several")
    stage = {"files": [{"path": path, "diskLifetime": "PT1H"}]}
    ids = [json.loads(post(dcache, "tape/stage", stage).text)["requestId"] for _ in range(2)]
    post(dcache, f"namespace{path}", {"action": "pin", "lifetime": 1, "lifetime-unit": "HOURS"})
    wait_for(lambda: locality(dcache, path) == "ONLINE_AND_NEARLINE")
    post(dcache, f"tape/release/{ids[0]}", {"paths": [path]})
    post(dcache, f"namespace{path}", {"action": "unpin"})
    assert path not in dcache.sweep()
    post(dcache, f"tape/release/{ids[1]}", {"paths": [path]})
    assert locality(dcache, path) == "ONLINE_AND_NEARLINE"
    assert path in dcache.sweep()
    assert locality(dcache, path) == "NEARLINE"


def test_a_pin_that_has_run_out_holds_nothing(dcache: Door) -> None:
    path = on_tape(dcache, "short", stage_delay_s=0)
    post(dcache, "tape/stage", {"files": [{"path": path, "diskLifetime": "PT0.2S"}]})
    wait_for(lambda: path in dcache.sweep())


def bulk(dcache: Door, **order: object) -> Reply:
    return post(dcache, "bulk-requests", {"activity": "UNPIN", **order})


def test_bulk_unpin(dcache: Door) -> None:
    path = on_tape(dcache, "bulk", stage_delay_s=0)
    (dcache.root / "bulk-folder").mkdir()
    post(dcache, "tape/stage", {"files": [{"path": path, "diskLifetime": "PT1H"}]})
    wait_for(lambda: locality(dcache, path) == "ONLINE_AND_NEARLINE")
    dcache.configure(bulk_delay_s=2)  # so long it is seen to run
    try:
        answer = bulk(dcache, target=[path, "/nope", "/bulk-folder"])
        assert (answer.status, answer.text) == (201, "")
        url = answer.headers["request-url"]

        def status() -> dict[str, Any]:
            found: dict[str, Any] = json.loads(ask("GET", url, dcache.headers).text)
            return found

        assert (status()["status"], status()["targets"][0]["state"]) == ("STARTED", "RUNNING")
        assert ask("DELETE", url, dcache.headers).status == 403
    finally:
        dcache.configure(bulk_delay_s=0.05)
    wait_for(lambda: status()["status"] == "COMPLETED")  # although one target failed
    targets = {target["target"]: target for target in status()["targets"]}
    assert targets[path]["state"] == "COMPLETED"
    assert targets["/bulk-folder"]["state"] == "SKIPPED"
    assert targets["/nope"]["state"] == "FAILED"
    assert "No such file or directory /nope" in targets["/nope"]["errorMessage"]
    assert path in dcache.sweep()
    assert ask("DELETE", url, dcache.headers).status == 204
    assert ask("GET", url, dcache.headers).status == 404


@pytest.mark.parametrize(
    ("order", "status", "words"),
    [
        ({"activity": "FOO", "target": ["/a"]}, 400, "FOO is not a recognized activity."),
        ({"target": []}, 400, "request contains no targets."),
        ({}, 500, ""),
        ({"target": ["/a"], "foo": 1}, 400, "unsupported arguments: [foo]"),
        ({"target": ["/a"] * 501}, 413, "Request Entity Too Large"),
    ],
)
def test_bulk_orders_that_are_refused(
    dcache: Door, order: dict[str, object], status: int, words: str
) -> None:
    answer = bulk(dcache, **order)
    assert answer.status == status
    assert words in answer.text


def test_logins(dcache: Door) -> None:
    url = f"{dcache.api_url}/user"
    for user in ("alice", "alice#admin"):
        pair = base64.b64encode(f"{user}:{dcache.password}".encode()).decode()
        assert ask("GET", url, {"Authorization": f"Basic {pair}"}).status == 200
    assert ask("GET", url, {"Authorization": f"bearer {dcache.token}"}).status == 200
    assert ask("GET", f"{url}?authz={dcache.token}").status == 200
    assert dcache.token not in json.dumps(dcache.requests())


@pytest.mark.parametrize("server", ["api_url", "webdav_url"])
def test_fourth_request_after_three_refusals_is_429(dcache: Door, server: str) -> None:
    url = getattr(dcache, server) + ("/user" if server == "api_url" else "/")
    other = dcache.proxy_url + "/"
    who = {"X-Forwarded-For": f"10.0.0.{len(server)}"}
    good = {**who, **dcache.headers}
    bad = {**who, "Authorization": "Bearer wrong"}
    for headers in (bad, who):
        answer = ask("HEAD", url, headers)
        assert (answer.status, answer.reason) == (401, "login failed")
        assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert ask("HEAD", url, good).status == 200  # resets nothing
    quiet = {**bad, "Suppress-WWW-Authenticate": "Suppress"}
    answer = ask("GET", url, quiet)
    assert (answer.status, answer.body) == (401, b"")
    assert answer.headers["WWW-Authenticate"] is None
    answer = ask("GET", url, good)
    assert (answer.status, answer.reason) == (429, "Too Many Requests")
    assert answer.text == "Server is busy. Please try again later."
    assert answer.headers["Retry-After"] is None
    assert ask("HEAD", other, good).status == 200  # another door counts for itself
    wait_for(lambda: ask("HEAD", url, good).status == 200)


def test_rate_limiter_forgets() -> None:
    now = [0.0]
    limiter = RateLimiter(9, lambda: now[0])
    limiter.count_refusal("a")
    limiter.count_refusal("a")
    now[0] = 21
    limiter.count_refusal("a")
    assert not limiter.is_blocked("a")
    limiter.count_refusal("a")
    limiter.count_refusal("a")
    assert limiter.is_blocked("a")
    assert not limiter.is_blocked("b")
    now[0] = 31
    assert not limiter.is_blocked("a")


def test_refused_token(dcache: Door) -> None:
    reason = "macaroon login denied: Invalid macaroon [-:x]: expired: before:2026"
    dcache.configure(refuse_token=reason)
    try:
        who = {"X-Forwarded-For": "10.1.1.1", **dcache.headers}
        answer = ask("GET", f"{dcache.api_url}/user", who)
        assert (answer.status, answer.reason, answer.body) == (401, reason, b"")
    finally:
        dcache.configure(refuse_token="")
    assert ask("GET", f"{dcache.api_url}/user", dcache.headers).status == 200


def test_faults_on_order(dcache: Door) -> None:
    dcache.forget()
    (dcache.root / "fault").write_bytes(bytes(1000))
    url = dcache.path_url("/fault", proxy=True)
    dcache.fault("status", server="proxy", method="GET", status=503)
    assert ask("GET", url, dcache.headers).status == 503
    assert ask("GET", url, dcache.headers).status == 200

    dcache.fault("cut_download", server="proxy", at_bytes=400)
    with raw_request("GET", url, dcache.headers) as sock:
        got = until(sock, b"never")
    assert len(got.partition(b"\r\n\r\n")[2]) == 400

    dcache.fault("cut_download", server="pool", at_bytes=500_000)
    (dcache.root / "large").write_bytes(bytes(1_000_000))
    pool = ask("GET", dcache.path_url("/large"), dcache.headers).headers["Location"]
    with raw_request("GET", pool, {}) as sock:
        got = until(sock, b"never")
    assert len(got.partition(b"\r\n\r\n")[2]) == 500_000

    dcache.fault("cut_upload", server="proxy", method="PUT", at_bytes=10)
    headers = {**dcache.headers, "Content-Type": "x/y", "Content-Length": "1000"}
    with raw_request("PUT", dcache.path_url("/up", proxy=True), headers, body=bytes(20)) as sock:
        assert until(sock) == b""
    assert not (dcache.root / "up").exists()

    dcache.fault("no_space", method="PUT")
    headers = {**dcache.headers, "Content-Type": "x/y"}
    answer = ask("PUT", dcache.path_url("/up", proxy=True), headers, b"x")
    assert answer.line == (507, "Insufficient storage: SER_DISK_FULL")

    dcache.fault("delay", seconds=0.3)
    start = time.monotonic()
    assert ask("GET", url, dcache.headers).status == 200
    assert time.monotonic() - start >= 0.3

    dcache.fault("drop", server="frontend")
    with raw_request("GET", f"{dcache.api_url}/user", dcache.headers) as sock:
        assert until(sock) == b""

    dcache.fault("hang", server="frontend")
    with raw_request("GET", f"{dcache.api_url}/user", dcache.headers) as sock:
        sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            sock.recv(1)
    with pytest.raises(AssertionError, match="no such fault"):
        dcache.fault("gremlins")


def test_a_door_that_is_down(dcache: Door) -> None:
    with connection(dcache.webdav_url) as kept:
        url = dcache.webdav_url + "/"
        assert ask_on(kept, "HEAD", url, dcache.headers).status == 200
        dcache.down("redirect", 5)
        with pytest.raises(ConnectionRefusedError):
            ask("HEAD", url, dcache.headers)
        with pytest.raises(OSError):
            ask_on(kept, "HEAD", url, dcache.headers)

    def is_up() -> bool:
        try:
            return ask("HEAD", url, dcache.headers).status == 200
        except ConnectionRefusedError:
            return False

    wait_for(is_up)


def test_requests_are_counted(dcache: Door) -> None:
    (dcache.root / "counted").write_bytes(bytes(100))
    dcache.forget()
    pool = ask("GET", dcache.path_url("/counted"), dcache.headers).headers["Location"]
    with connection(pool) as kept:
        for first in (0, 10):
            ask_on(kept, "GET", pool, {"Range": f"bytes={first}-{first + 9}"})
    seen = dcache.requests("pool", "GET")
    assert [item["range"] for item in seen] == ["bytes=0-9", "bytes=10-19"]
    assert [item["status"] for item in seen] == [206, 206]
    assert seen[0]["connection"] == seen[1]["connection"]
    assert dcache.counts() == {"redirect GET": 1, "pool GET": 2}


def test_control_needs_the_token(dcache: Door) -> None:
    assert ask("GET", f"{dcache.control_url}/report").status == 401
    assert ask("GET", f"{dcache.control_url}/x", dcache.headers).status == 404


def test_mover_that_nobody_fetches_is_given_up(tmp_path_factory: pytest.TempPathFactory) -> None:
    with door(tmp_path_factory.mktemp("door"), mover_timeout_s=0.2) as dcache:
        (dcache.root / "f").write_text("x")
        pool = ask("GET", dcache.path_url("/f"), dcache.headers).headers["Location"]
        headers = {**dcache.headers, "Expect": "100-continue", "Content-Length": "5"}
        with raw_request("PUT", dcache.path_url("/up"), headers) as sock:
            assert until(sock).startswith(b"HTTP/1.1 307 ")
        wait_for(lambda: dcache.movers() == 0)
        assert ask("GET", pool).status == 307
        entry = dcache.entry("/up")  # stays, without size
        assert "size" not in entry
        assert entry["fileLocality"] == "NONE"
        assert ask("DELETE", dcache.path_url("/up"), dcache.headers).status == 204
