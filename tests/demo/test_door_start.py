"""The stand-in starts, says where it is, keeps what a disk can't, and stops."""

from __future__ import annotations

import json
import urllib.error
from pathlib import Path

import pytest

from rsdat.cli.main import main
from tests.support.door import door


def test_ready_line_and_state_file(tmp_path: Path) -> None:
    with door(tmp_path) as dcache:
        assert dcache.api_url.endswith("/api/v1")
        assert (tmp_path / "door-state" / "door.json").stat().st_mode & 0o077 == 0
        (dcache.root / "a.txt").write_text("hello")
        assert dcache.entry("/a.txt")["size"] == 5
    assert dcache.process.returncode == 0
    assert (tmp_path / "door.log").read_text() == ""


def test_state_survives_a_restart(tmp_path: Path) -> None:
    with door(tmp_path) as dcache:
        (dcache.root / "a.txt").write_text("hello")
        dcache.set_file("/a.txt", locality="NEARLINE", labels=["raw"])
    with door(tmp_path) as dcache:
        entry = dcache.entry("/a.txt", "locality=true&labels=true")
        assert (entry["fileLocality"], entry["labels"]) == ("NEARLINE", ["raw"])


def test_state_inside_the_root_is_invisible(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    state = tmp_path / "root" / ".rsdat-door"
    (tmp_path / "door-state").symlink_to(state)
    with door(tmp_path, root=tmp_path / "root", arguments=("--state", str(state))) as dcache:
        assert state.is_dir()
        assert dcache.entry("/", "children=true")["children"] == []
        with pytest.raises(urllib.error.HTTPError, match="404"):
            dcache.entry("/.rsdat-door")
        with pytest.raises(urllib.error.HTTPError, match="404"):
            dcache.entry("/.rsdat-door/door.json")


def test_errors_of_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "dcache", "--root", str(tmp_path / "nowhere")]) == 1
    assert "is not a folder" in capsys.readouterr().err
    with door(tmp_path) as dcache:
        port = dcache.api_url.split(":")[2].split("/")[0]
        (tmp_path / "other").mkdir()
        assert main(["demo", "dcache", "--root", str(tmp_path / "other"), "--port", port]) == 1
    assert f"port {port} is taken" in capsys.readouterr().err


def test_endpoint_file_for_the_product(tmp_path: Path) -> None:
    with door(tmp_path) as dcache:
        dcache.write_endpoint(tmp_path / "home")
        text = (tmp_path / "home" / "endpoints.json").read_text()
        assert json.loads(text)["endpoints"][0]["webdav_url"] == dcache.webdav_url
        assert dcache.token not in text
