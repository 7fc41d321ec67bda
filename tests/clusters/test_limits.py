"""A request against what the site allows: on a real Slurm's prints, sentence by sentence."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import dask.config
import pytest

from rsdat.clusters.directives import directive_value
from rsdat.clusters.limits import find_problems
from rsdat.clusters.notes import find_notes
from rsdat.clusters.offers import caps_problems, groups_of
from rsdat.clusters.options import read_options
from rsdat.clusters.price import billed_cores, core_hours, granted_cores
from rsdat.clusters.request import read_request
from rsdat.presets import load_presets
from rsdat.queue.interface import Limit, NodeKind, Partition, Reservation, Site
from rsdat.queue.slurm.accounting import parse_associations, parse_qos
from rsdat.queue.slurm.site import parse_config, parse_partitions, parse_reservations
from tests.support.cluster_parts import options

DATA = Path(__file__).parents[1] / "queue" / "data"
#: The moment of the prints.
NOW = datetime(2026, 11, 22, 20, 47, tzinfo=timezone.utc)
GIB = 2**30


def captured(name: str) -> str:
    return (DATA / f"{name}-22.05.8.txt").read_text()


def real_site() -> Site:
    """Partitions normal, short, gpu, mixed, resv and fat; accounts other, proj and root."""
    limits = [captured(f"sacctmgr-{who}") for who in ("user", "accounts")]
    return Site(
        "rsdat-test",
        parse_partitions(
            captured("scontrol-partition-limits"),
            captured("sinfo-limits"),
            parse_config(captured("scontrol-config-limits")),
        ),
        ("other", "proj", "root"),
        default_account="proj",
        reservations=parse_reservations(captured("scontrol-reservation")),
        limits=(
            *(each for text in limits for each in parse_associations(text, "rsdat-test")),
            *parse_qos(captured("sacctmgr-qos")),
        ),
    )


@pytest.mark.parametrize(
    ("asked", "workers", "words"),
    [
        ({}, 0, []),
        ({"account": "rich"}, 1, ["'rich' is none of your accounts (other, proj, root)"]),
        ({"partition": "nosuch"}, 1, ["There is no partition 'nosuch' here (normal, short, gpu"]),
        ({"partition": "short", "walltime": "24:00:00", "account": "root"}, 1,
         ["short allows 12 h, you asked for 24 h"]),
        ({"partition": "short,normal", "walltime": "24:00:00"}, 1, []),
        ({"walltime": "3-00:00:00"}, 1, ["Account proj allows 2 days, you asked for 3 days"]),
        ({"walltime": "6-00:00:00", "account": "root"}, 1,
         ["normal allows 5 days, you asked for 6 days"]),
        ({"directives": ["--time=13:00:00"], "partition": "short"}, 1,
         ["short allows 12 h, you asked for 13 h"]),
        ({"partition": "resv"}, 1, ["resv is DRAIN", "resv takes only jobs with a reservation"]),
        ({"cores": 5}, 1, ["A node of normal has 4 cores, not 5"]),
        ({"cores": 3, "partition": "short"}, 1, ["short lets jobs use 2 cores of a node, not 3"]),
        ({"cores": 6, "partition": "mixed"}, 1, []),
        ({"memory": "9GiB"}, 1, ["A node of normal has 7.8 GiB of memory, not 9GiB"]),
        ({"memory": "48GiB", "partition": "gpu"}, 1,
         ["gpu lets jobs use 46.9 GiB of memory on a node, not 48GiB"]),
        ({"cores": 4, "memory": "60GiB", "partition": "mixed"}, 1, []),
        ({"account": "other", "partition": "gpu"}, 1,
         ["gpu does not take the account 'other', only proj, root"]),
        ({"account": "other", "partition": "mixed"}, 1,
         ["mixed does not take the account 'other'"]),
        ({"directives": ["--qos=long"], "partition": "gpu"}, 1,
         ["gpu does not take the QOS 'long'"]),
        ({"directives": ["-q gold"]}, 1, ["may not use the QOS 'gold' (long, normal)"]),
        ({"directives": ["--qos long"], "partition": "mixed", "cores": 8}, 11,
         ["QOS long allows 10 jobs in the queue, not 11"]),
        ({"cores": 8, "partition": "mixed"}, 51,
         ["Account proj allows 50 jobs in the queue, not 51",
          "Account proj allows 40 jobs in the queue, not 51"]),
        ({"constraint": "fast"}, 1, ["No node here has the feature 'fast' (gpu, rome, ssd)"]),
        ({"constraint": "gpu"}, 1, ["No node of normal has the feature 'gpu'"]),
        ({"constraint": "rome&ssd"}, 1, []),
        ({"constraint": "gpu|rome"}, 1, []),
        ({"constraint": "rome&gpu", "partition": "mixed"}, 1,
         ["No node of mixed has all of rome&gpu"]),
        ({"constraint": "[rome*1&gpu*1]", "partition": "mixed"}, 1, []),
        ({"constraint": "rome", "partition": "mixed", "cores": 6}, 1,
         ["A node of mixed has 4 cores, not 6"]),
        ({"gres": "gpu:1"}, 1, ["No node of normal has 'gpu'"]),
        ({"gres": "gpu:v100:1", "partition": "gpu"}, 1,
         ["No node of gpu has 'gpu:v100' (gpu, gpu:a100)"]),
        ({"gres": "gpu:a100:3", "partition": "gpu"}, 1,
         ["A node of gpu has 2 of 'gpu:a100', not 3"]),
        ({"gres": "gpu:2", "partition": "gpu"}, 1, []),
        ({"reservation": "mine"}, 1,
         ["There is no reservation 'mine' here (course, m, rsdat_school)"]),
        ({"reservation": "m"}, 1, ["The reservation 'm' is for maintenance"]),
        ({"reservation": "course", "walltime": "01:00:00"}, 1, []),
        ({"reservation": "course", "walltime": "04:00:00"}, 1,
         ["The reservation 'course' has 1 h 47 min left"]),
        ({"reservation": "rsdat_school", "account": "other", "walltime": "08:00:00"}, 1,
         ["'rsdat_school' is for proj, not for 'other'"]),
        ({"reservation": "rsdat_school", "partition": "gpu"}, 1,
         ["'rsdat_school' is in the partition normal"]),
    ],
)  # fmt: skip
def test_problems(asked: dict[str, Any], workers: int, words: list[str]) -> None:
    problems = find_problems(options(**asked), real_site(), workers, now=NOW)
    assert len(problems) == len(words), problems
    for problem, expected in zip(problems, words, strict=True):
        assert expected in problem


def test_a_walltime_that_nobody_asked_for_counts_too() -> None:
    """Seen: accepted, and pends for ever with AssocMaxWallDurationPerJobLimit."""
    asked = read_options({"cores": 1, "memory": "2GiB", "walltime": None}, {})
    (problem,) = find_problems(asked, real_site(), 1)
    assert problem == "Account proj allows 2 days, you asked for 5 days"
    (note,) = find_notes(asked, real_site(), 1)
    assert note == "Without a walltime, jobs in normal get 5 days"


@pytest.mark.parametrize(
    ("asked", "workers", "words"),
    [
        ({"memory": "7GiB"}, 1, []),
        ({"partition": "mixed", "memory": "20000MiB"}, 1,
         ["19.5 GiB on 1 core become 3 cores: 8000 MB belong to each core here"]),
        ({"partition": "fat", "memory": "20000MiB"}, 1, ["become 2 cores: 16000 MB"]),
        ({"directives": ["--exclusive"]}, 1, ["every worker takes a whole node, 4 cores"]),
        ({"environment": {"MY_TOKEN": "x", "OMP_NUM_THREADS": "1"}}, 1,
         ["The value of MY_TOKEN can be read"]),
        ({}, 9, ["normal has room for 6 such workers at once"]),
        ({"cores": 4, "partition": "normal"}, 30,
         ["normal has room for 2 such", "Account proj lets 9 of 30 workers run at once (9 jobs)",
          "Account proj lets 20 of 30 workers run at once (20 jobs for all its users)"]),
        ({"walltime": "2-00:00:00"}, 40,
         ["room for 6", "9 of 40", "20 of 40",
          "1920 core-hours in all, and Account proj has 1000"]),
        ({"partition": "short", "account": "root"}, 1, []),
    ],
)  # fmt: skip
def test_notes(asked: dict[str, Any], workers: int, words: list[str]) -> None:
    site = real_site()
    notes = find_notes(options(**asked), site, workers, now=NOW)
    assert len(notes) == len(words), notes
    for note, expected in zip(notes, words, strict=True):
        assert expected in note


# -- the sites that are known ---------------------------------------------------------------------


def one(name: str, cores: int, memory_gib: int, **more: Any) -> Partition:
    return Partition(name, True, "UP", 10, cores, memory_gib * GIB, 120 * 3600, **more)


SPIDER = Site("spider", (one("normal", 12, 96),), ())
SNELLIUS = Site("snellius", (one("rome", 128, 224),), ())


def test_spider_32_gib_on_4_cores_become_5() -> None:
    """As seen on the real site; its slurm.conf may not say so to users, the preset does."""
    rules = load_presets()["spider"]
    asked = options(cores=4, memory="32GiB")
    assert find_problems(asked, SPIDER, 2, rules=rules) == []
    assert find_notes(asked, SPIDER, 2, rules=rules) == [
        "32 GiB on 4 cores become 5 cores: 8000 MB belong to each core here"
    ]
    assert core_hours(asked, 2, SPIDER.partitions[0], rules) == 10
    assert find_notes(options(cores=4, memory="30GiB"), SPIDER, 2, rules=rules) == []
    (problem,) = find_problems(options(cores=4, memory="95GiB"), SPIDER, rules=rules)
    assert problem.startswith("95GiB of memory take 13 cores here")


def test_snellius_bills_shares_of_a_node() -> None:
    rules, rome = load_presets()["snellius"], SNELLIUS.partitions[0]
    asked = options(cores=1, memory="4GiB")
    assert (granted_cores(asked, rome, rules), billed_cores(asked, rome, rules)) == (1, 16)
    (note,) = find_notes(asked, SNELLIUS, 1, rules=rules)
    assert note == "Billed as 16 cores: rome is billed in parts of 16 cores with 28 GiB"
    assert billed_cores(options(cores=16, memory="29GiB"), rome, rules) == 32
    assert find_notes(options(cores=16, memory="28GiB"), SNELLIUS, 1, rules=rules) == []


# -- what no print of ours shows ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("site", "asked", "words"),
    [
        (Site("x", (one("p", 4, 8, nodes_down=10),), ()), {}, "All nodes of p are down"),
        (Site("x", (one("p", 4, 8, nodes_minimum=2),), ()), {}, "at least 2 nodes"),
        (
            Site("x", (one("p", 4, 8, node_kinds=(NodeKind(1, 64, 8 * GIB),
                                                   NodeKind(1, 4, 99 * GIB))),), ()),
            {"cores": 10, "memory": "20GiB"},
            "No node of p has both 10 cores and 20GiB",
        ),
        (Site("x", (one("p", 4, 8),), (), "a", limits=(Limit("account", "a", cores_per_job=1),)),
         {"cores": 2}, "Account a allows 1 core, and a worker takes 2"),
        (Site("x", (one("p", 4, 8),), (), "a", limits=(Limit("account", "a", memory_bytes=GIB),)),
         {"memory": "2GiB"}, "Account a allows 1 GiB of memory, not 2GiB"),
        (Site("x", (one("p", 4, 8),), (), "a", limits=(Limit("account", "a", core_minutes=30),)),
         {}, "One worker takes 1 core-hours, Account a has 0.5 in all"),
        (Site("x", (one("p", 4, 8),), (), "a", limits=(Limit("account", "a", jobs=0),)),
         {}, "allows no jobs at all"),
        (Site("x", (one("p", 4, 8, partition_qos="pq"),), (), limits=(
            Limit("qos", "pq", walltime_s=60), Limit("qos", "other", walltime_s=1))),
         {}, "QOS pq allows 1 min, you asked for 1 h"),
    ],
)  # fmt: skip
def test_problems_of_other_sites(site: Site, asked: dict[str, Any], words: str) -> None:
    (problem,) = find_problems(options(**asked), site, 1)
    assert words in problem


def test_limits_of_another_account_or_partition_are_no_matter() -> None:
    other = Limit("account", "b", walltime_s=60)
    elsewhere = Limit("account", "a", partition="q", walltime_s=60)
    site = Site("x", (one("p", 4, 8),), (), "a", limits=(other, elsewhere))
    assert find_problems(options(), site, 1) == []


def test_maintenance_is_told_to_whom_it_concerns() -> None:
    window = Reservation("m", False, NOW + timedelta(hours=3), None, None, 9, maintenance=True)
    site = Site("x", (one("p", 4, 8),), (), reservations=(window,))
    assert find_notes(options(walltime="02:00:00"), site, now=NOW) == []
    (note,) = find_notes(options(walltime="1-00:00:00"), site, now=NOW)
    assert note.startswith("Maintenance begins in 3 h: jobs that may run for longer wait")


def test_a_site_without_partitions_has_no_limits() -> None:
    assert find_problems(options(partition="x", cores=999), Site(None, (), ()), 9) == []
    assert find_notes(options(), Site(None, (), ()), 9) == []


def test_what_is_skipped_or_set_by_other_keys_counts() -> None:
    settings = {"cores": 2, "memory": "99GiB", "walltime": "01:00:00"}
    skipped = read_options({**settings, "job-directives-skip": ["--mem="]}, {})
    assert find_problems(skipped, SPIDER, 1) == []
    whole = read_options({**settings, "job-mem": "0"}, {})
    assert find_problems(whole, SPIDER, 1) == []
    more = read_options({**settings, "job-mem": "98000", "job-cpu": 13}, {})
    assert find_problems(more, SPIDER, 1) == ["A node of normal has 12 cores, not 13"]
    asked = {"cores": 2, "memory": "4GiB"}
    assert read_options({**settings, "job-mem": "98000", "job-cpu": 13}, asked).job_memory == "4G"


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        ([], None),
        (["--qos=a"], "a"),
        (["--qos a"], "a"),
        (["-q a"], "a"),
        (["-qa"], "a"),
        (["--exclusive --qos=a"], "a"),
        (["--qos=a", "--qos='b'"], "b"),
        (["--qos=a", "-q b"], "b"),
        (["--qos-x=a"], None),
        (["--qos", "--exclusive"], ""),
    ],
)
def test_what_sbatch_takes_an_option_to_be(lines: list[str], value: str | None) -> None:
    assert directive_value(lines, "--qos", "-q") == value


def test_core_hours() -> None:
    assert core_hours(options(cores=4, walltime="00:30:00"), 10) == 20
    assert core_hours(options(walltime="UNLIMITED"), 10) == 0


def test_caps_and_groups_of_a_request() -> None:
    """A cap is told before submit; of adaptive workers the most that there may be count."""
    request = read_request({"adapt": {"minimum": 1, "maximum": 6}}, load_presets(), "generic")
    assert [workers for _, workers in groups_of(request)] == [6]
    assert caps_problems(request, NOW) == []
    with dask.config.set({"rsdat.clusters.caps": {"workers": 5}}):
        (problem,) = caps_problems(request, NOW)
    assert problem == "At most 5 workers are allowed for a cluster, this would be 6"
