"""Records that an older rsdat wrote are understood, and written anew at their first change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.errors import Conflict
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.formats import FORMAT, up_to_date
from rsdat.clusters.record import Record

RECORDS = Path(__file__).with_name("records")


def written(number: int) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((RECORDS / f"format-{number}.json").read_text())
    assert value["format"] == number
    return value


def test_there_is_a_record_of_each_format() -> None:
    assert sorted(path.name for path in RECORDS.iterdir()) == [
        f"format-{number}.json" for number in range(1, FORMAT + 1)
    ]


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_what_each_record_says(number: int) -> None:
    """The same cluster in every format: two jobs leave, one has failed, a submission is unsure."""
    before = written(number)
    record = Record.from_dict(up_to_date(before))
    assert before == written(number)
    group = record.first
    assert (record.name, record.phase, group.adapt, group.failures) == (
        "radar",
        "stopping",
        (1, 8),
        1,
    )
    assert (group.options.cores, group.options.processes) == (2, 2)
    assert group.options.python == "/opt/py/bin/python"
    assert group.options.more == {}
    assert (group.problem or {})["message"] == "sbatch: error: too many"
    assert record.problem is None
    assert [each.array_id for each in record.submissions] == ["671", None]
    assert record.groups_of_arrays() == {"671": "workers"}
    (ended,) = record.ended
    assert (ended.group, ended.exit) == ("workers", "1:0")
    assert (record.jobs_ended, record.jobs_failed, record.end_reason) == (1, 1, "asked")
    assert set(record.leaving) == {"671_1"}


def test_the_newest_format_is_what_is_written_today() -> None:
    value = written(FORMAT)
    assert {"format": FORMAT, **Record.from_dict(value).as_dict()} == value


@pytest.mark.parametrize("phase", ["up", "failed", "stopped"])
def test_other_ends_of_format_1(phase: str) -> None:
    record = Record.from_dict(up_to_date({**written(1), "phase": phase}))
    assert record.end_reason == {"up": None, "failed": "failed", "stopped": "asked"}[phase]
    assert record.stopped == (record.stop_asked if phase == "stopped" else None)


def test_a_scheduler_that_did_not_start_in_format_1() -> None:
    record = Record.from_dict(up_to_date({**written(1), "phase": "failed", "scheduler": None}))
    assert record.problem == {"message": "sbatch: error: too many", "hint": None}
    assert record.first.problem is None


def test_a_folder_with_an_old_record(tmp_path: Path) -> None:
    folder = ClusterFolder(tmp_path / "c0ffee00")
    folder.path.mkdir()
    folder.record_file.write_text(json.dumps(written(1)))
    assert folder.read_record().wanted == 0
    assert json.loads(folder.record_file.read_text())["format"] == 1
    folder.update(lambda record: setattr(record, "name", "radar 2"))
    assert json.loads(folder.record_file.read_text())["format"] == FORMAT
    assert folder.read_record().name == "radar 2"


@pytest.mark.parametrize("value", [{"format": 0}, {"format": -1}, {"format": 1, "id": "c0ffee00"}])
def test_what_no_rsdat_wrote_is_damaged(tmp_path: Path, value: dict[str, Any]) -> None:
    folder = ClusterFolder(tmp_path / "c0ffee00")
    folder.path.mkdir()
    folder.record_file.write_text(json.dumps(value))
    with pytest.raises(Conflict) as caught:
        folder.read_record()
    assert caught.value.code == "damaged_file"
