"""A cluster as the REST interface shows it, from record, jobs and scheduler. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rsdat.base.clock import to_iso
from rsdat.clusters.diagnose import Diagnosis, explain
from rsdat.clusters.link import SchedulerSeen, WorkerSeen
from rsdat.clusters.naming import job_order, worker_job
from rsdat.clusters.reconcile import SchedulerState
from rsdat.clusters.record import EndedJob, Record
from rsdat.queue.interface import Job


@dataclass(frozen=True)
class Observed:
    """What was last seen of a cluster."""

    jobs: tuple[Job, ...] = ()
    scheduler: SchedulerState = "none"
    answer: SchedulerSeen | None = None


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
    record: Record, observed: Observed, diagnosis: Diagnosis | None, now: datetime
) -> dict[str, Any]:
    """The `Cluster` of docs/api.yaml."""
    state = public_state(record, observed)
    answer = observed.answer if state in ("running", "stopping") else None
    workers = jobs_of_workers(record.id, answer.workers if answer else ())
    present = [job for job in observed.jobs if not job.ended]
    all_workers = answer.workers if answer else ()
    running_s = sum(
        max((now - job.started).total_seconds(), 0.0)
        for job in present
        if job.alive and job.started is not None
    )
    core_s = record.spent_core_s + running_s * record.options.cores
    dashboard = answer is not None and answer.dashboard_port is not None and state == "running"
    return {
        "id": record.id,
        "name": record.name,
        "state": state,
        "created": to_iso(record.created),
        "scheduler": {
            "address": answer.address if answer else None,
            "mode": "beside",
            "ends_at": None,
            "dashboard": f"rsdat/clusters/{record.id}/dashboard/" if dashboard else None,
        },
        "workers": {
            "wanted": record.wanted,
            "queued": sum(job.waiting and job.id not in record.leaving for job in present),
            "starting": 0
            if state in ("stopping", "failed")
            else sum(
                job.alive
                and job.id not in workers
                and job.id not in record.leaving
                and job.state != "COMPLETING"
                for job in present
            ),
            "connected": sum(map(len, workers.values())),
        },
        "cores": sum(worker.threads for worker in all_workers),
        "memory": sum(worker.memory_bytes for worker in all_workers),
        "adapt": (
            {"minimum": record.adapt[0], "maximum": record.adapt[1]} if record.adapt else None
        ),
        "options": record.options.as_request(),
        "jobs": _jobs(record, present, workers, now),
        "diagnosis": diagnosis.as_dict() if diagnosis else None,
        "cost": {"core_hours": round(core_s / 3600, 4)},
    }


def without_clock(view: Mapping[str, Any]) -> dict[str, Any]:
    """The view without what changes by the mere passing of time, to tell whether it changed."""
    jobs = [{**job, "time_left": None} for job in view["jobs"]]
    return {**view, "jobs": jobs, "cost": None}


def _jobs(
    record: Record,
    present: Sequence[Job],
    workers: Mapping[str, Sequence[WorkerSeen]],
    now: datetime,
) -> list[dict[str, Any]]:
    rows = {job.id: _present(job, workers, now) for job in present}
    for job in record.ended[-20:]:
        rows.setdefault(job.id, _gone(job, now))
    return [rows[job_id] for job_id in sorted(rows, key=job_order)]


def _present(
    job: Job, workers: Mapping[str, Sequence[WorkerSeen]], now: datetime
) -> dict[str, Any]:
    mine = workers.get(job.id, ())
    return {
        "id": job.id,
        "state": job.state,
        "reason": job.reason,
        "explanation": explain(job, now),
        "start_estimate": to_iso(job.start_estimate) if job.start_estimate else None,
        "node": job.node,
        "time_left": job.time_left_s,
        "worker": mine[0].address if mine else None,
        "exit": job.exit,
    }


def _gone(job: EndedJob, now: datetime) -> dict[str, Any]:
    as_job = Job(job.id, "", "", job.state, reason=job.reason, exit=job.exit)
    return {
        "id": job.id,
        "state": job.state,
        "reason": job.reason,
        "explanation": "ended as asked" if job.expected else explain(as_job, now),
        "start_estimate": None,
        "node": job.node,
        "time_left": None,
        "worker": None,
        "exit": job.exit,
    }
