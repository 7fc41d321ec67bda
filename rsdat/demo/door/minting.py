"""Macaroon requests at a door: what is asked, what is refused, and what is put in unasked."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from rsdat.demo.door import paths
from rsdat.demo.door.auth import GIDS, UID, USER, Logins
from rsdat.demo.door.durations import BadDurationError, seconds_of
from rsdat.demo.door.http import Answer, Call
from rsdat.demo.door.rights import ACTIVITIES, CaveatError, Rights, moment_of, split

MEDIA_TYPE = "application/macaroon-request"
_DEFAULT = timedelta(days=1)
_MAXIMUM = timedelta(days=7)


class _RefusedError(Exception):
    """A reason phrase for a 400."""


async def mint(call: Call, logins: Logins) -> Answer:
    """Answer a POST of this media type. The URL's path and the caller's rights go into it."""
    try:
        if not logins.mints_over_http:
            raise _RefusedError("Not secure transport")
        caveats, before = _asked(await call.read())
        caveats = [*_given(call, before), *caveats]
    except (_RefusedError, CaveatError) as error:
        return Answer(400, reason=_in_a_phrase(error))
    macaroon = logins.mint(caveats)
    target = call.server_url + call.raw_path
    base = f"{call.server_url}/"
    uri = {
        "target": target,
        "targetWithMacaroon": f"{target}?authz={macaroon}",
        "base": base,
        "baseWithMacaroon": f"{base}?authz={macaroon}",
    }
    text = json.dumps({"macaroon": macaroon, "uri": uri}, indent=4) + "\n"
    return Answer(200, headers=[("Content-Type", "application/json")], body=text.encode())


def _in_a_phrase(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"Bad requested caveat: {text}" if isinstance(error, CaveatError) else text


def _asked(raw: bytes) -> tuple[list[str], list[datetime]]:
    """The caveats of a request, and the ends that it names.

    Only the kinds of caveats are looked at: a bad value shows when the macaroon is used.
    """
    try:
        body: Any = json.loads(raw) if raw.strip() else {}
    except ValueError as error:
        raise _RefusedError("Unable to parse JSON") from error
    if not isinstance(body, dict) or not isinstance(body.get("caveats", []), list):
        raise _RefusedError("Unable to parse JSON")
    caveats = []
    ends = []
    for item in body.get("caveats", []):
        kind, value = split(str(item))
        if kind == "before":
            ends.append(moment_of(value))
        else:
            caveats.append(str(item))
    validity = body.get("validity")
    if validity is not None:
        try:
            ends.append(_now() + timedelta(seconds=seconds_of(str(validity))))
        except (BadDurationError, OverflowError) as error:
            raise _RefusedError(
                "Bad validity value: Text cannot be parsed to a Duration"
            ) from error
    return caveats, ends


def _given(call: Call, ends: list[datetime]) -> list[str]:
    """The caveats that the door puts in by itself, those of the caller's macaroon among them."""
    rights = call.rights
    gids = ",".join(map(str, GIDS))
    found = [f"id:{UID};{gids};{USER}"]
    found.append(f"before:{_end(rights, ends).strftime('%Y-%m-%dT%H:%M:%S.%f')}000Z")
    found.append(f"home:{rights.home}")
    if rights.root != "/":
        found.append(f"root:{rights.root}")
    # A caller who is bound to a path already gets that path again, whatever the URL says.
    bound = rights.path if rights.path != rights.root else ""
    path = rights.shown(bound) if bound else paths.from_webdav(call.raw_path)
    if path != "/":
        found.append(f"path:{path}")
    if rights.max_upload is not None:
        found.append(f"max-upload:{rights.max_upload}")
    if rights.activities != ACTIVITIES:
        found.append("activity:" + ",".join(sorted(rights.activities)))
    return found


def _end(rights: Rights, ends: list[datetime]) -> datetime:
    latest = _now() + _MAXIMUM
    if not ends:
        return _now() + _DEFAULT if rights.expires is None else min(rights.expires, latest)
    end = min(ends)
    if end <= _now():
        raise CaveatError("before: requested expiry in past")
    if end > latest:
        raise CaveatError("before: requested duration beyond maximum allowed (PT168H)")
    if rights.expires is not None and end > rights.expires:
        raise CaveatError("before: cannot extend session lifetime")
    return end


def _now() -> datetime:
    return datetime.now(timezone.utc)
