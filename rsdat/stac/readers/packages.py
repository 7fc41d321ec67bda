"""Packages that only some assets need."""

from __future__ import annotations

import importlib
from typing import Any

# Where the name to install is not the name to import.
_INSTALL = {"laspy": "laspy[lazrs]", "dask.dataframe": "dask[dataframe]"}


def need(name: str, what: str) -> Any:
    """The package.

    Raises:
        ModuleNotFoundError: It is not installed; says how to.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ModuleNotFoundError(
            f"{what} need the package '{name.partition('.')[0]}': "
            f"pip install '{_INSTALL.get(name, name)}'",
            name=name,
        ) from error
