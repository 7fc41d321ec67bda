"""All presets: shipped and configured, sections of `jobqueue`, saved ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import dask.config
import yaml

from rsdat.base.errors import InvalidInput
from rsdat.base.files import rsdat_home
from rsdat.base.units import parse_bytes
from rsdat.presets.jobqueue import in_gibibytes, sections, with_dashes
from rsdat.presets.preset import Preset, Share
from rsdat.presets.saved import read_saved

#: Keys of a preset that are ours; all others are settings of a job.
_OWN_KEYS = frozenset({"title", "sites", "scheduler", "memory-per-core", "shares"})


def load_presets(home: Path | None = None) -> dict[str, Preset]:
    """All presets by name, those of the configuration first. Blocks: it reads files.

    Where names meet: a saved one hides all others, what stands under `rsdat.presets` hides a
    section of `jobqueue`, and such a section hides a shipped one, but fits the same sites.

    Args:
        home: Where saved ones are; by default `$RSDAT_HOME`.

    Raises:
        InvalidInput: What is configured under `rsdat.presets` is no mapping of mappings.
    """
    configured = dask.config.get("rsdat.presets", None) or {}
    if not isinstance(configured, Mapping):
        raise InvalidInput("rsdat.presets is no mapping of names", hint="Look into ~/.config/dask.")
    merged = dask.config.merge(_shipped(), configured)
    presets = {
        str(name): _preset(str(name), value, "configured" if name in configured else "shipped")
        for name, value in merged.items()
    }
    for name, settings in sections():
        if name not in configured:
            presets[name] = _section(name, settings, presets)
    for name, saved in read_saved(rsdat_home() if home is None else home).items():
        presets[name] = _saved(name, saved, presets.get(str(saved.get("like"))))
    return presets


def _preset(name: str, value: Any, source: Any) -> Preset:
    if not isinstance(value, Mapping):
        raise InvalidInput(
            f"The preset '{name}' is not a mapping", hint="Look at rsdat.presets in ~/.config/dask."
        )
    body = with_dashes(value)
    settings = {key: item for key, item in body.items() if key not in _OWN_KEYS}
    if settings.get("memory") is not None:
        settings["memory"] = in_gibibytes(settings["memory"])
    sites = body.get("sites") or []
    per_core = body.get("memory-per-core")
    return Preset(
        name=name,
        title=str(body.get("title") or name),
        sites=tuple(str(site).lower() for site in sites if site),
        settings=settings,
        source=source,
        scheduler=_mapping(name, body, "scheduler"),
        memory_per_core_bytes=None if per_core is None else parse_bytes(per_core),
        shares=_shares(name, body),
    )


def _shares(name: str, body: Mapping[str, Any]) -> dict[str, Share]:
    shares = {}
    for partition, share in _mapping(name, body, "shares").items():
        cores = share.get("cores") if isinstance(share, Mapping) else None
        if not isinstance(cores, int) or cores < 1 or not share.get("memory"):
            raise InvalidInput(
                f"shares.{partition} of the preset '{name}' needs cores and memory",
                hint="Look at rsdat.presets in ~/.config/dask.",
            )
        shares[str(partition)] = Share(cores, parse_bytes(share["memory"]))
    return shares


def _section(name: str, settings: dict[str, Any], presets: Mapping[str, Preset]) -> Preset:
    # dask-jobqueue would refuse to work without these two.
    for key, value in (("cores", 1), ("memory", "2GiB")):
        if settings.get(key) is None:
            settings[key] = value
    body = {key: item for key, item in settings.items() if key not in _OWN_KEYS}
    title = f"jobqueue.{name}"
    known = presets.get(name)
    if known is not None:
        return replace(known, title=title, settings=body, source="jobqueue")
    return Preset(name, title, (), body, source="jobqueue")


def _saved(name: str, saved: Mapping[str, Any], like: Preset | None) -> Preset:
    mine = Preset(
        name,
        str(saved.get("title") or name),
        (),
        dict(saved["settings"]),
        source="saved",
        request=dict(saved["request"]),
    )
    if like is None:
        return mine
    return replace(
        mine,
        scheduler=like.scheduler,
        memory_per_core_bytes=like.memory_per_core_bytes,
        shares=like.shares,
    )


def _mapping(name: str, body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = body.get(key) or {}
    if not isinstance(value, Mapping):
        raise InvalidInput(
            f"{key} of the preset '{name}' is not a mapping",
            hint="Look at rsdat.presets in ~/.config/dask.",
        )
    return value


@cache
def _shipped() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("presets.yaml").read_text(encoding="utf-8")
    presets: dict[str, Any] = yaml.safe_load(text)["rsdat"]["presets"]
    return presets
