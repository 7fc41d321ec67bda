"""A cluster that is asked for again: what it was, under what the new request says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rsdat.clusters.placement.request import placement_again
from rsdat.clusters.record import Group, Record
from rsdat.clusters.request import GroupRequest
from rsdat.presets import Preset


def body_again(record: Record, body: Mapping[str, Any]) -> dict[str, Any]:
    """The ClusterRequest that asks for the first group's workers as they were.

    Args:
        record: The cluster that is asked for again.
        body: The new request, with `again`; what it says counts.
    """
    new = {key: value for key, value in body.items() if key != "again"}
    asked: dict[str, Any] = {"idle_after": record.idle_after, "renew": record.renew}
    asked["scheduler"] = placement_again(record.scheduler_job)
    if "workers" not in new and "adapt" not in new:
        workers, adapt = _size(record, record.first)
        asked["workers"] = workers
        if adapt is not None:
            asked["adapt"] = {"minimum": adapt[0], "maximum": adapt[1]}
    if is_same_preset(record, new):
        old = record.first.options.as_request()
        new["options"] = {**old, **(new.get("options") or {})}
    return {**asked, "preset": record.preset, **new}


def is_same_preset(record: Record, body: Mapping[str, Any]) -> bool:
    """Whether the new request keeps the preset, and with it the options of old."""
    return body.get("preset") in (None, record.preset)


def preset_again(record: Record, presets: Mapping[str, Preset]) -> Preset:
    """The cluster's preset as it was then: it may be another by now, or gone.

    Of its options it holds those that no request can name; the others are in the request.
    """
    known = presets.get(record.preset)
    title = known.title if known else record.preset
    sites = known.sites if known else ()
    # As if saved: what is configured now is not laid over it.
    return Preset(record.preset, title, sites, dict(record.first.options.more), source="saved")


def groups_again(record: Record) -> tuple[GroupRequest, ...]:
    """Its other groups, as they were."""
    groups = []
    for group in record.groups[1:]:
        if not group.removing:
            workers, adapt = _size(record, group)
            groups.append(
                GroupRequest(group.name, group.options, workers, adapt, dict(group.resources))
            )
    return tuple(groups)


def _size(record: Record, group: Group) -> tuple[int, tuple[int, int] | None]:
    if record.phase in ("stopping", "stopped"):
        return group.wanted_before_end, group.adapt_before_end
    return group.wanted, group.adapt
