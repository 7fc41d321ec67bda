"""`/tape/…` of the frontend: stage requests, releases, and where files are."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from rsdat.demo.door import jackson, paths
from rsdat.demo.door.durations import BadDurationError, seconds_of
from rsdat.demo.door.http import Answer, Call
from rsdat.demo.door.rest import RestError, json_answer, json_body
from rsdat.demo.door.site import Site
from rsdat.demo.door.store import NEARLINE

_TAPE_WORDS = {
    "ONLINE": "DISK",
    "NEARLINE": "TAPE",
    "ONLINE_AND_NEARLINE": "DISK_AND_TAPE",
}


def _now_ms() -> int:
    return int(time.time() * 1000)


@dataclass
class _Target:
    path: str
    state: str = "SUBMITTED"
    error: str = ""
    started_ms: int = 0
    finished_ms: int = 0

    def fail(self, error: str) -> None:
        self.state, self.error, self.finished_ms = "FAILED", error, _now_ms()

    def as_fields(self) -> dict[str, Any]:
        value: dict[str, Any] = {"path": self.path}
        if self.started_ms:
            value["startedAt"] = self.started_ms
        if self.finished_ms:
            value["finishedAt"] = self.finished_ms
        if self.error:
            value["error"] = self.error
        value["state"] = self.state
        return value


@dataclass
class _Request:
    created_ms: int
    targets: list[_Target] = field(default_factory=list)


class StageRequests:
    """The tape routes. Requests live in memory, as long as the stand-in."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._tree = site.tree
        self._requests: dict[str, _Request] = {}

    async def stage(self, call: Call, rest: str) -> web.StreamResponse:
        """`/tape/stage`, `/tape/stage/{id}` and `/tape/stage/{id}/cancel`."""
        request_id, _, verb = rest.strip("/").partition("/")
        if call.method == "POST" and not request_id:
            return await self._order(call)
        request = self._requests.get(request_id)
        if request is None:
            raise RestError(404, f"request {request_id} not found")
        if call.method == "POST" and verb == "cancel":
            return await self._cancel(call, request_id, request)
        if call.method == "DELETE":
            del self._requests[request_id]
            return Answer(200)
        if call.method in ("GET", "HEAD"):
            return json_answer(200, jackson.pretty(self._status(request_id, request)))
        raise RestError(405, "HTTP 405 Method Not Allowed")

    async def release(self, call: Call, rest: str) -> web.StreamResponse:
        """`/tape/release/{id}`: end the pins of a stage request. An unknown path is no error."""
        if call.method != "POST":
            raise RestError(405, "HTTP 405 Method Not Allowed")
        for path in _paths(await json_body(call)):
            self._site.pins.end(paths.normalise(path), rest.strip("/"))
        return Answer(200)

    async def archive_info(self, call: Call, _rest: str) -> web.StreamResponse:
        """Where files are, in the tape API's words."""
        if call.method != "POST":
            raise RestError(405, "HTTP 405 Method Not Allowed")
        answers = []
        for path in _paths(await json_body(call)):
            place = call.rights.absolute_rest(paths.normalise(path))
            entry = self._tree.find(place)
            may_look = call.rights.allows("READ_METADATA", place)
            if not may_look or self._tree.forbids(place, "read"):
                answers.append({"path": path, "error": f"Access denied: {path}"})
            elif entry is None:
                answers.append({"path": path, "error": f"No such file or directory {path}"})
            elif entry.is_directory:
                answers.append({"path": path, "locality": "NONE"})
            else:
                word = _TAPE_WORDS.get(entry.locality, entry.locality)
                answers.append({"path": path, "locality": word})
        answers.sort(key=lambda answer: hash(answer["path"]))  # in no order
        return json_answer(200, jackson.compact(answers))

    async def _order(self, call: Call) -> web.StreamResponse:
        body = await json_body(call)
        unknown = sorted(body.keys() - {"files"})
        files = body.get("files")
        if unknown:
            raise RestError(400, f"unsupported arguments: {unknown}")
        if not isinstance(files, list) or not files:
            raise RestError(400, "request contains no targets.")
        request = _Request(_now_ms())
        lifetimes_s: list[float] = []
        for file in files:
            if not isinstance(file, dict) or not isinstance(file.get("path"), str):
                raise RestError(400, 'JSONObject["path"] not found.')
            lifetime = file.get("diskLifetime", "P2D")
            try:
                lifetimes_s.append(seconds_of(str(lifetime)))
            except BadDurationError as error:
                text = f"Text cannot be parsed to a Duration: {lifetime}"
                raise RestError(400, text) from error
            request.targets.append(_Target(paths.normalise(file["path"])))
        request_id = str(uuid.uuid4())
        self._requests[request_id] = request
        for target, lifetime_s in zip(request.targets, lifetimes_s, strict=True):
            self._begin(target, request_id, lifetime_s)
        headers = [("Location", f"{call.server_url}/api/v1/tape/stage/{request_id}")]
        text = jackson.pretty({"requestId": request_id})
        return json_answer(201, text, headers=headers)

    def _begin(self, target: _Target, request_id: str, lifetime_s: float) -> None:
        entry = self._tree.find(target.path)
        if entry is None:
            text = f"No such file or directory {target.path}"
            target.fail(f"CacheException(rc=10001;msg={text})")
        elif entry.is_directory or entry.locality == "ONLINE":
            target.fail("Cannot stage DISK only files")
        elif entry.locality in ("LOST", "UNAVAILABLE", "NONE"):
            target.fail(f"CacheException(rc=10011;msg=File is {entry.locality.lower()})")
        else:
            target.state, target.started_ms = "STARTED", _now_ms()
            self._site.pins.add(target.path, request_id, lifetime_s)
            self._site.stager.start(target.path)

    def _status(self, request_id: str, request: _Request) -> dict[str, Any]:
        for target in request.targets:
            if target.state == "STARTED":
                entry = self._tree.find(target.path)
                if entry is None:
                    target.fail(f"No such file or directory {target.path}")
                elif entry.locality != NEARLINE:
                    target.state, target.finished_ms = "COMPLETED", _now_ms()
        value: dict[str, Any] = {
            "id": request_id,
            "createdAt": request.created_ms,
            "startedAt": request.created_ms,
        }
        if all(target.finished_ms for target in request.targets):
            value["completedAt"] = max(target.finished_ms for target in request.targets)
        value["files"] = [target.as_fields() for target in request.targets]
        return value

    async def _cancel(self, call: Call, request_id: str, request: _Request) -> web.StreamResponse:
        wanted = {paths.normalise(path) for path in _paths(await json_body(call))}
        unknown = wanted - {target.path for target in request.targets}
        if unknown:
            text = f"{sorted(unknown)[0]} is not a target of this request"
            headers = [
                ("title", "Target mismatch"),
                ("detail", text),
                ("Content-Type", "text/html"),
            ]
            return Answer(
                400, headers=headers, body=b"<html><body><h2>HTTP ERROR 400</h2></body></html>"
            )
        for target in request.targets:
            if target.path in wanted and not target.finished_ms:
                target.state, target.finished_ms = "CANCELLED", _now_ms()
                self._site.pins.end(target.path, request_id)
        return Answer(200)


def _paths(body: dict[str, Any]) -> list[str]:
    value = body.get("paths")
    if not isinstance(value, list) or not all(isinstance(path, str) for path in value):
        raise RestError(400, 'JSONObject["paths"] not found.')
    return value
