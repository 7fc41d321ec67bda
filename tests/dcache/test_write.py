"""The safe write: whole or not at all, whatever fails, whoever else writes."""

from __future__ import annotations

import asyncio
import os
import re
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from rsdat.base.errors import (
    Conflict,
    DoorBroken,
    InvalidInput,
    NoSpace,
    NotFound,
    NotPermitted,
    RsdatError,
)
from rsdat.dcache import body as upload_body
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.entry import Entry
from rsdat.dcache.write import _check_upload
from tests.support.dcache import endpoint_of, names, read, run, stream, until
from tests.support.door import Door

MIB = 1024 * 1024


async def put(client: DCacheClient, path: str, data: bytes, **options: Any) -> tuple[Entry, bool]:
    """Write bytes, replacing."""
    return await client.write(path, stream(data), len(data), **{"replace": True, **options})


@pytest.mark.parametrize("proxy", [False, True])
@pytest.mark.parametrize("size", [0, 1, 3 * MIB + 7])
def test_new_and_replaced(site: Door, folder: str, size: int, proxy: bool) -> None:
    data = os.urandom(size)

    async def work(client: DCacheClient) -> None:
        entry, created = await put(client, f"{folder}/f.tif", data)
        assert (created, entry.size, entry.mime) == (True, size, "image/tiff")
        assert await read(client, f"{folder}/f.tif") == data
        entry, created = await put(client, f"{folder}/f.tif", data + b"!")
        assert (created, entry.size) == (False, size + 1)
        assert await read(client, f"{folder}/f.tif") == data + b"!"

    run(site, work, proxy=proxy)
    assert names(site, folder) == ["f.tif"]


def test_without_leave_nothing_is_replaced(site: Door, folder: str) -> None:
    (site.root / folder[1:] / "f").write_text("old")
    (site.root / folder[1:] / "d").mkdir()

    async def work(client: DCacheClient) -> None:
        for path, replace, code in (
            ("f", False, "exists"),
            ("d", True, "is_a_folder"),
            ("f/x", True, "not_a_folder"),
        ):
            with pytest.raises(RsdatError) as caught:
                await put(client, f"{folder}/{path}", b"new", replace=replace)
            assert caught.value.code in (code, "not_found")
        with pytest.raises(NotFound):
            await put(client, f"{folder}/no/where", b"new")
        with pytest.raises(InvalidInput):
            await put(client, "/", b"new")

    run(site, work)
    assert names(site, folder) == ["d", "f"]
    assert not site.requests(method="PUT")


def test_missing_folders_are_made_on_demand(site: Door, folder: str) -> None:
    async def work(client: DCacheClient) -> None:
        _, created = await put(client, f"{folder}/a/b/f", b"x", parents=True)
        assert created
        assert await read(client, f"{folder}/a/b/f") == b"x"

    run(site, work)


@pytest.mark.parametrize("chunks", [(b"12", b"34"), (b"123456",), ()])
@pytest.mark.parametrize("proxy", [False, True])
def test_wrong_length(site: Door, folder: str, chunks: tuple[bytes, ...], proxy: bool) -> None:
    (site.root / folder[1:] / "f").write_text("old")

    async def work(client: DCacheClient) -> None:
        with pytest.raises(InvalidInput) as caught:
            await client.write(f"{folder}/f", stream(*chunks), 5, replace=True)
        assert caught.value.code == "wrong_length"
        assert await read(client, f"{folder}/f") == b"old"

    run(site, work, proxy=proxy)
    assert names(site, folder) == ["f"]


@pytest.mark.parametrize("proxy", [False, True])
def test_source_that_fails(site: Door, folder: str, proxy: bool) -> None:
    """The browser goes away in the middle: its error is raised, nothing is left."""

    async def source() -> AsyncIterator[bytes]:
        yield b"x" * MIB
        raise EOFError("the browser is gone")

    async def work(client: DCacheClient) -> None:
        with pytest.raises(EOFError, match="browser"):
            await client.write(f"{folder}/f", source(), 2 * MIB, replace=True)

    run(site, work, proxy=proxy)
    assert names(site, folder) == []


Order = Callable[[Door, str], None]


def fault(kind: str, **options: Any) -> Order:
    """A fault; `{folder}` in its prefix is the test's folder."""

    def order(site: Door, folder: str) -> None:
        given = dict(options)
        if "prefix" in given:
            given["prefix"] = given["prefix"].replace("{folder}", folder)
        site.fault(kind, **given)

    return order


TEMPORARY = "{folder}/.rsdat-"
API_TEMPORARY = "/api/v1/namespace{folder}/.rsdat-"

FAILURES = {
    "door refuses the upload": (
        fault("status", status=403, method="PUT", server="redirect"),
        NotPermitted,
    ),
    "cut on the way to the pool": (
        fault("cut_upload", at_bytes=500_000, server="pool"),
        DoorBroken,
    ),
    "pool refuses": (fault("status", status=500, method="PUT", server="pool"), DoorBroken),
    "pool is full": (fault("no_space", server="redirect"), NoSpace),
    "pool answers nothing": (fault("drop", method="PUT", server="pool", times=2), DoorBroken),
    "upload can't be checked": (
        fault("status", status=500, method="GET", prefix=API_TEMPORARY),
        DoorBroken,
    ),
    "old file can't be moved aside": (
        fault("status", status=403, method="MOVE", prefix="{folder}/f"),
        NotPermitted,
    ),
    "new file can't be moved in": (
        fault("status", status=403, method="MOVE", prefix=TEMPORARY),
        NotPermitted,
    ),
    "door breaks while moving in": (
        fault("status", status=500, method="MOVE", prefix=TEMPORARY, times=2),
        DoorBroken,
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("exists", [True, False])
def test_the_old_file_stands_whatever_fails(
    site: Door, folder: str, failure: str, exists: bool
) -> None:
    order, kind = FAILURES[failure]
    if exists:
        (site.root / folder[1:] / "f").write_text("old")
    elif "aside" in failure:
        return
    order(site, folder)

    async def work(client: DCacheClient) -> None:
        with pytest.raises(kind) as caught:
            await put(client, f"{folder}/f", os.urandom(MIB))
        assert "left_behind" not in caught.value.details
        if exists:
            assert await read(client, f"{folder}/f") == b"old"
        await put(client, f"{folder}/f", b"new")
        assert await read(client, f"{folder}/f") == b"new"

    run(site, work)
    assert names(site, folder) == ["f"]


def test_lost_answers_to_move_do_no_harm(site: Door, folder: str) -> None:
    (site.root / folder[1:] / "f").write_text("old")
    site.fault("drop", server="redirect", method="MOVE", prefix=f"{folder}/f")
    site.fault("drop", server="redirect", method="MOVE", prefix=f"{folder}/.rsdat-")

    async def work(client: DCacheClient) -> None:
        _, created = await put(client, f"{folder}/f", b"new")
        assert not created

    run(site, work)
    assert names(site, folder) == ["f"]
    assert (site.root / folder[1:] / "f").read_text() == "new"


@pytest.mark.parametrize("exists", [True, False])
def test_what_stands_is_no_failure(site: Door, folder: str, exists: bool) -> None:
    """The last look fails: who is told so would save the file again, and be told of a conflict."""
    if exists:
        (site.root / folder[1:] / "f").write_text("old")

    async def work(client: DCacheClient) -> None:
        sent = await client.upload(f"{folder}/f", stream(b"new"), 3, replace=True)
        looks = 2 if exists else 1
        # The first of two is before the renaming.
        site.fault(
            "delay", server="frontend", method="GET", prefix="/api/v1/namespace", times=looks - 1
        )
        site.fault("status", server="frontend", method="GET", status=500)
        entry, created = await sent.place()
        assert (entry.path, entry.size, created) == (f"{folder}/f", 3, not exists)

    run(site, work)
    assert names(site, folder) == ["f"]


@pytest.mark.parametrize("name", ["f.tif", "é" * 100, "x" * 255])
def test_what_was_moved_aside_says_what_it_is(site: Door, folder: str, name: str) -> None:
    """The computer may die before the new file stands."""
    (site.root / folder[1:] / name).write_text("old")
    site.fault("status", server="frontend", method="DELETE", status=403, times=9)

    async def work(client: DCacheClient) -> None:
        with pytest.raises(Conflict) as caught:
            await put(client, f"{folder}/{name}", b"new")
        kept = caught.value.details["left_behind"].rpartition("/")[2]
        assert re.fullmatch(r"\.rsdat-[0-9a-f]{16}\.(.+)\.old", kept)
        assert name.startswith(kept[24:-4])
        assert len(kept[24:-4]) >= min(len(name), 60)

    run(site, work)


def test_temporary_entry_that_can_not_be_deleted_is_named(site: Door, folder: str) -> None:
    site.fault("status", server="pool", method="PUT", status=500)
    site.fault("status", server="frontend", method="DELETE", status=403, times=9)

    async def work(client: DCacheClient) -> None:
        with pytest.raises(DoorBroken) as caught:
            await put(client, f"{folder}/f", b"new")
        assert caught.value.details["left_behind"].startswith(f"{folder}/.rsdat-")

    run(site, work)


def test_old_file_that_can_not_be_deleted_is_named(site: Door, folder: str) -> None:
    (site.root / folder[1:] / "f").write_text("old")
    site.fault("status", server="frontend", method="DELETE", status=403, times=9)

    async def work(client: DCacheClient) -> None:
        with pytest.raises(Conflict, match="is written, but") as caught:
            await put(client, f"{folder}/f", b"new")
        assert caught.value.code == "old_kept"
        kept = caught.value.details["left_behind"]
        assert await read(client, kept) == b"old"
        assert await read(client, f"{folder}/f") == b"new"

    run(site, work)


def test_old_file_that_can_not_be_moved_back_is_named(site: Door, folder: str) -> None:
    (site.root / folder[1:] / "f").write_text("old")
    site.fault("status", method="MOVE", prefix=f"{folder}/.rsdat-", status=403, times=9)

    async def work(client: DCacheClient) -> None:
        with pytest.raises(NotPermitted) as caught:
            await put(client, f"{folder}/f", b"new")
        kept = caught.value.details["old_kept_as"]
        assert kept in (caught.value.hint or "")
        assert await read(client, kept) == b"old"

    run(site, work)


@pytest.mark.parametrize(
    ("size", "checksums", "code"),
    [
        (5, {"ADLER32": "062c0215"}, None),
        (5, {"ADLER32": "62c0215"}, None),
        (4, {"ADLER32": "062c0215"}, "broken_upload"),
        (None, {}, "broken_upload"),
        (5, {"ADLER32": "062c0216"}, "broken_upload"),
        (5, {"MD5_TYPE": "5d41402abc4b2a76b9719d911017c592"}, "unverified"),
    ],
)
def test_what_proves_an_upload(size: int | None, checksums: dict[str, str], code: str) -> None:
    entry = Entry("x", "/x", "file", size, None, None, "ONLINE", None, "0", checksums)
    if code is None:
        _check_upload("/f", entry, 5, "062c0215")
    else:
        with pytest.raises(DoorBroken) as caught:
            _check_upload("/f", entry, 5, "062c0215")
        assert caught.value.code == code


async def through_flipper(
    site: Door, work: Callable[[str], Awaitable[None]], old: bytes, new: bytes
) -> None:
    """Work through a proxy in front of the proxying door that changes bytes on the way there."""
    host, port = site.proxy_url.removeprefix("http://").split(":")

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flip: bool) -> None:
        while data := await reader.read(65536):
            writer.write(data.replace(old, new) if flip else data)
            await writer.drain()
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to_there = await asyncio.open_connection(host, int(port))
        await asyncio.gather(
            pump(reader, to_there, True), pump(there, writer, False), return_exceptions=True
        )

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        await work(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    finally:
        server.close()


@pytest.mark.parametrize("known", [True, False])
def test_bytes_that_change_on_the_way_are_noticed(site: Door, folder: str, known: bool) -> None:
    (site.root / folder[1:] / "f").write_text("old")

    async def work(url: str) -> None:
        client = DCacheClient(endpoint_of(site, webdav_url=url))
        try:
            with pytest.raises(DoorBroken, match="other bytes") as caught:
                await client.write(
                    f"{folder}/f", stream(b"the truth"), 9 if known else None, replace=True
                )
            assert caught.value.code == "broken_upload"
        finally:
            await client.close()

    asyncio.run(through_flipper(site, work, b"the truth", b"the trick"))
    assert names(site, folder) == ["f"]
    assert (site.root / folder[1:] / "f").read_text() == "old"


@pytest.mark.parametrize("proxy", [False, True])
@pytest.mark.parametrize("exists", [True, False])
def test_cancel_during_the_upload(site: Door, folder: str, exists: bool, proxy: bool) -> None:
    if exists:
        (site.root / folder[1:] / "f").write_text("old")

    async def work(client: DCacheClient) -> None:
        sending = asyncio.Event()

        async def source() -> AsyncIterator[bytes]:
            yield b"x" * MIB
            sending.set()
            await asyncio.Event().wait()

        writing = asyncio.ensure_future(
            client.write(f"{folder}/f", source(), 2 * MIB, replace=True)
        )
        await sending.wait()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing

    run(site, work, proxy=proxy)
    assert names(site, folder) == (["f"] if exists else [])


def test_cancel_before_the_first_byte(site: Door, folder: str) -> None:
    site.fault("delay", seconds=1, method="PUT", server="pool")

    async def work(client: DCacheClient) -> None:
        writing = asyncio.ensure_future(put(client, f"{folder}/f", b"new"))
        await until(lambda: bool(site.requests("redirect", "PUT")))
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing

    run(site, work)
    assert names(site, folder) == []


@pytest.mark.parametrize("source", ["f", ".rsdat-"])
def test_cancel_during_the_renaming(site: Door, folder: str, source: str) -> None:
    """Once begun the renaming is finished: the file is the new one, nothing else is there."""
    (site.root / folder[1:] / "f").write_text("old")
    site.fault("delay", seconds=0.5, method="MOVE", prefix=f"{folder}/{source}")

    async def work(client: DCacheClient) -> None:
        writing = asyncio.ensure_future(put(client, f"{folder}/f", b"new"))

        def renaming() -> bool:
            asked = [seen["path"] for seen in site.requests("redirect")]
            return len(names(site, folder)) == 2 or len(asked) > 1

        await until(renaming)
        await asyncio.sleep(0.1)  # into the delay; whenever it comes, the outcome is the same
        for _ in range(3):
            writing.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await writing

    run(site, work)
    assert names(site, folder) == ["f"]
    assert (site.root / folder[1:] / "f").read_text() == "new"


def test_upload_that_stands_still(site: Door, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_body, "START_S", 0.3)
    monkeypatch.setattr(upload_body, "_WATCH_S", 0.05)
    site.fault("hang", method="PUT", server="pool")

    async def work(client: DCacheClient) -> None:
        with pytest.raises(DoorBroken, match="stopped taking data") as caught:
            await put(client, f"{folder}/f", b"new")
        assert caught.value.code == "timeout"

    run(site, work)
    assert names(site, folder) == []


def test_a_slow_source_is_waited_for(
    site: Door, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_body, "STALL_S", 0.2)
    monkeypatch.setattr(upload_body, "_WATCH_S", 0.05)

    async def source() -> AsyncIterator[bytes]:
        yield b"a"
        await asyncio.sleep(0.5)
        yield b"b"

    async def work(client: DCacheClient) -> None:
        await client.write(f"{folder}/f", source(), 2, replace=False)

    run(site, work)
    assert names(site, folder) == ["f"]


def test_the_sum_is_complete_when_the_last_byte_goes_out() -> None:
    """dCache answers then, and its answer may be faster than a thread of ours."""
    data = os.urandom(3 * MIB)

    async def work() -> None:
        body = upload_body.UploadBody(stream(data[:MIB], data[MIB:]), len(data))
        pieces = body()
        for _ in range(3):
            await anext(pieces)
        assert body.adler32 == f"{zlib.adler32(data):08x}"

    asyncio.run(work())
