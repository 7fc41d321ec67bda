"""What `cluster.json` holds: what was asked of a cluster, and what was done for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal, TypeVar

from rsdat.base.clock import from_iso, to_iso
from rsdat.clusters.options import Options

#: The group that every cluster has.
FIRST_GROUP = "workers"

#: Why a cluster ended: somebody asked, it had no work, or its scheduler was gone.
EndReason = Literal["asked", "idle", "failed"]
#: Its own process beside Jupyter, its own job, or somebody else's.
SchedulerMode = Literal["beside", "job", "attached"]

_T = TypeVar("_T")


@dataclass
class Submission:
    """One call of the queue's `submit`, written down before it is made.

    Attributes:
        at: When it was written down, and after that when the queue told its id: an answer that
            was on its way then does not show its jobs.
        array_id: None until the queue has told it, or the jobs were found by their name.
        unsure: The call ended without a sure answer, or never came back: look for the name.
        missing_since: The first look at the queue, after that, that did not find it.
    """

    token: str
    tasks: int
    at: datetime
    array_id: str | None = None
    group: str = FIRST_GROUP
    unsure: bool = False
    missing_since: datetime | None = None

    def jobs(self) -> list[str]:
        """Ids of its jobs; none while the array's id is not known."""
        return [] if self.array_id is None else [f"{self.array_id}_{n}" for n in range(self.tasks)]


@dataclass
class EndedJob:
    """How a job ended. `expected` means that rsdat had asked it to, or that it had to come."""

    id: str
    state: str
    exit: str | None
    reason: str | None
    node: str | None
    run_s: int
    expected: bool
    connected: bool
    at: datetime
    group: str = FIRST_GROUP
    #: Its worker left by itself before the walltime.
    left: bool = False


@dataclass
class Group:
    """Workers asked for alike.

    Attributes:
        resources: Dask resources of each worker, besides the one that is named after the group.
        adapt: Least and most workers, where Dask decides how many.
        wished: When its size was last asked for; what failed before is forgiven.
        failures: Jobs in a row that ended before their worker was connected.
        losses: When jobs ended unasked, lately.
        held: Nothing more is submitted until the next wish.
        problem: Why, as `message` and `hint`.
        removing: It is to be forgotten once its last job has gone.
        wanted_before_end: Its size when the end of the cluster was asked for, and
        adapt_before_end: its bounds: what to start again with.
    """

    name: str
    options: Options
    wanted: int
    adapt: tuple[int, int] | None = None
    resources: dict[str, float] = field(default_factory=dict)
    wished: datetime | None = None
    failures: int = 0
    losses: list[datetime] = field(default_factory=list)
    held: bool = False
    problem: dict[str, str | None] | None = None
    removing: bool = False
    wanted_before_end: int = 0
    adapt_before_end: tuple[int, int] | None = None

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Group:
        """The inverse of what `Record.as_dict` makes of it."""
        known = _known(cls, value)
        known["options"] = Options.from_dict(value["options"])
        if value.get("wished"):
            known["wished"] = from_iso(value["wished"])
        for bounds in ("adapt", "adapt_before_end"):
            if value.get(bounds):
                known[bounds] = (value[bounds][0], value[bounds][1])
        known["losses"] = [from_iso(at) for at in value.get("losses", [])]
        return cls(**known)


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
class SchedulerJob:
    """The scheduler's own job, where it has one.

    Attributes:
        options: What it asks for.
        submission: None until it was submitted.
        ended: How it ended.
        cancelled: When it was last asked to end.
    """

    options: Options
    submission: Submission | None = None
    ended: EndedJob | None = None
    cancelled: datetime | None = None

    @property
    def id(self) -> str | None:
        """The id of the job; None while it is not known."""
        ids = self.submission.jobs() if self.submission else []
        return ids[0] if ids else None

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> SchedulerJob:
        """The inverse of what `Record.as_dict` makes of it."""
        known = _known(cls, value)
        known["options"] = Options.from_dict(value["options"])
        if value.get("submission"):
            known["submission"] = _build(Submission, value["submission"], "at", "missing_since")
        if value.get("ended"):
            known["ended"] = _build(EndedJob, value["ended"], "at")
        if value.get("cancelled"):
            known["cancelled"] = from_iso(value["cancelled"])
        return cls(**known)


@dataclass
class Attached:
    """A scheduler that somebody else started and ends, and how it is reached.

    Attributes:
        address: `tls://host:port` or `tcp://host:port`; None where the scheduler file says it.
        scheduler_file: Is read anew at each look.
        dashboard_port: Where its HTTP side is, if neither it nor its file says so.
        dask_id: Which scheduler it was when it was attached.
    """

    address: str | None = None
    scheduler_file: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    dashboard_port: int | None = None
    dask_id: str | None = None

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Attached:
        """The inverse of what `Record.as_dict` makes of it."""
        return cls(**_known(cls, value))


@dataclass
class Record:
    """All that is known of a cluster and is not in the queue or the scheduler."""

    id: str
    name: str
    created: datetime
    preset: str
    groups: list[Group]
    phase: Literal["up", "failed", "stopping", "stopped"] = "up"
    stop_asked: datetime | None = None
    stopped: datetime | None = None
    end_reason: EndReason | None = None
    scheduler: SchedulerProcess | None = None
    submissions: list[Submission] = field(default_factory=list)
    leaving: dict[str, datetime] = field(default_factory=dict)
    connected: list[str] = field(default_factory=list)
    ended: list[EndedJob] = field(default_factory=list)
    spent_core_s: float = 0.0
    #: All jobs that ended, of which `ended` keeps the last, and those that nobody had asked to.
    jobs_ended: int = 0
    jobs_failed: int = 0
    #: What keeps the scheduler from starting, as `message` and `hint`.
    problem: dict[str, str | None] | None = None
    #: Seconds without work after which it shuts itself down.
    idle_after: int | None = None
    #: When somebody asked for the countdown to begin anew.
    kept: datetime | None = None
    #: Jobs that somebody sends away, until they have ended.
    dismissed: list[str] = field(default_factory=list)
    #: Workers are replaced before their walltime ends.
    renew: bool = False
    #: Where the scheduler has a job of its own, and where it is somebody else's.
    scheduler_job: SchedulerJob | None = None
    attached: Attached | None = None

    @property
    def mode(self) -> SchedulerMode:
        """Where the scheduler runs."""
        if self.attached is not None:
            return "attached"
        return "job" if self.scheduler_job is not None else "beside"

    @property
    def first(self) -> Group:
        """The group that every cluster has."""
        return self.groups[0]

    @property
    def wanted(self) -> int:
        """Workers that are wanted, of all groups."""
        return sum(group.wanted for group in self.groups)

    @property
    def adapting(self) -> bool:
        """Whether Dask decides on the size of some group."""
        return any(group.adapt for group in self.groups)

    def group(self, name: str | None) -> Group | None:
        """The group of that name; the first for None."""
        if name is None:
            return self.first
        return next((group for group in self.groups if group.name == name), None)

    def groups_of_arrays(self) -> dict[str, str]:
        """Names of groups by array id, of all submissions that are remembered."""
        return {
            submission.array_id: submission.group
            for submission in self.submissions
            if submission.array_id is not None
        }

    def as_dict(self) -> dict[str, Any]:
        """JSON values only."""
        body = {item.name: getattr(self, item.name) for item in fields(self)}
        return {str(key): _plain(item) for key, item in body.items()}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Record:
        """The inverse of `as_dict`. Keys it does not know are left out."""
        known = _known(cls, value)
        known["groups"] = [Group.from_dict(item) for item in value["groups"]]
        known["created"] = from_iso(value["created"])
        for moment in ("stop_asked", "stopped", "kept"):
            if value.get(moment):
                known[moment] = from_iso(value[moment])
        if value.get("scheduler"):
            known["scheduler"] = _build(SchedulerProcess, value["scheduler"], "started")
        for key, kind in (("scheduler_job", SchedulerJob), ("attached", Attached)):
            if value.get(key):
                known[key] = kind.from_dict(value[key])
        known["submissions"] = [
            _build(Submission, item, "at", "missing_since") for item in value.get("submissions", [])
        ]
        known["ended"] = [_build(EndedJob, item, "at") for item in value.get("ended", [])]
        known["leaving"] = {job: from_iso(at) for job, at in value.get("leaving", {}).items()}
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


_PARTS = (Group, Submission, EndedJob, SchedulerProcess, SchedulerJob, Attached)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_iso(value)
    if isinstance(value, Options):
        return _plain(value.as_dict())
    if isinstance(value, _PARTS):
        # Not `asdict`, which copies deeply: with hundreds of jobs that takes a tenth of a second.
        return {key: _plain(item) for key, item in vars(value).items()}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
