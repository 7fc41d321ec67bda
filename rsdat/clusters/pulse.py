"""How busy the clusters are, for who looks at them: one answer for all, with the last minutes.

Nothing is looked at unless somebody asks, and a cluster in which nothing goes on less often. The
lines to schedulers are its own: who is slow here must not seem silent to who decides by it.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rsdat.base.errors import DoorBroken
from rsdat.clusters.keeper import Keeper
from rsdat.clusters.link import SchedulerLink, SchedulerSeen
from rsdat.clusters.pulse_history import History
from rsdat.clusters.pulse_seen import PulseSeen, of_look, of_preload

#: A page is to ask again after so long: while something is computed, and else.
BUSY_S = 2.0
CALM_S = 5.0
#: A cluster is due a little earlier, so that a page that keeps time finds it so.
_SLACK_S = 0.4
#: No answer waits longer for schedulers that are slow.
_PATIENCE_S = 1.0
#: A scheduler that takes longer to say a few numbers does not answer.
_LATE_S = 3.0
#: Lines are closed when nobody has asked for so long.
LINGER_S = 60.0
_AT_ONCE = 16


class _Watched:
    """What was seen of one cluster, and the line to it."""

    def __init__(self) -> None:
        self.link: SchedulerLink | None = None
        #: Whether its scheduler has our preload, as far as is known.
        self.tells = True
        self.task: asyncio.Task[None] | None = None
        self.asked_s = float("-inf")
        self.failed = False
        #: The look at it that was read last, where there is no preload.
        self.answer: SchedulerSeen | None = None
        #: The look that showed other workers than were told last, and made it due.
        self.other: SchedulerSeen | None = None
        self.seen: PulseSeen | None = None
        self.seen_s = 0.0
        self.history = History()
        self.state = "none"
        #: Of the last change.
        self.tick = 0

    @property
    def looking(self) -> bool:
        return self.task is not None and not self.task.done()

    async def close(self) -> None:
        task, self.task = self.task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        await self.close_link()

    async def close_link(self) -> None:
        link, self.link = self.link, None
        if link is not None:
            await link.close()


class Pulses:
    """Looks at clusters on demand. `close` it.

    Args:
        clusters: Gives the keepers of those that are not stopped.
    """

    def __init__(self, clusters: Callable[[], Sequence[Keeper]]) -> None:
        self._clusters = clusters
        self._watched: dict[str, _Watched] = {}
        self._tick = 0
        #: Cursors of an earlier companion mean nothing here.
        self._name = secrets.token_hex(4)
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._asked_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._resting: asyncio.Task[None] | None = None

    async def tell(self, cursor: str | None) -> dict[str, Any]:
        """The `PulseList` of docs/api.yaml, looked up now as far as that is due.

        Args:
            cursor: Of the answer that the asker had last; None for all that is known.
        """
        self._asked_s = time.monotonic()
        keepers = {keeper.folder.id: keeper for keeper in self._clusters()}
        for gone in self._watched.keys() - keepers.keys():
            await self._watched.pop(gone).close()
        for cluster_id, keeper in keepers.items():
            self._look_at(self._watched.setdefault(cluster_id, _Watched()), keeper)
        looks = [each.task for each in self._watched.values() if each.task and each.looking]
        if looks:
            await asyncio.wait(looks, timeout=_PATIENCE_S)
        for cluster_id, keeper in keepers.items():
            self._judge(self._watched[cluster_id], keeper)
        self._put_off_rest()
        return self._answer(self._since(cursor))

    async def close(self) -> None:
        """End all looks and close the lines."""
        if self._timer is not None:
            self._timer.cancel()
        if self._resting is not None:
            await asyncio.wait({self._resting})
        watched = list(self._watched.values())
        self._watched.clear()
        await asyncio.gather(*(each.close() for each in watched), return_exceptions=True)

    def _look_at(self, watched: _Watched, keeper: Keeper) -> None:
        if not _is_up(keeper):
            return
        if keeper.record.attached is not None or not watched.tells:
            self._read_look(watched, keeper)
            return
        if watched.looking:
            return
        busy = watched.seen is not None and watched.seen.busy
        pause_s = (BUSY_S if busy else CALM_S) - _SLACK_S
        if self._asked_s - watched.asked_s >= pause_s or _has_other_workers(watched, keeper):
            watched.other = keeper.observed.answer
            watched.asked_s = self._asked_s
            watched.task = asyncio.create_task(self._ask(watched, keeper))

    def _read_look(self, watched: _Watched, keeper: Keeper) -> None:
        """Without a preload: what the looks show that are made anyway while somebody watches."""
        answer = keeper.observed.answer
        if answer is not None and answer is not watched.answer:
            watched.answer = answer
            self._note(watched, of_look(answer))

    async def _ask(self, watched: _Watched, keeper: Keeper) -> None:
        async with self._at_once:
            watched.asked_s = time.monotonic()
            try:
                told = await self._ask_link(watched, keeper)
            except DoorBroken:
                watched.failed = True
                # It may have moved; its file tells.
                await watched.close_link()
                return
        if told is not None:
            self._note(watched, of_preload(told))
            return
        # Made by an rsdat that had no such preload.
        watched.tells = False
        await watched.close_link()
        self._read_look(watched, keeper)

    async def _ask_link(self, watched: _Watched, keeper: Keeper) -> Mapping[str, Any] | None:
        if watched.link is None:
            watched.link = await asyncio.to_thread(SchedulerLink.open, keeper.folder)
        if watched.link is None:
            raise DoorBroken("The scheduler's file is gone")
        return await watched.link.pulse(_LATE_S)

    def _note(self, watched: _Watched, seen: PulseSeen) -> None:
        self._tick += 1
        watched.failed = False
        watched.seen, watched.seen_s, watched.tick = seen, time.monotonic(), self._tick
        watched.history.add(self._tick, watched.seen_s, seen)

    def _judge(self, watched: _Watched, keeper: Keeper) -> None:
        late = watched.looking and time.monotonic() - watched.asked_s > _LATE_S
        if keeper.record.phase == "up" and keeper.observed.scheduler == "silent":
            state = "silent"
        elif not _is_up(keeper):
            state = "none"
        elif watched.failed or late:
            state = "silent"
        else:
            state = "live" if watched.seen is not None else "none"
        if state == "none":
            # Of a scheduler that is not there nothing is known any more.
            watched.seen = None
        if state != watched.state:
            self._tick += 1
            watched.state, watched.tick = state, self._tick

    def _since(self, cursor: str | None) -> int:
        """The tick of a cursor of ours; -1 for others."""
        name, _, tick = (cursor or "").partition(".")
        known = name == self._name and tick.isdecimal() and int(tick) <= self._tick
        return int(tick) if known else -1

    def _answer(self, since: int) -> dict[str, Any]:
        now_s = time.monotonic()
        busy = any(each.seen is not None and each.seen.busy for each in self._watched.values())
        return {
            "cursor": f"{self._name}.{self._tick}",
            "whole": since < 0,
            "next": BUSY_S if busy else CALM_S,
            "clusters": [
                {
                    "id": cluster_id,
                    "state": each.state,
                    "age": round(now_s - each.seen_s, 1) if each.seen else None,
                    "now": each.seen.as_dict() if each.seen else None,
                    "samples": each.history.since(since, now_s),
                }
                for cluster_id, each in self._watched.items()
                if each.tick > since
            ],
        }

    def _put_off_rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(LINGER_S, self._begin_rest)

    def _begin_rest(self) -> None:
        self._resting = asyncio.create_task(self._rest(), name="rsdat pulse rests")

    async def _rest(self) -> None:
        # Nothing is being asked: a look is over after a few seconds.
        await asyncio.gather(*(each.close_link() for each in self._watched.values()))


def _has_other_workers(watched: _Watched, keeper: Keeper) -> bool:
    """Whether workers came or went since: the card must not show theirs and say "no workers"."""
    answer = keeper.observed.answer
    return (
        answer is not None
        and answer is not watched.other
        and watched.seen is not None
        and len(answer.workers) != watched.seen.workers
    )


def _is_up(keeper: Keeper) -> bool:
    return keeper.record.phase == "up" and keeper.observed.scheduler == "up"
