"""Transfers by their routes: upload, download, copy; questions, cancel, retry, forget."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import tarfile
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.door import Door
from tests.support.server import Lab, check, check_error, until
from tests.support.transfers import Transfers, listing, names

CONTENT = "/transfers/{id}/content"


async def test_upload(transfers: Transfers, folder: str, place: Path) -> None:
    """Files with folders, sent one by one; done when the last has come."""
    files = {"a.txt": b"one", "sub/deep/b.bin": b"x" * 100_000, "sub/empty": b""}
    made = await transfers.begin("upload", destination=("default", folder), files=listing(files))
    assert (made["state"], made["files"]["total"], made["bytes"]["total"]) == (
        "waiting",
        3,
        100_003,
    )
    assert made["title"] == "a.txt and 1 more (3 files)"
    assert made["content"] == f"rsdat/transfers/{made['id']}/content"
    for path, body in files.items():
        response = await transfers.send(made["id"], path, body)
        assert response.code == 201, response.body
        assert check("PUT", CONTENT, response)["path"] == f"{folder}/{path}"
    ended = await transfers.done(made["id"])
    assert ended["verified"] == "adler32"
    assert ended["files"] == {"total": 3, "done": 3, "skipped": 0, "failed": 0}
    assert ended["bytes"] == {"total": 100_003, "done": 100_003}
    assert {path: (place / path).read_bytes() for path in files} == files
    assert names(place) == ["a.txt", "sub", "sub/deep", "sub/deep/b.bin", "sub/empty"]


async def test_upload_conflicts(transfers: Transfers, folder: str, place: Path) -> None:
    """Nothing is replaced unasked; each answer does what it says, for one or for all."""
    for name in "abcde":
        (place / name).write_bytes(b"old")
    files = {name: b"new " + name.encode() for name in "abcde"}
    made = await transfers.begin("upload", destination=("default", folder), files=listing(files))
    id_ = made["id"]
    check_error(await transfers.send(id_, "a", files["a"]), 409, "exists")
    asking = await transfers.get(id_)
    assert asking["state"] == "asking"
    assert asking["question"]["path"] == f"{folder}/a"
    assert (asking["question"]["size"], asking["question"]["new_size"]) == (3, 5)
    # By the page itself, in the query.
    assert (await transfers.send(id_, "a", files["a"], "replace")).code == 200
    assert (await transfers.get(id_))["question"] is None
    assert (await transfers.send(id_, "b", files["b"], "keep-both")).code == 201
    # By an answer.
    check_error(await transfers.send(id_, "c", files["c"]), 409, "exists")
    await transfers.answer(id_, f"{folder}/c", "skip")
    check_error(await transfers.send(id_, "c", files["c"]), 409, "skipped")
    check_error(await transfers.send(id_, "d", files["d"]), 409, "exists")
    await transfers.answer(id_, f"{folder}/d", "keep-both", for_all=True)
    for name in "de":
        assert (await transfers.send(id_, name, files[name])).code == 201
    ended = await transfers.done(id_)
    assert ended["files"] == {"total": 5, "done": 4, "skipped": 1, "failed": 0}
    texts = {path.name: path.read_text() for path in place.iterdir()}
    assert texts == {
        "a": "new a", "b": "old", "b (1)": "new b", "c": "old",
        "d": "old", "d (1)": "new d", "e": "old", "e (1)": "new e",
    }  # fmt: skip


@pytest.mark.parametrize("policy", ["replace", "keep-both", "skip"])
async def test_upload_conflict_said_beforehand(
    transfers: Transfers, folder: str, place: Path, policy: str
) -> None:
    """No question at all."""
    (place / "a").write_bytes(b"old")
    made = await transfers.begin(
        "upload", destination=("default", folder), files=listing({"a": b"new"}), conflict=policy
    )
    response = await transfers.send(made["id"], "a", b"new")
    assert response.code == {"replace": 200, "keep-both": 201, "skip": 409}[policy]
    await transfers.done(made["id"])
    texts = {path.name: path.read_text() for path in place.iterdir()}
    assert (
        texts
        == {
            "replace": {"a": "new"},
            "keep-both": {"a": "old", "a (1)": "new"},
            "skip": {"a": "old"},
        }[policy]
    )


async def test_download_file(transfers: Transfers, folder: str, place: Path) -> None:
    """Whole, as an attachment; a second fetch needs a retry."""
    (place / "é x.bin").write_bytes(b"0123456789")
    made = await transfers.begin("download", source=("default", f"{folder}/é x.bin"), format="file")
    assert (made["state"], made["bytes"]["total"], made["title"]) == ("waiting", 10, "é x.bin")
    response = await transfers.fetch(made["id"])
    assert (response.code, response.body) == (200, b"0123456789")
    assert response.headers["Content-Disposition"].endswith("UTF-8''%C3%A9%20x.bin")
    ended = await transfers.done(made["id"])
    assert (ended["verified"], ended["can"]) == ("adler32", ["forget"])
    check_error(await transfers.fetch(made["id"]), 409, "done")


async def test_download_in_ranges(transfers: Transfers, folder: str, place: Path) -> None:
    """As a browser resumes: by Range and If-Range; verified as a whole all the same."""
    (place / "f").write_bytes(b"0123456789")
    made = await transfers.begin("download", source=("default", f"{folder}/f"))
    first = await transfers.fetch(made["id"], Range="bytes=0-3")
    assert (first.code, first.body) == (206, b"0123")
    assert first.headers["Content-Range"] == "bytes 0-3/10"
    etag = first.headers["ETag"]
    other = await transfers.fetch(made["id"], Range="bytes=4-5", If_Range='"other"')
    assert other.code == 200
    await transfers.act(made["id"], "seen")
    made = await transfers.begin("download", source=("default", f"{folder}/f"))
    rest = await transfers.fetch(made["id"], Range="bytes=4-", If_Range=etag)
    assert (rest.code, rest.body) == (206, b"456789")
    assert (await transfers.done(made["id"]))["verified"] == "adler32"
    made = await transfers.begin("download", source=("default", f"{folder}/f"))
    assert (await transfers.fetch(made["id"], Range="bytes=10-")).code == 416


@pytest.mark.parametrize("format_", ["zip", "tar"])
async def test_download_archive(
    transfers: Transfers, folder: str, place: Path, format_: str
) -> None:
    """A folder with odd names, an empty file and an empty folder."""
    files = {"a b.txt": b"1", "日本/🛰 #?%.bin": b"x" * 70_000, "日本/empty": b""}
    (place / "top" / "日本").mkdir(parents=True)
    (place / "top" / "none").mkdir()
    for path, body in files.items():
        (place / "top" / path).write_bytes(body)
    made = await transfers.begin("download", source=("default", f"{folder}/top"), format=format_)
    response = await transfers.fetch(made["id"])
    assert response.code == 200
    assert f'filename="top.{format_}"' in response.headers["Content-Disposition"]
    if format_ == "zip":
        with zipfile.ZipFile(io.BytesIO(response.body)) as found:
            assert found.testzip() is None
            got = {name: found.read(name) for name in found.namelist() if not name.endswith("/")}
            folders = {name.rstrip("/") for name in found.namelist() if name.endswith("/")}
    else:
        with tarfile.open(fileobj=io.BytesIO(response.body)) as tar:
            got = {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}  # type: ignore[union-attr]
            folders = {m.name for m in tar if m.isdir()}
    assert got == {f"top/{path}": body for path, body in files.items()}
    assert folders == {"top", "top/日本", "top/none"}
    ended = await transfers.done(made["id"])
    assert ended["verified"] == "adler32"


@pytest.mark.parametrize("format_", ["zip", "tar"])
async def test_failure_in_an_archive(
    transfers: Transfers, folder: str, place: Path, dcache: Door, format_: str
) -> None:
    """It is told inside and by the transfer; the others are whole."""
    for name in ("a", "b", "c"):
        (place / name).write_bytes(name.encode() * 10)
    dcache.set_file(f"{folder}/b", locality="NEARLINE")
    paths = [f"{folder}/{name}" for name in "abc"]
    made = await transfers.begin("download", source=("default", *paths), format=format_)
    response = await transfers.fetch(made["id"])
    if format_ == "zip":
        with zipfile.ZipFile(io.BytesIO(response.body)) as found:
            got = {name: found.read(name) for name in found.namelist()}
    else:
        with tarfile.open(fileobj=io.BytesIO(response.body)) as tar:
            got = {m.name: tar.extractfile(m).read() for m in tar}  # type: ignore[union-attr]
    assert sorted(got) == ["FAILED.txt", "a", "c"]
    assert b"is on tape" in got["FAILED.txt"]
    ended = await transfers.until(made["id"])
    assert (ended["state"], ended["files"]["done"], ended["files"]["failed"]) == ("failed", 2, 1)
    assert ended["failures"][0]["path"] == f"{folder}/b"
    assert "Stage it first" in ended["failures"][0]["hint"]
    # Staged, everything comes again.
    dcache.set_file(f"{folder}/b", locality="ONLINE")
    await transfers.act(made["id"], "retry")
    assert (await transfers.fetch(made["id"])).code == 200
    assert (await transfers.done(made["id"]))["files"]["done"] == 3


async def test_copy_to_workspace_and_back(transfers: Transfers, folder: str, place: Path) -> None:
    """A folder there and back again, hidden files in it included."""
    (place / "top" / "s p").mkdir(parents=True)
    (place / "top" / ".zarray").write_bytes(b"{}")
    (place / "top" / "s p" / "é").write_bytes(b"x" * 3_000_000)
    (place / "top" / "none").mkdir()
    made = await transfers.begin(
        "copy", source=("default", f"{folder}/top"), destination=(None, "")
    )
    ended = await transfers.done(made["id"])
    assert ended["verified"] == "adler32"
    assert names(transfers.root / "top") == [".zarray", "none", "s p", "s p/é"]
    assert (transfers.root / "top/s p/é").read_bytes() == b"x" * 3_000_000
    (place / "back").mkdir()
    made = await transfers.begin(
        "copy", source=(None, "top"), destination=("default", f"{folder}/back")
    )
    ended = await transfers.done(made["id"])
    assert ended["verified"] == "adler32"
    assert ended["bytes"] == {"total": 3_000_002, "done": 3_000_002}
    assert names(place / "back" / "top") == names(transfers.root / "top")


async def test_copy_within_dcache(
    transfers: Transfers, folder: str, place: Path, dcache: Door
) -> None:
    """Of one endpoint; also beside itself under a numbered name, never into itself."""
    (place / "a").mkdir()
    (place / "a" / "f.tif").write_bytes(b"bytes")
    (place / "b").mkdir()
    source = ("default", f"{folder}/a")
    made = await transfers.begin("copy", source=source, destination=("default", f"{folder}/b"))
    assert (await transfers.done(made["id"]))["verified"] == "adler32"
    assert (place / "b/a/f.tif").read_bytes() == b"bytes"
    # The bytes went from pool to pool, and none of them by us.
    assert [each["status"] for each in dcache.requests(method="COPY")] == [202]
    assert not dcache.requests("pool", "PUT")
    # Where the door refuses, they come by us.
    for _ in range(2):
        dcache.fault("status", method="COPY", status=501)
    (place / "c").mkdir()
    made = await transfers.begin("copy", source=source, destination=("default", f"{folder}/c"))
    assert (await transfers.done(made["id"]))["verified"] == "adler32"
    assert (place / "c/a/f.tif").read_bytes() == b"bytes"
    assert len(dcache.requests("pool", "PUT")) == 1
    assert not [name for name in names(place) if ".rsdat-" in name]
    made = await transfers.begin(
        "copy",
        source=("default", f"{folder}/a/f.tif"),
        destination=("default", f"{folder}/a"),
        conflict="keep-both",
    )
    await transfers.done(made["id"])
    assert names(place / "a") == ["f (1).tif", "f.tif"]
    response = await transfers.lab.ask(
        "POST",
        "/api/transfers",
        value={
            "kind": "copy",
            "source": {"endpoint": "default", "paths": [f"{folder}/a"]},
            "destination": {"endpoint": "default", "paths": [f"{folder}/a"]},
        },
    )
    check_error(response, 400, "into_itself")


async def test_copy_asks(transfers: Transfers, folder: str, place: Path) -> None:
    """One question at a time; other files go on; the old file stands until it is answered."""
    for name in ("a", "b", "c", "d"):
        (place / name).write_bytes(b"new " + name.encode())
    for name in ("a", "b", "c"):
        (transfers.root / name).write_bytes(b"old")
    paths = [f"{folder}/{name}" for name in "abcd"]
    made = await transfers.begin("copy", source=("default", *paths), destination=(None, ""))
    asking = await transfers.until(made["id"], "asking")
    await until(lambda: (transfers.root / "d").exists())
    first = asking["question"]["path"]
    assert first in ("/a", "/b", "/c")
    answered = await transfers.answer(made["id"], first, "replace")
    assert answered["state"] in ("running", "asking")

    async def next_question() -> str | None:
        question = (await transfers.get(made["id"]))["question"]
        return question and question["path"] != first and question["path"]

    second = await until(next_question)
    await transfers.answer(made["id"], second, "keep-both", for_all=True)
    await transfers.done(made["id"])
    texts = {path.name: path.read_text() for path in transfers.root.iterdir() if path.is_file()}
    one = first[1:]
    others = [name for name in "abc" if name != one]
    assert texts == {
        "d": "new d",
        one: f"new {one}",
        **dict.fromkeys(others, "old"),
        **{f"{name} (1)": f"new {name}" for name in others},
    }


async def test_what_is_refused(transfers: Transfers, folder: str, place: Path) -> None:
    """In words, and nothing is begun."""
    (place / "f").write_bytes(b"x")
    lab = transfers.lab
    here, there = {"endpoint": None, "paths": [""]}, {"endpoint": "default", "paths": [folder]}
    f = {"endpoint": "default", "paths": [f"{folder}/f"]}
    for request, status, code in (
        ({"kind": "copy", "source": f}, 400, "invalid_input"),
        ({"kind": "copy", "source": f, "destination": f}, 409, "not_a_folder"),
        ({"kind": "copy", "source": here, "destination": here}, 400, "invalid_input"),
        ({"kind": "copy", "source": f, "destination": {**here, "paths": [".."]}}, 400, "bad_path"),
        ({"kind": "copy", "source": f, "destination": {**here, "paths": [".ssh"]}}, 404, "hidden"),
        ({"kind": "copy", "source": f, "destination": {**here, "paths": ["n"]}}, 404, "not_found"),
        ({"kind": "upload", "destination": there}, 400, "invalid_input"),
        ({"kind": "upload", "destination": there, "files": [{"path": "x"}]}, 400, "invalid_input"),
        ({"kind": "upload", "destination": there, "files": []}, 400, "invalid_input"),
        ({"kind": "download", "source": there}, 400, "invalid_input"),
        ({"kind": "download", "source": {**f, "endpoint": "nope"}}, 404, "not_found"),
        ({"kind": "download", "source": {**f, "paths": [f"{folder}/no"]}}, 404, "not_found"),
        ({"kind": "move"}, 400, "invalid_input"),
    ):
        response = await lab.ask("POST", "/api/transfers", value=request)
        check_error(response, status, code)
    assert await lab.call("GET", "/api/transfers", 200) == {"transfers": []}
    check_error(await lab.ask("GET", "/api/transfers/nope"), 404, "not_found")
    check_error(await lab.ask("GET", "/transfers/nope/content"), 404, "not_found")
    check_error(await lab.ask("DELETE", "/api/transfers/nope"), 404, "not_found")


async def test_on_tape(transfers: Transfers, folder: str, place: Path, dcache: Door) -> None:
    """Told at once, with what to do."""
    (place / "t").mkdir()
    for name in ("a", "b"):
        (place / "t" / name).write_bytes(b"x")
    dcache.set_file(f"{folder}/t/a", locality="NEARLINE")
    source = {"endpoint": "default", "paths": [f"{folder}/t/a"]}
    response = await transfers.lab.ask(
        "POST", "/api/transfers", value={"kind": "download", "source": source}
    )
    assert "Stage it first" in check_error(response, 409, "on_tape")["hint"]
    made = await transfers.begin("copy", source=("default", f"{folder}/t"), destination=(None, ""))
    ended = await transfers.until(made["id"])
    assert (ended["state"], ended["files"]["done"]) == ("failed", 2)
    assert "is on tape" in ended["problem"]["message"]
    assert names(transfers.root / "t") == ["b"]
    dcache.set_file(f"{folder}/t/a", locality="ONLINE")
    before = len(dcache.requests("pool", "GET"))
    await transfers.act(made["id"], "retry")
    await transfers.done(made["id"])
    assert len(dcache.requests("pool", "GET")) == before + 1
    assert names(transfers.root / "t") == ["a", "b"]


async def test_end_while_the_records_are_read(
    transfers: Transfers, folder: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that was begun before the end of a transfer doesn't show it as running for ever."""
    manager = await transfers.companion.transfers()
    made = await transfers.begin(
        "upload", destination=("default", folder), files=listing({"a": b"x"})
    )
    has_read, may_go_on = threading.Event(), threading.Event()
    load = manager._load_all

    def read_slowly() -> Any:
        records = load()
        has_read.set()
        may_go_on.wait(30)
        return records

    monkeypatch.setattr(manager, "_load_all", read_slowly)
    listed = asyncio.ensure_future(transfers.lab.call("GET", "/api/transfers", 200))
    await asyncio.to_thread(has_read.wait, 30)
    await transfers.send(made["id"], "a", b"x")
    await transfers.done(made["id"])
    await until(lambda: made["id"] not in manager._live)
    may_go_on.set()
    [shown] = (await listed)["transfers"]
    assert (shown["state"], shown["can"]) == ("done", ["forget"])


async def test_seen_and_forget(transfers: Transfers, folder: str, place: Path) -> None:
    """Both are for good, and forgetting ends what goes on."""
    (place / "f").write_bytes(b"x")
    made = await transfers.begin("copy", source=("default", f"{folder}/f"), destination=(None, ""))
    await transfers.done(made["id"])
    assert (await transfers.act(made["id"], "seen"))["seen"]
    assert (await transfers.get(made["id"]))["seen"]
    upload = await transfers.begin(
        "upload", destination=("default", folder), files=listing({"z": b""})
    )
    listed = (await transfers.lab.call("GET", "/api/transfers", 200))["transfers"]
    assert [each["id"] for each in listed] == [upload["id"], made["id"]]
    for each in (upload, made):
        await transfers.lab.call("DELETE", "/api/transfers/{id}", 204, id=each["id"])
    assert (await transfers.lab.call("GET", "/api/transfers", 200))["transfers"] == []
    check_error(await transfers.send(upload["id"], "z", b""), 404, "not_found")


async def test_bodies_are_checked(transfers: Transfers) -> None:
    """Nonsense is told."""
    for body in (b"[]", b"{", json.dumps({"kind": "copy", "x": 1}).encode()):
        response = await transfers.lab.ask("POST", "/api/transfers", body=body)
        check_error(response, 400, "invalid_input")


async def test_free_names_leave_no_warning(
    lab: Lab, dcache: Door, folder: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Each upload asks whether its name is free; that it is, is no news."""
    query = {"path": f"{folder}/new.tif"}
    response = await lab.ask("GET", "/api/dcache/default/info", query=query)
    check_error(response, 404, "not_found")
    assert [each for each in caplog.records if each.levelno > logging.DEBUG] == []
    await lab.ask("GET", "/api/dcache/default/details", query=query)
    assert [each.levelname for each in caplog.records if each.levelno > logging.INFO] == ["WARNING"]


async def test_what_a_small_upload_costs(
    transfers: Transfers, folder: str, place: Path, dcache: Door
) -> None:
    """Five requests: is the name free, the bytes (door, pool), what is stored, the name."""
    files = {"a": b"one", "b": b"two"}
    made = await transfers.begin("upload", destination=("default", folder), files=listing(files))
    assert (await transfers.send(made["id"], "a", files["a"])).code == 201
    dcache.forget()
    response = await transfers.send(made["id"], "b", files["b"])
    entry = check("PUT", "/transfers/{id}/content", response)
    asked = [(each["server"], each["method"]) for each in dcache.requests()]
    assert asked == [
        ("frontend", "GET"),
        ("redirect", "PUT"),
        ("pool", "PUT"),
        ("frontend", "GET"),
        ("redirect", "MOVE"),
    ]
    assert (entry["name"], entry["path"], entry["size"]) == ("b", f"{folder}/b", 3)
    there = await transfers.lab.ask(
        "GET", "/api/dcache/default/info", query={"path": f"{folder}/b"}
    )
    assert entry == json.loads(there.body)
