"""Asks a door for a macaroon narrower than the present credential, and writes it down to hand out.

Source: dCache's MacaroonRequestHandler.java; its traps as seen on 11.2.5: names of activities are
not checked, rights that the parent lacks show only at use, and where the parent has a `path:` the
address that is asked narrows nothing.
"""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from rsdat.base.clock import to_iso
from rsdat.base.errors import DoorBroken, InvalidInput, NotPermitted, Refused, RsdatError
from rsdat.base.secret import Secret
from rsdat.dcache import paths
from rsdat.dcache.endpoint import Endpoint
from rsdat.dcache.entry import Entry
from rsdat.dcache.http import Http
from rsdat.dcache.macaroon import ACTIVITIES, Claims, ended, inspect, narrowed, network
from rsdat.dcache.rest import json_object
from rsdat.dcache.tokens import look

MOST_S = 7 * 24 * 3600
LEAST_S = 60
#: So much shorter than its parent's: their clocks differ, and dCache refuses longer ones.
_MARGIN_S = 5
#: So far the door's clock may be ahead.
_SLACK_S = 600

Form = Literal["token", "link", "rclone", "ada"]


@dataclass(frozen=True)
class Minted:
    """A new macaroon and what it says of itself."""

    token: Secret
    claims: Claims
    expires: datetime


async def mint(
    http: Http,
    path: str,
    *,
    activities: Sequence[str],
    validity_s: float,
    ips: Sequence[str] = (),
    now: datetime,
) -> Minted:
    """Have a macaroon made for one path and what is below.

    Args:
        http: The endpoint.
        path: Literal path, as the credential shows it.
        activities: Of `macaroon.ACTIVITIES`.
        validity_s: Seconds; cut to what is left of the credential.
        ips: Addresses or networks from which it may be used; empty is no limit.
        now: The time.

    Raises:
        InvalidInput: Something can't be asked for.
        NotPermitted: It would be wider than the credential.
        RsdatError: dCache refused, or made something else.
    """
    _check(activities, validity_s, ips)
    parent = await look(http.endpoint.credential)
    if parent.problem is not None:
        raise parent.problem
    limits = parent.claims or Claims("opaque")
    caveats = [f"activity:{','.join(activities)}"]
    caveats += _path_caveat(limits, path)
    if ips:
        caveats.append(f"ip:{','.join(ips)}")
    _check_within(limits, activities, ips)
    if parent.expires is not None:
        left_s = math.floor((parent.expires - now).total_seconds()) - _MARGIN_S
        if left_s <= 0:
            raise ended(parent.expires)
        validity_s = min(validity_s, left_s)
    try:
        answer = await http.ask(
            "POST",
            http.door_url(path),
            doing=f"make a macaroon for '{path}'",
            path=path,
            json={"caveats": caveats, "validity": f"PT{int(validity_s)}S"},
            headers={"Content-Type": "application/macaroon-request", "Accept": "application/json"},
        )
    except (Refused, DoorBroken) as error:
        error.hint = _hint(error) or error.hint
        raise
    token = json_object(answer).get("macaroon")
    if not isinstance(token, str) or not token:
        raise DoorBroken("The door answered without a macaroon", code="no_macaroon")
    latest = now + timedelta(seconds=validity_s + _SLACK_S)
    return _checked(token, path, activities, latest)


def _hint(error: RsdatError) -> str | None:
    if "secure transport" in error.message:
        return "Doors make macaroons over https only: give the endpoint an https webdav_url."
    if error.details.get("status") == 500:
        return "dCache makes none for users whose login folder is not /. Ask its administrators."
    if error.details.get("status") in (404, 405, 501):
        return "This door makes no macaroons. Another WebDAV door of this dCache may."
    return None


def write_down(minted: Minted, form: Form, endpoint: Endpoint, entry: Entry) -> tuple[str, str]:
    """The macaroon as a text to hand out, and a name for the file it is saved in.

    Args:
        minted: The macaroon.
        form: As a token, as a link, or as rclone's or ada's configuration.
        endpoint: Where it is good.
        entry: What it opens.
    """
    token = minted.token.reveal()
    url = endpoint.webdav_url + paths.encode(entry.path)
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", paths.name_of(entry.path)).strip("-") or endpoint.name
    if form == "token":
        return token + "\n", f"{name}.token"
    if form == "link":
        return f"{url}?authz={token}", f"{name}.url.txt"
    folder = entry.path if entry.is_folder else paths.parent_of(entry.path)
    base = endpoint.webdav_url + paths.encode(folder).rstrip("/") + "/"
    end = to_iso(minted.expires)
    told = [f"# A dCache macaroon for {entry.path}, until {end}. Keep it secret."]
    if form == "ada":
        told.append(f"# ada --tokenfile {name}.conf --api {endpoint.api_url} --list {folder}")
    else:
        told.append(f"# rclone --config {name}.conf lsf {name}:")
    section = [f"[{name}]", "type = webdav", f"url = {base}", "vendor = other"]
    return "\n".join([*told, *section, f"bearer_token = {token}", ""]), f"{name}.conf"


def _check(activities: Sequence[str], validity_s: float, ips: Sequence[str]) -> None:
    unknown = [name for name in activities if name not in ACTIVITIES]
    if unknown or not activities:
        # dCache would take any name, and refuse the macaroon when it is used.
        raise InvalidInput(
            f"There is no activity '{unknown[0]}'" if unknown else "A macaroon for nothing",
            hint=f"There are: {', '.join(ACTIVITIES)}.",
        )
    if not LEAST_S <= validity_s <= MOST_S:
        raise InvalidInput("A macaroon is good for a minute at least, and for seven days at most")
    for each in ips:
        if network(each) is None:
            raise InvalidInput(
                f"'{each[:64]}' is no address or network", hint="As 145.100.1.2 or 145.100.0.0/16."
            )


def _path_caveat(limits: Claims, path: str) -> list[str]:
    """Nothing where the address that is asked narrows; else relative to the parent's own path."""
    if not limits.paths:
        return []
    for above in limits.paths:
        if path == above:
            return []
        if path.startswith(above.rstrip("/") + "/"):
            # Of an OIDC token the paths are no caveats: there the address narrows.
            below = "path:/" + posixpath.relpath(path, above)
            return [below] if limits.kind == "macaroon" else []
    raise NotPermitted(
        f"'{path}' is not below {' or '.join(limits.paths)}, to which your token is limited",
        hint="Choose a path below it.",
    )


def _check_within(limits: Claims, activities: Sequence[str], ips: Sequence[str]) -> None:
    if limits.activities is not None:
        lacking = [name for name in activities if name not in limits.activities]
        if lacking:
            # dCache would make it all the same, and refuse it when it is used.
            raise NotPermitted(
                f"Your token does not allow {', '.join(lacking)} itself",
                hint=f"It allows {', '.join(limits.activities) or 'nothing'}.",
            )
    if limits.ips and ips and not narrowed(list(limits.ips), list(ips)):
        raise NotPermitted(
            f"Your token may be used from {', '.join(limits.ips)} only",
            hint="Choose addresses among these.",
        )


def _checked(token: str, path: str, activities: Sequence[str], latest: datetime) -> Minted:
    """What was made, if it is what was asked for: it is about to be given away.

    Raises:
        DoorBroken: It opens more.
    """
    claims = inspect(token)
    allowed = set(claims.activities or ACTIVITIES)
    opens = claims.paths[0] if claims.paths else "/"
    narrow = claims.kind == "macaroon" and allowed <= set(activities)
    if not narrow or claims.expires is None or claims.expires > latest:
        raise DoorBroken("The door made another macaroon than was asked for", code="no_macaroon")
    if opens != path:
        raise DoorBroken(
            f"The door made a macaroon for '{opens}' and not for '{path}'",
            hint="It is not shown, because it would open more, or nothing.",
            code="no_macaroon",
        )
    return Minted(Secret(token), claims, claims.expires)
