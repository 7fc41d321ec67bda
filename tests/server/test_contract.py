"""docs/api.yaml against the server: the same routes and verbs, and answers as it promises."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from rsdat.base.errors import InvalidInput
from rsdat.server.contract import CONTRACT_FILE, check_body, check_query, pattern
from rsdat.server.handler import RsdatHandler, UnknownRoute
from rsdat.server.routes import ROUTES
from tests.support.door import Door
from tests.support.server import CONTRACT, VERBS, Lab, check_error, registered, verbs_of


def test_routes_and_verbs(lab: Lab) -> None:
    """What is described is there, what is there is described; nothing else below rsdat/."""
    described = {
        (pattern(path), verb)
        for path, operations in CONTRACT["paths"].items()
        for verb in VERBS
        if verb in operations
    }
    there = {
        (route, verb)
        for route, handler in registered(lab.app.web_app, lab.base_url)
        if handler is not UnknownRoute
        for verb in verbs_of(handler)
    }
    assert there == described
    assert [path for path, _ in ROUTES] == sorted(
        (path for path, _ in ROUTES), key=list(CONTRACT["paths"]).index
    )


def test_one_contract() -> None:
    """The server reads the very file that is the documentation."""
    assert CONTRACT_FILE.resolve() == Path(__file__).parents[2] / "docs" / "api.yaml"
    assert yaml.safe_load(CONTRACT_FILE.read_text()) == CONTRACT


async def test_info_and_site(lab: Lab, dcache: Door) -> None:
    """Answers of the companion itself."""
    info = await lab.call("GET", "/api/info", 200)
    assert (info["queue"], info["endpoints"]) == ("local", ["default"])
    site = await lab.call("GET", "/api/site", 200)
    assert site["preset"] in [preset["name"] for preset in site["presets"]]


async def test_no_endpoint_configured(lab: Lab) -> None:
    """An empty home is no error, and one that is filled later needs no restart."""
    assert await lab.call("GET", "/api/dcache/endpoints", 200) == {"endpoints": []}
    response = await lab.ask("GET", "/api/dcache/default/list", query={"path": "/"})
    check_error(response, 404, "not_found")


async def test_endpoint_added_later(lab: Lab, running_door: Door, rsdat_home: Path) -> None:
    """The second configuration is read without a restart, and its credential never told."""
    await lab.call("GET", "/api/dcache/endpoints", 200)
    running_door.write_endpoint(rsdat_home, name="late", folder="/x")
    response = await lab.ask("GET", "/api/dcache/late/list", query={"path": "/"})
    assert response.code == 200
    answer = await lab.call("GET", "/api/dcache/endpoints", 200)
    assert answer["endpoints"] == [
        {
            "name": "late",
            "api_url": running_door.api_url,
            "webdav_url": running_door.webdav_url,
            "home": "/x",
            "own": True,
            "credential": f"the file {rsdat_home / 'late.token'}",
        }
    ]


async def test_namespace(lab: Lab, dcache: Door, folder: str) -> None:
    """Every route of the namespace, good and bad."""
    on = {"endpoint": "default"}
    made = await lab.call(
        "POST", "/api/dcache/{endpoint}/mkdir", 201, value={"path": f"{folder}/a b"}, **on
    )
    assert (made["type"], made["path"]) == ("directory", f"{folder}/a b")
    (dcache.root / folder[1:] / "f.txt").write_text("hello")
    dcache.set_file(f"{folder}/f.txt", locality="NEARLINE")
    moved = await lab.call(
        "POST",
        "/api/dcache/{endpoint}/move",
        200,
        value={"source": f"{folder}/f.txt", "destination": f"{folder}/a b/g.txt"},
        **on,
    )
    assert moved["path"] == f"{folder}/a b/g.txt"
    listed = await lab.call(
        "GET", "/api/dcache/{endpoint}/list", 200, query={"path": f"{folder}/a b"}, **on
    )
    assert [entry["name"] for entry in listed["entries"]] == ["g.txt"]
    entry = await lab.call(
        "GET", "/api/dcache/{endpoint}/info", 200, query={"path": f"{folder}/a b/g.txt"}, **on
    )
    assert entry["size"] == 5
    ordered = await lab.call(
        "POST",
        "/api/dcache/{endpoint}/stage",
        202,
        value={"paths": [f"{folder}/a b/g.txt"]},
        **on,
    )
    assert (ordered["activity"], ordered["paths"]) == ("stage", [f"{folder}/a b/g.txt"])
    full = await lab.call(
        "POST", "/api/dcache/{endpoint}/delete", 409, value={"path": f"{folder}/a b"}, **on
    )
    assert full["details"]["code"] == "not_empty"
    await lab.call(
        "POST",
        "/api/dcache/{endpoint}/delete",
        204,
        value={"path": f"{folder}/a b", "recursive": True},
        **on,
    )
    gone = await lab.call(
        "GET", "/api/dcache/{endpoint}/info", 404, query={"path": f"{folder}/a b"}, **on
    )
    assert gone["details"]["code"] == "not_found"
    await lab.call("POST", "/api/dcache/{endpoint}/mkdir", 409, value={"path": folder}, **on)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("/api/clusters", {"worker": 1}, "there is no 'worker'"),
        ("/api/clusters", {"workers": -1}, "workers: -1"),
        ("/api/clusters", {"options": {"core": 1}}, "options: there is no 'core'"),
        ("/api/clusters", [], "not of type 'object'"),
        ("/api/dcache/default/move", {"source": "/a"}, "'destination' is missing"),
        ("/api/dcache/default/mkdir", {"path": "/../x"}, "out of the root"),
        ("/api/dcache/default/stage", {"paths": []}, "paths"),
        ("/api/dcache/default/release", {"paths": []}, "paths"),
    ],
)
async def test_bad_bodies(lab: Lab, dcache: Door, path: str, value: Any, words: str) -> None:
    """400 with words that name the place."""
    response = await lab.ask("POST", path, value=value)
    body = json.loads(response.body)
    assert response.code == 400
    assert words in body["message"]


async def test_no_json(lab: Lab) -> None:
    """An empty body, and one that is something else."""
    for body in (b"", b"\xff", b"name=x"):
        check_error(await lab.ask("POST", "/api/clusters", body=body), 400, "invalid_input")


async def test_bad_queries(lab: Lab, dcache: Door) -> None:
    """Missing, no number, out of bounds, not among the choices; strangers to the contract pass."""
    path = "/api/dcache/default/list"
    for query in (
        {},
        {"path": "/", "limit": "many"},
        {"path": "/", "limit": "1001"},
        {"path": "/", "offset": "-1"},
        {"path": "/", "sort": "colour"},
    ):
        check_error(await lab.ask("GET", path, query=query), 400, "invalid_input")
    assert (await lab.ask("GET", path, query={"path": "/", "1700000000000": ""})).code == 200


def test_defaults() -> None:
    """They come from the contract too."""
    assert check_query("listFolder", {"path": "/x "}.get) == {
        "path": "/x ",
        "offset": 0,
        "limit": 200,
        "sort": "name",
        "filter": "",
        "find": "",
        "hidden": "1",
        "refresh": "0",
    }
    assert check_body("DeleteRequest", {"path": "/x"}) == {"path": "/x", "recursive": False}
    with pytest.raises(InvalidInput, match="at most 2 of its keys at a time"):
        check_body("ClusterChange", {"workers": 1, "name": "x", "renew": True})


async def test_bug_is_told_by_id(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody foresaw: 500, no inner words for the page, all of them in the log."""

    def broken() -> None:
        raise ZeroDivisionError("inner words")

    monkeypatch.setattr(lab.app.web_app.settings["rsdat_companion"].storage, "endpoints", broken)
    response = await lab.ask("GET", "/api/dcache/endpoints", query={"token": lab.token})
    body = check_error(response, 500, "internal")
    assert "inner words" not in response.body.decode()
    record = next(r for r in caplog.records if body["details"]["log_id"] in r.getMessage())
    assert record.exc_info
    assert lab.token not in record.getMessage()


def test_a_body_nested_too_deeply_is_bad_input() -> None:
    asked: Any = SimpleNamespace(request=SimpleNamespace(body=b"[" * 200_000))
    with pytest.raises(InvalidInput, match="not JSON"):
        RsdatHandler.body(asked, "ClusterRequest")


@pytest.mark.parametrize("body", ["a-secret-token", ["a-secret-token"]])
def test_a_body_that_is_no_object_is_not_repeated(body: Any) -> None:
    """The complaint is logged, and the body may be a token that somebody sent as it is."""
    with pytest.raises(InvalidInput, match="not of type 'object'") as caught:
        check_body("TokenRequest", body)
    assert "a-secret-token" not in caught.value.message


@pytest.mark.parametrize(
    ("schema", "value", "words", "hint"),
    [
        (
            "TransferRequest",
            {"kind": "copy", "source": {"endpoint": "e", "paths": ["/x"] * 45_000}},
            "At most 20 000 at a time, and these are 45 000 (source.paths)",
            "Take the folder",
        ),
        (
            "TransferRequest",
            {"kind": "copy", "source": {"endpoint": None, "paths": []}},
            "Nothing given (source.paths)",
            "",
        ),
        (
            "TransferRequest",
            {"kind": "upload", "files": [{"path": "x", "size": 1}] * 100_001},
            "At most 100 000 at a time, and these are 100 001 (files)",
            "archive",
        ),
        (
            "TapeOrder",
            {"paths": ["/x"] * 20_001, "keep": 60},
            "At most 20 000 at a time, and these are 20 001 (paths)",
            "Order the folder",
        ),
    ],
)
def test_lists_of_a_wrong_length(schema: str, value: Any, words: str, hint: str) -> None:
    """Told with the numbers and what to do, not with the list itself."""
    with pytest.raises(InvalidInput) as caught:
        check_body(schema, value)
    assert caught.value.message == words
    assert hint in (caught.value.hint or "")


def test_items_of_a_list_that_is_too_long_are_not_looked_at() -> None:
    """There may be hundreds of thousands, and all that Jupyter does would wait meanwhile."""
    paths = ["/x"] * 20_000 + [1]
    with pytest.raises(InvalidInput, match="At most"):
        check_body("TransferRequest", {"kind": "copy", "source": {"endpoint": "e", "paths": paths}})
