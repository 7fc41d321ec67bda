"""What our preload counts in a real scheduler with real workers: progress, errors, no worker."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable

import dask.config as dask_config
import pytest
from distributed import Client, Scheduler, Worker, wait

from rsdat.clusters.preloads import rsdat_pulse
from rsdat.clusters.preloads.rsdat_pulse import Pulse
from rsdat.clusters.pulse_seen import PulseSeen, of_preload

LIMIT_S = 30.0
MEMORY_LIMITS = ("target", "spill", "pause", "terminate")


@contextlib.asynccontextmanager
async def dask(workers: int = 1) -> AsyncIterator[tuple[Client, Pulse]]:
    """A client and the pulse of its scheduler, whose workers have two threads each."""
    async with contextlib.AsyncExitStack() as stack:
        # Workers measure the whole process, and that is pytest's: it would make them pause.
        stack.enter_context(
            dask_config.set(
                {f"distributed.worker.memory.{limit}": False for limit in MEMORY_LIMITS}
            )
        )
        scheduler = await stack.enter_async_context(
            Scheduler(host="127.0.0.1", port=0, dashboard_address="127.0.0.1:0")
        )
        for number in range(workers):
            worker = Worker(
                scheduler.address,
                name=str(number),
                nthreads=2,
                memory_limit="1GiB",
                dashboard_address="127.0.0.1:0",
            )
            await stack.enter_async_context(worker)
        client = Client(scheduler.address, asynchronous=True)
        await stack.enter_async_context(client)
        yield client, Pulse(scheduler)


async def until(pulse: Pulse, condition: Callable[[PulseSeen], bool]) -> PulseSeen:
    """Look until it is so."""

    async def look() -> PulseSeen:
        while not condition(seen := of_preload(await pulse.tell())):
            await asyncio.sleep(0.02)
        return seen

    return await asyncio.wait_for(look(), LIMIT_S)


#: The workers are threads of this process.
GATE = threading.Event()
START = threading.Event()
START.set()


def held(number: int) -> int:
    """A task that ends when the gate is open."""
    GATE.wait(LIMIT_S)
    return number


def quick(number: int) -> int:
    """A task that ends when it may start."""
    START.wait(LIMIT_S)
    return number


def failing(number: int) -> int:
    raise ValueError(number)


def added(number: int, other: int) -> int:
    return number + other


def test_how_far_a_computation_is() -> None:
    """Done, to come and erred; by name the busiest first; over, with what it was."""

    async def compute() -> None:
        async with dask() as (client, pulse):
            begun = of_preload(await pulse.tell())
            assert begun.run is None
            assert begun.tasks.processing == begun.tasks.to_come == begun.tasks.erred == 0
            assert (begun.workers, begun.cores, begun.memory_limit) == (1, 2, 2**30)
            GATE.clear()
            START.clear()
            # Graphs may come in in another order than they were sent: what shall be over first has
            # the threads, and goes on when the rest is there.
            some = client.map(quick, range(3), priority=1)
            bad = client.map(failing, range(2), retries=0, priority=1)
            await until(pulse, lambda s: bool(s.run and s.run.total == 5))
            slow = client.map(held, range(40))
            sums = client.map(added, slow, some[:1] * 40)
            await until(pulse, lambda s: bool(s.run and s.run.total == 85))
            START.set()
            seen = await until(
                pulse,
                lambda s: bool(s.run and s.run.done == 5 and s.tasks.erred == 2 and s.busy),
            )
            assert seen.run is not None
            assert (seen.run.running, seen.run.total, seen.run.erred) == (True, 85, 2)
            assert seen.tasks.processing
            assert seen.tasks.waiting == 40
            assert seen.tasks.processing + (seen.tasks.queued or 0) == 40
            assert [part.name for part in seen.run.parts] == ["held", "added"]
            assert (seen.run.parts[0].done, seen.run.parts[0].total) == (0, 40)
            GATE.set()
            await wait([*sums, *bad])
            over = await until(pulse, lambda s: bool(s.run and not s.run.running))
            assert over.run is not None
            assert (over.run.done, over.run.total, over.run.erred) == (85, 85, 2)
            assert over.run.parts == ()
            assert over.run.seconds is not None
            assert not over.busy
            # What it took no longer grows, and what was forgotten since was done all the same.
            for future in [*some, *slow, *sums]:
                future.release()
            empty = await until(pulse, lambda s: s.tasks.in_memory == 0)
            assert empty.run is not None
            assert (empty.run.done, empty.run.seconds) == (85, over.run.seconds)

    asyncio.run(compute())


def test_what_was_computed_before_does_not_count() -> None:
    """Progress is of what runs, not of all results that somebody keeps."""

    async def compute() -> None:
        async with dask() as (client, pulse):
            kept = client.map(quick, range(30))
            await wait(kept)
            GATE.clear()
            slow = client.map(held, range(4))
            seen = await until(pulse, lambda s: s.busy and s.tasks.in_memory == 30)
            assert seen.run is not None
            assert (seen.run.done, seen.run.total) == (0, 4)
            GATE.set()
            await wait(slow)

    asyncio.run(compute())


def test_nobody_there_to_compute() -> None:
    """Tasks without a worker are told as such, and run when one comes."""

    async def compute() -> None:
        async with dask(workers=0) as (client, pulse):
            futures = client.map(quick, range(5))
            seen = await until(pulse, lambda s: s.tasks.to_come == 5)
            assert (seen.workers, seen.cpu, seen.memory_limit) == (0, None, None)
            assert (seen.tasks.queued or 0) + (seen.tasks.no_worker or 0) == 5
            assert seen.run is not None
            assert (seen.run.running, seen.run.done) == (True, 0)
            async with Worker(client.scheduler.address, dashboard_address="127.0.0.1:0"):
                assert await client.gather(futures) == list(range(5))
                await until(pulse, lambda s: not s.busy)

    asyncio.run(compute())


def test_many_names_are_counted_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of its own for each task: the sums are right, and the scheduler goes on meanwhile."""
    monkeypatch.setattr(rsdat_pulse, "_PIECE", 20)

    async def compute() -> None:
        async with dask(workers=0) as (client, pulse):
            count = 100
            keys = [f"mine {each}" for each in range(count)]
            futures = client.map(quick, range(count), key=keys)
            await until(pulse, lambda s: bool(s.run and s.run.total == count))
            turns = 0
            over = asyncio.Event()

            async def other_work() -> None:
                nonlocal turns
                while not over.is_set():
                    turns += 1
                    await asyncio.sleep(0)

            other = asyncio.create_task(other_work())
            seen = of_preload(await Pulse(pulse._scheduler).tell())
            over.set()
            await other
            assert turns >= 4
            assert seen.tasks.to_come == count
            assert seen.run is not None
            assert len(seen.run.parts) == rsdat_pulse._TOLD
            await client.cancel(futures)

    asyncio.run(compute())


def test_while_nothing_happens_nothing_is_counted() -> None:
    """An idle cluster costs the same however many results it keeps."""

    async def compute() -> None:
        async with dask() as (client, pulse):
            await wait(client.map(quick, range(10)))
            await until(pulse, lambda s: bool(s.run and not s.run.running))
            pulse._due = 0.0
            await pulse.tell()
            counted = pulse._counted
            pulse._due = 0.0
            await pulse.tell()
            assert pulse._counted is counted
            more = client.submit(quick, 99)
            await wait(more)
            await pulse.tell()
            assert pulse._counted is not counted

    asyncio.run(compute())
