"""Endpoints described in the panel, tried out, forgotten; tokens shown, renewed, narrowed."""

from __future__ import annotations

import asyncio
import json
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.errors import Conflict, NoSpace
from rsdat.base.files import read_json, write_json, write_text
from rsdat.base.lock import Lock
from rsdat.dcache import described
from rsdat.dcache.configured import load_endpoints
from tests.support.door import Door, door
from tests.support.server import Lab, check_error, until

ON = {"endpoint": "mine"}


@pytest.fixture
def own_door(tmp_path: Path) -> Iterator[Door]:
    """A stand-in for tests of logins: it counts the refused ones for 20 s."""
    with door(tmp_path / "own") as running:
        yield running


@pytest.fixture
def events(lab: Lab) -> list[tuple[str, str]]:
    """The changes that pages are told of."""
    told: list[tuple[str, str]] = []
    lab.app.web_app.settings["rsdat_companion"].notifier._emit = lambda change: told.append(
        (change["kind"], change["id"])
    )
    return told


async def save(lab: Lab, status: int, **value: Any) -> Any:
    return await lab.call("PUT", "/api/endpoints/{endpoint}", status, value=value, **ON)


def secrets_of(home: Path) -> list[str]:
    folder = home / "credentials"
    return sorted(each.name for each in folder.iterdir()) if folder.exists() else []


async def test_described_used_and_forgotten(
    lab: Lab, running_door: Door, rsdat_home: Path, events: list[tuple[str, str]]
) -> None:
    """From one address; the token goes into a file of its own and is never given back."""
    made = await save(lab, 201, api_url=running_door.api_url, token=running_door.token)
    assert (made["own"], made["webdav_url"]) == (True, running_door.webdav_url)
    assert running_door.token not in json.dumps(made)
    (name,) = secrets_of(rsdat_home)
    file = rsdat_home / "credentials" / name
    assert file.read_text().strip() == running_door.token
    for path in (file, rsdat_home / "endpoints.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert running_door.token not in (rsdat_home / "endpoints.json").read_text()

    listed = await lab.call("GET", "/api/dcache/endpoints", 200)
    assert listed["endpoints"] == [made]
    response = await lab.ask("GET", "/api/dcache/mine/list", query={"path": "/"})
    assert response.code == 200
    await until(lambda: ("endpoint", "mine") in events)

    changed = await save(lab, 200, home="/x")
    assert changed == {**made, "home": "/x"}
    assert secrets_of(rsdat_home) == [name]

    events.clear()
    await lab.call("DELETE", "/api/endpoints/{endpoint}", 204, **ON)
    assert await lab.call("GET", "/api/dcache/endpoints", 200) == {"endpoints": []}
    assert secrets_of(rsdat_home) == []
    await until(lambda: ("endpoint", "mine") in events)
    response = await lab.ask("DELETE", "/api/endpoints/mine")
    check_error(response, 404, "no_endpoint")


async def test_another_credential_replaces_the_old(
    lab: Lab, running_door: Door, rsdat_home: Path
) -> None:
    """With its secret; a file of the user's own is left alone."""
    urls = {"api_url": running_door.api_url, "webdav_url": running_door.webdav_url}
    await save(lab, 201, **urls, token="first")
    (first,) = secrets_of(rsdat_home)
    await save(lab, 200, token="another")
    # In its place: what is under way, and notebooks that name the file, go on with it.
    assert secrets_of(rsdat_home) == [first]
    assert (rsdat_home / "credentials" / first).read_text() == "another\n"
    await save(lab, 200, username="alice", password="geheim")
    (second,) = secrets_of(rsdat_home)
    assert (first != second, second.endswith(".password")) == (True, True)
    kept = read_json(rsdat_home / "endpoints.json", format_version=1)["endpoints"][0]
    assert "token_file" not in kept
    assert "geheim" not in json.dumps(kept)
    own = rsdat_home / "own-token"
    write_text(own, running_door.token)
    saved = await save(lab, 200, token_file=str(own))
    assert saved["credential"] == f"the file {own}"
    assert secrets_of(rsdat_home) == []
    assert (await lab.ask("GET", "/api/dcache/mine/list", query={"path": "/"})).code == 200
    await lab.call("DELETE", "/api/endpoints/{endpoint}", 204, **ON)
    assert own.exists()


async def test_what_replaced_ones_held_is_closed(
    lab: Lab, running_door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When nobody uses it any more, not before."""
    monkeypatch.setattr("rsdat.server.storage.UNUSED_S", 0.2)
    (running_door.root / "slow").write_bytes(bytes(300_000))
    urls = {"api_url": running_door.api_url, "webdav_url": running_door.webdav_url}
    await save(lab, 201, **urls, token=running_door.token)
    storage = lab.app.web_app.settings["rsdat_companion"].storage
    old = await storage.client("mine")
    running_door.fault("delay", server="pool", seconds=1.5, prefix="/slow")
    reading = asyncio.create_task(lab.ask("GET", "/files/mine/slow"))
    await until(lambda: old.http.idle_s == 0)
    await save(lab, 200, username="alice", password=running_door.password)
    assert await storage.client("mine") is not old
    assert (await reading).body == bytes(300_000)
    await until(lambda: old.http._session is None)
    await lab.call("DELETE", "/api/endpoints/{endpoint}", 204, **ON)


async def test_one_address_in_the_file(lab: Lab, running_door: Door, rsdat_home: Path) -> None:
    """The other is found when it is first used; connections are kept when it is listed again."""
    rsdat_home.mkdir(exist_ok=True)
    write_text(rsdat_home / "t", running_door.token)
    entry = {"name": "mine", "api_url": running_door.api_url, "token_file": "t"}
    write_json(rsdat_home / "endpoints.json", {"endpoints": [entry]}, format_version=1)
    storage = lab.app.web_app.settings["rsdat_companion"].storage
    for address in ("", running_door.webdav_url, running_door.webdav_url):
        (listed,) = (await lab.call("GET", "/api/dcache/endpoints", 200))["endpoints"]
        assert listed["webdav_url"] == address
        response = await lab.ask("GET", "/api/dcache/mine/list", query={"path": "/"})
        assert response.code == 200
        client = await storage.client("mine")
        assert not storage._replaced
    assert client.endpoint.webdav_url == running_door.webdav_url


async def test_a_section_of_rclone(lab: Lab, running_door: Door, tmp_path: Path) -> None:
    """With its door; of several sections one must be named."""
    section = "[{}]\ntype = webdav\nurl = {}/\nbearer_token = {}\n"
    text = section.format("a", running_door.webdav_url, running_door.token)
    write_text(tmp_path / "c", text + section.format("b", "http://127.0.0.1:9", "x"))
    value = {"rclone_config": str(tmp_path / "c"), "api_url": running_door.api_url}
    unsure = await lab.ask("PUT", "/api/endpoints/mine", value=value)
    told = check_error(unsure, 401, "no_credential")
    assert "a, b" in told["message"]
    assert "rclone_section" in told["hint"]
    saved = await save(lab, 201, **value, rclone_section="a")
    assert saved["credential"].endswith("section a")
    about = await lab.call("GET", "/api/dcache/{endpoint}/token", 200, **ON)
    assert (about["problem"], about["renewable"]) == (None, True)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "no api_url"),
        ({"api_url": "http://127.0.0.1:9/api/v1", "token": "a", "token_file": "/x"}, "More than"),
        ({"api_url": "http://127.0.0.1:9/api/v1", "token_file": "here"}, "no absolute path"),
        ({"api_url": "https://a:geheim@x.example/api/v1", "webdav_url": "https://x"}, "user name"),
        ({"api_url": "http://x", "webdav_url": "http://x", "password": "geheim"}, "without a user"),
        ({"api_url": "http://x", "webdav_url": "http://x", "username": "a"}, "without a password"),
        ({"api_url": "http://x", "webdav_url": "http://x", "home": "/../x"}, "out of the root"),
        ({"colour": "blue"}, "there is no 'colour'"),
    ],
)
async def test_senseless(lab: Lab, rsdat_home: Path, value: Any, words: str) -> None:
    """400 with words; nothing is saved, no secret repeated."""
    response = await lab.ask("PUT", "/api/endpoints/mine", value=value)
    body = json.loads(response.body)
    assert response.code == 400, body
    assert words in body["message"]
    assert "geheim" not in json.dumps(body)
    assert not (rsdat_home / "endpoints.json").exists()
    assert secrets_of(rsdat_home) == []


async def test_configured_elsewhere(
    lab: Lab, running_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of the environment's is not shadowed and not deleted: two of a name break everything."""
    urls = {"api_url": running_door.api_url, "webdav_url": running_door.webdav_url}
    monkeypatch.setattr("fsspec.config.conf", {"dcache": urls})
    response = await lab.ask("PUT", "/api/endpoints/default", value={**urls, "token": "x"})
    check_error(response, 409, "not_own")
    check_error(await lab.ask("DELETE", "/api/endpoints/default"), 409, "not_own")
    (listed,) = (await lab.call("GET", "/api/dcache/endpoints", 200))["endpoints"]
    assert (listed["name"], listed["own"]) == ("default", False)


async def test_an_address_that_leads_nowhere(lab: Lab, rsdat_home: Path) -> None:
    """The other can't be found out: told, and nothing saved."""
    value = {"api_url": "http://127.0.0.1:9/api/v1", "token": "geheim"}
    response = await lab.ask("PUT", "/api/endpoints/mine", value=value)
    check_error(response, 502, "unreachable")
    assert not (rsdat_home / "endpoints.json").exists()
    assert secrets_of(rsdat_home) == []


def test_several_servers_on_one_home(tmp_path: Path) -> None:
    """None loses another's endpoint."""
    urls = {"api_url": "http://x.example/api/v1", "webdav_url": "http://x.example"}
    start = threading.Barrier(8)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            start.wait(10)
            described.save(tmp_path, f"e{number}", {**urls, "token": f"t{number}"})
        except BaseException as error:  # noqa: BLE001 - told by the test
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures
    endpoints = load_endpoints(tmp_path)
    assert sorted(each.name for each in endpoints) == [f"e{number}" for number in range(8)]
    for each in endpoints:
        secret = asyncio.run(each.credential.header())
        assert secret is not None
        assert secret.reveal() == f"Bearer t{each.name[1:]}"


def test_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old description stands, and no secret lies about."""
    urls = {"api_url": "http://x/api/v1", "webdav_url": "http://x"}
    described.save(tmp_path, "mine", {**urls, "username": "a", "password": "old"})
    (kept,) = secrets_of(tmp_path)
    before = (tmp_path / "endpoints.json").read_text()

    def full(*_: Any, **__: Any) -> None:
        raise NoSpace("There is no space left")

    monkeypatch.setattr(described, "write_json", full)
    for value in ({"token": "geheim"}, {"webdav_url": "http://y", "password": "geheim"}):
        with pytest.raises(NoSpace):
            described.save(tmp_path, "mine", {**urls, **value})
        assert secrets_of(tmp_path) == [kept]
        assert (tmp_path / "credentials" / kept).read_text() == "old\n"
        assert (tmp_path / "endpoints.json").read_text() == before


def test_held_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(described, "_LOCK_WAIT_S", 0.05)
    held = Lock.take(tmp_path / ".endpoints.lock")
    assert held is not None
    try:
        with pytest.raises(Conflict, match=r"has held endpoints\.json"):
            described.save(tmp_path, "x", {"api_url": "http://x", "webdav_url": "http://x"})
    finally:
        held.release()


def test_hand_written_entries_are_kept(tmp_path: Path) -> None:
    """Also keys that this rsdat does not set, and their order."""
    other = {"name": "other", "api_url": "http://y/api/v1", "webdav_url": "http://y"}
    entries = [{**other, "rclone_section": "s"}, {**other, "name": "mine", "token_file": "t"}]
    write_json(tmp_path / "endpoints.json", {"endpoints": entries}, format_version=1)
    described.save(tmp_path, "mine", {"home": "/z"})
    kept = read_json(tmp_path / "endpoints.json", format_version=1)["endpoints"]
    assert kept == [entries[0], {**entries[1], "home": "/z"}]
    described.save(tmp_path, "mine", {"api_url": "http://z"})
    kept = read_json(tmp_path / "endpoints.json", format_version=1)["endpoints"][1]
    # Another address: the door that belonged to the old one is not kept.
    assert (kept["api_url"], kept.get("webdav_url")) == ("http://z/api/v1", None)


class TestTrial:
    """`POST …/test`: as saved, or as described, saving nothing."""

    async def test_good(self, lab: Lab, dcache: Door, folder: str) -> None:
        path = "/api/endpoints/{endpoint}/test"
        found = await lab.call("POST", path, 200, value={"home": folder}, endpoint="default")
        assert found["ok"], found
        assert {step["name"]: step["state"] for step in found["steps"]} == {
            "doors": "ok",
            "certificate": "warning",  # plain http, on loopback
            "identity": "ok",
            "token": "ok",
            "list": "ok",
            "write": "ok",
        }
        assert found["token"]["identity"]["username"] == "alice"
        assert list((dcache.root / folder[1:]).iterdir()) == []
        saved = await lab.call("POST", path, 200, value={}, endpoint="default")
        assert saved["ok"]

    async def test_described_only(self, lab: Lab, running_door: Door, rsdat_home: Path) -> None:
        path = "/api/endpoints/{endpoint}/test"
        value = {"api_url": running_door.api_url, "token": running_door.token}
        found = await lab.call("POST", path, 200, value=value, endpoint="new")
        assert found["ok"]
        assert found["webdav_url"] == running_door.webdav_url
        assert running_door.token not in json.dumps(found)
        assert await lab.call("GET", "/api/dcache/endpoints", 200) == {"endpoints": []}
        assert secrets_of(rsdat_home) == []

    async def test_unknown(self, lab: Lab) -> None:
        response = await lab.ask("POST", "/api/endpoints/new/test", value={})
        check_error(response, 400, "invalid_input")


class TestToken:
    """`/api/dcache/{endpoint}/token`."""

    async def test_a_macaroon(self, lab: Lab, running_door: Door, events: list[Any]) -> None:
        """What it is, and another in its place."""
        token = running_door.mint("/", "activity:LIST,DOWNLOAD", validity="PT2H")
        await save(lab, 201, api_url=running_door.api_url, token=token)
        about = await lab.call("GET", "/api/dcache/{endpoint}/token", 200, **ON)
        assert (about["kind"], about["renewable"], about["ending"]) == ("macaroon", True, True)
        assert about["activities"] == ["LIST", "DOWNLOAD"]
        assert about["identity"]["username"] == "alice"
        assert about["problem"] is None
        assert token not in json.dumps(about)
        await until(lambda: ("endpoint", "mine") in events)
        events.clear()
        longer = running_door.mint("/", validity="PT100H")
        about = await lab.call(
            "PUT", "/api/dcache/{endpoint}/token", 200, value={"token": f" {longer}\n"}, **ON
        )
        assert (about["ending"], longer in json.dumps(about)) == (False, False)
        await until(lambda: ("endpoint", "mine") in events)
        response = await lab.ask("GET", "/api/dcache/mine/list", query={"path": "/"})
        assert response.code == 200

    async def test_refused(self, lab: Lab, own_door: Door) -> None:
        """However often it is looked at, the door refuses it twice at most."""
        await save(lab, 201, api_url=own_door.api_url, token="nonsense")
        own_door.forget()
        for _ in range(4):
            about = await lab.call("GET", "/api/dcache/{endpoint}/token", 200, **ON)
            assert "login failed" in about["problem"]["message"]
            assert about["identity"] is None
        assert [seen["status"] for seen in own_door.requests()] == [401, 401]

    async def test_one_that_dcache_refuses_takes_no_place(
        self, lab: Lab, own_door: Door, rsdat_home: Path
    ) -> None:
        """The old one stays, and works; a door that is away is no reason against a new one."""
        good = own_door.mint("/", validity="PT2H")
        await save(lab, 201, api_url=own_door.api_url, token=good)
        response = await lab.ask("PUT", "/api/dcache/mine/token", value={"token": "nonsense"})
        body = check_error(response, 401, "refused_token")
        assert "login failed" in body["message"]
        assert "kept" in body["hint"]
        about = await lab.call("GET", "/api/dcache/{endpoint}/token", 200, **ON)
        assert (about["kind"], about["problem"]) == ("macaroon", None)
        other = own_door.mint("/", validity="PT3H")
        own_door.down("frontend", 5)
        about = await lab.call(
            "PUT", "/api/dcache/{endpoint}/token", 200, value={"token": other}, **ON
        )
        assert about["problem"] is not None
        kept = [file.read_text() for file in (rsdat_home / "credentials").iterdir()]
        assert any(other in text for text in kept)

    async def test_ended(self, lab: Lab, running_door: Door, rsdat_home: Path) -> None:
        """Known without asking."""
        token = running_door.mint("/", validity="PT1S")
        await save(lab, 201, api_url=running_door.api_url, token=token)
        time.sleep(1.1)  # that is how long it lives
        running_door.forget()
        about = await lab.call("GET", "/api/dcache/{endpoint}/token", 200, **ON)
        assert about["problem"]["message"].startswith("The credential ended at")
        assert not running_door.requests()
        for bad, words in ((token, "ended"), ("gehéim", "no usable")):
            response = await lab.ask("PUT", "/api/dcache/mine/token", value={"token": bad})
            body = check_error(response, 401, "expired" if bad is token else "no_credential")
            assert words in body["message"]
            assert bad not in json.dumps(body)

    async def test_not_renewable(self, lab: Lab, running_door: Door) -> None:
        urls = {"api_url": running_door.api_url, "webdav_url": running_door.webdav_url}
        await save(lab, 201, **urls, username="alice", password=running_door.password)
        about = await lab.call("GET", "/api/dcache/{endpoint}/token", 200, **ON)
        assert (about["kind"], about["renewable"]) == ("password", False)
        response = await lab.ask("PUT", "/api/dcache/mine/token", value={"token": "x"})
        check_error(response, 401, "not_renewable")


class TestMacaroons:
    """`POST /api/dcache/{endpoint}/macaroons`."""

    async def test_handed_out(self, lab: Lab, dcache: Door, folder: str) -> None:
        """The secret that was asked for, and not kept by anybody."""
        value = {
            "path": folder,
            "activities": ["LIST", "DOWNLOAD"],
            "validity": 600,
            "form": "token",
        }
        path = "/api/dcache/default/macaroons"
        response = await lab.ask("POST", path, value=value)
        assert response.code == 201
        assert response.headers["Cache-Control"] == "no-store"
        on = {"endpoint": "default"}
        for form in ("token", "link", "rclone", "ada"):
            made = await lab.call(
                "POST",
                "/api/dcache/{endpoint}/macaroons",
                201,
                value={**value, "form": form},
                **on,
            )
            assert made["expires"]
        token = json.loads(response.body)["text"].strip()
        about = await save(lab, 201, api_url=dcache.api_url, token=token, home=folder)
        assert about["home"] == folder
        info = await lab.call("GET", "/api/dcache/{endpoint}/token", 200, **ON)
        assert info["paths"] == [folder]

    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"activities": ["READ"]}, 400, "invalid_input"),
            ({"validity": 604801}, 400, "invalid_input"),
            ({"ips": ["here"]}, 400, "invalid_input"),
            ({"path": "/nope"}, 404, "not_found"),
        ],
    )
    async def test_refused(
        self, lab: Lab, dcache: Door, folder: str, change: Any, status: int, code: str
    ) -> None:
        value = {"path": folder, "activities": ["LIST"], "validity": 600, "form": "token"}
        response = await lab.ask("POST", "/api/dcache/default/macaroons", value={**value, **change})
        check_error(response, status, code)


async def test_no_secret_in_answers_and_logs(
    lab: Lab, running_door: Door, rsdat_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """All that is done here with a token and a password, good and bad."""
    secrets = {running_door.token, "geheim-token", "geheim-password", running_door.password}
    urls = {"api_url": running_door.api_url, "webdav_url": running_door.webdav_url}
    answers = []
    for value in (
        {**urls, "token": running_door.token},
        {**urls, "token": "geheim-token\x00"},
        {**urls, "username": "alice", "password": running_door.password},
        {**urls, "username": "alice", "password": "geheim-password"},
        {**urls, "token": "geheim-token"},
        {"api_url": "http://127.0.0.1:9", "token": "geheim-token"},
        {**urls, "token": "geheim-token", "password": "geheim-password"},
        {**urls, "token": ["geheim-token"]},
        {**urls, "token": "geheim-token" * 6000},
    ):
        for method, path in (("PUT", "/api/endpoints/x"), ("POST", "/api/endpoints/x/test")):
            response = await lab.ask(method, path, value=value)
            answers.append(response.body.decode())
        for path in ("/api/dcache/x/token", "/api/dcache/endpoints"):
            response = await lab.ask("GET", path)
            answers.append(response.body.decode())
        running_door.forget()
    text = "\n".join([*answers, caplog.text])
    assert "login failed" in text
    assert not [secret for secret in secrets if secret in text]
