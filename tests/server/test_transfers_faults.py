"""Bad days of transfers: cuts, refusals, full disks, wrong bytes, cancels; nothing is half done."""

from __future__ import annotations

import asyncio
import io
import os
import random
import resource
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tornado.simple_httpclient import HTTPStreamClosedError

from rsdat.dcache.transfers import carry, downloading, manager
from tests.support.door import Door
from tests.support.server import Lab, check_error, until
from tests.support.transfers import Transfers, leave_in_the_middle, listing, names

MIB = 1 << 20


@pytest.fixture
def transfers(lab: Lab, dcache: Door, monkeypatch: pytest.MonkeyPatch) -> Transfers:
    """The routes; attempts follow each other at once."""
    monkeypatch.setattr(carry, "PAUSES_S", (*(0.0,) * 20, 0.1, 0.3, 0.5, 1.0, 1.0))
    monkeypatch.setattr(downloading, "PAUSES_S", (0.0, 0.1, 0.3))
    return Transfers(lab)


def fill(folder: Path, count: int, size: int) -> dict[str, bytes]:
    """Files of random bytes."""
    folder.mkdir(exist_ok=True)
    files = {f"f{number}": os.urandom(size) for number in range(count)}
    for name, body in files.items():
        (folder / name).write_bytes(body)
    return files


def read(folder: Path) -> dict[str, bytes]:
    """What is in a folder, hidden files too."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_cuts_on_the_way_down(
    transfers: Transfers, folder: str, place: Path, dcache: Door
) -> None:
    """At 50 random positions: what has arrived is kept, the rest comes by Range."""
    files = fill(place / "t", 25, 300_000)
    dice = random.Random(5)
    for _ in range(50):
        at = dice.randrange(300_000)
        dcache.fault("cut_download", server="pool", at_bytes=at, prefix=f"{folder}/t/")
    made = await transfers.begin("copy", source=("default", f"{folder}/t"), destination=(None, ""))
    ended = await transfers.done(made["id"])
    assert ended["verified"] == "adler32"
    assert ended["bytes"] == {"total": 25 * 300_000, "done": 25 * 300_000}
    assert read(transfers.root / "t") == files
    assert len([r for r in dcache.requests("pool", "GET") if r["range"]]) >= 25


async def test_cuts_on_the_way_up(
    transfers: Transfers, folder: str, place: Path, dcache: Door
) -> None:
    """At 50 random positions: each is sent anew, nothing broken stays."""
    files = fill(transfers.root / "t", 25, 300_000)
    dice = random.Random(6)
    for _ in range(50):
        dcache.fault("cut_upload", server="pool", at_bytes=dice.randrange(300_000))
    made = await transfers.begin("copy", source=(None, "t"), destination=("default", folder))
    ended = await transfers.done(made["id"])
    assert ended["verified"] == "adler32"
    assert read(place / "t") == files


async def test_door_goes_and_comes_back(
    transfers: Transfers, folder: str, place: Path, dcache: Door
) -> None:
    """It waits for it."""
    files = fill(place / "t", 6, MIB)
    dcache.configure(bytes_per_s=3 * MIB)
    made = await transfers.begin("copy", source=("default", f"{folder}/t"), destination=(None, ""))

    async def moving() -> bool:
        return bool((await transfers.get(made["id"]))["bytes"]["done"])

    await until(moving)
    dcache.down("pool", 0.5)
    dcache.down("redirect", 0.5)
    dcache.configure(bytes_per_s=None)
    await transfers.done(made["id"])
    assert read(transfers.root / "t") == files


async def test_busy_door(transfers: Transfers, folder: str, place: Path, dcache: Door) -> None:
    """429 is waited out."""
    files = fill(place / "t", 3, 1000)
    dcache.fault("status", status=429, server="redirect", method="GET", times=2)
    made = await transfers.begin("copy", source=("default", f"{folder}/t"), destination=(None, ""))
    await transfers.done(made["id"])
    assert read(transfers.root / "t") == files


async def test_dcache_is_full(transfers: Transfers, folder: str, place: Path, dcache: Door) -> None:
    """The rest is not tried; after room was made only the rest is sent."""
    files = fill(transfers.root / "t", 30, 1000)
    dcache.fault("no_space", server="redirect", method="PUT", times=100)
    made = await transfers.begin("copy", source=(None, "t"), destination=("default", folder))
    ended = await transfers.until(made["id"])
    assert (ended["state"], ended["files"]["done"], ended["can"]) == (
        "failed", 1, ["retry", "forget"],
    )  # fmt: skip
    assert "Insufficient storage" in ended["problem"]["message"]
    assert ".rsdat-" not in ended["problem"]["message"]
    assert len(dcache.requests("redirect", "PUT")) <= 8
    assert names(place) == ["t"]
    dcache.forget()
    await transfers.act(made["id"], "retry")
    await transfers.done(made["id"])
    assert read(place / "t") == files


async def test_disk_is_full(transfers: Transfers, folder: str, place: Path, dcache: Door) -> None:
    """Said in words; the retry brings the rest, and goes on where the disk became full."""
    files = fill(place / "t", 2, 100_000) | {"big": os.urandom(4 * MIB)}
    (place / "t" / "big").write_bytes(files["big"])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MIB, hard))
    try:
        made = await transfers.begin(
            "copy", source=("default", f"{folder}/t"), destination=(None, "")
        )
        ended = await transfers.until(made["id"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ended["state"] == "failed"
    assert "disk of the workspace is full" in ended["problem"]["message"]
    assert "big" not in names(transfers.root / "t")
    have = max(part.stat().st_size for part in transfers.root.glob("t/.rsdat-*.part"))
    assert have > MIB
    dcache.forget()
    await transfers.act(made["id"], "retry")
    assert (await transfers.done(made["id"]))["verified"] == "adler32"
    assert read(transfers.root / "t") == files
    assert f"bytes={have}-{4 * MIB - 1}" in [
        each["range"] for each in dcache.requests("pool", "GET")
    ]


async def test_token_ends_in_the_middle(
    transfers: Transfers, folder: str, place: Path, dcache: Door
) -> None:
    """It stops at once, as each refusal counts against this computer; a new token, and retry."""
    files = fill(place / "t", 20, MIB)
    dcache.configure(bytes_per_s=2 * MIB)
    made = await transfers.begin("copy", source=("default", f"{folder}/t"), destination=(None, ""))

    async def moving() -> bool:
        return bool((await transfers.get(made["id"]))["bytes"]["done"])

    await until(moving)
    dcache.configure(refuse_token="expired", bytes_per_s=None)
    try:
        ended = await transfers.until(made["id"])
    finally:
        dcache.configure(refuse_token="")
    assert ended["state"] == "failed"
    assert ended["files"]["done"] + ended["files"]["failed"] < 21
    # The stand-in's block after three refusals lasts half a second.
    await transfers.act(made["id"], "retry")
    await transfers.done(made["id"])
    assert read(transfers.root / "t") == files


async def test_token_ends_in_one_file(
    transfers: Transfers, folder: str, place: Path, dcache: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What had arrived is kept; with a new token the rest comes, and no byte twice."""
    body = os.urandom(6 * MIB)
    (place / "f").write_bytes(body)
    dcache.fault("cut_download", server="pool", at_bytes=4 * MIB)
    # Slow enough for the token to end before the cut, after which the door is asked again.
    dcache.configure(bytes_per_s=MIB)
    monkeypatch.setattr(carry, "PAUSES_S", (0.1,))
    made = await transfers.begin("copy", source=("default", f"{folder}/f"), destination=(None, ""))

    async def moving() -> bool:
        return bool([part for part in transfers.root.iterdir() if part.stat().st_size])

    await until(moving)
    dcache.configure(refuse_token="expired", bytes_per_s=None)
    try:
        ended = await transfers.until(made["id"])
    finally:
        dcache.configure(refuse_token="")
    assert ended["state"] == "failed"
    assert "token" in ended["problem"]["message"] + ended["problem"]["hint"]
    (part,) = transfers.root.iterdir()
    have = part.stat().st_size
    dcache.forget()
    await transfers.act(made["id"], "retry")
    assert (await transfers.done(made["id"]))["verified"] == "adler32"
    assert (transfers.root / "f").read_bytes() == body
    assert [each["range"] for each in dcache.requests("pool", "GET")] == [
        f"bytes={have}-{6 * MIB - 1}"
    ]
    assert names(transfers.root) == ["f"]


async def test_parts_of_what_is_forgotten_by_itself(
    transfers: Transfers, folder: str, place: Path, dcache: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old transfers are forgotten without being told so: their parts go with them."""
    (place / "f").write_bytes(os.urandom(6 * MIB))
    (place / "g").write_bytes(b"small")
    monkeypatch.setattr(carry, "PAUSES_S", ())
    dcache.fault("cut_download", server="pool", at_bytes=4 * MIB)
    made = await transfers.begin("copy", source=("default", f"{folder}/f"), destination=(None, ""))
    assert (await transfers.until(made["id"]))["state"] == "failed"
    assert names(transfers.root) != []
    monkeypatch.setattr(manager, "WANTED_S", 0.0)
    monkeypatch.setattr("rsdat.dcache.transfers.store.KEEP_NUMBER", 0)

    async def forgotten() -> bool:
        await transfers.begin("copy", source=("default", f"{folder}/g"), destination=(None, ""))
        return names(transfers.root) == ["g"]

    await until(forgotten)


async def test_two_to_one_name(transfers: Transfers, folder: str, place: Path) -> None:
    """Both come through, under two names."""
    for name in ("x", "y"):
        (place / name).mkdir()
        (place / name / "f.bin").write_bytes(name.encode() * 2 * MIB)
    made = [
        await transfers.begin(
            "copy",
            source=("default", f"{folder}/{name}/f.bin"),
            destination=(None, ""),
            conflict="keep-both",
        )
        for name in ("x", "y")
    ]
    for each in made:
        await transfers.done(each["id"])
    found = read(transfers.root)
    assert {found["f.bin"], found["f (1).bin"]} == {b"x" * 2 * MIB, b"y" * 2 * MIB}


async def test_file_vanishes(transfers: Transfers, folder: str, place: Path, dcache: Door) -> None:
    """Between the list and its turn: that file failed, the others are there."""
    fill(place / "t", 10, 1000)
    dcache.fault(
        "vanish", server="frontend", method="GET", prefix=f"/api/v1/namespace{folder}/t/f3"
    )
    made = await transfers.begin("copy", source=("default", f"{folder}/t"), destination=(None, ""))
    ended = await transfers.until(made["id"])
    assert (ended["state"], ended["files"]["failed"]) == ("failed", 1)
    assert ended["failures"][0]["path"] == f"{folder}/t/f3"
    assert len(names(transfers.root / "t")) == 9


@pytest.mark.parametrize("way", ["down", "up", "over"])
async def test_cancel(
    transfers: Transfers, folder: str, place: Path, dcache: Door, way: str
) -> None:
    """In the middle: nothing half done at either end, and what was whole stays."""
    origin = transfers.root / "t" if way == "up" else place / "t"
    fill(origin, 8, 2 * MIB)
    (place / "to").mkdir()
    dcache.configure(bytes_per_s=2 * MIB)
    source = (None, "t") if way == "up" else ("default", f"{folder}/t")
    to = (None, "") if way == "down" else ("default", f"{folder}/to")
    made = await transfers.begin("copy", source=source, destination=to)
    goal = (transfers.root if way == "down" else place / "to") / "t"

    def half_done() -> bool:
        return goal.is_dir() and any(name.startswith(".rsdat-") for name in names(goal))

    await until(half_done)
    ended = await transfers.act(made["id"], "cancel")
    dcache.configure(bytes_per_s=None)
    assert (ended["state"], ended["can"]) == ("cancelled", ["retry", "forget"])
    assert not half_done()
    for path in goal.iterdir():
        assert path.read_bytes() == (origin / path.name).read_bytes()
    await transfers.act(made["id"], "retry")
    await transfers.done(made["id"])
    assert read(goal) == read(origin)


async def test_cancelled_upload(
    transfers: Transfers, folder: str, place: Path, dcache: Door
) -> None:
    """What was being sent leaves nothing."""
    made = await transfers.begin(
        "upload", destination=("default", folder), files=[{"path": "f", "size": 8 * MIB}]
    )
    dcache.configure(bytes_per_s=2 * MIB)
    sending = asyncio.create_task(transfers.send(made["id"], "f", bytes(8 * MIB)))
    await until(lambda: names(place))
    assert (await transfers.act(made["id"], "cancel"))["state"] == "cancelled"
    dcache.configure(bytes_per_s=None)
    assert (await sending).code >= 400
    assert names(place) == []


async def test_wrong_bytes(transfers: Transfers, folder: str, place: Path, dcache: Door) -> None:
    """A flipped byte never arrives as a whole file; a copy gets it right the second time."""
    (place / "f").write_bytes(os.urandom(3 * MIB))
    made = await transfers.begin("download", source=("default", f"{folder}/f"))
    dcache.fault("flip", server="pool", method="GET", at_bytes=MIB)
    with pytest.raises(HTTPStreamClosedError):
        await transfers.fetch(made["id"])
    ended = await transfers.until(made["id"])
    assert ended["state"] == "failed"
    assert "another adler32" in ended["problem"]["message"]
    dcache.fault("flip", server="pool", method="GET", at_bytes=MIB)
    made = await transfers.begin("copy", source=("default", f"{folder}/f"), destination=(None, ""))
    await transfers.done(made["id"])
    assert (transfers.root / "f").read_bytes() == (place / "f").read_bytes()


async def test_browser_goes_in_the_middle_of_a_download(
    transfers: Transfers,
    folder: str,
    place: Path,
    dcache: Door,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It says so; taken up by Range, the whole is verified."""
    body = os.urandom(40 * MIB)
    (place / "f").write_bytes(body)
    monkeypatch.setattr(manager, "WANTED_S", 0.5)
    made = await transfers.begin("download", source=("default", f"{folder}/f"))
    got = await leave_in_the_middle(transfers.lab, f"/transfers/{made['id']}/content", 25 * MIB)
    assert got == body[: len(got)]
    ended = await transfers.until(made["id"])
    assert ended["state"] == "interrupted"
    assert "browser stopped" in ended["problem"]["message"]
    await until(lambda: asyncio.to_thread(lambda: dcache.movers() == 0))
    # Nobody acts for it meanwhile.
    manager_ = await transfers.companion.transfers()
    await until(lambda: not manager_._live)
    dcache.forget()
    # A range in the middle says nothing of what comes before it.
    middle = await transfers.fetch(made["id"], Range=f"bytes={MIB}-{14 * MIB}")
    assert middle.body == body[MIB : 14 * MIB + 1]
    rest = await transfers.fetch(made["id"], Range=f"bytes={len(got)}-")
    assert (rest.code, rest.body) == (206, body[len(got) :])
    # What came before is not read again.
    assert len(dcache.requests("pool", "GET")) <= 3
    assert (await transfers.done(made["id"]))["verified"] == "adler32"


@pytest.mark.parametrize("format_", ["zip", "tar"])
async def test_cuts_inside_an_archive(
    transfers: Transfers, folder: str, place: Path, dcache: Door, format_: str
) -> None:
    """A file is taken up where it broke off; one that can't be is told inside."""
    files = fill(place / "t", 3, 500_000)
    dcache.fault("cut_download", server="pool", at_bytes=100_000, prefix=f"{folder}/t/f0")
    dcache.fault("cut_download", server="pool", at_bytes=9, prefix=f"{folder}/t/f1", times=50)
    made = await transfers.begin("download", source=("default", f"{folder}/t"), format=format_)
    response = await transfers.fetch(made["id"])
    if format_ == "zip":
        with zipfile.ZipFile(io.BytesIO(response.body)) as found:
            assert found.testzip() is None
            got = {name: found.read(name) for name in found.namelist()}
    else:
        with tarfile.open(fileobj=io.BytesIO(response.body)) as tar:
            got = {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}  # type: ignore[union-attr]
    assert (got["t/f0"], got["t/f2"]) == (files["f0"], files["f2"])
    assert b"f1" in got["FAILED.txt"]
    ended = await transfers.until(made["id"])
    assert (ended["state"], ended["files"]["failed"]) == ("failed", 1)


async def test_upload_fails_and_is_retried(
    transfers: Transfers, folder: str, place: Path, dcache: Door
) -> None:
    """A file that fails is told with its reason; the retry wants only that one."""
    files = {"a": b"one", "b": b"two", "bad\nname": b"x"}
    made = await transfers.begin("upload", destination=("default", folder), files=listing(files))
    assert made["files"]["failed"] == 1
    dcache.fault("no_space", server="redirect", method="PUT")
    check_error(await transfers.send(made["id"], "a", b"one"), 507, "no_space")
    assert (await transfers.send(made["id"], "b", b"two")).code == 201
    ended = await transfers.until(made["id"])
    assert (ended["state"], ended["files"]["failed"]) == ("failed", 2)
    assert "control character" in ended["failures"][0]["message"]
    again = await transfers.act(made["id"], "retry")
    assert (again["state"], again["files"]["done"]) == ("waiting", 1)
    check_error(await transfers.send(made["id"], "b", b"two"), 409, "sent")
    assert (await transfers.send(made["id"], "a", b"one")).code == 201
    await transfers.answer(made["id"], "bad\nname", "skip")
    ended = await transfers.done(made["id"])
    assert ended["files"] == {"total": 3, "done": 2, "skipped": 1, "failed": 0}


async def test_page_sends_a_failed_file_again_by_itself(
    transfers: Transfers, folder: str, dcache: Door
) -> None:
    """Without a word before; nothing of the failure stays."""
    made = await transfers.begin(
        "upload", destination=("default", folder), files=listing({"a": b"one"})
    )
    dcache.fault("no_space", server="redirect", method="PUT")
    check_error(await transfers.send(made["id"], "a", b"one"), 507, "no_space")
    assert (await transfers.until(made["id"]))["state"] == "failed"
    assert (await transfers.send(made["id"], "a", b"one")).code == 201
    ended = await transfers.done(made["id"])
    assert (ended["failures"], ended["problem"], ended["files"]["failed"]) == ([], None, 0)


async def test_what_is_no_transfer_of_this_kind(
    transfers: Transfers, folder: str, place: Path
) -> None:
    """Uploads are not fetched, downloads not sent, unknown files refused."""
    (place / "f").write_bytes(b"x")
    up: Any = await transfers.begin(
        "upload", destination=("default", folder), files=listing({"a": b""})
    )
    down = await transfers.begin("download", source=("default", f"{folder}/f"))
    check_error(await transfers.fetch(up["id"]), 404, "not_found")
    check_error(await transfers.send(down["id"], "f", b""), 404, "not_found")
    check_error(await transfers.send(up["id"], "b", b""), 404, "not_listed")
