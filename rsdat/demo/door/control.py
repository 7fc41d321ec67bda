"""The control server: how tests set up files, order faults and look at what was asked.

It listens on its own port of the loopback interface and wants the token. Nothing of dCache
is like it.

    PUT    /files      {"files": [{"path", "locality"?, "labels"?, "xattrs"?, "state"?,
                                   "forbidden"?, "stage_delay_s"?, "stage_error"?, "checksums"?}]}
    POST   /faults     a fault, see `faults.Fault`
    GET    /report     {"requests", "counts", "most", "faults", "movers"}
    DELETE /report     forget requests and faults, end the pool's movers
    PUT    /options    {"stage_delay_s"?, "bulk_delay_s"?, "block_s"?, "refuse_token"?,
                        "token_ends_in_s"?, "plain_macaroons"?, "tape_uri"?, "marker_s"?,
                        "bytes_per_s"?, "bytes_per_s_each"?, "tape_drives"?, "bulk_expansion"?,
                        "bulk_page"?, "qos_for_all"?, "mover_cost_ms"?, "requests_per_s"?,
                        "mute_events"?}
    PUT    /quota      {"user"?, "group"?: lists for `Quotas.set`, "enforce"?, "configured"?}
    POST   /sweep      {} -> {"evicted": paths}
    POST   /bulk       {"target", "activity"} -> {"id"}: a bulk request of another user
    POST   /down       {"server", "seconds"}
    POST   /restart    {"server"}
    POST   /restart-pool
    POST   /lose-events
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from rsdat.demo.door import paths
from rsdat.demo.door.auth import RateLimiter
from rsdat.demo.door.bulk_jobs import Order
from rsdat.demo.door.faults import Fault
from rsdat.demo.door.http import Answer, Call
from rsdat.demo.door.listener import Listener
from rsdat.demo.door.rest import json_answer
from rsdat.demo.door.rights import EVERYTHING
from rsdat.demo.door.site import Site
from rsdat.demo.door.store import LOCALITIES, Attributes
from rsdat.demo.door.throttle import Throttle

_SETTABLE = frozenset(
    (
        "locality",
        "labels",
        "xattrs",
        "state",
        "forbidden",
        "stage_delay_s",
        "stage_error",
        "checksums",
    )
)
_OTHER_USER = "1001:1001"
_STATES = ("", "uploading", "broken")
Body = dict[str, Any]


class Control:
    """Answers at the control port."""

    def __init__(
        self, site: Site, listeners: Mapping[str, Listener], limiters: Mapping[str, RateLimiter]
    ) -> None:
        self._site = site
        self._listeners = listeners
        self._limiters = limiters
        self._routes: dict[str, Callable[[Body], Awaitable[Body]]] = {
            "PUT /files": self._files,
            "POST /faults": self._fault,
            "GET /report": self._report,
            "DELETE /report": self._forget,
            "PUT /options": self._options,
            "PUT /quota": self._quota,
            "POST /sweep": self._sweep,
            "POST /bulk": self._bulk,
            "POST /down": self._down,
            "POST /restart": self._restart,
            "POST /restart-pool": self._restart_pool,
            "POST /lose-events": self._lose_events,
        }

    async def answer(self, call: Call) -> web.StreamResponse:
        """Answer a request that carried the token."""
        route = self._routes.get(f"{call.method} {call.raw_path}")
        if route is None:
            return Answer(404)
        try:
            raw = await call.read()
            answer = await route(json.loads(raw) if raw else {})
        except (ValueError, KeyError, TypeError) as error:
            return json_answer(400, json.dumps({"error": f"{type(error).__name__}: {error}"}))
        return json_answer(200, json.dumps(answer))

    async def _files(self, body: Body) -> Body:
        changed = []
        for item in body["files"]:
            path = paths.normalise(item["path"])
            entry = self._site.tree.find(path)
            if entry is None:
                raise ValueError(f"nothing is at {path}")
            wanted = {key: value for key, value in item.items() if key != "path"}
            if wanted.keys() - _SETTABLE:
                raise ValueError(f"can't be set: {sorted(wanted.keys() - _SETTABLE)}")
            if wanted.get("locality", LOCALITIES[0]) not in LOCALITIES:
                raise ValueError(f"no locality: {wanted['locality']}")
            if wanted.get("state", "") not in _STATES:
                raise ValueError(f"no state: {wanted['state']}")
            attributes = entry.attributes
            if wanted.keys() & {"state", "checksums"}:
                stamp = (entry.size or 0, entry.mtime_ns)
                attributes = replace(attributes, stamp=stamp, pnfs_id=entry.pnfs_id)
            changed.append((entry, replace(attributes, **wanted)))
        self._site.tree.update_many(changed)
        return {"changed": len(changed)}

    async def _fault(self, body: Body) -> Body:
        self._site.faults.order(Fault.from_dict(body))
        return {}

    async def _report(self, _body: Body) -> Body:
        return {**self._site.faults.report(), "movers": self._site.movers.active}

    async def _forget(self, _body: Body) -> Body:
        self._site.faults.clear()
        self._site.movers.end_all()
        return {}

    async def _options(self, body: Body) -> Body:
        if "stage_delay_s" in body:
            self._site.stager.delay_s = float(body["stage_delay_s"])
        if "bulk_delay_s" in body:
            self._site.bulk_delay_s = float(body["bulk_delay_s"])
        if "block_s" in body:
            for limiter in self._limiters.values():
                limiter.block_s = float(body["block_s"])
        if "refuse_token" in body:
            self._site.logins.refusal = str(body["refuse_token"])
        if "token_ends_in_s" in body:
            seconds = body["token_ends_in_s"]
            ends = None if seconds is None else time.monotonic() + float(seconds)
            self._site.logins.expires_at = ends
        if "plain_macaroons" in body:
            self._site.logins.mints_over_http = bool(body["plain_macaroons"])
        if "mover_cost_ms" in body:
            self._site.movers.start_cost_s = float(body["mover_cost_ms"]) / 1000
        if "requests_per_s" in body:
            for limiter in self._limiters.values():
                limiter.requests_per_s = body["requests_per_s"]
        if "mute_events" in body:
            for channel in self._site.channels.all():
                channel.is_mute = bool(body["mute_events"])
        if "tape_drives" in body:
            self._site.stager.use_drives(body["tape_drives"])
        if "bulk_expansion" in body:
            self._site.bulk_expansion = str(body["bulk_expansion"])
        if "bulk_page" in body:
            self._site.bulk.page = int(body["bulk_page"])
        if "qos_for_all" in body:
            self._site.qos.open_to_all = bool(body["qos_for_all"])
        if "marker_s" in body:
            self._site.marker_s = float(body["marker_s"])
        if "bytes_per_s" in body:
            self._site.rates.total = Throttle(body["bytes_per_s"])
        if "bytes_per_s_each" in body:
            self._site.rates.each = body["bytes_per_s_each"]
        if "tape_uri" in body:
            self._site.tape_uri = str(body["tape_uri"])
        return {}

    async def _sweep(self, _body: Body) -> Body:
        return {"evicted": self._site.pins.sweep()}

    async def _quota(self, body: Body) -> Body:
        quotas = self._site.quotas
        quotas.configured = bool(body.get("configured", True))
        for kind in ("user", "group"):
            quotas.set(kind, body.get(kind, []), enforce=bool(body.get("enforce")))
        return {}

    async def _bulk(self, body: Body) -> Body:
        order = Order(body["activity"], body["target"], EVERYTHING, owner=_OTHER_USER)
        return {"id": self._site.bulk.start(order).id}

    async def _down(self, body: Body) -> Body:
        self._forget_channels(body["server"])
        await self._listeners[body["server"]].refuse(float(body["seconds"]))
        return {}

    async def _restart(self, body: Body) -> Body:
        if body["server"] == "pool":
            return await self._restart_pool(body)
        self._forget_channels(body["server"])
        await self._listeners[body["server"]].restart()
        return {}

    def _forget_channels(self, server: str) -> None:
        if server == "frontend":  # they live in its memory
            self._site.channels.close_all()

    async def _lose_events(self, _body: Body) -> Body:
        for channel in self._site.channels.all():
            channel.lose_events()
        return {}

    async def _restart_pool(self, _body: Body) -> Body:
        """All transfers end, and broken files become readable: the pool forgot that they are."""
        await self._listeners["pool"].restart()
        self._site.movers.end_all()
        store = self._site.tree.store
        broken = store.marked("broken")
        store.put_many(
            (path, replace(store.get(path) or Attributes(), state="")) for path in broken
        )
        return {"readable": broken}
