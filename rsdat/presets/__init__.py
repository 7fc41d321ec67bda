"""Sites as data: what a worker job asks for by default."""

from __future__ import annotations

from rsdat.presets.preset import Preset, fitting_preset, job_settings, load_presets

__all__ = ["Preset", "fitting_preset", "job_settings", "load_presets"]
