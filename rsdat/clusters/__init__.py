"""Dask clusters in batch jobs: made, found again, scaled, explained and ended."""

from __future__ import annotations

from typing import Any

__all__ = ["create", "get", "list"]


def create(name: str | None = None, **request: Any) -> Any:
    """Make a cluster and return its handle; see `rsdat.clusters.handles.create`."""
    from rsdat.clusters.handles import create as create_

    return create_(name, **request)


def get(name: str | None = None, *, asynchronous: bool = False) -> Any:
    """The handle of one of your clusters; see `rsdat.clusters.handles.get`."""
    from rsdat.clusters.handles import AsyncCluster, Cluster
    from rsdat.clusters.handles import get as get_

    found: Cluster | AsyncCluster = get_(name, asynchronous=True) if asynchronous else get_(name)
    return found


def list() -> Any:  # noqa: A001 - the name that stays
    """Handles of all your clusters; see `rsdat.clusters.handles.list_clusters`."""
    from rsdat.clusters.handles import list_clusters

    return list_clusters()
