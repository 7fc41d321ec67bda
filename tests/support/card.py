"""What a cluster's card says, and how long after the fact it says so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from rsdat.clusters.manager import ClusterManager
from tests.support.slurm_site import SlurmSite

#: So long after a fact can be seen at Slurm, or in a log, the card has to say it. Shorter than the
#: half minute after which Slurm is asked anyway.
SAID_WITHIN_S = 20.0

Fact = Callable[[], bool]


async def card_says(
    manager: ClusterManager,
    cluster_id: str,
    words: str,
    step: str,
    *,
    fact: Fact | None = None,
    limit_s: float = 60.0,
) -> dict[str, Any]:
    """Look at the card until it says these words and this step; the diagnosis then.

    Args:
        manager: Whom to ask.
        cluster_id: Whose card.
        words: A part of the sentence.
        step: A part of the hint.
        fact: Whether the fact can be seen; from then on the time counts. By default it can be
            from now on. Blocks.
        limit_s: So long the fact may take.
    """
    begun = time.monotonic()
    seen: float | None = None if fact else begun
    said: list[str] = []
    while True:
        diagnosis = (await manager.get(cluster_id))["diagnosis"]
        if diagnosis is not None and words in diagnosis["message"]:
            late = 0.0 if seen is None else time.monotonic() - seen
            print(f"{late:4.1f} s: {diagnosis['message']} -- {diagnosis['hint']}")
            assert step in (diagnosis["hint"] or ""), diagnosis
            return dict(diagnosis)
        if diagnosis is not None and diagnosis["message"] not in said:
            said.append(diagnosis["message"])
        now = time.monotonic()
        if seen is None and fact is not None and await asyncio.to_thread(fact):
            seen = time.monotonic()
        assert seen is not None or now - begun < limit_s, f"'{words}': no such fact; said {said}"
        assert seen is None or now - seen < SAID_WITHIN_S, f"'{words}' is not said, but {said}"
        await asyncio.sleep(0.2)


async def card_is_clear(manager: ClusterManager, cluster_id: str, limit_s: float = 30.0) -> None:
    """Look at the card until it has nothing to say."""
    until = time.monotonic() + limit_s
    while (diagnosis := (await manager.get(cluster_id))["diagnosis"]) is not None:
        assert time.monotonic() < until, diagnosis
        await asyncio.sleep(0.2)


def squeue_shows(slurm: SlurmSite, cluster_id: str, *parts: str) -> Fact:
    """The fact that squeue prints all these parts in one line of a cluster's jobs.

    The lines are `id|state|reason|node`.
    """

    def shown() -> bool:
        told = slurm.command("squeue", "-h", "-r", "-t", "all", "-o", "%i|%T|%r|%N|%j", check=False)
        return any(
            f"rsdat-{cluster_id}-" in line and all(part in line for part in parts)
            for line in told.stdout.splitlines()
        )

    return shown


async def side_by_side(*cases: Any) -> None:
    """Run cases at once; all their failures are told."""
    results = await asyncio.gather(*cases, return_exceptions=True)
    failures = [result for result in results if isinstance(result, BaseException)]
    for failure in failures:
        if not isinstance(failure, AssertionError):
            raise failure
    assert not failures, "\n".join(str(failure) for failure in failures)
