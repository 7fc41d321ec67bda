"""What dCache's refusals mean: one table from its answers to our errors, in its own words.

dCache puts its reason in one of three places: `detail` of a JSON body (REST), one line of plain
text (a door), or the HTTP reason phrase over an empty body (login failures, pools).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from rsdat.base.errors import (
    Conflict,
    DoorBroken,
    InvalidInput,
    NoCredential,
    NoSpace,
    NotFound,
    NotPermitted,
    Refused,
    RsdatError,
)

_MAX_WORDS = 300

_KINDS: dict[int, tuple[type[RsdatError], str | None]] = {
    401: (NoCredential, None),
    403: (NotPermitted, None),
    404: (NotFound, None),
    405: (Conflict, None),  # PUT on a folder, MKCOL on what exists
    409: (Conflict, None),
    412: (Conflict, "exists"),  # `Overwrite: F` or `If-None-Match: *` met an entry
    416: (InvalidInput, "out_of_range"),
    429: (DoorBroken, "busy"),
    507: (NoSpace, None),
}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer that was read to its end (bodies of refusals up to 64 KiB)."""

    status: int
    reason: str
    content_type: str
    body: bytes


def words_of(answer: Answer) -> str:
    """The reason that dCache gives, on one line; its HTTP reason phrase where it gives no other."""
    text = ""
    if "json" in answer.content_type:
        try:
            value = json.loads(answer.body)
        except ValueError:
            value = None
        if isinstance(value, dict):
            text = str(value.get("detail") or value.get("title") or "")
    elif answer.content_type == "text/plain":
        text = answer.body.decode(errors="replace")
    # HTML pages come from Jetty or a proxy: their reason phrase says the same in a few words.
    text = text.strip() or answer.reason.strip() or "no reason given"
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _MAX_WORDS else line[: _MAX_WORDS - 1] + "…"


def refusal(answer: Answer, *, doing: str, path: str | None = None) -> RsdatError:
    """The error for an answer that is no success.

    Args:
        answer: What dCache said.
        doing: What was tried, such as "list '/data'".
        path: The path it was about, for programs.
    """
    kind, code = _KINDS.get(
        answer.status, (Refused if 400 <= answer.status < 500 else DoorBroken, None)
    )
    words = words_of(answer)
    details: dict[str, Any] = {"status": answer.status, **({} if path is None else {"path": path})}
    if kind is NotFound and (path == "/" or answer.content_type == "text/html"):
        # There is always a root, and dCache's own 404 is JSON or plain text.
        return DoorBroken(
            f"There is no dCache service at the configured address (tried to {doing}): {words}",
            hint="Check the endpoint's REST and WebDAV address (api_url, webdav_url).",
            code="not_dcache",
        )
    if kind is NotFound and path is not None:
        # A door writes the path percent-encoded here.
        return NotFound(f"'{path}' does not exist on dCache", code=code, **details)
    return kind(
        f"dCache refused to {doing}: {words}", hint=_hint(answer.status), code=code, **details
    )


def _hint(status: int) -> str | None:
    if status == 401:
        return "Get a new token and put it where the old one is."
    if status == 403:
        return "The credential lacks the right for this: ask for a token with more activities."
    if status == 429:
        return "dCache blocks this computer for some seconds after failed logins. Wait, then retry."
    if status == 507:
        return "Delete something, or ask for more quota."
    if status >= 500:
        return "Try again in a minute; if it stays, tell dCache's administrators these words."
    return None
