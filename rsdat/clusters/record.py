"""What `cluster.json` holds: what was asked of a cluster, and what was done for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal, TypeVar

from rsdat.base.clock import from_iso, to_iso
from rsdat.clusters.options import Options

FORMAT = 1

_T = TypeVar("_T")


@dataclass
class Submission:
    """One call of the queue's `submit`, written down before it is made.

    Attributes:
        array_id: None until the queue has told it, or the jobs were found by their name.
        unsure: The call ended without a sure answer, or never came back: look for the name.
        missing_since: The first look at the queue, after that, that did not find it.
    """

    token: str
    tasks: int
    at: datetime
    array_id: str | None = None
    unsure: bool = False
    missing_since: datetime | None = None

    def jobs(self) -> list[str]:
        """Ids of its jobs; none while the array's id is not known."""
        return [] if self.array_id is None else [f"{self.array_id}_{n}" for n in range(self.tasks)]


@dataclass
class EndedJob:
    """How a job ended. `expected` means that rsdat had asked it to."""

    id: str
    state: str
    exit: str | None
    reason: str | None
    node: str | None
    run_s: int
    expected: bool
    connected: bool
    at: datetime


@dataclass
class SchedulerProcess:
    """The scheduler's process, so that any companion can recognise and end it.

    Attributes:
        host: The computer it runs on.
        birth: Boot and start time: a process id alone is used again.
        dask_id: Its id as it told us over TLS; None as long as it was never reached.
    """

    host: str
    pid: int
    birth: str
    started: datetime
    dask_id: str | None = None


@dataclass
class Record:
    """All that is known of a cluster and is not in the queue or the scheduler."""

    id: str
    name: str
    created: datetime
    preset: str
    options: Options
    wanted: int
    adapt: tuple[int, int] | None = None
    phase: Literal["up", "failed", "stopping", "stopped"] = "up"
    stop_asked: datetime | None = None
    wished: datetime | None = None
    scheduler: SchedulerProcess | None = None
    submissions: list[Submission] = field(default_factory=list)
    leaving: dict[str, datetime] = field(default_factory=dict)
    connected: list[str] = field(default_factory=list)
    ended: list[EndedJob] = field(default_factory=list)
    spent_core_s: float = 0.0
    failures: int = 0
    losses: list[datetime] = field(default_factory=list)
    held: bool = False
    problem: dict[str, str | None] | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON values only."""
        body = {item.name: getattr(self, item.name) for item in fields(self)}
        return {**_plain(body), "options": _plain(self.options.as_dict())}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Record:
        """The inverse of `as_dict`. Keys it does not know are left out."""
        known = _known(cls, value)
        known["options"] = Options.from_dict(value["options"])
        known["created"] = from_iso(value["created"])
        for moment in ("stop_asked", "wished"):
            if value.get(moment):
                known[moment] = from_iso(value[moment])
        if value.get("adapt"):
            known["adapt"] = (value["adapt"][0], value["adapt"][1])
        if value.get("scheduler"):
            known["scheduler"] = _build(SchedulerProcess, value["scheduler"], "started")
        known["submissions"] = [
            _build(Submission, item, "at", "missing_since") for item in value.get("submissions", [])
        ]
        known["ended"] = [_build(EndedJob, item, "at") for item in value.get("ended", [])]
        known["leaving"] = {job: from_iso(at) for job, at in value.get("leaving", {}).items()}
        known["losses"] = [from_iso(at) for at in value.get("losses", [])]
        return cls(**known)


def _known(cls: type[Any], value: Mapping[str, Any]) -> dict[str, Any]:
    names = {item.name for item in fields(cls)}
    return {key: item for key, item in value.items() if key in names}


def _build(cls: type[_T], value: Mapping[str, Any], *times: str) -> _T:
    known = _known(cls, value)
    for key in times:
        if known.get(key) is not None:
            known[key] = from_iso(known[key])
    return cls(**known)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_iso(value)
    if isinstance(value, (Submission, EndedJob, SchedulerProcess)):
        # Not `asdict`, which copies deeply: with hundreds of jobs that takes a tenth of a second.
        return {key: _plain(item) for key, item in vars(value).items()}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
