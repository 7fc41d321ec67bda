"""Stacked counts as the physical values that STAC says they mean."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from rsdat.base.errors import InvalidInput
from rsdat.stac.asset import scaled_values
from rsdat.stac.grids import band_of
from rsdat.stac.stack.described import Described


def scaled_stack(stack: xr.Dataset, files: Sequence[Described]) -> xr.Dataset:
    """Each variable by its asset's scale and offset, floating point, NaN where there is no data.

    Raises:
        InvalidInput: Items say different scales or offsets for one asset (`different_scales`).
    """
    by_key: dict[str, Described] = {}
    for each in files:
        first = by_key.setdefault(each.asset_key, each)
        if _said(first) != _said(each):
            raise InvalidInput(
                f"{each.label} has scale and offset {_said(each)}, {first.label} {_said(first)}",
                hint="Open those items apart, or scale the stack yourself.",
                code="different_scales",
            )
    scaled = {}
    for name, variable in stack.data_vars.items():
        key = next(key for key in by_key if name == key or str(name).startswith(f"{key}."))
        nodata = variable.attrs.get("nodata")
        values = scaled_values(variable.data, dict(by_key[key].fields), nodata)
        scaled[name] = variable.copy(data=values)
        scaled[name].attrs.pop("nodata", None)
    physical: xr.Dataset = stack.assign(scaled)
    return physical


def _said(each: Described) -> tuple[float, float]:
    band = band_of(dict(each.fields))
    return band.get("scale", 1), band.get("offset", 0)
