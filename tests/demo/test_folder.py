"""The demo's folder is made once, and what the user did in it stays."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from rsdat.base.errors import OnTape
from rsdat.demo import folder as module
from rsdat.demo.folder import ODD_NAMES, TAPE_FILES, DemoFolder, examples
from tests.support.door import door

NOTEBOOK = "mean-reflectance.ipynb"


@pytest.fixture
def demo(tmp_path: Path) -> DemoFolder:
    made = DemoFolder(tmp_path / "demo")
    made.prepare()
    return made


def test_everything_is_there(demo: DemoFolder) -> None:
    assert (demo.dcache / "demo/radar/catalog.json").exists()
    assert (demo.dcache / "demo/sentinel2/catalog.json").exists()
    assert {file.name for file in (demo.dcache / "demo/odd names").iterdir()} == set(ODD_NAMES)
    assert sorted(file.name for file in demo.work.iterdir()) == [path.name for path in examples()]
    assert (demo.work / NOTEBOOK).exists()


def test_secrets_are_private(demo: DemoFolder) -> None:
    demo.write_endpoint("http://127.0.0.1:1/api/v1", "http://127.0.0.1:2")
    for file in (demo.token_file, demo.home / "endpoints.json"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for folder in (demo.path, demo.home, demo.door_state, demo.jupyter):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert demo.token_file.read_text(encoding="utf-8") not in (
        demo.home / "endpoints.json"
    ).read_text(encoding="utf-8")


def test_the_second_time_nothing_changes(demo: DemoFolder) -> None:
    (demo.dcache / "demo/odd names" / ODD_NAMES[0]).unlink()
    before = contents(demo)
    demo.prepare()
    assert contents(demo) == before


def contents(demo: DemoFolder) -> dict[Path, tuple[int, bytes]]:
    """Every file with its time, but for the record that is written each time."""
    files = [file for file in demo.path.rglob("*") if file.is_file() and file.name != "demo.json"]
    return {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in files}


def test_an_interrupted_start_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: str) -> str:
        raise KeyboardInterrupt

    demo = DemoFolder(tmp_path / "demo")
    with monkeypatch.context() as patch:
        patch.setattr(module, "put_sentinel2_scene", interrupted)
        with pytest.raises(KeyboardInterrupt):
            demo.prepare()
    assert not (demo.dcache / "demo/sentinel2/catalog.json").exists()
    demo.prepare()
    assert (demo.dcache / "demo/sentinel2/catalog.json").exists()


def test_notebooks_of_the_user_stay(
    demo: DemoFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An untouched copy follows the example; an edited or deleted one is the user's affair."""
    newer = tmp_path / "newer"
    newer.mkdir()
    names = ("untouched.ipynb", "edited.ipynb", "deleted.ipynb", "own.ipynb")
    monkeypatch.setattr(module, "examples", lambda: [newer / name for name in names[:3]])
    for name in names[:3]:
        (newer / name).write_text("old", encoding="utf-8")
    demo.prepare()
    (demo.work / "edited.ipynb").write_text("mine", encoding="utf-8")
    (demo.work / "deleted.ipynb").unlink()
    # Of the same name as an example that comes later.
    (demo.work / "own.ipynb").write_text("mine", encoding="utf-8")
    monkeypatch.setattr(module, "examples", lambda: [newer / name for name in names])
    for name in names:
        (newer / name).write_text("new", encoding="utf-8")

    demo.prepare()
    demo.prepare()

    assert (demo.work / "untouched.ipynb").read_text(encoding="utf-8") == "new"
    assert (demo.work / "edited.ipynb").read_text(encoding="utf-8") == "mine"
    assert (demo.work / "own.ipynb").read_text(encoding="utf-8") == "mine"
    assert not (demo.work / "deleted.ipynb").exists()


def test_settings_of_the_user_stay(demo: DemoFolder) -> None:
    file = next(demo.jupyter.rglob("notification.jupyterlab-settings"))
    assert json.loads(file.read_text(encoding="utf-8"))["fetchNews"] == "false"
    file.write_text("{}", encoding="utf-8")
    demo.prepare()
    assert file.read_text(encoding="utf-8") == "{}"


def test_what_dcache_shows(
    demo: DemoFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Odd names are themselves, and files on tape are told at once, through our own client."""
    import fsspec

    arguments = ("--state", str(demo.door_state), "--token-file", str(demo.token_file))
    (tmp_path / "door-state").symlink_to(demo.door_state)
    with door(tmp_path, root=demo.dcache, arguments=arguments) as running:
        demo.write_endpoint(running.api_url, running.webdav_url)
        monkeypatch.setenv("RSDAT_HOME", str(demo.home))
        kind = fsspec.get_filesystem_class("dcache")
        kind.clear_instance_cache()
        dcache = fsspec.filesystem("dcache")
        try:
            assert set(dcache.ls("/demo/odd names", detail=False)) == {
                f"/demo/odd names/{name}" for name in ODD_NAMES
            }
            for name in ODD_NAMES:
                assert name in dcache.cat_file(f"/demo/odd names/{name}").decode()
            for name in TAPE_FILES:
                assert dcache.info(f"/demo/on tape/{name}")["locality"] == "NEARLINE"
            with pytest.raises(OnTape):
                dcache.cat_file(f"/demo/on tape/{TAPE_FILES[0]}")
        finally:
            kind.clear_instance_cache()
