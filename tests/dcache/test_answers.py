"""dCache's refusals become our errors in its own words. The answers were seen on dCache 11.2.5."""

from __future__ import annotations

import pytest

from rsdat.base.errors import (
    Conflict,
    DoorBroken,
    NoCredential,
    NoSpace,
    NotFound,
    NotPermitted,
    Refused,
    RsdatError,
)
from rsdat.dcache.answers import Answer, refusal

JSON = "application/json"
TEXT = "text/plain"


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (
            Answer(
                400, "Bad Request", JSON, b'{"detail":"File exists: /p","title":"x","status":"400"}'
            ),
            Refused,
            "File exists: /p",
        ),
        (
            Answer(
                401,
                "macaroon login denied: Invalid macaroon [-:Xo]: expired: before:2026-01-01",
                "application/octet-stream",
                b"",
            ),
            NoCredential,
            "expired: before:2026-01-01",
        ),
        (Answer(401, "x", JSON, b'{"detail":"Unauthorized"}'), NoCredential, "Unauthorized"),
        (
            Answer(403, "Forbidden", TEXT, b"Permission denied for PUT on path /x\n"),
            NotPermitted,
            "Permission denied for PUT on path /x",
        ),
        (Answer(404, "Not Found", TEXT, b"Path not found: /a%20b"), NotFound, "'/p q' does not"),
        (Answer(404, "Not Found", "text/html", b"<h1>no</h1>"), DoorBroken, "no dCache service"),
        (Answer(405, "x", TEXT, b"Method PUT is not allowed."), Conflict, "Method PUT is not"),
        (Answer(409, "Conflict", "text/html", b"<h1>Conflict</h1>"), Conflict, "Conflict"),
        (Answer(412, "Precondition Failed", "", b""), Conflict, "Precondition Failed"),
        (Answer(429, "Too Many Requests", TEXT, b"Server is busy."), DoorBroken, "busy"),
        (Answer(500, "Internal", TEXT, b"Internal problem: File is broken"), DoorBroken, "broken"),
        (Answer(501, "Content-Type is not implemented", "", b""), DoorBroken, "not implemented"),
        (Answer(507, "x", TEXT, b"Insufficient storage: SER_DISK_FULL"), NoSpace, "SER_DISK_FULL"),
        (Answer(418, "", "", b""), Refused, "no reason given"),
        (Answer(400, "Bad Request", JSON, b"{not json"), Refused, "Bad Request"),
    ],
)
def test_refusal(answer: Answer, kind: type[RsdatError], words: str) -> None:
    error = refusal(answer, doing="do it", path="/p q")
    assert type(error) is kind
    assert words in error.message


def test_words_are_one_short_line() -> None:
    answer = Answer(400, "", TEXT, b"two\nlines\x1b[31m " + b"x" * 1000)
    message = refusal(answer, doing="do it").message
    assert message.isprintable()
    assert "two lines" in message
    assert len(message) < 400


def test_every_refused_login_says_what_to_do() -> None:
    assert refusal(Answer(401, "login failed", "", b""), doing="do it").hint
