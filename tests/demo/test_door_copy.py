"""Third-party COPY of the stand-in, and what makes transfers slow or wrong on demand."""

from __future__ import annotations

import http.client
import os
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.support.door import Door, door
from tests.support.raw_http import Reply, ask, raw_request, until
from tests.support.waiting import wait_for

MEGABYTES = os.urandom(3_000_000)


@pytest.fixture(scope="module")
def dcache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with door(tmp_path_factory.mktemp("door"), movers=6) as running:
        (running.root / "source").write_bytes(MEGABYTES)
        yield running


@pytest.fixture(autouse=True)
def unlimited(dcache: Door) -> Iterator[None]:
    yield
    dcache.forget()
    dcache.configure(bytes_per_s=None, bytes_per_s_each=None, marker_s=5)


def pull(
    dcache: Door, target: str, *, source: str = "", proxy: bool = False, **headers: str
) -> Reply:
    named = {
        "Source": source or dcache.path_url("/source", proxy=proxy),
        "Credential": "none",
        "TransferHeaderAuthorization": f"Bearer {dcache.token}",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return ask("COPY", dcache.path_url(target), {**dcache.headers, **named})


@pytest.mark.parametrize("verify", ["true", "false"])
@pytest.mark.parametrize("proxy", [True, False])
def test_pull_from_the_same_dcache(dcache: Door, proxy: bool, verify: str) -> None:
    target = f"/pulled-{proxy}-{verify}"
    answer = pull(dcache, target, proxy=proxy, RequireChecksumVerification=verify)
    assert (answer.status, answer.text) == (202, "success: Created\n")
    assert answer.headers["Content-Type"] == "text/perf-marker-stream"
    assert (dcache.root / target[1:]).read_bytes() == MEGABYTES
    assert dcache.entry(target)["size"] == len(MEGABYTES)


def test_pull_with_a_macaroon_for_download(dcache: Door) -> None:
    token = dcache.mint("/source", "activity:DOWNLOAD")
    answer = pull(dcache, "/by-macaroon", TransferHeaderAuthorization=f"Bearer {token}")
    assert answer.text == "success: Created\n"


def test_markers(dcache: Door) -> None:
    dcache.configure(marker_s=0.1, bytes_per_s=6_000_000)
    text = pull(dcache, "/marked").text
    markers = text.split("End\n")
    assert markers[-1] == "success: Created\n"
    lines = [line.partition(": ")[0] for line in markers[-2].splitlines()]
    assert lines == [
        "Perf Marker",
        "    Timestamp",
        "    State",
        "    Stripe Index",
        "    Stripe Start Time",
        "    Stripe Last Transferred",
        "    Stripe Transfer Time",
        "    Stripe Bytes Transferred",
        "    Stripe Status",
        "    Total Stripe Count",
        "    RemoteConnections",
    ]
    moved = [int(m.partition("Transferred: ")[2].split()[0]) for m in markers[1:-1]]
    assert moved == sorted(moved)


def test_pull_with_a_bad_credential(dcache: Door) -> None:
    answer = pull(dcache, "/unread", TransferHeaderAuthorization="Bearer garbage")
    assert (answer.status, answer.text) == (202, "failure: rejected GET: 401 login failed\n")
    assert not (dcache.root / "unread").exists()
    missing = pull(dcache, "/unread", source=dcache.path_url("/nope"))
    assert missing.text == "failure: rejected GET: 404 Not Found\n"


def test_pull_that_is_cut_or_wrong_leaves_nothing(dcache: Door) -> None:
    dcache.fault("cut_download", server="pool", at_bytes=100_000)
    cut = pull(dcache, "/cut")
    assert cut.text == "failure: GET failed: ClientPayloadError\n"
    assert not (dcache.root / "cut").exists()
    dcache.fault("flip", server="pool", at_bytes=2_500_000)
    wrong = pull(dcache, "/wrong", RequireChecksumVerification="true")
    assert wrong.text.startswith("failure: checksum verification failed")
    assert not (dcache.root / "wrong").exists()
    dcache.fault("flip", server="pool", at_bytes=1)
    unseen = pull(dcache, "/unseen", RequireChecksumVerification="false")
    assert unseen.text == "success: Created\n"
    assert (dcache.root / "unseen").read_bytes() != MEGABYTES


def test_pull_onto_something(dcache: Door) -> None:
    (dcache.root / "there").write_bytes(b"old")
    assert pull(dcache, "/there", Overwrite="F").status == 412
    assert (dcache.root / "there").read_bytes() == b"old"
    assert pull(dcache, "/there", Overwrite="T").text == "success: Created\n"
    (dcache.root / "folder").mkdir()
    assert pull(dcache, "/folder").line == (400, "Not a file")


def test_a_client_that_hangs_up_ends_the_copy(dcache: Door) -> None:
    dcache.configure(bytes_per_s=1_000_000)
    headers = {
        **dcache.headers,
        "Source": dcache.path_url("/source"),
        "TransferHeaderAuthorization": f"Bearer {dcache.token}",
    }
    with raw_request("COPY", dcache.path_url("/left"), headers) as sock:
        assert b"202" in until(sock)
        left = dcache.root / "left"
        wait_for(lambda: left.exists() and left.stat().st_size > 0)
    wait_for(lambda: dcache.movers() == 0)
    assert not left.exists()


def test_push(dcache: Door) -> None:
    target = dcache.path_url("/pushed")
    headers = {**dcache.headers, "Destination": target}
    without = ask("COPY", dcache.path_url("/source"), headers)
    assert (without.status, without.text) == (202, "failure: rejected PUT: 401 login failed\n")
    headers["TransferHeaderAuthorization"] = f"Bearer {dcache.token}"
    assert ask("COPY", dcache.path_url("/source"), headers).text == "success: Created\n"
    assert (dcache.root / "pushed").read_bytes() == MEGABYTES


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Source": "gsiftp://127.0.0.1/x"}, 400),
        ({"Source": "http://192.0.2.7/x"}, 400),
        ({"Source": "http://127.0.0.1:1/x", "Credential": "gridsite"}, 400),
        ({"Source": "http://127.0.0.1:1/x", "RequireChecksumVerification": "maybe"}, 400),
    ],
)
def test_copies_that_are_refused(dcache: Door, headers: dict[str, str], status: int) -> None:
    answer = ask("COPY", dcache.path_url("/refused"), {**dcache.headers, **headers})
    assert answer.status == status


def test_rates(dcache: Door) -> None:
    dcache.configure(bytes_per_s_each=10_000_000)
    for proxy in (True, False):
        start = time.monotonic()
        assert fetch(dcache, proxy=proxy) == MEGABYTES
        assert time.monotonic() - start > 0.2
    start = time.monotonic()
    headers = {**dcache.headers, "Content-Type": "text/plain"}
    assert ask("PUT", dcache.path_url("/slow", proxy=True), headers, MEGABYTES).status == 201
    assert time.monotonic() - start > 0.2


def fetch(dcache: Door, *, proxy: bool = False) -> bytes:
    url = dcache.path_url("/source", proxy=proxy)
    answer = ask("GET", url, dcache.headers)
    return answer.body if proxy else ask("GET", answer.headers["Location"]).body


@pytest.mark.parametrize("proxy", [True, False])
def test_flipped_byte(dcache: Door, proxy: bool) -> None:
    dcache.fault("flip", server="proxy" if proxy else "pool", at_bytes=1_234_567)
    got = fetch(dcache, proxy=proxy)
    wrong = [at for at in range(len(got)) if got[at] != MEGABYTES[at]]
    assert (len(got), wrong) == (len(MEGABYTES), [1_234_567])
    assert fetch(dcache, proxy=proxy) == MEGABYTES


def test_cut_listing(dcache: Door) -> None:
    dcache.fault("cut_download", server="frontend", at_bytes=50)
    with pytest.raises(http.client.IncompleteRead) as cut:
        ask("GET", f"{dcache.api_url}/namespace/?children=true", dcache.headers)
    assert len(cut.value.partial) == 50


def test_stalled_download(dcache: Door) -> None:
    dcache.fault("stall_download", server="proxy", at_bytes=1000)
    headers = {**dcache.headers, "Connection": "close"}
    with raw_request("GET", dcache.path_url("/source", proxy=True), headers) as sock:
        head, _, body = until(sock).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        while len(body) < 1000:
            body += sock.recv(65536)
        assert body == MEGABYTES[:1000]
        sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            sock.recv(1)


def test_dead_pool_and_vanishing_file(dcache: Door) -> None:
    dcache.fault("dead_pool", server="redirect")
    answer = ask("GET", dcache.path_url("/source"), dcache.headers)
    assert urlsplit(answer.headers["Location"]).port == 1
    (dcache.root / "here").write_bytes(b"x")
    dcache.fault("vanish", server="redirect", method="GET", prefix="/here")
    assert ask("HEAD", dcache.path_url("/here"), dcache.headers).status == 200
    assert ask("GET", dcache.path_url("/here"), dcache.headers).status == 404
