"""Replacements of workers whose walltime comes to its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import dask.config
import pytest

from rsdat.clusters.reconcile import Cancel, Retire, Submit, reconcile
from rsdat.clusters.record import Submission
from rsdat.clusters.renewal import QUEUE_WAIT_S, being_replaced, lead_s, queue_wait_s
from rsdat.queue.interface import Job
from tests.support.cluster_parts import NOW, TOKEN, ago, job, record

#: An hour's job that has `left_s` to live; it had waited ten seconds.
WAITED_S = 10


def aged(number: str, left_s: int) -> Job:
    return job(number, started=ago(3600 - left_s), time_left_s=left_s)


def renewed(wanted: int, *jobs: Job, **more: Any) -> Any:
    submitted = min((j.started for j in jobs if j.started), default=NOW)
    at = submitted - timedelta(seconds=WAITED_S)
    submissions = [Submission(TOKEN, 4, at, "7"), *more.pop("submissions", [])]
    return record(wanted, submissions=submissions, renew=True, **more)


def test_the_wait_is_what_jobs_waited_lately() -> None:
    jobs = [job("7_0", started=ago(100)), job("7_1", started=ago(40)), job("7_2", "PENDING")]
    mine = record(3, submissions=[Submission(TOKEN, 3, ago(160), "7")])
    assert queue_wait_s(mine, jobs) == 90
    assert queue_wait_s(mine, [job("7_2", "PENDING")]) == QUEUE_WAIT_S
    assert queue_wait_s(mine, [job("9_0")]) == QUEUE_WAIT_S
    # Found by its name only after it had started.
    late = record(1, submissions=[Submission(TOKEN, 1, NOW, "7")])
    assert queue_wait_s(late, [job("7_0")]) == 0


@pytest.mark.parametrize(
    ("walltime_s", "wait_s", "leave_s", "lead"),
    [
        (3600, 10, 60, 60 + 20 + 15),
        (3600, 600, 60, 60 + 20 + 900),
        (3600, 7200, 60, 1800),  # longer than half: never
        (60, 2, 60, 30),
        (86400, 0, 600, 620),
        (240, 0, 60, 80),
    ],
)
def test_how_early(walltime_s: float, wait_s: float, leave_s: float, lead: float) -> None:
    assert lead_s(walltime_s, wait_s, leave_s) == lead


@pytest.mark.parametrize(
    ("left_s", "due"), [(3600, False), (96, False), (95, True), (10, True), (0, True)]
)
def test_who_is_replaced(left_s: int, due: bool) -> None:
    young, old = aged("7_0", 3600), aged("7_1", left_s)
    mine = renewed(2, young, old)
    mine.submissions[0].at = old.started - timedelta(seconds=WAITED_S)
    # The young one then seems to have waited for long: it counts for the wait, so leave it out.
    assert being_replaced(mine, [old], NOW) == ({"7_1"} if due else set())
    mine.renew = False
    assert being_replaced(mine, [old], NOW) == set()


def test_what_has_no_end_or_waits_is_not_replaced() -> None:
    jobs = [job("7_0"), job("7_1", "PENDING", time_left_s=60), job("7_2", "COMPLETED")]
    assert being_replaced(renewed(3, *jobs), jobs, NOW) == set()


def test_an_old_look_is_made_up_for() -> None:
    old = aged("7_0", 200)
    mine = renewed(1, old)
    assert being_replaced(mine, [old], NOW, seen=NOW) == set()
    assert being_replaced(mine, [old], NOW + timedelta(seconds=104), seen=NOW) == set()
    assert being_replaced(mine, [old], NOW + timedelta(seconds=106), seen=NOW) == {"7_0"}


def test_configured_nonsense_stops_nothing() -> None:
    old = aged("7_0", 90)
    with dask.config.set({"rsdat.clusters.leave-before": "soon"}):
        assert being_replaced(renewed(1, old), [old], NOW) == {"7_0"}


OLD = [aged("7_0", 60), aged("7_1", 60)]
YOUNG = [aged("9_0", 3590), aged("9_1", 3590)]
SECOND = Submission("abcdef01", 2, ago(40), "9")
CONNECTED = ["7_0", "7_1"]


def test_replacements_are_submitted_once() -> None:
    mine = renewed(2, *OLD)
    assert reconcile(mine, OLD, CONNECTED, "up", NOW) == [Submit(2)]
    # On its way, waiting, running: in each case enough.
    mine = renewed(2, *OLD, submissions=[replace(SECOND, array_id=None)])
    assert reconcile(mine, OLD, CONNECTED, "up", NOW) == []
    mine = renewed(2, *OLD, submissions=[SECOND])
    waiting = [job("9_0", "PENDING"), job("9_1", "PENDING")]
    assert reconcile(mine, [*OLD, *waiting], CONNECTED, "up", NOW) == []
    # The old ones are no excess while they are there.
    both = [*CONNECTED, "9_0", "9_1"]
    assert reconcile(mine, [*OLD, *YOUNG], both, "up", NOW) == []


def test_not_renewed_nothing_is_submitted_before_the_end() -> None:
    mine = renewed(2, *OLD)
    mine.renew = False
    assert reconcile(mine, OLD, CONNECTED, "up", NOW) == []


def test_only_who_is_old_is_replaced() -> None:
    jobs = [OLD[0], aged("7_1", 3000)]
    mine = renewed(2, *jobs)
    mine.submissions[0].at = ago(3600)
    # The wait seems longer than it was, but not so long that the second is due.
    assert reconcile(mine, jobs, CONNECTED, "up", NOW) == [Submit(1)]


def test_scaled_down_meanwhile() -> None:
    """Old ones above the wanted size go at once, with their data."""
    mine = renewed(1, *OLD, submissions=[SECOND])
    waiting = [job("9_0", "PENDING"), job("9_1", "PENDING")]
    actions = reconcile(mine, [*OLD, *waiting], CONNECTED, "up", NOW)
    assert actions == [
        Retire(1, ("7_1", "7_0"), idle_only=False, to_nothing=False),
        Cancel(("9_1",)),
    ]
    mine = renewed(0, *OLD)
    assert reconcile(mine, OLD, CONNECTED, "up", NOW) == [
        Retire(2, ("7_1", "7_0"), idle_only=False, to_nothing=True)
    ]
    # One whose worker is not connected holds nothing.
    assert reconcile(mine, OLD, [], "up", NOW) == [Cancel(("7_1", "7_0"))]
