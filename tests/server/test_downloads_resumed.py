"""Downloads of one file go on where they broke off: by themselves, or when the browser resumes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tornado.simple_httpclient import HTTPStreamClosedError

from rsdat.dcache.transfers import downloading, manager
from tests.support.door import Door
from tests.support.server import check_error, until
from tests.support.transfers import Transfers

MIB = 1 << 20


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr(downloading, "PAUSES_S", (0.0, 0.0, 0.0))


@pytest.mark.parametrize("size", [MIB, 40 * MIB])
async def test_pool_breaks_off(
    transfers: Transfers, folder: str, place: Path, dcache: Door, size: int
) -> None:
    """The browser sees nothing of it, by the event loop and past it; no byte comes twice."""
    body = os.urandom(size)
    (place / "f").write_bytes(body)
    cuts = [size // 5, size // 2, size // 10]
    for cut in cuts:
        dcache.fault("cut_download", server="pool", at_bytes=cut)
    made = await transfers.begin("download", source=("default", f"{folder}/f"))
    response = await transfers.fetch(made["id"])
    assert (response.code, response.body) == (200, body)
    assert (await transfers.done(made["id"]))["verified"] == "adler32"
    assert not dcache.faults_to_come()
    starts = [each["range"] for each in dcache.requests("pool", "GET")]
    at = [sum(cuts[: number + 1]) for number in range(len(cuts))]
    assert starts == ["", *(f"bytes={start}-{size - 1}" for start in at)]


async def test_replaced_while_it_broke_off(
    transfers: Transfers, folder: str, place: Path, dcache: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two files are not pieced together."""
    body = os.urandom(MIB)
    (place / "f").write_bytes(body)
    dcache.fault("cut_download", server="pool", at_bytes=1000)

    async def replace(*_: object) -> None:
        (place / "g").write_bytes(body)
        (place / "g").replace(place / "f")

    monkeypatch.setattr(downloading, "pause", replace)
    made = await transfers.begin("download", source=("default", f"{folder}/f"))
    check_error(await transfers.fetch(made["id"]), 409, "changed")
    ended = await transfers.until(made["id"])
    assert ended["state"] == "failed"
    assert "was replaced" in ended["problem"]["message"]


async def test_browser_resumes_what_failed(
    transfers: Transfers, folder: str, place: Path, dcache: Door
) -> None:
    """By Range and If-Range, without a word to us before."""
    body = os.urandom(MIB)
    (place / "f").write_bytes(body)
    made = await transfers.begin("download", source=("default", f"{folder}/f"))
    first = await transfers.fetch(made["id"], Range="bytes=0-999")
    dcache.fault("cut_download", server="pool", at_bytes=1000, times=4)
    with pytest.raises(HTTPStreamClosedError):
        await transfers.fetch(made["id"])
    ended = await transfers.until(made["id"])
    assert (ended["state"], ended["can"]) == ("failed", ["retry", "forget"])
    check_error(await transfers.fetch(made["id"]), 409, "failed")
    rest = await transfers.fetch(made["id"], Range="bytes=1000-", If_Range=first.headers["ETag"])
    assert (rest.code, rest.body) == (206, body[1000:])
    ended = await transfers.done(made["id"])
    assert (ended["verified"], ended["problem"]) == ("adler32", None)


async def test_browser_resumes_wrong_bytes(
    transfers: Transfers, folder: str, place: Path, dcache: Door
) -> None:
    """Nothing is added to them: the whole comes again."""
    body = os.urandom(MIB)
    (place / "f").write_bytes(body)
    made = await transfers.begin("download", source=("default", f"{folder}/f"))
    dcache.fault("flip", server="pool", method="GET", at_bytes=500)
    with pytest.raises(HTTPStreamClosedError):
        await transfers.fetch(made["id"])
    assert (await transfers.until(made["id"]))["state"] == "failed"
    again = await transfers.fetch(made["id"], Range=f"bytes={MIB - 100}-")
    assert (again.code, again.body) == (200, body)
    assert (await transfers.done(made["id"]))["verified"] == "adler32"


async def test_browser_lost_the_end(
    transfers: Transfers,
    folder: str,
    place: Path,
    dcache: Door,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All was handed over, but did not arrive: it is given again, and the download stays done."""
    monkeypatch.setattr(manager, "WANTED_S", 0.0)
    body = os.urandom(MIB)
    (place / "f").write_bytes(body)
    made = await transfers.begin("download", source=("default", f"{folder}/f"))
    etag = (await transfers.fetch(made["id"])).headers["ETag"]
    before = await transfers.done(made["id"])
    manager_ = await transfers.companion.transfers()
    await until(lambda: not manager_._live)
    rest = await transfers.fetch(made["id"], Range="bytes=1000-", If_Range=etag)
    assert (rest.code, rest.body) == (206, body[1000:])
    after = await transfers.get(made["id"])
    assert {**after, "seen": None} == {**before, "seen": None}
    # What breaks then is between the door and the browser, which resumes again.
    dcache.fault("cut_download", server="pool", at_bytes=100, times=8)
    broken = await transfers.fetch(made["id"], Range="bytes=2000-", If_Range=etag)
    check_error(broken, 502, "cut")
    assert (await transfers.get(made["id"]))["state"] == "done"
    # Whole, it is begun anew.
    refused = check_error(await transfers.fetch(made["id"]), 409, "done")
    assert "new one" in refused["hint"]
