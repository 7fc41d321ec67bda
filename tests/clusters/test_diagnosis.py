"""What a card says of a cluster that is not as it should be: tables, and versions."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from rsdat.clusters.diagnose import diagnose, explain, explain_reason
from rsdat.clusters.diagnosis.findings import Findings, Seen
from rsdat.clusters.diagnosis.reasons import read_reason
from rsdat.clusters.diagnosis.refusals import after_refusal
from rsdat.clusters.diagnosis.signs import LINES_SHOWN, last_lines, read_line, signs
from rsdat.clusters.diagnosis.versions import (
    Mismatch,
    check_environment,
    compare,
    own_versions,
    packages_in,
)
from rsdat.clusters.record import EndedJob, Submission
from tests.support.cluster_parts import NOW, ago, group, job, options, record

NANNY = "2026-11-22 20:10:11,123 - distributed.nanny"
BUDGET = f"{NANNY}.memory - WARNING - Worker tls://x (pid=9) exceeded 95% memory budget. Restarting"
KILLED = f"{NANNY} - INFO - Worker process 9 was killed by signal 9"
PREEMPTED = "slurmstepd: error: *** JOB 5 ON n1 CANCELLED AT 2026-11-22T20:25:11 DUE TO PREEMPTION"


def ended(state: str = "FAILED", exit_text: str | None = "1:0", **more: Any) -> EndedJob:
    facts: dict[str, Any] = {
        "reason": None, "run_s": 9, "expected": False, "connected": False, "at": ago(9), **more
    }  # fmt: skip
    return EndedJob("7_0", state, exit_text, node="n1", **facts)


def waiting(reason: str, number: str = "7_0") -> Any:
    return job(number, "PENDING", reason=reason)


@pytest.mark.parametrize(
    ("name", "more", "jobs", "connected", "scheduler", "log", "words", "step"),
    [
        ("all is well", {}, [job("7_0")], ["7_0"], "up", "Timed out starting worker", None, None),
        ("refused, in Slurm's words", {"problem": {"message": "Invalid account", "hint": None}},
         [], [], "up", None, "Invalid account", "another account"),
        ("scheduler gone", {"phase": "failed"}, [], [], "dead", "Segfault", "scheduler has ended",
         "start it again"),
        ("never reached", {"ended": [ended()]}, [], [], "up", "x\nTimed out starting worker",
         "Job 7_0 on n1 failed with exit code 1: its worker did not reach the scheduler",
         "interface"),
        ("wrong key", {"ended": [ended()]}, [], [], "up", "TLS certificate does not match",
         "another scheduler answers", "make a new one"),
        ("no distributed", {"ended": [ended()]}, [], [], "up",
         "ModuleNotFoundError: No module named 'distributed'",
         "its Python lacks the package distributed", "python and prologue"),
        ("another Dask", {"ended": [ended()]}, [], [], "up",
         "ModuleNotFoundError: No module named 'dask._task_spec'", "of another version",
         "same packages"),
        ("no python", {"ended": [ended("FAILED", "127:0")]}, [], [], "up",
         "/tmp/slurm/job: line 9: /opt/x/python: No such file or directory",
         "exit code 127: /opt/x/python does not exist on the node", "python and prologue"),
        ("no log", {"ended": [ended("FAILED", "0:53")]}, [], [], "up", None,
         "could not write its log", "shared disk"),
        ("out of memory", {"ended": [ended("OUT_OF_MEMORY", "0:125")]}, [], [], "up", None,
         "Job 7_0 on n1 ran out of memory", "asks for 2 GiB: try 4 GiB"),
        ("out of memory, where Slurm polls", {"ended": [ended("FAILED", "0:9")]}, [], [], "up",
         "slurmstepd: error: StepId=7.batch exceeded memory limit (9 > 8), being killed",
         "ran out of memory", "try 4 GiB"),
        ("signal", {"ended": [ended("FAILED", "0:9")]}, [], [], "up", None, "ended by signal 9",
         "log"),
        ("walltime", {"ended": [ended("TIMEOUT", "0:0")]}, [], [], "up", None,
         "its walltime of 01:00:00", "longer walltime"),
        ("node", {"ended": [ended("NODE_FAIL", "0:0")]}, [], [], "up", None, "its node failed",
         "starts another"),
        ("preempted", {"ended": [ended("PREEMPTED", "0:0")]}, [], [], "up", PREEMPTED,
         "was preempted", "starts another"),
        ("clean exit", {"ended": [ended("COMPLETED", "0:0")]}, [], [], "up", None, "ended at once",
         "log"),
        ("clean exit after work", {"ended": [ended("COMPLETED", "0:0", run_s=60)]}, [], [], "up",
         None, "ended by itself", "log"),
        ("held", {"ended": [ended()], "failures": 3}, [], [], "up", None,
         "3 in a row ended at once, no more are started", "Scale to try again"),
        ("replaced", {"ended": [ended("NODE_FAIL")]}, [job("7_1")], ["7_1"], "up", None,
         "another has taken its place", ""),
        ("not replaced, as nobody wants it", {"ended": [ended()], "wanted": 0}, [], [], "up", None,
         None, None),
        ("replaced long ago", {"ended": [ended("NODE_FAIL", at=ago(121))]}, [job("7_1")], ["7_1"],
         "up", None, None, None),
        ("out of memory long ago", {"ended": [ended("OUT_OF_MEMORY", at=ago(600))]}, [job("7_1")],
         ["7_1"], "up", None, "ran out of memory", "try 4 GiB"),
        ("asked to", {"ended": [ended("CANCELLED", expected=True)]}, [], [], "up", None, None,
         None),
        ("before the last wish", {"ended": [ended()], "wished": ago(5)}, [], [], "up", None, None,
         None),
        ("old news", {"ended": [ended(at=ago(1000))]}, [], [], "up", None, None, None),
        ("silent scheduler", {}, [job("7_0")], [], "silent", None, "does not answer", "busy"),
        ("slow worker", {}, [job("7_0")], [], "up", None, "has run for 00:01:00", "log"),
        ("slow worker, and why", {}, [job("7_0")], [], "up", "x: /a/b: No such file or directory",
         "/a/b does not exist on the node", "python and prologue"),
        ("young worker", {}, [job("7_0", started=ago(44))], [], "up", None, None, None),
        ("waiting", {}, [waiting("Resources")], [], "up", None,
         "1 job in the queue: it waits for free nodes", "starts by itself"),
        ("some wait", {}, [job("7_1"), waiting("Priority")], ["7_1"], "up", None,
         "1 job in the queue: it waits: other jobs come first", "starts by itself"),
        ("waiting since now", {"submissions": [Submission("x", 1, ago(2), "7")]},
         [waiting("Resources")], [], "up", None, None, None),
        ("never", {}, [job("7_0"), waiting("PartitionTimeLimit", "7_1")], ["7_0"],
         "up", None, "its walltime is longer than the partition allows", "shorter walltime"),
        ("the worst reason first", {}, [waiting("Priority"), waiting("JobHeldUser", "7_1"),
         waiting("AssocGrpJobsLimit", "7_2")], [], "up", None,
         "3 jobs in the queue, one, 7_1 is held", "Release it"),
        ("limit", {}, [job("7_0"), waiting("AssocGrpJobsLimit", "7_1")], ["7_0"], "up", None,
         "your account uses as much as it may at once (jobs)", "fewer workers"),
        ("begins later", {}, [waiting("BeginTime")], [], "up", None, "its start time", "by itself"),
        ("preempted and requeued", {}, [waiting("BeginTime")], [], "up", f"x\n{PREEMPTED}",
         "Job 7_0 was preempted by a job that comes first and waits again",
         "starts again by itself"),
        ("requeued", {}, [waiting("BeginTime")], [], "up", "x", "was put back into the queue",
         "starts again by itself"),
        ("requeued and held", {}, [waiting("job requeued in held state")], [], "up", "x",
         "is held there", "Release it"),
        ("leaving", {"leaving": {"7_0": ago(5)}}, [waiting("Resources")], [], "up", None, None,
         None),
        ("stopping", {"phase": "stopping", "failures": 3, "ended": [ended()]}, [], [], "up", None,
         None, None),
    ],
)  # fmt: skip
def test_diagnosis(
    name: str,
    more: dict[str, Any],
    jobs: list[Any],
    connected: list[str],
    scheduler: Any,
    log: str | None,
    words: str | None,
    step: str | None,
) -> None:
    mine = record(**{"wanted": 1, **more})
    found = diagnose(mine, jobs, connected, scheduler, NOW, lambda source: log)
    if words is None:
        assert found is None, name
    else:
        assert found is not None, name
        assert words in found.message, name
        assert found.hint, name
        assert (step or "") in found.hint, name


def test_a_nanny_that_loses_its_patience() -> None:
    """It says so before it kills: then the worker was on its way out, and did not crash."""
    text = f"{KILLED}\n{NANNY} - WARNING - Worker process still alive after 8.0 seconds, killing\n"
    assert [each.line for each in signs(f"{text}{KILLED}\nx\n{KILLED}")] == [KILLED, KILLED]
    assert [each.line for each in signs(f"{text}x\n{KILLED}\n")] == [KILLED]


def seen(line: str, source: str = "7_0", **more: Any) -> Seen:
    sign = read_line(line)
    assert sign is not None
    return Seen(source, sign, **{"at": ago(5), **more})


@pytest.mark.parametrize(
    ("name", "findings", "wished", "words", "step"),
    [
        ("nanny, memory", [seen(BUDGET, count=3)], None,
         "Job 7_0: its worker used more memory than it has and was restarted, 3 times",
         "asks for 2 GiB: try 4 GiB"),
        ("nanny, killed", [seen(KILLED)], None, "was killed, most likely for its memory",
         "try 4 GiB"),
        ("a crash", [seen(f"{NANNY} - INFO - Worker process 9 was killed by signal 11")], None,
         "its worker crashed and was restarted", "log"),
        ("and the task", [seen(BUDGET), seen("Task x marked as failed because 4 workers died",
         "scheduler")], None, "was restarted; Dask gave up on a task: 4 workers died", "try 4 GiB"),
        ("the task alone", [seen("Task x marked as failed because 4 workers died", "scheduler")],
         None, "Dask gave up on a task: 4 workers died", "more memory"),
        ("before the last wish", [seen(KILLED)], ago(1), None, None),
        ("long ago", [seen(KILLED, at=ago(1000))], None, None, None),
    ],
)  # fmt: skip
def test_workers_that_die_in_jobs_that_go_on(
    name: str, findings: list[Seen], wished: Any, words: str | None, step: str | None
) -> None:
    mine = record(1, wished=wished)
    found = diagnose(
        mine, [job("7_0")], ["7_0"], "up", NOW, lambda source: f"log of {source}",
        findings=Findings({each.source: each for each in findings}),
    )  # fmt: skip
    assert (found is None) is (words is None), name
    if found is not None:
        assert words in found.message, name  # type: ignore[operator]
        assert step in (found.hint or ""), name  # type: ignore[operator]
        assert found.log


def test_each_group_by_itself() -> None:
    """One group's workers don't hide that another's are missing, and the sentence names it."""
    gpu = group(1, name="gpu", options=options(memory="8GiB"))
    submissions = [Submission("a", 1, ago(99), "7"), Submission("b", 1, ago(99), "8", group="gpu")]
    lost = EndedJob("8_0", "OUT_OF_MEMORY", "0:125", None, "n2", 9, False, True, ago(5), "gpu")
    mine = record(1, submissions=submissions, ended=[lost])
    mine.groups.append(gpu)

    def say(jobs: list[Any], connected: list[str]) -> Any:
        return diagnose(mine, jobs, connected, "up", NOW, lambda source: None)

    found = say([job("7_0")], ["7_0"])
    assert found.message == "Job 8_0 of group gpu on n2 ran out of memory"
    assert "asks for 8 GiB: try 16 GiB" in found.hint
    mine.ended.clear()
    held = say([job("7_0"), waiting("JobHeldAdmin", "8_0")], ["7_0"])
    assert held.message == "1 job of group gpu in the queue: it is held by an administrator"
    gpu.problem = {"message": "Invalid generic resource (gres) specification", "hint": None}
    assert "gres" in say([job("7_0")], ["7_0"]).hint
    gpu.problem, gpu.failures, gpu.wished = None, 3, ago(60)
    mine.ended.append(lost)
    assert "3 in a row ended at once" in say([job("7_0")], ["7_0"]).message
    gpu.wished = ago(1)  # forgiven; the other group's wish would not forgive it
    gpu.failures = 0
    assert say([job("7_0")], ["7_0"]) is None


@pytest.mark.parametrize(
    ("reason", "kind", "words"),
    [
        (None, None, None),
        ("Priority", "queue", "other jobs come first"),
        ("Dependency", "queue", "another job"),
        ("DependencyNeverSatisfied", "never", "did not end as it should"),
        ("PartitionConfig", "never", "as large as it asks for"),
        ("PartitionDown", "site", "partition is down"),
        ("ReqNodeNotAvail, UnavailableNodes:n4", "site", "down, drained or reserved"),
        ("ReqNodeNotAvail, Reserved for maintenance", "site", "maintenance"),
        (("Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority "
          "partitions"), "site", "the nodes are down, drained or reserved"),
        ("JobHeldUser", "held", "is held"),
        ("JobHeldAdmin", "held", "by an administrator"),
        ("QOSMaxCpuPerUserLimit", "limit", "limit of its quality of service is reached (cores)"),
        ("QOSMaxMemoryPerUser", "limit", "is reached (memory)"),
        ("QOSMaxJobsPerUserLimit", "limit", "is reached (jobs)"),
        ("QOSMaxWallDurationPerJobLimit", "never", "never start: its walltime"),
        ("QOSMaxCpuPerJobLimit", "never", "one job may not ask for so much (cores)"),
        ("QOSMinGRES", "never", "has to ask for more"),
        ("QOSGrpCPUMinutesLimit", "never", "budget is used up"),
        ("AssocGrpCPUMinutesLimit", "never", "budget is used up"),
        ("AssocGrpCPURunMinutesLimit", "limit", "hold as much of the budget"),
        ("AssocGrpCpuLimit", "limit", "your account uses as much as it may at once (cores)"),
        ("AssocGrpGRES", "limit", "(GPUs or other such devices)"),
        ("MaxCpuPerAccount", "limit", "your account uses as much as it may at once (cores)"),
        ("SomethingNew", "queue", "waits: SomethingNew"),
    ],
)  # fmt: skip
def test_reasons_in_plain_words(reason: str | None, kind: str | None, words: str | None) -> None:
    found = read_reason(reason)
    if words is None:
        assert found is None
        assert explain_reason(reason) is None
        return
    assert found is not None
    assert found.kind == kind
    assert words in found.words
    assert found.step.endswith((".", "id.", "more."))
    assert explain_reason(reason) == found.words


@pytest.mark.parametrize(
    ("state", "exit_text", "words"),
    [
        ("RUNNING", None, None),
        ("COMPLETED", "0:0", None),
        ("FAILED", "3:0", "failed with exit code 3"),
        ("FAILED", "0:11", "was ended by signal 11"),
        ("OUT_OF_MEMORY", "0:125", "ran out of memory"),
        ("NODE_FAIL", "0:0", "was lost: its node failed"),
    ],
)
def test_jobs_in_plain_words(state: str, exit_text: str | None, words: str | None) -> None:
    assert explain(job("7_0", state, exit=exit_text), NOW) == words


@pytest.mark.parametrize(
    ("said", "step"),
    [
        ("invalid partition specified: nosuch", "another partition"),
        ("Invalid account or account/partition combination specified", "go together"),
        ("Invalid qos specification", "quality of service"),
        ("QOSMaxSubmitJobPerUserLimit. Job violates accounting/QOS policy", "smaller number"),
        ("Memory specification can not be satisfied", "less memory"),
        ("Requested node configuration is not available", "fewer cores"),
        ("Invalid generic resource (gres) specification", "gres"),
        ("Something else", "other options"),
    ],
)
def test_what_to_do_after_a_refusal(said: str, step: str) -> None:
    assert step in after_refusal(said)


def test_the_telling_line_is_shown_even_from_above() -> None:
    sign = read_line("ModuleNotFoundError: No module named 'x'")
    text = "\n".join([sign.line, *(f"line {number}" for number in range(40))])  # type: ignore[union-attr]
    shown = (last_lines(text, sign) or "").splitlines()
    assert shown[0] == sign.line  # type: ignore[union-attr]
    assert shown[-1] == "line 39"
    assert len(shown) == LINES_SHOWN
    assert last_lines("\n \n") is None


# -- versions -------------------------------------------------------------------------------------

HERE = {"python": "3.11.7.final.0", "dask": "2026.8.0", "distributed": "2026.8.0",
        "msgpack": "1.2", "cloudpickle": "3.1.2", "numpy": "2.4"}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "scheduler", "workers", "message", "serious"),
    [
        ("the same", HERE, {"a": HERE}, None, None),
        ("nobody there", None, {}, None, None),
        ("patch version of Python", HERE, {"a": {**HERE, "python": "3.11.9.final.0"}}, None, None),
        ("Python", HERE, {"a": {**HERE, "python": "3.12.0.final.0"}},
         ("Versions of Python differ: 3.11 in the notebook and the scheduler; 3.12 in the one "
          "worker"), True),
        ("Dask in all", HERE, {n: {**HERE, "distributed": "2024.8.0"} for n in "ab"},
         ("Versions of distributed differ: 2026.8.0 in the notebook and the scheduler; 2024.8.0 "
          "in the workers"), True),
        ("Dask in one", HERE, {"a": HERE, "b": HERE, "c": {**HERE, "dask": "1", "numpy": "1"}},
         ("Versions of dask differ: 2026.8.0 in the notebook and the scheduler and 2 of 3 "
          "workers; 1 in worker c (also of numpy)"), True),
        ("scheduler", {**HERE, "dask": "1"}, {}, "1 in the scheduler", True),
        ("numpy", HERE, {"a": {**HERE, "numpy": "1.26"}}, "Versions of numpy differ", False),
        ("no numpy", {**HERE, "numpy": None}, {"a": {**HERE, "numpy": None}}, None, None),
        ("no cloudpickle", HERE, {"a": {**HERE, "cloudpickle": None}}, "none in the one worker",
         False),
    ],
)  # fmt: skip
def test_versions_that_differ(
    name: str, scheduler: Any, workers: Any, message: str | None, serious: bool | None
) -> None:
    found = compare(HERE, scheduler, workers)
    if message is None:
        assert found is None, name
    else:
        assert found is not None, name
        assert message in found.message, name
        assert found.serious is serious, name


def test_packages_as_old_and_new_versions_tell_them() -> None:
    assert packages_in({"packages": {"dask": "1", "numpy": None}}) == {"dask": "1", "numpy": None}
    assert packages_in({"packages": [("dask", "1"), ("numpy", None)]}) == {
        "dask": "1",
        "numpy": None,
    }
    for nothing in (None, {}, {"packages": None}, {"packages": "text"}, [1], "x"):
        assert packages_in(nothing) is None


@pytest.mark.parametrize(("serious", "first"), [(True, True), (False, False)])
def test_versions_on_the_card(serious: bool, first: bool) -> None:
    """Serious ones come before jobs that wait; others don't hide anything."""
    mine = Findings(mismatch=Mismatch("Versions differ", "Do it.", serious))
    told = diagnose(record(1), [waiting("Resources")], [], "up", NOW, lambda _: None, findings=mine)
    assert told is not None
    assert (told.message == "Versions differ") is first
    alone = diagnose(record(1), [job("7_0")], ["7_0"], "up", NOW, lambda _: None, findings=mine)
    assert alone is not None
    assert (alone.message, alone.hint) == ("Versions differ", "Do it.")


def test_an_environment_before_workers_run_in_it(tmp_path: Any) -> None:
    def script(name: str, lines: str) -> str:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{lines}\n")
        path.chmod(0o700)
        return str(path)

    other = {**own_versions(), "distributed": "2024.8.0"}
    quoted = str(other).replace("None", "null").replace("'", '"')
    old = script("old", f"echo welcome; echo 'rsdat-versions {quoted}'")
    slow = script("slow", "sleep 30")
    broken = script("broken", "echo \"No module named 'distributed'\" >&2; exit 1")
    talker = script("talker", "echo hello")

    async def check() -> None:
        assert await check_environment([sys.executable]) == []
        assert await check_environment(["env", "A=b", sys.executable]) == []
        (found,) = await check_environment([old])
        assert "2024.8.0 in" in found
        assert old in found
        (found,) = await check_environment([slow], limit_s=0.5)
        assert "can't be run here" in found
        (found,) = await check_environment([str(tmp_path / "nosuch")])
        assert "can't be run here" in found
        (found,) = await check_environment([broken])
        assert "No module named 'distributed'" in found
        (found,) = await check_environment([talker])
        assert "did not tell" in found

    asyncio.run(check())
