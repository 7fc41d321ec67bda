"""Bodies of many MiB, which a thread moves past the event loop: whole, cut, refused, given up."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tornado.simple_httpclient import HTTPStreamClosedError

from rsdat.base.errors import DoorBroken
from rsdat.dcache.transfers import carry, downloading
from rsdat.dcache.wire import LEAST_BYTES, Take, Wire
from rsdat.server.streaming import DRAIN_BYTES
from tests.support.door import Door
from tests.support.raw_http import raw_request
from tests.support.raw_http import until as until_in
from tests.support.server import Lab, check, check_error, until
from tests.support.transfers import Transfers, leave_in_the_middle, listing

MIB = 1 << 20
SIZE = 2 * LEAST_BYTES + 4321


def threads() -> list[str]:
    """Those that move bytes."""
    return [each.name for each in threading.enumerate() if each.name.startswith("rsdat-wire")]


@pytest.fixture(autouse=True)
def moved(
    monkeypatch: pytest.MonkeyPatch, jp_asyncio_loop: asyncio.AbstractEventLoop
) -> Iterator[dict[str, int]]:
    """How many bytes threads have read and sent; none of them is left at the end."""
    count = {"read": 0, "sent": 0}
    read, send, pass_on = Wire.read, Wire.send, Wire.pass_on

    async def counted_read(self: Wire, *given: Any) -> bytearray:
        block = await read(self, *given)
        count["read"] += len(block)
        return block

    async def counted_send(self: Wire, data: bytes, *given: Any) -> None:
        # Before: the other side may have all of it, and say so, before this goes on.
        count["sent"] += len(data)
        await send(self, data, *given)

    async def counted_pass_on(self: Wire, into: Wire, most: int, take: Take, *given: Any) -> None:
        def counted_take(part: memoryview) -> None:
            count["read"] += len(part)
            count["sent"] += len(part)
            take(part)

        await pass_on(self, into, most, counted_take, *given)

    monkeypatch.setattr(Wire, "read", counted_read)
    monkeypatch.setattr(Wire, "send", counted_send)
    monkeypatch.setattr(Wire, "pass_on", counted_pass_on)
    yield count

    async def none_left() -> bool:
        return not threads()

    # The client may have all bytes before the server has seen that they are through.
    jp_asyncio_loop.run_until_complete(until(none_left))


@pytest.fixture
def transfers(lab: Lab, dcache: Door, monkeypatch: pytest.MonkeyPatch) -> Transfers:
    """The routes; attempts follow each other at once."""
    monkeypatch.setattr(carry, "PAUSES_S", (0.0, 0.1))
    return Transfers(lab)


async def begin_upload(transfers: Transfers, folder: str, size: int = SIZE) -> str:
    """One of one file `big`."""
    made = await transfers.begin(
        "upload", destination=("default", folder), files=[{"path": "big", "size": size}]
    )
    id_: str = made["id"]
    return id_


async def test_down(transfers: Transfers, folder: str, place: Path, moved: dict[str, int]) -> None:
    """All bytes, summed, from the pool to the client."""
    body = os.urandom(SIZE)
    (place / "big").write_bytes(body)
    made = await transfers.begin("download", source=("default", f"{folder}/big"))
    response = await transfers.fetch(made["id"])
    assert (response.code, response.body) == (200, body)
    assert response.headers["Connection"] == "close"
    assert (await transfers.done(made["id"]))["verified"] == "adler32"
    assert moved["read"] > SIZE - 2 * MIB  # what came with the head was aiohttp's
    assert moved["sent"] == SIZE


async def test_up(transfers: Transfers, folder: str, place: Path, moved: dict[str, int]) -> None:
    """All bytes, summed, from the client to the pool."""
    body = os.urandom(SIZE)
    id_ = await begin_upload(transfers, folder)
    response = await transfers.send(id_, "big", body)
    assert check("PUT", "/transfers/{id}/content", response)["size"] == SIZE
    assert response.code == 201
    assert (place / "big").read_bytes() == body
    assert (await transfers.done(id_))["verified"] == "adler32"
    assert moved["sent"] == SIZE
    assert moved["read"] > SIZE - 2 * MIB


async def test_by_path(lab: Lab, dcache: Door, folder: str, place: Path) -> None:
    """The same without a transfer, and a range."""
    body = os.urandom(SIZE)
    path = f"/files/default{folder}/big"
    assert (await lab.ask("PUT", path, body=body)).code == 201
    assert (place / "big").read_bytes() == body
    assert (await lab.ask("GET", path)).body == body
    part = await lab.ask("GET", path, headers={"Range": f"bytes=100-{LEAST_BYTES + 199}"})
    assert (part.code, part.body) == (206, body[100 : LEAST_BYTES + 200])


async def test_asks_before_it_sends(lab: Lab, dcache: Door, folder: str, place: Path) -> None:
    """Expect: 100-continue, as of curl."""
    body = os.urandom(SIZE)
    headers = {
        "Authorization": f"token {lab.token}",
        "Content-Length": str(SIZE),
        "Expect": "100-continue",
    }

    def put() -> bytes:
        with raw_request("PUT", lab.url(f"/files/default{folder}/big"), headers) as sock:
            head = until_in(sock)
            assert head.startswith(b"HTTP/1.1 100 ")
            sock.sendall(body)
            return until_in(sock)

    answer = await asyncio.to_thread(put)
    assert answer.startswith(b"HTTP/1.1 201 Created\r\n")
    assert b"Connection: close" in answer
    assert (place / "big").read_bytes() == body


async def test_pool_breaks_off_downloads(
    transfers: Transfers, folder: str, place: Path, dcache: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last attempt, too: the client's connection is cut, it sees that bytes are missing."""
    monkeypatch.setattr(downloading, "PAUSES_S", ())
    (place / "big").write_bytes(os.urandom(SIZE))
    made = await transfers.begin("download", source=("default", f"{folder}/big"))
    dcache.fault("cut_download", server="pool", at_bytes=LEAST_BYTES)
    with pytest.raises(HTTPStreamClosedError):
        await transfers.fetch(made["id"])
    ended = await transfers.until(made["id"])
    assert ended["state"] == "failed"
    assert "wrong number of bytes" in ended["problem"]["message"]


async def test_pool_sends_other_bytes(
    transfers: Transfers, folder: str, place: Path, dcache: Door
) -> None:
    """The last ones are not passed on."""
    (place / "big").write_bytes(os.urandom(SIZE))
    made = await transfers.begin("download", source=("default", f"{folder}/big"))
    dcache.fault("flip", server="pool", method="GET", at_bytes=LEAST_BYTES + 7)
    with pytest.raises(HTTPStreamClosedError):
        await transfers.fetch(made["id"])
    ended = await transfers.until(made["id"])
    assert ended["state"] == "failed"
    assert "another adler32" in ended["problem"]["message"]


async def test_pool_breaks_off_uploads(
    transfers: Transfers, folder: str, place: Path, dcache: Door
) -> None:
    """Told in words, on the same connection; nothing stays."""
    id_ = await begin_upload(transfers, folder)
    dcache.fault("cut_upload", server="pool", at_bytes=LEAST_BYTES)
    response = await transfers.send(id_, "big", os.urandom(SIZE))
    check_error(response, 502, "cut")
    assert list(place.iterdir()) == []


async def test_dcache_is_full(transfers: Transfers, folder: str, place: Path, dcache: Door) -> None:
    """Refused before any byte was taken."""
    id_ = await begin_upload(transfers, folder)
    dcache.fault("no_space", server="redirect", method="PUT")
    response = await transfers.send(id_, "big", os.urandom(SIZE))
    assert response.code == 507
    assert list(place.iterdir()) == []


async def test_client_goes_while_it_sends(
    transfers: Transfers, folder: str, place: Path, lab: Lab
) -> None:
    """The upload is interrupted, nothing of it stays on dCache, and it can be sent again."""
    id_ = await begin_upload(transfers, folder)
    headers = {"Authorization": f"token {lab.token}", "Content-Length": str(SIZE)}
    url = lab.url(f"/transfers/{id_}/content", {"path": "big"})

    def leave() -> None:
        with raw_request("PUT", url, headers, body=bytes(LEAST_BYTES + 5)):
            pass

    await asyncio.to_thread(leave)

    async def clean() -> bool:
        return not list(place.iterdir()) and not threads()

    await until(clean)
    body = os.urandom(SIZE)
    assert (await transfers.send(id_, "big", body)).code == 201
    assert (place / "big").read_bytes() == body


async def test_client_goes_while_it_takes(
    transfers: Transfers, folder: str, place: Path, lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    """The download is interrupted, which is no failure of ours; the rest can be fetched."""
    body = os.urandom(SIZE)
    (place / "big").write_bytes(body)
    made = await transfers.begin("download", source=("default", f"{folder}/big"))
    begun = await leave_in_the_middle(lab, f"/transfers/{made['id']}/content", MIB)
    assert begun == body[:MIB]
    await transfers.until(made["id"], "interrupted")
    rest = await transfers.fetch(made["id"], Range=f"bytes={MIB}-")
    assert (rest.code, rest.body) == (206, body[MIB:])
    assert (await transfers.done(made["id"]))["verified"] == "adler32"
    assert [each.message for each in caplog.records if each.levelno >= logging.ERROR] == []


async def test_cancel_while_the_pool_is_slow(
    transfers: Transfers, folder: str, place: Path, dcache: Door
) -> None:
    """A thread that waits is woken."""
    (place / "big").write_bytes(os.urandom(SIZE))
    dcache.fault("stall_download", server="pool", at_bytes=LEAST_BYTES)
    made = await transfers.begin("download", source=("default", f"{folder}/big"))
    fetching = asyncio.create_task(transfers.fetch(made["id"]))

    async def moving() -> bool:
        return bool((await transfers.get(made["id"]))["bytes"]["done"])

    await until(moving)
    await transfers.act(made["id"], "cancel")
    with pytest.raises(HTTPStreamClosedError):
        await fetching


async def test_cancel_while_the_client_stands_still(
    transfers: Transfers, folder: str, place: Path, lab: Lab
) -> None:
    """The thread that waits for its bytes ends; when the rest has come, the answer says why."""
    id_ = await begin_upload(transfers, folder)
    headers = {"Authorization": f"token {lab.token}", "Content-Length": str(SIZE)}
    url = lab.url(f"/transfers/{id_}/content", {"path": "big"})
    begun = raw_request("PUT", url, headers, body=bytes(LEAST_BYTES))

    async def moving() -> bool:
        return bool((await transfers.get(id_))["bytes"]["done"] > MIB)

    async def clean() -> bool:
        return not list(place.iterdir())

    with ExitStack() as stack:
        sock = await asyncio.to_thread(stack.enter_context, begun)
        await until(moving)
        await transfers.act(id_, "cancel")
        await until(clean)
        await asyncio.to_thread(sock.sendall, bytes(SIZE - LEAST_BYTES))
        answer = await asyncio.to_thread(until_in, sock)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"The upload was cut off" in answer


@pytest.mark.parametrize("silent", ["browser", "pool"])
async def test_server_stops_while_a_download_stands_still(
    transfers: Transfers,
    folder: str,
    place: Path,
    dcache: Door,
    lab: Lab,
    silent: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One without a transfer: its thread, which Python's exit waits for, ends with the server."""
    (place / "big").write_bytes(bytes(2 * SIZE))  # more than the system keeps for who reads nothing
    if silent == "pool":
        dcache.fault("stall_download", server="pool", at_bytes=LEAST_BYTES)
    headers = {"Authorization": f"token {lab.token}"}
    begun = raw_request("GET", lab.url(f"/files/default{folder}/big"), headers)
    with ExitStack() as stack:
        sock = await asyncio.to_thread(stack.enter_context, begun)
        if silent == "pool":
            reading = stack.enter_context(sock.makefile("rb"))
            await asyncio.to_thread(reading.read, LEAST_BYTES // 2)
        await until(threads)
        await transfers.companion.stop()
        await until(lambda: not threads())
    assert [each.message for each in caplog.records if each.levelno >= logging.ERROR] == []


async def test_server_stops_while_an_upload_stands_still(
    transfers: Transfers, folder: str, place: Path, lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    """No thread waits for its rest, and nothing of it stays on dCache."""
    headers = {"Authorization": f"token {lab.token}", "Content-Length": str(SIZE)}
    url = lab.url(f"/files/default{folder}/big")
    begun = raw_request("PUT", url, headers, body=bytes(LEAST_BYTES))
    with ExitStack() as stack:
        await asyncio.to_thread(stack.enter_context, begun)
        await until(lambda: threads() and list(place.iterdir()))
        await transfers.companion.stop()
        await until(lambda: not threads())
    assert list(place.iterdir()) == []
    assert [each.message for each in caplog.records if each.levelno >= logging.ERROR] == []


async def test_the_door_has_tls(
    transfers: Transfers,
    folder: str,
    place: Path,
    moved: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then its side goes by the event loop, as nobody may take its connection over."""
    monkeypatch.setattr(Wire, "beside", lambda *_: None)
    body = os.urandom(SIZE)
    id_ = await begin_upload(transfers, folder)
    assert (await transfers.send(id_, "big", body)).code == 201
    assert (place / "big").read_bytes() == body
    assert (await transfers.done(id_))["verified"] == "adler32"
    assert moved["read"] > SIZE - 2 * MIB
    assert moved["sent"] == 0
    made = await transfers.begin("download", source=("default", f"{folder}/big"))
    assert (await transfers.fetch(made["id"])).body == body
    assert (await transfers.done(made["id"]))["verified"] == "adler32"
    assert moved["sent"] == SIZE


async def test_copies_both_ways(
    transfers: Transfers, folder: str, place: Path, moved: dict[str, int]
) -> None:
    """Between dCache and the workspace."""
    body = os.urandom(SIZE)
    (transfers.root / "big").write_bytes(body)
    up = await transfers.begin("copy", source=(None, "big"), destination=("default", folder))
    await transfers.done(up["id"])
    assert (place / "big").read_bytes() == body
    assert moved["sent"] == SIZE
    (transfers.root / "big").unlink()
    down = await transfers.begin(
        "copy", source=("default", f"{folder}/big"), destination=(None, "")
    )
    await transfers.done(down["id"])
    assert (transfers.root / "big").read_bytes() == body


async def test_copy_between_endpoints_that_breaks_off(
    transfers: Transfers,
    folder: str,
    place: Path,
    dcache: Door,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The thread is given back, also while somebody holds the failure."""
    monkeypatch.setattr(carry, "PAUSES_S", ())
    (place / "big").write_bytes(os.urandom(SIZE))
    client = await transfers.companion.storage.client("default")
    dcache.fault("cut_upload", server="pool", at_bytes=LEAST_BYTES, times=100)
    with pytest.raises(DoorBroken) as caught:
        await carry.relay(
            client,
            f"{folder}/big",
            client,
            f"{folder}/copy",
            replace=False,
            arrived=lambda _: None,
        )
    await until(lambda: not threads())
    assert caught.value.code == "cut"


async def test_many_files_stay_with_the_event_loop(
    transfers: Transfers, folder: str, place: Path, moved: dict[str, int]
) -> None:
    """Small ones start no threads."""
    files = {f"f{number}": os.urandom(1000) for number in range(3)}
    made = await transfers.begin("upload", destination=("default", folder), files=listing(files))
    for path, body in files.items():
        assert (await transfers.send(made["id"], path, body)).code == 201
    await transfers.done(made["id"])
    assert moved == {"read": 0, "sent": 0}


async def test_what_was_sent_already_is_refused_in_words(
    transfers: Transfers, folder: str, place: Path
) -> None:
    """Also of a body too large to be read first, to a client that sends before it listens."""
    size = DRAIN_BYTES + 16 * MIB
    files = [{"path": "big", "size": size}, {"path": "small", "size": 1}]
    made = await transfers.begin("upload", destination=("default", folder), files=files)
    id_ = made["id"]
    block = bytes(MIB)
    url = transfers.lab.url(f"/transfers/{id_}/content", {"path": "big", "conflict": "replace"})
    headers = {"Authorization": f"token {transfers.lab.token}", "Content-Length": str(size)}

    def send() -> bytes:
        with raw_request("PUT", url, headers) as connection:
            for _ in range(size // MIB):
                connection.sendall(block)
            answer = b""
            while part := connection.recv(1 << 16):
                answer += part
        return answer

    assert (await asyncio.to_thread(send)).startswith(b"HTTP/1.1 201 ")
    again = await asyncio.to_thread(send)
    assert again.startswith(b"HTTP/1.1 409 ")
    assert b'"code": "sent"' in again
    assert (place / "big").stat().st_size == size
