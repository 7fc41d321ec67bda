"""What fsspec has no words for: details by name, checksums, labels, tape, quota, macaroons."""

from __future__ import annotations

import asyncio
import hashlib
import urllib.request
import zlib
from datetime import timedelta
from pathlib import Path

import pytest

from rsdat.base.errors import OnTape, RsdatError
from rsdat.dcache import DCacheFileSystem, fs_beyond
from rsdat.dcache.fs_beyond import DETAILS
from rsdat.dcache.orders.record import OrderFolder
from tests.support.door import Door


def test_info_is_cheap_unless_asked(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    fs.pipe(f"{folder}/f", b"hello")
    site.forget()
    info = fs.info(f"{folder}/f")
    assert "checksums" not in info
    assert site.requests("frontend")[0]["query"] == "locality=true"
    site.forget()
    info = fs.info(f"{folder}/f", details=["checksums", "labels", "mode", "pnfs_id"])
    assert info["checksums"] == {"adler32": f"{zlib.adler32(b'hello'):08x}"}
    assert info["labels"] == []
    assert isinstance(info["mode"], int)
    assert info["pnfs_id"]
    assert "qos" not in info
    # One request, and no question to dCache's pin manager.
    assert [r["query"] for r in site.requests("frontend")] == [
        "checksum=true&labels=true&locality=true"
    ]
    everything = fs.info(f"{folder}/f", details="all")
    assert set(DETAILS) <= set(everything)
    with pytest.raises(ValueError, match="no detail 'colour'"):
        fs.info(f"{folder}/f", details="colour")


def test_checksums(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    fs.pipe(f"{folder}/f", b"hello")
    assert fs.checksum(f"{folder}/f", "adler32") == f"{zlib.adler32(b'hello'):08x}"
    with pytest.raises(FileNotFoundError, match="It keeps adler32"):
        fs.checksum(f"{folder}/f", "md5")
    assert fs.checksum(f"{folder}/f", "MD5", compute=True) == hashlib.md5(b"hello").hexdigest()
    assert fs.checksum(f"{folder}/f", "sha-256", compute=True) == (
        hashlib.sha256(b"hello").hexdigest()
    )
    with pytest.raises(ValueError, match="no checksum 'crc'"):
        fs.checksum(f"{folder}/f", "crc")


def test_labels_and_attributes(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    path = f"{folder}/a;b %.txt"
    fs.pipe(path, b"x")
    fs.add_label(path, ["one", "two"])
    fs.remove_label(path, "one")
    assert fs.labels(path) == ["two"]
    fs.set_xattr(path, {"crs": "EPSG:28992", "tile": "31UFT"})
    fs.rm_xattr(path, "tile")
    assert fs.xattrs(path)["crs"] == "EPSG:28992"
    assert "tile" not in fs.xattrs(path)
    with pytest.raises(OSError, match="No such attribute"):
        fs.rm_xattr(path, "tile")


def test_tape(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    names = [f"{folder}/{name}" for name in ("a", "b", "d/c")]
    for name in names:
        fs.pipe(name, b"x")
        site.set_file(name, locality="NEARLINE")
    assert fs.locality(names) == dict.fromkeys(names, "NEARLINE")
    with pytest.raises(OnTape):
        fs.cat(names[0])
    # A folder stands for all that is in it.
    assert len(fs.stage(folder, keep=timedelta(hours=1), wait=30)) == 1
    assert set(fs.locality(names).values()) == {"ONLINE_AND_NEARLINE"}
    assert fs.cat(names[2]) == b"x"
    assert not [path for path in site.sweep() if path.startswith(folder)]
    fs.pin(names[0], keep=3600)
    assert fs.release(folder) is True
    with pytest.raises(FileNotFoundError):
        fs.stage(f"{folder}/none")
    with pytest.raises(ValueError, match="at least one second"):
        fs.stage(names, keep=0)
    fs.mkdir(f"{folder}/empty")
    with pytest.raises(FileNotFoundError, match="no files"):
        fs.stage(f"{folder}/empty")


def test_waiting_for_tape_ends(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    fs.pipe(f"{folder}/f", b"x")
    site.set_file(f"{folder}/f", locality="NEARLINE", stage_delay_s=600)
    with pytest.raises(OnTape, match="1 of 1 files are not on disk after 1 s"):
        fs.stage(f"{folder}/f", wait=1)


def test_what_dcache_took_is_known_after_a_failure(
    site: Door, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ids are in the error, and Lab lists the order: a limit, a refusal, a lost file."""
    home = tmp_path / "home"
    monkeypatch.setenv("RSDAT_HOME", str(home))
    site.write_endpoint(home)
    monkeypatch.setattr(fs_beyond, "MAX_PATHS", 2)
    fs = DCacheFileSystem(endpoint="default", skip_instance_cache=True)
    names = [f"{folder}/{name}" for name in ("a", "b", "c")]
    for name in names:
        fs.pipe(name, b"x")
        site.set_file(name, locality="NEARLINE", stage_delay_s=600)

    def fails(kind: type[OSError], wait: float | None, took: int) -> OSError:
        with pytest.raises(kind) as caught:
            fs.stage(names, keep=3600, wait=wait)
        error = caught.value
        assert isinstance(error, RsdatError)
        assert len(error.details["requests"]) == took
        assert error.details["requests"][0] in str(error)
        assert "Lab lists" in str(error)
        order = OrderFolder(home / "tape" / error.details["order"])
        record = order.load()
        parts = record.parts or []
        assert (record.activity, record.state, record.keep_s) == ("stage", "running", 3600)
        assert [part.request for part in parts] == error.details["requests"]
        assert order.read_paths("targets") == names[: 2 * took]
        return error

    assert isinstance(fails(OSError, 0, took=2), OnTape)
    site.fault("status", server="frontend", method="POST", prefix="/api/v1/tape", skip=1)
    fails(OSError, None, took=1)
    # The first look is before dCache is asked.
    site.fault(
        "vanish", server="frontend", method="GET", prefix=f"/api/v1/namespace{names[2]}", skip=1
    )
    fails(FileNotFoundError, 5, took=2)


def test_a_door_that_is_not_configured_has_no_orders_in_lab(
    site: Door, folder: str, fs: DCacheFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path))
    fs.pipe(f"{folder}/f", b"x")
    site.set_file(f"{folder}/f", locality="NEARLINE", stage_delay_s=600)
    with pytest.raises(OnTape, match=r"with the request [^,]*\. Ask locality") as caught:
        fs.stage(f"{folder}/f", wait=0)
    assert len(caught.value.details["requests"]) == 1
    assert not (tmp_path / "tape").exists()


def test_quota(site: Door, fs: DCacheFileSystem) -> None:
    try:
        found = fs.quota()
    except FileNotFoundError as error:
        assert "quota" in str(error)  # noqa: PT017 – both are answers of a dCache
        return
    assert {each["kind"] for each in found} <= {"user", "group"}
    assert all(set(each["used"]) == {"custodial", "replica", "output"} for each in found)


def test_a_narrower_macaroon(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    fs.pipe({f"{folder}/in/f": b"hello", f"{folder}/out/f": b"x"})
    token = fs.macaroon(f"{folder}/in", ["DOWNLOAD", "LIST"], validity=timedelta(minutes=5))
    assert token != site.token
    narrow = DCacheFileSystem(api_url=site.api_url, webdav_url=site.webdav_url, token=token)
    assert narrow.cat(f"{folder}/in/f") == b"hello"
    with pytest.raises(PermissionError):
        narrow.cat(f"{folder}/out/f")
    with pytest.raises(PermissionError):
        narrow.pipe(f"{folder}/in/g", b"x")
    with pytest.raises(ValueError, match="no activity 'READ'"):
        fs.macaroon(folder, "READ")


def test_a_link_opens_one_file(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    fs.pipe(f"{folder}/a #1.txt", b"hello")
    with urllib.request.urlopen(fs.sign(f"{folder}/a #1.txt", expiration=60), timeout=30) as answer:
        assert answer.read() == b"hello"


def test_asynchronous_forms(site: Door, folder: str) -> None:
    async def work() -> None:
        fs = DCacheFileSystem(
            api_url=site.api_url,
            webdav_url=site.webdav_url,
            token=site.token,
            asynchronous=True,
            skip_instance_cache=True,
        )
        await fs._pipe_file(f"{folder}/f", b"hello")
        await fs._add_label(f"{folder}/f", "x")
        assert await fs._labels(f"{folder}/f") == ["x"]
        assert await fs._checksum(f"{folder}/f", "adler32") == f"{zlib.adler32(b'hello'):08x}"
        assert await fs._locality(f"{folder}/f") == "ONLINE"
        await fs.aclose()

    asyncio.run(work())
