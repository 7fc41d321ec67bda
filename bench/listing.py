"""A folder of 200 000 entries: its first rows, and all of it sorted, against the door's own time.

Straight to the door the same client (aiohttp) asks for a first page of 200, and for all, and throws
the bytes away. Through the companion it asks for the first 200 rows sorted by name, then waits for
the event that tells that all are there, and asks again. The folder gets a new name before each, so
that nothing is known of it on either side. Memory is the Jupyter server's: its highest
in a round less what it held before the first. In one more round, which is not timed, `/api/info` is
asked every 20 ms, which shows what a listing holds up.

The bars are held at a door that takes 100 µs an entry: the real one took 420 to 580 µs for a
listing with localities (dCache 11.2.5, 50 000 entries in 21 to 29 s). The stand-in alone takes some
12 µs, so that our own work for an entry, which begins when its bytes have come, would be compared
with next to nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from bench.measured import Measured, Rounds, load, rounds_of, show, spread
from bench.stand import Jupyter, stand
from tests.support.door import Door

ROUNDS = 4
ENTRIES = 200_000
FIRST = 200
FIRST_BAR = 1.2
ALL_BAR = 1.3
MEMORY_BAR_MIB = 100
EVERY_S = 0.02
LIMIT_S = 300.0
ENTRY_COST_US = 100
CHARGED_ROUNDS = 2


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Compare; lines for the first rows, for all, for memory and for what else waits."""
    before = load()
    case = _measured(rounds)
    middle = load()
    charged = _measured(min(rounds, CHARGED_ROUNDS), "--entry-cost-us", str(ENTRY_COST_US))
    loads = f"{before} → {middle}"
    charged_loads = f"{middle} → {load()}"
    grown = max(*case.grown_mib, *charged.grown_mib)
    first, whole = f"First {FIRST} rows of {ENTRIES}", f"All {ENTRIES} entries, sorted"
    cost = f", {ENTRY_COST_US} µs an entry"
    return [
        _line(first + cost, charged.first, FIRST_BAR, charged_loads),
        _line(whole + cost, charged.whole, ALL_BAR, charged_loads),
        _line(f"{first}, the door's own work only", case.first, None, loads),
        _line(f"{whole}, the door's own work only", case.whole, None, loads),
        Measured(
            f"The Jupyter server's memory for {ENTRIES} entries",
            f"{grown:.0f} MiB at most",
            "–",
            "–",
            f"≤ {MEMORY_BAR_MIB} MiB",
            grown <= MEMORY_BAR_MIB,
            [f"Held after the last round: {case.held_mib:.0f} MiB more than before the first."],
            loads,
        ),
        Measured(
            f"`/api/info` while {ENTRIES} entries are listed, every {EVERY_S * 1000:.0f} ms",
            f"p99 {case.percentile(99) * 1000:.0f} ms, longest {max(case.answers) * 1000:.0f} ms",
            "–",
            "–",
            load=loads,
        ),
    ]


def _measured(rounds: int, *arguments: str) -> _Case:
    with stand() as place, place.door(*arguments) as dcache, place.jupyter() as server:
        case = _Case(dcache, server)
        case.fill()
        asyncio.run(case.run(rounds))
    return case


def _line(what: str, took: Rounds, bar: float | None, loads: str) -> Measured:
    worse = max(took.median_ratio, took.paired_ratio)
    return Measured(
        what,
        spread(took.ours),
        spread(took.other),
        f"{took.median_ratio:.2f} (medians), {took.paired_ratio:.2f} (paired)",
        "" if bar is None else f"≤ {bar}",
        None if bar is None else worse <= bar,
        load=loads,
    )


@dataclass
class _Case:
    dcache: Door
    server: Jupyter
    first: Rounds = field(default_factory=Rounds)
    whole: Rounds = field(default_factory=Rounds)
    grown_mib: list[float] = field(default_factory=list)
    held_mib: float = 0.0
    answers: list[float] = field(default_factory=list)
    name: str = "big-0"

    def fill(self) -> None:
        folder = self.dcache.root / self.name
        folder.mkdir()
        for number in range(ENTRIES):
            file = folder / f"S1A_IW_{number:06d}_vv.tif"
            os.close(os.open(file, os.O_CREAT | os.O_WRONLY))

    def percentile(self, percent: int) -> float:
        return sorted(self.answers)[len(self.answers) * percent // 100]

    async def run(self, rounds: int) -> None:
        process = Path(f"/proc/{self.server.process.pid}")
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=LIMIT_S), read_bufsize=2**20
        ) as session:
            # Whatever is imported and connected at the first request.
            await self._page(session, "/")
            await self._straight(session, "/", None)
            before = _status_mib(process, "VmRSS")
            for number in range(rounds):
                (process / "clear_refs").write_text("5")  # the highest begins anew (man 5 proc)
                if number % 2:
                    await self._door_round(session)
                    await self._our_round(session)
                else:
                    await self._our_round(session)
                    await self._door_round(session)
                self.grown_mib.append(_status_mib(process, "VmHWM") - before)
                self.held_mib = _status_mib(process, "VmRSS") - before
                print(
                    f"{number + 1}/{rounds}: first {self.first.ours[-1]:.3f} s against "
                    f"{self.first.other[-1]:.3f} s, all {self.whole.ours[-1]:.2f} s against "
                    f"{self.whole.other[-1]:.2f} s, {self.grown_mib[-1]:.0f} MiB, load {load()}",
                    flush=True,
                )
            await self._answers_meanwhile(session)

    def _rename(self) -> str:
        number = int(self.name.rpartition("-")[2]) + 1
        (self.dcache.root / self.name).rename(self.dcache.root / f"big-{number}")
        self.name = f"big-{number}"
        return f"/{self.name}"

    async def _door_round(self, session: aiohttp.ClientSession) -> None:
        for took, limit in ((self.first, FIRST), (self.whole, None)):
            took.other.append(await self._straight(session, self._rename(), limit))

    async def _our_round(self, session: aiohttp.ClientSession) -> None:
        path = self._rename()
        async with self._listening(session) as events:
            first_s, whole_s = await self._listed(session, events, path)
        self.first.ours.append(first_s)
        self.whole.ours.append(whole_s)

    async def _answers_meanwhile(self, session: aiohttp.ClientSession) -> None:
        path = self._rename()
        async with self._listening(session) as events, self._asking(session):
            await self._listed(session, events, path)

    async def _listed(
        self,
        session: aiohttp.ClientSession,
        events: aiohttp.ClientWebSocketResponse[bool],
        path: str,
    ) -> tuple[float, float]:
        """Seconds to the first rows and to all of them."""
        began = time.monotonic()
        page = await self._page(session, path)
        first_s = time.monotonic() - began
        if len(page["entries"]) != FIRST:
            raise RuntimeError("that was no first page")
        while not page["complete"]:
            await _told(events, f"bench:{path}")
            page = await self._page(session, path)
        if page["total"] != ENTRIES:
            raise RuntimeError("not all of it was listed")
        return first_s, time.monotonic() - began

    async def _page(self, session: aiohttp.ClientSession, path: str) -> Any:
        url = f"{self.server.url}rsdat/api/dcache/bench/list?path={quote(path)}&limit={FIRST}"
        async with session.get(url, headers=self._headers) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def _straight(
        self, session: aiohttp.ClientSession, path: str, limit: int | None
    ) -> float:
        query = "children=true&locality=true" + ("" if limit is None else f"&limit={limit}")
        began = time.monotonic()
        url = f"{self.dcache.api_url}/namespace{quote(path)}?{query}"
        async with session.get(url, headers=self.dcache.headers) as answer:
            answer.raise_for_status()
            async for _ in answer.content.iter_any():
                pass
        return time.monotonic() - began

    @contextlib.asynccontextmanager
    async def _listening(
        self, session: aiohttp.ClientSession
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse[bool]]:
        url = f"{self.server.url}api/events/subscribe"
        async with session.ws_connect(url, headers=self._headers) as socket:
            yield socket

    @contextlib.asynccontextmanager
    async def _asking(self, session: aiohttp.ClientSession) -> AsyncIterator[None]:
        async def one() -> None:
            began = time.monotonic()
            url = f"{self.server.url}rsdat/api/info"
            async with session.get(url, headers=self._headers) as answer:
                await answer.read()
            self.answers.append(time.monotonic() - began)

        asked: list[asyncio.Task[None]] = []

        async def all_() -> None:
            while True:
                # Whether earlier answers have come or not, so that a freeze is met by all in it.
                asked.append(asyncio.create_task(one()))
                await asyncio.sleep(EVERY_S)

        task = asyncio.create_task(all_())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.gather(*asked)

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"token {self.server.token}"}


async def _told(events: aiohttp.ClientWebSocketResponse[bool], folder: str) -> None:
    async for message in events:
        told = json.loads(message.data)
        if told.get("kind") == "dcache" and told.get("id") == folder:
            return
    raise RuntimeError("the events ended")


def _status_mib(process: Path, key: str) -> float:
    for line in (process / "status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == key:
            return int(value.split()[0]) / 1024
    raise KeyError(key)


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
