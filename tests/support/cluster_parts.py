"""Records, jobs and times for tests of the pure parts of clusters."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta, timezone
from typing import Any

from rsdat.clusters.naming import job_name
from rsdat.clusters.options import Options, read_options
from rsdat.clusters.record import FIRST_GROUP, Group, Record, SchedulerProcess, Submission
from rsdat.queue.interface import Job

ID = "c0ffee00"
TOKEN = "0badcafe"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def options(**request: Any) -> Options:
    return read_options({"cores": 1, "memory": "2GiB", "walltime": "01:00:00"}, request)


def job(number: str, state: str = "RUNNING", **more: Any) -> Job:
    """`671_0` in a state; started a minute ago unless it waits."""
    started = None if state == "PENDING" else ago(60)
    array = number.partition("_")[0]
    more.setdefault("name", job_name(ID, more.pop("token", TOKEN)))
    return Job(number, array, state=state, **{"started": started, **more})


def group(wanted: int = 0, **more: Any) -> Group:
    """The first group, or another one by `name`."""
    return Group(**{"name": FIRST_GROUP, "options": options(), "wanted": wanted, **more})


def record(wanted: int = 0, **more: Any) -> Record:
    """A cluster that is up since an hour, whose jobs were submitted five minutes ago.

    What is a group's own goes to the first one.
    """
    own = {item.name for item in fields(Group)} - {item.name for item in fields(Record)}
    first = group(wanted, **{key: more.pop(key) for key in own & set(more)})
    scheduler = SchedulerProcess("here", 1, "boot:1", ago(3600), "Scheduler-1")
    submissions = [Submission(TOKEN, 4, ago(300), "7")]
    return Record(
        **{
            "id": ID,
            "name": "mine",
            "created": ago(3600),
            "preset": "generic",
            "groups": [first],
            "scheduler": scheduler,
            "submissions": submissions,
            **more,
        }
    )
