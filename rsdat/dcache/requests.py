"""One request to dCache's tape or bulk service: hand it in, look how each target is, end it.

Staging goes by the tape API, whose lifetimes are plain (the bulk service's STAGE wants them as JSON
in a string, and silently cancels everything when they are not). Pins and their ends go by the
bulk service, which alone has them. Targets are dCache's full paths.

Source: dCache 12.1 StageResources.java, BulkResources.java; answers as seen on 11.2.5.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from yarl import URL

from rsdat.base.errors import DoorBroken, NotFound
from rsdat.dcache import rest
from rsdat.dcache.http import LISTING, Http
from rsdat.dcache.rest import json_list, json_object
from rsdat.dcache.tape import MAX_PATHS, reason

Activity = Literal["stage", "pin", "release"]
State = Literal["waiting", "running", "done", "failed", "cancelled"]

_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]+")
_STATES: Mapping[str, State] = {
    "CREATED": "waiting",
    "READY": "waiting",
    "SUBMITTED": "waiting",
    "STARTED": "running",
    "RUNNING": "running",
    "COMPLETED": "done",
    "SKIPPED": "done",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
}
_ENDED = ("COMPLETED", "CANCELLED")
_ACTIVITIES: Mapping[Activity, str] = {"stage": "STAGE", "pin": "PIN", "release": "UNPIN"}
#: Of one's requests about one file the latest may be a lost one; by so much clocks may differ.
_MOST_FOUND = 10
_CLOCKS_S = 120.0
#: dCache pages targets by 10 000, and a request of ours has 500.
_MAX_PAGES = 50


@dataclass(frozen=True)
class Target:
    """How one target is; the message is dCache's when it failed."""

    state: State
    message: str | None = None


async def submit(http: Http, activity: Activity, targets: Sequence[str], keep_s: int) -> str:
    """Hand in a request.

    Args:
        http: The endpoint.
        activity: What to do.
        targets: Full paths of files, 1 to 500.
        keep_s: How long to keep them on disk, seconds; of no meaning for `release`.

    Returns:
        dCache's id of it.

    Raises:
        RsdatError: dCache refused, or gave no usable answer; then it may have taken it.
    """
    if not 1 <= len(targets) <= MAX_PATHS:
        raise ValueError(f"a request takes 1 to {MAX_PATHS} targets, got {len(targets)}")
    doing = f"{activity} {len(targets)} file{'s' if len(targets) > 1 else ''}"
    if activity == "stage":
        # java.time.Duration has no weeks or months: always seconds.
        files = [{"path": path, "diskLifetime": f"PT{keep_s}S"} for path in targets]
        url = http.rest_url("tape/stage")
        answer = await http.ask("POST", url, doing=doing, ok=(201,), json={"files": files})
        return _checked(json_object(answer).get("requestId"))
    order: dict[str, Any] = {
        "activity": _ACTIVITIES[activity],
        "target": list(targets),
        "expandDirectories": "NONE",
    }
    if activity == "pin":
        order["arguments"] = {"lifetime": str(keep_s), "lifetimeUnit": "SECONDS"}
    url = http.rest_url("bulk-requests")
    async with http.exchange("POST", url, doing=doing, ok=(201,), json=order) as response:
        return _checked(response.headers.get("request-url", "").rpartition("/")[2])


async def find(
    http: Http, activity: Activity, targets: Sequence[str], since: datetime, but: Container[str]
) -> str | None:
    """A request that dCache took, though its answer got lost; None if there is none.

    dCache knows no name that one could give to a request: it is told by who asked, for what, and
    when. It lists all users' requests, so only those about the first target are asked for.

    Args:
        http: The endpoint.
        activity: As handed in.
        targets: As handed in.
        since: When it was handed in, by this computer's clock.
        but: Ids of requests that are somebody's already.

    Raises:
        RsdatError: dCache refused, or gave no usable answer.
    """
    doing = f"look whether dCache took the {activity} request"
    user = await rest.user(http)
    owner = f"{user.get('uid')}:{next(iter(user.get('gids') or ()), '')}"
    query = f"owner={quote(owner)}&path={quote(targets[0], safe='')}"
    answer = await http.ask("GET", http.rest_url("bulk-requests", None, query), doing=doing)
    listed = [
        str(each.get("url", "")).rpartition("/")[2]
        for each in json_list(answer)
        if isinstance(each, dict) and each.get("activity") == _ACTIVITIES[activity]
    ]
    for request_id in listed[-_MOST_FOUND:]:
        if request_id in but or not _REQUEST_ID.fullmatch(request_id):
            continue
        url = http.rest_url(f"bulk-requests/{request_id}")
        value = json_object(await http.ask("GET", url, doing=doing, timeout=LISTING))
        arrived, held = value.get("arrivedAt"), value.get("targets")
        if not isinstance(arrived, (int, float)) or not isinstance(held, list):
            continue
        same = {each.get("target") for each in held if isinstance(each, dict)} == set(targets)
        if same and arrived / 1000 > since.timestamp() - _CLOCKS_S:
            return request_id
    return None


async def look(http: Http, activity: Activity, request_id: str) -> dict[str, Target]:
    """How each target of a request is, by full path.

    A request that is COMPLETED says nothing: each target has its own end. One that has none though
    the request has ended, is `failed`.

    Raises:
        NotFound: dCache does not know the request (any more).
        RsdatError: dCache refused, or gave no usable answer.
    """
    doing = f"look how far the {activity} request is"
    if activity == "stage":
        url = http.rest_url(f"tape/stage/{request_id}")
        value = json_object(await http.ask("GET", url, doing=doing, timeout=LISTING))
        return _targets(value.get("files"), "path", "error", ended="completedAt" in value)
    found: dict[str, Target] = {}
    following = 0
    for _ in range(_MAX_PAGES):
        url = http.rest_url(f"bulk-requests/{request_id}", query=f"offset={following}")
        value = json_object(await http.ask("GET", url, doing=doing, timeout=LISTING))
        ended = value.get("status") in _ENDED
        found |= _targets(value.get("targets"), "target", "errorMessage", ended=ended)
        following = value.get("nextId", -1)
        if not isinstance(following, int) or following < 0:
            break
    return found


async def cancel(http: Http, activity: Activity, request_id: str, targets: Sequence[str]) -> None:
    """Stop work on targets that are not done; what dCache has forgotten or done is no error.

    Raises:
        RsdatError: dCache refused, or gave no usable answer.
    """
    doing = f"cancel the {activity} request"
    try:
        if activity == "stage":
            url = http.rest_url(f"tape/stage/{request_id}/cancel")
            await http.ask("POST", url, doing=doing, json={"paths": list(targets)})
        else:
            await _delete(http, http.rest_url(f"bulk-requests/{request_id}", None, _RUNNING), doing)
    except NotFound:
        return


async def forget(http: Http, request_id: str) -> None:
    """Let dCache forget an ended bulk request: it refuses new ones when a user has too many.

    Not for requests that made pins, which must outlive them.

    Raises:
        RsdatError: dCache refused, or gave no usable answer.
    """
    await _delete(
        http, http.rest_url(f"bulk-requests/{request_id}"), "forget a request that is done"
    )


_RUNNING = "cancelIfRunning=true"


async def _delete(http: Http, url: URL, doing: str) -> None:
    await http.ask("DELETE", url, doing=doing, ok=(200, 204))


def _checked(request_id: object) -> str:
    if not isinstance(request_id, str) or not _REQUEST_ID.fullmatch(request_id):
        raise DoorBroken("dCache took the order but gave it no id", code="not_understood")
    return request_id


def _targets(listed: Any, path: str, message: str, *, ended: bool) -> dict[str, Target]:
    found = {}
    for each in listed if isinstance(listed, list) else ():
        if not isinstance(each, dict) or not isinstance(each.get(path), str):
            raise DoorBroken(
                "dCache told the state of an order in a way rsdat does not understand",
                code="not_understood",
            )
        state = _STATES.get(str(each.get("state")), "running")
        if state == "cancelled":
            found[each[path]] = Target(state, "dCache cancelled it, and gave no reason.")
        elif state == "failed":
            found[each[path]] = Target(state, reason(each.get(message)))
        elif ended and state != "done":
            found[each[path]] = Target("failed", "dCache ended the request without this file.")
        else:
            found[each[path]] = Target(state)
    return found
