"""`rsdat dcache …` on the shell."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsdat.cli.main import main
from tests.support.door import Door


@pytest.fixture
def home(site: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> Path:
    """An RSDAT_HOME with the stand-in as its endpoint."""
    home = tmp_path / "home"
    monkeypatch.setenv("RSDAT_HOME", str(home))
    site.write_endpoint(home, name="spider", folder=folder)
    return home


def test_endpoints(home: Path, site: Door, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dcache", "endpoints"]) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[0] == "spider"
    assert site.api_url in told
    assert str(home / "spider.token") in told
    assert site.token not in told


def test_token(home: Path, site: Door, capsys: pytest.CaptureFixture[str]) -> None:
    token = site.mint("/", "activity:LIST,DOWNLOAD", "ip:127.0.0.1", validity="PT72H")
    (home / "spider.token").write_text(token)
    assert main(["dcache", "token", "--endpoint", "spider"]) == 0
    told = capsys.readouterr().out
    for words in ("macaroon", "3.0 days", "only from: 127.0.0.1", "may: LIST, DOWNLOAD", "alice"):
        assert words in told
    assert token not in told


def test_doctor(home: Path, site: Door, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dcache", "doctor"]) == 0
    told = capsys.readouterr().out
    assert "can be written to" in told
    assert "FAILED" not in told
    (home / "spider.token").chmod(0o644)
    for command in ("doctor", "token"):
        assert main(["dcache", command]) == 1
        told = capsys.readouterr().out
        assert "chmod 600" in told
        assert site.token not in told


def test_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path))
    assert main(["dcache", "endpoints"]) == 0
    assert main(["dcache", "doctor"]) == 1
    said = capsys.readouterr()
    assert "No dCache endpoint is configured" in said.out
    assert "No dCache endpoint is configured" in said.err
