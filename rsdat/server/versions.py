"""What of rsdat lies on the disk: it may be upgraded under a Jupyter that runs."""

from __future__ import annotations

import importlib
import json
from importlib import metadata
from pathlib import Path

from jupyter_core.paths import jupyter_path

#: The page's part, as npm and Lab call it.
_PAGE = "jupyterlab-rsdat"


def installed_version() -> str | None:
    """Version of the package as it is installed now; None where that can't be told."""
    # Folders that were read before are remembered by the finder.
    importlib.invalidate_caches()
    try:
        return metadata.version("rsdat")
    except metadata.PackageNotFoundError:
        return None


def page_version() -> str | None:
    """Version of the page's part that Lab loads: of the first folder that has one, as Lab looks."""
    files = (Path(folder) / _PAGE / "package.json" for folder in jupyter_path("labextensions"))
    first = next((file for file in files if file.is_file()), None)
    try:
        return None if first is None else str(json.loads(first.read_bytes())["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def versions_on_disk() -> dict[str, str | None]:
    """`installed` and `page` of `Info` in docs/api.yaml; reads files, so not for an event loop."""
    return {"installed": installed_version(), "page": page_version()}
