"""Writing through the fsspec class: whole or not at all, never twice, with its progress."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.callbacks import Callback

from rsdat.dcache import DCacheFileSystem
from tests.support.dcache import in_another_process, names
from tests.support.door import Door


def test_writing(
    site: Door, folder: str, fs: DCacheFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{folder}/new/f"
    with fs.open(path, "wb") as file:
        assert file.write(b"hello ") == 6
        file.write(memoryview(b"world"))
        assert file.tell() == 11
        assert file.seek(0, os.SEEK_END) == 11
        with pytest.raises(OSError, match="seekable=True"):
            file.seek(0)
        assert not fs.exists(path)
    assert fs.cat(path) == b"hello world"
    with fs.open(path, "wb", seekable=True) as file:
        file.write(b"hello world")
        file.seek(0)
        file.write(b"J")
        assert file.read(4) == b"ello"
        file.truncate(7)
    assert fs.cat(path) == b"Jello w"
    with fs.open(path, "w", encoding="utf-8") as text:
        text.write("é")
    assert fs.cat(path) == "é".encode()
    with pytest.raises(FileExistsError):
        fs.open(path, "xb")
    exclusive = fs.open(f"{folder}/late", "xb")
    fs.pipe(f"{folder}/late", b"theirs")
    with pytest.raises(FileExistsError):
        exclusive.close()
    assert fs.cat(f"{folder}/late") == b"theirs"
    fs.touch(f"{folder}/empty")
    assert fs.size(f"{folder}/empty") == 0
    fs.touch(path)
    assert fs.size(path) == 0
    fs.pipe(path, b"kept")
    with pytest.raises(NotImplementedError, match="can't change a file's time"):
        fs.touch(path, truncate=False)
    assert fs.cat(path) == b"kept"
    monkeypatch.setattr(fs, "exists", lambda *_, **__: False)  # it came after the look
    with pytest.raises(NotImplementedError, match="can't change a file's time"):
        fs.touch(path, truncate=False)
    monkeypatch.undo()
    assert fs.cat(path) == b"kept"
    fs.touch(f"{folder}/untouched", truncate=False)
    assert fs.size(f"{folder}/untouched") == 0
    for mode in ("ab", "r+b", "a"):
        with pytest.raises(NotImplementedError, match="written once and whole"):
            fs.open(path, mode)


def test_a_zip_is_written_as_a_stream(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    with fs.open(f"{folder}/f.zip", "wb") as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", b"1")
        archive.writestr("b", b"2")
    with fs.open(f"{folder}/f.zip") as file, zipfile.ZipFile(file) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"a": b"1", "b": b"2"}
    with fs.open(f"{folder}/one.zip", "wb", compression="zip") as file:
        file.write(b"zipped")
    with fs.open(f"{folder}/one.zip", compression="zip") as file:
        assert file.read() == b"zipped"


@pytest.mark.parametrize(
    ("compression", "ending"), [("gzip", ".gz"), ("bz2", ".bz2"), ("xz", ".xz")]
)
@pytest.mark.parametrize("mode", ["wb", "wt", "xb"])
def test_compressed(
    site: Door, folder: str, fs: DCacheFileSystem, compression: str, ending: str, mode: str
) -> None:
    path, data = f"{folder}/f{ending}", b"0123456789" * 30_000
    written: Any = data.decode() if mode == "wt" else data
    with fs.open(path, mode, compression=compression) as file:
        file.write(written)
        assert not fs.exists(path)
    for how in (compression, "infer"):
        with fs.open(path, compression=how) as file:
            assert file.read() == data
    assert fs.size(path) < len(data)
    # An exception leaves the old file, a compression that is none leaves nothing.
    again = fs.open(path, "w" if mode == "wt" else "wb", compression="infer")
    with pytest.raises(RuntimeError):
        write_and_fail(again, mode[-1].replace("t", "w"))
    with pytest.raises(ValueError, match="nonesuch"):
        fs.open(f"{folder}/other", "wb", compression="nonesuch")
    with fs.open(path, compression="infer") as file:
        assert file.read() == data
    assert names(site, folder) == [f"f{ending}"]


def test_compressed_where_dcache_takes_no_more(
    site: Door, folder: str, fs: DCacheFileSystem
) -> None:
    file = fs.open(f"{folder}/f.gz", "wb", compression="gzip")
    file.write(os.urandom(100_000))
    site.fault("cut_upload", server="pool", method="PUT", at_bytes=1000)
    with pytest.raises(OSError, match="broke"):
        file.close()
    assert names(site, folder) == []


def write_and_fail(opened: Any, mode: str) -> None:
    with opened as file:
        file.write("half" if mode == "w" else b"half")
        raise RuntimeError("the computation failed")


@pytest.mark.parametrize("mode", ["wb", "w"])
def test_nothing_is_written_after_an_exception(
    site: Door,
    folder: str,
    fs: DCacheFileSystem,
    mode: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site.write_endpoint(tmp_path)
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path))
    fs.pipe(f"{folder}/f", b"old")
    for opened in (fs.open(f"{folder}/f", mode), fsspec.open(f"dcache://{folder}/f", mode)):
        with pytest.raises(RuntimeError):
            write_and_fail(opened, mode)
        assert fs.cat(f"{folder}/f") == b"old"
    # In an except block it is written all the same, if it was opened there.
    try:
        raise ValueError("something else")
    except ValueError:
        with fs.open(f"{folder}/f", "wb") as file:
            file.write(b"new")
    assert fs.cat(f"{folder}/f") == b"new"
    assert names(site, folder) == ["f"]


def test_a_file_that_was_never_closed(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    file = fs.open(f"{folder}/f", "wb")
    file.write(b"half")
    with pytest.warns(UserWarning, match="never closed"):
        del file
    assert not fs.exists(f"{folder}/f")


def test_transaction(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    with fs.transaction:
        for name in ("a", "b"):
            with fs.open(f"{folder}/{name}", "wb") as file:
                file.write(b"x")
        assert not any(fs.exists(f"{folder}/{name}") for name in ("a", "b"))
        # Both are on dCache already: that there is no room for one shows before the other stands.
        assert [len(name) for name in names(site, folder)] == [28, 28]
    assert names(site, folder) == ["a", "b"]

    def fail() -> None:
        with fs.transaction:
            with fs.open(f"{folder}/c", "wb") as file:
                file.write(b"x")
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fail()
    assert names(site, folder) == ["a", "b"]


def test_large_file_is_not_held_in_memory(site: Door, folder: str, tmp_path: Path) -> None:
    site.write_endpoint(tmp_path)
    code = f"""
import resource, fsspec
fs = fsspec.filesystem("dcache")
fs.ls("/")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with fs.open("{folder}/f", "wb") as file:
    for number in range(200):
        file.write(bytes([number]) * 2**20)
with fs.open("{folder}/f", "rb") as file:
    for number in range(200):
        assert file.read(2**20) == bytes([number]) * 2**20
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    grown_kib = int(in_another_process(tmp_path, code))
    assert grown_kib < 64 * 1024
    assert (site.root / folder[1:] / "f").stat().st_size == 200 * 2**20


def test_mv(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    fs.pipe({f"{folder}/a": b"a", f"{folder}/b": b"b", f"{folder}/d/c": b"c"})
    with pytest.raises(FileExistsError):
        fs.mv(f"{folder}/a", f"{folder}/b")
    assert (fs.cat(f"{folder}/a"), fs.cat(f"{folder}/b")) == (b"a", b"b")
    fs.mv(f"{folder}/a", f"{folder}/a")
    fs.mv(f"{folder}/a", f"{folder}/d")
    fs.mv(f"{folder}/d", f"{folder}/e", recursive=True)
    assert fs.find(folder) == [f"{folder}/b", f"{folder}/e/a", f"{folder}/e/c"]
    with pytest.raises(FileNotFoundError):
        fs.mv(f"{folder}/b", f"{folder}/no/b")
    with pytest.raises(NotImplementedError, match="no maxdepth"):
        fs.mv(f"{folder}/e", f"{folder}/f", recursive=True, maxdepth=1)
    fs.mv([f"dcache://{folder}/b"], [f"dcache://{folder}/z"])
    fs.mv(f"{folder}/e/*", f"{folder}")
    assert names(site, folder) == ["a", "c", "e", "z"]


def test_get_and_put_tell_their_progress(
    site: Door, folder: str, fs: DCacheFileSystem, tmp_path: Path
) -> None:
    data = os.urandom(3_500_000)
    (tmp_path / "f").write_bytes(data)

    class Progress(Callback):
        def branched(self, path_1: str, path_2: str, **kwargs: Any) -> Progress:
            self.child = Progress()
            return self.child

    for move in (
        lambda progress: fs.put(str(tmp_path / "f"), f"{folder}/f", callback=progress),
        lambda progress: fs.get(f"{folder}/f", str(tmp_path / "g"), callback=progress),
    ):
        progress = Progress()
        move(progress)
        assert (progress.size, progress.value) == (1, 1)
        assert (progress.child.size, progress.child.value) == (len(data), len(data))
    assert (tmp_path / "g").read_bytes() == data
    fs.get_file(f"{folder}/f", "/dev/null")
    with (tmp_path / "h").open("wb") as file:
        fs.get_file(f"{folder}/f", file)
    assert (tmp_path / "h").read_bytes() == data


def test_a_download_that_fails_leaves_the_local_file(
    site: Door, folder: str, fs: DCacheFileSystem, tmp_path: Path
) -> None:
    fs.pipe(f"{folder}/f", b"x" * 1000)
    (tmp_path / "f").write_text("mine")
    site.fault("cut_download", at_bytes=10, server="pool", times=100)
    with pytest.raises(OSError, match="broke off"):
        fs.get(f"{folder}/f", str(tmp_path / "f"))
    assert (tmp_path / "f").read_text() == "mine"
    assert [each.name for each in tmp_path.iterdir()] == ["f"]
