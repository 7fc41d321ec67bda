"""Sites as data: what a worker job asks for by default."""

from __future__ import annotations

from rsdat.presets.load import load_presets
from rsdat.presets.preset import (
    Preset,
    Share,
    fitting_preset,
    job_settings,
    scheduler_settings,
)
from rsdat.presets.saved import delete_saved, origin, write_saved

__all__ = [
    "Preset",
    "Share",
    "delete_saved",
    "fitting_preset",
    "job_settings",
    "load_presets",
    "origin",
    "scheduler_settings",
    "write_saved",
]
