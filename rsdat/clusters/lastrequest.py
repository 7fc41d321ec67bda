"""What was last asked for at each site, in `$RSDAT_HOME/last-request.json`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rsdat.base.errors import Conflict
from rsdat.base.files import read_json, write_json

_log = logging.getLogger(__name__)

FORMAT = 1
#: A cluster's own, and what another one can't be made from.
_NOT_KEPT = frozenset({"name", "again", "attach"})


def remember(home: Path, site: str, body: Mapping[str, Any]) -> None:
    """Keep a ClusterRequest as the last one of a site. Blocks; that it fails is only logged."""
    kept = {key: value for key, value in body.items() if key not in _NOT_KEPT}
    try:
        sites = _read(home)
        if sites.get(site) != kept:
            write_json(_path(home), {"sites": {**sites, site: kept}}, format_version=FORMAT)
    except OSError as error:
        _log.warning("The request can't be remembered: %s", error.strerror)


def recall(home: Path, site: str) -> dict[str, Any] | None:
    """The last ClusterRequest at a site. Blocks."""
    found = _read(home).get(site)
    return dict(found) if isinstance(found, Mapping) else None


def _path(home: Path) -> Path:
    return home / "last-request.json"


def _read(home: Path) -> dict[str, Any]:
    try:
        sites = read_json(_path(home), format_version=FORMAT).get("sites")
    except (FileNotFoundError, Conflict):
        # Damaged or a newer rsdat's: begin anew.
        return {}
    return dict(sites) if isinstance(sites, Mapping) else {}
