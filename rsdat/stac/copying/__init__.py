"""Copying the assets of STAC items: from anywhere to dCache, verified, and gone on with."""

from __future__ import annotations

from rsdat.stac.copying.assets import copy_assets
from rsdat.stac.copying.estimating import Estimate, estimate
from rsdat.stac.copying.report import CopyFailed, CopyReport
from rsdat.stac.copying.single import copy_asset
from rsdat.stac.copying.tape import Staged, stage

__all__ = [
    "CopyFailed",
    "CopyReport",
    "Estimate",
    "Staged",
    "copy_asset",
    "copy_assets",
    "estimate",
    "stage",
]
