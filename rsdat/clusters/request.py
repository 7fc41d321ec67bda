"""Reads what is asked of the manager: new clusters and changes of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rsdat.base.errors import InvalidInput
from rsdat.clusters.naming import check_name
from rsdat.clusters.options import MAX_WORKERS, Options, read_options
from rsdat.clusters.record import Record
from rsdat.presets import Preset, job_settings


@dataclass(frozen=True)
class Request:
    """A new cluster, as asked for. `name` is None where rsdat is to choose."""

    name: str | None
    preset: str
    workers: int
    options: Options


def read_request(
    body: Mapping[str, Any], presets: Mapping[str, Preset], default_preset: str
) -> Request:
    """Check a ClusterRequest.

    Raises:
        InvalidInput: It makes no sense.
    """
    _only(body, {"name", "preset", "workers", "options"})
    preset = body.get("preset") or default_preset
    if preset not in presets:
        raise InvalidInput(
            f"There is no preset '{preset}'", hint=f"There are: {', '.join(presets)}."
        )
    options = body.get("options") or {}
    if not isinstance(options, Mapping):
        raise InvalidInput("options must be an object")
    return Request(
        name=None if body.get("name") is None else check_name(body["name"]),
        preset=preset,
        workers=_count(body.get("workers", 0), "workers"),
        options=read_options(job_settings(presets[preset]), options),
    )


def read_change(body: Mapping[str, Any]) -> tuple[str, Any]:
    """Check a ClusterChange: `("workers", n)`, `("adapt", (minimum, maximum))`, `("name", text)`.

    Raises:
        InvalidInput: It makes no sense, or is not exactly one of the three.
    """
    _only(body, {"workers", "adapt", "name"})
    if len(body) != 1:
        raise InvalidInput("Change exactly one of workers, adapt and name")
    ((key, value),) = body.items()
    if key == "workers":
        return key, _count(value, "workers")
    if key == "name":
        return key, check_name(value)
    if not isinstance(value, Mapping):
        raise InvalidInput("adapt must have minimum and maximum")
    _only(value, {"minimum", "maximum"})
    minimum = _count(value.get("minimum"), "minimum")
    maximum = _count(value.get("maximum"), "maximum")
    if minimum > maximum:
        raise InvalidInput("The minimum is larger than the maximum")
    return key, (minimum, maximum)


def apply_size(record: Record, key: str, value: Any, now: datetime) -> None:
    """Write a wish for a size into the record. A wish is a new chance for what failed before."""
    if key == "workers":
        record.adapt = None
        record.wanted = value
    else:
        record.adapt = value
        record.wanted = min(max(record.wanted, value[0]), value[1])
    record.wished = now
    record.problem = None
    record.held = False
    record.failures = 0
    record.losses = []


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
