"""Copying the assets of STAC items: from anywhere to dCache, verified, and gone on with."""

from __future__ import annotations

from rsdat.stac.copying.assets import copy_assets
from rsdat.stac.copying.report import CopyFailed, CopyReport

__all__ = ["CopyFailed", "CopyReport", "copy_assets"]
