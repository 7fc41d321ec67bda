"""Signs in logs that grow while they are looked into."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from rsdat.clusters.diagnosis import findings
from rsdat.clusters.diagnosis.findings import Inspector
from rsdat.clusters.folder import ClusterFolder
from tests.support.cluster_parts import NOW

NANNY = "2026-11-22 20:10:11,123 - distributed.nanny"
KILLED = f"{NANNY} - INFO - Worker process 9 was killed by signal 9\n"
IMPATIENT = f"{NANNY} - WARNING - Worker process still alive after 8.0 seconds, killing\n"


class Steps:
    """A clock by which each look is late enough."""

    def __init__(self) -> None:
        self._s: Iterator[float] = iter(range(0, 1000, int(findings.LOOK_S) + 1))

    def now(self) -> datetime:
        return NOW

    def monotonic_s(self) -> float:
        return next(self._s)


@pytest.mark.parametrize(
    ("pieces", "counts"),
    [
        ([KILLED, KILLED], [1, 2]),
        ([f"begun\n{IMPATIENT}{KILLED}", "End worker\n"], [0, 0]),
        ([f"begun\n{IMPATIENT}", KILLED, "End worker\n"], [0, 0, 0]),
        ([IMPATIENT, "", KILLED], [0, 0, 0]),
        ([IMPATIENT[:40], IMPATIENT[40:] + KILLED[:30], KILLED[30:], KILLED], [0, 0, 0, 1]),
    ],
)
def test_workers_that_were_killed(tmp_path: Path, pieces: list[str], counts: list[int]) -> None:
    """Not told where their own nanny did it, whose word for that comes in a line before."""
    folder = ClusterFolder(tmp_path / "c0ffee00")
    folder.logs.mkdir(parents=True)
    log = folder.logs / "7_0.log"

    async def life() -> None:
        inspector = Inspector(folder, Steps())
        for piece, count in zip(pieces, counts, strict=True):
            with log.open("a") as file:
                file.write(piece)
            inspector.look(None, ["7_0"])
            await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
            seen = inspector.findings.trouble.get("7_0")
            assert (seen.count if seen else 0) == count

    asyncio.run(life())
