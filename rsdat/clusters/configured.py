"""Reads single values of Dask's configuration, and says which one makes no sense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dask.config
from dask.utils import parse_timedelta

from rsdat.base.errors import InvalidInput


def section(key: str, known: set[str]) -> dict[str, Any]:
    """A mapping of the configuration, its keys with `-`; empty where there is none.

    Raises:
        InvalidInput: It is no mapping, or has keys that mean nothing.
    """
    value: Any = dask.config.get(key, None) or {}
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{key} in Dask's configuration must be a mapping")
    given = {str(name).replace("_", "-"): item for name, item in value.items()}
    unknown = sorted(set(given) - known)
    if unknown:
        raise InvalidInput(f"{key} in Dask's configuration knows no '{unknown[0]}'")
    return {name: item for name, item in given.items() if item is not None}


def duration_s(key: str, value: Any) -> float:
    """Seconds of a time as Dask writes it: `90s`, `5 minutes`, or a number of seconds.

    Raises:
        InvalidInput: It is none.
    """
    try:
        return max(float(parse_timedelta(value)), 0.0)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            f"{key} can't be {value!r}", hint="Write it as 90s or 5 minutes."
        ) from error


def count(key: str, value: Any, least: int = 0) -> int:
    """A whole number.

    Raises:
        InvalidInput: It is none, or below `least`.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidInput(f"{key} must be a whole number, at least {least}, not {value!r}")
    return value
