"""The fsspec class beyond fsspec's own suite: names, safety, secrets, threads, processes."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timezone
from pathlib import Path
from typing import Any

import fsspec
import pytest

from rsdat.base.errors import NotFound, OnTape
from rsdat.dcache import DCacheFileSystem
from tests.dcache.test_client import ODD_NAMES
from tests.support.dcache import in_another_process, names
from tests.support.door import Door


@pytest.mark.parametrize("slashes", ["//", "///"])
def test_fresh_process_knows_only_its_home(
    site: Door, folder: str, tmp_path: Path, slashes: str
) -> None:
    site.write_endpoint(tmp_path)
    url = f"dcache:{slashes}{folder[1:]}/f"
    code = f"""
import fsspec
with fsspec.open({url!r}, "w") as file:
    file.write("é日")
with fsspec.open({url!r}) as file:
    print(ascii(file.read().decode()))
"""
    assert in_another_process(tmp_path, code).strip() == ascii("é日")
    assert (site.root / folder[1:] / "f").read_text() == "é日"


def test_odd_names(site: Door, folder: str, fs: DCacheFileSystem, tmp_path: Path) -> None:
    for decoy in ("qXmark.txt", "bXr"):
        fs.pipe(f"{folder}/{decoy}", b"decoy")
    for name in ODD_NAMES:
        path, data = f"{folder}/{name}", name.encode()
        local = tmp_path / "local" / name
        local.parent.mkdir(exist_ok=True)
        local.write_bytes(data)
        fs.put(str(local), path)
        assert fs.cat(path) == data
        assert fs.info(path)["name"] == path
        assert fs.exists(path)
        assert fs.isfile(path)
        fs.get(path, str(tmp_path / "back" / name))
        assert (tmp_path / "back" / name).read_bytes() == data
        with fs.open(path, "rb") as file:
            assert file.read() == data
        fs.cp(path, f"{folder}/copy/{name}")
        fs.mv(path, f"{folder}/moved {name}")
        assert not fs.exists(path)
        fs.mv(f"{folder}/moved {name}", path)
    assert sorted(fs.ls(folder, detail=False)) == sorted(
        f"{folder}/{name}" for name in [*ODD_NAMES, "copy", "qXmark.txt", "bXr"]
    )
    assert len(fs.find(folder)) == 2 * len(ODD_NAMES) + 2
    assert sum(len(files) for _, _, files in fs.walk(folder)) == 2 * len(ODD_NAMES) + 2
    assert fs.du(f"{folder}/copy") == sum(len(name.encode()) for name in ODD_NAMES)
    fs.get(f"{folder}/copy", str(tmp_path / "tree"), recursive=True)
    assert sorted(each.name for each in (tmp_path / "tree").iterdir()) == sorted(ODD_NAMES)
    for name in ODD_NAMES:
        fs.rm(f"{folder}/{name}")
    fs.rm(f"{folder}/copy", recursive=True)
    assert names(site, folder) == ["bXr", "qXmark.txt"]


def test_all_forms_of_a_path(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    fs.pipe(f"{folder}/f", b"x")
    bare = folder.strip("/")
    for form in (f"dcache://{bare}/f", f"dcache:///{bare}/f", f"/{bare}/f", f"{bare}/f"):
        assert fs.info(form)["name"] == f"/{bare}/f"
        assert fs.cat(form) == b"x"
    assert fs.unstrip_protocol(f"{folder}/f") == f"dcache://{folder}/f"
    assert fs._parent(f"{folder}/f") == folder
    assert fs._parent(folder) == "/"


def test_info(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    fs.pipe(f"{folder}/f.tif", b"12345")
    info = fs.info(f"{folder}/f.tif")
    assert (info["size"], info["type"], info["locality"]) == (5, "file", "ONLINE")
    assert info["mime"] == "image/tiff"
    assert fs.created(f"{folder}/f.tif").tzinfo is timezone.utc
    assert fs.modified(f"{folder}/f.tif") == info["modified"]
    before = fs.checksum(f"{folder}/f.tif"), fs.ukey(f"{folder}/f.tif")
    fs.pipe(f"{folder}/f.tif", b"54321")
    assert fs.checksum(f"{folder}/f.tif") != before[0]
    assert fs.ukey(f"{folder}/f.tif") != before[1]
    assert fs.ls(f"{folder}/f.tif", detail=False) == [f"{folder}/f.tif"]
    assert fs.info(folder)["type"] == "directory"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (None, None),
        (2, None),
        (None, 3),
        (-3, None),
        (None, -2),
        (-5, -2),
        (2, 5),
        (0, 99),
        (50, 60),
        (5, 2),
    ],
)
def test_cat_file_slices(
    site: Door, folder: str, fs: DCacheFileSystem, start: int | None, end: int | None
) -> None:
    data = b"0123456789"
    fs.pipe(f"{folder}/f", data)
    assert fs.cat_file(f"{folder}/f", start=start, end=end) == data[start:end]


def test_cat_ranges_share_connections(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    data = os.urandom(10_000)
    fs.pipe({f"{folder}/a": data, f"{folder}/b": data[::-1]})
    site.forget()
    paths = [f"{folder}/a", f"{folder}/b"] * 20
    starts = list(range(40))
    parts = fs.cat_ranges(paths, starts, [start + 10 for start in starts])
    for index, part in enumerate(parts):
        whole = data if index % 2 == 0 else data[::-1]
        assert part == whole[index : index + 10]
    assert len(site.requests("redirect", "GET")) == 2
    missing, good = fs.cat_ranges([f"{folder}/none", f"{folder}/a"], 0, 5)
    assert isinstance(missing, FileNotFoundError)
    assert good == data[:5]
    with pytest.raises(FileNotFoundError):
        fs.cat_ranges([f"{folder}/none"], 0, 5, on_error="raise")


def test_random_access_is_cheap(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    data = os.urandom(3_000_000)
    fs.pipe(f"{folder}/f", data)
    site.forget()
    with fs.open(f"{folder}/f", block_size=4096, cache_type="none") as file:
        for start in range(0, 2_000_000, 40_000):
            file.seek(start)
            assert file.read(100) == data[start : start + 100]
    assert len(site.requests("redirect", "GET")) == 1
    assert len(site.requests("pool", "GET")) == 50
    with fs.open(f"{folder}/f") as file:
        assert file.read() == data
        file.seek(-5, 2)
        assert file.read() == data[-5:]
    with fs.open(f"{folder}/f", "rb") as file:
        assert b"".join(iter(lambda: file.read(70_000), b"")) == data


def test_tape_fails_at_once(site: Door, folder: str, fs: DCacheFileSystem, tmp_path: Path) -> None:
    path = f"{folder}/f"
    fs.pipe(path, b"x")
    site.set_file(path, locality="NEARLINE")
    calls: list[Callable[[], Any]] = [
        lambda: fs.open(path),
        lambda: fs.cat(path),
        lambda: fs.get(path, str(tmp_path / "f")),
        lambda: fs.cp(path, f"{folder}/g"),
    ]
    for call in calls:
        with pytest.raises(OSError, match=r"is on tape\. Stage it first") as caught:
            call()
        assert isinstance(caught.value, OnTape)
    assert not (tmp_path / "f").exists()


def test_errors_are_files_errors(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    fs.pipe(f"{folder}/f", b"x")
    fs.makedirs(f"{folder}/d/e")
    with pytest.raises(FileNotFoundError) as missing:
        fs.info(f"{folder}/none")
    assert isinstance(missing.value, NotFound)
    again = pickle.loads(pickle.dumps(missing.value))
    assert isinstance(again, FileNotFoundError)
    assert str(again) == str(missing.value)
    for call in (fs.ls, fs.cat, fs.rm, fs.created, fs.open):
        with pytest.raises(FileNotFoundError):
            call(f"{folder}/none")
    with pytest.raises(FileExistsError):
        fs.mkdir(f"{folder}/d")
    with pytest.raises(FileExistsError):
        fs.makedirs(f"{folder}/d")
    fs.makedirs(f"{folder}/d", exist_ok=True)
    with pytest.raises(NotADirectoryError):
        fs.makedirs(f"{folder}/f/x", exist_ok=True)
    with pytest.raises(NotADirectoryError):
        fs.rmdir(f"{folder}/f")
    with pytest.raises(OSError, match="not empty"):
        fs.rmdir(f"{folder}/d")
    fs.rmdir(f"{folder}/d/e")
    for mode in ("rb", "wb", "xb"):
        with pytest.raises(IsADirectoryError):
            fs.open(folder, mode)
    with pytest.raises(IsADirectoryError):
        fs.rm(f"{folder}/d")
    with pytest.raises(ValueError, match="control character"):
        fs.ls(f"{folder}/a\nb")
    with pytest.raises(NotImplementedError):
        fs.open(f"{folder}/f", "ab")
    assert not fs.exists(f"{folder}/none")


def test_an_unreachable_door_is_not_an_empty_one(
    site: Door, folder: str, fs: DCacheFileSystem
) -> None:
    fs.pipe(f"{folder}/d/f", b"x")
    for call in (fs.exists, fs.isdir, fs.isfile):
        site.fault("status", status=503, server="frontend")
        with pytest.raises(OSError, match="refused to look"):
            call(f"{folder}/d")
    site.fault("status", status=503, server="frontend", prefix=f"/api/v1/namespace{folder}/d")
    with pytest.raises(OSError, match="refused to list"):
        list(fs.walk(folder))
    site.fault("status", status=403, server="frontend", prefix=f"/api/v1/namespace{folder}/d")
    with pytest.raises(PermissionError):
        fs.find(folder)


def test_pickled_without_a_secret(
    site: Door, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write_endpoint(tmp_path, name="spider")
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path))
    token_file = tmp_path / "spider.token"
    for fs in (
        DCacheFileSystem(),
        DCacheFileSystem(endpoint="spider"),
        DCacheFileSystem(
            api_url=site.api_url, webdav_url=site.webdav_url, token_file=str(token_file)
        ),
        DCacheFileSystem(token_file=str(token_file)),
    ):
        fs.pipe(f"{folder}/f", b"hello")
        pickled = pickle.dumps(fs)
        assert site.token.encode() not in pickled
        assert pickle.loads(pickled).cat(f"{folder}/f") == b"hello"
        with fs.open(f"{folder}/f") as file:
            file.read(2)
            pickled = pickle.dumps(file)
        assert site.token.encode() not in pickled
        with pickle.loads(pickled) as again:
            assert again.read() == b"llo"


def test_secrets_do_not_show(site: Door) -> None:
    for fs in (
        DCacheFileSystem(api_url=site.api_url, webdav_url=site.webdav_url, token="geheim"),
        DCacheFileSystem(
            api_url=site.api_url, webdav_url=site.webdav_url, username="alice", password="geheim"
        ),
    ):
        assert "geheim" not in repr(fs)
        assert "geheim" not in str(fs.endpoint)
        with pytest.raises(PermissionError) as caught:
            fs.ls("/")
        assert "geheim" not in str(caught.value)
        assert "geheim" not in json.dumps(caught.value.as_dict())


def test_basic_and_a_named_endpoint(
    site: Door, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs = DCacheFileSystem(
        api_url=site.api_url, webdav_url=site.webdav_url, username="alice", password=site.password
    )
    assert fs.ls(folder) == []
    site.write_endpoint(tmp_path, name="spider")
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path))
    # fsspec's configuration describes another dCache; its token must not reach the named one.
    elsewhere = {"api_url": "http://127.0.0.1:9/api/v1", "webdav_url": "http://127.0.0.1:9"}
    monkeypatch.setattr(fsspec.config, "conf", {"dcache": {**elsewhere, "token": "other"}})
    monkeypatch.setattr(fsspec.spec, "conf", fsspec.config.conf)
    assert fsspec.filesystem("dcache", endpoint="spider").ls(folder) == []


def test_fsspec_configuration(site: Door, folder: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "RSDAT_HOME": str(tmp_path),
        "FSSPEC_DCACHE_API_URL": site.api_url,
        "FSSPEC_DCACHE_WEBDAV_URL": site.webdav_url,
        "FSSPEC_DCACHE_TOKEN": site.token,
        "FSSPEC_DCACHE_BLOCK_SIZE": "65536",
    }
    code = (
        f"import fsspec; fs = fsspec.filesystem('dcache'); print(fs.ls('{folder}'), fs.block_size)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[] 65536", done.stderr


def test_what_it_does_not_take(site: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"No dCache endpoint is configured\. Add one"):
        DCacheFileSystem()
    with pytest.raises(ValueError, match="is an address, not a path"):
        DCacheFileSystem._strip_protocol(f"{site.webdav_url}/a?authz=geheim")


def test_many_threads(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    def work(number: int) -> bytes:
        fs.pipe(f"{folder}/{number}", b"x" * number)
        with fs.open(f"{folder}/{number}") as file:
            data: bytes = file.read()
        return data

    with ThreadPoolExecutor(8) as pool:
        assert [len(data) for data in pool.map(work, range(24))] == list(range(24))


def test_asynchronous(site: Door, folder: str) -> None:
    async def work() -> None:
        fs = DCacheFileSystem(
            api_url=site.api_url,
            webdav_url=site.webdav_url,
            token=site.token,
            asynchronous=True,
            skip_instance_cache=True,
        )
        await fs._pipe_file(f"{folder}/f", b"12345")
        assert await fs._cat_file(f"{folder}/f", 1, 3) == b"23"
        assert await fs._ls(folder, detail=False) == [f"{folder}/f"]
        await fs.aclose()

    for _ in range(2):
        asyncio.run(work())
