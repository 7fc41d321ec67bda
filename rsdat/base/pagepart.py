"""Rsdat's part of JupyterLab's page as it lies on the disk."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

#: As npm and Lab call it.
PAGE = "jupyterlab-rsdat"


def page_file(folders: Iterable[str | Path]) -> Path | None:
    """The `package.json` that Lab takes: of the first of its folders of extensions that has one."""
    files = (Path(folder) / PAGE / "package.json" for folder in folders)
    return next((file for file in files if file.is_file()), None)


def version_in(file: Path) -> str | None:
    """The version that a `package.json` tells; None where it can't be read."""
    try:
        return str(json.loads(file.read_bytes())["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
