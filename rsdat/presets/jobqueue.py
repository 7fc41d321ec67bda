"""Sections of `jobqueue` in Dask's configuration, as dask-jobqueue understands them."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import dask.config
import yaml
from dask.utils import parse_bytes

#: Names that dask-jobqueue 0.9 gave up but still reads: they count where the new one is empty.
RENAMED = {
    "extra": "worker-extra-args",
    "job-extra": "job-extra-directives",
    "env-extra": "job-script-prologue",
    "header-skip": "job-directives-skip",
    "project": "account",
}
# dask-jobqueue has a default for these: where a section lacks them they are empty.
_OPTIONAL = frozenset(
    {"job-extra", "job-extra-directives", "project", "header-skip", "job-directives-skip"}
)


def modern(section: Mapping[str, Any]) -> dict[str, Any]:
    """A section with the present names of its keys."""
    settings = dict(section)
    for old, new in RENAMED.items():
        value = settings.pop(old, None)
        if value and not settings.get(new):
            settings[new] = value
    return settings


def with_dashes(value: Mapping[str, Any]) -> dict[str, Any]:
    """The same with `-` in all keys.

    Dask takes `local_directory` for `local-directory`, and environment variables only that way.
    """
    return {str(key).replace("_", "-"): item for key, item in value.items()}


def in_gibibytes(memory: Any) -> Any:
    """A size as dask-jobqueue asks Slurm for it: Dask's decimal G, rounded up to Slurm's binary.

    `100G` is `94GiB`, `30GiB` stays what it is. What is no size is left to be complained of.
    """
    try:
        size = parse_bytes(memory)
    except (TypeError, ValueError, AttributeError):
        return memory
    unit, name = (2**30, "GiB") if size >= 2**30 else (2**20, "MiB")
    return f"{math.ceil(size / unit)}{name}"


def sections() -> Iterator[tuple[str, dict[str, Any]]]:
    """The user's and the site's own sections that are Slurm's, with all keys that they need.

    Those of other batch systems, and what is as dask-jobqueue ships it, are left out. dask-jobqueue
    itself fails on a section that lacks a key; here such a key is as under `jobqueue.slurm`.
    """
    shipped = _shipped()
    configured = dask.config.get("jobqueue", None) or {}
    if not isinstance(configured, Mapping):
        return
    plain = modern(shipped["slurm"])
    slurm = with_dashes(_mapping(configured.get("slurm")))
    base = {**shipped["slurm"], **slurm}
    foreign = {key for each in shipped.values() for key in each} - {*shipped["slurm"], *RENAMED}
    for name, value in configured.items():
        own = with_dashes(_mapping(value))
        if name == "slurm":
            settings = modern(base)
            if settings == plain:
                continue
        elif not own or name in shipped or name.startswith("rsdat-") or foreign & set(own):
            # Our renderer has an empty section for itself there.
            continue
        else:
            kept = {key: item for key, item in base.items() if key not in _OPTIONAL}
            settings = modern({**kept, **own})
        settings["memory"] = in_gibibytes(settings.get("memory"))
        yield str(name), settings


def slurm_defaults() -> dict[str, Any]:
    """`jobqueue.slurm` as dask-jobqueue ships it, in the present names."""
    return modern(_shipped()["slurm"])


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


@cache
def _shipped() -> dict[str, dict[str, Any]]:
    # Importing dask_jobqueue takes half a second; `find_spec` finds its defaults without it.
    spec = importlib.util.find_spec("dask_jobqueue")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("dask-jobqueue is not installed")
    text = (Path(spec.submodule_search_locations[0]) / "jobqueue.yaml").read_text(encoding="utf-8")
    defaults: dict[str, Any] = yaml.safe_load(text)["jobqueue"]
    return {name: with_dashes(section) for name, section in defaults.items()}
