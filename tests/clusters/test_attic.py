"""Past clusters are tidied day by day, whatever happens on one."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from rsdat.base.clock import SystemClock
from rsdat.clusters import attic
from rsdat.clusters.attic import Attic
from rsdat.clusters.past import PastClusters

LIMIT_S = 20


def test_tidied_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """On the day after one on which it failed in a way that nobody expects."""
    days, again = [], threading.Event()

    def fail_once(*_: Any) -> None:
        days.append(1)
        if len(days) == 1:
            raise RuntimeError("can't start new thread")
        again.set()

    async def life() -> None:
        over = Attic(tmp_path, cast(Any, None), SystemClock(), lambda _: None)
        over.start()
        try:
            assert await asyncio.to_thread(again.wait, LIMIT_S)
        finally:
            await over.stop()

    monkeypatch.setattr(attic, "TIDY_EVERY", timedelta(seconds=0.01))
    monkeypatch.setattr(PastClusters, "tidy", fail_once)
    asyncio.run(life())
    (said,) = caplog.records
    assert said.exc_info
