"""What the page learns of versions: what runs, what is installed, what it would load."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import rsdat
from rsdat.server import versions
from tests.support.server import Lab


def _install(folder: Path, text: str) -> None:
    page = folder / "labextensions" / "jupyterlab-rsdat"
    page.mkdir(parents=True)
    (page / "package.json").write_text(text)


@pytest.fixture
def data_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two folders of Jupyter data, the first before the second."""
    folders = tmp_path / "one", tmp_path / "two"
    paths = [str(folder / "labextensions") for folder in folders]
    monkeypatch.setattr(versions, "jupyter_path", lambda *_: paths)
    return folders


def test_page_is_the_first_found(data_folders: tuple[Path, Path]) -> None:
    """As Lab looks for it."""
    one, two = data_folders
    assert versions.page_version() is None
    _install(two, json.dumps({"version": "0.2.0"}))
    assert versions.page_version() == "0.2.0"
    _install(one, json.dumps({"version": "0.3.0-rc.1"}))
    assert versions.page_version() == "0.3.0-rc.1"


@pytest.mark.parametrize("text", ["", "{}", "[]", "{"])
def test_damaged_page(data_folders: tuple[Path, Path], text: str) -> None:
    """It is not told which version a damaged one has."""
    _install(data_folders[0], text)
    assert versions.page_version() is None


async def test_info_tells_what_lies_on_the_disk(
    lab: Lab, data_folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade under a running server is seen without a restart."""
    _install(data_folders[0], json.dumps({"version": "9.9.9"}))
    monkeypatch.setattr(versions.metadata, "version", lambda _: "9.9.9")
    info = await lab.call("GET", "/api/info", 200)
    assert (info["version"], info["installed"], info["page"]) == (
        rsdat.__version__,
        "9.9.9",
        "9.9.9",
    )
