"""Copies that ask give their place to others and take it again: never more than there are."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from rsdat.dcache.transfers.copying import Copying
from rsdat.dcache.transfers.record import Side


def test_a_place_is_given_up_once() -> None:
    """A second question, while the first file waits for the place to come back."""

    async def work() -> None:
        slots = asyncio.Semaphore(1)
        record = SimpleNamespace(source=Side(None, ("f",)), destination=Side("e", ("/",)))
        transfer = SimpleNamespace(shared=SimpleNamespace(slots=slots), record=record)
        copying = Copying(cast("Any", transfer))
        await slots.acquire()
        copying._holds_slot = True
        answered, second = asyncio.Event(), asyncio.Event()

        async def ask(answer: asyncio.Event) -> None:
            async with copying._slot_given_up():
                await answer.wait()

        first = asyncio.create_task(ask(answered))
        await asyncio.wait_for(slots.acquire(), 20)  # another copy takes it
        answered.set()
        await asyncio.sleep(0)
        other = asyncio.create_task(ask(second))
        await asyncio.sleep(0)
        assert not first.done()
        assert slots.locked()
        slots.release()
        second.set()
        await asyncio.wait_for(asyncio.gather(first, other), 20)
        assert copying._holds_slot
        assert slots.locked()

    asyncio.run(work())
