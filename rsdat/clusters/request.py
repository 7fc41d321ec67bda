"""Reads what is asked of the manager: new clusters and changes of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.clusters.naming import check_name
from rsdat.clusters.options import MAX_WORKERS, Options, read_options
from rsdat.clusters.placement.request import read_placement
from rsdat.clusters.record import Group, Record
from rsdat.presets import Preset, job_settings, scheduler_settings


@dataclass(frozen=True)
class Request:
    """A new cluster, as asked for. `name` is None where rsdat is to choose.

    Attributes:
        like: The name it then has, unless somebody has that.
        groups: Its further groups.
        scheduler: What the scheduler's own job asks for; None where it has none.
    """

    name: str | None
    preset: str
    workers: int
    options: Options
    adapt: tuple[int, int] | None = None
    idle_after: int | None = None
    renew: bool = False
    like: str | None = None
    groups: tuple[GroupRequest, ...] = ()
    scheduler: Options | None = None


@dataclass(frozen=True)
class GroupRequest:
    """A new worker group, as asked for."""

    name: str
    options: Options
    workers: int
    adapt: tuple[int, int] | None
    resources: dict[str, float]


@dataclass(frozen=True)
class Change:
    """One change of a cluster; `key` as in ClusterChange, `value` checked.

    Attributes:
        group: Of which group a change of size is; None for the first.
    """

    key: str
    value: Any
    group: str | None = None


#: Changes that are about one group.
SIZES = frozenset({"workers", "adapt", "drop_queued"})
MIN_IDLE_S = 60
_GROUP_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}\Z")


def read_request(
    body: Mapping[str, Any], presets: Mapping[str, Preset], default_preset: str
) -> Request:
    """Check a ClusterRequest.

    Raises:
        InvalidInput: It makes no sense.
    """
    _only(
        body, {"name", "preset", "workers", "adapt", "options", "idle_after", "renew", "scheduler"}
    )
    preset = _preset_name(body, presets, default_preset)
    adapt = None if body.get("adapt") is None else _bounds(body["adapt"])
    options = _options(body, presets[preset])
    return Request(
        name=None if body.get("name") is None else check_name(body["name"]),
        preset=preset,
        workers=_workers(body, adapt),
        options=options,
        adapt=adapt,
        scheduler=read_placement(
            body.get("scheduler"), scheduler_settings(presets[preset]), options
        ),
        idle_after=_idle_after(body.get("idle_after")),
        renew=_flag(body.get("renew", False), "renew"),
    )


def read_group(
    body: Mapping[str, Any], presets: Mapping[str, Preset], default_preset: str
) -> GroupRequest:
    """Check a GroupRequest.

    Raises:
        InvalidInput: It makes no sense.
    """
    _only(body, {"name", "preset", "workers", "adapt", "options", "resources"})
    name = body.get("name")
    if not isinstance(name, str) or not _GROUP_NAME.match(name):
        raise InvalidInput("A group's name has 1 to 32 letters, digits, - and _")
    preset = _preset_name(body, presets, default_preset)
    adapt = None if body.get("adapt") is None else _bounds(body["adapt"])
    return GroupRequest(
        name=name,
        options=_options(body, presets[preset]),
        workers=_workers(body, adapt),
        adapt=adapt,
        resources=_resources(body.get("resources") or {}),
    )


def read_change(body: Mapping[str, Any]) -> Change:
    """Check a ClusterChange.

    Raises:
        InvalidInput: It makes no sense, or is not exactly one change.
    """
    _only(body, {*SIZES, "name", "idle_after", "keep", "renew", "group"})
    rest = dict(body)
    group = rest.pop("group", None)
    if len(rest) != 1:
        raise InvalidInput("Change exactly one thing at a time")
    ((key, value),) = rest.items()
    if group is not None and (key not in SIZES or not isinstance(group, str)):
        raise InvalidInput("Only the size is a group's own")
    read: Callable[[Any], Any] = {
        "workers": lambda given: _count(given, "workers"),
        "adapt": _bounds,
        "drop_queued": lambda given: _true(given, "drop_queued"),
        "name": check_name,
        "idle_after": _idle_after,
        "keep": lambda given: _true(given, "keep"),
        "renew": lambda given: _flag(given, "renew"),
    }[key]
    return Change(key, read(value), group)


def apply_change(record: Record, change: Change, now: datetime, queued: int = 0) -> None:
    """Write a change into the record; `drop_queued` must know how many jobs are `queued`.

    Raises:
        NotFound: There is no such group.
    """
    if change.key == "name":
        record.name = change.value
    elif change.key == "idle_after":
        record.idle_after, record.kept = change.value, now
    elif change.key == "keep":
        record.kept = now
    elif change.key == "renew":
        record.renew = change.value
    else:
        group = record.group(change.group)
        if group is None or group.removing:
            raise NotFound(f"'{record.name}' has no workers of the kind '{change.group}'")
        _apply_size(group, change, now, queued)


def _apply_size(group: Group, change: Change, now: datetime, queued: int) -> None:
    # A wish is a new chance for what failed before.
    if change.key == "workers":
        group.adapt, group.wanted = None, change.value
    elif change.key == "adapt":
        group.adapt = change.value
        group.wanted = min(max(group.wanted, change.value[0]), change.value[1])
    else:
        # A manual size from now on: whoever adapts would ask for them again at once.
        group.adapt, group.wanted = None, max(group.wanted - queued, 0)
    group.wished = now
    group.problem = None
    group.held = False
    group.failures = 0
    group.losses = []


def _preset_name(
    body: Mapping[str, Any], presets: Mapping[str, Preset], default_preset: str
) -> str:
    preset = body.get("preset") or default_preset
    if preset not in presets:
        raise InvalidInput(
            f"There is no preset '{preset}'", hint=f"There are: {', '.join(presets)}."
        )
    return str(preset)


def _options(body: Mapping[str, Any], preset: Preset) -> Options:
    options = body.get("options") or {}
    if not isinstance(options, Mapping):
        raise InvalidInput("options must be an object")
    return read_options(job_settings(preset), options)


def _workers(body: Mapping[str, Any], adapt: tuple[int, int] | None) -> int:
    workers = _count(body.get("workers", 0), "workers")
    return workers if adapt is None else min(max(workers, adapt[0]), adapt[1])


def _bounds(value: Any) -> tuple[int, int]:
    if not isinstance(value, Mapping):
        raise InvalidInput("adapt must have minimum and maximum")
    _only(value, {"minimum", "maximum"})
    minimum = _count(value.get("minimum"), "minimum")
    maximum = _count(value.get("maximum"), "maximum")
    if minimum > maximum:
        raise InvalidInput("The minimum is larger than the maximum")
    return minimum, maximum


def _idle_after(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < MIN_IDLE_S:
        raise InvalidInput(f"idle_after must be null or a number of seconds, at least {MIN_IDLE_S}")
    return value


def _resources(value: Any) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise InvalidInput("resources must be an object of names and amounts")
    resources = {}
    for name, amount in value.items():
        # They go onto the command line of `dask worker`, parted by blanks and `=`.
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_.:-]{1,64}", name):
            raise InvalidInput(f"{name!r} can't be the name of a resource")
        if isinstance(amount, bool) or not isinstance(amount, (int, float)) or not amount > 0:
            raise InvalidInput(f"The amount of the resource '{name}' must be above 0")
        resources[name] = float(amount)
    return resources


def _flag(value: Any, what: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput(f"{what} must be true or false")
    return value


def _true(value: Any, what: str) -> bool:
    if value is not True:
        raise InvalidInput(f"{what} can only be true")
    return True


def _only(body: Any, known: set[str]) -> None:
    if not isinstance(body, Mapping):
        raise InvalidInput("The request must be an object")
    unknown = set(body) - known
    if unknown:
        raise InvalidInput(f"Unknown: {', '.join(sorted(map(str, unknown)))}")


def _count(value: Any, what: str) -> int:
    # True is an int for Python, and 3.0 not one for us.
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInput(f"{what} must be a whole number")
    if not 0 <= value <= MAX_WORKERS:
        raise InvalidInput(f"{what} must be between 0 and {MAX_WORKERS}")
    return value
