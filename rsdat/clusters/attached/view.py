"""An attached cluster as the REST interface shows it. Pure."""

from __future__ import annotations

from typing import Any

from rsdat.base.clock import to_iso
from rsdat.clusters.diagnose import Diagnosis
from rsdat.clusters.record import Record
from rsdat.clusters.view import Observed, worker_view

_OPEN = Diagnosis(
    "This scheduler is not encrypted and asks nobody who they are: whoever reaches its port can "
    "read its data and run code on its workers",
    "Start it with TLS wherever others share the computer or the network. From here only its "
    "dashboard is asked.",
)


def attached_view(
    record: Record, observed: Observed, diagnosis: Diagnosis | None
) -> dict[str, Any]:
    """The `Cluster` of docs/api.yaml: no jobs, and nothing that was asked for."""
    state = _state(record, observed)
    answer = observed.answer if state == "running" else None
    workers = answer.workers if answer else ()
    counts = {"wanted": len(workers), "queued": 0, "starting": 0, "connected": len(workers)}
    dashboard = answer is not None and answer.dashboard_port is not None
    address = answer.address if answer else None
    if diagnosis is None and address is not None and not address.startswith("tls://"):
        diagnosis = _OPEN
    group = record.first
    return {
        "id": record.id,
        "name": record.name,
        "state": state,
        "created": to_iso(record.created),
        "preset": record.preset,
        "scheduler": {
            "address": address,
            "mode": record.mode,
            "ends_at": None,
            "dashboard": f"rsdat/clusters/{record.id}/dashboard/" if dashboard else None,
            "job": None,
            "id": (answer and answer.dask_id) or None,
        },
        "workers": counts,
        "cores": sum(worker.threads for worker in workers),
        "memory": sum(worker.memory_bytes for worker in workers),
        "adapt": None,
        "options": {},
        "groups": [
            {
                "name": group.name,
                "workers": counts,
                "adapt": None,
                "options": {},
                "resources": {},
            }
        ],
        "jobs": [],
        "dask_workers": [worker_view(worker) for worker in workers],
        "idle": {"after": None, "ends_at": None},
        "renew": False,
        "warnings": [],
        "diagnosis": diagnosis.as_dict() if diagnosis else None,
        "cost": {"core_hours": 0.0, "per_hour": 0.0},
    }


def _state(record: Record, observed: Observed) -> str:
    if record.phase != "up":
        return record.phase
    known = {"up": "running", "none": "starting"}
    return known.get(observed.scheduler, "failed")
