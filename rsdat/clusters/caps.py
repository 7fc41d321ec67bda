"""Caps on what clusters may take, each and all together: from configuration, pure to apply.

`rsdat.clusters.caps` of Dask's configuration holds `workers`, `cores` and `core-hours` of one
cluster, and `all` the same three of all clusters together. They keep people from mistakes: whoever
may submit jobs can do so without rsdat.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rsdat.base.errors import Conflict, InvalidInput
from rsdat.clusters.configured import count, section
from rsdat.clusters.record import Group, Record

KEY = "rsdat.clusters.caps"
_NAMES = ("workers", "cores", "core-hours")


@dataclass(frozen=True)
class Cap:
    """The most of each; None is no cap."""

    workers: int | None = None
    cores: int | None = None
    core_hours: float | None = None


@dataclass(frozen=True)
class Caps:
    """Caps of one cluster, and of all clusters together."""

    one: Cap = Cap()
    all: Cap = Cap()


@dataclass(frozen=True)
class Usage:
    """What clusters want (workers, cores) and have taken (core-hours)."""

    workers: int = 0
    cores: int = 0
    core_hours: float = 0.0


def read_caps() -> Caps:
    """The caps that the site or the user has configured.

    Raises:
        InvalidInput: They make no sense.
    """
    given = section(KEY, {*_NAMES, "all"})
    of_all: Any = given.pop("all", None)
    if of_all is not None:
        of_all = section(f"{KEY}.all", set(_NAMES))
    return Caps(_cap(KEY, given), _cap(f"{KEY}.all", of_all or {}))


def usage_of(record: Record) -> Usage:
    """What a cluster wants and has taken."""
    return Usage(
        record.wanted,
        sum(group.wanted * group.options.cores for group in record.groups),
        record.spent_core_s / 3600,
    )


def total(each: Iterable[Usage]) -> Usage:
    """All of them together."""
    given = list(each)
    return Usage(
        sum(one.workers for one in given),
        sum(one.cores for one in given),
        sum(one.core_hours for one in given),
    )


def room(record: Record, group: Group, caps: Caps, others: Usage) -> int | None:
    """The most workers that a group may have now; None where nothing caps it.

    Args:
        record: Of its cluster, with the sizes of its other groups.
        group: Whose `wanted` does not count.
        caps: As configured.
        others: What all other clusters want.
    """
    rest = [each for each in record.groups if each.name != group.name]
    workers = sum(each.wanted for each in rest)
    cores = sum(each.wanted * each.options.cores for each in rest)
    rooms = []
    for cap, more in ((caps.one, Usage()), (caps.all, others)):
        if cap.workers is not None:
            rooms.append(cap.workers - workers - more.workers)
        if cap.cores is not None:
            rooms.append((cap.cores - cores - more.cores) // group.options.cores)
    return max(min(rooms), 0) if rooms else None


def check_room(record: Record, caps: Caps, others: Usage) -> None:
    """Refuse a size that is above a cap.

    Raises:
        Conflict: It is.
    """
    mine = usage_of(record)
    for cap, used, whose in (
        (caps.one, mine, "a cluster"),
        (caps.all, total((mine, others)), "all your clusters together"),
    ):
        for what, most, wanted in (
            ("workers", cap.workers, used.workers),
            ("cores", cap.cores, used.cores),
        ):
            if most is not None and wanted > most:
                raise Conflict(
                    f"At most {most} {what} are allowed for {whose}, this would be {wanted}",
                    hint=f"The cap is set by {KEY} in Dask's configuration.",
                    code="cap",
                )


def budget_spent(core_hours: float, caps: Caps, others: Usage) -> str | None:
    """Why no more core-hours may be used; None while they may.

    Args:
        core_hours: What the cluster has used up to now.
        caps: As configured.
        others: What all other clusters that live have used.
    """
    if caps.one.core_hours is not None and core_hours >= caps.one.core_hours:
        return f"The cluster has used the {caps.one.core_hours:g} core-hours that it may"
    if caps.all.core_hours is not None and core_hours + others.core_hours >= caps.all.core_hours:
        return f"Your clusters have used the {caps.all.core_hours:g} core-hours that they may"
    return None


def _cap(key: str, given: dict[str, Any]) -> Cap:
    hours = given.get("core-hours")
    if hours is not None and (
        isinstance(hours, bool) or not isinstance(hours, (int, float)) or not hours >= 0
    ):
        raise InvalidInput(f"{key}.core-hours must be a number, at least 0, not {hours!r}")
    return Cap(
        workers=count(f"{key}.workers", given["workers"]) if "workers" in given else None,
        cores=count(f"{key}.cores", given["cores"]) if "cores" in given else None,
        core_hours=None if hours is None else float(hours),
    )
