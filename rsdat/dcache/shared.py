"""Endpoints that a cluster's companion handed to its workers: whole, with their secrets in files.

A worker finds them by `RSDAT_SHARED`, a folder of the cluster that only its user can enter. Its own
home may not be the notebook's, and the notebook's environment it never sees.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rsdat.base.errors import RsdatError
from rsdat.base.files import read_json
from rsdat.dcache.endpoint import CREDENTIALS, FILES, Endpoint, endpoint_from_options

FORMAT = 1
VARIABLE = "RSDAT_SHARED"
FOLDER = "dcache"
FILE = "endpoints.json"


def shared_endpoints() -> list[Endpoint]:
    """What was handed over, the default first; empty where this is no worker."""
    return [endpoint for endpoint, _ in _read()]


def shared_for(options: Mapping[str, Any]) -> Endpoint | None:
    """The copy of the endpoint that these keywords describe, if it was handed over.

    Args:
        options: Addresses, and the names of files with the credential. With a secret given as text
            nothing is looked for: it says who.
    """
    if options.get("token") or options.get("password"):
        return None
    for endpoint, origin in _read():
        if all(_same(key, options[key], endpoint, origin) for key in _TELLING if key in options):
            return endpoint
    return None


_TELLING = ("api_url", "webdav_url", *CREDENTIALS, "rclone_section", "password_file")


def _same(key: str, given: Any, endpoint: Endpoint, origin: Mapping[str, Any]) -> bool:
    if key in ("api_url", "webdav_url"):
        return bool(str(given).rstrip("/") == getattr(endpoint, key))
    if key in FILES:
        # Here the file may not exist; its name at the notebook's computer is what counts.
        return bool(str(Path(str(given)).expanduser()) == origin.get(key))
    return bool(str(given) == origin.get(key))


def _read() -> list[tuple[Endpoint, dict[str, Any]]]:
    place = os.environ.get(VARIABLE)
    if not place:
        return []
    folder = Path(place) / FOLDER
    try:
        described = read_json(folder / FILE, format_version=FORMAT)["endpoints"]
    except (OSError, KeyError, RsdatError):
        return []  # nothing was handed over, or the cluster ends: the home is looked at
    found = []
    for each in described:
        options = {key: value for key, value in each.items() if key not in ("name", "from")}
        endpoint = endpoint_from_options(each["name"], options, folder=folder)
        found.append((endpoint, each.get("from") or {}))
    return found
