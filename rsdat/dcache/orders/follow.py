"""Following one order to its end: look through folders, hand parts to dCache, look how they are.

Staging takes minutes to days. Looks are frequent while something happens and rarer while nothing
does; what fails in passing (door down, token ended) is told as the order's problem and tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from rsdat.base.clock import Clock
from rsdat.base.errors import (
    Conflict,
    InvalidInput,
    NoSpace,
    NotFound,
    NotPermitted,
    Refused,
    RsdatError,
)
from rsdat.base.limit import within
from rsdat.dcache import paths, requests
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.http import Http
from rsdat.dcache.orders.expand import expand
from rsdat.dcache.orders.record import Order, OrderFolder, Part, gone, split
from rsdat.dcache.requests import Target
from rsdat.dcache.rest import login_root
from rsdat.dcache.tape import MAX_PATHS

FIRST_PAUSE_S = 0.5
MAX_PAUSE_S = 120.0
_LONGER = 1.6
#: So long an end waits for a request that is just being handed in.
HAND_IN_S = 10.0
#: Requests of one order that dCache works on at once: 5 000 files, so that it can order its tapes.
MAX_REQUESTS = 10
#: dCache keeps ended requests for days; one that it does not know was lost with its database.
MAX_LOST = 3
_NO_ROOM = {
    "message": "There is no room to note how far this order is.",
    "hint": "Make room in rsdat's home folder.",
}
_FINAL = (Refused, NotPermitted, Conflict, InvalidInput)


class Owner(Protocol):
    """What a follower needs of its surroundings."""

    clock: Clock

    async def client(self, endpoint: str) -> DCacheClient:
        """The client of an endpoint; NotFound if there is none (any more)."""
        ...

    def changed(self, order_id: str) -> None:
        """An order is not what it was."""
        ...

    def localities_changed(self, endpoint: str, folder: str) -> None:
        """Files of a folder were staged, pinned or released."""
        ...


class Following:
    """One order on its way; `run` ends with it.

    Args:
        folder: Where it lies.
        order: As read from there.
        owner: Clients, clock, and who is told.
        pause: How it waits.
    """

    def __init__(
        self,
        folder: OrderFolder,
        order: Order,
        owner: Owner,
        pause: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self.folder = folder
        self.order = order
        self._owner = owner
        self._pause = pause
        self._targets: list[str] = []
        self._unsaved = False
        #: What the order's problem is apart from a full disk.
        self._problem: dict[str, Any] | None = None

    async def run(self) -> None:
        """Follow it until all its targets have ended, or somebody deleted it."""
        pause_s = FIRST_PAUSE_S
        while self.order.state == "running" or self._unsaved:
            progressed = False
            try:
                progressed = await self._round()
            except NotFound as error:
                if error.code == "order_gone":
                    return
                await self._hindered(error)
            except RsdatError as error:
                await self._hindered(error)
            if self.order.state != "running" and not self._unsaved:
                return
            pause_s = FIRST_PAUSE_S if progressed else min(pause_s * _LONGER, MAX_PAUSE_S)
            await self._pause(pause_s)

    async def cancel(self) -> None:
        """Have dCache stop what is not done. Only when `run` does not run.

        Raises:
            RsdatError: dCache refused, or gave no usable answer.
        """
        order = self.order
        parts = [part for part in order.parts or () if part.request and part.is_open]
        if not parts:
            return
        http = (await self._owner.client(order.endpoint)).http
        await self._load_targets()
        for part in parts:
            await self._cancel_part(http, part)

    async def _cancel_part(self, http: Http, part: Part) -> None:
        if part.request is not None:
            left = [
                self._full(part.first + place)
                for place, letter in enumerate(part.states)
                if letter in "wr"
            ]
            await requests.cancel(http, self.order.activity, part.request, left)

    async def _round(self) -> bool:
        """One look at everything; whether something happened."""
        order = self.order
        if order.state != "running":
            await self._save()
            return not self._unsaved
        http = (await self._owner.client(order.endpoint)).http
        changed = False
        if order.parts is None:
            try:
                await self._expand(http)
            except _FINAL as error:
                self._end(error)
                await self._save()
                return not self._unsaved
            changed = True
        await self._load_targets()
        parts = order.parts or []
        done: set[int] = set()
        for part in parts:
            if part.request is not None and part.is_open:
                news = await self._look(http, part)
                done.update(news or ())
                changed = changed or news is not None
        under_way = sum(part.request is not None and part.is_open for part in parts)
        for part in parts:
            if part.request is None and "w" in part.states and under_way < MAX_REQUESTS:
                under_way += 1
                await self._submit(http, part)
                changed = True
        if order.problem is not None:
            order.problem, changed = None, True
        if not any(part.is_open for part in parts):
            self._end(None)
            changed = True
        if changed or self._unsaved:
            await self._save()
        for folder in {paths.parent_of(self._targets[number]) for number in done}:
            self._owner.localities_changed(order.endpoint, folder)
        return changed

    async def _expand(self, http: Http) -> None:
        order = self.order
        order.root = await login_root(http)
        asked = await asyncio.to_thread(self.folder.read_paths, "asked")
        files = await expand(http, asked, order.activity, recursive=order.recursive)
        waiting = [file.message is None for file in files]
        parts = split(waiting, [file.on_disk for file in files], MAX_PATHS)
        order.messages = {}
        for number, file in enumerate(files):
            if file.message is not None:
                order.messages[number] = file.message
            if file.failed:
                part = parts[number // MAX_PATHS]
                order.set_state(part, number - part.first, "failed")
        order.bytes = sum(file.size or 0 for file in files)
        self._targets = [file.path for file in files]
        try:
            await asyncio.to_thread(self.folder.write_paths, "targets", self._targets)
        except FileNotFoundError:
            raise gone(order.id) from None
        order.parts = parts

    async def _load_targets(self) -> None:
        if not self._targets:
            self._targets = await asyncio.to_thread(self.folder.read_paths, "targets")

    def _full(self, number: int) -> str:
        return (self.order.root or "") + self._targets[number]

    async def _submit(self, http: Http, part: Part) -> None:
        order = self.order
        places = [place for place, letter in enumerate(part.states) if letter == "w"]
        targets = [self._full(part.first + place) for place in places]
        if part.sent is not None and await self._adopted(http, part, targets):
            await self._save()
            return
        part.sent = self._owner.clock.now()
        handing_in = asyncio.ensure_future(
            requests.submit(http, order.activity, targets, order.keep_s or 0)
        )
        try:
            part.request = await asyncio.shield(handing_in)
        except _FINAL as error:
            for place in places:
                order.set_state(part, place, "failed", error.message)
            return
        except asyncio.CancelledError:
            # Without its id nobody could follow or cancel what dCache has taken.
            with contextlib.suppress(RsdatError, asyncio.TimeoutError):
                part.request = await within(HAND_IN_S, handing_in)
                await self._save()
            raise
        try:
            await self._save()
        except NotFound:
            # Deleted while it was being handed in: nobody would ever follow it.
            with contextlib.suppress(RsdatError):
                await self._cancel_part(http, part)
            raise

    async def _adopted(self, http: Http, part: Part, targets: list[str]) -> bool:
        """Whether dCache has taken the request before, and only its answer was lost."""
        if part.sent is None or part.lost:
            return False
        known = {each.request for each in self.order.parts or () if each.request is not None}
        with contextlib.suppress(Refused, NotPermitted, NotFound):
            part.request = await requests.find(http, self.order.activity, targets, part.sent, known)
        return part.request is not None

    async def _look(self, http: Http, part: Part) -> list[int] | None:
        """Note how a part's targets are.

        Returns:
            The numbers of those that are done now; None if nothing changed.
        """
        order = self.order
        if part.request is None:
            return None
        try:
            found = await requests.look(http, order.activity, part.request)
        except NotFound:
            return self._lost(part)
        nobody = Target("failed", "dCache ended the request without this file.")
        all_ended = all(each.state not in ("waiting", "running") for each in found.values())
        done: list[int] = []
        changed = False
        for place, letter in enumerate(part.states):
            if letter not in "wr":
                continue
            target = found.get(self._full(part.first + place))
            if target is None:
                if not all_ended:
                    continue
                target = nobody
            if order.set_state(part, place, target.state, target.message):
                changed = True
                if target.state == "done":
                    done.append(part.first + place)
        if part.on_disk is None:
            # A notebook's, first seen now: what is done within a minute was on disk.
            part.on_disk = part.states.count("d")
        if not part.is_open and order.activity == "release":
            with contextlib.suppress(RsdatError):
                await requests.forget(http, part.request)
        return done if changed else None

    def _lost(self, part: Part) -> list[int]:
        part.lost += 1
        part.request = None
        letters = part.states.replace("r", "w")
        part.states = letters
        if part.lost >= MAX_LOST:
            for place, letter in enumerate(letters):
                if letter == "w":
                    words = "dCache forgot the request, several times."
                    self.order.set_state(part, place, "failed", words)
        return []

    def _end(self, error: RsdatError | None) -> None:
        order = self.order
        counts = order.counts()
        failed = counts["failed"] + counts["cancelled"]
        order.ended = self._owner.clock.now()
        order.state = "failed" if failed or error is not None else "done"
        if error is not None:
            order.problem = diagnosis(error)
        elif failed:
            first = next(
                (
                    text
                    for number, text in sorted(order.messages.items())
                    if order.state_of(number) in ("failed", "cancelled")
                ),
                "no reason given",
            )
            total = sum(counts.values())
            order.problem = {"message": f"{failed} of {total} files failed: {first}", "hint": None}

    async def _hindered(self, error: RsdatError) -> None:
        """Note what keeps the order from going on. The record is saved if that can be done."""
        problem = diagnosis(error)
        if self.order.problem != problem:
            self.order.problem = problem
            with contextlib.suppress(RsdatError):
                await self._save()

    async def _save(self) -> None:
        self._unsaved = True
        if self.order.problem == _NO_ROOM:
            self.order.problem = self._problem
        try:
            await asyncio.to_thread(self.folder.save, self.order)
            self._unsaved = False
        except NoSpace:
            # What dCache does goes on; the record is written when there is room again.
            self._problem, self.order.problem = self.order.problem, dict(_NO_ROOM)
        finally:
            self._owner.changed(self.order.id)


def diagnosis(error: RsdatError) -> dict[str, Any]:
    """An error as the Diagnosis of the contract."""
    return {"message": error.message, "hint": error.hint}
