"""Slurm's printed output, captured from the version in each file's name."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from rsdat.queue.interface import Limit, NodeKind, Partition
from rsdat.queue.site import split_gres
from rsdat.queue.slurm.accounting import parse_associations, parse_qos
from rsdat.queue.slurm.jobs import parse_estimate, parse_sacct, parse_scontrol, parse_squeue
from rsdat.queue.slurm.site import (
    message_timeout_s,
    parse_accounts,
    parse_config,
    parse_partitions,
    parse_reservations,
)

DATA = Path(__file__).parent / "data"


def captured(name: str) -> str:
    return (DATA / f"{name}-22.05.8.txt").read_text()


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def test_squeue() -> None:
    jobs = {job.id: job for job in parse_squeue(captured("squeue"))}
    assert len(jobs) == 21

    running = jobs["39_0"]
    assert (running.array_id, running.name, running.node) == ("39", "rsdat-a b|c", "n1")
    assert running.alive
    assert (running.started, running.time_left_s) == (at(1795369105), 4 * 60 + 55)
    assert (running.reason, running.start_estimate) == (None, None)

    waiting = jobs["39_12"]
    assert waiting.waiting
    assert (waiting.reason, waiting.start_estimate) == ("Resources", at(1795369405))
    assert (waiting.started, waiting.time_left_s, waiting.node) == (None, None, None)

    # A reason with comma and blank; a start that Slurm does not know.
    assert jobs["56"].reason == "ReqNodeNotAvail, UnavailableNodes:n3"
    assert jobs["56"].start_estimate is None
    assert jobs["40"].reason == "JobHeldUser"

    cancelled = jobs["43_1"]
    assert cancelled.ended
    assert cancelled.started is None, "it was cancelled while it waited"


@pytest.mark.parametrize(
    ("line", "state", "left"),
    [
        ("7|SOME_NEW_STATE|None|N/A|1:00|n1|x", "SOME_NEW_STATE", None),
        ("7|RUNNING|None|1795369105|UNLIMITED|n1|x", "RUNNING", None),
        ("7|RUNNING|None|1795369105|INVALID|n1|x", "RUNNING", None),
        ("7|RUNNING|None|1795369105|2-01:00:00|n1|x", "RUNNING", 49 * 3600),
        ("7|COMPLETING|None|1795369105|0:00|n1|x", "COMPLETING", 0),
    ],
)
def test_squeue_oddities(line: str, state: str, left: int | None) -> None:
    (job,) = parse_squeue(line)
    assert (job.state, job.time_left_s) == (state, left)


def test_of_a_line_only_the_time_left_is_read_again() -> None:
    lines = "7_0|RUNNING|None|1795369105|{}|n1|x\n7_1|PENDING|Priority|N/A|1:00:00||x\n"
    first, second = (parse_squeue(lines.format(left)) for left in ("59:00", "58:30"))
    assert [job.time_left_s for job in first] == [3540, None]
    assert first[1] is second[1]
    assert second[0] == replace(first[0], time_left_s=3510)
    assert (second[0].alive, second[0].waiting, second[0].ended) == (True, False, False)


def test_squeue_name_with_line_break_hides_nothing() -> None:
    text = "7|RUNNING|None|0|1:00|n1|first\nsecond|line\n8|PENDING|None|N/A|1:00||x\n"
    assert [job.id for job in parse_squeue(text)] == ["7", "8"]


def test_squeue_leaves_out_what_was_refused() -> None:
    assert parse_squeue("7_0|FAILED|BadConstraints|1795369105|1:00:00||x\n") == []
    assert len(parse_squeue("7_0|FAILED|NonZeroExitCode|1795369105|1:00:00|n1|x\n")) == 1


def test_sacct() -> None:
    jobs = {job.id: job for job in parse_sacct(captured("sacct"))}
    assert (jobs["7_1"].state, jobs["7_1"].exit) == ("FAILED", "3:0")
    assert (jobs["8"].exit, jobs["8"].name) == ("0:9", "rsdat-a b|c")
    assert jobs["12_0"].state == "CANCELLED"
    assert (jobs["12_0"].started, jobs["12_0"].node) == (at(1795369577), "n1")
    # One row for what never started; single jobs here.
    assert (jobs["12_3"].state, jobs["12_3"].started, jobs["12_3"].node) == (
        "CANCELLED",
        None,
        None,
    )
    assert sum(job.array_id == "10" for job in jobs.values()) == 101
    assert jobs["15_0"].alive


def test_scontrol_jobs() -> None:
    jobs = {job.id: job for job in parse_scontrol(captured("scontrol-job"))}
    assert {job_id for job_id in jobs if job_id.startswith("43")} == {"43_0", "43_1", "43_2"}
    assert {job_id for job_id in jobs if job_id.startswith("60")} == {
        "60_0",
        "60_2",
        "60_4",
        "60_6",
    }
    assert jobs["60_2"].waiting
    assert (jobs["43_0"].state, jobs["43_0"].started) == ("CANCELLED", None)
    failed = jobs["57_1"]
    assert (failed.state, failed.exit, failed.reason) == ("FAILED", "3:0", "NonZeroExitCode")
    assert failed.node == "n1"
    assert jobs["57_0"].exit == "0:0"
    assert (jobs["59"].array_id, jobs["59"].exit, jobs["59"].reason) == (
        "59",
        "0:53",
        "JobLaunchFailure",
    )
    # A name can't pretend to be a state.
    assert (jobs["58"].name, jobs["58"].state) == ("rsdat-killed JobState=X", "FAILED")


def test_estimate() -> None:
    assert parse_estimate(captured("test-only")) == at(1795369116)
    assert parse_estimate("") is None


def test_partitions() -> None:
    main, short = parse_partitions(captured("scontrol-partition"), captured("sinfo"))
    assert main == Partition(
        name="main",
        default=True,
        state="UP",
        nodes=3,
        cores_per_node=4,
        memory_per_node_bytes=8000 * 2**20,
        walltime_limit_s=2 * 86400,
        walltime_default_s=3600,
        node_kinds=(NodeKind(3, 4, 8000 * 2**20),),
    )
    assert (short.default, short.walltime_limit_s) == (False, 3600)


def test_partitions_of_a_mixed_site() -> None:
    scontrol = (
        "PartitionName=fat Default=NO MaxTime=UNLIMITED State=DRAIN\n"
        "PartitionName=empty Default=NO MaxTime=1:00 State=UP\n"
    )
    sinfo = (
        "fat|5/3/2/10|24+|128000+|thin|(null)\nfat|0/2/0/2|64|512000|ssd,big|gpu:a100:4(S:0,2)\n"
        "fat|0/0/0/0|1|1|(null)|(null)\nempty|x\n"
    )
    (fat,) = parse_partitions(scontrol, sinfo)
    assert (fat.nodes, fat.cores_per_node, fat.memory_per_node_bytes) == (12, 24, 128000 * 2**20)
    assert (fat.state, fat.walltime_limit_s, fat.nodes_down) == ("DRAIN", None, 2)
    assert [kind.cores for kind in fat.node_kinds] == [64, 24]
    assert (fat.features, fat.gres) == (("ssd", "big", "thin"), ("gpu", "gpu:a100"))


def test_limits_of_partitions() -> None:
    config = parse_config(captured("scontrol-config-limits"))
    found = parse_partitions(
        captured("scontrol-partition-limits"), captured("sinfo-limits"), config
    )
    site = {partition.name: partition for partition in found}
    assert list(site) == ["normal", "short", "gpu", "mixed", "resv", "fat"]
    normal, short, gpu, mixed = (site[name] for name in ("normal", "short", "gpu", "mixed"))
    # The site's own, where the partition has none.
    assert normal.memory_per_core_limit_bytes == 8000 * 2**20
    assert normal.memory_per_core_default_bytes == 1000 * 2**20
    assert (normal.walltime_limit_s, normal.walltime_default_s) == (432000, 432000)
    assert (short.nodes_limit, short.cores_limit, short.qos) == (1, 2, ("normal", "long"))
    assert (short.walltime_limit_s, short.walltime_default_s) == (12 * 3600, None)
    # A limit on a node's memory takes the place of the site's per core.
    assert (gpu.memory_limit_bytes, gpu.memory_per_core_limit_bytes) == (48000 * 2**20, None)
    assert (gpu.accounts, gpu.denied_qos, gpu.partition_qos) == (
        ("proj", "root"),
        ("long",),
        "normal",
    )
    assert (gpu.gres, gpu.features) == (("gpu", "gpu:a100"), ("gpu", "ssd"))
    assert (mixed.denied_accounts, mixed.groups) == (("other",), ("root",))
    assert [(kind.nodes, kind.cores) for kind in mixed.kinds] == [(1, 8), (1, 4), (1, 4)]
    assert (site["resv"].reservation_only, site["resv"].state) == (True, "DRAIN")
    assert site["fat"].memory_per_core_limit_bytes == 16000 * 2**20


def test_reservations() -> None:
    maintenance, course, school = parse_reservations(captured("scontrol-reservation"))
    assert (maintenance.name, maintenance.maintenance, maintenance.active) == ("m", True, False)
    assert (maintenance.start, maintenance.partition) == (at(1798869600), None)
    assert (course.users, course.active, course.nodes) == (("root", "bin"), True, 1)
    assert (school.accounts, school.users, school.partition) == (("proj",), (), "normal")
    assert parse_reservations("No reservations in the system\n") == ()


def test_limits_of_accounts_and_qos() -> None:
    other, proj, _ = parse_associations(captured("sacctmgr-user"), "rsdat-test")
    assert (other.partition, other.walltime_s, other.jobs) == ("short", None, None)
    assert (proj.walltime_s, proj.cores_per_job, proj.jobs, proj.submitted) == (172800, 32, 9, 50)
    assert (proj.qos, proj.default_qos, proj.shared) == (("long", "normal"), "normal", False)
    *_, shared = parse_associations(captured("sacctmgr-accounts"), "rsdat-test")
    assert (shared.name, shared.shared, shared.cores, shared.jobs) == ("proj", True, 88, 20)
    assert (shared.core_minutes, shared.cores_per_job) == (60000, None)
    assert parse_associations(captured("sacctmgr-user"), "elsewhere") == ()
    normal, long = parse_qos(captured("sacctmgr-qos"))
    assert normal == Limit("qos", "normal")
    assert (long.walltime_s, long.cores_per_job, long.memory_per_job_bytes) == (
        864000,
        16,
        50 * 2**30,
    )
    assert (long.jobs, long.submitted, long.cores, long.nodes) == (5, 10, 64, 3)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("gpu", ("gpu", None, 1)),
        ("gpu:2", ("gpu", None, 2)),
        ("gpu:a100", ("gpu", "a100", 1)),
        ("gpu:a100:4(S:0-1)", ("gpu", "a100", 4)),
        ("gpu:a100=3", ("gpu", "a100", 3)),
    ],
)
def test_generic_resources(text: str, parts: tuple[str, str | None, int]) -> None:
    assert split_gres(text) == parts


def test_config() -> None:
    config = parse_config(captured("scontrol-config"))
    assert config["ClusterName"] == "rsdat-test"
    assert message_timeout_s(config) == 10
    assert message_timeout_s({}) is None


def test_accounts() -> None:
    assert parse_accounts(captured("sacctmgr"), "rsdat-test") == ("other", "proj", "root")
    assert parse_accounts(captured("sacctmgr"), "elsewhere") == ()
    assert parse_accounts("a|x\nb|x\na|y\n", None) == ("x", "y")
