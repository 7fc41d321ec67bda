"""What to do, as a table: wanted, jobs, workers, scheduler → actions."""

from __future__ import annotations

from typing import Any

import pytest

from rsdat.clusters.reconcile import (
    Cancel,
    EndScheduler,
    Fail,
    Finish,
    Retire,
    StartScheduler,
    Submit,
    reconcile,
)
from rsdat.clusters.record import Submission
from tests.support.cluster_parts import NOW, TOKEN, ago, job, record

FOUR = [job(f"7_{n}") for n in range(4)]
ALL = ["7_0", "7_1", "7_2", "7_3"]
NEW = {"submissions": [], "scheduler": None}


@pytest.mark.parametrize(
    ("name", "wanted", "more", "jobs", "connected", "scheduler", "actions"),
    [
        ("start both at once", 3, NEW, [], [], "none", [StartScheduler(), Submit(3)]),
        ("no workers wanted", 0, NEW, [], [], "none", [StartScheduler()]),
        ("all is well", 4, {}, FOUR, ALL, "up", []),
        ("one array for what is missing", 9, {}, FOUR, ALL, "up", [Submit(5)]),
        ("submitted before the scheduler is up", 6, {}, FOUR, [], "starting", [Submit(2)]),
        ("waiting jobs count", 4, {}, [*FOUR[:2], job("7_2", "PENDING"), job("7_3", "PENDING")],
         ALL[:2], "up", []),
        ("a lost worker is replaced", 4, {}, [*FOUR[:3], job("7_3", "NODE_FAIL")], ALL[:3], "up",
         [Submit(1)]),
        ("jobs that leave do not count", 4, {"leaving": {"7_3": ago(2)}}, FOUR, ALL[:3], "up",
         [Submit(1)]),
        ("a completing job does not count", 4, {}, [*FOUR[:3], job("7_3", "COMPLETING")], ALL[:3],
         "up", [Submit(1)]),
        ("held: no submission", 5, {"held": True}, FOUR, ALL, "up", []),
        ("three failures in a row: no submission", 5, {"failures": 3}, FOUR, ALL, "up", []),
        ("losses, but not too many", 5, {"losses": [ago(9)] * 13}, FOUR, ALL, "up", [Submit(1)]),
        ("too many losses in ten minutes", 5, {"losses": [ago(9)] * 14}, FOUR, ALL, "up", []),
        ("an unsure submission counts", 6, {"submissions": [
            Submission(TOKEN, 4, ago(300), "7"), Submission("abc", 2, ago(1), None, unsure=True)]},
         FOUR, ALL, "up", []),
        ("fresh jobs count unseen", 4, {"submissions": [Submission(TOKEN, 4, ago(2), "7")]},
         [], [], "up", []),
        ("jobs submitted long ago do not", 4, {}, [], [], "up", [Submit(4)]),
        ("waiting jobs go first, newest first", 2, {}, [*FOUR[:2], job("7_2", "PENDING"),
         job("7_3", "PENDING")], ALL[:2], "up", [Cancel(("7_3", "7_2"))]),
        ("then those without a worker", 1, {}, [*FOUR[:3], job("7_3", "PENDING")], ALL[:1], "up",
         [Cancel(("7_3", "7_2", "7_1"))]),
        ("then workers retire", 1, {}, FOUR, ALL, "up",
         [Retire(3, ("7_3", "7_2", "7_1", "7_0"), idle_only=False, to_nothing=False)]),
        ("both kinds in one step", 1, {}, [*FOUR[:3], job("7_3", "PENDING")], ALL[:3], "up",
         [Cancel(("7_3",)), Retire(2, ("7_2", "7_1", "7_0"), idle_only=False, to_nothing=False)]),
        ("to nothing", 0, {}, FOUR[:1], ALL[:1], "up",
         [Retire(1, ("7_0",), idle_only=False, to_nothing=True)]),
        ("adaptive spares the busy", 3, {"adapt": (0, 9)}, FOUR, ALL, "up",
         [Retire(1, ("7_3", "7_2", "7_1", "7_0"), idle_only=True, to_nothing=False)]),
        ("nobody retires while the scheduler is silent", 1, {}, FOUR, ALL, "silent", []),
        ("lingering jobs are cancelled", 3, {"leaving": {"7_3": ago(31)}}, FOUR, ALL[:3], "up",
         [Cancel(("7_3",))]),
        ("leaving jobs get their time", 3, {"leaving": {"7_3": ago(29)}}, FOUR, ALL[:3], "up", []),
        ("scheduler dead", 4, {}, FOUR, [], "dead", [Fail(), Cancel(tuple(ALL))]),
        ("failed: what is left is cancelled", 4, {"phase": "failed"}, FOUR[:1], [], "dead",
         [Cancel(("7_0",))]),
        ("failed: cancelled once", 4, {"phase": "failed", "leaving": {"7_0": ago(2)}}, FOUR[:1],
         [], "dead", []),
        ("stopping: workers end with their scheduler", 0,
         {"phase": "stopping", "stop_asked": ago(1), "connected": ALL[:3]},
         [*FOUR[:3], job("7_3", "PENDING")], ALL[:3], "up", [Cancel(("7_3",)), EndScheduler()]),
        ("stopping: those that don't are cancelled", 0,
         {"phase": "stopping", "stop_asked": ago(7), "connected": ALL[:1]}, FOUR[:1], [], "dead",
         [Cancel(("7_0",))]),
        ("stopping: wait for the last job", 0,
         {"phase": "stopping", "stop_asked": ago(9), "leaving": {"7_0": ago(2)}},
         [job("7_0", "COMPLETING")], [], "dead", []),
        ("stopping: an unsure submission may still come", 0,
         {"phase": "stopping", "submissions": [Submission("abc", 2, ago(1), None, unsure=True)]},
         [], [], "dead", []),
        ("stopping: nothing left", 0, {"phase": "stopping"}, [job("7_0", "CANCELLED")], [], "dead",
         [Finish()]),
        ("stopping before anything started", 0, {"phase": "stopping", **NEW}, [], [], "none",
         [Finish()]),
        ("stopped", 4, {"phase": "stopped"}, [], [], "dead", []),
    ],
)  # fmt: skip
def test_reconcile(
    name: str,
    wanted: int,
    more: dict[str, Any],
    jobs: list[Any],
    connected: list[str],
    scheduler: Any,
    actions: list[Any],
) -> None:
    assert reconcile(record(wanted, **more), jobs, connected, scheduler, NOW) == actions, name
