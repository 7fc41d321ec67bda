"""Names, options, rhythm, adaptive size: tables."""

from __future__ import annotations

from typing import Any

import pytest

from rsdat.base.errors import InvalidInput
from rsdat.clusters.executor import jobs_to_retire
from rsdat.clusters.naming import check_name, default_name, job_name, parse_job_name, worker_job
from rsdat.clusters.options import read_options
from rsdat.clusters.reconcile import Retire
from rsdat.clusters.rhythm import queue_pause_s, turn_pause_s
from tests.support.cluster_parts import ID, options

# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["a", " x ", "SLURMCluster 1", "space # ? % : + & é 日 👩‍🚀", ".dot", "x" * 64, "../../x"],
)
def test_names_that_are_fine(name: str) -> None:
    assert check_name(name) == name.strip()


@pytest.mark.parametrize(
    "name", ["", "  ", "x" * 65, "a\nb", "a\x00", "a\x1b[31m", "a\u2028b", "a\u202eb", "\udc80", 3]
)
def test_names_that_are_not(name: Any) -> None:
    with pytest.raises(InvalidInput):
        check_name(name)


def test_default_names_fill_gaps() -> None:
    assert default_name([]) == "SLURMCluster 1"
    assert default_name(["SLURMCluster 1", "mine", "SLURMCluster 3"]) == "SLURMCluster 2"


def test_job_names_round_trip() -> None:
    assert parse_job_name(job_name("a-b-c", "01234567")) == ("a-b-c", "01234567")
    for other in ("rsdat-x", "rsdat-x-0123456", "dask-worker", "rsdat-x-01234567 "):
        assert parse_job_name(other) is None


def test_workers_and_their_jobs() -> None:
    assert worker_job(ID, f"{ID}-671_0") == "671_0"
    assert worker_job(ID, f"{ID}-671_12-3") == "671_12"  # one of several processes
    for other in ("c1-671_0", f"{ID}-671", f"{ID}-x", "0"):
        assert worker_job(ID, other) is None


def test_jobs_retire_in_the_schedulers_order_whole_jobs_only() -> None:
    action = Retire(2, ("7_0", "7_1", "7_2"), idle_only=False, to_nothing=False)
    order = [f"{ID}-7_2-0", f"{ID}-7_0-0", f"{ID}-7_1-0", f"{ID}-7_1-1", f"{ID}-7_0-1"]
    assert jobs_to_retire(ID, order, action) == ["7_2", "7_1"]
    assert jobs_to_retire(ID, [f"{ID}-9_9", "stranger"], action) == []


# -- options --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_",
    [
        {"cores": 0},
        {"cores": "many"},
        {"cores": True},
        {"memory": "much"},
        {"memory": "100MiB"},
        {"memory": "2GiB\n#SBATCH -A rich"},
        {"walltime": "an hour"},
        {"walltime": "00:00:00"},
        {"partition": "a b"},
        {"partition": "-x"},
        {"partition": "a\n#SBATCH --uid=0"},
        {"account": "x;id"},
        {"interface": "--host"},
        {"local_directory": "/a b"},
        {"local_directory": "$(id)"},
        {"local_directory": "/tmp;id"},
        {"prologue": "module load x"},
        {"prologue": ["a\nb"]},
        {"directives": ["gpus"]},
        {"directives": ["--array=0-9"]},
        {"directives": ["-o x"]},
        {"directives": ["--wait"]},
        {"directives": ["-W"]},
        {"prologue": ["echo \udc80"]},
        {"directives": ["#SBATCH --job-name=x"]},
        {"directives": ["--gres=x\n#SBATCH --array=0-99"]},
        {"reservation": "my course"},
        {"constraint": "a b"},
        {"constraint": "a;id"},
        {"constraint": "$(id)"},
        {"gres": "gpu:1\n#SBATCH -A rich"},
        {"gres": "-x"},
        {"processes": 2},
        {"processes": 0},
        {"environment": ["A=1"]},
        {"environment": {"a b": "1"}},
        {"environment": {"A": "1\n2"}},
        {"environment": {"A": None}},
        {"environment": {"DASK_CONFIG": "/x"}},
        {"environment": {"SLURM_ARRAY_TASK_ID": "7"}},
        {"python": "--version"},
        {"python": "/a\n/b"},
        {"image": "-x"},
        {"binds": ["a\nb"]},
        {"binds": ["--pwd"]},
        {"colour": "red"},
    ],
)
def test_options_that_make_no_sense(request_: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        options(**request_)


@pytest.mark.parametrize(
    "settings",
    [
        {"python": "python\n#SBATCH -A x"},
        {"worker-extra-args": ["a\nb"]},
        {"processes": 9},
        {"memory": None},
        {"cores": None},
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        read_options({"cores": 1, "memory": "2GiB", **settings}, {})


def test_yaml_reads_an_unquoted_walltime_as_seconds() -> None:
    assert read_options({"cores": 1, "memory": "2GiB", "walltime": 3600}, {}).walltime_s == 3600


# -- rhythm ---------------------------------------------------------------------------------------


def pause(**mood: Any) -> float | None:
    calm = {"moving": False, "adapting": False, "watched": False, "quiet_s": 0.0, "silences": 0}
    return queue_pause_s(**{**calm, **mood})


def test_the_queue_is_left_alone_when_nobody_looks_and_nothing_is_to_come() -> None:
    assert pause() is None
    assert pause(quiet_s=9999.0) is None
    assert pause(silences=3) is None


def test_looks_become_rarer_as_it_stays_quiet() -> None:
    assert pause(moving=True) == 1.0
    assert pause(moving=True, quiet_s=3600.0) == 12.0
    assert pause(watched=True) == 3.0
    assert pause(watched=True, quiet_s=3600.0) == 30.0
    assert pause(adapting=True) == 3.0
    assert [pause(moving=True, silences=n) for n in (1, 2, 9)] == [4.0, 8.0, 60.0]
    assert turn_pause_s(moving=False, adapting=False, watched=False, quiet_s=0.0) == 10.0
