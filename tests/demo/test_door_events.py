"""Server-sent events of the stand-in: channels, subscriptions, and which change tells what."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.door import Door, door
from tests.support.raw_http import TIMEOUT_S, Reply, ask

ALL = ["IN_CREATE", "IN_DELETE", "IN_MOVED_FROM", "IN_MOVED_TO", "IN_CLOSE_WRITE", "IN_ATTRIB"]


@pytest.fixture(scope="module")
def dcache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with door(tmp_path_factory.mktemp("door"), stage_delay_s=0.05) as running:
        yield running


class Stream:
    """A reader of one channel, frame by frame."""

    def __init__(self, dcache: Door, channel: str, last_id: str = "") -> None:
        self._connection = http.client.HTTPConnection(urlsplit(channel).netloc, timeout=TIMEOUT_S)
        headers = {**dcache.headers, "Accept": "text/event-stream"}
        if last_id:
            headers["Last-Event-ID"] = last_id
        self._connection.request("GET", urlsplit(channel).path, headers=headers)
        self.answer = self._connection.getresponse()

    def next(self) -> dict[str, Any]:
        """The next frame; empty at the end of the stream."""
        frame: dict[str, Any] = {}
        while line := self.answer.readline().decode().rstrip("\n"):
            key, _, value = line.partition(": ")
            frame[key] = json.loads(value) if key == "data" else value
        return frame

    def masks(self, count: int) -> list[tuple[str, str]]:
        """Name and mask of the next events."""
        events = [self.next()["data"]["event"] for _ in range(count)]
        return [(event.get("name", ""), " ".join(event["mask"])) for event in events]

    def close(self) -> None:
        self._connection.close()


def post(dcache: Door, url: str, body: object = None, method: str = "POST") -> Reply:
    headers = {**dcache.headers, "Content-Type": "application/json"}
    data = b"" if body is None else json.dumps(body).encode()
    return ask(method, url, headers, data)


def open_channel(dcache: Door, client_id: str = "test") -> str:
    answer = post(dcache, f"{dcache.api_url}/events/channels", {"client-id": client_id})
    assert (answer.status, answer.body) == (201, b"")
    return str(answer.headers["Location"])


def watch(dcache: Door, channel: str, path: str, flags: list[str] | None = None) -> Reply:
    body = {"path": path, "flags": ALL if flags is None else flags}
    return post(dcache, f"{channel}/subscriptions/inotify", body)


@contextlib.contextmanager
def watching(dcache: Door, folder: str) -> Iterator[tuple[str, Stream]]:
    """A fresh folder, watched: the channel's URL and its reader."""
    (dcache.root / folder.strip("/")).mkdir(parents=True, exist_ok=True)
    channel = open_channel(dcache)
    stream = Stream(dcache, channel)
    try:
        assert watch(dcache, channel, folder).status == 201
        first = stream.next()
        assert (first["event"], first["data"]["type"]) == ("SYSTEM", "NEW_SUBSCRIPTION")
        assert "id" not in first
        yield channel, stream
    finally:
        stream.close()
        post(dcache, channel, method="DELETE")


def put(dcache: Door, path: str, body: bytes = b"x") -> None:
    headers = {**dcache.headers, "Content-Type": "application/octet-stream"}
    assert ask("PUT", dcache.path_url(path, proxy=True), headers, body).status == 201


def rest(dcache: Door, path: str, **body: object) -> None:
    assert post(dcache, f"{dcache.api_url}/namespace{path}", body).status == 201


def dav(dcache: Door, method: str, path: str, to: str = "", overwrite: str = "F") -> int:
    headers = dict(dcache.headers)
    if to:
        headers |= {"Destination": dcache.path_url(to), "Overwrite": overwrite}
    return ask(method, dcache.path_url(path), headers).status


def test_frames(dcache: Door) -> None:
    with watching(dcache, "/frames") as (channel, stream):
        assert stream.answer.getheader("Content-Type") == "text/event-stream"
        rest(dcache, "/frames", action="mkdir", name="sub")
        frame = stream.next()
        assert (frame["event"], frame["id"]) == ("inotify", "0")
        assert frame["data"]["event"] == {"name": "sub", "mask": ["IN_CREATE", "IN_ISDIR"]}
        assert frame["data"]["subscription"].startswith(f"{channel}/subscriptions/inotify/")


def test_masks_of_each_operation(dcache: Door) -> None:
    with watching(dcache, "/masks") as (_, stream):
        put(dcache, "/masks/a")
        written = [("a", "IN_CREATE"), ("a", "IN_ATTRIB"), ("a", "IN_CLOSE_WRITE")]
        assert stream.masks(3) == written
        put(dcache, "/masks/a", b"again")
        assert stream.masks(4) == [("a", "IN_DELETE"), *written]
        assert dav(dcache, "MOVE", "/masks/a", "/masks/b") == 201
        moved = [stream.next()["data"]["event"] for _ in range(2)]
        assert [event["mask"] for event in moved] == [["IN_MOVED_FROM"], ["IN_MOVED_TO"]]
        assert moved[0]["cookie"] == moved[1]["cookie"] != ""
        rest(dcache, "/masks/b", action="mv", destination="/moved-out")
        assert stream.masks(1) == [("b", "IN_MOVED_FROM")]
        rest(dcache, "/moved-out", action="mv", destination="/masks/c")
        assert stream.masks(1) == [("c", "IN_MOVED_TO")]
        assert dav(dcache, "MKCOL", "/masks/d") == 201
        assert dav(dcache, "DELETE", "/masks/d") == 204
        assert stream.masks(2) == [("d", "IN_CREATE IN_ISDIR"), ("d", "IN_DELETE IN_ISDIR")]
        rest(dcache, "/masks/c", action="set-xattr", attributes={"k": "v"})  # tells nothing
        rest(dcache, "/masks/c", action="set-label", label="l")
        rest(dcache, "/masks/c", action="chmod", mode=0o600)
        assert dav(dcache, "DELETE", "/masks/c") == 204
        assert stream.masks(3) == [("c", "IN_ATTRIB"), ("c", "IN_ATTRIB"), ("c", "IN_DELETE")]


def test_staging_and_eviction_tell(dcache: Door) -> None:
    with watching(dcache, "/tape") as (_, stream):
        (dcache.root / "tape" / "t").write_bytes(b"from tape")
        dcache.set_file("/tape/t", locality="NEARLINE")
        assert stream.masks(1) == [("t", "IN_ATTRIB")]
        body = {"files": [{"path": "/tape/t", "diskLifetime": "PT0S"}]}
        assert post(dcache, f"{dcache.api_url}/tape/stage", body).status == 201
        assert stream.masks(1) == [("t", "IN_ATTRIB")]
        assert dcache.entry("/tape/t")["fileLocality"] == "ONLINE_AND_NEARLINE"
        assert dcache.sweep() == ["/tape/t"]
        assert stream.masks(1) == [("t", "IN_ATTRIB")]


def test_a_redirected_upload_tells_as_it_goes(dcache: Door) -> None:
    with watching(dcache, "/redirected") as (_, stream):
        headers = {
            **dcache.headers,
            "Expect": "100-continue",
            "Content-Length": "3",
            "Content-Type": "text/plain",
        }
        # http.client doesn't wait for the 100, which no pool minds.
        first = ask("PUT", dcache.path_url("/redirected/up"), headers)
        assert first.status == 307
        assert stream.masks(1) == [("up", "IN_CREATE")]
        assert ask("PUT", first.headers["Location"], {}, b"abc").status == 201
        assert stream.masks(2) == [("up", "IN_ATTRIB"), ("up", "IN_CLOSE_WRITE")]


def test_nothing_is_told_of_subdirectories_and_other_flags(dcache: Door) -> None:
    (dcache.root / "quiet" / "sub").mkdir(parents=True)
    with watching(dcache, "/quiet") as (channel, stream):
        put(dcache, "/quiet/sub/unseen")
        again = watch(dcache, channel, "/quiet/", ["IN_DELETE"])
        assert again.status == 303  # to the one that is there, with its flags replaced
        known = ask("GET", again.headers["Location"], dcache.headers)
        assert json.loads(known.text) == {"path": "/quiet", "flags": ["IN_DELETE"]}
        put(dcache, "/quiet/a")
        assert dav(dcache, "DELETE", "/quiet/a") == 204
        assert stream.masks(1) == [("a", "IN_DELETE")]


def test_a_watch_follows_a_rename_and_ends_with_its_directory(dcache: Door) -> None:
    with watching(dcache, "/followed") as (channel, stream):
        assert dav(dcache, "MOVE", "/followed", "/renamed") == 201
        put(dcache, "/renamed/a")
        assert stream.masks(3)[0] == ("a", "IN_CREATE")
        url = json.loads(ask("GET", f"{channel}/subscriptions", dcache.headers).text)[0]
        assert json.loads(ask("GET", url, dcache.headers).text)["path"] == "/followed"
        assert dav(dcache, "DELETE", "/renamed") == 204
        assert stream.masks(1) == [("a", "IN_DELETE")]
        closed = stream.next()
        assert closed["data"] == {"type": "SUBSCRIPTION_CLOSED", "subscription": url}
        assert stream.next()["data"] == {"event": {"mask": ["IN_IGNORED"]}, "subscription": url}


def test_a_second_reader_takes_over(dcache: Door) -> None:
    with watching(dcache, "/rivals") as (channel, first):
        second = Stream(dcache, channel)
        assert first.next()["data"] == {"type": "COMPETING_CLIENT"}
        assert first.next() == {}
        put(dcache, "/rivals/a")
        assert second.masks(1) == [("a", "IN_CREATE")]
        second.close()


def test_last_event_id_replays_and_loss_is_told(dcache: Door) -> None:
    with watching(dcache, "/replay") as (channel, stream):
        stream.close()
        for name in "abc":
            assert dav(dcache, "MKCOL", f"/replay/{name}") == 201
        without = Stream(dcache, channel)  # what nobody read isn't told without an id
        assert dav(dcache, "MKCOL", "/replay/d") == 201
        assert without.next()["id"] == "3"
        without.close()
        again = Stream(dcache, channel, last_id="0")
        assert [again.next()["id"] for _ in range(3)] == ["1", "2", "3"]
        again.close()
        lost = Stream(dcache, channel, last_id="77")
        assert lost.next()["data"] == {"type": "EVENT_LOSS"}
        dcache.lose_events()
        assert lost.masks(1) == [("", "IN_Q_OVERFLOW")]
        lost.close()


def test_a_dead_link_tells_nothing(dcache: Door) -> None:
    with watching(dcache, "/mute") as (channel, stream):
        dcache.configure(mute_events=True)
        assert dav(dcache, "MKCOL", "/mute/a") == 201
        dcache.configure(mute_events=False)
        assert dav(dcache, "MKCOL", "/mute/b") == 201
        assert stream.next()["data"]["event"]["name"] == "b"
        stream.close()
        again = Stream(dcache, channel, last_id="0")
        assert again.next()["data"]["event"]["name"] == "b"
        again.close()


def test_channels(dcache: Door) -> None:
    channel = open_channel(dcache, "mine")
    url = f"{dcache.api_url}/events/channels"
    assert json.loads(ask("GET", f"{url}?client-id=mine", dcache.headers).text) == [channel]
    assert json.loads(ask("GET", channel, dcache.headers).text) == {"timeout": 300}
    assert post(dcache, channel, {"timeout": 60}, "PATCH").status == 204
    assert post(dcache, channel, {"timeout": 86401}, "PATCH").status == 400
    assert post(dcache, url).status == 201  # an empty body will do
    types = ask("GET", f"{dcache.api_url}/events/eventTypes", dcache.headers)
    assert types.text == '["inotify","metronome"]'
    limits = json.loads(ask("GET", f"{dcache.api_url}/events", dcache.headers).text)
    assert limits["channels"]["maximumPerUser"] == 128
    reader = Stream(dcache, channel)
    assert post(dcache, channel, method="DELETE").status == 204
    assert reader.next() == {}
    gone = ask("GET", channel, dcache.headers)
    assert (gone.status, json.loads(gone.text)["detail"]) == (404, "No such channel")


def test_a_channel_that_nobody_reads_is_given_up(dcache: Door) -> None:
    channel = open_channel(dcache, "short")
    assert post(dcache, channel, {"timeout": 1}, "PATCH").status == 204
    reader = Stream(dcache, channel)
    reader.close()
    watched = open_channel(dcache, "short")
    while ask("GET", channel, dcache.headers).status == 200:
        pass  # it is asked for, not read
    assert ask("GET", watched, dcache.headers).status == 200


def test_too_many_channels(tmp_path_factory: pytest.TempPathFactory) -> None:
    with door(tmp_path_factory.mktemp("door")) as running:
        for _ in range(128):
            open_channel(running)
        assert post(running, f"{running.api_url}/events/channels").status == 429


@pytest.mark.parametrize(
    ("selector", "status", "detail"),
    [
        ({"path": "/nope"}, 400, "Not found: Problem with path"),
        ({"path": "/closed"}, 400, "Permission denied: Not allowed."),
        ({"path": "/", "flags": ["IN_FOO"]}, 400, "Bad selector: IN_FOO is not one of IN_ACCESS"),
        ({"flags": []}, 500, "Internal Server Error"),
    ],
)
def test_subscriptions_that_are_refused(
    dcache: Door, selector: object, status: int, detail: str
) -> None:
    (dcache.root / "closed").mkdir(exist_ok=True)
    dcache.set_file("/closed", forbidden=["list"])
    channel = open_channel(dcache)
    answer = post(dcache, f"{channel}/subscriptions/inotify", selector)
    assert answer.status == status
    assert json.loads(answer.text)["detail"].startswith(detail)


def test_a_restarted_frontend_has_forgotten_its_channels(dcache: Door) -> None:
    with watching(dcache, "/restarted") as (channel, stream):
        dcache.restart("frontend")
        assert stream.next()["data"] == {"type": "SHUTDOWN"}
        assert stream.next() == {}
        assert ask("GET", channel, dcache.headers).status == 404
