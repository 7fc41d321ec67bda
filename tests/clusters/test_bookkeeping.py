"""What a look at the queue changes in the record."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from rsdat.base.clock import SystemClock
from rsdat.clusters.bookkeeping import ends_to_ask, is_held, spelled_out, take_stock, vanished
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.leaving import just_ended
from rsdat.clusters.record import FIRST_GROUP, Record, Submission
from rsdat.clusters.submitting import Submitter
from rsdat.clusters.view import Observed, cluster_view
from rsdat.queue.local.queue import LocalQueue
from tests.support.cluster_parts import ID, NOW, TOKEN, ago, job, record


def unsure(**more: object) -> Submission:
    return Submission("abcdef01", 2, ago(30), None, unsure=True, **more)  # type: ignore[arg-type]


def test_an_unsure_submission_is_found_by_its_name() -> None:
    mine = record(2, submissions=[unsure()])
    take_stock(mine, [job("9_0", token="abcdef01"), job("9_1", token="abcdef01")], [], NOW)
    (found,) = mine.submissions
    assert (found.array_id, found.unsure) == ("9", False)


def test_an_unsure_submission_is_given_up_after_two_looks_that_miss_it() -> None:
    mine = record(2, submissions=[unsure()])
    take_stock(mine, [], [], NOW)
    assert mine.submissions[0].missing_since == NOW
    take_stock(mine, [], [], NOW + timedelta(seconds=4))
    assert len(mine.submissions) == 1
    take_stock(mine, [], [], NOW + timedelta(seconds=5))
    assert mine.submissions == []


def test_jobs_with_our_name_are_ours_even_if_no_record_tells_of_them() -> None:
    mine = record(0, submissions=[])
    take_stock(mine, [job("9_0", token="abcdef01"), job("9_3", token="abcdef01")], [], NOW)
    (found,) = mine.submissions
    assert (found.array_id, found.tasks, found.token) == ("9", 4, "abcdef01")


def test_a_job_that_ends_unasked_before_its_worker_came_is_a_failure() -> None:
    mine = record(4)
    take_stock(mine, [job("7_0", "FAILED", exit="1:0"), job("7_1", "FAILED")], [], NOW)
    assert mine.first.failures == 2
    assert not is_held(mine.first)
    take_stock(mine, [job("7_0", "FAILED"), job("7_2", "COMPLETED")], [], NOW)
    assert mine.first.failures == 3  # 7_0 is not counted twice; a clean exit is no excuse
    assert is_held(mine.first)


def test_a_new_worker_ends_the_row_of_failures() -> None:
    mine = record(4, failures=2)
    take_stock(mine, [job("7_0")], ["7_0"], NOW)
    assert mine.first.failures == 0
    mine.first.failures = 2
    take_stock(mine, [job("7_0")], ["7_0"], NOW)
    assert mine.first.failures == 2  # not new


def test_what_was_asked_to_leave_is_no_loss() -> None:
    mine = record(3, leaving={"7_3": ago(2)}, connected=["7_3"])
    take_stock(mine, [job("7_3", "COMPLETED")], [], NOW)
    assert mine.first.losses == []
    assert mine.leaving == {}
    assert mine.ended[0].expected
    assert mine.ended[0].connected


def test_a_worker_that_left_before_its_walltime_is_no_loss() -> None:
    mine = record(3, connected=["7_1", "7_2"])
    jobs = [job("7_1", "COMPLETED", exit="0:0"), job("7_2", "TIMEOUT")]
    assert just_ended(mine, jobs, ["7_3"]) == ["7_1", "7_2", "7_3"]
    take_stock(mine, jobs, [], NOW, forgotten=["7_3"], left=["7_1", "7_3"])
    assert [(each.id, each.expected, each.left) for each in mine.ended] == [
        *(("7_1", True, True), ("7_2", False, False), ("7_3", True, True)),
    ]
    assert (mine.first.losses, mine.first.failures) == ([NOW], 0)
    assert just_ended(mine, jobs, ["7_3"]) == []
    row = next(
        row for row in cluster_view(mine, Observed(), None, NOW)["jobs"] if row["id"] == "7_1"
    )
    assert row["explanation"] == "left before its walltime"
    # It survives the record's way to the disk and back.
    assert Record.from_dict(mine.as_dict()).ended[0].left


def test_an_array_that_was_cancelled_as_a_whole_is_its_tasks() -> None:
    mine = record(0, leaving={f"7_{number}": ago(2) for number in range(4)})
    whole = job("7", "CANCELLED")
    other = job("9_0", "PENDING")
    assert [each.id for each in spelled_out(mine, [whole, other])] == [
        *("7_0", "7_1", "7_2", "7_3"),
        "9_0",
    ]
    # Some of its tasks had started: they are listed by themselves.
    jobs = spelled_out(mine, [whole, job("7_0", "COMPLETED")])
    assert sorted(each.id for each in jobs) == ["7_0", "7_1", "7_2", "7_3"]
    take_stock(mine, jobs, [], NOW)
    assert (mine.leaving, mine.first.failures, mine.first.losses) == ({}, 0, [])
    # Slurm lists it on for minutes.
    later = record(0, submissions=[])
    assert spelled_out(later, [whole]) == ()


def test_losses_are_forgotten_after_ten_minutes() -> None:
    mine = record(0, losses=[ago(601), ago(599)])
    take_stock(mine, [], [], NOW)
    assert mine.first.losses == [ago(599)]


def test_cost_is_counted_once() -> None:
    mine = record(1)
    for _ in range(2):
        take_stock(mine, [job("7_0", "COMPLETED", started=ago(90))], [], NOW)
    assert mine.spent_core_s == 90


def test_jobs_the_queue_no_longer_lists_are_asked_for_and_given_up() -> None:
    mine = record(4)
    jobs = [job("7_0"), job("7_1", "FAILED")]
    take_stock(mine, jobs, [], NOW)
    assert vanished(mine, jobs, NOW) == ["7_2", "7_3"]
    take_stock(mine, jobs, [], NOW, recalled=[job("7_2", "TIMEOUT")], forgotten=["7_3"])
    assert {each.id: each.state for each in mine.ended} == {
        "7_1": "FAILED",
        "7_2": "TIMEOUT",
        "7_3": "UNKNOWN",
    }
    assert vanished(mine, jobs, NOW) == []


def test_fresh_jobs_are_not_missed_yet() -> None:
    mine = record(4, submissions=[Submission(TOKEN, 4, ago(19), "7")])
    assert vanished(mine, [], NOW) == []


def test_a_submission_that_is_over_is_dropped_with_all_but_its_last_jobs() -> None:
    mine = record(0, submissions=[Submission(TOKEN, 50, ago(300), "7")])
    take_stock(mine, [job(f"7_{n}", "COMPLETED") for n in range(50)], [], NOW)
    assert len(mine.ended) == 50
    take_stock(mine, [], [], NOW)
    assert mine.submissions == []
    assert len(mine.ended) == 20


def test_a_record_survives_the_disk() -> None:
    mine = record(
        4,
        adapt=(1, 9),
        leaving={"7_1": ago(1)},
        losses=[ago(4)],
        stop_asked=ago(3),
        problem={"message": "no", "hint": None},
        submissions=[unsure(missing_since=ago(2))],
    )
    take_stock(mine, [job("7_0", "FAILED", exit="1:0")], [], NOW)
    assert Record.from_dict(mine.as_dict()) == mine


def test_keys_of_a_later_version_are_left_out() -> None:
    mine = record(4)
    assert Record.from_dict({**mine.as_dict(), "format": 1, "colour": "red"}) == mine


def test_how_a_job_ended_is_asked_once_and_only_if_nobody_wanted_it() -> None:
    mine = record(4, leaving={"7_1": ago(2)})
    jobs = [job("7_0", "FAILED"), job("7_1", "COMPLETED"), job("7_2", "FAILED", exit="2:0")]
    assert ends_to_ask(mine, jobs) == ["7_0"]
    take_stock(mine, jobs, [], NOW, recalled=[job("7_0", "FAILED", exit="7:0", started=None)])
    assert {each.id: each.exit for each in mine.ended} == {"7_0": "7:0", "7_1": None, "7_2": "2:0"}
    assert {each.run_s for each in mine.ended} == {60}
    assert ends_to_ask(mine, jobs) == []


def test_a_worker_whose_job_has_ended_does_not_come_again() -> None:
    """The scheduler knows it for minutes after its node has gone."""
    mine = record(4, connected=["7_0"], dismissed=["7_0"])
    gone = job("7_0", "NODE_FAIL", exit="0:0")
    take_stock(mine, [gone, job("7_1")], ["7_0"], NOW)
    assert (mine.connected, mine.dismissed) == ([], [])
    mine.first.failures, mine.dismissed = 2, ["7_0"]  # dismissed a moment too late
    take_stock(mine, [gone, job("7_1")], ["7_0"], NOW)
    assert (mine.connected, mine.dismissed, mine.first.failures) == ([], [], 2)
    # Requeued, it is one of ours again.
    take_stock(mine, [job("7_0"), job("7_1")], ["7_0"], NOW)
    assert mine.connected == ["7_0"]


def test_a_job_that_ended_while_nobody_looked_ran_no_longer_than_it_may() -> None:
    mine = record(2)
    take_stock(mine, [job("7_0", "TIMEOUT"), job("7_1", "TIMEOUT", started=ago(200_000))], [], NOW)
    assert [ended.run_s for ended in mine.ended] == [60, 3600]
    assert mine.spent_core_s == 3660


def test_a_slow_answer_to_sbatch_makes_its_jobs_fresh(tmp_path: Path) -> None:
    """A squeue that was asked meanwhile does not show them: they have not vanished."""

    class Clock(SystemClock):
        moment = NOW

        def now(self) -> datetime:
            return self.moment

    class Slow(LocalQueue):
        async def submit(self, script: str, *, name: str, tasks: int, log_folder: Path) -> str:
            clock.moment = NOW + timedelta(seconds=45)
            return "9"

    async def heard(_: str, **__: object) -> None: ...

    clock = Clock()
    folder = ClusterFolder(tmp_path / "clusters" / ID)
    folder.make(record(2, submissions=[]), NOW, lambda _: None)
    submitter = Submitter(folder, Slow(tmp_path), clock, heard)
    asyncio.run(submitter.submit(2, FIRST_GROUP, lambda: "#!/bin/sh\n"))
    after = folder.read_record()
    assert vanished(after, [], clock.moment + timedelta(seconds=1)) == []
    assert vanished(after, [], clock.moment + timedelta(seconds=21)) == ["9_0", "9_1"]


def test_a_job_that_ended_just_now_is_not_missing_until_it_is_booked() -> None:
    mine = record(1, leaving={"7_1": ago(3)}, connected=["7_0", "7_1"])
    seen = (job("7_0"), job("7_1", "COMPLETED"), job("7_2", "FAILED"))
    rows = cluster_view(mine, Observed(seen, "up"), None, NOW)["jobs"]
    assert [(row["id"], row["state"], row["explanation"]) for row in rows] == [
        ("7_0", "RUNNING", None),
        ("7_1", "COMPLETED", "ended as asked"),
        ("7_2", "FAILED", "ended"),
    ]
    assert [row["actions"] for row in rows] == [["cancel"], [], []]
    take_stock(mine, seen, [], NOW)
    booked = cluster_view(mine, Observed(seen, "up"), None, NOW)["jobs"]
    assert [(row["id"], row["state"]) for row in booked] == [
        (row["id"], row["state"]) for row in rows
    ]
