"""Stacked counts as the physical values that STAC says they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import xarray as xr

from rsdat.base.errors import InvalidInput
from rsdat.stac.asset import scaled_values, scaling_of
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
                f"{each.label} has scale and offset {_words(each)}, {first.label} {_words(first)}",
                hint="Open those items apart, or scale the stack yourself.",
                code="different_scales",
            )
    scaled = {}
    for name, variable in stack.data_vars.items():
        key, bands = _bands_of(str(name), by_key)
        nodata = variable.attrs.get("nodata")
        values = scaled_values(variable.data, dict(by_key[key].fields), nodata, bands)
        scaled[name] = variable.copy(data=values)
        scaled[name].attrs.pop("nodata", None)
    physical: xr.Dataset = stack.assign(scaled)
    return physical


def _bands_of(name: str, by_key: Mapping[str, Described]) -> tuple[str, Sequence[int]]:
    """The key of a variable (`key`, or `key.1`, `key.2` …), and which bands are in it."""
    if name in by_key:
        return name, range(len(by_key[name].grid.dtypes))
    key, _, number = name.rpartition(".")
    return key, (int(number) - 1,)


def _said(each: Described) -> list[tuple[float, float]]:
    bands = range(len(each.grid.dtypes))
    return [scaling_of(dict(each.fields), index)[:2] for index in bands]


def _words(each: Described) -> str:
    return ", ".join(f"({scale}, {offset})" for scale, offset in _said(each))
