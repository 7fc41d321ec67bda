"""What of rsdat lies on the disk: it may be upgraded under a Jupyter that runs."""

from __future__ import annotations

import importlib
from importlib import metadata

from jupyter_core.paths import jupyter_path

from rsdat.base.pagepart import page_file, version_in


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
    file = page_file(jupyter_path("labextensions"))
    return None if file is None else version_in(file)


def versions_on_disk() -> dict[str, str | None]:
    """`installed` and `page` of `Info` in docs/api.yaml; reads files, so not for an event loop."""
    return {"installed": installed_version(), "page": page_version()}
