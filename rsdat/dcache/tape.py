"""Tape: bring files to disk and pin them there, and end their pins.

Source: dCache 12.1 StageResources.java, BulkResources.java; answers as seen on 11.2.5.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from typing import Any

from rsdat.base.errors import DoorBroken, InvalidInput, Refused, RsdatError
from rsdat.dcache.http import Http
from rsdat.dcache.rest import json_object, login_root

MAX_PATHS = 500
# Ending pins is a change in a database. What takes longer than these pauses together goes on alone.
_LOOK_AFTER_S = (0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 4.0)
_ENDED = ("COMPLETED", "CANCELLED")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]+")
_EXCEPTION = re.compile(r"\w*Exception\(rc=\d+;msg=(.*)\)", re.DOTALL)


async def stage(http: Http, files: Sequence[str], *, keep_s: int) -> str:
    """Ask dCache to bring files from tape and to pin them on disk.

    Returns at once; staging takes minutes to days, and files can fail one by one.

    Args:
        http: The endpoint.
        files: Literal paths, 1 to 500.
        keep_s: Lifetime of the pin, in seconds.

    Returns:
        The id of the stage request.

    Raises:
        InvalidInput: No paths, or too many.
    """
    root = await _root(http, files, "stage")
    # java.time.Duration has no weeks or months: always seconds.
    order = [{"path": root + path, "diskLifetime": f"PT{keep_s}S"} for path in files]
    answer = await http.ask(
        "POST",
        http.rest_url("tape/stage"),
        doing=f"stage {_number(files)}",
        ok=(201,),
        json={"files": order},
    )
    request_id = json_object(answer).get("requestId")
    if not isinstance(request_id, str):
        raise DoorBroken("dCache took the stage request but gave it no id", code="not_understood")
    return request_id


async def release(http: Http, files: Sequence[str]) -> bool:
    """End all pins of the user on files, whoever of his programs made them.

    The bulk service's UNPIN without an `id` does that and tells what failed. `unpin` of the name
    space ends only pins that were made there, `tape/release` only those of one stage request.

    Args:
        http: The endpoint.
        files: Literal paths, 1 to 500.

    Returns:
        Whether dCache has done it; if not, it took the order and goes on with it.

    Raises:
        InvalidInput: No paths, or too many.
        Refused: It failed for a file; the others are released all the same.
    """
    root = await _root(http, files, "release")
    doing = f"release {_number(files)}"
    order = {
        "activity": "UNPIN",
        "target": [root + path for path in files],
        "expandDirectories": "NONE",
    }
    async with http.exchange(
        "POST", http.rest_url("bulk-requests"), doing=doing, ok=(201,), json=order
    ) as response:
        address = response.headers.get("request-url", "")
    request_id = address.rpartition("/")[2]
    if not _REQUEST_ID.fullmatch(request_id):
        raise DoorBroken("dCache took the order but gave it no id", code="not_understood")
    url = http.rest_url(f"bulk-requests/{request_id}")
    for pause_s in _LOOK_AFTER_S:
        await http.sleep(pause_s)
        request = json_object(await http.ask("GET", url, doing=f"{doing}: look how far it is"))
        if request.get("status") in _ENDED:
            break
    else:
        return False
    # dCache keeps ended requests, and refuses new ones when a user has too many; but what was asked
    # for is done.
    with contextlib.suppress(RsdatError):
        await http.ask("DELETE", url, doing="forget a request that is done", ok=(200, 204))
    _raise_failed(request, root)
    return True


def _raise_failed(request: dict[str, Any], root: str) -> None:
    """A request that is COMPLETED says nothing: each target has its own end."""
    targets = request.get("targets")
    failed = [
        target
        for target in (targets if isinstance(targets, list) else [])
        if isinstance(target, dict) and target.get("state") in ("FAILED", "CANCELLED")
    ]
    if not failed:
        return
    path = str(failed[0].get("target") or "").removeprefix(root)
    words = reason(failed[0].get("errorMessage"))
    more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
    raise Refused(f"dCache refused to release '{path}'{more}: {words}", path=path)


def reason(told: object) -> str:
    """The words in what dCache tells of a failed target, which may be a Java exception's text."""
    words = str(told or "no reason given")
    exception = _EXCEPTION.fullmatch(words)
    return exception[1] if exception else words


async def _root(http: Http, files: Sequence[str], verb: str) -> str:
    if not 1 <= len(files) <= MAX_PATHS:
        raise InvalidInput(f"{verb} takes 1 to {MAX_PATHS} paths, got {len(files)}")
    return await login_root(http)


def _number(files: Sequence[str]) -> str:
    return f"{len(files)} file{'s' if len(files) > 1 else ''}"
