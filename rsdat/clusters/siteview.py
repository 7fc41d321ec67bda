"""The site as the REST interface has it (docs/api.yaml). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rsdat.base.clock import to_iso
from rsdat.base.errors import InvalidInput
from rsdat.clusters.options import read_options
from rsdat.presets import Preset, job_settings, scheduler_settings
from rsdat.queue.interface import Limit, NodeKind, Partition, Reservation, Site


def site_view(site: Site) -> dict[str, Any]:
    """`Site` without what is not the queue's: presets and what was last asked for."""
    return {
        "name": site.name,
        "partitions": [_partition(each) for each in site.partitions],
        "default_partition": site.default_partition,
        "accounts": list(site.accounts),
        "default_account": site.default_account,
        "reservations": [_reservation(each) for each in site.reservations],
        "limits": [_limit(each) for each in site.limits],
        "array_limit": site.array_limit,
        "refuses_over_limits": site.refuses_over_limits,
        "kill_wait": site.kill_wait_s,
    }


def preset_view(preset: Preset, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """`Preset`; one that makes no sense is told with its problem.

    Args:
        preset: The preset.
        environment: Of `scheduler_settings`.
    """
    options: dict[str, Any] = {}
    scheduler: dict[str, Any] = {"mode": "beside"}
    problem = None
    try:
        # A preset may leave out what every request then has to say.
        settings: dict[str, Any] = {"cores": 1, "memory": "2GiB"}
        settings |= {k: v for k, v in job_settings(preset).items() if v is not None}
        options = read_options(settings, {}).as_request()
        scheduler = scheduler_settings(preset, environment)
        scheduler |= preset.request.get("scheduler") or {}
    except InvalidInput as error:
        problem = error.message
    return {
        "name": preset.name,
        "title": preset.title,
        "options": options,
        "request": dict(preset.request),
        "own": preset.source == "saved",
        "source": preset.source,
        "memory_per_core": preset.memory_per_core_bytes,
        "scheduler": scheduler,
        "problem": problem,
    }


def _partition(partition: Partition) -> dict[str, Any]:
    view = _plain(asdict(partition))
    view["node_kinds"] = [_kind(kind) for kind in partition.kinds]
    return {**view, "features": list(partition.features), "gres": list(partition.gres)}


def _kind(kind: NodeKind) -> dict[str, Any]:
    return _plain(asdict(kind))


def _limit(limit: Limit) -> dict[str, Any]:
    return _plain(asdict(limit))


def _reservation(reservation: Reservation) -> dict[str, Any]:
    view = _plain(asdict(reservation))
    view["state"] = "ACTIVE" if view.pop("active") else "INACTIVE"
    for key in ("start", "end"):
        view[key] = to_iso(view[key]) if view[key] else None
    return view


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    """Keys without units: those stand in the contract."""
    return {
        key.removesuffix("_bytes").removesuffix("_s"): list(item)
        if isinstance(item, tuple)
        else item
        for key, item in facts.items()
    }
