"""Stands in for the schedulers of many clusters: one process that answers like Dask's would.

What they know of their workers is as large as the real thing, so that asking them costs what it
costs; two thousand real workers do not fit on one machine.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from pathlib import Path
from typing import Any

from distributed.core import Server
from distributed.security import Security

from rsdat.clusters.folder import ClusterFolder

METRICS = {
    "task_counts": {"memory": 12, "executing": 1, "waiting": 3},
    "bandwidth": {"total": 100000000, "workers": {}, "types": {}},
    "digests_total_since_heartbeat": {"tick-duration": 0.5, "latency": 0.002},
    "managed_bytes": 12345678,
    "spilled_bytes": {"memory": 0, "disk": 0},
    "transfer": {"incoming_bytes": 0, "incoming_count": 0, "outgoing_bytes": 0},
    "event_loop_interval": 0.02,
    "cpu": 99.4,
    "memory": 987654321,
    "time": 1790000000.5,
    "host_net_io": {"read_bps": 1000.0, "write_bps": 1000.0},
    "host_disk_io": {"read_bps": 1000.0, "write_bps": 1000.0},
    "num_fds": 40,
    "executing": 1,
    "ready": 3,
    "in_memory": 12,
}


def _versions() -> dict[str, object]:
    return {}


def _broadcast(
    msg: object = None, workers: list[str] | None = None, **_: object
) -> dict[str, object]:
    return {worker: {} for worker in workers or ()}


def _identity(folder: ClusterFolder, array: str, workers: int, address: str) -> dict[str, Any]:
    facts = {
        f"tls://10.0.{number // 200}.{number % 200}:40000": {
            "type": "Worker",
            "id": f"{folder.id}-{array}_{number}",
            "host": f"10.0.{number // 200}.{number % 200}",
            "resources": {"group-workers": 1},
            "local_directory": "/tmp/dask-scratch-space/worker-abcdefgh",
            "name": f"{folder.id}-{array}_{number}",
            "nthreads": 1,
            "memory_limit": 2 * 2**30,
            "last_seen": 1790000000.5,
            "services": {},
            "metrics": METRICS,
            "status": "running",
            "nanny": f"tls://10.0.{number // 200}.{number % 200}:40001",
        }
        for number in range(workers)
    }
    return {
        "type": "Scheduler",
        "id": f"Scheduler-{folder.id}",
        "address": address,
        "services": {"dashboard": 8787},
        "started": 1790000000.5,
        "workers": facts,
    }


def _short(known: dict[str, Any], moment: int) -> dict[str, Any]:
    """As our preload tells it (rsdat_scheduler.py)."""
    memory, cpu = 987654321 + 4096 * moment, 99.4 - moment % 50
    return {
        "id": known["id"],
        "dashboard": 8787,
        "workers": [
            [worker["name"], address, 1, 2 * 2**30, memory + number, cpu, "running", 1, 3, 12]
            for number, (address, worker) in enumerate(known["workers"].items())
        ],
    }


def _pulse(known: dict[str, Any], moment: int) -> dict[str, Any]:
    """As our preload tells it (rsdat_pulse.py), while something is computed."""
    workers = len(known["workers"])
    cpu_percent = 99.4 * workers - moment % 50
    done = 1000 + moment
    return {
        "id": known["id"],
        "load": [workers, 0, workers, cpu_percent, 9e8 * workers, 2e9 * workers, 0],
        "tasks": [workers, 4000, 0, 200, done, 3],
        "run": [done, 10_000, 3, True],
        "names": [[f"mean_chunk-{each}", 5, 100 + moment, 400, 1] for each in range(3)],
        "seconds": 60.0 + moment,
    }


async def serve(home: Path, workers: int) -> None:
    """Answer for every cluster below `home`, write their scheduler files, and print `ready`."""
    servers = []
    for number, path in enumerate(sorted((home / "clusters").glob("c*"))):
        folder = ClusterFolder(path)
        array = str(1000 + number)
        keys = Security(
            require_encryption=True,
            tls_ca_file=str(folder.certificate_file),
            tls_scheduler_cert=str(folder.certificate_file),
            tls_scheduler_key=str(folder.key_file),
        )
        known: dict[str, Any] = {}
        moments = itertools.count()
        beats = itertools.count()
        server = Server(
            {
                "rsdat_look": lambda known=known, moments=moments: _short(known, next(moments)),
                "rsdat_pulse": lambda known=known, beats=beats: _pulse(known, next(beats)),
                "identity": lambda known=known: known,
                "check_idle": lambda: None,
                "versions": _versions,
                "broadcast": _broadcast,
            },
            connection_args=keys.get_connection_args("scheduler"),
        )
        await server.listen("tls://127.0.0.1:0", **keys.get_listen_args("scheduler"))
        known.update(_identity(folder, array, workers, server.address))
        folder.scheduler_file.write_text(json.dumps({"id": known["id"], "address": server.address}))
        servers.append(server)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
