"""Looks that ask for nothing, as a table; all else is looked into."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rsdat.clusters.naming import scheduler_job_name
from rsdat.clusters.record import SchedulerJob, SchedulerProcess, Submission
from rsdat.clusters.settled import is_settled
from tests.support.cluster_parts import ID, NOW, ago, job, options, record

ALL = ["7_0", "7_1", "7_2", "7_3"]
FOUR = [job(each) for each in ALL]
OWN = job("6_0", name=scheduler_job_name(ID, "5eed5eed"), node="n1")


def in_a_job(array_id: str | None = "6", host: str = "n1") -> dict[str, Any]:
    submission = Submission("5eed5eed", 1, ago(300), array_id, group="")
    return {
        "scheduler_job": SchedulerJob(options(), submission),
        "scheduler": SchedulerProcess(host, 0, "", ago(300), "Scheduler-1"),
    }


@pytest.mark.parametrize(
    ("name", "more", "jobs", "own", "connected", "settled"),
    [
        ("all is as wanted", {}, FOUR, [], ALL, True),
        ("a worker is away", {}, FOUR, [], ALL[1:], False),
        ("one that is not written down", {"connected": ALL[1:]}, FOUR, [], ALL, False),
        ("one whose job has ended", {}, FOUR[1:], [], ALL, False),
        ("one job waits", {}, [*FOUR[1:], job("7_0", "PENDING")], [], ALL, False),
        ("one was asked to go", {"leaving": {"7_0": ago(5)}}, FOUR, [], ALL, False),
        ("it counts down", {"idle_after": 60}, FOUR, [], ALL, False),
        ("it is renewed", {"renew": True}, FOUR, [], ALL, False),
        ("more are wanted", {"wanted": 5}, FOUR, [], ALL, False),
        ("scheduler in a job", in_a_job(), FOUR, [OWN], ALL, True),
        ("its id was never told", in_a_job(None), FOUR, [OWN], ALL, False),
        ("nor where it runs", in_a_job(host=""), FOUR, [OWN], ALL, False),
        ("it has ended", in_a_job(), FOUR, [replace(OWN, state="FAILED")], ALL, False),
        ("there are two", in_a_job(), FOUR, [OWN, replace(OWN, id="5_0")], ALL, False),
    ],
)
def test_what_is_settled(
    name: str, more: Any, jobs: Any, own: Any, connected: Any, settled: bool
) -> None:
    given = {"wanted": 4, "connected": ALL, **more}
    assert is_settled(record(**given), jobs, own, connected, "up", NOW) is settled, name
