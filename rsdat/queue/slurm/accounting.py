"""Associations and QOS as sacctmgr prints them. Pure: text in, `Limit`s out."""

from __future__ import annotations

from collections.abc import Iterator

from rsdat.base.errors import InvalidInput
from rsdat.base.units import parse_bytes, parse_walltime_s
from rsdat.queue.site import Limit

#: Of `sacctmgr -nP show assoc`. What has no `Grp` in its name is shown as inherited; an account's
#: `Grp` limits stand in the line of the account alone, the one without a user.
ASSOC_FIELDS = (
    *("Cluster", "Account", "User", "Partition", "QOS", "DefaultQOS", "MaxWall", "MaxTRES"),
    *("MaxJobs", "MaxSubmit", "GrpJobs", "GrpSubmit", "GrpTRES", "GrpTRESMins"),
)
#: Of `sacctmgr -nP show qos`.
QOS_FIELDS = (
    *("Name", "MaxWall", "MaxTRES", "MaxTRESPU", "MaxTRESPA", "MaxJobsPU", "MaxJobsPA"),
    *("MaxSubmitPU", "MaxSubmitPA", "GrpTRES", "GrpJobs", "GrpSubmit", "GrpTRESMins"),
)


def parse_associations(text: str, cluster: str | None) -> tuple[Limit, ...]:
    """What `sacctmgr -nP show assoc format=ASSOC_FIELDS` prints: of a user, or of accounts."""
    found = []
    for facts in _rows(text, ASSOC_FIELDS):
        if not facts["Account"] or cluster not in (None, facts["Cluster"]):
            continue
        mine = bool(facts["User"])
        per_job, together = _tres(facts["MaxTRES"]), _tres(facts["GrpTRES"])
        found.append(
            Limit(
                kind="account",
                name=facts["Account"],
                partition=facts["Partition"] or None,
                shared=not mine,
                qos=tuple(name for name in facts["QOS"].split(",") if name),
                default_qos=facts["DefaultQOS"] or None,
                # A user's line shows what it inherits; the account's own would say it twice.
                walltime_s=_time_s(facts["MaxWall"]) if mine else None,
                cores_per_job=per_job.get("cpu") if mine else None,
                memory_per_job_bytes=per_job.get("mem") if mine else None,
                nodes_per_job=per_job.get("node") if mine else None,
                jobs=_least(facts["GrpJobs"], facts["MaxJobs"] if mine else ""),
                submitted=_least(facts["GrpSubmit"], facts["MaxSubmit"] if mine else ""),
                cores=together.get("cpu"),
                memory_bytes=together.get("mem"),
                nodes=together.get("node"),
                core_minutes=_tres(facts["GrpTRESMins"]).get("cpu"),
            )
        )
    return tuple(found)


def parse_qos(text: str) -> tuple[Limit, ...]:
    """What `sacctmgr -nP show qos format=QOS_FIELDS` prints."""
    found = []
    for facts in _rows(text, QOS_FIELDS):
        per_job = _tres(facts["MaxTRES"])
        together = [_tres(facts[key]) for key in ("MaxTRESPU", "MaxTRESPA", "GrpTRES")]
        found.append(
            Limit(
                kind="qos",
                name=facts["Name"],
                walltime_s=_time_s(facts["MaxWall"]),
                cores_per_job=per_job.get("cpu"),
                memory_per_job_bytes=per_job.get("mem"),
                nodes_per_job=per_job.get("node"),
                jobs=_least(facts["MaxJobsPU"], facts["MaxJobsPA"], facts["GrpJobs"]),
                submitted=_least(facts["MaxSubmitPU"], facts["MaxSubmitPA"], facts["GrpSubmit"]),
                cores=_smallest(together, "cpu"),
                memory_bytes=_smallest(together, "mem"),
                nodes=_smallest(together, "node"),
                core_minutes=_tres(facts["GrpTRESMins"]).get("cpu"),
            )
        )
    return tuple(found)


def _rows(text: str, fields: tuple[str, ...]) -> Iterator[dict[str, str]]:
    for line in text.splitlines():
        values = [value.strip() for value in line.split("|")]
        if len(values) == len(fields):
            yield dict(zip(fields, values, strict=True))


def _tres(text: str) -> dict[str, int]:
    """`cpu=16,mem=50G,gres/gpu=2`; memory in bytes, -1 is no limit."""
    found = {}
    for part in text.split(","):
        key, _, value = part.partition("=")
        if key == "mem":
            try:
                # A plain number is megabytes.
                found[key] = parse_bytes(f"{value}M" if value.isdigit() else value)
            except InvalidInput:
                continue
        elif value.isdigit():
            found[key] = int(value)
    return found


def _time_s(text: str) -> int | None:
    try:
        return parse_walltime_s(text)
    except InvalidInput:  # empty: no limit
        return None


def _least(*texts: str) -> int | None:
    return min((int(text) for text in texts if text.isdigit()), default=None)


def _smallest(limits: list[dict[str, int]], key: str) -> int | None:
    return min((each[key] for each in limits if key in each), default=None)
