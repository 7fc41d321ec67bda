"""Where a scheduler is to run, and its own job: as tables."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.errors import InvalidInput
from rsdat.clusters.cost import core_hours, cores_in_use
from rsdat.clusters.diagnose import Diagnosis, diagnose
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.naming import (
    cluster_of_job,
    job_name,
    parse_job_name,
    parse_scheduler_job_name,
    scheduler_job_name,
)
from rsdat.clusters.placement.job import apart, job_state, note_job, strays, to_ask
from rsdat.clusters.placement.request import placement_again, read_placement
from rsdat.clusters.placement.script import render_scheduler
from rsdat.clusters.placement.submit import after_scheduler
from rsdat.clusters.reconcile import (
    Cancel,
    EndScheduler,
    EndStrays,
    Fail,
    Finish,
    StartScheduler,
    Submit,
    by_record,
    reconcile,
)
from rsdat.clusters.record import EndedJob, Record, SchedulerJob, SchedulerProcess, Submission
from rsdat.clusters.script import ScriptPaths
from rsdat.clusters.view import Observed, cluster_view
from rsdat.queue.interface import Job
from tests.support.cluster_parts import ID, NOW, ago, job, options, record

OWN = "5eed5eed"
GOLDEN = Path(__file__).parent / "golden"
REACHED = SchedulerProcess("n1", 0, "", ago(300), "Scheduler-1")
STARTED = SchedulerProcess("", 0, "", ago(300))


def placed(**more: Any) -> SchedulerJob:
    submission = Submission(OWN, 1, ago(300), "6", group="")
    return SchedulerJob(
        **{"options": options(cores=2, walltime="00:20:00"), "submission": submission, **more}
    )


def in_a_job(wanted: int = 0, **more: Any) -> Record:
    """A cluster whose scheduler has a job, was reached, and has no workers yet."""
    return record(
        wanted, **{"scheduler_job": placed(), "scheduler": REACHED, "submissions": [], **more}
    )


def own(state: str = "RUNNING", token: str = OWN, number: str = "6_0", **more: Any) -> Job:
    return job(number, state, name=scheduler_job_name(ID, token), **more)


def test_names_tell_schedulers_from_workers() -> None:
    mine, worker = scheduler_job_name(ID, OWN), job_name(ID, OWN)
    assert (parse_scheduler_job_name(mine), parse_job_name(mine)) == ((ID, OWN), None)
    assert (parse_scheduler_job_name(worker), parse_job_name(worker)) == (None, (ID, OWN))
    assert cluster_of_job(mine) == cluster_of_job(worker) == ID
    assert cluster_of_job("rsdat-x") is None
    assert apart([own(), job("7_0")]) == ((own(),), (job("7_0"),))


@pytest.mark.parametrize(
    ("request_", "preset", "asked"),
    [
        (None, {"mode": "beside"}, None),
        ({"mode": "beside", "cores": 4}, {"mode": "job"}, None),
        (None, {"mode": "job"}, ("gpu", "02:00:00", 1, "4GiB")),
        ({"mode": "job"}, {"mode": "beside", "memory": "7GiB"}, ("gpu", "02:00:00", 1, "7GiB")),
        (
            {"mode": "job", "partition": "cpu", "walltime": "1-00:00:00", "cores": 2},
            {"mode": "job", "partition": "x"},
            ("cpu", "1-00:00:00", 2, "4GiB"),
        ),
        ({"partition": "", "walltime": None}, {"mode": "job"}, (None, "02:00:00", 1, "4GiB")),
    ],
)
def test_what_its_job_asks_for(request_: Any, preset: Any, asked: Any) -> None:
    workers = options(partition="gpu", walltime="02:00:00", cores=16, gres="gpu:1", processes=4)
    found = read_placement(request_, preset, workers)
    if asked is None:
        assert found is None
        return
    assert found is not None
    assert (found.partition, found.walltime, found.cores, found.memory) == asked
    assert (found.gres, found.processes) == (None, 1)


def test_features_belong_to_a_partition() -> None:
    workers = options(partition="gpu", constraint="a100", prologue=["module load x"])
    here = read_placement({"mode": "job"}, {}, workers)
    there = read_placement({"mode": "job", "partition": "cpu"}, {}, workers)
    assert here is not None
    assert there is not None
    assert (here.constraint, there.constraint) == ("a100", None)
    assert there.prologue == ("module load x",)


@pytest.mark.parametrize(
    "request_",
    [7, {"mode": "inside"}, {"host": "x"}, {"mode": "job", "cores": 0},
     {"mode": "job", "memory": "1MiB"}, {"mode": "job", "walltime": "soon"},
     {"mode": "job", "partition": "a b"}],
    ids=str,
)  # fmt: skip
def test_what_makes_no_sense(request_: Any) -> None:
    with pytest.raises(InvalidInput):
        read_placement(request_, {}, options())


def test_asked_for_again() -> None:
    asked = placement_again(placed())
    again = read_placement(asked, {"mode": "beside", "partition": "x"}, options())
    assert again is not None
    assert (again.cores, again.walltime, again.partition) == (2, "00:20:00", None)
    assert read_placement(placement_again(None), {"mode": "job"}, options()) is None


def test_the_record_keeps_it() -> None:
    ended = EndedJob("6_0", "TIMEOUT", "0:0", None, "n1", 9, False, True, ago(3))
    kept = in_a_job(scheduler_job=placed(ended=ended, cancelled=ago(1)))
    read = Record.from_dict(json.loads(json.dumps(kept.as_dict())))
    assert read == kept
    assert (read.mode, record().mode) == ("job", "beside")


@pytest.mark.parametrize(
    ("more", "jobs", "has_file", "state"),
    [
        ({"scheduler_job": placed(submission=None)}, [], False, "none"),
        ({}, [own("PENDING")], False, "waiting"),
        ({"scheduler": STARTED}, [], False, "waiting"),
        ({}, [], False, "silent"),
        ({"scheduler": STARTED}, [own(started=ago(9))], False, "starting"),
        ({"scheduler": STARTED}, [own(started=ago(121))], False, "dead"),
        # It has come up where we can't reach it: that is not its fault.
        ({"scheduler": STARTED}, [own(started=ago(121))], True, "silent"),
        ({}, [own(started=ago(121))], False, "silent"),
        ({}, [own("COMPLETING")], True, "silent"),
        ({}, [own("CANCELLED")], True, "dead"),
        ({}, [own("NODE_FAIL")], True, "dead"),
        ({}, [own(token="0ddba115")], True, "silent"),
    ],
)
def test_how_it_is_by_its_job(more: Any, jobs: Any, has_file: bool, state: str) -> None:
    assert job_state(in_a_job(**more), jobs, NOW, has_file=has_file) == state


def noted(more: Any, jobs: Any, told: Any = ()) -> Record:
    changed = in_a_job(**more)
    asked = to_ask(changed, jobs, NOW)
    note_job(changed, jobs, NOW, asked=asked, told=told)
    return changed


def test_its_end_is_written_down() -> None:
    ended = own("TIMEOUT", number="6", node="n2", started=ago(1200))
    changed = noted({}, [ended], [replace(ended, id="6_0", exit="0:15")])
    assert changed.scheduler_job is not None
    end = changed.scheduler_job.ended
    assert end is not None
    assert (end.id, end.state, end.exit, end.node) == ("6_0", "TIMEOUT", "0:15", "n2")
    assert (end.expected, end.connected, end.run_s) == (False, True, 1200)
    assert changed.spent_core_s == 2 * 1200
    note_job(changed, [ended], NOW, asked=[], told=[])
    assert changed.spent_core_s == 2 * 1200  # once


def test_a_job_that_nobody_remembers_has_ended() -> None:
    changed = noted({}, [])
    assert changed.scheduler_job is not None
    assert changed.scheduler_job.ended is not None
    assert changed.scheduler_job.ended.state == "UNKNOWN"
    fresh = placed(submission=Submission(OWN, 1, ago(2), "6", group=""))
    assert to_ask(in_a_job(scheduler_job=fresh), [], NOW) == []


def test_an_unsure_submission_is_found_or_made_anew() -> None:
    def unsure(missing: float | None) -> dict[str, Any]:
        since = None if missing is None else ago(missing)
        submission = Submission(OWN, 1, ago(30), None, "", unsure=True, missing_since=since)
        return {"scheduler_job": placed(submission=submission), "scheduler": STARTED}

    for missing, jobs, array, kept in (
        (None, [own("PENDING")], "6", True),
        (None, [], None, True),
        (3, [], None, True),
        (6, [], None, False),
    ):
        changed = noted(unsure(missing), jobs)
        assert changed.scheduler_job is not None
        submission = changed.scheduler_job.submission
        assert (submission is not None) is kept
        assert submission is None or submission.array_id == array
    lost = noted({"scheduler_job": placed(submission=None)}, [own()])
    assert lost.scheduler_job is not None
    assert lost.scheduler_job.id == "6_0"  # it carries our name


def test_a_cluster_has_one_scheduler() -> None:
    other = own(token="0ddba115", number="5_0")
    assert strays(in_a_job(), [own(), other]) == ("5_0",)
    assert strays(in_a_job(), [own(), replace(other, state="COMPLETED")]) == ()
    assert strays(record(), [other]) == ()


STOPPING = {"phase": "stopping", "stop_asked": ago(1)}
LATE = {"phase": "stopping", "stop_asked": ago(60)}
CANCELLED = {"scheduler_job": placed(cancelled=ago(2))}
NOT_YET: dict[str, Any] = {"scheduler_job": placed(submission=None), "scheduler": None}


@pytest.mark.parametrize(
    ("name", "wanted", "more", "jobs", "scheduler", "actions"),
    [
        ("both at once", 3, NOT_YET, [], "none", [StartScheduler(), Submit(3, after=True)]),
        ("it waits, and workers after it", 3, {}, [], "waiting", [Submit(3, after=True)]),
        ("it has started", 3, {}, [], "starting", [Submit(3)]),
        ("it is up", 3, {}, [], "up", [Submit(3)]),
        ("it is gone", 1, {}, [job("7_0")], "dead", [Fail(), Cancel(("7_0",))]),
        ("it came up too late", 1, {"phase": "failed"}, [], "silent", [EndScheduler()]),
        ("that is being done", 1, {"phase": "failed", **CANCELLED}, [], "silent", []),
        ("stopping", 0, STOPPING, [], "up", [EndScheduler()]),
        ("it ends by itself", 0, STOPPING, [], "silent", []),
        ("it does not", 0, LATE, [], "silent", [EndScheduler()]),
        ("it never started", 0, STOPPING, [], "waiting", [EndScheduler()]),
        ("cancelled once", 0, {**STOPPING, **CANCELLED}, [], "waiting", []),
        ("over", 0, STOPPING, [], "dead", [Finish()]),
    ],
)
def test_what_to_do(
    name: str, wanted: int, more: Any, jobs: Any, scheduler: Any, actions: Any
) -> None:
    assert reconcile(in_a_job(wanted, **more), jobs, [], scheduler, NOW) == actions, name


@pytest.mark.parametrize(
    ("more", "looked", "state"),
    [
        (NOT_YET, "none", "none"),
        ({}, "none", "waiting"),  # found by its name: no other one is submitted
        ({}, "up", "up"),
        (
            {
                "scheduler_job": placed(
                    ended=EndedJob("6_0", "FAILED", None, None, None, 0, False, True, NOW)
                )
            },
            "silent",
            "dead",
        ),
        ({"scheduler_job": None, "scheduler": None}, "none", "none"),
        ({"scheduler_job": None, "scheduler": STARTED}, "none", "none"),  # nothing came of it
        ({"scheduler_job": None, "scheduler": replace(STARTED, pid=7)}, "none", "starting"),
    ],
)
def test_what_was_written_down_since_the_look_counts(more: Any, looked: Any, state: str) -> None:
    assert by_record(in_a_job(**more), looked) == state


def test_strays_are_ended() -> None:
    assert reconcile(in_a_job(), [], [], "up", NOW, strays=("5_0",)) == [EndStrays(("5_0",))]


def test_workers_name_the_job_that_they_wait_for() -> None:
    assert after_scheduler(in_a_job()) == ("--dependency=after:6", "--kill-on-invalid-dep=yes")
    assert after_scheduler(in_a_job(**NOT_YET)) is None


def says(state: Any, jobs: Any, **more: Any) -> Diagnosis:
    found = diagnose(in_a_job(1, **more), [], [], state, NOW, lambda _: None, own=jobs)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("state", "more", "words", "step"),
    [
        ("CANCELLED", {}, "job 6_0 was cancelled outside rsdat; the cluster", "start it again"),
        ("TIMEOUT", {}, "reached its walltime of 00:20:00", "longer walltime for the scheduler"),
        ("NODE_FAIL", {"node": "n3"}, "its node failed on n3", "start it again."),
        ("OUT_OF_MEMORY", {}, "ran out of memory", "more memory for the scheduler"),
        ("PREEMPTED", {}, "was preempted", "not preempted"),
        ("FAILED", {"exit": "7:0"}, "failed with exit code 7", "start it again."),
    ],
)
def test_how_its_end_is_told(state: str, more: Any, words: str, step: str) -> None:
    for told in (says("dead", [own(state, **more)]), _later(own(state, **more))):
        assert words in told.message
        assert told.message.startswith("The scheduler's job 6_0 ")
        assert told.hint is not None
        assert step in told.hint


def _later(ended: Job) -> Diagnosis:
    """When it is written down, and the queue lists it no more."""
    changed = noted({}, [ended], [replace(ended, id="6_0")] if ended.exit else [])
    found = diagnose(changed, [], [], "dead", NOW, lambda _: None)
    assert found is not None
    return found


def test_why_it_waits_is_told() -> None:
    told = says("waiting", [own("PENDING", reason="Priority")], scheduler=STARTED)
    assert told.message == "The scheduler's job waits: other jobs come first"
    told = says("waiting", [own("PENDING", reason="PartitionTimeLimit")], scheduler=STARTED)
    assert told.message.startswith("The scheduler's job will never start")
    fresh = placed(submission=Submission(OWN, 1, ago(1), "6", group=""))
    waiting = [own("PENDING", reason="Priority")]
    quiet = in_a_job(scheduler_job=fresh, scheduler=STARTED)
    assert diagnose(quiet, [], [], "waiting", NOW, lambda _: None, own=waiting) is None


def test_where_it_can_not_be_reached() -> None:
    running = [own(started=ago(200), node="n1")]
    told = says("silent", running, scheduler=STARTED)
    assert "runs in its job 6_0 on n1, and can't be reached" in told.message
    assert told.hint is not None
    assert "interface" in told.hint
    assert says("silent", running).message == "The scheduler does not answer"


def test_the_view_and_the_cost() -> None:
    running = own(started=ago(600), time_left_s=600, node="n1")
    seen = Observed((job("7_0", "PENDING", reason="Dependency"),), "silent", None, (running,))
    view = cluster_view(in_a_job(1), seen, None, NOW, can_hold=True)
    first, second = view["jobs"]
    assert (first["id"], first["kind"], first["group"]) == ("6_0", "scheduler", None)
    assert (second["id"], second["kind"], second["group"]) == ("7_0", "worker", "workers")
    assert second["explanation"] == "waits for the scheduler's job to start"
    assert first["actions"] == []
    assert view["scheduler"]["job"] == "6_0"
    assert view["scheduler"]["ends_at"] == "2026-11-22T12:10:00Z"
    assert len(view["warnings"]) == 1
    assert view["workers"] == {"wanted": 1, "queued": 1, "starting": 0, "connected": 0}
    assert core_hours(in_a_job(), {}, NOW, running) == pytest.approx(2 * 600 / 3600)
    assert cores_in_use(in_a_job(), {}, running) == 2
    waiting = Observed((), "waiting", None, (own("PENDING"),))
    (row,) = cluster_view(in_a_job(), waiting, None, NOW, can_hold=True)["jobs"]
    assert row["actions"] == ["hold"]


FOLDER = ClusterFolder(Path("/home/u/.rsdat/clusters/c0ffee00"))
PATHS = ScriptPaths.of(FOLDER, Path("/home/u/.rsdat"))
CASES = {
    "scheduler": options(partition="cpu", account="proj-1", prologue=["module load x"]),
    "scheduler-image": options(image="/project/eo.sif", interface="ib0", binds=["/project"]),
}


def render(name: str) -> str:
    asked = replace(CASES[name], python=CASES[name].python or "/env/bin/python")
    return render_scheduler(FOLDER, asked, PATHS, local=False)


@pytest.mark.parametrize("name", CASES)
def test_its_script_is_as_agreed(name: str) -> None:
    """To accept a change: `python -m tests.clusters.test_placement`, and read the diff."""
    assert render(name) == (GOLDEN / f"{name}.sh").read_text()
    subprocess.run(["bash", "-n"], input=render(name), text=True, check=True, timeout=10)


def test_its_log_has_two_names(tmp_path: Path) -> None:
    """Slurm's own last words are in it; where there are no links, it is another file."""
    folder = ClusterFolder(tmp_path / "it's a `home` $X")
    folder.logs.mkdir(parents=True)
    asked = options(prologue=["echo from the prologue", "exit 0"])
    script = render_scheduler(folder, asked, ScriptPaths.of(folder, tmp_path), local=True)
    environment = {"SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "0", "PATH": "/usr/bin:/bin"}
    for job_log in (folder.logs / "7_0.log", None):
        folder.scheduler_log.unlink(missing_ok=True)
        output: Any = job_log.open("wb") if job_log else subprocess.DEVNULL
        if job_log is None:
            (folder.logs / "7_0.log").unlink()
        subprocess.run(
            ["bash"], input=script.encode(), env=environment, stdout=output, timeout=20, check=True
        )
        assert folder.scheduler_log.read_text() == "from the prologue\n"
        if job_log:
            assert folder.scheduler_log.samefile(job_log)


if __name__ == "__main__":
    for case in CASES:
        (GOLDEN / f"{case}.sh").write_text(render(case))
        sys.stdout.write(f"{case}\n")
