"""Bad days: connections cut anywhere, pools that are gone, wrong bytes, full disks, odd names."""

from __future__ import annotations

import errno
import os
import random
import re
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.errors import DoorBroken
from rsdat.dcache import DCacheFileSystem, fetch, write
from tests.support.dcache import names
from tests.support.door import Door
from tests.support.oddnames import odd_names, refused_names

SEED = 20260731
SIZE = 3_000_017


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_PAUSES_S", (0.0,) * 4)
    monkeypatch.setattr(fetch, "_PAUSES_AT_START_S", (0.0,))
    monkeypatch.setattr(write, "_PAUSES_S", (0.01, 0.05))


@pytest.fixture
def proxied(site: Door) -> DCacheFileSystem:
    return DCacheFileSystem(api_url=site.api_url, webdav_url=site.proxy_url, token=site.token)


def places(number: int) -> list[int]:
    """Byte positions: both ends, borders of chunks, and anything between."""
    chosen = random.Random(SEED)
    edges = [0, 1, 65_535, 65_536, 1_048_575, 1_048_576, 1_048_577, SIZE - 1]
    return edges + [chosen.randrange(SIZE) for _ in range(number - len(edges))]


@pytest.mark.parametrize("server", ["pool", "proxy"])
def test_downloads_cut_at_fifty_places_each(
    site: Door,
    folder: str,
    fs: DCacheFileSystem,
    proxied: DCacheFileSystem,
    tmp_path: Path,
    server: str,
) -> None:
    data = random.Random(SEED).randbytes(SIZE)
    path = f"{folder}/f"
    fs.pipe(path, data)
    reader = fs if server == "pool" else proxied
    target = tmp_path / "f"
    for place in places(50):
        site.forget()
        site.fault("cut_download", server=server, at_bytes=place)
        reader.get_file(path, str(target))
        assert target.read_bytes() == data, place
        ranges = [r["range"] for r in site.requests(server, "GET")]
        # The second request goes on where the first one ended, and not at the start.
        assert len(ranges) == 2, (place, ranges)
        assert ranges[0] == ""
        if place > 1_048_576:
            first = int(re.fullmatch(rf"bytes=(\d+)-{SIZE - 1}", ranges[1])[1])  # type: ignore[index]
            assert 0 < first <= place
    assert [each.name for each in tmp_path.iterdir()] == ["f"]


def send(fs: DCacheFileSystem, path: str, local: Path, *, streamed: bool) -> None:
    if not streamed:
        fs.put_file(str(local), path)
        return
    with fs.open(path, "wb", block_size=100_000) as file:
        file.write(local.read_bytes())


@pytest.mark.parametrize("server", ["pool", "proxy"])
def test_uploads_cut_at_fifty_places_each(
    site: Door,
    folder: str,
    fs: DCacheFileSystem,
    proxied: DCacheFileSystem,
    tmp_path: Path,
    server: str,
) -> None:
    data = random.Random(SEED).randbytes(SIZE)
    local = tmp_path / "f"
    local.write_bytes(data)
    path = f"{folder}/f"
    fs.pipe(path, b"old")
    writer = fs if server == "pool" else proxied
    for number, place in enumerate(places(50)):
        site.fault("cut_upload", server=server, method="PUT", at_bytes=place)
        with pytest.raises(DoorBroken):
            send(writer, path, local, streamed=number % 2 == 0)
        assert (site.root / path[1:]).read_bytes() == b"old", place
        assert names(site, folder) == ["f"], place
    writer.put_file(str(local), path)
    assert fs.cat(path) == data


def test_a_download_that_is_cut_again_and_again_comes_to_its_end(
    site: Door, folder: str, fs: DCacheFileSystem, tmp_path: Path
) -> None:
    data = os.urandom(30 * 1024 * 1024)
    fs.pipe(f"{folder}/f", data)
    # Each request brings more than a MiB (aiohttp drops up to 2 MiB that it still held when the
    # connection broke): progress, so it goes on, more often than without.
    site.fault("cut_download", server="pool", at_bytes=4_500_000, times=6)
    fs.get_file(f"{folder}/f", str(tmp_path / "f"))
    assert (tmp_path / "f").read_bytes() == data


def test_a_file_replaced_while_it_is_fetched(
    site: Door, folder: str, fs: DCacheFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs.pipe(f"{folder}/f", b"a" * SIZE)
    site.fault("cut_download", server="pool", at_bytes=2_000_000)

    async def replaced(*_: Any) -> None:
        client = await fs.connect()
        await client.delete(f"{folder}/f")

        async def chunks():  # type: ignore[no-untyped-def]
            yield b"b" * SIZE

        await client.write(f"{folder}/f", chunks(), SIZE, replace=True)

    fs.exists("/")
    monkeypatch.setattr(fs._client.http, "sleep", replaced)
    with pytest.raises(OSError, match="was replaced"):
        fs.get_file(f"{folder}/f", str(tmp_path / "f"))
    assert list(tmp_path.iterdir()) == []


def test_a_pool_that_is_gone(site: Door, folder: str, fs: DCacheFileSystem, tmp_path: Path) -> None:
    fs.pipe(f"{folder}/f", b"hello")
    site.fault("dead_pool", server="redirect", method="GET")
    fs.get_file(f"{folder}/f", str(tmp_path / "f"))  # the door names another one
    assert (tmp_path / "f").read_bytes() == b"hello"
    site.fault("dead_pool", server="redirect", method="PUT")
    with pytest.raises(OSError, match="Can't reach dCache"):
        fs.pipe(f"{folder}/g", b"x")
    assert names(site, folder) == ["f"]


def test_wrong_bytes_on_the_way_down(
    site: Door, folder: str, fs: DCacheFileSystem, tmp_path: Path
) -> None:
    fs.pipe(f"{folder}/f", os.urandom(100_000))
    (tmp_path / "f").write_text("mine")
    site.fault("flip", server="pool", method="GET", at_bytes=5)
    with pytest.raises(DoorBroken, match="checksum") as caught:
        fs.get_file(f"{folder}/f", str(tmp_path / "f"))
    assert caught.value.code == "checksum"
    assert (tmp_path / "f").read_text() == "mine"
    assert [each.name for each in tmp_path.iterdir()] == ["f"]


def test_the_local_disk_is_full(
    site: Door, folder: str, fs: DCacheFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs.pipe(f"{folder}/f", b"x" * 100_000)
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(OSError) as caught:
        fs.get_file(f"{folder}/f", full)
    assert caught.value.errno == errno.ENOSPC
    assert site.movers() == 0

    def fail(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("rsdat.dcache.fetch.Sum.add", fail)
    with pytest.raises(OSError, match="No space left"):
        fs.get_file(f"{folder}/f", str(tmp_path / "f"))
    assert list(tmp_path.iterdir()) == []


def test_the_token_ends_during_a_transfer(own_site: Door, tmp_path: Path) -> None:
    """What has begun comes to its end; what is asked then is refused, in words, and once."""
    fs = DCacheFileSystem(
        api_url=own_site.api_url, webdav_url=own_site.webdav_url, token=own_site.token
    )
    data = os.urandom(4_000_000)
    fs.pipe("/f", data)
    with fs.open("/f", block_size=1_000_000) as file:
        assert file.read(1000) == data[:1000]
        own_site.configure(refuse_token="macaroon login denied: expired")
        # The pool's address is a right of its own.
        assert file.read() == data[1000:]
    own_site.forget()
    with pytest.raises(PermissionError, match="expired"):
        fs.cat("/f")
    assert len([r for r in own_site.requests() if r["status"] == 401]) == 1


def test_a_token_renewed_in_its_file_during_an_upload(own_site: Door, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text(own_site.token)
    secret.chmod(0o600)
    fs = DCacheFileSystem(
        api_url=own_site.api_url, webdav_url=own_site.webdav_url, token_file=str(secret)
    )
    with fs.open("/f", "wb", block_size=100_000) as file:
        file.write(bytes(1_000_000))
        secret.write_text("old")  # refused from now on: size, checksum and name are still to come
        secret.chmod(0o600)
        secret.write_text(own_site.token)
        file.write(bytes(1_000_000))
    assert fs.size("/f") == 2_000_000


def test_a_token_that_ends_during_an_upload(own_site: Door) -> None:
    fs = DCacheFileSystem(
        api_url=own_site.api_url, webdav_url=own_site.webdav_url, token=own_site.token
    )
    fs.pipe("/f", b"old")
    file = fs.open("/f", "wb", block_size=100_000)
    file.write(bytes(1_000_000))
    own_site.configure(refuse_token="expired")
    with pytest.raises(PermissionError, match="expired") as caught:
        file.close()
    # Without a right nothing can be tidied up: the error says what stays, under which name.
    assert caught.value.details["left_behind"].startswith("/.rsdat-")
    assert (own_site.root / "f").read_bytes() == b"old"


def test_a_file_that_vanishes_between_list_and_open(
    site: Door, folder: str, fs: DCacheFileSystem, tmp_path: Path
) -> None:
    fs.pipe({f"{folder}/{name}": b"x" for name in "abc"})
    found = fs.ls(folder, detail=False)
    fs.rm(f"{folder}/b")
    with pytest.raises(FileNotFoundError):
        fs.open(found[1])
    with pytest.raises(FileNotFoundError):
        fs.get(found, [str(tmp_path / name) for name in "abc"])
    assert not (tmp_path / "b").exists()
    site.fault("vanish", server="redirect", method="GET")
    with pytest.raises(FileNotFoundError):
        fs.cat(f"{folder}/a")
    results = fs.cat([f"{folder}/a", f"{folder}/c"], on_error="return")
    assert isinstance(results[f"{folder}/a"], FileNotFoundError)
    assert results[f"{folder}/c"] == b"x"


def test_two_writers_of_one_name(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    first = fs.open(f"{folder}/f", "wb", block_size=100_000)
    second = fs.open(f"{folder}/f", "wb", block_size=100_000)
    for _ in range(10):
        first.write(b"1" * 100_000)
        second.write(b"2" * 100_000)
    first.close()
    assert fs.cat(f"{folder}/f") == b"1" * 1_000_000
    second.close()
    assert fs.cat(f"{folder}/f") == b"2" * 1_000_000
    assert names(site, folder) == ["f"]


# ---------------------------------------------------------------- names


def test_four_hundred_odd_names(
    site: Door, folder: str, fs: DCacheFileSystem, tmp_path: Path
) -> None:
    chosen = odd_names(400)
    fs.pipe({f"{folder}/in/{name}": name.encode() for name in chosen})
    assert sorted(fs.ls(f"{folder}/in", detail=False)) == [f"{folder}/in/{n}" for n in chosen]
    assert sorted(fs.find(f"{folder}/in")) == [f"{folder}/in/{name}" for name in chosen]
    assert len(fs.glob(f"{folder}/in/*")) == 400
    assert fs.du(f"{folder}/in") == sum(len(name.encode()) for name in chosen)
    # This computer's own limit is 255 bytes, dCache's is 255 characters.
    long = [name for name in chosen if len(name.encode()) > 255]
    found = fs.cat([f"{folder}/in/{name}" for name in long])
    assert found == {f"{folder}/in/{name}": name.encode() for name in long}
    fs.rm(list(found))
    fs.get(f"{folder}/in", str(tmp_path / "out"), recursive=True)
    here = sorted(each.name for each in (tmp_path / "out").iterdir())
    assert here == [name for name in chosen if len(name.encode()) <= 255]
    for name in here:
        assert (tmp_path / "out" / name).read_bytes() == name.encode()


@pytest.mark.parametrize("part", range(4))
def test_odd_names_one_by_one(
    site: Door, folder: str, fs: DCacheFileSystem, tmp_path: Path, part: int
) -> None:
    chosen = [n for n in odd_names(400)[part::4] if len(n.encode()) <= 240][:25]
    for name in chosen:
        path, local = f"{folder}/{name}", tmp_path / name
        local.write_bytes(name.encode())
        fs.put(str(local), path)
        with fs.open(path) as file:
            assert file.read() == name.encode()
        fs.mv(path, f"{folder}/new {name}")
        assert names(site, folder) == [f"new {name}"]
        fs.cp(f"{folder}/new {name}", path)
        fs.get(path, str(tmp_path / "back" / name))
        assert (tmp_path / "back" / name).read_bytes() == name.encode()
        assert fs.info(path)["name"] == path
        fs.rm([path, f"{folder}/new {name}"])
        assert names(site, folder) == []


def test_a_hundred_names_that_are_refused(
    site: Door, folder: str, fs: DCacheFileSystem, tmp_path: Path
) -> None:
    refused = refused_names(100)
    (tmp_path / "f").write_bytes(b"x")
    fs.pipe(f"{folder}/good", b"x")
    site.forget()
    for name in refused:
        path = f"{folder}/{name}"
        calls = (
            lambda path=path: fs.ls(path),
            lambda path=path: fs.open(path, "wb"),
            lambda path=path: fs.open(path),
            lambda path=path: fs.put_file(str(tmp_path / "f"), path),
            lambda path=path: fs.mv(f"{folder}/good", path),
            lambda path=path: fs.rm(path),
            lambda path=path: fs.mkdir(path),
            lambda path=path: fs.pipe(path, b"x"),
        )
        for call in calls:
            with pytest.raises(ValueError, match=r"control character|characters; dCache allows"):
                call()
    assert names(site, folder) == ["good"]
    assert not [r for r in site.requests() if r["method"] not in ("GET",)]


@pytest.mark.parametrize("exists", [True, False])
def test_bytes_that_are_wrong_are_not_copied(
    site: Door, folder: str, fs: DCacheFileSystem, exists: bool
) -> None:
    """The copy would have a checksum that fits its wrong bytes, and nobody would ever notice."""
    fs.pipe(f"{folder}/a", b"the truth")
    if exists:
        fs.pipe(f"{folder}/b", b"old")
    site.fault("flip", server="pool", method="GET", at_bytes=5)
    with pytest.raises(OSError, match="checksum"):
        fs.cp_file(f"{folder}/a", f"{folder}/b")
    assert names(site, folder) == (["a", "b"] if exists else ["a"])
    fs.cp_file(f"{folder}/a", f"{folder}/c")
    assert fs.cat(f"{folder}/c") == b"the truth"
    assert not exists or fs.cat(f"{folder}/b") == b"old"
