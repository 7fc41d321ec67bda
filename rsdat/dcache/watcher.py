"""Watches some folders of one endpoint: keeps a channel open, whatever happens to it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable
from typing import Any

from rsdat.base.errors import DoorBroken, NoCredential, RsdatError
from rsdat.base.limit import within
from rsdat.dcache.events import Channel, Event
from rsdat.dcache.http import Http

_log = logging.getLogger(__name__)

#: dCache sends nothing to keep a link alive, so one that is dead looks as one that is quiet: after
#: this silence the stream is opened anew, from the last event on.
SILENCE_S = 45.0
#: So long `watch` waits to learn whether a folder is watched.
ANSWER_S = 8.0
CHECK = ""
_RETRY_S = (1.0, 2.0, 5.0, 15.0, 60.0)
#: Where there are no events at all this is asked again so much later.
_NO_EVENTS_S = 600.0


class Watcher:
    """One channel, opened when the first folder is watched. `await close()` it.

    Args:
        http: The endpoint.
        told: Called with a folder and a name that changed in it; with None when anything may have
            changed; with `CHECK` when it is watched from now on, and nobody knows what happened
            since it was listed.
        client_id: What dCache calls us.
    """

    def __init__(
        self, http: Http, told: Callable[[str, str | None], None], client_id: str | None = None
    ) -> None:
        self._http = http
        self._told = told
        self._client_id = client_id or f"rsdat-{secrets.token_hex(6)}"
        self._wanted: set[str] = set()
        self._refused: set[str] = set()
        #: Watched before, so that a page may have been told that it need not ask.
        self._known: set[str] = set()
        #: Folder by subscription and the other way round; of the present channel.
        self._folders: dict[str, str] = {}
        self._subscriptions: dict[str, str] = {}
        self._channel: Channel | None = None
        self._last_id: str | None = None
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._settled = asyncio.Condition()
        self._failures = 0
        #: Neither connected nor trying to be just now.
        self._down = False

    async def close(self) -> None:
        """Watch nothing any more."""
        self._wanted.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def is_live(self, folder: str) -> bool:
        """Whether changes of a folder are told now."""
        return folder in self._subscriptions

    async def watch(self, folder: str) -> bool:
        """Watch a folder from now on; whether its changes are told."""
        self._wanted.add(folder)
        self._refused.discard(folder)
        if self.is_live(folder):
            return True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
            self._task.add_done_callback(_tell_bug)
        self._news.set()
        with contextlib.suppress(asyncio.TimeoutError):
            await within(ANSWER_S, self._settle(folder))
        return self.is_live(folder)

    def unwatch(self, folder: str) -> None:
        """Watch a folder no longer."""
        self._wanted.discard(folder)
        self._known.discard(folder)
        self._news.set()

    async def _settle(self, folder: str) -> None:
        async with self._settled:
            await self._settled.wait_for(
                lambda: self.is_live(folder) or folder in self._refused or self._down
            )

    async def _say(self) -> None:
        async with self._settled:
            self._settled.notify_all()

    async def _run(self) -> None:
        while self._wanted:
            try:
                while self._wanted:
                    pause_s = await self._once()
                    if pause_s is None:
                        continue
                    self._down = True
                    await self._say()
                    await asyncio.sleep(pause_s)
                    self._down = False
            finally:
                # Takes a while; a folder that is wanted by then needs a new channel.
                await self._leave()

    async def _once(self) -> float | None:
        """Be connected as long as it goes well; how long to wait before the next attempt."""
        try:
            await self._connected()
        except NoCredential:
            self._forget_channel()
            return _RETRY_S[-1]  # a 401 more often would block others on this host
        except RsdatError as error:
            status = error.details.get("status")
            if self._channel is None and status in (400, 403, 404, 405, 406, 501):
                return _NO_EVENTS_S
            if not isinstance(error, DoorBroken):
                self._forget_channel()
            pause_s = _RETRY_S[min(self._failures, len(_RETRY_S) - 1)]
            self._failures += 1
            _log.info("rsdat: events of dCache: %s", error.message)
            if self._failures > 1:
                # Not for one cut: then what was missed is told when the stream goes on.
                self._forget_channel()
            return pause_s
        return None

    async def _connected(self) -> None:
        """Read one stream to its end, or to a silence."""
        fresh = self._channel is None
        if self._channel is None:
            self._channel = await Channel.open(self._http, self._client_id)
        async with self._channel.stream(self._last_id) as events:
            reading = asyncio.create_task(self._read(events))
            changed: asyncio.Task[Any] | None = None
            try:
                if not fresh and self._last_id is None:
                    # Nothing was read yet, so that nothing can be gone on from.
                    for folder in list(self._folders.values()):
                        self._told(folder, CHECK)
                while self._wanted:
                    self._news.clear()
                    await self._subscribe()
                    self._failures = 0
                    await self._say()
                    changed = asyncio.create_task(self._news.wait())
                    await asyncio.wait({reading, changed}, return_when=asyncio.FIRST_COMPLETED)
                    if reading.done():
                        reading.result()
                        return
            finally:
                tasks = [task for task in (reading, changed) if task is not None]
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, events: Any) -> None:
        """Take events; returns when the stream should be opened anew.

        Raises:
            DoorBroken: The stream was cut.
        """
        while True:
            try:
                event = await within(SILENCE_S, anext(events))
            except asyncio.TimeoutError:
                return
            except StopAsyncIteration:
                raise DoorBroken("dCache ended the event stream", code="cut") from None
            self._take(event)

    def _take(self, event: Event) -> None:
        if event.id is not None:
            self._last_id = event.id
        folder = self._folders.get(event.subscription)
        if event.system == "EVENT_LOSS":
            self._last_id = None
            self._tell_all()
        elif event.system in ("COMPETING_CLIENT", "SHUTDOWN"):
            # Somebody else reads our channel, or dCache goes down and forgets it.
            self._forget_channel()
        elif event.system == "SUBSCRIPTION_CLOSED" or "IN_IGNORED" in event.masks:
            self._drop(event.subscription)
            if folder is not None:
                self._told(folder, None)
        elif event.system is None and folder is not None:
            whole = "IN_Q_OVERFLOW" in event.masks or not event.name
            self._told(folder, None if whole else event.name)

    async def _subscribe(self) -> None:
        """Make subscriptions what they should be."""
        channel = self._channel
        if channel is None:
            return
        for subscription, folder in list(self._folders.items()):
            if folder not in self._wanted:
                self._drop(subscription)
                await channel.unsubscribe(subscription)
        for folder in self._wanted - self._subscriptions.keys() - self._refused:
            try:
                subscription = await channel.subscribe(folder)
            except DoorBroken:
                raise
            except RsdatError as error:
                if error.details.get("status") == 404:  # the channel; a folder gives 400
                    raise
                self._refused.add(folder)
                continue
            self._folders[subscription] = folder
            self._subscriptions[folder] = subscription
            # What happened between its listing, or a cut, and now was told by nobody.
            self._told(folder, None if folder in self._known else CHECK)
            self._known.add(folder)

    def _drop(self, subscription: str) -> None:
        folder = self._folders.pop(subscription, None)
        if folder is not None:
            self._subscriptions.pop(folder, None)

    def _tell_all(self) -> None:
        for folder in list(self._folders.values()):
            self._told(folder, None)

    def _forget_channel(self) -> None:
        self._channel = None
        self._last_id = None
        self._folders.clear()
        self._subscriptions.clear()

    async def _leave(self) -> None:
        channel = self._channel
        self._forget_channel()
        if channel is not None:
            with contextlib.suppress(RsdatError, asyncio.TimeoutError):
                await within(5, channel.close())


def _tell_bug(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _log.error("rsdat: watching folders failed", exc_info=error)
