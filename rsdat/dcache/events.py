"""dCache's events: a channel that tells what changes in folders, as server-sent events.

Source: dCache 12.1 EventResources.java; frames as seen on 11.2.5: no keep-alives are sent, and
SYSTEM frames have no id.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from rsdat.base.errors import DoorBroken
from rsdat.base.limit import within
from rsdat.dcache.http import CONNECT_S, SMALL_ANSWER_S, Http, door_failure

FLAGS = ("IN_CREATE", "IN_DELETE", "IN_MOVED_FROM", "IN_MOVED_TO", "IN_CLOSE_WRITE", "IN_ATTRIB")
_ID = re.compile(r"[A-Za-z0-9_.~=-]+")
_STREAM = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=None)
#: An event is some hundred bytes; what sends more on one line is no event stream.
_MAX_LINE_BYTES = 64 * 1024


@dataclass(frozen=True)
class Event:
    """One frame of the stream.

    Attributes:
        id: To go on from here; None for frames of the channel itself.
        system: `NEW_SUBSCRIPTION`, `SUBSCRIPTION_CLOSED`, `COMPETING_CLIENT`, `EVENT_LOSS`,
            `SHUTDOWN`; None for what happened in a folder.
        subscription: Id of the subscription that it belongs to.
        name: Of the entry; empty for the folder itself.
        masks: What happened, such as `IN_CREATE`.
    """

    id: str | None
    system: str | None
    subscription: str
    name: str = ""
    masks: frozenset[str] = frozenset()


class Channel:
    """One channel of the user's at an endpoint. He may have 128."""

    def __init__(self, http: Http, channel_id: str) -> None:
        self._http = http
        self.id = channel_id

    @classmethod
    async def open(cls, http: Http, client_id: str) -> Channel:
        """A new channel. dCache gives it up when nobody reads it for five minutes.

        Raises:
            RsdatError: There are no events at this endpoint, or no more channels.
        """
        url = http.rest_url("events/channels")
        async with http.exchange(
            "POST", url, doing="open an event channel", ok=(201,), json={"client-id": client_id}
        ) as response:
            return cls(http, _last_part(response))

    async def close(self) -> None:
        """End it and its subscriptions."""
        await self._http.ask("DELETE", self._url(), doing="close an event channel", ok=(204,))

    async def subscribe(self, folder: str) -> str:
        """Be told what happens in a folder, not below it.

        Again for the same folder it gives the same subscription.

        Returns:
            Id of the subscription.

        Raises:
            Refused: There is no such folder, or it may not be listed.
        """
        async with self._http.exchange(
            "POST",
            self._url("subscriptions/inotify"),
            doing=f"watch '{folder}'",
            path=folder,
            ok=(201, 303),
            json={"path": folder, "flags": list(FLAGS)},
        ) as response:
            return _last_part(response)

    async def unsubscribe(self, subscription: str) -> None:
        """Be told no longer."""
        url = self._url(f"subscriptions/inotify/{subscription}")
        await self._http.ask("DELETE", url, doing="end a subscription", ok=(204, 404))

    @asynccontextmanager
    async def stream(self, after: str | None = None) -> AsyncIterator[AsyncIterator[Event]]:
        """Read the channel; takes it over from an earlier reader.

        Args:
            after: Id of the last event that was read, to get those since then first.

        Raises:
            NotFound: dCache has given the channel up.
            DoorBroken: It is no stream; while reading: it was cut.
        """
        headers = {"Accept": "text/event-stream"}
        if after is not None:
            headers["Last-Event-ID"] = after
        url = self._url()
        # Only until the stream begins: then silence is no failure.
        opening = self._http.exchange(
            "GET", url, doing="read events", headers=headers, timeout=_STREAM
        )
        try:
            response = await within(SMALL_ANSWER_S, opening.__aenter__())
        except asyncio.TimeoutError as error:
            raise door_failure(url, error) from error
        try:
            if response.content_type != "text/event-stream":
                raise DoorBroken("dCache sent no event stream", code="not_understood")
            yield _events(url, response)
        finally:
            # A stream never ends by itself: its connection can't serve anything else.
            response.close()
            await opening.__aexit__(None, None, None)

    def _url(self, rest: str = "") -> URL:
        # Not as dCache told it: behind a proxy that may be another host, which gets no token.
        tail = f"/{rest}" if rest else ""
        return self._http.rest_url(f"events/channels/{self.id}{tail}")


async def _events(url: URL, response: aiohttp.ClientResponse) -> AsyncIterator[Event]:
    kind, event_id, data = "", None, ""
    buffer = b""
    try:
        async for piece in response.content.iter_any():
            buffer += piece
            *lines, buffer = buffer.split(b"\n")
            if len(buffer) > _MAX_LINE_BYTES:
                raise _not_understood()
            for line in lines:
                text = line.rstrip(b"\r").decode(errors="replace")
                if not text:
                    if data:
                        yield _event(kind, event_id, data)
                    kind, event_id, data = "", None, ""
                    continue
                key, _, value = text.partition(":")
                value = value.removeprefix(" ")
                if key == "event":
                    kind = value
                elif key == "id":
                    event_id = value
                elif key == "data":
                    data += value
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
        raise door_failure(url, error) from error


def _event(kind: str, event_id: str | None, data: str) -> Event:
    try:
        value: Any = json.loads(data)
        subscription = str(value.get("subscription", "")).rpartition("/")[2]
        if kind == "SYSTEM":
            return Event(None, str(value["type"]), subscription)
        told = value["event"]
        masks = frozenset(str(mask) for mask in told.get("mask", ()))
        return Event(event_id, None, subscription, str(told.get("name", "")), masks)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _not_understood() from error


def _not_understood() -> DoorBroken:
    return DoorBroken("dCache sent events rsdat does not understand", code="not_understood")


def _last_part(response: aiohttp.ClientResponse) -> str:
    found = response.headers.get("Location", "").rstrip("/").rpartition("/")[2]
    if not _ID.fullmatch(found):
        raise DoorBroken("dCache gave an event channel no id", code="not_understood")
    return found
