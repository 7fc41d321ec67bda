"""Bulk requests of the stand-in: activities, directories, limits, pages, cancelling, silences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.door import Door, door
from tests.support.raw_http import Reply, ask
from tests.support.waiting import wait_for


@pytest.fixture(scope="module")
def dcache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with door(tmp_path_factory.mktemp("door"), stage_delay_s=0.05) as running:
        yield running


def post(dcache: Door, route: str, body: object, *, token: str = "", method: str = "POST") -> Reply:
    headers = {
        "Authorization": f"Bearer {token or dcache.token}",
        "Content-Type": "application/json",
    }
    return ask(method, f"{dcache.api_url}/{route}", headers, json.dumps(body).encode())


def get(dcache: Door, url: str) -> Any:
    answer = ask("GET", url, dcache.headers)
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


def order(dcache: Door, activity: str, *paths: str, token: str = "", **more: object) -> str:
    """A request; returns its URL."""
    body = {"activity": activity, "target": list(paths), **more}
    answer = post(dcache, "bulk-requests", body, token=token)
    assert (answer.status, answer.text) == (201, "")
    return str(answer.headers["request-url"])


def done(dcache: Door, url: str) -> dict[str, dict[str, Any]]:
    """Wait for the end; targets by path."""
    wait_for(lambda: get(dcache, url)["status"] == "COMPLETED")
    return {target["target"]: target for target in get(dcache, url)["targets"]}


def states(targets: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {path: target["state"] for path, target in targets.items()}


def folder(dcache: Door, name: str, *files: str, locality: str = "NEARLINE") -> list[str]:
    paths = []
    for file in files:
        place = dcache.root / name / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"x")
        paths.append(f"/{name}/{file}")
    dcache.set_files([{"path": path, "locality": locality} for path in paths])
    return paths


def locality(dcache: Door, path: str) -> str:
    return str(dcache.entry(path)["fileLocality"])


@pytest.mark.parametrize("activity", ["STAGE", "PIN"])
def test_stage_and_pin(dcache: Door, activity: str) -> None:
    a, b = folder(dcache, activity, "a", "b")
    (disk,) = folder(dcache, activity, "disk", locality="ONLINE")
    targets = done(dcache, order(dcache, activity, a, b, disk, f"/{activity}/nope"))
    assert [targets[path]["state"] for path in (a, b)] == ["COMPLETED", "COMPLETED"]
    assert locality(dcache, a) == "ONLINE_AND_NEARLINE"
    missing = targets[f"/{activity}/nope"]
    text = f"CacheException(rc=10001;msg=No such file or directory /{activity}/nope)"
    assert (missing["state"], missing["errorMessage"]) == ("FAILED", text)
    if activity == "STAGE":
        assert targets[disk]["errorMessage"] == "Cannot stage DISK only files"
    assert [targets[path]["id"] for path in (a, b)] == [1, 2]
    assert a not in dcache.sweep()
    assert states(done(dcache, order(dcache, "RELEASE", a, b)))[a] == "COMPLETED"
    assert set(dcache.sweep()) >= {a, b}


def test_progress_can_be_seen(dcache: Door) -> None:
    files = folder(dcache, "progress", "a", "b", "c")
    dcache.configure(tape_drives=1, stage_delay_s=1)
    try:
        url = order(dcache, "STAGE", *files)
        seen = set()
        while (status := get(dcache, url))["status"] != "COMPLETED":
            seen.add(sum(target["state"] == "COMPLETED" for target in status["targets"]))
        assert seen >= {1, 2}
        finished = [target["finishedAt"] for target in get(dcache, url)["targets"]]
        assert finished == sorted(finished)
        assert finished[2] - finished[0] >= 1500
    finally:
        dcache.configure(tape_drives=None, stage_delay_s=0.05)


def test_tape_that_can_not_be_read(dcache: Door) -> None:
    (path,) = folder(dcache, "unreadable", "a")
    dcache.set_file(path, stage_error="CacheException(rc=10006;msg=Request timed out)")
    failed = done(dcache, order(dcache, "STAGE", path))[path]
    assert (failed["state"], failed["errorMessage"][:20]) == ("FAILED", "CacheException(rc=10")
    assert locality(dcache, path) == "NEARLINE"


@pytest.mark.parametrize(
    ("activity", "arguments"),
    [
        ("STAGE", {"diskLifetime": "P1D"}),
        ("PIN", {"lifetime": 1, "lifetimeUnit": "WEEKS"}),
    ],
)
def test_bad_arguments_are_silently_cancelled(
    dcache: Door, activity: str, arguments: dict[str, object]
) -> None:
    (path,) = folder(dcache, f"silent-{activity}", "a")
    target = done(dcache, order(dcache, activity, path, arguments=arguments))[path]
    assert target["state"] == "CANCELLED"
    assert target.keys() == {"target", "state", "submittedAt", "finishedAt", "id"}
    assert locality(dcache, path) == "NEARLINE"


def test_lifetimes(dcache: Door) -> None:
    long, short, unit = folder(dcache, "lifetimes", "long", "short", "unit")
    lifetimes = json.dumps({long: "PT1H", short: "PT0S"})
    done(dcache, order(dcache, "STAGE", long, short, arguments={"diskLifetime": lifetimes}))
    seconds = {"lifetime": 0, "lifetimeUnit": "SECONDS", "unknown": "ignored"}
    done(dcache, order(dcache, "STAGE", unit, arguments=seconds))
    evicted = dcache.sweep()
    assert (long in evicted, short in evicted, unit in evicted) == (False, True, True)


def test_a_pin_with_a_name(dcache: Door) -> None:
    (path,) = folder(dcache, "named", "a")
    done(dcache, order(dcache, "PIN", path, arguments={"id": "mine", "lifetime": 60}))
    done(dcache, order(dcache, "UNPIN", path, arguments={"id": "another"}))
    assert path not in dcache.sweep()
    done(dcache, order(dcache, "UNPIN", path, arguments={"id": "mine"}))
    assert path in dcache.sweep()


def test_directories(dcache: Door) -> None:
    folder(dcache, "deep", "a", "sub/b")
    assert states(done(dcache, order(dcache, "STAGE", "/deep"))) == {"/deep": "SKIPPED"}
    shallow = states(done(dcache, order(dcache, "STAGE", "/deep", expandDirectories="TARGETS")))
    assert shallow == {"/deep": "SKIPPED", "/deep/sub": "SKIPPED", "/deep/a": "COMPLETED"}
    assert locality(dcache, "/deep/sub/b") == "NEARLINE"
    all_of_it = {"activity": "STAGE", "target": ["/deep"], "expandDirectories": "ALL"}
    refused = post(dcache, "bulk-requests", all_of_it)
    body = {"detail": "Request Entity Too Large", "title": "Request Entity Too Large"}
    assert json.loads(refused.text) == {**body, "status": "413"}
    dcache.configure(bulk_expansion="ALL")
    try:
        deep = states(done(dcache, order(dcache, "STAGE", "/deep", expandDirectories="ALL")))
        assert deep["/deep/sub/b"] == "COMPLETED"
        two = {**all_of_it, "target": ["/deep", "/deep/sub"]}
        assert post(dcache, "bulk-requests", two).status == 413
    finally:
        dcache.configure(bulk_expansion="TARGETS")
    eleven = {"activity": "STAGE", "target": ["/deep"] * 11, "expandDirectories": "TARGETS"}
    assert post(dcache, "bulk-requests", eleven).status == 413


def test_delete(dcache: Door) -> None:
    a, _, _ = folder(dcache, "gone", "a", "full/b", "mine")
    (dcache.root / "gone" / "empty").mkdir()
    dcache.set_file("/gone/mine", forbidden=["write"])
    paths = [a, "/gone/empty", "/gone/full", "/gone/mine"]
    targets = done(dcache, order(dcache, "DELETE", *paths))
    assert [targets[path]["state"] for path in paths] == [
        "COMPLETED",
        "COMPLETED",
        "FAILED",
        "FAILED",
    ]
    assert targets["/gone/full"]["errorMessage"] == "Directory is not empty: /gone/full"
    assert targets["/gone/mine"]["errorMessage"] == "Access denied: /gone/mine"
    assert sorted(item.name for item in (dcache.root / "gone").iterdir()) == ["full", "mine"]
    done(dcache, order(dcache, "DELETE", "/gone/full", expandDirectories="TARGETS"))
    assert not (dcache.root / "gone" / "full").exists()


def test_prefix_and_spellings(dcache: Door) -> None:
    folder(dcache, "prefixed", "a", "b")
    body = {"activity": "stage", "target": ["a", "/b"], "target_prefix": "/prefixed"}
    url = str(post(dcache, "bulk-requests", body).headers["request-url"])
    assert states(done(dcache, url)) == {"/prefixed/a": "COMPLETED", "/prefixed/b": "COMPLETED"}
    assert get(dcache, url)["targetPrefix"] == "/prefixed"
    one = {"activity": "UNPIN", "target": "prefixed/a"}
    url = str(post(dcache, "bulk-requests", one).headers["request-url"])
    assert states(done(dcache, url)) == {"/prefixed/a": "COMPLETED"}


def test_cancel(dcache: Door) -> None:
    a, b = folder(dcache, "cancelled", "a", "b")
    dcache.set_files([{"path": path, "stage_delay_s": 60} for path in (a, b)])
    url = order(dcache, "STAGE", a, b)
    route = url.removeprefix(f"{dcache.api_url}/")
    wait_for(lambda: get(dcache, url)["targets"][1]["state"] == "RUNNING")
    bad = post(dcache, route, {"action": "foo"}, method="PATCH")
    assert json.loads(bad.text)["detail"] == "foo not supported."
    assert post(dcache, route, {"action": "cancel", "paths": [a]}, method="PATCH").status == 200
    status = get(dcache, url)
    assert [target["state"] for target in status["targets"]] == ["CANCELLED", "RUNNING"]
    assert (status["status"], "startedAt" in status["targets"][0]) == ("STARTED", False)
    assert ask("DELETE", url, dcache.headers).status == 403
    assert post(dcache, route, {"action": "cancel"}, method="PATCH").status == 200
    assert get(dcache, url)["status"] == "CANCELLED"
    assert ask("DELETE", url, dcache.headers).status == 204
    assert json.loads(ask("GET", url, dcache.headers).text)["detail"].endswith("not found")
    archived = get(dcache, f"{dcache.api_url}/bulk-requests/archived")
    assert (archived[-1]["uid"], archived[-1]["status"]) == (url.rpartition("/")[2], "CANCELLED")
    running = order(dcache, "STAGE", b)
    gone = ask("DELETE", f"{running}?cancelIfRunning=true", dcache.headers)
    assert gone.status == 204


def test_clearing_and_stopping_by_itself(dcache: Door) -> None:
    a, b = folder(dcache, "cleared", "a", "b")
    url = order(dcache, "STAGE", a, clearOnSuccess=True)
    wait_for(lambda: ask("GET", url, dcache.headers).status == 404)
    kept = order(dcache, "STAGE", "/nope", clearOnSuccess=True)
    assert states(done(dcache, kept)) == {"/nope": "FAILED"}
    dcache.set_file(b, stage_delay_s=60)
    stopped = order(dcache, "STAGE", b, "/nope", cancelOnFailure=True)
    assert states(done(dcache, stopped)) == {b: "CANCELLED", "/nope": "FAILED"}


def test_pages(dcache: Door) -> None:
    files = folder(dcache, "pages", *(f"f{i}" for i in range(5)))
    dcache.configure(bulk_page=2)
    try:
        url = order(dcache, "UNPIN", *files)
        pages = [get(dcache, f"{url}?offset={offset}") for offset in (0, 3, 5)]
        assert [page["nextId"] for page in pages] == [3, 5, -1]
        assert [target["target"] for page in pages for target in page["targets"]] == files
    finally:
        dcache.configure(bulk_page=10_000)


def test_list(dcache: Door) -> None:
    url = order(dcache, "UNPIN", "/list-me")
    done(dcache, url)
    base = f"{dcache.api_url}/bulk-requests"
    found = {item["url"]: item for item in get(dcache, f"{base}?path=/list-me")}
    assert found[url]["owner"] == "1000:1000"
    assert (found[url]["activity"], found[url]["status"]) == ("UNPIN", "COMPLETED")
    assert url in {item["url"] for item in get(dcache, f"{base}?status=QUEUED,COMPLETED")}
    assert url not in {item["url"] for item in get(dcache, f"{base}?status=CANCELLED")}
    assert ask("GET", f"{base}?status=completed", dcache.headers).status == 500
    other = dcache.foreign_bulk("UNPIN", "/list-me")
    assert f"{base}/{other}" in {item["url"] for item in get(dcache, base)}
    assert f"{base}/{other}" not in {item["url"] for item in get(dcache, f"{base}?owner=1000:1000")}
    assert ask("GET", f"{base}/{other}", dcache.headers).status == 403
    assert ask("DELETE", f"{base}/{other}", dcache.headers).status == 403


def test_what_a_macaroon_may_order(dcache: Door) -> None:
    (path,) = folder(dcache, "allowed", "a")
    reader = dcache.mint("/allowed", "activity:LIST,DOWNLOAD")
    denied = done(dcache, order(dcache, "STAGE", path, token=reader))[path]
    assert denied["errorMessage"] == f"Access denied: {path}"
    stager = dcache.mint("/allowed", "activity:STAGE")
    assert states(done(dcache, order(dcache, "STAGE", path, token=stager)))[path] == "COMPLETED"
    assert states(done(dcache, order(dcache, "UNPIN", path, token=stager)))[path] == "FAILED"
    releaser = dcache.mint("/allowed", "activity:UPDATE_METADATA")
    assert states(done(dcache, order(dcache, "UNPIN", path, token=releaser)))[path] == "COMPLETED"


def test_a_directory_relative_to_a_root_is_never_finished(dcache: Door) -> None:
    (path,) = folder(dcache, "rooted", "sub/a")
    token = dcache.mint("/", "root:/rooted")
    stuck = order(dcache, "STAGE", "/sub", token=token, expandDirectories="TARGETS")
    wait_for(lambda: get(dcache, stuck)["targets"][0]["state"] == "RUNNING")
    whole = order(dcache, "STAGE", "/rooted/sub", token=token, expandDirectories="TARGETS")
    assert states(done(dcache, whole))[path] == "COMPLETED"
    assert get(dcache, stuck)["status"] == "STARTED"
    assert ask("DELETE", f"{stuck}?cancelIfRunning=true", dcache.headers).status == 204


def test_stage_requests_are_bulk_requests(dcache: Door) -> None:
    (path,) = folder(dcache, "tape-api", "a")
    dcache.set_file(path, stage_delay_s=60)
    made = post(dcache, "tape/stage", {"files": [{"path": path}]})
    request_id = json.loads(made.text)["requestId"]
    status = get(dcache, f"{dcache.api_url}/bulk-requests/{request_id}")
    assert status["targets"][0]["target"] == path
    many = {"files": [{"path": f"/f{i}"} for i in range(501)]}
    assert post(dcache, "tape/stage", many).status == 413
    dcache.restart("frontend")  # requests are not in its memory
    assert get(dcache, f"{dcache.api_url}/tape/stage/{request_id}")["id"] == request_id
