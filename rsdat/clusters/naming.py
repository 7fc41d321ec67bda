"""Names: of clusters, of their jobs in the queue, and of the workers in those jobs."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from functools import lru_cache

from rsdat.base.errors import InvalidInput

MAX_NAME = 64
#: The same few thousand names are read again at every look.
_NAMES_KEPT = 16384
_ID = re.compile(r"[a-z0-9-]+\Z")
_JOB_NAME = re.compile(r"rsdat-(?P<id>[a-z0-9-]+)-(?P<token>[0-9a-f]{8})\Z")
_SCHEDULER_JOB_NAME = re.compile(r"rsdat-(?P<id>[a-z0-9-]+)-s(?P<token>[0-9a-f]{8})\Z")
_WORKER_JOB = re.compile(r"(?P<job>\d+_\d+)(?:-\d+)?\Z")

#: What every job of every cluster is named by first: one look at the queue finds all.
JOB_PREFIX = "rsdat-"


def new_id() -> str:
    """A cluster id that nobody has: `c` and eight hexadecimal digits."""
    return f"c{secrets.token_hex(4)}"


def is_id(text: str) -> bool:
    """Whether a text may be a cluster id, and so the name of a folder."""
    return bool(_ID.match(text))


def new_token() -> str:
    """What tells one submission from all others: eight hexadecimal digits."""
    return secrets.token_hex(4)


def job_name(cluster_id: str, token: str) -> str:
    """The name that all jobs of one submission carry."""
    return f"{JOB_PREFIX}{cluster_id}-{token}"


@lru_cache(_NAMES_KEPT)
def parse_job_name(name: str) -> tuple[str, str] | None:
    """Cluster id and token of the name of a worker's job; None for other jobs."""
    match = _JOB_NAME.match(name)
    return (match["id"], match["token"]) if match else None


def scheduler_job_name(cluster_id: str, token: str) -> str:
    """The name of the job that a cluster's scheduler runs in."""
    return f"{JOB_PREFIX}{cluster_id}-s{token}"


@lru_cache(_NAMES_KEPT)
def parse_scheduler_job_name(name: str) -> tuple[str, str] | None:
    """Cluster id and token of the name of a scheduler's job; None for other jobs."""
    match = _SCHEDULER_JOB_NAME.match(name)
    return (match["id"], match["token"]) if match else None


def cluster_of_job(name: str) -> str | None:
    """The cluster that a job belongs to by its name; None for other people's jobs."""
    parsed = parse_job_name(name) or parse_scheduler_job_name(name)
    return parsed[0] if parsed else None


@lru_cache(_NAMES_KEPT)
def worker_job(cluster_id: str, worker_name: str) -> str | None:
    """The job that a worker runs in, `671_0`; None for workers that are not ours.

    With several worker processes in a job, Dask appends `-0`, `-1`, … to the name.
    """
    if not worker_name.startswith(f"{cluster_id}-"):
        return None
    match = _WORKER_JOB.match(worker_name[len(cluster_id) + 1 :])
    return match["job"] if match else None


def group_resource(group: str) -> str:
    """The Dask resource that every worker of a group has, so that code can choose it."""
    return f"group-{group}"


@lru_cache(_NAMES_KEPT)
def job_order(job_id: str) -> tuple[int, int]:
    """Sorts job ids as they were submitted: by array, then by task."""
    array, _, task = job_id.partition("_")
    return (int(array) if array.isdigit() else 0, int(task) if task.isdigit() else 0)


def check_name(name: object) -> str:
    """The name as it will be shown, spaces at its ends dropped.

    Raises:
        InvalidInput: Empty, too long, or with characters that can't be printed.
    """
    if not isinstance(name, str):
        raise InvalidInput("A cluster's name is a text")
    name = name.strip()
    if not name:
        raise InvalidInput("A cluster needs a name")
    if len(name) > MAX_NAME:
        raise InvalidInput(f"A cluster's name has at most {MAX_NAME} characters")
    # isprintable() refuses control characters, line breaks of all kinds and lone surrogates, but
    # also the joiners that many emoji and scripts are made with.
    if not all(c.isprintable() or c in "\u200c\u200d" for c in name):
        raise InvalidInput("A cluster's name has only characters that can be printed")
    return name


def default_name(taken: Iterable[str]) -> str:
    """`SLURMCluster 1`, or the next number that is free."""
    names = set(taken)
    number = 1
    while f"SLURMCluster {number}" in names:
        number += 1
    return f"SLURMCluster {number}"
