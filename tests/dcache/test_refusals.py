"""How often a door may refuse, by a clock that is moved."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import pytest
from yarl import URL

from rsdat.base.errors import NoCredential
from rsdat.base.secret import Secret
from rsdat.dcache import refusals as refusing
from rsdat.dcache.refusals import REFUSED_S, Refusals

DOOR = URL("https://door.example:2880")
OTHER = URL("https://door.example:3880")
BAD = Secret("Bearer nonsense")


class MovedClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 6, 1, tzinfo=timezone.utc) + timedelta(seconds=self.seconds)

    def monotonic_s(self) -> float:
        return self.seconds


async def ask(refusals: Refusals, status: int | None, door: URL = DOOR, what: Secret = BAD) -> None:
    on_trial = await refusals.enter(door, what)
    refusals.leave(door, what, status, on_trial=on_trial)
    if status == 401:
        refusals.explain(door, NoCredential("login failed", status=401))


def test_twice_within_seconds() -> None:
    """Then not, until dCache has forgotten; another door and another credential are free."""
    clock = MovedClock()
    refusals = Refusals(clock)

    async def main() -> None:
        await ask(refusals, 401)
        clock.seconds += REFUSED_S - 1
        await ask(refusals, 401)
        with pytest.raises(NoCredential, match="login failed") as caught:
            await ask(refusals, 401)
        assert "third time" in (caught.value.hint or "")
        await ask(refusals, 401, OTHER)
        await ask(refusals, 200, what=Secret("Bearer other"))
        with pytest.raises(NoCredential):
            await ask(refusals, 401)
        clock.seconds += REFUSED_S
        for _ in range(2):
            await ask(refusals, 401)
        with pytest.raises(NoCredential):
            await ask(refusals, 401)

    asyncio.run(main())


def test_slow_refusals_count_from_the_last() -> None:
    clock = MovedClock()
    refusals = Refusals(clock)

    async def main() -> None:
        for _ in range(5):
            await ask(refusals, 401)
            clock.seconds += REFUSED_S

    asyncio.run(main())


@pytest.mark.parametrize("first", [None, 200, 404, 429])
def test_the_others_go_on_after_the_first(
    first: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever came of it, and at once."""
    monkeypatch.setattr(refusing, "PATIENCE_S", 60.0)
    refusals = Refusals()

    async def main() -> None:
        assert await refusals.enter(DOOR, BAD)
        others = [asyncio.ensure_future(ask(refusals, 200)) for _ in range(5)]
        await asyncio.sleep(0)
        assert not any(each.done() for each in others)
        refusals.leave(DOOR, BAD, first, on_trial=True)
        await asyncio.wait_for(asyncio.gather(*others), 10)

    asyncio.run(main())


def test_never_more_under_way_than_may_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A door that takes its time: the second is let go after a while, the others wait."""
    monkeypatch.setattr(refusing, "PATIENCE_S", 0.01)
    monkeypatch.setattr(refusing, "FULL_S", 60.0)
    refusals = Refusals()

    async def main() -> None:
        assert await refusals.enter(DOOR, BAD)
        others = [asyncio.ensure_future(refusals.enter(DOOR, BAD)) for _ in range(9)]
        passed, waiting = await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)
        _, waiting = await asyncio.wait(waiting, timeout=0.1)
        assert (len(passed), len(waiting)) == (1, 8)
        for _ in range(2):
            refusals.leave(DOOR, BAD, 401, on_trial=True)
        ended = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 10)
        assert all(isinstance(each, NoCredential) for each in ended)

    asyncio.run(main())


def test_after_a_while_one_goes_ahead_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been revoked: a page that comes back asks for much at once."""
    monkeypatch.setattr(refusing, "PATIENCE_S", 60.0)
    clock = MovedClock()
    refusals = Refusals(clock)

    async def main() -> None:
        await ask(refusals, 200)
        assert not await refusals.enter(DOOR, BAD)
        clock.seconds += refusing.TAKEN_FOR_S
        assert await refusals.enter(DOOR, BAD)
        others = [asyncio.ensure_future(ask(refusals, 200)) for _ in range(5)]
        await asyncio.sleep(0)
        assert not any(each.done() for each in others)
        refusals.leave(DOOR, BAD, 200, on_trial=True)
        await asyncio.wait_for(asyncio.gather(*others), 10)

    asyncio.run(main())
