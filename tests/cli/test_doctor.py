"""`rsdat doctor` on the shell: what is missing is said with what to do."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from rsdat import __version__
from rsdat.cli.checks import endpoints, folder, page_part, server_part
from rsdat.cli.main import main
from tests.support.slurm_site import SlurmSite

SWITCH = {"ServerApp": {"jpserver_extensions": {"rsdat": True}}}


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, list[str]]:
    """Folders of a Jupyter that has both parts: `own` counts more than `env`."""
    own, env = tmp_path / "own", tmp_path / "env"
    write(env / "jupyter_server_config.d" / "rsdat.json", SWITCH)
    write(env / "labextensions" / "jupyterlab-rsdat" / "package.json", {"version": __version__})
    return {"config": [str(own), str(env)], "data": [str(own), str(env)]}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An RSDAT_HOME with nothing in it, and no dCache configured elsewhere."""
    home = tmp_path / "home"
    monkeypatch.setenv("RSDAT_HOME", str(home))
    monkeypatch.setenv("HOME", str(tmp_path))
    return home


def write(file: Path, value: object) -> None:
    """As JSON, with the folders above."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value))


def lines(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """What was said of each thing, with its hint."""
    told: dict[str, str] = {}
    name = ""
    for line in capsys.readouterr().out.splitlines():
        name = line[10:21].strip() or name
        told[name] = told.get(name, "") + line[:9].strip() + " " + line[22:] + "\n"
    return told


def test_both_parts_are_found(paths: dict[str, list[str]], tmp_path: Path) -> None:
    assert server_part(paths).state == "ok"
    assert page_part(paths).state == "ok"
    # Somebody's own switch counts more than that of the environment.
    write(
        tmp_path / "own" / "jupyter_server_config.json",
        {"ServerApp": {"jpserver_extensions": {"rsdat": False}}},
    )
    found = server_part(paths)
    assert found.state == "failed"
    assert "own" in found.message


def test_both_spellings_of_a_version_are_one(
    paths: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "env" / "labextensions" / "jupyterlab-rsdat" / "package.json"
    monkeypatch.setattr("rsdat.cli.checks.__version__", "99.0.0rc1")
    for spelling in ("99.0.0-rc.1", "99.0.0-rc1"):
        write(page, {"version": spelling})
        assert page_part(paths).state == "ok", spelling


@pytest.mark.parametrize("text", ["{", "[]", '{"ServerApp": []}'])
def test_broken_configuration_is_passed_over(
    paths: dict[str, list[str]], tmp_path: Path, text: str
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "jupyter_server_config.json").write_text(text)
    assert server_part(paths).state == "ok"


def test_missing_parts_are_told_with_the_fix(paths: dict[str, list[str]], tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "env" / "jupyter_server_config.d")
    page = tmp_path / "env" / "labextensions" / "jupyterlab-rsdat" / "package.json"
    write(page, {"version": "99.0.0-alpha.1"})
    server = server_part(paths)
    assert (server.state, "extension enable rsdat" in (server.hint or "")) == ("failed", True)
    assert "99.0.0-alpha.1" in page_part(paths).message
    assert page_part(paths).state == "failed"
    page.unlink()
    assert "npm run build" in (page_part(paths).hint or "")


def test_without_slurm(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RSDAT_QUEUE", raising=False)
    monkeypatch.setenv("PATH", str(home))
    main(["doctor"])
    told = lines(capsys)
    assert "warning No Slurm here" in told["queue"]
    assert "where sbatch works" in told["queue"]
    assert "warning No endpoint is configured" in told["dCache"]
    assert told["folder"].startswith("ok ")
    assert home.stat().st_mode & 0o777 == 0o700
    assert sys.prefix in told["rsdat"]


def test_a_slurm_that_lacks_a_command(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("sbatch", "squeue", "scancel"):
        (tmp_path / "bin" / name).symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("RSDAT_QUEUE", "slurm")
    assert main(["doctor"]) == 1
    assert "FAILED Not on the PATH: scontrol, sinfo" in lines(capsys)["queue"]
    # All are there, and none can say anything.
    for name in ("scontrol", "sinfo"):
        (tmp_path / "bin" / name).symlink_to("/bin/false")
    assert main(["doctor"]) == 1
    told = lines(capsys)["queue"]
    assert told.startswith("FAILED scontrol failed")
    assert "squeue" in told


@pytest.mark.slurm
def test_with_slurm(
    home: Path,
    slurm_site: SlurmSite,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in slurm_site.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RSDAT_QUEUE", "slurm")
    main(["doctor"])
    told = lines(capsys)["queue"]
    assert told.startswith("ok slurm")
    assert "partitions: main, short" in told


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    [found] = folder(tmp_path / "home")
    assert found.state == "failed"
    assert "RSDAT_HOME" in (found.hint or "")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    [found] = folder(tmp_path / "home")
    assert found.state == "failed"


def test_broken_endpoints_are_told(home: Path) -> None:
    home.mkdir()
    (home / "endpoints.json").write_text("{")
    assert endpoints(home).state == "failed"
    write(
        home / "endpoints.json",
        {
            "format": 1,
            "endpoints": [{"name": "surf", "api_url": "https://example.org/api/v1", "token": "x"}],
        },
    )
    assert endpoints(home).message == "surf"
