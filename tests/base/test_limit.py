"""What is waited for with a limit, and cancelled meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from rsdat.base.limit import within


async def _after(event: asyncio.Event, told: list[str]) -> str:
    try:
        await event.wait()
    except asyncio.CancelledError:
        told.append("cancelled")
        raise
    return "done"


def test_what_is_done_in_time() -> None:
    async def main() -> None:
        event = asyncio.Event()
        event.set()
        assert await within(10, _after(event, [])) == "done"

    asyncio.run(main())


def test_what_takes_longer_is_cancelled() -> None:
    async def main() -> list[str]:
        told: list[str] = []
        with pytest.raises(asyncio.TimeoutError):
            await within(0.01, _after(asyncio.Event(), told))
        return told

    assert asyncio.run(main()) == ["cancelled"]


def test_errors_come_through() -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        asyncio.run(within(10, fails()))


def test_one_that_ends_well_though_cancelled() -> None:
    """Its answer is not thrown away."""

    async def stubborn() -> str:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            return "saved"
        return "slept"

    assert asyncio.run(within(0.01, stubborn())) == "saved"


@pytest.mark.parametrize("later", range(6))
def test_a_cancel_is_never_lost(later: int) -> None:
    """Also one that comes while the answer is on its way: `asyncio.wait_for` loses that."""

    async def main() -> None:
        event = asyncio.Event()
        gone_on = False

        async def loop() -> None:
            nonlocal gone_on
            await within(10, _after(event, []))
            if later < 2:
                gone_on = True
            await asyncio.sleep(10)

        task = asyncio.create_task(loop())
        await asyncio.sleep(0.01)
        event.set()
        for _ in range(later):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=20)
        assert done
        assert task.cancelled()
        assert not gone_on

    asyncio.run(main())


def test_what_is_waited_for_ends_with_who_waits() -> None:
    async def main() -> list[str]:
        told: list[str] = []
        task = asyncio.create_task(within(10, _after(asyncio.Event(), told)))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait({task})
        return told

    assert asyncio.run(main()) == ["cancelled"]
