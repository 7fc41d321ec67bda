"""Slurm's reasons for waiting as sentences, each with a next step. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

#: queue: it starts by itself. limit: as soon as something of the user's ends. site: when the site
#: mends or opens something. held: when somebody releases it. never: not as it was asked for.
Kind = Literal["queue", "limit", "site", "held", "never"]

#: The worst first: what a cluster's card says of jobs that wait for different reasons.
WORST_FIRST: tuple[Kind, ...] = ("never", "held", "site", "limit", "queue")

_NEW_CLUSTER = "Make a new cluster with"
_BY_ITSELF = (
    "It starts by itself. Fewer cores, less memory or a shorter walltime often start sooner."
)
_RELEASE = "Release it in the list of jobs, or with `scontrol release` and its id."
_ENDS = "It starts when others of your jobs end; ask for fewer workers if that takes too long."


@dataclass(frozen=True)
class Reason:
    """Why a job waits: words that go on from `it …`, and what to do."""

    kind: Kind
    words: str
    step: str


#: Found at the beginning of Slurm's reason, the first counts. Source: slurm 22.05,
#: src/common/slurm_protocol_defs.c, job_reason_string(), and what was seen.
_PLAIN: tuple[tuple[str, Reason], ...] = (
    ("Resources", Reason("queue", "waits for free nodes", _BY_ITSELF)),
    ("Priority", Reason("queue", "waits: other jobs come first", _BY_ITSELF)),
    (
        "DependencyNeverSatisfied",
        Reason(
            "never",
            "will never start: the job that it waits for did not end as it should",
            f"{_NEW_CLUSTER}out that dependency.",
        ),
    ),
    (
        "Dependency",
        Reason("queue", "waits for another job", "It starts by itself when that one has ended."),
    ),
    (
        "BeginTime",
        Reason("queue", "waits for its start time", "It starts by itself at that time."),
    ),
    (
        "JobArrayTaskLimit",
        Reason(
            "limit",
            "waits: the array may run only so many tasks at once",
            "It starts when another task of the array ends.",
        ),
    ),
    (
        "JobHeldUser",
        Reason(
            "held", "is held", _RELEASE
        ),
    ),
    (
        "JobHeldAdmin",
        Reason(
            "held",
            "is held by an administrator",
            "Only the site's administrators can release it: ask them why.",
        ),
    ),
    (
        "job requeued in held state",
        Reason(
            "held",
            "was put back into the queue, and is held there",
            _RELEASE,
        ),
    ),
    (
        "launch failed requeued held",
        Reason(
            "held",
            "is held: its node could not start it",
            "Release it in the list of jobs; if it is held again, tell the administrators.",
        ),
    ),
    (
        "PartitionTimeLimit",
        Reason(
            "never",
            "will never start: its walltime is longer than the partition allows",
            f"{_NEW_CLUSTER} a shorter walltime, or in another partition.",
        ),
    ),
    (
        "PartitionNodeLimit",
        Reason(
            "never",
            "will never start: it asks for more nodes than the partition allows",
            f"{_NEW_CLUSTER} fewer nodes a job, or in another partition.",
        ),
    ),
    (
        "PartitionConfig",
        Reason(
            "never",
            "will never start: no node of the partition is as large as it asks for",
            f"{_NEW_CLUSTER} fewer cores or less memory per worker, or in another partition.",
        ),
    ),
    (
        "BadConstraints",
        Reason(
            "never",
            "will never start: no node has all that it asks for",
            f"{_NEW_CLUSTER} other options: constraint, gres, cores, memory.",
        ),
    ),
    (
        "PartitionDown",
        Reason(
            "site",
            "waits: the partition is down",
            "It starts when the site opens the partition; another partition may be open.",
        ),
    ),
    (
        "PartitionInactive",
        Reason(
            "site",
            "waits: the partition is closed",
            "It starts when the site opens the partition; another partition may be open.",
        ),
    ),
    (
        "ReqNodeNotAvail, Reserved for maintenance",
        Reason(
            "site",
            "waits: its walltime reaches into a maintenance of the nodes",
            "It starts after the maintenance; with a shorter walltime it may start before.",
        ),
    ),
    (
        "ReqNodeNotAvail",
        Reason(
            "site",
            "waits: nodes that it needs are down, drained or reserved",
            "It starts when they are back; other nodes or another partition may be free.",
        ),
    ),
    (
        "Nodes required for job are DOWN",
        Reason(
            "site",
            "waits: the nodes are down, drained or reserved",
            "It starts when they are back; another partition may be free.",
        ),
    ),
    (
        "ReservationDeleted",
        Reason(
            "never",
            "will never start: its reservation was deleted",
            f"{_NEW_CLUSTER}out that reservation.",
        ),
    ),
    (
        "Reservation",
        Reason("queue", "waits for its reservation", "It starts when the reservation begins."),
    ),
    ("Licenses", Reason("queue", "waits for a licence", "It starts when one is given back.")),
    (
        "AccountNotAllowed",
        Reason(
            "never",
            "will never start: the partition does not take your account",
            f"{_NEW_CLUSTER} another account or partition.",
        ),
    ),
    (
        "QOSNotAllowed",
        Reason(
            "never",
            "will never start: the partition does not take its quality of service",
            f"{_NEW_CLUSTER} another partition or quality of service.",
        ),
    ),
    (
        "InvalidAccount",
        Reason(
            "never",
            "will never start: its account is not valid any more",
            f"{_NEW_CLUSTER} another account.",
        ),
    ),
    (
        "InvalidQOS",
        Reason(
            "never",
            "will never start: its quality of service is not valid any more",
            f"{_NEW_CLUSTER} another quality of service.",
        ),
    ),
    (
        "AssociationJobLimit",
        Reason("limit", "waits: your account runs as many jobs as it may", _ENDS),
    ),
    ("MaxMemPerLimit", Reason("never", "will never start: one job may not ask for so much memory",
                              f"{_NEW_CLUSTER} less memory per worker.")),
    ("DeadLine", Reason("never", "will never start: its deadline can't be met",
                        f"{_NEW_CLUSTER}out that deadline.")),
    ("Prolog", Reason("queue", "starts: its node gets ready", "It starts by itself.")),
    ("Cleaning", Reason("queue", "waits: its node is being cleaned up", "It starts by itself.")),
)  # fmt: skip

#: Limits of associations and of the quality of service: who, what and how.
_LIMIT = re.compile(r"(?P<owner>QOS|Assoc|MaxJobsPer|Max\w+Per)(?P<rest>\w*)")
_THINGS = (
    ("Submit", "jobs in the queue"),
    ("Jobs", "jobs"),
    ("Job", "jobs"),
    ("Cpu", "cores"),
    ("CPU", "cores"),
    ("Mem", "memory"),
    ("Node", "nodes"),
    ("GRES", "GPUs or other such devices"),
    ("Gres", "GPUs or other such devices"),
    ("License", "licences"),
    ("Billing", "of its budget"),
    ("BB", "burst buffer"),
)


@lru_cache(maxsize=512)
def read_reason(reason: str | None) -> Reason | None:
    """What Slurm's reason means; None where it gives none."""
    if not reason:
        return None
    for beginning, meaning in _PLAIN:
        if reason.startswith(beginning):
            return meaning
    return _limit(reason) or Reason(
        "queue", f"waits: {reason}", "That is Slurm's own word; the site's manual may tell more."
    )


def _limit(reason: str) -> Reason | None:
    match = _LIMIT.match(reason)
    if match is None:
        return None
    qos = match["owner"] == "QOS"
    if "RunMin" in reason or "RunMinutes" in reason:
        return Reason(
            "limit",
            f"waits: jobs that run hold as much of the budget as they may at once ({reason})",
            "It starts when some of them end; a shorter walltime holds less.",
        )
    if "Minutes" in reason or "Mins" in reason:
        return Reason(
            "never",
            f"will not start: the budget is used up, or this job would exceed it ({reason})",
            "Ask the site for more budget; fewer cores or a shorter walltime may still fit.",
        )
    if "Wall" in reason:
        return Reason(
            "never",
            f"will never start: its walltime is longer than you may ask for ({reason})",
            f"{_NEW_CLUSTER} a shorter walltime.",
        )
    limited = re.sub("Per(Job|Node|User|Account)", "", reason)
    thing = next((words for key, words in _THINGS if key in limited), None)
    what = f" ({thing})" if thing else ""
    if "Min" in match["rest"]:
        return Reason(
            "never",
            f"will never start: one job has to ask for more{what} ({reason})",
            f"{_NEW_CLUSTER} more cores or memory per worker, and fewer of them.",
        )
    if "PerJob" in reason or "PerNode" in reason:
        return Reason(
            "never",
            f"will never start: one job may not ask for so much{what} ({reason})",
            f"{_NEW_CLUSTER} fewer cores or less memory per worker.",
        )
    if qos:
        words = f"waits: the limit of its quality of service is reached{what} ({reason})"
    else:
        words = f"waits: your account uses as much as it may at once{what} ({reason})"
    return Reason("limit", words, _ENDS)
