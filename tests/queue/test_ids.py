"""Job ids between text and array tasks."""

from __future__ import annotations

import pytest

from rsdat.queue.ids import array_of, expand, expand_tasks, fold


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("671", ["671"]),
        ("671_5", ["671_5"]),
        ("671_[2-3]", ["671_2", "671_3"]),
        ("671_[2-3%2]", ["671_2", "671_3"]),
        ("671_[0,4-5,9]", ["671_0", "671_4", "671_5", "671_9"]),
        ("671_[0-6:3%1]", ["671_0", "671_3", "671_6"]),
        ("", []),
        ("671.batch", []),
        ("671_", []),
        ("second line of a name", []),
    ],
)
def test_expand(text: str, ids: list[str]) -> None:
    assert expand(text) == ids


@pytest.mark.parametrize(
    ("text", "tasks"),
    [("3", [3]), ("0,2,4,6%1", [0, 2, 4, 6]), ("1-2,1-", []), ("N/A", []), ("5-8:0", [5, 6, 7, 8])],
)
def test_expand_tasks(text: str, tasks: list[int]) -> None:
    assert expand_tasks(text) == tasks


@pytest.mark.parametrize(
    ("ids", "folded"),
    [
        ([], []),
        (["7"], ["7"]),
        (["7_0"], ["7_[0]"]),
        (["7_2", "7_0", "7_1", "7_9", "8_3"], ["7_[0-2,9]", "8_[3]"]),
        (["7_2", "7", "7_3"], ["7"]),
        (["7_[0-3]", "; rm -rf /"], ["7_[0-3]"]),
    ],
)
def test_fold(ids: list[str], folded: list[str]) -> None:
    assert fold(ids) == folded


def test_array_of() -> None:
    assert [array_of("671_5"), array_of("671")] == ["671", "671"]
