"""Bytes through the companion: whole, in ranges, streamed, cut off from either side."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import socket
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote

import pytest
from tornado.httpclient import HTTPRequest

from rsdat.server.streaming import DRAIN_BYTES, attachment
from tests.support.door import Door
from tests.support.server import Lab, check, check_error, until

ROUTE = "/files/{endpoint}/{path}"
NAMES = ["a b", "#1", "what?", "100%", "%41", "a:b", "a+b", "a&b", "é", "日本", "🛰.tif", ".hidden",
         "a\"b'c", "semi;colon", "back\\slash"]  # fmt: skip


def address(path: str) -> str:
    """The files route of a path in the stand-in."""
    return f"/files/default{path}"


async def put(lab: Lab, path: str, body: bytes, **headers: str) -> Any:
    """Upload in one go; header names with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await lab.ask("PUT", address(path), body=body, headers=named)


class Raw:
    """A request by hand, which can be left off in the middle."""

    def __init__(self, lab: Lab, method: str, path: str, *headers: str) -> None:
        self._port = lab.port
        target = lab.url(address(path)).removeprefix(lab.origin)
        lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{lab.port}"]
        lines += [f"Authorization: token {lab.token}", *headers]
        self.head = "\r\n".join([*lines, "", ""]).encode()
        self.reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> Raw:  # noqa: PYI034 - Self is not in typing of 3.10
        self.reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(self.head)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Go, as a closed tab does."""
        self._writer.transport.abort()

    async def send(self, data: bytes) -> None:
        """Some of the body."""
        self._writer.write(data)
        await self._writer.drain()

    async def error(self) -> bytes:
        """The answer, up to the end of an error's body."""
        return await asyncio.wait_for(self.reader.readuntil(b"}}"), 30)


def raw_put(lab: Lab, path: str, size: int, *headers: str) -> Raw:
    """An upload by hand."""
    return Raw(lab, "PUT", path, f"Content-Length: {size}", *headers)


def names_in(dcache: Door, folder: str) -> list[str]:
    """What really is in a folder of the stand-in."""
    return sorted(path.name for path in (dcache.root / folder[1:]).iterdir())


@pytest.mark.parametrize("name", NAMES)
async def test_names(lab: Lab, dcache: Door, folder: str, name: str) -> None:
    """Any name goes through list, read, write, rename and delete, and comes back the same."""
    path, renamed = f"{folder}/{name}", f"{folder}/x {name}"
    response = await put(lab, path, b"hello")
    assert response.code == 201
    assert check("PUT", ROUTE, response)["path"] == path
    assert (dcache.root / path[1:]).read_bytes() == b"hello"
    response = await lab.ask("GET", address(path), query={"download": "1"})
    assert (response.code, response.body) == (200, b"hello")
    disposition = response.headers["Content-Disposition"]
    assert unquote(disposition.partition("UTF-8''")[2]) == name
    move = {"source": path, "destination": renamed}
    await lab.call("POST", "/api/dcache/{endpoint}/move", 200, value=move, endpoint="default")
    listed = await lab.call(
        "GET", "/api/dcache/{endpoint}/list", 200, query={"path": folder}, endpoint="default"
    )
    assert [entry["name"] for entry in listed["entries"]] == [f"x {name}"]
    await lab.call(
        "POST", "/api/dcache/{endpoint}/delete", 204, value={"path": renamed}, endpoint="default"
    )
    assert list((dcache.root / folder[1:]).iterdir()) == []


def test_attachment() -> None:
    """A plain twin without anything that could end the header or the quotes."""
    assert attachment('a"b\r\n日\\;.txt') == (
        "attachment; filename=\"a_b____;.txt\"; filename*=UTF-8''a%22b%0D%0A%E6%97%A5%5C%3B.txt"
    )


async def test_nothing_runs(lab: Lab, dcache: Door, folder: str) -> None:
    """A page in storage is data here, never a page of Lab's origin."""
    await put(lab, f"{folder}/evil.html", b"<script>alert(1)</script>")
    for query in ({}, {"download": "1"}):
        headers = (await lab.ask("GET", address(f"{folder}/evil.html"), query=query)).headers
        assert headers["Content-Type"] == "application/octet-stream"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("sandbox;")
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Etag" not in headers


@pytest.mark.parametrize(
    ("wanted", "status", "body", "stated"),
    [
        ("bytes=0-2", 206, b"012", "bytes 0-2/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-4", 206, b"6789", "bytes 6-9/10"),
        ("bytes=-40", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=0-0", 206, b"0", "bytes 0-0/10"),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("bytes=5-3", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=99-100", 416, None, "bytes */10"),
        ("bytes=-0", 416, None, "bytes */10"),
    ],
)
async def test_ranges(
    lab: Lab, dcache: Door, folder: str, wanted: str, status: int, body: bytes, stated: str
) -> None:
    """One range as RFC 9110 has it; more of them, or nonsense, mean the whole file."""
    (dcache.root / folder[1:] / "f").write_bytes(b"0123456789")
    response = await lab.ask("GET", address(f"{folder}/f"), headers={"Range": wanted})
    assert response.code == status
    assert response.headers.get("Content-Range") == stated
    if status == 416:
        assert check("GET", ROUTE, response)["details"] == {"code": "out_of_range", "size": 10}
    else:
        assert response.body == body
    headers = {"Range": wanted, "If-Range": '"x"'}
    response = await lab.ask("GET", address(f"{folder}/f"), headers=headers)
    assert (response.code, response.body) == (200, b"0123456789")


async def test_empty_file(lab: Lab, dcache: Door, folder: str) -> None:
    """Nothing is a content too."""
    assert (await put(lab, f"{folder}/empty", b"")).code == 201
    response = await lab.ask("GET", address(f"{folder}/empty"))
    assert (response.code, response.body) == (200, b"")
    assert response.headers["Content-Length"] == "0"
    response = await lab.ask("GET", address(f"{folder}/empty"), headers={"Range": "bytes=0-"})
    assert response.code == 416


async def test_head(lab: Lab, dcache: Door, folder: str) -> None:
    """Size and time without bytes, also of what is on tape; folders have neither."""
    (dcache.root / folder[1:] / "f").write_bytes(b"0123456789")
    dcache.set_file(f"{folder}/f", locality="NEARLINE")
    response = await lab.ask("HEAD", address(f"{folder}/f"))
    assert (response.code, response.body) == (200, b"")
    assert response.headers["Content-Length"] == "10"
    entry = await lab.ask("GET", "/api/dcache/default/info", query={"path": f"{folder}/f"})
    modified = parsedate_to_datetime(response.headers["Last-Modified"])
    assert modified.strftime("%Y-%m-%dT%H:%M:%S.") in entry.body.decode()
    assert (await lab.ask("HEAD", address(folder))).code == 409
    assert (await lab.ask("HEAD", address(f"{folder}/nope"))).code == 404


async def test_what_has_no_bytes(lab: Lab, dcache: Door, folder: str) -> None:
    """Told at once, in our form of error."""
    (dcache.root / folder[1:] / "f").write_bytes(b"0123456789")
    dcache.set_file(f"{folder}/f", locality="NEARLINE")
    check_error(await lab.ask("GET", address(f"{folder}/f")), 409, "on_tape")
    check_error(await lab.ask("GET", address(folder)), 409, "is_a_folder")
    check_error(await lab.ask("GET", address(f"{folder}/nope")), 404, "not_found")
    check_error(await lab.ask("GET", "/files/nope/x"), 404, "not_found")


async def test_large_both_ways(lab: Lab, dcache: Door, folder: str) -> None:
    """Far more than all buffers together, fed and taken in pieces."""
    piece, count = os.urandom(1 << 20), 40
    body = hashlib.sha256(piece * count).hexdigest()

    async def produce(write: Callable[[bytes], Awaitable[None]]) -> None:
        for _ in range(count):
            await write(piece)

    headers = {
        "Authorization": f"token {lab.token}",
        "Content-Length": str(count * len(piece)),
    }
    request = HTTPRequest(
        lab.url(address(f"{folder}/big")),
        method="PUT",
        headers=headers,
        body_producer=produce,
        request_timeout=60,
    )
    response = await lab.client.fetch(request, raise_error=False)
    assert response.code == 201, response.body
    on_disk = hashlib.sha256((dcache.root / folder[1:] / "big").read_bytes()).hexdigest()
    assert on_disk == body
    taken = hashlib.sha256()
    request = HTTPRequest(
        lab.url(address(f"{folder}/big")),
        headers=headers | {"Content-Length": "0"},
        streaming_callback=taken.update,
        request_timeout=60,
    )
    response = await lab.client.fetch(request, raise_error=False)
    assert (response.code, taken.hexdigest()) == (200, body)


async def test_replace_and_conditions(lab: Lab, dcache: Door, folder: str) -> None:
    """A plain PUT replaces; with conditions it doesn't take what is not meant."""
    path = f"{folder}/f"
    first = await put(lab, path, b"one", If_None_Match="*")
    assert first.code == 201
    check_error(await put(lab, path, b"two", If_None_Match="*"), 409, "exists")
    second = await put(lab, path, b"two")
    assert second.code == 200
    seen = check("PUT", ROUTE, second)["modified"]
    assert (await put(lab, path, b"three", X_Rsdat_If_Modified=seen)).code == 200
    check_error(await put(lab, path, b"late", X_Rsdat_If_Modified=seen), 409, "changed_since")
    old = "2001-01-01T00:00:00Z"
    check_error(await put(lab, path, b"four", X_Rsdat_If_Modified=old), 409, "changed_since")
    assert (dcache.root / path[1:]).read_bytes() == b"three"
    for headers in ({"If_None_Match": '"x"'}, {"X_Rsdat_If_Modified": "yesterday"}):
        check_error(await put(lab, path, b"five", **headers), 400, "invalid_input")
    assert (dcache.root / path[1:]).read_bytes() == b"three"


@pytest.mark.parametrize("length", ["Transfer-Encoding: chunked", "X-Nothing: 1"])
async def test_length_is_needed(lab: Lab, dcache: Door, folder: str, length: str) -> None:
    """A body of unknown length could be cut without anybody noticing."""
    async with Raw(lab, "PUT", f"{folder}/f", length) as raw:
        answer = await raw.error()
    assert answer.startswith(b"HTTP/1.1 411 ")
    assert b'"length_required"' in answer
    assert names_in(dcache, folder) == []


async def test_client_goes_in_the_middle(lab: Lab, dcache: Door, folder: str) -> None:
    """The old file stands, and nothing is left beside it."""
    (dcache.root / folder[1:] / "f").write_bytes(b"old")
    async with raw_put(lab, f"{folder}/f", 8 << 20) as raw:
        await raw.send(b"x" * (3 << 20))
        await until(lambda: len(names_in(dcache, folder)) == 2)
    await until(lambda: names_in(dcache, folder) == ["f"])
    assert (dcache.root / folder[1:] / "f").read_bytes() == b"old"
    storage = lab.app.web_app.settings["rsdat_companion"].storage
    await until(lambda: not storage._writes)


async def test_server_stops_in_the_middle(lab: Lab, dcache: Door, folder: str) -> None:
    """As much: a stopped Jupyter leaves nothing half written."""
    async with raw_put(lab, f"{folder}/f", 8 << 20) as raw:
        await raw.send(b"x" * (3 << 20))
        await until(lambda: names_in(dcache, folder))
        await lab.app.web_app.settings["rsdat_companion"].stop()
    assert names_in(dcache, folder) == []


async def test_refused_before_the_body(lab: Lab, dcache: Door, folder: str) -> None:
    """Who waits for `100 Continue` is spared the sending."""
    (dcache.root / folder[1:] / "f").write_bytes(b"old")
    expect = ("Expect: 100-continue", "If-None-Match: *")
    async with raw_put(lab, f"{folder}/f", 1 << 40, *expect) as raw:
        answer = await raw.error()
    assert answer.startswith(b"HTTP/1.1 409 ")
    assert b'"exists"' in answer


async def test_refused_while_sending(lab: Lab, dcache: Door, folder: str) -> None:
    """A browser looks at no answer before it has sent all: up to a size it may."""
    (dcache.root / folder[1:] / "f").write_bytes(b"old")
    body = b"x" * (4 << 20)
    check_error(await put(lab, f"{folder}/f", body, If_None_Match="*"), 409, "exists")
    dcache.fault("no_space", server="redirect", method="PUT")
    check_error(await put(lab, f"{folder}/g", body), 507, "no_space")
    assert names_in(dcache, folder) == ["f"]


async def test_door_breaks_in_the_middle(lab: Lab, dcache: Door, folder: str) -> None:
    """The answer comes although most of a large body was never sent, and before the cut."""
    dcache.fault("cut_upload", server="pool", at_bytes=1 << 20)
    raw = raw_put(lab, f"{folder}/f", DRAIN_BYTES + (64 << 20))

    def send() -> bytes:
        # As a browser does: it sends until that fails, then looks for an answer.
        with socket.create_connection(("127.0.0.1", lab.port), timeout=30) as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(raw.head)
                for _ in range(48):
                    connection.sendall(b"x" * (1 << 20))
            return connection.recv(1 << 16)

    answer = await asyncio.to_thread(send)
    assert answer.startswith(b"HTTP/1.1 502 ")
    await until(lambda: names_in(dcache, folder) == [])


async def test_reader_goes_in_the_middle(lab: Lab, dcache: Door, folder: str) -> None:
    """The read at dCache ends with it."""
    (dcache.root / folder[1:] / "f").write_bytes(os.urandom(32 << 20))
    async with Raw(lab, "GET", f"{folder}/f") as raw:
        await raw.reader.readexactly(1 << 20)
        assert await asyncio.to_thread(dcache.movers) == 1
    await until(lambda: asyncio.to_thread(lambda: dcache.movers() == 0))


async def test_reader_goes_while_the_door_is_silent(lab: Lab, dcache: Door, folder: str) -> None:
    """Nobody waits on for an answer that nobody wants."""
    (dcache.root / folder[1:] / "f").write_bytes(b"x")
    dcache.fault("hang", method="GET", server="pool")
    async with Raw(lab, "GET", f"{folder}/f"):
        await until(lambda: asyncio.to_thread(lambda: dcache.requests("redirect", "GET")))
        waiting = [
            task
            for task in asyncio.all_tasks()
            if "FilesHandler._send" in getattr(task.get_coro(), "__qualname__", "")
        ]
        assert len(waiting) == 1
    await asyncio.wait_for(asyncio.wait(waiting), 10)
    assert waiting[0].cancelled()


async def test_server_stops_while_the_door_is_silent(lab: Lab, dcache: Door, folder: str) -> None:
    """The connection's end says that no answer comes: it is no fault that was found here."""
    (dcache.root / folder[1:] / "f").write_bytes(b"x")
    dcache.fault("hang", method="GET", server="pool")
    async with Raw(lab, "GET", f"{folder}/f") as raw:
        await until(lambda: asyncio.to_thread(lambda: dcache.requests("redirect", "GET")))
        await lab.app.web_app.settings["rsdat_companion"].stop()
        assert await asyncio.wait_for(raw.reader.read(-1), 30) == b""


async def test_download_cut_by_the_pool(lab: Lab, dcache: Door, folder: str) -> None:
    """What is short must look short: the connection ends before Content-Length is reached."""
    (dcache.root / folder[1:] / "f").write_bytes(b"x" * (4 << 20))
    dcache.fault("cut_download", server="pool", at_bytes=1 << 20)
    async with Raw(lab, "GET", f"{folder}/f") as raw:
        answer = await asyncio.wait_for(raw.reader.read(-1), 30)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Length: 4194304" in head
    assert len(body) < 4 << 20
