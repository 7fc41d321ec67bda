"""The token ends in the middle of a 2 GiB transfer, each way and kind; renewed, it goes on."""

from __future__ import annotations

import asyncio
import filecmp
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rsdat.dcache.transfers import carry
from tests.support.door import Door
from tests.support.server import until
from tests.support.transfers import Transfers, names

GIB = 1 << 30
SIZE = 2 * GIB + 12345
CUT_AT = GIB + GIB // 2
LIMIT_S = 300

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """2 GiB in which no two MiB are the same."""
    path = tmp_path / "source"
    block = bytearray(os.urandom(1 << 20))
    with path.open("wb") as file:
        for number in range(SIZE >> 20):
            block[:8] = number.to_bytes(8, "big")
            file.write(block)
        file.write(block[: SIZE & 0xFFFFF])
    return path


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One attempt more, at once."""
    monkeypatch.setattr(carry, "PAUSES_S", (0.0,))


@dataclass
class Token:
    """The endpoint's."""

    transfers: Transfers
    dcache: Door
    file: Path

    @asynccontextmanager
    async def ends(self, id_: str) -> AsyncIterator[None]:
        """From 256 MiB on, while the block runs; then there is a new one."""

        async def moving() -> bool:
            return bool((await self.transfers.get(id_))["bytes"]["done"] > GIB // 4)

        await until(moving, within_s=LIMIT_S)
        self.dcache.configure(refuse_token="expired")
        try:
            yield
        finally:
            self.dcache.configure(refuse_token="")
        self.file.write_text(self.dcache.mint())


@pytest.fixture
def token(transfers: Transfers, dcache: Door, rsdat_home: Path) -> Token:
    """Its file is read again when it has changed."""
    return Token(transfers, dcache, rsdat_home / "default.token")


def says_token(transfer: Any) -> bool:
    """Whether it says what happened and what to do."""
    problem = transfer["problem"]
    return "token" in f"{problem['message']} {problem['hint']}".lower()


async def curl(*argv: str, login: str) -> tuple[int, int]:
    """Its status, and the HTTP one."""
    head = f"Authorization: token {login}"
    program = shutil.which("curl") or pytest.skip("curl is not installed")
    process = await asyncio.create_subprocess_exec(
        program, "-s", "-w", "%{http_code}", "-H", head, *argv, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(process.communicate(), LIMIT_S)
    return process.returncode or 0, int(out)


@pytest.mark.usefixtures("quick")
async def test_copy_down(
    transfers: Transfers, folder: str, place: Path, dcache: Door, source: Path, token: Token
) -> None:
    """The pool goes on, whatever becomes of the token; cut, the part stays, to be gone on from."""
    os.link(source, place / "big")
    dcache.fault("cut_download", server="pool", at_bytes=CUT_AT)
    made = await transfers.begin(
        "copy", source=("default", f"{folder}/big"), destination=(None, "")
    )
    async with token.ends(made["id"]):
        ended = await transfers.until(made["id"], within_s=LIMIT_S)
    assert ended["state"] == "failed"
    assert says_token(ended)
    (part,) = transfers.root.iterdir()
    have = part.stat().st_size
    assert GIB < have <= CUT_AT
    dcache.forget()
    await transfers.act(made["id"], "retry")
    assert (await transfers.done(made["id"], within_s=LIMIT_S))["verified"] == "adler32"
    (rest,) = dcache.requests("pool", "GET")
    assert rest["range"] == f"bytes={have}-{SIZE - 1}"
    assert names(transfers.root) == ["big"]
    assert filecmp.cmp(transfers.root / "big", source, shallow=False)


@pytest.mark.usefixtures("quick")
async def test_copy_up(
    transfers: Transfers, folder: str, place: Path, dcache: Door, source: Path, token: Token
) -> None:
    """What nobody could look at gets no name; with a new token all is sent again."""
    os.link(source, transfers.root / "big")
    made = await transfers.begin("copy", source=(None, "big"), destination=("default", folder))
    async with token.ends(made["id"]):
        ended = await transfers.until(made["id"], within_s=LIMIT_S)
        assert "big" not in names(place)
    assert ended["state"] == "failed"
    assert says_token(ended)
    await transfers.act(made["id"], "retry")
    assert (await transfers.done(made["id"], within_s=LIMIT_S))["verified"] == "adler32"
    assert filecmp.cmp(place / "big", source, shallow=False)


async def test_upload(
    transfers: Transfers, folder: str, place: Path, dcache: Door, source: Path, token: Token
) -> None:
    """As a copy; the page is told, and sends it again."""
    made = await transfers.begin(
        "upload", destination=("default", folder), files=[{"path": "big", "size": SIZE}]
    )
    url = transfers.lab.url(f"/transfers/{made['id']}/content", {"path": "big"})
    sending = asyncio.create_task(
        curl("-o", os.devnull, "-T", str(source), url, login=transfers.lab.token)
    )
    async with token.ends(made["id"]):
        assert await sending == (0, 401)
        ended = await transfers.until(made["id"])
        assert "big" not in names(place)
    assert ended["state"] == "failed"
    assert says_token(ended)
    await transfers.act(made["id"], "retry")
    assert await curl("-o", os.devnull, "-T", str(source), url, login=transfers.lab.token) == (
        0,
        201,
    )
    assert (await transfers.done(made["id"]))["verified"] == "adler32"
    assert filecmp.cmp(place / "big", source, shallow=False)


async def test_download(
    transfers: Transfers,
    folder: str,
    place: Path,
    dcache: Door,
    source: Path,
    token: Token,
    tmp_path: Path,
) -> None:
    """The browser has all of it, cut or not: with a new token it resumes where it was."""
    os.link(source, place / "big")
    dcache.fault("cut_download", server="pool", at_bytes=CUT_AT)
    made = await transfers.begin("download", source=("default", f"{folder}/big"))
    url = transfers.lab.url(f"/transfers/{made['id']}/content")
    target = tmp_path / "saved"
    taking = asyncio.create_task(curl("-o", str(target), url, login=transfers.lab.token))
    async with token.ends(made["id"]):
        assert (await taking)[0] == 18  # a part of the file
        assert (await transfers.until(made["id"]))["state"] == "failed"
        assert await curl("-o", os.devnull, url, login=transfers.lab.token) == (0, 409)
    await transfers.act(made["id"], "retry")
    assert await curl("-C", "-", "-o", str(target), url, login=transfers.lab.token) == (0, 206)
    assert (await transfers.done(made["id"]))["verified"] == "adler32"
    assert filecmp.cmp(target, source, shallow=False)
