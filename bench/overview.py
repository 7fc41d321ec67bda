"""The overview of 50 clusters with 2 000 workers: what it costs companion and scheduler.

The companion asks all 50 schedulers in one go and makes the answer, as for a page that shows them
while all of them compute; against one look at all 50 (`rsdat_look`), which it takes anyway while
somebody watches. CPU time of the companion's process; schedulers are stand-ins in another one. And
what one question takes a real scheduler with 100 000 Dask tasks of 20 kinds, between two of which
something happened to a task, so that it counts anew.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from distributed.scheduler import Scheduler

from bench.measured import Measured, load, rounds_of, show, spread
from bench.reconcile_pass import CLUSTERS, JOBS, looked_after, settled
from rsdat.clusters import pulse
from rsdat.clusters.link import SchedulerLink
from rsdat.clusters.preloads.rsdat_pulse import Pulse
from rsdat.clusters.pulse import Pulses

ROUNDS = 40
#: Milliseconds of CPU, as for one look after all of them (bench/reconcile_pass.py).
CPU_BAR_MS = 50.0
TASKS = 100_000
KINDS = 20
BAR_MS = 1.0


def measure(rounds: int = ROUNDS) -> list[Measured]:
    """Measure; two lines."""
    before = load()
    with settled() as (home, printed):
        ours, other, size = asyncio.run(_asked(home, printed, rounds))
    ratio = statistics.median(ours) / statistics.median(other)
    paired = statistics.median(one / two for one, two in zip(ours, other, strict=True))
    took_ms = asyncio.run(_counted(rounds))
    return [
        Measured(
            f"CPU of the overview of {CLUSTERS} clusters with {JOBS} workers, a question",
            spread([1000 * each for each in ours], 1, " ms"),
            f"a look at all of them: {spread([1000 * each for each in other], 1, ' ms')}",
            f"{max(ratio, paired):.2f}",
            f"≤ {CPU_BAR_MS:g} ms",
            statistics.median(ours) * 1000 <= CPU_BAR_MS,
            (f"The answer has {size / 1024:.1f} KiB.",),
            f"{before} → {load()}",
        ),
        Measured(
            f"Time of a scheduler with {TASKS:,} Dask tasks for one question of the overview",
            spread(took_ms, 3, " ms"),
            "–",
            "–",
            f"≤ {BAR_MS:g} ms",
            statistics.median(took_ms) <= BAR_MS,
            (),
            load(),
        ),
    ]


async def _asked(
    home: Path, printed: Sequence[str], rounds: int
) -> tuple[list[float], list[float], int]:
    """Seconds of CPU for each question and each look, and bytes of an answer."""
    ours: list[float] = []
    other: list[float] = []
    size = 0
    async with looked_after(home, printed) as work:
        pulses = Pulses(work.live)
        links = [
            link
            for keeper in work.live()
            if (link := SchedulerLink.open(keeper.folder)) is not None
        ]
        cursor = None
        try:
            for number in range(rounds + 1):
                # All are due.
                await asyncio.sleep(pulse.BUSY_S)
                began = time.process_time()
                answer = await pulses.tell(cursor)
                asked_s = time.process_time() - began
                began = time.process_time()
                await asyncio.gather(*(link.look() for link in links))
                looked_s = time.process_time() - began
                cursor = answer["cursor"]
                if len(answer["clusters"]) != CLUSTERS:
                    raise RuntimeError(f"only {len(answer['clusters'])} of them answered")
                if number:
                    # The first one opens the lines.
                    ours.append(asked_s)
                    other.append(looked_s)
                    size = len(repr(answer))
        finally:
            await asyncio.gather(*(link.close() for link in links))
            await pulses.close()
    return ours, other, size


async def _counted(rounds: int) -> list[float]:
    """Milliseconds of a scheduler for one question, each after something happened."""
    took = []
    async with Scheduler(host="127.0.0.1", port=0, dashboard_address="127.0.0.1:0") as scheduler:
        for number in range(TASKS):
            scheduler.new_task((f"kind{number % KINDS}-0", number), None, "released")
        asked = Pulse(scheduler)
        for _ in range(rounds):
            scheduler.transition_counter += 1
            asked._due = 0.0  # noqa: SLF001
            began = time.perf_counter()
            await asked.tell()
            took.append(1000 * (time.perf_counter() - began))
    return took


if __name__ == "__main__":
    show(measure(rounds_of(__doc__, ROUNDS)))
