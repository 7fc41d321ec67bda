"""The Dask configuration that scheduler and workers of a cluster run with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dask.config
import yaml

from rsdat.base.files import write_text
from rsdat.clusters.folder import PRELOADS, ClusterFolder

#: Routes of the scheduler's HTTP side. Without `distributed.http.proxy`, which forwards
#: websockets from anybody to anywhere.
_ROUTES = [
    "distributed.http.scheduler.prometheus",
    "distributed.http.scheduler.info",
    "distributed.http.scheduler.json",
    "distributed.http.health",
    "distributed.http.statics",
]


def cluster_config(folder: ClusterFolder) -> dict[str, Any]:
    """TLS with the cluster's key, a closed HTTP side, our preloads before the user's own.

    By configuration and not by flags: paths of keys stay out of `ps`, and the same folder serves
    scheduler, workers and nannies.
    """
    certificate, key = str(folder.certificate_file), str(folder.key_file)
    role = {"cert": certificate, "key": key}
    scheduler, worker = (str(folder.preloads / name) for name in PRELOADS[:2])
    more = [str(folder.preloads / name) for name in ("rsdat_clients.py", "rsdat_pulse.py")]
    return {
        "distributed": {
            "comm": {
                "default-scheme": "tls",
                "require-encryption": True,
                "tls": {
                    "ca-file": certificate,
                    "scheduler": role,
                    "worker": dict(role),
                    "client": dict(role),
                },
            },
            "scheduler": {
                "http": {"routes": _ROUTES},
                "preload": [scheduler, *more, *_configured("distributed.scheduler.preload")],
            },
            "worker": {
                "http": {"routes": []},
                "preload": [worker, *_configured("distributed.worker.preload")],
            },
        }
    }


def write_config(folder: ClusterFolder) -> None:
    """Write it where `DASK_CONFIG` of the cluster's processes points to.

    A folder that the user's own `DASK_CONFIG` names would be hidden by ours: it goes in, below.
    """
    config = cluster_config(folder)
    own = os.environ.get("DASK_CONFIG")
    if own and Path(own) != folder.dask:
        below = dask.config.merge(*dask.config.collect_yaml(paths=[own]))
        config = dask.config.merge(below, config)
    text = yaml.safe_dump(config, default_flow_style=False, allow_unicode=True)
    write_text(folder.dask / "rsdat.yaml", text)


def _configured(key: str) -> list[str]:
    value = dask.config.get(key, None) or []
    return [value] if isinstance(value, str) else [str(item) for item in value]
