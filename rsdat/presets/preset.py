"""Reads presets from Dask's configuration and merges one with what the user configured.

Precedence, weakest first: the preset, then what the user set under `jobqueue.slurm`, then the
options of the request. A user who wrote `jobqueue.slurm.queue: gpu` meant it for every cluster,
and keeps it whatever preset fits; the presets fill in what was left open. Users change a preset
itself under `rsdat.presets.<name>`, where Dask's own precedence holds.
"""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import dask.config
import yaml

from rsdat.base.errors import InvalidInput

#: Keys of a preset that are ours and not dask-jobqueue's.
_OWN_KEYS = frozenset({"title", "sites"})


@dataclass(frozen=True)
class Preset:
    """Named defaults for a site.

    Attributes:
        sites: Beginnings of Slurm's ClusterName where it fits, in lower case.
        settings: Keys and values as `jobqueue.slurm` has them.
    """

    name: str
    title: str
    sites: tuple[str, ...]
    settings: Mapping[str, Any]


def load_presets() -> dict[str, Preset]:
    """All presets by name: those of the package with the user's changes, and the user's own.

    Raises:
        InvalidInput: What is configured under `rsdat.presets` is no mapping of mappings.
    """
    merged = dask.config.merge(_shipped(), dask.config.get("rsdat.presets", None) or {})
    return {str(name): _preset(str(name), value) for name, value in merged.items()}


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
    """The preset, with everything the user set under `jobqueue.slurm` laid over it.

    The user's value counts where it differs from the one dask-jobqueue ships, wherever it was
    set: a file, `DASK_JOBQUEUE__SLURM__…` or `dask.config.set`.
    """
    shipped = _jobqueue_defaults()
    configured = _dashed(dask.config.get("jobqueue.slurm", None) or {})
    settings = {**shipped, **_dashed(preset.settings)}
    for key, value in configured.items():
        if value != shipped.get(key):
            settings[key] = copy.deepcopy(value)
    return settings


def _preset(name: str, value: Any) -> Preset:
    if not isinstance(value, Mapping):
        raise InvalidInput(
            f"The preset '{name}' is not a mapping", hint="Look at rsdat.presets in ~/.config/dask."
        )
    body = _dashed(value)
    sites = body.get("sites") or []
    return Preset(
        name=name,
        title=str(body.get("title") or name),
        sites=tuple(str(site).lower() for site in sites if site),
        settings={key: item for key, item in body.items() if key not in _OWN_KEYS},
    )


def _dashed(value: Mapping[str, Any]) -> dict[str, Any]:
    # Dask takes `local_directory` for `local-directory`, and environment variables only that way.
    return {str(key).replace("_", "-"): item for key, item in value.items()}


@cache
def _shipped() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("presets.yaml").read_text(encoding="utf-8")
    presets: dict[str, Any] = yaml.safe_load(text)["rsdat"]["presets"]
    return presets


@cache
def _jobqueue_defaults() -> dict[str, Any]:
    # Importing dask_jobqueue takes half a second; `find_spec` finds its defaults without it.
    spec = importlib.util.find_spec("dask_jobqueue")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("dask-jobqueue is not installed")
    text = (Path(spec.submodule_search_locations[0]) / "jobqueue.yaml").read_text(encoding="utf-8")
    defaults: dict[str, Any] = yaml.safe_load(text)["jobqueue"]["slurm"]
    return _dashed(defaults)
