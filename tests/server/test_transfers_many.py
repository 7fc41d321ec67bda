"""Many files and odd names: nothing is lost, failures are told, a retry sends only those."""

from __future__ import annotations

import asyncio
import io
import tarfile
import time
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.door import Door
from tests.support.transfers import Transfers, listing, names

ODD = [
    " lead", "trail ", "a  b", "#h", "what?", "100%", "%41", "%2F", "a;b", "a:b", "a+b", "a&b",
    "a=b", "a,b", "a@b", "a!b", "a$b", "a'b", 'a"b', "a`b", "a|b", "a^b", "a~b", "a*b", "a<b>c",
    "a[b]", "a{b}", "a(b)", "back\\slash", ".hidden", "..two", "é", "日本語", "🛰.tif", "ß",
    "Ünïcödé", "x" * 255, "é" * 120, "-dash", "CON",
]  # fmt: skip


async def test_odd_names(transfers: Transfers, folder: str, place: Path) -> None:
    """Up, down in both archives, into the workspace and back: the same names and bytes."""
    files = {f"odd/{name}": name.encode() for name in ODD}
    made = await transfers.begin("upload", destination=("default", folder), files=listing(files))
    for path, body in files.items():
        assert (await transfers.send(made["id"], path, body)).code == 201, path
    await transfers.done(made["id"])
    assert names(place) == sorted(["odd", *files])
    for format_ in ("zip", "tar"):
        made = await transfers.begin(
            "download", source=("default", f"{folder}/odd"), format=format_
        )
        body = (await transfers.fetch(made["id"])).body
        if format_ == "zip":
            with zipfile.ZipFile(io.BytesIO(body)) as found:
                got = {name: found.read(name) for name in found.namelist() if name != "odd/"}
        else:
            with tarfile.open(fileobj=io.BytesIO(body)) as tar:
                got = {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}  # type: ignore[union-attr]
        assert got == files
        await transfers.done(made["id"])
    made = await transfers.begin(
        "copy", source=("default", f"{folder}/odd"), destination=(None, "")
    )
    await transfers.done(made["id"])
    assert names(transfers.root / "odd") == sorted(ODD)
    (place / "back").mkdir()
    made = await transfers.begin(
        "copy", source=(None, "odd"), destination=("default", f"{folder}/back")
    )
    await transfers.done(made["id"])
    for name in ODD:
        assert (place / "back" / "odd" / name).read_bytes() == name.encode()


class Page:
    """Sends files as a page does: several at once, each connection used again."""

    def __init__(self, transfers: Transfers, id_: str, files: dict[str, bytes]) -> None:
        self._lab = transfers.lab
        self._id = id_
        self._files = files
        self.statuses: dict[str, int] = {}

    async def send(self, paths: list[str], at_once: int = 6) -> None:
        """All of them."""
        left = iter(paths)
        await asyncio.gather(*(self._connection(left) for _ in range(at_once)))

    async def _connection(self, left: Any) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._lab.port)
        target = self._lab.url(f"/transfers/{self._id}/content").removeprefix(self._lab.origin)
        for path in left:
            body = self._files[path]
            writer.write(
                f"PUT {target}?path={quote(path)} HTTP/1.1\r\nHost: 127.0.0.1:{self._lab.port}\r\n"
                f"Authorization: token {self._lab.token}\r\nContent-Length: {len(body)}\r\n\r\n"
                .encode() + body
            )  # fmt: skip
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)).decode()
            self.statuses[path] = int(head.split(" ", 2)[1])
            length = head.lower().partition("content-length: ")[2].partition("\r\n")[0]
            await reader.readexactly(int(length))
        writer.close()


@pytest.mark.parametrize(
    "count", [500, pytest.param(10_000, marks=[pytest.mark.long, pytest.mark.timeout(900)])]
)
async def test_folder_upload_with_failures(
    transfers: Transfers, folder: str, place: Path, dcache: Door, count: int
) -> None:
    """1 % of the files fail; all others arrive, and the retry sends only the failed ones."""
    files = {f"top/d{n % 20}/file {n}": b"%d" % n for n in range(count)}
    bad = [path for number, path in enumerate(files) if number % 100 == 7]
    made = await transfers.begin("upload", destination=("default", folder), files=listing(files))
    for path in bad:
        # Whatever temporary name it gets: its folder is asked about first, and that is refused.
        address = f"/api/v1/namespace{quote(f'{folder}/{path}')}"
        dcache.fault("status", server="frontend", method="GET", prefix=address, status=500)
    page = Page(transfers, made["id"], files)
    await page.send(list(files))
    ended = await transfers.until(made["id"])
    assert [path for path, status in page.statuses.items() if status != 201] == bad
    assert ended["state"] == "failed"
    assert ended["files"] == {
        "total": count, "done": count - len(bad), "skipped": 0, "failed": len(bad),
    }  # fmt: skip
    assert [each["path"] for each in ended["failures"]] == bad[:100]
    assert all(each["message"] for each in ended["failures"])
    # Folders were made once each.
    made_folders = [
        each
        for each in dcache.requests("frontend", "POST")
        if each["path"].startswith("/api/v1/namespace" + folder)
    ]
    assert len(made_folders) == 21
    again = await transfers.act(made["id"], "retry")
    assert again["files"]["done"] == count - len(bad)
    dcache.forget()
    await page.send(bad)
    ended = await transfers.done(made["id"])
    assert ended["verified"] == "adler32"
    assert {path: (place / path).read_bytes() for path in files} == files
    assert len(dcache.requests("pool", "PUT")) == len(bad)


async def test_listing_of_100_000_files_holds_nobody_up(transfers: Transfers, folder: str) -> None:
    """While it is taken in, other requests are answered."""
    files = [{"path": f"top/d{n % 100}/file number {n}", "size": n} for n in range(100_000)]
    beginning = asyncio.create_task(
        transfers.begin("upload", destination=("default", folder), files=files)
    )
    loop, longest, busiest = asyncio.get_running_loop(), 0.0, 0.0
    while not beginning.done():
        began, worked = loop.time(), time.thread_time()
        await asyncio.sleep(0.01)
        longest = max(longest, loop.time() - began)
        busiest = max(busiest, time.thread_time() - worked)
    made = await beginning
    assert made["files"]["total"] == 100_000
    # The test's own JSON is made on this loop too, in about 0.3 s.
    assert busiest < 2
    assert longest < 8  # on the clock, which other programs have a part in
    asked = loop.time()
    await transfers.get(made["id"])
    assert loop.time() - asked < 15
    await transfers.lab.call("DELETE", "/api/transfers/{id}", 204, id=made["id"])
