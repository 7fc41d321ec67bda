"""WebDAV answers of the stand-in, held against what the real server was seen to answer."""

from __future__ import annotations

import base64
import hashlib
import time
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator
from urllib.parse import quote, unquote

import pytest

from tests.support.door import Door, door
from tests.support.raw_http import Reply, ask, ask_on, connection, raw_request, until

D = "{DAV:}"
NAMES = [
    "with space",
    " leading and trailing ",
    "h#ash",
    "q?m",
    "50%",
    "a+b",
    "s;emi",
    "a&b",
    "co:lon",
    "[x]",
    '"quoted"',
    "it's",
    "back\\slash",
    "<tag>",
    "p|pe",
    "^caret~tilde*star",
    "{b}$,=@`",
    ".hidden",
    "..double",
    "é",
    "日本",
    "🛰️",
    "x" * 255,
    "é" * 128,
    "日" * 255,
]


@pytest.fixture(scope="module")
def dcache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with door(tmp_path_factory.mktemp("door")) as running:
        yield running


@pytest.fixture
def dav(dcache: Door, request: pytest.FixtureRequest) -> Dav:
    folder = f"/{request.node.name.partition('[')[0]}"
    (dcache.root / folder[1:]).mkdir(exist_ok=True)
    return Dav(dcache, folder)


class Dav:
    """Requests in a test's own directory."""

    def __init__(self, dcache: Door, folder: str) -> None:
        self.dcache = dcache
        self.folder = folder
        self.disk = dcache.root / folder[1:]

    def url(self, name: str, *, proxy: bool = True) -> str:
        return self.dcache.path_url(f"{self.folder}/{name}", proxy=proxy)

    def ask(
        self, method: str, name: str, body: bytes | None = None, *, proxy: bool = True, **more: str
    ) -> Reply:
        headers = {**self.dcache.headers, **{k.replace("_", "-"): v for k, v in more.items()}}
        if method == "PUT":
            headers.setdefault("Content-Type", "application/octet-stream")
        return ask(method, self.url(name, proxy=proxy), headers, body)

    def redirect(self, name: str, size: int, **more: str) -> str:
        headers = {
            **self.dcache.headers,
            "Expect": "100-continue",
            "Content-Length": str(size),
            **{k.replace("_", "-"): v for k, v in more.items()},
        }
        with raw_request("PUT", self.url(name, proxy=False), headers) as sock:
            head = until(sock).decode()
        location = [line for line in head.split("\r\n") if line.startswith("Location: ")]
        assert location, head
        return location[0].removeprefix("Location: ")


def test_put_proxied(dav: Dav) -> None:
    for body in (b"first", b"second time"):
        answer = dav.ask("PUT", "file", body)
        assert answer.status == 201  # an overwrite, too
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.body == b""
    assert (dav.disk / "file").read_bytes() == b"second time"
    etag = answer.headers["ETag"]
    assert dav.ask("HEAD", "file").headers["ETag"] == etag
    assert dav.ask("PUT", "file", b"third").headers["ETag"] != etag


def test_put_waits_for_nothing_at_the_proxying_door(dav: Dav) -> None:
    headers = {**dav.dcache.headers, "Expect": "100-continue", "Content-Length": "5"}
    headers["Content-Type"] = "x/y"
    with raw_request("PUT", dav.url("file"), headers) as sock:
        assert until(sock) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"hello")
        assert until(sock).startswith(b"HTTP/1.1 201 Created")


def test_put_redirected(dav: Dav) -> None:
    headers = {**dav.dcache.headers, "Expect": "100-continue", "Content-Length": "11"}
    with raw_request("PUT", dav.url("new/é f", proxy=False), headers) as sock:
        head = until(sock).decode()
        assert head.startswith("HTTP/1.1 307 Temporary Redirect\r\n")
        assert "Connection: close" in head
    pool = next(x for x in head.split("\r\n") if x.startswith("Location: "))[10:]
    assert pool.startswith(f"{dav.dcache.pool_url}{quote(dav.folder)}/new/%C3%A9%20f?")
    assert "dcache-http-uuid=" in pool
    with raw_request("PUT", pool, {"Expect": "100-continue", "Content-Length": "11"}) as sock:
        assert until(sock) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"hello world")
        answer = until(sock, b"uploaded").decode()
    assert answer.startswith("HTTP/1.1 201 Created\r\n")
    assert "Content-Type: text/plain; charset=UTF-8\r\n" in answer
    assert f"Location: {dav.url('new/é f', proxy=False)}\r\n" in answer
    assert "X-OC-MTime: accepted\r\n" in answer
    assert answer.endswith("\r\n\r\n11 bytes uploaded")
    assert "ETag" not in answer
    assert (dav.disk / "new" / "é f").read_bytes() == b"hello world"


@pytest.mark.parametrize("name", ["Content-Type", "Content-Encoding", "Content-Range"])
def test_pool_refuses_content_headers(dav: Dav, name: str) -> None:
    pool = dav.redirect(name, 5)
    answer = ask("PUT", pool, {name: "x"}, b"hello")
    assert (answer.status, answer.reason) == (501, f"{name} is not implemented")
    assert "size" not in dav.dcache.entry(f"{dav.folder}/{name}")
    assert dav.ask("DELETE", name).status == 204


def test_put_conditions(dav: Dav) -> None:
    assert dav.ask("PUT", "f", b"1", If_None_Match="*").status == 201
    answer = dav.ask("PUT", "f", b"2", If_None_Match="*")
    assert (answer.status, answer.body) == (412, b"")
    refused = dav.ask("PUT", "f", b"2", proxy=False, Expect="100-continue", If_None_Match="*")
    assert refused.status == 412
    assert dav.ask("PUT", "f", b"2", If_Match='"x"').status == 412
    assert dav.ask("PUT", "g", b"2", If_Match="*").status == 412
    assert dav.ask("PUT", "f", b"2", Overwrite="F").status == 201  # ignored
    assert dav.ask("PUT", "f", b"end", Content_Range="bytes 5-7/8").status == 201  # ignored
    assert (dav.disk / "f").read_bytes() == b"end"


def test_put_where_it_can_not_be(dav: Dav) -> None:
    (dav.disk / "dir").mkdir()
    assert dav.ask("PUT", "dir", b"").line == (405, "Method PUT is not allowed.")
    (dav.disk / "file").write_text("")
    assert dav.ask("PUT", "file/below", b"").status == 500
    (dav.disk / "locked").mkdir()
    dav.dcache.set_file(f"{dav.folder}/locked", forbidden=["write"])
    path = f"{dav.folder}/locked/f"
    assert dav.ask("PUT", "locked/f", b"").line == (
        403,
        f"Permission denied for PUT on path {path}",
    )
    assert dav.ask("PUT", "x" * 256, b"").line == (500, "Internal problem: Name too long")


def test_put_digests_and_times(dav: Dav) -> None:
    body = b"hello world"
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    adler = f"{zlib.adler32(body):08x}"
    answer = dav.ask("PUT", "f", body, Want_Digest="adler32", X_OC_Mtime="1000000000")
    assert answer.headers["Digest"] == f"adler32={adler}"
    assert answer.headers["X-OC-MTime"] == "accepted"
    head = dav.ask("HEAD", "f", Want_Digest="adler32;q=0.5, md5")
    assert head.headers["Digest"] == f"adler32={adler}"  # the MD5 was not stored
    assert head.headers["Last-Modified"] == "Sun, 09 Sep 2001 01:46:40 GMT"

    assert dav.ask("PUT", "g", body, Content_MD5=md5).status == 201
    assert dav.ask("HEAD", "g", Want_Digest="md5").headers["Digest"] == f"md5={md5}"
    assert dav.ask("PUT", "h", body, Content_MD5="nonsense").status == 400
    assert dav.ask("PUT", "i", body, Digest="adler32=00000000").status == 201  # ignored
    part = dav.ask("GET", "g", Want_Digest="adler32", Range="bytes=0-1")
    assert part.headers["Digest"] == f"adler32={adler}"  # of the whole file

    pool = dav.ask("GET", "g", proxy=False, Want_Digest="md5").headers["Location"]
    assert ask("GET", pool).headers["Digest"] == f"md5={md5}"
    pool = dav.redirect("j", 11, Want_Digest="md5")
    assert ask("PUT", pool, {}, body).headers["Digest"] == f"md5={md5}"


def test_two_uploads_at_once_the_second_wins(dav: Dav) -> None:
    headers = {**dav.dcache.headers, "Content-Length": "10", "Content-Type": "x/y"}
    with raw_request("PUT", dav.url("f"), headers, body=b"first") as sock:
        end = time.monotonic() + 10
        while not (dav.disk / "f").exists() or (dav.disk / "f").stat().st_size < 5:
            assert time.monotonic() < end, "the first upload did not begin"
            time.sleep(0.01)
        assert dav.ask("PUT", "f", b"second").status == 201
        sock.sendall(b"-done")
        assert until(sock).startswith(b"HTTP/1.1 500 ")
    assert (dav.disk / "f").read_bytes() == b"second"


def test_chunked_upload(dav: Dav) -> None:
    headers = {**dav.dcache.headers, "Transfer-Encoding": "chunked", "Content-Type": "x/y"}
    body = b"5\r\nhello\r\n0\r\n\r\n"
    with raw_request("PUT", dav.url("f"), headers, body=body) as sock:
        assert until(sock).startswith(b"HTTP/1.1 201 ")
    assert (dav.disk / "f").read_bytes() == b"hello"


def test_get_proxied(dav: Dav) -> None:
    (dav.disk / "f.txt").write_bytes(b"0123456789")
    answer = dav.ask("GET", "f.txt")
    assert (answer.status, answer.body) == (200, b"0123456789")
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Content-Disposition"] == "attachment"
    etag = answer.headers["ETag"]

    part = dav.ask("GET", "f.txt", Range="bytes=2-4")
    assert (part.status, part.body) == (206, b"234")
    assert part.headers["Content-Range"] == "bytes 2-4/10"
    assert part.headers["ETag"] == etag
    for absent in ("Accept-Ranges", "Last-Modified", "Content-Type"):
        assert part.headers[absent] is None

    assert dav.ask("GET", "f.txt", If_None_Match=etag).status == 200  # ignored
    assert dav.ask("GET", "f.txt", If_Range='"other"', Range="bytes=0-1").status == 200
    assert dav.ask("GET", "f.txt", If_Range=etag, Range="bytes=0-1").status == 206
    assert dav.ask("GET", "f.txt", Range="bytes=abc").status == 500

    many = dav.ask("GET", "f.txt", Range="bytes=0-1,8-9")
    assert many.headers["Content-Type"].startswith("multipart/byteranges; boundary=")
    assert b"\r\n" not in many.body
    assert not many.body.rstrip().endswith(b"--")


def test_get_redirected(dav: Dav) -> None:
    (dav.disk / "f.txt").write_bytes(b"0123456789")
    answer = dav.ask("GET", "f.txt", proxy=False)
    assert (answer.status, answer.headers["Content-Length"]) == (302, "0")
    pool = answer.headers["Location"]
    with connection(pool) as kept:
        whole = ask_on(kept, "GET", pool)
        assert (whole.status, whole.body) == (200, b"0123456789")
        assert whole.headers["Content-Disposition"] == "attachment;filename=f.txt"
        assert whole.headers["Content-Location"] == dav.url("f.txt", proxy=False)
        for absent in ("ETag", "Last-Modified", "Content-Type"):
            assert whole.headers[absent] is None
        many = ask_on(kept, "GET", pool, {"Range": "bytes=0-1,8-9"})
        assert many.body.endswith(b"\r\n--__AAAAAAAAAAAAAAAA__--\r\n")
        assert ask_on(kept, "GET", pool, {"Range": "bytes=abc"}).status == 416
    answer = ask("GET", f"{dav.dcache.pool_url}/x")
    assert (answer.status, answer.reason) == (400, "Query string does not include any UUID.")
    elsewhere = f"{dav.dcache.pool_url}/x?dcache-http-uuid=u&dcache-http-ref=http%3A%2F%2Fa.example"
    assert ask("GET", elsewhere).headers["Location"] is None


def test_head(dav: Dav) -> None:
    (dav.disk / "f.bin").write_bytes(b"0123456789")
    answer = dav.ask("HEAD", "f.bin", proxy=False)
    assert (answer.status, answer.headers["Content-Length"]) == (200, "10")
    answer = dav.ask("HEAD", "")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.headers["Content-Length"] is None


def test_directories(dav: Dav) -> None:
    (dav.disk / "d").mkdir()
    (dav.disk / "d" / "a&b").write_text("")
    answer = dav.ask("GET", "d")
    assert (answer.status, answer.headers["Location"]) == (302, dav.url("d/"))
    assert "a&amp;b" in dav.ask("GET", "d/").text
    folder = dav.folder
    assert dav.ask("GET", "no é").line == (404, f"Path not found: {folder}/no%20%C3%A9")
    assert dav.ask("PROPFIND", "nope", Depth="0").status == 404

    assert dav.ask("MKCOL", "new").status == 201
    assert dav.ask("MKCOL", "new").line == (405, "Method MKCOL is not allowed.")
    answer = dav.ask("MKCOL", "x/y")
    assert answer.line == (409, "<html><body><h1>Conflict</h1></body></html>")
    assert dav.ask("DELETE", "d").status == 204  # recursive
    assert dav.ask("DELETE", "d").status == 404
    assert not (dav.disk / "d").exists()


def test_move(dav: Dav) -> None:
    (dav.disk / "a").write_bytes(b"a")
    etag = dav.ask("HEAD", "a").headers["ETag"]
    answer = dav.ask("MOVE", "a", Destination=f"http://any.example{quote(dav.folder)}/b%20c")
    assert answer.status == 201  # whatever the host
    assert dav.ask("HEAD", "b c").headers["ETag"] == etag
    (dav.disk / "d").write_bytes(b"d")
    for overwrite in ({}, {"Overwrite": "F"}):
        refused = dav.ask("MOVE", "d", Destination=dav.url("b c"), **overwrite)
        assert (refused.status, refused.body) == (412, b"")
    assert dav.ask("MOVE", "d", Destination=f"{dav.folder}/b%20c", Overwrite="T").status == 204
    assert (dav.disk / "b c").read_bytes() == b"d"
    assert dav.ask("MOVE", "b c", Destination=f"{dav.folder}/with space").status == 500
    assert dav.ask("MOVE", "b c").status == 500
    assert dav.ask("MOVE", "b c", Destination=f"{dav.folder}/no/where").status == 409
    assert dav.ask("MOVE", "no", Destination=f"{dav.folder}/x").status == 404
    (dav.disk / "dir").mkdir()
    into_itself = dav.ask("MOVE", "dir", Destination=f"{dav.folder}/dir/x")
    assert into_itself.line == (500, "Internal problem: Cannot move directory into itself.")


def test_attributes_move_with_a_directory(dav: Dav) -> None:
    (dav.disk / "one" / "two").mkdir(parents=True)
    (dav.disk / "one" / "two" / "f").write_text("")
    dav.dcache.set_file(f"{dav.folder}/one/two/f", locality="NEARLINE")
    assert dav.ask("MOVE", "one", Destination=f"{dav.folder}/other").status == 201
    assert dav.dcache.entry(f"{dav.folder}/other/two/f")["fileLocality"] == "NEARLINE"
    assert dav.ask("DELETE", "other").status == 204
    assert dav.ask("PUT", "other/two/f", b"").status == 201
    assert dav.dcache.entry(f"{dav.folder}/other/two/f")["fileLocality"] == "ONLINE"


def test_other_verbs(dav: Dav) -> None:
    (dav.disk / "f").write_text("")
    for verb in ("LOCK", "UNLOCK", "POST"):
        assert dav.ask(verb, "f").line == (501, f"Method {verb} is not implemented.")
    assert dav.ask("PATCH", "f").status == 500
    assert dav.ask("OPTIONS", "f").headers["DAV"] == "1, 2"
    answer = dav.ask("COPY", "f", Destination=dav.dcache.path_url("/g"))
    assert (answer.status, answer.text) == (202, "failure: rejected PUT: 401 login failed\n")


def properties(answer: Reply) -> dict[str, dict[str, str | None]]:
    """Found properties by href (decoded)."""
    assert (answer.status, answer.reason) == (207, "Multi-Status")
    found: dict[str, dict[str, str | None]] = {}
    for response in ET.fromstring(answer.text).iter(f"{D}response"):
        href = response.findtext(f"{D}href") or ""
        values = found.setdefault(unquote(href), {})
        for propstat in response.iter(f"{D}propstat"):
            if "200" in (propstat.findtext(f"{D}status") or ""):
                for prop in propstat.iter(f"{D}prop"):
                    values |= {item.tag: item.text for item in prop}
    return found


def test_propfind(dav: Dav) -> None:
    (dav.disk / "dir").mkdir()
    (dav.disk / "f.tif").write_bytes(b"12345")
    (dav.disk / "unknown").write_bytes(b"")
    answer = dav.ask("PROPFIND", "", Depth="1")
    assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
    found = properties(answer)
    folder = dav.folder
    assert found.keys() == {f"{folder}/", f"{folder}/dir/", f"{folder}/f.tif", f"{folder}/unknown"}
    assert next(iter(found)) == f"{folder}/"  # the directory itself first
    assert found[f"{folder}/f.tif"][f"{D}getcontentlength"] == "5"
    assert found[f"{folder}/f.tif"][f"{D}getcontenttype"] == "image/tiff"
    assert f"{D}resourcetype" not in found[f"{folder}/f.tif"]
    assert f"{D}getcontenttype" not in found[f"{folder}/unknown"]
    assert f"{D}getcontentlength" not in found[f"{folder}/dir/"]

    body = (
        b'<propfind xmlns="DAV:"><prop><getcontentlength/>'
        b'<c:Checksums xmlns:c="http://www.dcache.org/2013/webdav"/>'
        b'<s:FileLocality xmlns:s="http://srm.lbl.gov/StorageResourceManager"/></prop></propfind>'
    )
    one = properties(dav.ask("PROPFIND", "f.tif", body, Depth="0"))[f"{folder}/f.tif"]
    assert one == {
        f"{D}getcontentlength": "5",
        "{http://www.dcache.org/2013/webdav}Checksums": f"adler32={zlib.adler32(b'12345'):08x}",
        "{http://srm.lbl.gov/StorageResourceManager}FileLocality": "ONLINE",
    }
    for odd in (b"garbage", b'<propfind xmlns="DAV:"><propname/></propfind>'):
        assert len(properties(dav.ask("PROPFIND", "f.tif", odd, Depth="0"))[f"{folder}/f.tif"]) == 6

    dav.dcache.set_file(f"{folder}/dir", forbidden=["list"])
    (dav.disk / "dir" / "x").write_text("")
    assert properties(dav.ask("PROPFIND", "dir", Depth="1")).keys() == {f"{folder}/dir/"}


def test_propfind_of_a_control_character_is_not_xml(dav: Dav) -> None:
    assert dav.ask("PUT", "bad\x01name", b"x").status == 201
    with pytest.raises(ET.ParseError):
        ET.fromstring(dav.ask("PROPFIND", "", Depth="1").text)
    with raw_request("GET", dav.url("bad\x01name"), dav.dcache.headers) as sock:
        assert until(sock, b"\0never").endswith(b"\r\n\r\n")  # 0 of 1 bytes


def test_proppatch_stores_and_says_that_it_did_not(dav: Dav) -> None:
    (dav.disk / "f").write_text("")
    body = (
        b'<propertyupdate xmlns="DAV:"><set><prop><k xmlns="http://www.dcache.org/2020/xattr">v</k>'
        b"</prop></set></propertyupdate>"
    )
    answer = dav.ask("PROPPATCH", "f", body)
    assert "404 Not Found" in answer.text
    entry = dav.dcache.entry(f"{dav.folder}/f", "xattr=true")
    assert entry["extendedAttributes"] == {"k": "v"}


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:20])
def test_names_round_trip(dav: Dav, name: str) -> None:
    body = name.encode()
    assert dav.ask("PUT", name, body).status == 201
    assert dav.ask("GET", name).body == body
    pool = dav.ask("GET", name, proxy=False).headers["Location"]
    assert ask("GET", pool).body == body
    assert f"{dav.folder}/{name}" in properties(dav.ask("PROPFIND", "", Depth="1"))
    listed = dav.dcache.entry(dav.folder, "children=true")["children"]
    assert name in [child["fileName"] for child in listed]
    assert dav.dcache.entry(f"{dav.folder}/{name}")["size"] == len(body)
    assert dav.ask("MOVE", name, Destination=dav.url("moved")).status == 201
    assert dav.ask("MOVE", "moved", Destination=dav.url(name)).status == 201
    assert dav.ask("DELETE", name).status == 204
    assert list(dav.disk.iterdir()) == []


def test_decomposed_names_need_the_redirect(dav: Dav) -> None:
    name = "e\u0301"
    assert dav.ask("PUT", name, b"x").line == (400, "Received a bad PUT request.")
    assert ask("PUT", dav.redirect(name, 1), {}, b"x").status == 201
    assert dav.ask("GET", name).body == b"x"
    assert dav.ask("GET", "\u00e9").status == 404


def test_no_way_out_of_the_root(dav: Dav) -> None:
    (dav.dcache.root.parent / "secret").write_text("s")
    for path in ("/..%2fsecret", "/%2e%2e/secret", "/a/..%2f..%2fsecret", "/%2e%2e%2fsecret"):
        answer = ask("GET", dav.dcache.proxy_url + path, dav.dcache.headers)
        assert answer.status == 404, path
        rest = ask("GET", f"{dav.dcache.api_url}/namespace{path}", dav.dcache.headers)
        assert rest.status == 404, path
