"""Dask on Slurm and dCache storage from JupyterLab."""

from __future__ import annotations

from typing import Any

try:
    from rsdat._version import __version__
except ImportError:  # a checkout that was never built or installed
    __version__ = "0.0.0"

__all__ = ["__version__", "connect"]


def connect(name: str | None = None) -> Any:
    """A connected `distributed.Client` of one of your clusters.

    Args:
        name: The cluster's name or id as the Clusters panel shows it; may be left out while
            there is only one.

    Raises:
        NotFound: There is no such cluster, or none at all.
        Conflict: It is not up (yet, or any more), or `name` is needed to choose.
    """
    from rsdat.clusters.connect import connect as connect_

    return connect_(name)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyterlab-rsdat"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from rsdat.server.app import RsdatApp

    return [{"module": "rsdat", "app": RsdatApp}]
