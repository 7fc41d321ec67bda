"""`/qos-management` of the frontend: which qualities of service there are, and what each means."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from rsdat.demo.door import jackson
from rsdat.demo.door.http import Call
from rsdat.demo.door.qos import Qos
from rsdat.demo.door.rest import RestError, json_answer, only

_TRANSITIONS = {
    "disk": ["tape", "disk+tape"],
    "tape": ["disk+tape"],
    "disk+tape": ["tape"],
    "volatile": ["disk", "tape", "disk+tape"],
}
_LATENCY_MS = {"disk": "100", "tape": "600000", "disk+tape": "100", "volatile": "100"}


async def answer(call: Call, rest: str) -> web.StreamResponse:
    """Answer for the rest of the path."""
    only(call, "GET", "HEAD")
    match rest.strip("/").split("/"):
        case ["namespace", *_]:
            raise RestError(400, "This resource is deprecated: use /namespace")
        case ["qos", "file" | "directory"]:
            value: dict[str, Any] = {"name": list(Qos.NAMES)}
            value |= {"status": "200", "message": "successful"}
            return json_answer(200, jackson.pretty(value))
        case ["qos", "file" | "directory" as kind, name]:
            name = name.replace("%2B", "+")
            if name not in Qos.NAMES:
                raise RestError(404, f"No such QoS {name}")
            return json_answer(200, jackson.pretty(_capability(kind, name)))
    raise RestError(404, "HTTP 404 Not Found")


def _capability(kind: str, name: str) -> dict[str, Any]:
    copies = "2" if name == "disk+tape" else "1"
    metadata = {
        "cdmi_data_redundancy_provided": copies,
        "cdmi_geographic_placement_provided": ["DE"],
        "cdmi_latency_provided": _LATENCY_MS[name],
    }
    capability: dict[str, Any] = {"name": name, "metadata": metadata}
    if kind == "file":
        capability["transition"] = _TRANSITIONS[name]
    return {"status": "200", "message": "successful", "backendCapability": capability}
