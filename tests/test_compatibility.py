"""docs/compatibility.md names what the runs install; we ask no more of Lab than its lowest has."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "compatibility.md").read_text()
LOWEST_LAB = "4.2.0"
#: The packages of it that do not share its number.
LOWEST = {"apputils": "4.3.0", "coreutils": "6.2.0", "services": "7.2.0"}


def pins(name: str) -> dict[str, str]:
    """Package to version, of a file of constraints."""
    text = (ROOT / "scripts" / name).read_text()
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE))


def versions_of(title: str) -> str:
    """What the document's table says of a package."""
    return re.search(rf"^\| {re.escape(title)} \| ([^|]+) \|", DOCUMENT, re.MULTILINE)[1]  # type: ignore[index]


@pytest.mark.parametrize(
    ("title", "package"),
    [
        ("Notebook 7", "notebook"),
        ("jupyter-collaboration", "jupyter-collaboration"),
        ("jupyterlab-git", "jupyterlab-git"),
        ("dask-labextension", "dask-labextension"),
    ],
)
@pytest.mark.parametrize("name", ["beside-4.2.txt", "beside-4.6.txt"])
def test_what_stands_beside_us(title: str, package: str, name: str) -> None:
    """The versions that a run installs are those of the table."""
    assert pins(name)[package] in versions_of(title)


def test_lab_and_hub() -> None:
    """The same for what stands in the lock of the whole."""
    locked = pins("constraints.txt")
    assert versions_of("JupyterLab").strip() == locked["jupyterlab"]
    assert locked["jupyterhub"] in versions_of("JupyterHub")
    packages = json.loads((ROOT / "ui-tests" / "package.json").read_text())["devDependencies"]
    assert packages["configurable-http-proxy"] in versions_of("JupyterHub")


def test_beside_holds_with_the_lock() -> None:
    """No package is pinned twice: the two files are given to pip together."""
    locked = pins("constraints.txt")
    for name in ("beside-4.2.txt", "beside-4.6.txt"):
        assert not set(pins(name)) & set(locked)


def test_what_we_ask_of_lab() -> None:
    """Lab refuses an extension that asks for more than it has."""
    asked = json.loads((ROOT / "package.json").read_text())["dependencies"]
    for package, wanted in asked.items():
        if package.startswith("@jupyterlab/"):
            lowest = LOWEST.get(package.split("/")[1], LOWEST_LAB)
            assert wanted == f"^{lowest}", package
    assert f"| JupyterLab, lowest | {LOWEST_LAB} |" in DOCUMENT
