"""`/events/…` of the frontend: channels, subscriptions, and the stream that a client reads."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from aiohttp import web

from rsdat.demo.door import channels, jackson, paths
from rsdat.demo.door.channels import Channel, Reader
from rsdat.demo.door.http import Answer, Call
from rsdat.demo.door.notices import EVENT_FLAGS
from rsdat.demo.door.rest import RestError, json_answer, only
from rsdat.demo.door.site import Site

_STREAM = "text/event-stream"
_MANY = {
    "IN_ALL_EVENTS": EVENT_FLAGS,
    "IN_CLOSE": ("IN_CLOSE_WRITE", "IN_CLOSE_NOWRITE"),
    "IN_MOVE": ("IN_MOVED_FROM", "IN_MOVED_TO"),
}
# Accepted, and without effect here.
_MODIFIERS = ("IN_DONT_FOLLOW", "IN_EXCL_UNLINK", "IN_MASK_ADD", "IN_ONESHOT", "IN_ONLYDIR")
_LEGAL = sorted([*EVENT_FLAGS, *_MANY, *_MODIFIERS])


class EventRoutes:
    """The routes below `/events`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._channels = site.channels

    async def answer(self, call: Call, rest: str) -> web.StreamResponse:
        """Answer for the rest of the path."""
        match rest.strip("/").split("/"):
            case [""]:
                only(call, "GET")
                return _limits()
            case ["eventTypes"]:
                only(call, "GET")
                return json_answer(200, jackson.compact(["inotify", "metronome"]))
            case ["channels"]:
                return await self._all(call)
            case ["channels", channel_id]:
                return await self._one(call, self._channel(channel_id))
            case ["channels", channel_id, "subscriptions"]:
                only(call, "GET")
                known = self._channel(channel_id).subscriptions.values()
                return json_answer(200, jackson.compact([each.url for each in known]))
            case ["channels", channel_id, "subscriptions", kind]:
                only(call, "POST")
                return await self._subscribe(call, self._channel(channel_id), kind)
            case ["channels", channel_id, "subscriptions", "inotify", subscription_id]:
                return self._subscription(call, self._channel(channel_id), subscription_id)
        raise RestError(404, "HTTP 404 Not Found")

    def _channel(self, channel_id: str) -> Channel:
        channel = self._channels.find(channel_id)
        if channel is None:
            raise RestError(404, "No such channel")
        return channel

    async def _all(self, call: Call) -> web.StreamResponse:
        only(call, "GET", "POST")
        if call.method == "GET":
            wanted = call.query("client-id")
            urls = [
                channel.url
                for channel in self._channels.all()
                if wanted is None or channel.client_id == wanted
            ]
            return json_answer(200, jackson.compact(urls))
        body = _object(await call.read())
        if len(self._channels.all()) >= channels.MAX_PER_USER:
            raise RestError(429, "Too Many Requests")
        client_id = body.get("client-id")
        made = self._channels.make(
            f"{call.server_url}/api/v1/events/channels",
            client_id if isinstance(client_id, str) else "",
        )
        return Answer(201, headers=[("Location", made.url)])

    async def _one(self, call: Call, channel: Channel) -> web.StreamResponse:
        only(call, "GET", "PATCH", "DELETE")
        if call.method == "DELETE":
            channel.close()
            return Answer(204)
        if call.method == "PATCH":
            timeout = _object(await call.read()).get("timeout")
            if not isinstance(timeout, int) or timeout < 1:
                raise RestError(400, "Timeout shorter than minimum allowed")
            if timeout > channels.MAX_TIMEOUT_S:
                raise RestError(400, "Timeout longer than maximum allowed")
            channel.set_timeout(timeout)
            return Answer(204)
        if _STREAM not in call.header("Accept"):
            return json_answer(200, jackson.pretty({"timeout": channel.timeout_s}))
        reader = channel.read(call.header("Last-Event-ID"))
        try:
            return await _stream(call, reader)
        finally:
            channel.left(reader)

    async def _subscribe(self, call: Call, channel: Channel, kind: str) -> web.StreamResponse:
        if kind != "inotify":
            raise RestError(400, f"Unknown event type: {kind}")
        selector = _object(await call.read())
        given = selector.get("path")
        if not isinstance(given, str):
            raise RestError(500, "Internal Server Error")
        path = call.rights.absolute_rest(paths.normalise(given))
        if not given.startswith("/"):
            raise RestError(400, "Bad selector: path must be absolute")
        flags = _flags(selector.get("flags", []))
        entry = self._site.tree.find(path)
        if entry is None:
            text = f"Problem with path: No such file or directory: {path}"
            raise RestError(400, f"Not found: {text}")
        if self._site.refuses(call.rights, path, "LIST"):
            raise RestError(400, "Permission denied: Not allowed.")
        made, is_new = channel.subscribe(path, entry.pnfs_id, flags)
        return Answer(201 if is_new else 303, headers=[("Location", made.url)])

    def _subscription(
        self, call: Call, channel: Channel, subscription_id: str
    ) -> web.StreamResponse:
        only(call, "GET", "DELETE")
        known = channel.subscriptions.get(subscription_id)
        if known is None:
            raise RestError(404, "Subscription not found")
        if call.method == "DELETE":
            channel.unsubscribe(subscription_id)
            return Answer(204)
        flags = [flag for flag in EVENT_FLAGS if flag in known.watch.flags]
        return json_answer(200, jackson.pretty({"path": known.path, "flags": flags}))


async def _stream(call: Call, reader: Reader) -> web.StreamResponse:
    """Send frames until the channel ends, or the client is gone. Silence stays silence."""
    answer = Answer(200, headers=[("Content-Type", _STREAM)], chunked=True)
    call.headers_sent = True
    await answer.prepare(call.request)
    fault = call.fault
    left = fault.at_bytes if fault and fault.kind == "cut_download" else None
    gone = asyncio.create_task(call.gone.wait())
    try:
        while True:
            next_frame = asyncio.create_task(reader.get())
            await asyncio.wait([next_frame, gone], return_when=asyncio.FIRST_COMPLETED)
            if not next_frame.done():
                next_frame.cancel()
                raise ConnectionResetError("the reader is gone")
            text = next_frame.result()
            if text is None:
                await answer.write_eof()
                return answer
            data = text.encode()
            if left is not None and len(data) >= left:
                await answer.write(data[:left])
                call.cut()
                raise ConnectionResetError("cut on order")
            left = None if left is None else left - len(data)
            await answer.write(data)
    finally:
        gone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await gone


def _flags(given: object) -> frozenset[str]:
    if not isinstance(given, list):
        raise RestError(400, "Bad selector: flags must be a list")
    for flag in given:
        if flag not in _LEGAL:
            raise RestError(400, f"Bad selector: {flag} is not one of {', '.join(_LEGAL)}")
    wanted: set[str] = set()
    for flag in given:
        wanted.update(_MANY.get(flag, (flag,)))
    return frozenset(wanted & set(EVENT_FLAGS)) or frozenset(EVENT_FLAGS)


def _object(raw: bytes) -> dict[str, Any]:
    """A JSON object; nothing is an empty one."""
    try:
        value = json.loads(raw) if raw.strip() else {}
    except ValueError as error:
        raise RestError(400, "Bad JSON") from error
    if not isinstance(value, dict):
        raise RestError(400, "Bad JSON")
    return value


def _limits() -> web.StreamResponse:
    lifetime = {
        "lifetimeWhenDisconnected": {
            "maximum": channels.MAX_TIMEOUT_S,
            "minimum": 1,
            "default": channels.DEFAULT_TIMEOUT_S,
        },
        "maximumPerUser": channels.MAX_PER_USER,
    }
    return json_answer(200, jackson.pretty({"channels": lifetime}))
