"""`/bulk-requests` of the frontend: orders for many paths, what became of each, and the archive."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from rsdat.demo.door import jackson
from rsdat.demo.door.bulk_jobs import OWNER, Job, Order, Target, read_paths
from rsdat.demo.door.bulk_work import ACTIVITIES
from rsdat.demo.door.http import Answer, Call
from rsdat.demo.door.rest import RestError, is_true, json_answer, json_body, only
from rsdat.demo.door.site import Site

MAX_TARGETS = {"NONE": 500, "TARGETS": 10, "ALL": 1}
_STATUSES = ("INCOMPLETE", "QUEUED", "STARTED", "COMPLETED", "CANCELLING", "CANCELLED")
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


class BulkRequests:
    """The routes of bulk requests."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._jobs = site.bulk

    async def answer(self, call: Call, rest: str) -> web.StreamResponse:
        """`/bulk-requests`, `/bulk-requests/{id}` and `/bulk-requests/archived[/{id}]`."""
        request_id, _, archived_id = rest.strip("/").partition("/")
        if not request_id:
            only(call, "GET", "POST")
            return self._list(call) if call.method == "GET" else await self._order(call)
        if request_id == "archived":
            only(call, "GET")
            return self._archived(archived_id)
        job = self._jobs.find(request_id)
        if job is None:
            raise RestError(404, f"request {request_id} not found")
        if job.order.owner != OWNER:
            raise RestError(403, "Forbidden")
        if call.method in ("GET", "HEAD"):
            return json_answer(200, jackson.pretty(self._status(call, job)))
        if call.method == "PATCH":
            return await self._change(call, job)
        only(call, "DELETE")
        if not job.is_done and not is_true(call.query("cancelIfRunning")):
            raise RestError(403, "request is still running")
        self._jobs.remove(job)
        return Answer(204)

    def _list(self, call: Call) -> web.StreamResponse:
        """Of all users; `status` must be in capitals."""
        wanted = [item for item in (call.query("status") or "").split(",") if item]
        if any(item not in _STATUSES for item in wanted):
            raise RestError(500, "Internal Server Error")
        owners = [item for item in (call.query("owner") or "").split(",") if item]
        path = call.query("path")
        found = [
            {
                "id": number,
                "url": f"{call.server_url}/api/v1/bulk-requests/{job.id}",
                "owner": job.order.owner,
                "activity": job.order.activity,
                "status": job.status,
                "active": sum(not target.has_ended for target in job.targets),
            }
            for number, job in enumerate(self._jobs.all(), 1)
            if (not wanted or job.status in wanted)
            and (not owners or job.order.owner in owners)
            and (path is None or any(target.path == path for target in job.targets))
        ]
        offset = _offset(call)
        page = [item for item in found if int(str(item["id"])) > offset][: self._jobs.page]
        return json_answer(200, jackson.compact(page))

    def _archived(self, request_id: str) -> web.StreamResponse:
        if not request_id:
            return json_answer(200, jackson.compact(list(self._jobs.archived.values())))
        if request_id not in self._jobs.archived:
            raise RestError(404, f"request {request_id} not found")
        return json_answer(200, jackson.pretty(self._jobs.archived[request_id]))

    def _status(self, call: Call, job: Job) -> dict[str, Any]:
        first = max(0, _offset(call) - 1)
        page = job.targets[first : first + self._jobs.page]
        following = first + len(page) + 1
        return {
            "nextId": following if following <= len(job.targets) else -1,
            "uid": job.id,
            "arrivedAt": job.arrived_ms,
            **({"startedAt": job.started_ms} if job.started_ms else {}),
            "lastModified": job.modified_ms,
            "status": job.status,
            "targetPrefix": job.order.prefix,
            "targets": [_fields(target) for target in page],
        }

    async def _change(self, call: Call, job: Job) -> web.StreamResponse:
        body = await json_body(call)
        action = body.get("action")
        if action != "cancel":
            raise RestError(400, f"{action} not supported.")
        wanted = body.get("paths")
        if wanted is not None and not isinstance(wanted, list):
            raise RestError(400, "paths is not a list.")
        self._jobs.cancel(job, set(read_paths(wanted, job.order.prefix)) if wanted else None)
        return Answer(200)

    async def _order(self, call: Call) -> web.StreamResponse:
        body = {_camel(key): value for key, value in (await json_body(call)).items()}
        unknown = sorted(body.keys() - _KEYS)
        if unknown:
            raise RestError(400, f"unsupported arguments: [{', '.join(unknown)}]")
        activity = str(body.get("activity")).upper()
        if activity not in ACTIVITIES:
            raise RestError(400, f"{body.get('activity')} is not a recognized activity.")
        if "target" not in body:
            raise RestError(500, "Internal Server Error")
        given = body["target"] if isinstance(body["target"], list) else [body["target"]]
        if not given:
            raise RestError(400, "request contains no targets.")
        expand = str(body.get("expandDirectories") or "NONE").upper()
        if expand not in MAX_TARGETS:
            raise RestError(400, f"{expand} is not a valid option for expandDirectories.")
        allowed = tuple(MAX_TARGETS).index(self._site.bulk_expansion)
        if len(given) > MAX_TARGETS[expand] or tuple(MAX_TARGETS).index(expand) > allowed:
            raise RestError(413, "Request Entity Too Large")
        arguments = body.get("arguments") or {}
        if not isinstance(arguments, dict):
            raise RestError(400, "arguments is not an object.")
        prefix = str(body.get("targetPrefix") or "/")
        job = self._jobs.start(
            Order(
                activity,
                read_paths(given, prefix),
                call.rights,
                {_camel(key): value for key, value in arguments.items()},
                expand,
                prefix,
                clear_on_success=_flag(body, "clearOnSuccess"),
                clear_on_failure=_flag(body, "clearOnFailure"),
                cancel_on_failure=_flag(body, "cancelOnFailure"),
            )
        )
        url = f"{call.server_url}/api/v1/bulk-requests/{job.id}"
        return Answer(201, headers=[("request-url", url)])


def _fields(target: Target) -> dict[str, Any]:
    value: dict[str, Any] = {
        "target": target.path,
        "state": target.state,
        "submittedAt": target.submitted_ms,
    }
    if target.started_ms and target.state != "CANCELLED":
        value["startedAt"] = target.started_ms
    if target.finished_ms:
        value["finishedAt"] = target.finished_ms
    if target.error:
        value |= {"errorType": target.error_type, "errorMessage": target.error}
    return {**value, "id": target.number}


def _camel(key: str) -> str:
    """`target-prefix` and `target_prefix` are `targetPrefix`."""
    return re.sub("[-_]([a-z])", lambda found: found[1].upper(), key)


def _flag(body: dict[str, Any], key: str) -> bool:
    return str(body.get(key)).lower() == "true"


def _offset(call: Call) -> int:
    try:
        return int(call.query("offset") or 0)
    except ValueError as error:
        raise RestError(400, "offset must be an integer value.") from error
