"""Rsdat's part of JupyterLab's page as it lies on the disk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

#: As npm and Lab call it.
PAGE = "jupyterlab-rsdat"
#: Spellings of a version that comes before another, with Python's of each.
_BEFORE = (
    (re.compile(r"[-.]?(?:alpha|a)\.?(?=\d)"), "a"),
    (re.compile(r"[-.]?(?:beta|b)\.?(?=\d)"), "b"),
    (re.compile(r"[-.]?rc\.?(?=\d)"), "rc"),
)


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


def as_python(version: str) -> str:
    """A version of npm as Python writes it (PEP 440): `0.2.0-rc.1` is `0.2.0rc1`.

    Both are compared in this form; the page does the same in src/common/version.ts.
    """
    for theirs, ours in _BEFORE:
        version = theirs.sub(ours, version, count=1)
    return version
