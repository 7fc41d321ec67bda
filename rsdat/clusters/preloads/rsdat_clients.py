"""Runs in the scheduler: tells who is connected, and what would be lost if it ended now.

Only sums that Dask keeps anyway: no walk over tasks, of which there may be a million. Needs nothing
but distributed: the Python may have no rsdat.
"""

from __future__ import annotations

from typing import Any

#: Of Dask's own: tasks that nobody waits for, and clients that tasks made in a worker.
_NOBODY = "fire-and-forget"
_INNER = "Client-worker-"


def _clients(scheduler: Any) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for group in scheduler.task_groups.values():
        for state, count in group.states.items():
            counts[state] = counts.get(state, 0) + count
    waiting = ("waiting", "queued", "no-worker")
    return {
        "id": scheduler.id,
        "clients": [
            str(key) for key in scheduler.clients if key != _NOBODY and not key.startswith(_INNER)
        ],
        "processing": counts.get("processing", 0),
        "waiting": sum(counts.get(state, 0) for state in waiting),
        "in_memory": counts.get("memory", 0),
        "nbytes": sum(worker.nbytes for worker in scheduler.workers.values()),
    }


def dask_setup(scheduler: Any) -> None:
    """Answer one more question."""
    scheduler.handlers["rsdat_clients"] = lambda: _clients(scheduler)
