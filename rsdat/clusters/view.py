"""A cluster as the REST interface shows it, from record, jobs and scheduler. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rsdat.base.clock import to_iso
from rsdat.clusters.cost import core_hours, cores_in_use
from rsdat.clusters.deadlines import job_end, warnings
from rsdat.clusters.diagnose import Diagnosis, explain
from rsdat.clusters.link import SchedulerSeen, WorkerSeen
from rsdat.clusters.naming import group_resource, job_order, worker_job
from rsdat.clusters.placement.job import the_job
from rsdat.clusters.reconcile import SchedulerState, jobs_of_groups
from rsdat.clusters.record import FIRST_GROUP, EndedJob, Group, Record
from rsdat.queue.interface import Job

#: Ended jobs that are listed, the last ones.
SHOWN_ENDED = 20


@dataclass(frozen=True)
class Observed:
    """What was last seen of a cluster."""

    jobs: tuple[Job, ...] = ()
    scheduler: SchedulerState = "none"
    answer: SchedulerSeen | None = None
    #: The jobs that the scheduler has for itself.
    own: tuple[Job, ...] = ()


def jobs_of_workers(cluster_id: str, workers: Sequence[WorkerSeen]) -> dict[str, list[WorkerSeen]]:
    """Connected workers by the job they run in. Workers that are not ours are left out."""
    found: dict[str, list[WorkerSeen]] = {}
    for worker in workers:
        job = worker_job(cluster_id, worker.name)
        if job is not None:
            found.setdefault(job, []).append(worker)
    return found


def public_state(record: Record, observed: Observed) -> str:
    """starting, running, stopping, stopped or failed."""
    if record.phase != "up":
        return record.phase
    if observed.scheduler == "dead":
        return "failed"
    reached = record.scheduler is not None and record.scheduler.dask_id is not None
    return "running" if reached else "starting"


def cluster_view(
    record: Record,
    observed: Observed,
    diagnosis: Diagnosis | None,
    now: datetime,
    *,
    idle_ends: datetime | None = None,
    can_hold: bool = False,
    jupyter_ends: datetime | None = None,
) -> dict[str, Any]:
    """The `Cluster` of docs/api.yaml.

    Args:
        record: What was asked for and done.
        observed: What was seen.
        diagnosis: What is wrong.
        now: The time.
        idle_ends: When it shuts itself down unless something is computed.
        can_hold: The queue can hold jobs.
        jupyter_ends: When the job ends that the companion runs in.
    """
    state = public_state(record, observed)
    answer = observed.answer if state in ("running", "stopping") else None
    all_workers = answer.workers if answer else ()
    workers = jobs_of_workers(record.id, all_workers)
    present = [job for job in observed.jobs if not job.ended]
    booked = {job.id for job in record.ended}
    ended = [job for job in observed.jobs if job.ended and job.id not in booked]
    mine = jobs_of_groups(record, present)
    groups = [_group(record, group, mine[group.name], workers, state) for group in record.groups]
    dashboard = answer is not None and answer.dashboard_port is not None and state == "running"
    job = the_job(record.scheduler_job, observed.own)
    job_ends = job_end(job, now) if job is not None else None
    ends_at = jupyter_ends if record.mode == "beside" else job_ends
    can_hold = can_hold and record.phase == "up"
    return {
        "id": record.id,
        "name": record.name,
        "state": state,
        "created": to_iso(record.created),
        "preset": record.preset,
        "scheduler": {
            "address": answer.address if answer else None,
            "mode": record.mode,
            "ends_at": to_iso(ends_at) if ends_at and record.phase == "up" else None,
            "dashboard": f"rsdat/clusters/{record.id}/dashboard/" if dashboard else None,
            "job": record.scheduler_job.id if record.scheduler_job else None,
            "id": _dask_id(record, answer),
        },
        "workers": {
            key: sum(group["workers"][key] for group in groups)
            for key in ("wanted", "queued", "starting", "connected")
        },
        "cores": sum(worker.threads for worker in all_workers),
        "memory": sum(worker.memory_bytes for worker in all_workers),
        "adapt": groups[0]["adapt"],
        "options": groups[0]["options"],
        "groups": groups,
        "jobs": [
            *_scheduler_row(record, job, now, can_hold=can_hold),
            *_jobs(record, mine, workers, now, can_hold=can_hold, ended=ended),
        ],
        "dask_workers": [
            worker_view(each) for each in all_workers if worker_job(record.id, each.name) is None
        ],
        "idle": {
            "after": record.idle_after,
            "ends_at": to_iso(idle_ends) if idle_ends else None,
        },
        "renew": record.renew,
        "warnings": _warnings(record, job_ends, jupyter_ends, now),
        "diagnosis": diagnosis.as_dict() if diagnosis else None,
        "cost": {
            "core_hours": round(core_hours(record, mine, now, job), 4),
            "per_hour": float(cores_in_use(record, mine, job)),
        },
    }


def _dask_id(record: Record, answer: SchedulerSeen | None) -> str | None:
    known = record.scheduler.dask_id if record.scheduler else None
    return answer.dask_id if answer else known


def _group(
    record: Record,
    group: Group,
    present: Sequence[Job],
    workers: Mapping[str, Sequence[WorkerSeen]],
    state: str,
) -> dict[str, Any]:
    staying = [job for job in present if job.id not in record.leaving]
    starting = sum(
        job.alive and job.id not in workers and job.state != "COMPLETING" for job in staying
    )
    return {
        "name": group.name,
        "workers": {
            "wanted": group.wanted,
            "queued": sum(job.waiting for job in staying),
            "starting": 0 if state in ("stopping", "failed") else starting,
            "connected": sum(len(workers.get(job.id, ())) for job in present),
        },
        "adapt": ({"minimum": group.adapt[0], "maximum": group.adapt[1]} if group.adapt else None),
        "options": group.options.as_request(),
        "resources": {group_resource(group.name): 1.0, **group.resources},
    }


def fingerprint(observed: Observed) -> tuple[Any, ...]:
    """What of a look at a cluster makes it another view, to tell cheaply whether it changed.

    Not what changes by the mere passing of time, nor what a worker measures of itself.
    """
    answer = observed.answer
    seen = answer and (
        answer.address,
        answer.dashboard_port,
        [(worker.name, worker.address, worker.status) for worker in answer.workers],
    )
    return (
        observed.scheduler,
        seen,
        [
            (job.id, job.state, job.reason, job.node, job.start_estimate, job.started, job.exit)
            for job in (*observed.own, *observed.jobs)
        ],
    )


def warned_of(
    record: Record, observed: Observed, now: datetime, jupyter_ends: datetime | None
) -> list[str]:
    """What the view warns of now, in words."""
    job = the_job(record.scheduler_job, observed.own)
    job_ends = job_end(job, now) if job is not None else None
    return [each["message"] for each in _warnings(record, job_ends, jupyter_ends, now)]


def _warnings(
    record: Record, job_ends: datetime | None, jupyter_ends: datetime | None, now: datetime
) -> list[dict[str, Any]]:
    if record.phase != "up" or record.mode == "attached":
        return []
    return warnings(
        scheduler_mode=record.mode, scheduler_ends=job_ends, jupyter_ends=jupyter_ends, now=now
    )


def _scheduler_row(
    record: Record, job: Job | None, now: datetime, *, can_hold: bool
) -> list[dict[str, Any]]:
    placed = record.scheduler_job
    if placed is None:
        return []
    if placed.ended is not None:
        return [{**_gone(placed.ended, now), "kind": "scheduler", "group": None}]
    if job is None or placed.id is None:
        return []
    # Not to be cancelled alone: that ends the cluster, and `Shut down` does it better.
    can = _actions(job, can_hold=can_hold) if placed.cancelled is None else []
    actions = [action for action in can if action != "cancel"]
    row = {**_present(job, (), now), "id": placed.id, "kind": "scheduler", "group": None}
    return [{**row, "actions": actions}]


def _jobs(
    record: Record,
    present: Mapping[str, Sequence[Job]],
    workers: Mapping[str, Sequence[WorkerSeen]],
    now: datetime,
    *,
    can_hold: bool,
    ended: Sequence[Job],
) -> list[dict[str, Any]]:
    rows = {}
    names = record.groups_of_arrays()
    for job in ended:
        # Seen, and not in the books yet: it must not be missing for a moment.
        asked = "ended as asked" if job.id in record.leaving or record.phase != "up" else None
        row = _present(job, (), now)
        row["explanation"] = asked or row["explanation"]
        rows[job.id] = {**row, "group": names.get(job.array_id, FIRST_GROUP), "actions": []}
    for group, jobs in present.items():
        for job in jobs:
            row = _present(job, workers.get(job.id, ()), now)
            actions = _actions(job, can_hold=can_hold) if job.id not in record.leaving else []
            if record.mode == "job" and job.waiting and job.reason == "Dependency":
                row["explanation"] = "waits for the scheduler's job to start"
            rows[job.id] = {**row, "group": group, "actions": actions}
    for gone in record.ended[-SHOWN_ENDED:]:
        rows.setdefault(gone.id, _gone(gone, now))
    return [rows[job_id] for job_id in sorted(rows, key=job_order)]


def _actions(job: Job, *, can_hold: bool) -> list[str]:
    if job.state == "COMPLETING":
        return []
    if not job.waiting or not can_hold:
        return ["cancel"]
    # `scontrol release` of a job that an administrator holds is refused (man scontrol).
    held = (job.reason or "").startswith("JobHeldUser")
    by_others = (job.reason or "").startswith("JobHeldAdmin")
    return ["cancel"] if by_others else ["cancel", "release" if held else "hold"]


def _present(job: Job, mine: Sequence[WorkerSeen], now: datetime) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": "worker",
        "state": job.state,
        "reason": job.reason,
        "explanation": explain(job, now),
        "start_estimate": to_iso(job.start_estimate) if job.start_estimate else None,
        "started": to_iso(job.started) if job.started else None,
        "ended": None,
        "node": job.node,
        "time_left": job.time_left_s,
        "worker": mine[0].address if mine else None,
        "workers": [worker_view(worker) for worker in mine],
        "exit": job.exit,
    }


def worker_view(worker: WorkerSeen) -> dict[str, Any]:
    """The `DaskWorker` of docs/api.yaml."""
    return {
        "name": worker.name,
        "address": worker.address,
        "threads": worker.threads,
        "memory_limit": worker.memory_bytes,
        "memory": worker.used_bytes,
        "cpu": worker.cpu_percent,
        "status": worker.status,
        "executing": worker.executing,
        "ready": worker.ready,
        "in_memory": worker.in_memory,
    }


def _gone(job: EndedJob, now: datetime) -> dict[str, Any]:
    as_job = Job(job.id, "", "", job.state, reason=job.reason, exit=job.exit)
    return {
        "id": job.id,
        "kind": "worker",
        "group": job.group,
        "state": job.state,
        "reason": job.reason,
        "explanation": _farewell(job) or explain(as_job, now),
        "start_estimate": None,
        "started": None,
        "ended": to_iso(job.at),
        "node": job.node,
        "time_left": None,
        "worker": None,
        "workers": [],
        "exit": job.exit,
        "actions": [],
    }


def _farewell(job: EndedJob) -> str | None:
    if job.left:
        return "left before its walltime"
    return "ended as asked" if job.expected else None
