"""How adaptive groups follow Dask, and what caps allow: tables and times."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import dask.config
import pytest

from rsdat.base.errors import Conflict, InvalidInput
from rsdat.clusters.adaptive import AdaptiveSize, Habits, read_habits, share_target
from rsdat.clusters.caps import (
    Cap,
    Caps,
    Usage,
    budget_spent,
    check_room,
    read_caps,
    room,
    total,
    usage_of,
)
from rsdat.clusters.diagnose import diagnose
from rsdat.clusters.record import Submission
from rsdat.clusters.sizing import Sizing
from tests.support.cluster_parts import NOW, TOKEN, ago, group, job, options, record


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


HABITS = Habits(keep_queued=timedelta(seconds=300), hold_idle=timedelta(seconds=60), most_queued=9)


def test_grows_at_once_and_shrinks_late() -> None:
    size = AdaptiveSize()

    def follow(wanted: int, target: int, seconds: float) -> int:
        return size.follow(wanted, target, (1, 20), at(seconds), habits=Habits(most_queued=99))

    assert follow(0, 50, 0) == 20
    assert follow(20, 3, 1) == 20
    assert follow(20, 7, 20) == 20
    assert follow(20, 0, 61) == 7  # the most that was wanted meanwhile
    assert follow(7, 0, 62) == 7
    assert follow(7, 7, 70) == 7  # wanted again: the count begins anew
    assert follow(7, 0, 73) == 7
    assert follow(7, 0, 133) == 1  # never below the minimum
    assert follow(30, 0, 134) == 20  # bounds that shrank hold at once


def test_a_place_in_the_queue_is_kept_for_longer_than_an_idle_worker() -> None:
    size = AdaptiveSize()

    def follow(wanted: int, target: int, seconds: float, queued: int) -> int:
        return size.follow(wanted, target, (0, 20), at(seconds), queued=queued, habits=HABITS)

    assert follow(6, 0, 0, 4) == 6
    assert follow(6, 0, 299, 4) == 6
    # Only what waits is given up first; the two that run were idle for long enough by then.
    assert follow(6, 0, 300, 4) == 2
    assert follow(2, 0, 301, 0) == 0


def test_no_more_wait_in_the_queue_than_is_allowed() -> None:
    def follow(wanted: int, target: int, queued: int, bounds: tuple[int, int] = (0, 99)) -> int:
        return AdaptiveSize().follow(wanted, target, bounds, NOW, queued=queued, habits=HABITS)

    assert follow(0, 50, 0) == 9
    assert follow(9, 50, 9) == 9
    assert follow(9, 50, 4) == 14
    assert follow(20, 50, 15) == 20  # what waits already is not thrown away
    assert follow(0, 50, 0, (12, 99)) == 12  # the minimum was asked for by somebody


def test_what_dask_wants_is_shared_in_the_order_of_the_groups() -> None:
    groups = [
        group(3, name="manual"),
        group(0, name="a", adapt=(0, 4)),
        group(0, name="b", adapt=(0, 9)),
    ]
    assert [(each.name, goal) for each, goal in share_target(groups, 10)] == [("a", 4), ("b", 3)]
    assert [goal for _, goal in share_target(groups, 2)] == [0, 0]


def test_habits_are_read_and_checked() -> None:
    with dask.config.set(
        {"rsdat.clusters.adaptive": {"keep_queued": "2 minutes", "most-queued": 3}}
    ):
        assert read_habits() == Habits(keep_queued=timedelta(minutes=2), most_queued=3)
    for wrong in ({"keep-queued": "soon"}, {"most-queued": 0}, {"patience": 3}, [1]):
        with (
            dask.config.set({"rsdat.clusters.adaptive": wrong}),
            pytest.raises(InvalidInput, match=r"rsdat\.clusters\.adaptive"),
        ):
            read_habits()


@pytest.mark.parametrize(
    ("caps", "others", "expected"),
    [
        (Caps(), Usage(99, 99), None),
        (Caps(Cap(workers=5)), Usage(99, 99), 3),
        (Caps(Cap(workers=1)), Usage(), 0),
        (Caps(Cap(cores=9)), Usage(), 3),  # two of the other group take two cores
        (Caps(all=Cap(workers=10)), Usage(workers=6), 2),
        (Caps(Cap(workers=4), Cap(cores=20)), Usage(cores=16), 1),
    ],
)
def test_room(caps: Caps, others: Usage, expected: int | None) -> None:
    big = group(0, name="big", options=options(cores=2))
    mine = record(2)
    mine.groups.append(big)
    assert room(mine, big, caps, others) == expected


def test_a_size_above_a_cap_is_refused_in_words() -> None:
    mine = record(6)
    check_room(mine, Caps(Cap(workers=6, cores=6), Cap(workers=10)), Usage(workers=4))
    with pytest.raises(Conflict, match=r"At most 5 workers are allowed for a cluster.* be 6"):
        check_room(mine, Caps(Cap(workers=5)), Usage())
    with pytest.raises(Conflict, match=r"At most 9 cores .* all your clusters together.* be 10"):
        check_room(mine, Caps(all=Cap(cores=9)), Usage(cores=4))


def test_budgets() -> None:
    caps = Caps(Cap(core_hours=2), Cap(core_hours=10))
    assert budget_spent(1.9, caps, Usage()) is None
    assert "2 core-hours" in (budget_spent(2.0, caps, Usage()) or "")
    assert "10 core-hours" in (budget_spent(1.0, caps, Usage(core_hours=9)) or "")


def test_caps_are_read_and_checked() -> None:
    configured = {"workers": 5, "core-hours": 3, "all": {"cores": 64, "workers": None}}
    with dask.config.set({"rsdat.clusters.caps": configured}):
        assert read_caps() == Caps(Cap(workers=5, core_hours=3.0), Cap(cores=64))
    for wrong in ({"workers": -1}, {"core-hours": "x"}, {"gpus": 1}, {"all": {"all": {}}}, 3):
        with (
            dask.config.set({"rsdat.clusters.caps": wrong}),
            pytest.raises(InvalidInput, match=r"rsdat\.clusters\.caps"),
        ):
            read_caps()


def test_usage_counts_what_is_wanted() -> None:
    mine = record(2, spent_core_s=7200.0)
    mine.groups.append(group(3, name="big", options=options(cores=4)))
    assert total(map(usage_of, [mine, record(1)])) == Usage(6, 15, 2.0)


def apply(mine: Any, target: int | None, jobs: Any = (), others: Usage | None = None) -> None:
    Sizing().apply(mine, jobs, target, NOW, others or Usage())


def test_adaptive_groups_grow_up_to_the_cap() -> None:
    mine = record(1, adapt=(0, 50))
    with dask.config.set({"rsdat.clusters.caps": {"all": {"workers": 8}}}):
        apply(mine, 30, others=Usage(workers=3))
        assert mine.wanted == 5
        apply(mine, 30, others=Usage(workers=7))  # others took the room: what is here may stay
        assert mine.wanted == 5


def test_who_has_spent_its_core_hours_is_ended_with_words() -> None:
    # An hour on one core before, and one job that has run for an hour since.
    mine = record(2, spent_core_s=3600.0, submissions=[Submission(TOKEN, 1, ago(3600), "7")])
    jobs = [job("7_0", started=ago(3600))]
    with dask.config.set({"rsdat.clusters.caps": {"core-hours": 3}}):
        apply(mine, None, jobs)
        assert mine.wanted == 2
    with dask.config.set({"rsdat.clusters.caps": {"core-hours": 2}}):
        apply(mine, None, jobs)
    assert mine.wanted == 0
    told = diagnose(mine, jobs, ["7_0"], "up", NOW, lambda _: None)
    assert told is not None
    assert told.message == "The cluster has used the 2 core-hours that it may"


def test_sizes_stay_while_the_configuration_makes_no_sense() -> None:
    mine = record(1, adapt=(0, 50))
    with dask.config.set({"rsdat.clusters.caps": {"workers": "many"}}):
        apply(mine, 30)
    assert mine.wanted == 1
