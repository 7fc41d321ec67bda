"""Channels of the frontend's events: what waits for a reader, and who reads."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rsdat.demo.door import jackson
from rsdat.demo.door.notices import Notices, Payload, Watch

BACKLOG = 16384
DEFAULT_TIMEOUT_S = 300
MAX_TIMEOUT_S = 86400
MAX_PER_USER = 128
# A reader is a queue of frames; None ends it.
Reader = asyncio.Queue[str | None]


def frame(event: str, data: dict[str, Any], number: int | None = None) -> str:
    """One event of the stream, as it is sent."""
    id_line = "" if number is None else f"id: {number}\n"
    return f"event: {event}\n{id_line}data: {jackson.compact(data)}\n\n"


@dataclass(eq=False)
class Subscription:
    """A channel's interest in one entry; `path` is the text that was given, also after a rename."""

    id: str
    url: str
    path: str
    pnfs_id: str
    watch: Watch


class Channel:
    """One client's stream. Events wait in it, numbered, until they are 16384 later.

    What was sent while nobody read is replayed only to a reader that names the last event it
    has; SYSTEM frames are never kept.
    """

    def __init__(
        self, url: str, client_id: str, notices: Notices, on_closed: Callable[[], None]
    ) -> None:
        self.url = url
        self.client_id = client_id
        self.subscriptions: dict[str, Subscription] = {}
        self.timeout_s = DEFAULT_TIMEOUT_S
        self._notices = notices
        self._on_closed = on_closed
        self._kept: deque[tuple[int, str]] = deque(maxlen=BACKLOG)
        self._next = 0
        self._reader: Reader | None = None
        self._closing: asyncio.TimerHandle | None = None
        self._is_closed = False
        self.is_mute = False  # events are kept and not sent, as over a link that is dead
        self._await_reader()

    def read(self, last_id: str) -> Reader:
        """Take the stream over; a reader that has it already is sent away."""
        if self._reader is not None:
            self._reader.put_nowait(frame("SYSTEM", {"type": "COMPETING_CLIENT"}))
            self._reader.put_nowait(None)
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
        self._reader = reader = Reader()
        if last_id.isdecimal():
            numbers = [number for number, _ in self._kept]
            if int(last_id) in numbers:
                for number, text in self._kept:
                    if number > int(last_id):
                        reader.put_nowait(text)
            else:
                self._kept.clear()
                reader.put_nowait(frame("SYSTEM", {"type": "EVENT_LOSS"}))
        return reader

    def left(self, reader: Reader) -> None:
        """A reader has gone; the channel is given up if none comes in time."""
        if self._reader is reader:
            self._reader = None
            if not self._is_closed:
                self._await_reader()

    def set_timeout(self, seconds: int) -> None:
        """How long the channel outlives its reader."""
        self.timeout_s = seconds
        if self._closing is not None:
            self._await_reader()

    def subscribe(
        self, path: str, pnfs_id: str, flags: frozenset[str]
    ) -> tuple[Subscription, bool]:
        """Watch an entry. If it is watched already, its flags and path text are replaced.

        Returns:
            The subscription, and whether it is a new one.
        """
        for known in self.subscriptions.values():
            if known.pnfs_id == pnfs_id:
                known.path, known.watch.flags = path, flags
                return known, False
        subscription_id = uuid.uuid4().hex[:22]
        url = f"{self.url}/subscriptions/inotify/{subscription_id}"
        watch = Watch(
            path,
            flags,
            lambda payload: self._event(payload, url),
            lambda: self._entry_gone(subscription_id),
        )
        made = Subscription(subscription_id, url, path, pnfs_id, watch)
        self.subscriptions[subscription_id] = made
        self._notices.add(watch)
        self._system("NEW_SUBSCRIPTION", url)
        return made, True

    def unsubscribe(self, subscription_id: str) -> None:
        """End a subscription."""
        gone = self.subscriptions.pop(subscription_id)
        self._notices.remove(gone.watch)
        self._system("SUBSCRIPTION_CLOSED", gone.url)

    def lose_events(self) -> None:
        """Forget what is kept, and tell those who watch that too much happened."""
        self._kept.clear()
        for subscription in self.subscriptions.values():
            self._event({"mask": ["IN_Q_OVERFLOW"]}, subscription.url)

    def close(self, *, shutdown: bool = False) -> None:
        """End the stream and all subscriptions."""
        self._is_closed = True
        if self._closing is not None:
            self._closing.cancel()
        for subscription in self.subscriptions.values():
            self._notices.remove(subscription.watch)
        self.subscriptions.clear()
        if self._reader is not None:
            if shutdown:
                self._reader.put_nowait(frame("SYSTEM", {"type": "SHUTDOWN"}))
            self._reader.put_nowait(None)
        self._on_closed()

    def _entry_gone(self, subscription_id: str) -> None:
        gone = self.subscriptions.pop(subscription_id)
        self._system("SUBSCRIPTION_CLOSED", gone.url)
        self._event({"mask": ["IN_IGNORED"]}, gone.url)

    def _event(self, payload: Payload, url: str) -> None:
        number, self._next = self._next, self._next + 1
        text = frame("inotify", {"event": payload, "subscription": url}, number)
        self._kept.append((number, text))
        if self._reader is not None and not self.is_mute:
            self._reader.put_nowait(text)

    def _system(self, kind: str, url: str) -> None:
        if self._reader is not None:
            self._reader.put_nowait(frame("SYSTEM", {"type": kind, "subscription": url}))

    def _await_reader(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
        loop = asyncio.get_running_loop()
        self._closing = loop.call_later(self.timeout_s, self.close)


class Channels:
    """All channels by id; they live as long as the frontend does."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        self._open: dict[str, Channel] = {}

    def make(self, base_url: str, client_id: str) -> Channel:
        """Open a channel below `base_url`."""
        channel_id = uuid.uuid4().hex[:22]

        def closed() -> None:
            self._open.pop(channel_id, None)

        channel = Channel(f"{base_url}/{channel_id}", client_id, self._notices, closed)
        self._open[channel_id] = channel
        return channel

    def find(self, channel_id: str) -> Channel | None:
        """The open channel with this id."""
        return self._open.get(channel_id)

    def all(self) -> list[Channel]:
        """Those that are open."""
        return list(self._open.values())

    def close_all(self) -> None:
        """As the frontend's shutdown does: readers are told, and nothing is kept."""
        for channel in self.all():
            channel.close(shutdown=True)
