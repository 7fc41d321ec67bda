"""The ten habits of the real server that lose data or mislead; each must bite here, too."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.door import Door, door
from tests.support.raw_http import Reply, ask, ask_on, connection, raw_request, until
from tests.support.waiting import wait_for

MILLION = bytes(range(250)) * 4000
WRONG_MD5 = base64.b64encode(hashlib.md5(b"other").digest()).decode()


@pytest.fixture(scope="module")
def dcache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with door(tmp_path_factory.mktemp("door"), movers=5) as running:
        yield running


def upload_target(dcache: Door, path: str, size: int, **headers: str) -> str:
    """The pool's URL for a redirected upload."""
    asked = {
        **dcache.headers,
        "Expect": "100-continue",
        "Content-Length": str(size),
        "Connection": "close",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    with raw_request("PUT", dcache.path_url(path), asked) as sock:
        head = until(sock).decode()
    assert head.startswith("HTTP/1.1 307 Temporary Redirect"), head
    return next(
        line.partition(": ")[2] for line in head.split("\r\n") if line.startswith("Location")
    )


def get(dcache: Door, path: str, *, proxy: bool = True, **headers: str) -> Reply:
    return ask("GET", dcache.path_url(path, proxy=proxy), {**dcache.headers, **headers})


def put(dcache: Door, path: str, body: bytes, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named.setdefault("Content-Type", "application/octet-stream")
    return ask("PUT", dcache.path_url(path, proxy=True), {**dcache.headers, **named}, body)


def move(dcache: Door, source: str, target: str, overwrite: str = "") -> Reply:
    headers = {**dcache.headers, "Destination": dcache.path_url(target)}
    if overwrite:
        headers["Overwrite"] = overwrite
    return ask("MOVE", dcache.path_url(source), headers)


def test_1_suffix_range_gives_the_first_bytes_at_the_proxying_door(dcache: Door) -> None:
    (dcache.root / "suffix").write_bytes(MILLION)
    answer = get(dcache, "/suffix", Range="bytes=-5")
    assert answer.status == 206
    assert answer.headers["Content-Range"] == "bytes 0-5/1000000"
    assert answer.body == MILLION[:6]

    pool = get(dcache, "/suffix", proxy=False).headers["Location"]
    answer = ask("GET", pool, {"Range": "bytes=-5"})
    assert (answer.status, answer.body) == (206, MILLION[-5:])


def test_2_range_beyond_the_end_is_an_empty_206(dcache: Door) -> None:
    (dcache.root / "beyond").write_bytes(MILLION)
    answer = get(dcache, "/beyond", Range="bytes=1000000-1000009")
    assert (answer.status, answer.body) == (206, b"")
    assert answer.headers["Content-Length"] == "0"
    assert answer.headers["Content-Range"] == "bytes 1000000-999999/1000000"

    pool = get(dcache, "/beyond", proxy=False).headers["Location"]
    answer = ask("GET", pool, {"Range": "bytes=1000000-"})
    assert (answer.status, answer.reason) == (416, "Invalid (empty) list of valid ranges")


def test_3_cut_redirected_upload_stays_as_a_broken_entry(dcache: Door) -> None:
    pool = upload_target(dcache, "/cut/file", 3_000_000)
    assert "size" not in dcache.entry("/cut/file")
    assert dcache.entry("/cut/file")["fileLocality"] == "NONE"
    assert get(dcache, "/cut/file").line == (
        500,
        "Internal problem: File upload not yet completed",
    )
    head = ask("HEAD", dcache.path_url("/cut/file"), dcache.headers)
    assert (head.status, head.headers["Content-Length"]) == (200, None)

    with raw_request("PUT", pool, {"Content-Length": "3000000"}, body=MILLION):
        pass
    wait_for(lambda: "size" in dcache.entry("/cut/file"))

    entry = dcache.entry("/cut/file")
    assert entry["size"] == 1_000_000
    assert entry["fileLocality"] == "ONLINE"
    assert [item["type"] for item in entry["checksums"]] == ["ADLER32"]
    for proxy in (True, False):
        answer = get(dcache, "/cut/file", proxy=proxy)
        assert answer.line == (500, "Internal problem: File is broken")

    # After a restart of the pool it looks like any file.
    assert "/cut/file" in dcache.restart_pool()
    answer = get(dcache, "/cut/file")
    assert (answer.status, answer.body) == (200, MILLION)


def test_3_redirected_upload_with_wrong_md5_keeps_the_announced_one(dcache: Door) -> None:
    pool = upload_target(dcache, "/mismatch", 11)
    answer = ask("PUT", pool, {"Content-MD5": WRONG_MD5}, b"hello world")
    assert answer.status == 400
    assert answer.reason.startswith("Checksum mismatch")
    assert answer.body == b""
    entry = dcache.entry("/mismatch")
    assert (entry["size"], entry["fileLocality"]) == (11, "ONLINE")
    announced = {"type": "MD5_TYPE", "value": base64.b64decode(WRONG_MD5).hex()}
    assert entry["checksums"] == [announced]
    assert get(dcache, "/mismatch").status == 500


def test_3_md5_told_to_the_door_is_verified_by_the_pool(dcache: Door) -> None:
    pool = upload_target(dcache, "/told-door", 11, Content_MD5=WRONG_MD5)
    assert ask("PUT", pool, {}, b"hello world").status == 400


def test_3_redirected_upload_of_another_size_is_broken(dcache: Door) -> None:
    pool = upload_target(dcache, "/longer", 5)
    answer = ask("PUT", pool, {}, b"0123456789")
    assert (answer.status, answer.reason) == (400, "File size mismatch (expected=5, actual=10)")
    assert get(dcache, "/longer").line == (500, "Internal problem: File is broken")


def test_3_proxied_upload_that_fails_leaves_nothing(dcache: Door) -> None:
    headers = {**dcache.headers, "Content-Length": "3000000", "Content-Type": "x/y"}
    url = dcache.path_url("/proxied-cut", proxy=True)
    with raw_request("PUT", url, headers, body=MILLION):
        wait_for((dcache.root / "proxied-cut").exists)
    wait_for(lambda: not (dcache.root / "proxied-cut").exists())
    assert get(dcache, "/proxied-cut").status == 404

    answer = put(dcache, "/bad-md5", b"hello", Content_MD5=WRONG_MD5)
    assert answer.line == (400, "Received a bad PUT request.")
    assert get(dcache, "/bad-md5").status == 404


def test_4_cut_chunked_upload_is_committed(dcache: Door) -> None:
    headers = {**dcache.headers, "Transfer-Encoding": "chunked", "Content-Type": "x/y"}
    url = dcache.path_url("/chunked-cut", proxy=True)
    with raw_request("PUT", url, headers, body=b"5\r\nhello\r\n"):
        wait_for((dcache.root / "chunked-cut").exists)
    wait_for(lambda: "size" in dcache.entry("/chunked-cut"))
    assert dcache.entry("/chunked-cut")["size"] == 5
    answer = get(dcache, "/chunked-cut")
    assert (answer.status, answer.body) == (200, b"hello")


def test_5_overwriting_deletes_the_old_file_first(dcache: Door) -> None:
    for name in ("over-cut", "over-md5", "over-redirect"):
        (dcache.root / name).write_bytes(b"old")
    headers = {**dcache.headers, "Content-Length": "100", "Content-Type": "x/y"}
    url = dcache.path_url("/over-cut", proxy=True)
    with raw_request("PUT", url, headers, body=b"new"):
        wait_for(lambda: "size" not in dcache.entry("/over-cut"))
    wait_for(lambda: get(dcache, "/over-cut").status == 404)

    assert put(dcache, "/over-md5", b"new", Content_MD5=WRONG_MD5).status == 400
    assert get(dcache, "/over-md5").status == 404

    upload_target(dcache, "/over-redirect", 10)
    assert get(dcache, "/over-redirect").status == 500


def test_6_move_with_overwrite_deletes_the_target_first(dcache: Door) -> None:
    (dcache.root / "onto-itself").write_bytes(b"x")
    assert move(dcache, "/onto-itself", "/onto-itself", "T").status == 500
    assert get(dcache, "/onto-itself").status == 404

    (dcache.root / "holder").mkdir()
    (dcache.root / "holder" / "inside").write_bytes(b"x")
    answer = move(dcache, "/holder", "/holder/inside", "T")
    assert answer.line == (500, "Internal problem: Cannot move directory into itself.")
    assert get(dcache, "/holder/inside").status == 404

    (dcache.root / "full").mkdir()
    (dcache.root / "full" / "child").write_bytes(b"x")
    (dcache.root / "single").write_bytes(b"y")
    assert move(dcache, "/single", "/full", "T").status == 204
    assert (dcache.root / "full").read_bytes() == b"y"

    (dcache.root / "locked").write_bytes(b"x")
    (dcache.root / "lost").write_bytes(b"y")
    dcache.set_file("/locked", forbidden=["write"])
    answer = move(dcache, "/locked", "/lost", "T")
    assert answer.line == (403, "Permission denied for MOVE on path /locked")
    assert get(dcache, "/lost").status == 404


def test_7_form_content_type_breaks_an_upload(dcache: Door) -> None:
    answer = put(dcache, "/form", b"hello", Content_Type="application/x-www-form-urlencoded")
    problem = "Problem with transferred data: insufficient data written"
    assert answer.line == (500, f"Internal problem: {problem}")
    assert get(dcache, "/form").status == 404


def test_8_redirected_reads_hold_movers_until_the_connection_closes(dcache: Door) -> None:
    (dcache.root / "leak").write_bytes(b"x" * 100)
    wait_for(lambda: dcache.movers() <= 1, 15)  # other tests' URLs that were never followed
    free = 5 - dcache.movers()
    with connection(dcache.pool_url) as kept:
        for _ in range(free):
            pool = get(dcache, "/leak", proxy=False).headers["Location"]
            assert ask_on(kept, "GET", pool).body == b"x" * 100
        assert dcache.movers() == 5
        with raw_request("GET", dcache.path_url("/leak"), dcache.headers) as waiting:
            waiting.settimeout(0.5)
            with pytest.raises(TimeoutError):
                waiting.recv(1)  # no mover, no answer
            waiting.settimeout(10)
            kept.close()
            assert until(waiting).startswith(b"HTTP/1.1 302 Found")


def test_9_one_pool_url_serves_many_ranges_on_one_connection(dcache: Door) -> None:
    (dcache.root / "ranges").write_bytes(MILLION)
    pool = get(dcache, "/ranges", proxy=False).headers["Location"]
    with connection(pool) as kept:
        for start in (0, 5000, 999_990):
            answer = ask_on(kept, "GET", pool, {"Range": f"bytes={start}-{start + 9}"})
            assert (answer.status, answer.body) == (206, MILLION[start : start + 10])
            assert answer.headers["Content-Type"] is None
            assert answer.headers["ETag"] is None

    def stale() -> Reply:
        return ask("GET", pool, {"Range": "bytes=0-9"})

    wait_for(lambda: stale().status == 307)
    answer = stale()
    assert (answer.reason, answer.body) == ("Request is no longer valid", b"")
    assert answer.headers["Location"] == dcache.path_url("/ranges")


@pytest.mark.parametrize("depth", [{}, {"Depth": "infinity"}, {"Depth": "7"}])
def test_10_propfind_walks_the_tree_unless_told_0_or_1(dcache: Door, depth: dict[str, str]) -> None:
    (dcache.root / "walk" / "a" / "b").mkdir(parents=True, exist_ok=True)
    url = dcache.path_url("/walk")
    answer = ask("PROPFIND", url, {**dcache.headers, **depth})
    assert "<d:href>/walk/a/b/</d:href>" in answer.text
    answer = ask("PROPFIND", url, {**dcache.headers, "Depth": "1"})
    assert "<d:href>/walk/a/</d:href>" in answer.text
    assert "<d:href>/walk/a/b/</d:href>" not in answer.text


def test_files_on_disk_are_the_files(dcache: Door, tmp_path: Path) -> None:
    assert put(dcache, "/deep/er/é 日.bin", b"bytes").status == 201
    assert (dcache.root / "deep" / "er" / "é 日.bin").read_bytes() == b"bytes"
