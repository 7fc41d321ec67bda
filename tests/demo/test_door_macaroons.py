"""Macaroons of the stand-in: their format, what goes into them, and what each of them opens."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from rsdat.demo.door.macaroons import BadMacaroonError, Macaroon
from tests.support.door import Door, door
from tests.support.raw_http import Reply, ask

# From the README of libmacaroons: location, key, identifier, then one caveat.
KEY = b"this is our super secret key; only we should know it"
PLAIN = (
    "MDAxY2xvY2F0aW9uIGh0dHA6Ly9teWJhbmsvCjAwMjZpZGVudGlmaWVyIHdlIHVzZWQgb3VyIHNlY3JldCBrZXkK"
    "MDAyZnNpZ25hdHVyZSDj2eApCFJsTAA5rhURQRXZf91ovyujebNCqvD2F9BVLwo"
)
SEAL_WITH_ACCOUNT = "1efe4763f290dbce0c1d08477367e11f4eee456a64933cf662d79772dbb82128"
DAV_BODY = b'<propfind xmlns="DAV:"><prop><resourcetype/></prop></propfind>'


@pytest.fixture(scope="module")
def dcache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    # Refused logins are part of these tests, the limiter is not.
    with door(tmp_path_factory.mktemp("door"), block_s=0) as running:
        for name in ("users/alice/sub/f", "users/alice/p1.txt", "users/bob/b.txt", "top.txt"):
            place = running.root / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(b"hello")
        yield running


@dataclass
class Holder:
    """Whoever holds a token."""

    dcache: Door
    token: str

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        known = {"Authorization": f"Bearer {self.token}"}
        return ask(method, self.dcache.path_url(path, proxy=True), {**known, **named}, body)

    def status(self, method: str, path: str, body: bytes | None = None, **headers: str) -> int:
        return self.ask(method, path, body, **headers).status

    def rest(self, method: str, route: str, body: object = None) -> Reply:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        return ask(method, f"{self.dcache.api_url}/{route}", headers, data)

    def act(self, path: str, **body: object) -> int:
        return self.rest("POST", f"namespace{path}", body).status

    def listed(self, path: str) -> list[str]:
        """Names that PROPFIND shows, the directory's own among them."""
        answer = self.ask("PROPFIND", path, DAV_BODY, Depth="1")
        assert answer.status == 207
        return re.findall("<d:href>(.*?)</d:href>", answer.text)

    def mint(self, path: str = "/", *caveats: str, **more: object) -> Reply:
        body = json.dumps({"caveats": list(caveats), **more}).encode()
        return self.ask("POST", path, body, Content_Type="application/macaroon-request")


def holder(dcache: Door, path: str = "/", *caveats: str) -> Holder:
    return Holder(dcache, dcache.mint(path, *caveats))


def caveats_of(token: str) -> list[str]:
    return list(Macaroon.parse(token).caveats)


def test_format_is_that_of_libmacaroons() -> None:
    made = Macaroon.make(KEY, "we used our secret key", "http://mybank/")
    assert made.serialise() == PLAIN
    assert Macaroon.parse(PLAIN) == made
    narrower = made.add("account = 3735928559")
    assert narrower.signature.hex() == SEAL_WITH_ACCOUNT
    assert Macaroon.parse(narrower.serialise()).verify(KEY)
    assert not Macaroon.parse(narrower.serialise()).verify(b"another")


@pytest.mark.parametrize(
    "text", ["", "x", "tökèn", PLAIN[:-8], PLAIN[8:], "eyJhbGciOiJSUzI1NiJ9.x"]
)
def test_what_is_no_macaroon(text: str) -> None:
    with pytest.raises(BadMacaroonError):
        Macaroon.parse(text)


def test_a_removed_caveat_breaks_the_seal(dcache: Door) -> None:
    narrow = Macaroon.parse(dcache.mint("/users/alice", "activity:LIST"))
    wide = Macaroon(narrow.location, narrow.identifier, narrow.caveats[:-1], narrow.signature)
    refused = Holder(dcache, wide.serialise()).ask("HEAD", "/top.txt")
    assert (refused.status, refused.reason) == (401, "login failed")
    # Narrowing offline, by whoever holds it, works.
    narrower = Holder(dcache, narrow.add("path:/sub").serialise())
    assert narrower.status("PROPFIND", "/users/alice/sub", DAV_BODY, Depth="1") == 207
    assert narrower.status("HEAD", "/users/alice/p1.txt") == 403


def test_answer_and_contents(dcache: Door) -> None:
    main = Holder(dcache, dcache.token)
    answer = json.loads(main.mint("/users/alice", "activity:LIST", validity="PT1H").text)
    url = dcache.path_url("/users/alice", proxy=True)
    assert answer["uri"]["target"] == url
    assert answer["uri"]["targetWithMacaroon"] == f"{url}?authz={answer['macaroon']}"
    assert answer["uri"]["baseWithMacaroon"].endswith(f"/?authz={answer['macaroon']}")
    assert Macaroon.parse(answer["macaroon"]).location == "Optional.empty"
    kinds = [caveat.partition(":")[0] for caveat in caveats_of(answer["macaroon"])]
    assert kinds == ["iid", "id", "before", "home", "path", "activity"]
    assert "id:1000;1000,1005;alice" in caveats_of(answer["macaroon"])
    assert "path:/users/alice" in caveats_of(answer["macaroon"])
    # Without a body it is for a day, and for everything.
    plain = main.ask("POST", "/", b"", Content_Type="application/macaroon-request")
    whole = caveats_of(json.loads(plain.text)["macaroon"])
    assert [caveat.partition(":")[0] for caveat in whole] == ["iid", "id", "before", "home"]
    assert re.fullmatch(r"before:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", whole[2])


@pytest.mark.parametrize(
    ("caveats", "validity", "reason"),
    [
        ([], "PT169H", "before: requested duration beyond maximum allowed (PT168H)"),
        (["foo:bar"], "PT1H", "Unknown caveat foo"),
        (["before:2020-01-01T00:00:00Z"], None, "before: requested expiry in past"),
    ],
)
def test_minting_that_is_refused(
    dcache: Door, caveats: list[str], validity: str | None, reason: str
) -> None:
    main = Holder(dcache, dcache.token)
    refused = main.mint("/", *caveats, validity=validity)
    assert (refused.status, refused.reason) == (400, f"Bad requested caveat: {reason}")


def test_minting_odd_requests(dcache: Door) -> None:
    main = Holder(dcache, dcache.token)
    assert main.mint("/", validity="PT1H", foo=1).status == 200  # extra keys are ignored
    bad = main.ask("POST", "/", b"{", Content_Type="application/macaroon-request")
    assert (bad.status, bad.reason) == (400, "Unable to parse JSON")
    assert main.mint("/", validity="P1W").status == 400
    dcache.configure(plain_macaroons=False)
    try:
        refused = main.mint("/")
        assert (refused.status, refused.reason) == (400, "Not secure transport")
    finally:
        dcache.configure(plain_macaroons=True)
    nobody = Holder(dcache, "garbage").mint("/")
    assert (nobody.status, nobody.reason) == (401, "login failed")


def test_reasons_at_use(dcache: Door) -> None:
    ended = Macaroon.parse(dcache.mint("/")).add("before:2020-01-01T00:00:00Z")
    iid = ended.caveats[0].removeprefix("iid:")
    reasons = {
        ended.serialise(): "expired: before:2020-01-01T00:00:00Z",
        dcache.mint("/", "ip:10.0.0.0/8"): "Client fails to match IP caveat ip:10.0.0.0/8",
        dcache.mint("/", "activity:LIST,FOO"): "Bad activity value: FOO",
    }
    for token, reason in reasons.items():
        refused = Holder(dcache, token).ask("HEAD", "/top.txt")
        assert refused.status == 401
        assert re.fullmatch(
            r"macaroon login denied: Invalid macaroon \[-:\S+\]: .*", refused.reason
        )
        assert refused.reason.endswith(f"]: {reason}")
    assert f"[-:{iid}]" in Holder(dcache, ended.serialise()).ask("HEAD", "/top.txt").reason
    assert holder(dcache, "/", "ip:127.0.0.1,10.0.0.0/8").status("HEAD", "/top.txt") == 200


def test_reasons_are_one_line(dcache: Door) -> None:
    odd = Macaroon.parse(dcache.mint("/")).add("foo\r\nX-Header: x")
    refused = Holder(dcache, odd.serialise()).ask("HEAD", "/top.txt")
    assert refused.status == 401
    assert "X-Header" not in refused.headers
    assert Holder(dcache, dcache.token).mint("/", "a\nb:c").status == 400


def test_where_a_macaroon_may_stand(dcache: Door) -> None:
    token = dcache.mint("/users/alice")
    url = dcache.path_url("/users/alice/p1.txt")
    redirect = ask("GET", f"{url}?authz={token}")
    assert redirect.status == 302
    assert token not in redirect.headers["Location"]
    basic = base64.b64encode(f"alice:{token}".encode()).decode()
    assert ask("GET", url, {"Authorization": f"Basic {basic}"}).status == 401
    assert token not in str(dcache.requests())


def test_narrowing_by_url_fails_below_a_path(dcache: Door) -> None:
    parent = holder(dcache, "/users/alice")
    trapped = json.loads(parent.mint("/users/alice/sub").text)["macaroon"]
    assert Holder(dcache, trapped).status("GET", "/users/alice/p1.txt") == 200
    right = json.loads(parent.mint("/users/alice", "path:/sub").text)["macaroon"]
    assert Holder(dcache, right).status("GET", "/users/alice/sub/f") == 200
    assert Holder(dcache, right).status("GET", "/users/alice/p1.txt") == 403
    full = json.loads(parent.mint("/users/alice", "path:/users/alice/sub").text)["macaroon"]
    assert Holder(dcache, full).status("GET", "/users/alice/sub/f") == 403
    # With a root only, the URL does narrow.
    rooted = holder(dcache, "/", "root:/users/alice")
    below = json.loads(rooted.mint("/sub").text)["macaroon"]
    assert Holder(dcache, below).status("GET", "/sub/f") == 200
    assert Holder(dcache, below).status("GET", "/p1.txt") == 403


def test_a_child_can_not_outlive_or_outdo_its_parent(dcache: Door) -> None:
    parent = Holder(dcache, dcache.mint("/", "activity:LIST", validity="PT1H"))
    longer = parent.mint("/", validity="PT2H")
    reason = "Bad requested caveat: before: cannot extend session lifetime"
    assert (longer.status, longer.reason) == (400, reason)
    wider = parent.mint("/", "activity:LIST,DOWNLOAD")
    assert wider.status == 200
    assert Holder(dcache, json.loads(wider.text)["macaroon"]).status("HEAD", "/top.txt") == 401


def test_ancestors_can_be_listed_and_siblings_not_entered(dcache: Door) -> None:
    alice = holder(dcache, "/users/alice")
    assert sorted(alice.listed("/users")) == ["/users/", "/users/alice/", "/users/bob/"]
    assert "/top.txt" in alice.listed("/")
    assert alice.rest("GET", "namespace/users?children=true").status == 200
    assert alice.status("PROPFIND", "/users/bob", DAV_BODY, Depth="1") == 403
    assert alice.rest("GET", "namespace/users/bob?children=true").status == 403
    assert alice.status("GET", "/users/bob/b.txt") == 403
    assert alice.status("PUT", "/users/new", b"x") == 403


def test_root(dcache: Door) -> None:
    rooted = holder(dcache, "/", "root:/users/alice")
    user = json.loads(rooted.rest("GET", "user").text)
    assert (user["rootDirectory"], user["homeDirectory"]) == ("/users/alice", "/")
    assert rooted.ask("GET", "/p1.txt").body == b"hello"
    assert rooted.status("GET", "/users/alice/p1.txt") == 404
    assert rooted.listed("/sub") == ["/sub/", "/sub/f"]
    for path in ("/p1.txt", "/users/alice/p1.txt"):
        assert rooted.rest("GET", f"namespace{path}").status == 200
    assert rooted.rest("GET", "namespace/..%2ftop.txt").status == 404
    assert rooted.status("GET", "/..%2ftop.txt") == 404
    moved = rooted.status("MOVE", "/sub/f", Destination=dcache.path_url("/sub/g"))
    assert (moved, rooted.status("MOVE", "/sub/g", Destination="/sub/f")) == (201, 201)
    redirect = ask("GET", dcache.path_url("/p1.txt"), {"Authorization": f"Bearer {rooted.token}"})
    assert ask("GET", redirect.headers["Location"]).headers["Content-Location"] == dcache.path_url(
        "/p1.txt"
    )


def test_max_upload(dcache: Door) -> None:
    small = holder(dcache, "/", "max-upload:5")
    too_much = small.ask("PUT", "/big", b"x" * 11, Content_Type="text/plain")
    assert too_much.line == (507, "Insufficient storage: SER_DISK_FULL")
    assert not (dcache.root / "big").exists()
    assert small.status("PUT", "/little", b"x" * 5, Content_Type="text/plain") == 201


ROWS = {
    #                   GET  list put over mkcol move delete label
    "DOWNLOAD": (200, 403, 403, 403, 403, 403, 403, 403),
    "LIST": (403, 200, 403, 403, 403, 403, 403, 403),
    "UPLOAD": (403, 403, 201, 403, 201, 403, 403, 403),
    "MANAGE": (403, 403, 403, 403, 201, 201, 403, 403),
    "DELETE": (403, 403, 403, 403, 403, 403, 204, 403),
    "UPDATE_METADATA": (403, 403, 403, 403, 403, 403, 403, 201),
}


@pytest.mark.parametrize("activity", ROWS)
def test_one_activity_at_a_time(dcache: Door, activity: str) -> None:
    folder = f"/a/{activity}"
    there = dcache.root / folder.strip("/")
    there.mkdir(parents=True)
    for name in ("old", "moved", "deleted"):
        (there / name).write_bytes(b"old")
    one = holder(dcache, folder, f"activity:{activity}")
    # Whatever the activity, an entry can be looked at, and even pinned.
    assert one.status("HEAD", f"{folder}/old") == 200
    assert one.status("PROPFIND", f"{folder}/old", DAV_BODY, Depth="0") == 207
    assert one.rest("GET", f"namespace{folder}/old").status == 200
    assert one.act(f"{folder}/old", action="pin", lifetime=1) == 201
    shown = 4 if activity == "LIST" else 1
    assert len(one.listed(folder)) == shown
    text = {"Content_Type": "text/plain"}
    seen = (
        one.status("GET", f"{folder}/old"),
        one.rest("GET", f"namespace{folder}?children=true").status,
        one.status("PUT", f"{folder}/new", b"x", **text),
        one.status("PUT", f"{folder}/old", b"x", **text),
        one.status("MKCOL", f"{folder}/dir"),
        one.status("MOVE", f"{folder}/moved", Destination=f"{folder}/moved2"),
        one.status("DELETE", f"{folder}/deleted"),
        one.act(f"{folder}/old", action="set-label", label="l"),
    )
    assert seen == ROWS[activity]
    assert (there / "old").read_bytes() == b"old"


def test_activities_in_pairs(dcache: Door) -> None:
    there = dcache.root / "pairs"
    there.mkdir()
    text = {"Content_Type": "text/plain"}
    for name in ("over", "target"):
        (there / name).write_bytes(b"old")
    assert (
        holder(dcache, "/pairs", "activity:UPLOAD,MANAGE").status(
            "PUT", "/pairs/over", b"x", **text
        )
        == 403
    )
    assert (
        holder(dcache, "/pairs", "activity:UPLOAD,DELETE").status(
            "PUT", "/pairs/over", b"new", **text
        )
        == 201
    )
    two = holder(dcache, "/pairs", "activity:UPLOAD,MANAGE")
    assert two.status("PUT", "/pairs/.tmp", b"new", **text) == 201
    onto = {"Destination": "/pairs/target", "Overwrite": "T"}
    assert two.status("MOVE", "/pairs/.tmp", **onto) == 403
    assert (there / "target").read_bytes() == b"old"
    # Without MANAGE the target is gone, and the move refused.
    half = holder(dcache, "/pairs", "activity:UPLOAD,DELETE")
    assert half.status("MOVE", "/pairs/.tmp", **onto) == 403
    assert not (there / "target").exists()
    (there / "target").write_bytes(b"old")
    three = holder(dcache, "/pairs", "activity:UPLOAD,MANAGE,DELETE")
    assert three.status("MOVE", "/pairs/.tmp", **onto) == 204
    assert (there / "target").read_bytes() == b"new"


def test_macaroons_outlive_a_refused_token(dcache: Door) -> None:
    token = dcache.mint("/")
    dcache.configure(token_ends_in_s=0)
    try:
        assert Holder(dcache, dcache.token).ask("HEAD", "/top.txt").status == 401
        assert Holder(dcache, token).status("HEAD", "/top.txt") == 200
    finally:
        dcache.configure(token_ends_in_s=None)
    assert Holder(dcache, dcache.token).ask("HEAD", "/top.txt").status == 200


def test_doors_are_found(dcache: Door) -> None:
    frontend = dcache.api_url.removesuffix("/api/v1")
    config = ask("GET", f"{frontend}/scripts/config.js", {"Accept": "application/json"})
    assert json.loads(config.text)["dcache-view.endpoints.webdav"] == f"{dcache.webdav_url}/"
    assert ask("GET", f"{frontend}/scripts/config.js").text.startswith("window.CONFIG = {")
    known = {"uri": f"{dcache.api_url}/tape", "version": "v1", "metadata": {}}
    for server in (frontend, dcache.webdav_url, dcache.proxy_url):
        page = ask("GET", f"{server}/.well-known/wlcg-tape-rest-api")
        assert json.loads(page.text)["endpoints"] == [known]
    dcache.configure(tape_uri="https://dcache.example.org:3880/api/v1/tape")
    page = ask("GET", f"{frontend}/.well-known/wlcg-tape-rest-api")
    assert "example.org" in page.text
    dcache.configure(tape_uri="")
