"""Reads where the scheduler of a new cluster is to run, and what its own job asks for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rsdat.base.errors import InvalidInput
from rsdat.clusters.options import Options, read_options
from rsdat.clusters.record import SchedulerJob

_KEYS = ("partition", "walltime", "memory", "cores")
#: One core is all that a scheduler can use.
CORES = 1
#: It holds every Dask task's state, and none of the data.
MEMORY = "4GiB"
#: Keys of a preset that are about workers alone.
_OF_WORKERS = ("job-cpu", "job-mem", "worker-extra-args", "worker-command", "death-timeout")


def read_placement(request: Any, preset: Mapping[str, Any], workers: Options) -> Options | None:
    """What the scheduler's own job asks for; None where it is to be a process beside Jupyter.

    Args:
        request: A SchedulerRequest of docs/api.yaml, or None.
        preset: The same, as the preset has it.
        workers: What the first group's workers ask for.

    Raises:
        InvalidInput: It makes no sense.
    """
    if request is None:
        request = {}
    if not isinstance(request, Mapping):
        raise InvalidInput("scheduler must be an object")
    unknown = set(request) - {"mode", *_KEYS}
    if unknown:
        raise InvalidInput(f"The scheduler has no option '{min(map(str, unknown))}'")
    given = {**preset, **{key: value for key, value in request.items() if value is not None}}
    mode = given.pop("mode", "beside")
    if mode not in ("beside", "job"):
        raise InvalidInput(
            f"The scheduler can't run '{mode}'", hint="There are `beside` (Jupyter) and `job`."
        )
    if mode == "beside":
        return None
    asked = {
        "partition": workers.partition,
        "walltime": workers.walltime,
        "cores": CORES,
        "memory": MEMORY,
        **given,
    }
    # An empty text means none, whatever the preset says.
    checked = read_options({}, {key: None if asked[key] == "" else asked[key] for key in _KEYS})
    elsewhere = checked.partition != workers.partition
    return replace(
        workers,
        partition=checked.partition,
        walltime=checked.walltime,
        cores=checked.cores,
        memory=checked.memory,
        processes=1,
        # It computes nothing; and features are those of the workers' partition.
        gres=None,
        constraint=None if elsewhere else workers.constraint,
        more={key: value for key, value in workers.more.items() if key not in _OF_WORKERS},
    )


def placement_again(job: SchedulerJob | None) -> dict[str, Any]:
    """The SchedulerRequest that asks for the same again."""
    if job is None:
        return {"mode": "beside"}
    asked = {key: getattr(job.options, key) or "" for key in _KEYS}
    return {"mode": "job", **asked}
