"""All orders of this home folder: taken, listed, followed by one companion each, forgotten.

Who follows an order holds an flock in its folder. Other companions on the same home folder see it
from its record, and take it over when its follower has gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rsdat.base.clock import Clock, SystemClock
from rsdat.base.errors import (
    Conflict,
    NoCredential,
    NotFound,
    NotPermitted,
    RsdatError,
)
from rsdat.base.files import private_folder
from rsdat.base.lock import Lock, taken_aside
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.orders.follow import Following
from rsdat.dcache.orders.record import SHOWN_PATHS, Order, OrderFolder, gone, new_id
from rsdat.dcache.requests import Activity

_log = logging.getLogger(__name__)

#: Ended orders are forgotten after this.
KEEP = timedelta(days=30)
#: Between looks for orders whose follower has gone.
TAKE_OVER_S = 60.0
_ID = re.compile(r"[a-z0-9-]+\Z")
_Taken = tuple[OrderFolder, Order, Lock]


class Orders:
    """The orders below `home/tape`. `await open()` it, and `close()` it.

    Args:
        home: `$RSDAT_HOME`.
        client: Gives the client of an endpoint; NotFound if there is none.
        changed: Told the id of an order that changed.
        localities_changed: Told endpoint and folder in which files were staged or released.
        clock: What the time is.
    """

    def __init__(
        self,
        home: Path,
        client: Callable[[str], Awaitable[DCacheClient]],
        changed: Callable[[str], None],
        localities_changed: Callable[[str, str], None],
        clock: Clock | None = None,
    ) -> None:
        self._root = home / "tape"
        self._client = client
        self.changed = changed
        self.localities_changed = localities_changed
        self.clock = clock or SystemClock()
        self._read: dict[str, tuple[tuple[int, bool], Order]] = {}
        self._followed: dict[str, tuple[Following, Lock, asyncio.Task[None]]] = {}
        self._keeper: asyncio.Task[None] | None = None

    async def client(self, endpoint: str) -> DCacheClient:
        """The client of an endpoint; NotFound if there is none."""
        return await self._client(endpoint)

    async def open(self) -> None:
        """Follow what an earlier companion left, and look for more of that now and then."""
        await self._take_over()
        self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Follow no longer. What dCache was asked to do goes on."""
        tasks = [task for _, _, task in self._followed.values()]
        if self._keeper is not None:
            tasks.append(self._keeper)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def order(
        self,
        endpoint: str,
        activity: Activity,
        wanted: Sequence[str],
        *,
        recursive: bool = False,
        keep_s: int | None = None,
    ) -> Order:
        """Take an order and begin with it.

        Args:
            endpoint: Name of a configured endpoint.
            activity: What to do.
            wanted: Literal paths of files and folders.
            recursive: Whether also what lies deeper in folders.
            keep_s: How long to keep files on disk, seconds.

        Raises:
            NotFound: No endpoint has this name.
            NoSpace: There is no room to write it down, so it was not given to dCache.
        """
        await self._client(endpoint)
        now = self.clock.now()
        order = Order(
            id=new_id(now),
            endpoint=endpoint,
            activity=activity,
            paths=list(wanted[:SHOWN_PATHS]),
            recursive=recursive,
            keep_s=None if activity == "release" else keep_s,
            created=now,
        )
        folder = OrderFolder(self._root / order.id)
        lock = await asyncio.to_thread(self._create, folder, order, wanted)
        self._follow(folder, order, lock)
        self.changed(order.id)
        return order

    async def all(self) -> list[Order]:
        """Every order, the latest first; damaged ones are left out."""
        await asyncio.to_thread(self._read_all)
        # In one step: another request's thread may be reading records just now.
        known = list(self._read.items())
        orders = {order_id: order for order_id, (_, order) in known}
        for order_id, (following, _, _) in self._followed.items():
            seen = order_id in orders and orders[order_id].seen
            following.order.seen = following.order.seen or seen
            orders[order_id] = following.order
        return sorted(orders.values(), key=lambda order: (order.created, order.id), reverse=True)

    async def get(self, order_id: str) -> Order:
        """One order.

        Raises:
            NotFound: There is none of this id.
        """
        if order_id in self._followed:
            return self._followed[order_id][0].order
        return await asyncio.to_thread(self._folder(order_id).load)

    async def targets(self, order: Order, offset: int, limit: int) -> list[dict[str, Any]]:
        """A part of an order's targets, as the contract has them."""
        if order.parts is None:
            return []
        listed = await asyncio.to_thread(self._folder(order.id).read_paths, "targets")
        last = min(len(listed), offset + limit)
        return [
            {
                "path": listed[number],
                "state": order.state_of(number),
                "message": order.messages.get(number),
            }
            for number in range(offset, last)
        ]

    async def see(self, order_id: str) -> None:
        """Note that the user was told how an order ended.

        Raises:
            NotFound: There is none of this id.
        """
        await asyncio.to_thread(self._folder(order_id).see)
        if order_id in self._followed:
            self._followed[order_id][0].order.seen = True
        self.changed(order_id)

    async def delete(self, order_id: str) -> None:
        """Cancel what is not done of an order, and forget it.

        Raises:
            NotFound: There is none of this id.
            DoorBroken: dCache could not be told; the order stands, and is followed on.
        """
        folder = self._folder(order_id)
        order = await self.get(order_id)
        entry = self._followed.get(order_id)
        if entry is not None:
            entry[2].cancel()
            await asyncio.wait({entry[2]})
        if order.state == "running":
            try:
                await Following(folder, order, self).cancel()
            except (NoCredential, NotPermitted, NotFound):
                pass  # there is nobody any more who could cancel it
            except RsdatError:
                await self._take_over()
                raise
        await asyncio.to_thread(folder.delete)
        self._read.pop(order_id, None)
        self.changed(order_id)

    async def pinned(self, endpoint: str, path: str) -> datetime | None:
        """Until when, at least, an order of ours keeps a file on disk; None if none does."""
        orders = [order for order in await self.all() if order.endpoint == endpoint]
        until = await asyncio.to_thread(self._pinned, orders, path)
        return until if until is not None and until > self.clock.now() else None

    def _pinned(self, latest_first: Sequence[Order], path: str) -> datetime | None:
        until: datetime | None = None
        for order in latest_first:
            number = self._folder(order.id).place_of(path)
            if number is None:
                continue
            part = next(p for p in reversed(order.parts or ()) if p.first <= number)
            if order.state_of(number) != "done":
                continue
            if order.activity == "release":
                break
            ends = order.pins_until(part)
            if ends is not None and (until is None or ends > until):
                until = ends
        return until

    def _folder(self, order_id: str) -> OrderFolder:
        if not _ID.match(order_id):
            raise gone(order_id)
        return OrderFolder(self._root / order_id)

    def _create(self, folder: OrderFolder, order: Order, wanted: Sequence[str]) -> Lock:
        private_folder(self._root)
        folder.create(order, wanted)
        lock = Lock.take(folder.lock)
        if lock is None:
            raise Conflict(f"Another companion took the order '{order.id}'", code="taken")
        return lock

    def _follow(self, folder: OrderFolder, order: Order, lock: Lock) -> None:
        following = Following(folder, order, self)
        task = asyncio.create_task(following.run())
        self._followed[order.id] = (following, lock, task)
        task.add_done_callback(lambda _: self._ended(order.id))

    def _ended(self, order_id: str) -> None:
        _, lock, task = self._followed.pop(order_id)
        lock.release()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("rsdat: following the order %s failed", order_id, exc_info=error)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(TAKE_OVER_S)
            try:
                with contextlib.suppress(RsdatError, OSError):
                    await self._take_over()
            except Exception:  # noqa: BLE001
                # The last line of defence of a loop that must not end; a bug, so with its trace.
                _log.exception("Looking for orders that nobody follows failed")

    async def _take_over(self) -> None:
        found = await taken_aside(self._take_locks, _release)
        for folder, order, lock in found:
            self._follow(folder, order, lock)
            self.changed(order.id)

    def _take_locks(self) -> list[_Taken]:
        self._read_all()
        taken: list[_Taken] = []
        try:
            self._take_each(taken)
        except BaseException:
            _release(taken)
            raise
        return taken

    def _take_each(self, taken: list[_Taken]) -> None:
        oldest = self.clock.now() - KEEP
        for order_id, (_, order) in list(self._read.items()):
            folder = OrderFolder(self._root / order_id)
            if order.state != "running":
                if order.ended is not None and order.ended < oldest:
                    folder.delete()
                continue
            if order_id in self._followed:
                continue
            lock = Lock.take(folder.lock)
            if lock is None:
                continue
            try:
                # Its follower may have ended it just before it let go.
                order = folder.load()
            except RsdatError:
                lock.release()
                continue
            if order.state == "running":
                taken.append((folder, order, lock))
            else:
                lock.release()

    def _read_all(self) -> None:
        """Bring what is known of the records up to date."""
        there = set()
        for path in self._root.iterdir() if self._root.is_dir() else ():
            if not _ID.match(path.name):
                continue
            folder = OrderFolder(path)
            with contextlib.suppress(RsdatError, OSError):
                stamp = folder.stamp()
                if path.name not in self._read or self._read[path.name][0] != stamp:
                    self._read[path.name] = (stamp, folder.load())
                there.add(path.name)
        for order_id in self._read.keys() - there:
            self._read.pop(order_id, None)


def _release(taken: Iterable[_Taken]) -> None:
    for _, _, lock in taken:
        lock.release()
