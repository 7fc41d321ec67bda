"""`/tape/…` of the frontend: stage requests, releases, and where files are."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from rsdat.demo.door import jackson, paths
from rsdat.demo.door.bulk_jobs import OWNER, Job, Order, Target
from rsdat.demo.door.bulk_requests import MAX_TARGETS
from rsdat.demo.door.durations import BadDurationError, seconds_of
from rsdat.demo.door.http import Answer, Call
from rsdat.demo.door.rest import RestError, json_answer, json_body, only
from rsdat.demo.door.site import Site

_TAPE_WORDS = {
    "ONLINE": "DISK",
    "NEARLINE": "TAPE",
    "ONLINE_AND_NEARLINE": "DISK_AND_TAPE",
}
# The tape interface has words of its own for the states of bulk targets.
_STATES = {"CREATED": "SUBMITTED", "READY": "SUBMITTED", "RUNNING": "STARTED"}
_MAX_ARCHIVE_INFO = 10_000


class StageRequests:
    """The tape routes. A stage request is a bulk request, with a lifetime for each path."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._tree = site.tree
        self._jobs = site.bulk

    async def stage(self, call: Call, rest: str) -> web.StreamResponse:
        """`/tape/stage`, `/tape/stage/{id}` and `/tape/stage/{id}/cancel`."""
        request_id, _, verb = rest.strip("/").partition("/")
        if call.method == "POST" and not request_id:
            return await self._order(call)
        job = self._job(request_id)
        if call.method == "POST" and verb == "cancel":
            return await self._cancel(call, job)
        if call.method == "DELETE":
            self._jobs.remove(job)
            return Answer(200)
        only(call, "GET", "HEAD")
        return json_answer(200, jackson.pretty(_status(job)))

    def _job(self, request_id: str) -> Job:
        job = self._jobs.find(request_id)
        if job is None or job.order.activity != "STAGE":
            raise RestError(404, f"request {request_id} not found")
        if job.order.owner != OWNER:
            raise RestError(403, "Forbidden")
        return job

    async def release(self, call: Call, rest: str) -> web.StreamResponse:
        """`/tape/release/{id}`: end the pins of a stage request. An unknown path is no error."""
        only(call, "POST")
        for path in _paths(await json_body(call)):
            place = call.rights.absolute_rest(paths.normalise(path))
            if not self._site.refuses(call.rights, place, "UPDATE_METADATA"):
                self._site.pins.end(place, rest.strip("/"))
        return Answer(200)

    async def archive_info(self, call: Call, _rest: str) -> web.StreamResponse:
        """Where files are, in the tape API's words; silently cut after 10 000."""
        only(call, "POST")
        answers = []
        for path in _paths(await json_body(call))[:_MAX_ARCHIVE_INFO]:
            place = call.rights.absolute_rest(paths.normalise(path))
            entry = self._tree.find(place)
            if self._site.refuses(call.rights, place, "READ_METADATA"):
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
        if len(files) > MAX_TARGETS["NONE"]:
            raise RestError(413, "Request Entity Too Large")
        lifetimes_s: dict[str, float] = {}
        for file in files:
            if not isinstance(file, dict) or not isinstance(file.get("path"), str):
                raise RestError(400, 'JSONObject["path"] not found.')
            lifetime = file.get("diskLifetime", "P2D")
            try:
                lifetimes_s[paths.normalise(file["path"])] = seconds_of(str(lifetime))
            except BadDurationError as error:
                text = f"Text cannot be parsed to a Duration: {lifetime}"
                raise RestError(400, text) from error
        order = Order("STAGE", list(lifetimes_s), call.rights, lifetimes_s=lifetimes_s)
        job = self._jobs.start(order)
        headers = [("Location", f"{call.server_url}/api/v1/tape/stage/{job.id}")]
        text = jackson.pretty({"requestId": job.id})
        return json_answer(201, text, headers=headers)

    async def _cancel(self, call: Call, job: Job) -> web.StreamResponse:
        wanted = {paths.normalise(path) for path in _paths(await json_body(call))}
        unknown = wanted - {target.path for target in job.targets}
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
        self._jobs.cancel(job, wanted)
        return Answer(200)


def _status(job: Job) -> dict[str, Any]:
    value: dict[str, Any] = {"id": job.id, "createdAt": job.arrived_ms}
    if job.started_ms:
        value["startedAt"] = job.started_ms
    if job.is_done:
        value["completedAt"] = job.modified_ms
    value["files"] = [_file(target) for target in job.targets]
    return value


def _file(target: Target) -> dict[str, Any]:
    value: dict[str, Any] = {"path": target.path}
    if target.started_ms and target.state != "CANCELLED":
        value["startedAt"] = target.started_ms
    if target.finished_ms:
        value["finishedAt"] = target.finished_ms
    if target.error:
        value["error"] = target.error
    value["state"] = _STATES.get(target.state, target.state)
    return value


def _paths(body: dict[str, Any]) -> list[str]:
    value = body.get("paths")
    if not isinstance(value, list) or not all(isinstance(path, str) for path in value):
        raise RestError(400, 'JSONObject["paths"] not found.')
    return value
