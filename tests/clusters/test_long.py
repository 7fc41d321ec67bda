"""Long rounds: scaled at random while the companion is replaced; then nothing is left."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.support.cluster_site import SMALL, ClusterSite, connected, living, stopped, until

ROUNDS = 8


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_many_lives_leave_nothing(site: ClusterSite) -> None:
    """Each round another companion takes over at a random moment of a scaling step."""
    chance = random.Random(20)

    async def one_round(number: int) -> None:
        async with site.manager() as manager:
            made = await manager.create(
                {"name": f"round {number}", "workers": chance.randint(0, 3), "options": SMALL}
            )
            cluster_id = made["id"]
            await asyncio.sleep(chance.random() * 2)  # the random moment
        for _ in range(2):
            wanted = chance.randint(0, 5)
            async with site.manager() as manager:
                await manager.change(cluster_id, {"workers": wanted})
                await asyncio.sleep(chance.random() * 2)  # the random moment
            async with site.manager() as manager:
                cluster = await until(manager, cluster_id, connected(wanted))
                assert cluster["workers"]["wanted"] == wanted
                await until(manager, cluster_id, lambda c: len(living(c)) == wanted)  # noqa: B023
        async with site.manager() as manager:
            await manager.shutdown(cluster_id)
        async with site.manager() as manager:
            cluster = await until(manager, cluster_id, stopped)
            assert living(cluster) == []
        assert site.processes(cluster_id) == []

    async def rounds() -> None:
        for number in range(ROUNDS):
            await one_round(number)

    asyncio.run(rounds())
