"""A preset, which one fits, and what a worker job asks for by it.

Precedence, weakest first: the preset, then what the user set under `jobqueue.slurm`, then the
options of the request. A user who wrote `jobqueue.slurm.queue: gpu` meant it for every cluster,
and keeps it whatever preset fits; the presets fill in what was left open. Users change a preset
itself under `rsdat.presets.<name>`, where Dask's own precedence holds. What stands in a section of
`jobqueue` or was saved is complete: nothing is laid over it.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import dask.config

from rsdat.base.errors import InvalidInput
from rsdat.presets.jobqueue import in_gibibytes, modern, slurm_defaults, with_dashes

_SCHEDULER_KEYS = frozenset({"mode", "partition", "walltime", "memory", "cores"})


@dataclass(frozen=True)
class Share:
    """The smallest part of a node that is billed; whatever is asked for is rounded up to these."""

    cores: int
    memory_bytes: int


@dataclass(frozen=True)
class Preset:
    """Named defaults for a site.

    Attributes:
        sites: Beginnings of Slurm's ClusterName where it fits, in lower case.
        settings: Keys and values as `jobqueue.slurm` has them.
        source: With rsdat; below `rsdat.presets` in Dask's configuration; a section of `jobqueue`;
            saved from the form.
        request: What a saved one says beside the options, as in ClusterRequest.
        scheduler: Where the scheduler runs by default; read it with `scheduler_settings`.
        memory_per_core_bytes: What belongs to each core, where Slurm itself does not tell it.
        shares: What is billed at least, by partition.
    """

    name: str
    title: str
    sites: tuple[str, ...]
    settings: Mapping[str, Any]
    source: Literal["shipped", "configured", "jobqueue", "saved"] = "shipped"
    request: Mapping[str, Any] = field(default_factory=dict)
    scheduler: Mapping[str, Any] = field(default_factory=dict)
    memory_per_core_bytes: int | None = None
    shares: Mapping[str, Share] = field(default_factory=dict)


def fitting_preset(
    presets: Mapping[str, Preset], queue: Literal["slurm", "local"], site: str | None
) -> str:
    """The name of the preset for this queue and site: `local`, the site's own, or `generic`."""
    if queue == "local":
        return "local"
    known = (site or "").lower()
    for preset in presets.values():
        if any(known.startswith(beginning) for beginning in preset.sites):
            return preset.name
    return "generic"


def job_settings(preset: Preset) -> dict[str, Any]:
    """The preset with all keys of `jobqueue.slurm`, in their present names.

    What the user set under `jobqueue.slurm` is laid over it, unless the preset is complete. The
    user's value counts where it differs from the one dask-jobqueue ships, wherever it was set: a
    file, `DASK_JOBQUEUE__SLURM__…` or `dask.config.set`.
    """
    defaults = slurm_defaults()
    settings = {**defaults, **modern(preset.settings)}
    if preset.source not in ("jobqueue", "saved"):
        configured = modern(with_dashes(dask.config.get("jobqueue.slurm", None) or {}))
        for key, value in configured.items():
            if value != defaults.get(key):
                settings[key] = copy.deepcopy(in_gibibytes(value) if key == "memory" else value)
    return settings


def scheduler_settings(
    preset: Preset, environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Where the scheduler runs by default, as SchedulerRequest of docs/api.yaml has it.

    `mode: auto` is a job of its own where Jupyter itself runs inside a Slurm job: there a process
    beside Jupyter ends with that job, detached or not. What is left out (partition, walltime, …)
    is as for the workers; so are account, reservation and the like.

    Args:
        preset: The preset.
        environment: By default this process's.

    Returns:
        `mode`, `beside` or `job`, and those of partition, walltime, memory and cores that are set.

    Raises:
        InvalidInput: It is configured in a way that makes no sense.
    """
    inside = (os.environ if environment is None else environment).get("SLURM_JOB_ID")
    settings = {key: value for key, value in preset.scheduler.items() if value is not None}
    unknown = set(settings) - _SCHEDULER_KEYS
    if unknown:
        raise InvalidInput(f"The preset's scheduler has no key '{sorted(unknown)[0]}'")
    mode = settings.get("mode", "beside")
    if mode == "auto":
        mode = "job" if inside else "beside"
    if mode not in ("beside", "job"):
        raise InvalidInput(f"The preset's scheduler.mode is '{mode}', not beside, job or auto")
    return {**settings, "mode": mode}
