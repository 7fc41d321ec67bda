"""REST answers of the stand-in, held against what the real frontend was seen to answer."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from rsdat.demo.door import jackson
from tests.support.door import Door, door
from tests.support.raw_http import Reply, ask
from tests.support.waiting import best_s


@pytest.fixture(scope="module")
def dcache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with door(tmp_path_factory.mktemp("door")) as running:
        yield running


@pytest.fixture
def rest(dcache: Door, request: pytest.FixtureRequest) -> Rest:
    folder = f"/{request.node.name.partition('[')[0]}"
    (dcache.root / folder[1:]).mkdir(exist_ok=True)
    return Rest(dcache, folder)


class Rest:
    """Requests in a test's own directory."""

    def __init__(self, dcache: Door, folder: str) -> None:
        self.dcache = dcache
        self.folder = folder
        self.disk = dcache.root / folder[1:]

    def get(self, name: str = "", query: str = "", **headers: str) -> Reply:
        url = f"{self.dcache.api_url}/namespace{quote(f'{self.folder}/{name}')}?{query}"
        return ask("GET", url, {**self.dcache.headers, **headers})

    def post(self, _name: str, **body: object) -> tuple[int, str]:
        url = f"{self.dcache.api_url}/namespace{quote(f'{self.folder}/{_name}')}"
        headers = {**self.dcache.headers, "Content-Type": "application/json"}
        return outcome(ask("POST", url, headers, json.dumps(body).encode()))

    def delete(self, name: str) -> tuple[int, str]:
        url = f"{self.dcache.api_url}/namespace{quote(f'{self.folder}/{name}')}"
        return outcome(ask("DELETE", url, self.dcache.headers))


def outcome(answer: Reply) -> tuple[int, str]:
    """Status and detail; of a success the exact body."""
    if answer.status in (200, 201):
        return answer.status, answer.text
    body = json.loads(answer.text)
    assert list(body) == ["detail", "title", "status"]
    assert body["status"] == str(answer.status)
    return answer.status, body["detail"]


SUCCESS = '{"status":"success"}'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{ }"),
        ({"a": 1}, '{\n  "a" : 1\n}'),
        ({"a": []}, '{\n  "a" : [ ]\n}'),
        ({"a": [1, "é"], "b": None}, '{\n  "a" : [ 1, "é" ],\n  "b" : null\n}'),
        ({"a": [{"b": True}]}, '{\n  "a" : [ {\n    "b" : true\n  } ]\n}'),
        ({"a": '"\\\n\x01/'}, '{\n  "a" : "\\"\\\\\\n\\u0001/"\n}'),
    ],
)
def test_pretty_printing(value: object, text: str) -> None:
    assert jackson.pretty(value) == text
    assert json.loads(text) == value


def test_listing(rest: Rest) -> None:
    (rest.disk / "dir").mkdir()
    (rest.disk / "a.tif").write_bytes(b"123")
    answer = rest.get(query="children=true&locality=TRUE")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.text.startswith('{\n  "fileMimeType" : "application/vnd.dcache.folder",\n')
    assert answer.text.endswith("\n}")
    value = json.loads(answer.text)
    assert value["fileType"] == "DIR"
    assert value["size"] == 512
    assert "fileName" not in value
    children = {child["fileName"]: child for child in value["children"]}
    assert children["a.tif"]["fileMimeType"] == "image/tiff"
    assert children["a.tif"]["fileLocality"] == "ONLINE"
    assert children["a.tif"]["size"] == 3
    assert children["a.tif"]["fileType"] == "REGULAR"
    assert children["a.tif"]["labels"] == []
    assert len(children["a.tif"]["pnfsId"]) == 36
    assert abs(children["a.tif"]["mtime"] / 1000 - time.time()) < 60
    assert "fileLocality" not in children["dir"]
    assert "children" not in json.loads(rest.get(query="children=1").text)
    assert "children" not in json.loads(rest.get("a.tif", "children=true").text)


def test_flags(rest: Rest) -> None:
    (rest.disk / "f").write_bytes(b"123")
    rest.post("f", action="set-label", label="raw")
    plain = json.loads(rest.get("f").text)
    assert plain.keys() == {
        "fileMimeType", "labels", "nlink", "mtime", "creationTime", "size", "mode", "pnfsId",
        "fileType",
    }  # fmt: skip
    flags = ["locality", "locations", "qos", "xattr", "labels", "checksum", "optional"]
    full = json.loads(rest.get("f", "&".join(f"{flag}=true" for flag in flags)).text)
    assert full["labels"] == ["raw"]
    assert full["locations"] == ["pool1"]
    assert full["currentQos"] == "disk"
    assert full["extendedAttributes"] == {}
    assert full["checksums"] == [{"type": "ADLER32", "value": "012d0097"}]
    assert full["accessLatency"] == "ONLINE"
    rest.dcache.set_file(f"{rest.folder}/f", locality="NEARLINE")
    tape = json.loads(rest.get("f", "locations=true&qos=true").text)
    assert (tape["locations"], tape["currentQos"]) == ([], "tape")


def test_pages_fit_together_and_are_not_sorted(rest: Rest) -> None:
    names = [f"n{i:03d}" for i in range(100)]
    for name in names:
        (rest.disk / name).write_text("")
    pages: list[str] = []
    for offset in range(0, 110, 10):
        value = json.loads(rest.get(query=f"children=true&limit=10&offset={offset}").text)
        pages += [child["fileName"] for child in value["children"]]
    assert sorted(pages) == names
    assert pages != names
    assert '"children" : [ ]' in rest.get(query="children=true&limit=0").text
    assert outcome(rest.get(query="limit=-1")) == (
        400,
        "limit and offset can not be less than zero.",
    )
    assert outcome(rest.get(query="limit=abc")) == (
        400,
        "limit and offset must be an integer value.",
    )


def test_errors(rest: Rest) -> None:
    (rest.disk / "f").write_text("")
    for name in ("nope", "f/below"):
        path = f"{rest.folder}/{name}"
        assert outcome(rest.get(name)) == (404, f"No such file or directory {path}")
    answer = rest.get("nope")
    path = f"{rest.folder}/nope"
    expected = f'{{"detail":"No such file or directory {path}","title":"Not Found","status":"404"}}'
    assert answer.text == expected
    assert rest.get("f", Accept="text/html").status == 406
    url = f"{rest.dcache.api_url}/namespace{rest.folder}"
    assert ask("POST", url, rest.dcache.headers, b"{}").status == 415
    typed = {**rest.dcache.headers, "Content-Type": "application/json"}
    assert ask("POST", url, typed, b"{nonsense").status == 400
    assert ask("PUT", url, typed, b"{}").status == 405
    assert ask("GET", f"{rest.dcache.api_url}/namespace", rest.dcache.headers).status == 404
    assert ask("GET", f"{rest.dcache.api_url}/namespace/", rest.dcache.headers).status == 200
    assert ask("GET", f"{rest.dcache.api_url}/nothing", rest.dcache.headers).status == 404


def test_forbidden(rest: Rest) -> None:
    (rest.disk / "closed" / "in").mkdir(parents=True)
    rest.dcache.set_file(f"{rest.folder}/closed", forbidden=["read", "write"])
    assert rest.get("closed").status == 200
    assert outcome(rest.get("closed", "children=true")) == (403, "Forbidden")
    assert outcome(rest.get("closed/in")) == (403, "Forbidden")
    assert rest.post("closed", action="mkdir", name="x") == (403, "Forbidden")
    assert rest.delete("closed/in") == (403, "Forbidden")


def test_mkdir(rest: Rest) -> None:
    folder = rest.folder
    assert rest.post("", action="mkdir", name="é x", other=1) == (201, SUCCESS)
    assert (rest.disk / "é x").is_dir()
    assert rest.post("", action="mkdir", name="é x") == (400, f"File exists: {folder}/é x")
    assert rest.post("", action="mkdir", name="a/b") == (400, "Name must not contain '/'.")
    assert rest.post("", action="mkdir", name="") == (400, "Name must be non-empty.")
    assert rest.post("", action="mkdir", name="..") == (400, "Name must not be '..'.")
    assert rest.post("", action="mkdir") == (400, 'JSONObject["name"] not found.')
    nowhere = rest.post("no", action="mkdir", name="x")
    assert nowhere == (404, f"No such file or directory: {folder}/no/x")
    (rest.disk / "file").write_text("")
    assert rest.post("file", action="mkdir", name="x") == (403, "Forbidden")
    assert rest.post("", action="mkdir", name="x" * 256) == (500, "Name too long")
    assert rest.post("", action="fly") == (400, "No such action fly")


def test_mv_overwrites(rest: Rest) -> None:
    folder = rest.folder
    (rest.disk / "a").write_text("a")
    (rest.disk / "b").write_text("b")
    assert rest.post("a", action="mv", destination=f"{folder}/b") == (201, SUCCESS)
    assert (rest.disk / "b").read_text() == "a"
    assert rest.post("b", action="mv", destination=f"{folder}/b") == (201, SUCCESS)
    assert (rest.disk / "b").read_text() == "a"
    assert rest.post("b", action="mv", destination="relative") == (201, SUCCESS)
    assert (rest.disk / "relative").exists()
    (rest.disk / "d").mkdir()
    (rest.disk / "e").mkdir()
    (rest.disk / "full").mkdir()
    (rest.disk / "full" / "x").write_text("")
    target = f"{folder}/d"
    assert rest.post("relative", action="mv", destination=target) == (400, f"File exists:{target}")
    assert rest.post("d", action="mv", destination=f"{folder}/e") == (201, SUCCESS)
    assert rest.post("e", action="mv", destination=f"{folder}/full") == (
        400,
        "directory is not empty",
    )
    assert rest.post("full", action="mv", destination=f"{folder}/full/in")[0] == 400
    nowhere = f"{folder}/no/x"
    assert rest.post("relative", action="mv", destination=nowhere) == (
        400,
        f"No such directory: {folder}/no",
    )
    assert rest.post("gone", action="mv", destination="x") == (
        404,
        "No such file or directory: null",
    )


def test_delete(rest: Rest) -> None:
    (rest.disk / "d").mkdir()
    (rest.disk / "d" / "x").write_text("")
    assert rest.delete("d") == (400, f"Directory is not empty: {rest.folder}/d")
    assert rest.delete("d/x") == (200, SUCCESS)
    assert rest.delete("d") == (200, SUCCESS)
    assert rest.delete("d")[0] == 404


def test_marks(rest: Rest) -> None:
    (rest.disk / "f").write_text("")
    assert rest.post("f", action="set-xattr", attributes={"k": "v"}) == (201, SUCCESS)
    again = rest.post("f", action="set-xattr", mode="CREATE", attributes={"k": "w"})
    assert again == (409, "Attribute already exist")
    missing = rest.post("f", action="set-xattr", mode="MODIFY", attributes={"x": "w"})
    assert missing == (409, "No such attribute")
    assert rest.post("f", action="rm-xattr", names="k") == (201, SUCCESS)
    assert rest.post("f", action="rm-xattr", names=["k"]) == (409, "No such attribute")
    assert rest.post("f", action="set-xattr", attributes={"k": 1})[0] == 400
    for _ in range(2):
        assert rest.post("f", action="set-label", label="raw") == (201, SUCCESS)
    labels = ask("GET", f"{rest.dcache.api_url}/labels/raw", rest.dcache.headers)
    children = json.loads(labels.text)["children"]
    assert children[0]["fileName"].startswith("f-")
    assert rest.post("f", action="rm-label", label="raw") == (201, SUCCESS)
    assert rest.post("f", action="rm-label", label="raw") == (400, "No such label raw")
    assert rest.post("f", action="chmod", mode=0o640) == (201, SUCCESS)
    assert json.loads(rest.get("f").text)["mode"] == 0o640
    assert rest.post("f", action="qos", target="tape") == (403, "Forbidden")


def test_paths_in_urls(rest: Rest) -> None:
    (rest.disk / "a;b").write_text("1")
    (rest.disk / "a").write_text("22")
    (rest.disk / "c+d").write_text("333")
    base = f"{rest.dcache.api_url}/namespace"

    def size(path: str) -> int:
        return json.loads(ask("GET", base + path, rest.dcache.headers).text)["size"]

    folder = rest.folder
    assert size(f"{folder}/a;b") == 2  # a matrix parameter: the wrong file
    assert size(f"{folder}/a%3Bb") == 1
    assert size(f"{folder}/c+d") == 3
    assert size(f"/{quote(folder[1:] + '/a', safe='')}") == 2
    assert size(f"//{folder[1:]}/./x/..//a/") == 2


def test_user_and_doors(dcache: Door) -> None:
    user = json.loads(ask("GET", f"{dcache.api_url}/user", dcache.headers).text)
    assert (user["status"], user["username"], user["rootDirectory"]) == (
        "AUTHENTICATED",
        "alice",
        "/",
    )
    answer = ask("GET", f"{dcache.api_url}/doors", dcache.headers)
    assert answer.text.startswith('[{"cellName":"')
    ports = {item["port"] for item in json.loads(answer.text)}
    assert ports == {int(url.rpartition(":")[2]) for url in (dcache.webdav_url, dcache.proxy_url)}


def test_fifty_thousand_entries(rest: Rest) -> None:
    """A bound against a quadratic step, not a benchmark: it takes about a second."""
    for i in range(50_000):
        (rest.disk / f"file-{i:05d}.tif").touch()
    files = [
        {"path": f"{rest.folder}/file-{i:05d}.tif", "locality": "NEARLINE"} for i in range(999)
    ]
    rest.dcache.set_files(files)
    start = time.monotonic()
    value = json.loads(rest.get(query="children=true&locality=true").text)
    assert time.monotonic() - start < 15
    on_tape = sum(child["fileLocality"] == "NEARLINE" for child in value["children"])
    assert (len(value["children"]), on_tape) == (50_000, 999)
    last = "children=true&limit=100&offset=49950"
    assert best_s(lambda: rest.get(query=last)) < 3
    assert len(json.loads(rest.get(query=last).text)["children"]) == 50
