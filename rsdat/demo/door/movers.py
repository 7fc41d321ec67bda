"""The pool's movers: one per redirected transfer, and only so many at once."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from dataclasses import dataclass, field
from io import FileIO

from rsdat.demo.door.uploads import Upload

_STARTS_AT_ONCE = 2


@dataclass
class Mover:
    """One transfer: of `file` to the client, or of the client's bytes into `upload`.

    `size` is what the client told the door, or the size of the file; `headers` go into the
    pool's answer to a reader.
    """

    id: str
    path: str
    door_url: str
    size: int | None
    file: FileIO | None = None
    upload: Upload | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    want_digest: str = ""
    connections: set[int] = field(default_factory=set)
    timer: asyncio.TimerHandle | None = None


class Movers:
    """All movers of the pool.

    A mover for reading lives until the last pool connection it was used on has closed; that
    is how clients that keep connections open use all of them up.

    With `start_cost_s` a start takes that long, and only two are under way at once. That is how
    the real server was seen: 17.4 ms a read at a proxying door and 18.0 ms with a redirect for
    each, 8.8 ms a read with four of them at once; but 0.63 ms for another range at the same pool
    URL and connection, which starts no mover. docs/decisions.md tells how 14 ms was chosen.
    """

    def __init__(self, limit: int, timeout_s: float, start_cost_s: float = 0.0) -> None:
        self.start_cost_s = start_cost_s
        self._starting = asyncio.Semaphore(_STARTS_AT_ONCE)
        self._limit = limit
        self._timeout_s = timeout_s
        self._movers: dict[str, Mover] = {}
        self._taken = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def active(self) -> int:
        """How many are taken."""
        return self._taken

    async def slot(self) -> None:
        """Wait until a mover is free, and take it; end it with `start` and `end`, or `free`."""
        await self._turn()
        try:
            await self.charge()
        except BaseException:
            self.free()
            raise

    async def charge(self) -> None:
        """Take as long as the start of a mover does."""
        if self.start_cost_s > 0:
            async with self._starting:
                await asyncio.sleep(self.start_cost_s)

    async def _turn(self) -> None:
        if self._taken < self._limit:
            self._taken += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.free()
            raise

    def free(self) -> None:
        """Give a taken slot back, or on to the next who waits."""
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._taken -= 1

    def start(self, mover: Mover) -> None:
        """Let a mover, whose slot is taken, wait for its client."""
        self._movers[mover.id] = mover
        mover.timer = asyncio.get_running_loop().call_later(self._timeout_s, self._give_up, mover)

    def find(self, mover_id: str) -> Mover | None:
        """The mover with this id, if it still lives."""
        return self._movers.get(mover_id)

    def connect(self, mover: Mover, connection: int) -> None:
        """Note that a client uses it on this connection."""
        if mover.timer is not None:
            mover.timer.cancel()
            mover.timer = None
        mover.connections.add(connection)

    def connection_lost(self, connection: int) -> None:
        """End the movers for reading that were used on this connection only."""
        for mover in list(self._movers.values()):
            if connection in mover.connections:
                mover.connections.discard(connection)
                if not mover.connections and mover.upload is None:
                    self.end(mover)

    def end(self, mover: Mover) -> None:
        """Free its slot; from now on its URL is stale."""
        if self._movers.pop(mover.id, None) is None:
            return
        if mover.timer is not None:
            mover.timer.cancel()
        if mover.file is not None:
            mover.file.close()
        self.free()

    def end_all(self) -> None:
        """End every mover, as a restart of the pool does."""
        for mover in list(self._movers.values()):
            self._give_up(mover)

    def _give_up(self, mover: Mover) -> None:
        if mover.upload is not None:
            mover.upload.abandon()  # its entry stays, without size
        self.end(mover)


def new_id() -> str:
    """An id for a mover's URL."""
    return str(uuid.uuid4())
