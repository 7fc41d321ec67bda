"""`/bulk-requests` of the frontend, as far as pins are ended by it."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from rsdat.demo.door import jackson, paths
from rsdat.demo.door.auth import GIDS, UID
from rsdat.demo.door.http import Answer, Call
from rsdat.demo.door.rest import RestError, json_answer, json_body
from rsdat.demo.door.site import Site

MAX_TARGETS = 500
_KNOWN = ("PIN", "UNPIN", "DELETE", "UPDATE_QOS", "STAGE", "RELEASE", "LOG_TARGET")
_KEYS = {
    "activity",
    "target",
    "targetPrefix",
    "expandDirectories",
    "clearOnSuccess",
    "clearOnFailure",
    "cancelOnFailure",
    "arguments",
}


@dataclass
class _Request:
    arrived_ms: int
    done: float  # on the monotonic clock
    targets: list[dict[str, Any]]


class BulkRequests:
    """UNPIN and RELEASE. Done at once, and said to be after `bulk_delay_s`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._requests: dict[str, _Request] = {}

    async def answer(self, call: Call, rest: str) -> web.StreamResponse:
        """`/bulk-requests` and `/bulk-requests/{id}`."""
        request_id = rest.strip("/")
        if call.method == "POST" and not request_id:
            return await self._order(call)
        request = self._requests.get(request_id)
        if request is None:
            raise RestError(404, f"request {request_id} not found")
        if call.method in ("GET", "HEAD"):
            return json_answer(200, jackson.pretty(_status(request)))
        if call.method == "DELETE":
            if not _is_done(request) and call.query("cancelIfRunning") != "true":
                raise RestError(403, "request is still running")
            del self._requests[request_id]
            return Answer(204)
        raise RestError(405, "HTTP 405 Method Not Allowed")

    async def _order(self, call: Call) -> web.StreamResponse:
        body = await json_body(call)
        unknown = sorted(body.keys() - _KEYS)
        if unknown:
            raise RestError(400, f"unsupported arguments: {unknown}")
        activity = body.get("activity")
        if activity not in _KNOWN:
            raise RestError(400, f"{activity} is not a recognized activity.")
        if activity not in ("UNPIN", "RELEASE"):
            raise RestError(501, f"the stand-in has no bulk {activity}")
        if "target" not in body:
            raise RestError(500, "Internal Server Error")
        given = body["target"] if isinstance(body["target"], list) else [body["target"]]
        if not given:
            raise RestError(400, "request contains no targets.")
        if len(given) > MAX_TARGETS:
            raise RestError(413, "Request Entity Too Large")
        arguments = body.get("arguments") or {}
        pin_of = arguments.get("id")
        targets = [self._end_pin(str(path), pin_of) for path in given]
        request_id = str(uuid.uuid4())
        done = time.monotonic() + self._site.bulk_delay_s
        self._requests[request_id] = _Request(_now_ms(), done, targets)
        url = f"{call.server_url}/api/v1/bulk-requests/{request_id}"
        return Answer(201, headers=[("request-url", url)])

    def _end_pin(self, given: str, pin_of: str | None) -> dict[str, Any]:
        path = paths.normalise(given)
        now_ms = _now_ms()
        target: dict[str, Any] = {"target": path, "submittedAt": now_ms, "startedAt": now_ms}
        target |= {"finishedAt": now_ms, "state": "COMPLETED"}
        entry = self._site.tree.find(path)
        if entry is None:
            text = f"CacheException(rc=10001;msg=No such file or directory {path})"
            return target | _failed("FileNotFoundCacheException", text)
        if self._site.tree.forbids(path, "write"):
            return target | _failed("PermissionDeniedCacheException", f"Access denied: {path}")
        if entry.is_directory:
            return target | {"state": "SKIPPED"}
        self._site.pins.end(path, pin_of)
        return target


def _failed(kind: str, text: str) -> dict[str, str]:
    return {"state": "FAILED", "errorType": kind, "errorMessage": text}


def _is_done(request: _Request) -> bool:
    return time.monotonic() >= request.done


def _status(request: _Request) -> dict[str, Any]:
    is_done = _is_done(request)
    targets = request.targets if is_done else [_running(target) for target in request.targets]
    return {
        "nextId": -1,
        "uid": f"{UID}:{GIDS[0]}",
        "arrivedAt": request.arrived_ms,
        "startedAt": request.arrived_ms,
        "lastModified": request.arrived_ms,
        "status": "COMPLETED" if is_done else "STARTED",
        "targetPrefix": "/",
        "targets": [{**target, "id": number} for number, target in enumerate(targets, 1)],
    }


def _running(target: dict[str, Any]) -> dict[str, Any]:
    return {
        "target": target["target"],
        "state": "RUNNING",
        "submittedAt": target["submittedAt"],
        "startedAt": target["startedAt"],
    }


def _now_ms() -> int:
    return int(time.time() * 1000)
