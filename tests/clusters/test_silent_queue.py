"""Slurm's commands hang: every question of a page is answered in time all the same."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from rsdat.base.errors import QueueSilent
from rsdat.base.run import CommandTimeout, Completed
from rsdat.clusters.open import OpenClusters
from rsdat.queue.slurm.queue import SlurmQueue
from tests.support.cluster_site import SMALL, ClusterSite, stopped, until

pytestmark = pytest.mark.timeout(120)

T = TypeVar("T")
#: What a person takes for "at once" or nearly, on a busy machine.
IN_TIME_S = 8.0


async def hangs(argv: Any, *, timeout_s: float, **_: Any) -> Completed:
    """A command of a Slurm whose slurmctld is frozen."""
    if "--version" in argv:
        return Completed(tuple(argv), 0, "slurm 22.05.8\n", "")
    await asyncio.sleep(timeout_s)
    raise CommandTimeout("no answer")


async def timely(answer: Awaitable[T]) -> T:
    began_s = time.monotonic()
    result = await answer
    assert time.monotonic() - began_s < IN_TIME_S
    return result


def test_answers_come_in_time(tmp_path: Path) -> None:
    site = ClusterSite(tmp_path / "home", "slurm")
    queue = SlurmQueue(run=hangs, limit_s=1.5 * IN_TIME_S)

    async def life() -> None:
        async with site.manager(queue) as manager:
            info = await timely(OpenClusters(manager, queue).queue_info())
            assert info == {"queue": "slurm", "queue_version": "slurm 22.05.8", "site": None}
            request = {"workers": 1, "options": SMALL}
            made = await timely(manager.create(request))
            assert made["state"] == "starting"
            # Its scheduler needs no queue.
            await until(manager, made["id"], lambda c: c["state"] == "running")
            await timely(manager.list())
            while (await timely(manager.list()))["queue_problem"] is None:
                await asyncio.sleep(0.1)
            preview = await timely(manager.preview(request))
            assert any("no answer" in problem for problem in preview["problems"])
            with pytest.raises(QueueSilent):
                await timely(manager.site())
            ending = await timely(manager.shutdown(made["id"]))
            assert ending["state"] == "stopping"
            deadline = time.monotonic() + 60
            while site.processes(made["id"]):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.1)
            # What Slurm may still have of it is not known: it is not called stopped.
            assert (await manager.get(made["id"]))["state"] == "stopping"

    asyncio.run(life())


def test_a_damaged_record_stops_nobody_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Said once, not at every look; the other clusters are looked after."""
    site = ClusterSite(tmp_path / "home", "local")

    async def life() -> None:
        async with site.manager() as manager:
            ill = (await manager.create({"options": SMALL}))["id"]
            record = site.home / "clusters" / ill / "cluster.json"
            await until(manager, ill, lambda c: c["state"] == "running")
            whole = record.read_bytes()
            record.write_text("{")
            with caplog.at_level(logging.WARNING):
                well = (await manager.create({"options": SMALL}))["id"]
                await until(manager, well, lambda c: c["state"] == "running")
                await manager.shutdown(well)
                await until(manager, well, stopped)
            said = [each for each in caplog.records if ill in each.getMessage()]
            assert 1 <= len(said) <= 2
            assert not any(each.exc_info for each in caplog.records)
            record.write_bytes(whole)
            await manager.shutdown(ill)
            await until(manager, ill, stopped)
            # Nothing of them changes any more: they cost nothing, and are shown from their files.
            while manager._rounds._keepers:
                await asyncio.sleep(0.1)
            assert (await manager.get(ill))["state"] == "stopped"
            assert (await manager.list())["clusters"] == []
            assert manager._rounds._keepers == {}

    asyncio.run(life())
