"""Narrower macaroons: real ones of the stand-in, used for what they should open and should not."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.errors import DoorBroken, InvalidInput, NoCredential, NotPermitted, RsdatError
from rsdat.base.secret import Secret
from rsdat.dcache.answers import Answer
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.endpoint import endpoint_from_options
from rsdat.dcache.macaroon import inspect
from rsdat.dcache.minting import Minted, mint, write_down
from rsdat.dcache.rclone import read_remote
from tests.support.dcache import endpoint_of, read, run, stream
from tests.support.door import Door

READ = ("LIST", "DOWNLOAD")


def now() -> datetime:
    return datetime.now(timezone.utc)


def minted(site: Door, path: str, *, token: str | None = None, **options: Any) -> Minted:
    given = {"activities": READ, "validity_s": 3600, **options}

    async def work(client: DCacheClient) -> Minted:
        return await mint(client.http, path, now=now(), **given)

    return run(endpoint_of(site, token=token or site.token), work)


def with_token(
    site: Door, token: str | Secret, work: Callable[[DCacheClient], Awaitable[Any]]
) -> Any:
    text = token.reveal() if isinstance(token, Secret) else token
    return run(endpoint_of(site, token=text), work)


@pytest.fixture
def tree(site: Door, folder: str) -> str:
    """Two folders with a file each."""
    for name in ("a b", "other"):
        (site.root / folder[1:] / name).mkdir()
        (site.root / folder[1:] / name / "f").write_text("hello")
    return folder


def test_opens_what_was_asked_for_and_no_more(site: Door, tree: str) -> None:
    made = minted(site, f"{tree}/a b")
    assert made.claims.paths == (f"{tree}/a b",)
    assert made.claims.activities == READ
    assert abs((made.expires - now()).total_seconds() - 3600) < 60
    assert made.token.reveal() not in repr(made)

    async def work(client: DCacheClient) -> None:
        assert await read(client, f"{tree}/a b/f") == b"hello"
        assert [each.name for each in await client.list(f"{tree}/a b")] == ["f"]
        with pytest.raises(NotPermitted):
            await read(client, f"{tree}/other/f")
        with pytest.raises(NotPermitted):
            await client.write(f"{tree}/a b/g", stream(b"x"), 1, replace=False)

    with_token(site, made.token, work)


def test_a_narrower_one_of_a_narrow_one(site: Door, tree: str) -> None:
    """Where the parent has a path, the address narrows nothing: the caveat must say it."""
    parent = site.mint(tree, "activity:LIST,DOWNLOAD,UPLOAD")
    made = minted(site, f"{tree}/a b", token=parent)
    assert made.claims.paths == (f"{tree}/a b",)

    async def work(client: DCacheClient) -> None:
        assert await read(client, f"{tree}/a b/f") == b"hello"
        with pytest.raises(NotPermitted):
            await read(client, f"{tree}/other/f")

    with_token(site, made.token, work)
    same = minted(site, tree, token=parent)
    assert same.claims.paths == (tree,)


def test_below_a_root(site: Door, tree: str) -> None:
    """As get-macaroon --chroot makes them: paths are as the token shows them."""
    parent = site.mint("/", f"root:{tree}", "activity:LIST,DOWNLOAD")
    made = minted(site, "/a b", token=parent)
    assert (made.claims.root, made.claims.paths) == (tree, ("/a b",))

    async def work(client: DCacheClient) -> None:
        assert await read(client, "/a b/f") == b"hello"
        with pytest.raises(NotPermitted):
            await read(client, "/other/f")

    with_token(site, made.token, work)


def test_not_longer_than_its_parent(site: Door, tree: str) -> None:
    parent = site.mint(tree, validity="PT10M")
    made = minted(site, tree, token=parent, validity_s=7 * 86400)
    ends = inspect(parent).expires
    assert ends is not None
    assert timedelta(0) <= ends - made.expires < timedelta(seconds=30)


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"activities": ("LIST", "READ")}, InvalidInput, "no activity 'READ'"),
        ({"activities": ()}, InvalidInput, "for nothing"),
        ({"validity_s": 7 * 86400 + 1}, InvalidInput, "seven days"),
        ({"validity_s": 59}, InvalidInput, "a minute"),
        ({"ips": ("here",)}, InvalidInput, "'here' is no address"),
        ({"activities": ("LIST", "DELETE")}, NotPermitted, "does not allow DELETE"),
        ({"ips": ("192.0.2.1",)}, NotPermitted, "from 127.0.0.0/8 only"),
        ({"path": "/elsewhere"}, NotPermitted, "not below"),
    ],
)
def test_what_dcache_would_take_and_should_not(
    site: Door, tree: str, options: dict[str, Any], kind: type[RsdatError], words: str
) -> None:
    """Refused here: the door would make it, and it would fail in somebody else's hands."""
    parent = site.mint(tree, "activity:LIST,DOWNLOAD", "ip:127.0.0.0/8")
    site.forget()
    with pytest.raises(kind, match=words):
        minted(site, options.pop("path", tree), token=parent, **options)
    assert not site.requests()


def test_addresses(site: Door, tree: str) -> None:
    made = minted(site, tree, ips=("127.0.0.1", "10.0.0.0/8"))
    assert made.claims.ips == ("127.0.0.1", "10.0.0.0/8")
    other = minted(site, tree, ips=("192.0.2.7",))

    async def work(client: DCacheClient) -> None:
        with pytest.raises(NoCredential, match="ip"):
            await client.list(tree)

    with_token(site, other.token, work)


def test_refused_over_http(site: Door, tree: str) -> None:
    site.configure(plain_macaroons=False)
    try:
        with pytest.raises(RsdatError, match="Not secure transport") as caught:
            minted(site, tree)
        assert "https" in (caught.value.hint or "")
    finally:
        site.configure(plain_macaroons=True)


def test_by_a_password(site: Door, tree: str) -> None:
    """Who has no token gets one that way."""

    async def work(client: DCacheClient) -> Minted:
        return await mint(client.http, tree, activities=READ, validity_s=3600, now=now())

    options = {"token": None, "username": site.user, "password": site.password}
    made = run(endpoint_of(site, **options), work)
    assert made.claims.paths == (tree,)


def test_what_the_door_made_is_looked_at(site: Door, tree: str) -> None:
    """It is about to be given away: one that opens more is not."""
    wide = site.mint("/", "activity:LIST,DOWNLOAD")
    for answer, words in (
        ({"macaroon": wide}, "for '/' and not"),
        ({"macaroon": site.mint(tree)}, "another macaroon"),
        ({"macaroon": "abc"}, "another macaroon"),
        ({"macaroon": site.mint(tree, "activity:LIST", validity="PT48H")}, "another macaroon"),
        ({}, "without a macaroon"),
    ):

        class Fake:
            endpoint = endpoint_of(site)

            @staticmethod
            def door_url(path: str) -> str:
                return path

            @staticmethod
            async def ask(*_: Any, body: Any = answer, **__: Any) -> Any:
                return Answer(200, "OK", "application/json", json.dumps(body).encode())

        with pytest.raises(DoorBroken, match=words):
            asyncio.run(
                mint(Fake(), tree, activities=READ, validity_s=3600, now=now())  # type: ignore[arg-type]
            )


def test_written_down(site: Door, tree: str) -> None:
    """Each form works as it is."""
    made = minted(site, f"{tree}/a b")

    async def entries(client: DCacheClient) -> tuple[Any, Any]:
        return await client.info(f"{tree}/a b"), await client.info(f"{tree}/a b/f")

    folder, file = run(site, entries)
    endpoint = endpoint_of(site)
    token = made.token.reveal()
    assert write_down(made, "token", endpoint, folder) == (f"{token}\n", "a-b.token")
    link, name = write_down(made, "link", endpoint, file)
    assert link == f"{site.webdav_url}{tree}/a%20b/f?authz={token}"
    assert name == "f.url.txt"
    for form in ("rclone", "ada"):
        text, name = write_down(made, form, endpoint, folder)  # type: ignore[arg-type]
        assert name == "a-b.conf"
        remote = read_remote(text, None, "it")
        assert (remote.name, remote.bearer_token) == ("a-b", token)
        assert remote.url == f"{site.webdav_url}{tree}/a%20b/"
    assert f"--api {site.api_url}" in write_down(made, "ada", endpoint, folder)[0]
    of_file = read_remote(write_down(made, "rclone", endpoint, file)[0], None, "it")
    assert of_file.url == f"{site.webdav_url}{tree}/a%20b/"
    options = {"api_url": site.api_url, "webdav_url": site.webdav_url, "token": token}
    assert endpoint_from_options("x", options).credential.kind == "token"


def test_rclone_works_with_it(site: Door, tree: str, tmp_path: Path) -> None:
    """The file as it is handed out, in rclone's own hands."""
    program = shutil.which("rclone")
    if program is None:
        pytest.skip("rclone is not installed")
    made = minted(site, f"{tree}/a b")
    folder = run(site, lambda client: client.info(f"{tree}/a b"))
    text, name = write_down(made, "rclone", endpoint_of(site, proxy=True), folder)
    (tmp_path / name).write_text(text)

    def rclone(*arguments: str) -> str:
        argv = [program, "--config", str(tmp_path / name), "--retries", "1", *arguments]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        return done.stdout if done.returncode == 0 else f"refused {done.returncode}"

    assert rclone("lsf", "a-b:") == "f\n"
    assert rclone("cat", "a-b:f") == "hello"
    assert rclone("deletefile", "a-b:f").startswith("refused")
    assert (site.root / tree[1:] / "a b" / "f").exists()
