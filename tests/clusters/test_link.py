"""The line to the scheduler, where the scheduler's own code fails."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rsdat.base.errors import DoorBroken
from rsdat.clusters.link import SchedulerLink


class FailingRpc:
    """distributed's rpc raises here what was raised there."""

    async def retire_workers(self, **_: Any) -> Any:
        raise KeyError("tls://10.0.0.1:4321")

    async def close_rpc(self) -> None:
        return None


def test_what_the_schedulers_code_raises_is_no_answer() -> None:
    """Else the jobs that were to be retired stay marked as leaving, and are cancelled later."""

    async def ask() -> None:
        link = SchedulerLink("tls://127.0.0.1:1", "Scheduler-1", {})
        link._rpc = FailingRpc()
        with pytest.raises(DoorBroken, match="retire_workers"):
            await link.retire(["a"])

    asyncio.run(ask())
