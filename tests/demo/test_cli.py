"""The command line finds the right function."""

from __future__ import annotations

import argparse
import subprocess
import sys

import pytest

import rsdat.demo.launcher
from rsdat.cli.main import main, parser


def test_demo_without_a_part_starts_the_launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[argparse.Namespace] = []

    def launch(args: argparse.Namespace) -> int:
        seen.append(args)
        return 7

    monkeypatch.setattr(rsdat.demo.launcher, "main", launch)
    assert main(["demo", "--port", "8899", "--no-browser", "--home", "/tmp/demo"]) == 7
    assert (seen[0].port, seen[0].no_browser, str(seen[0].home)) == (8899, True, "/tmp/demo")


@pytest.mark.parametrize("argv", [[], ["nonsense"], ["demo", "dcache"]])
def test_usage_errors(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert "usage: rsdat" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parser().parse_args(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("rsdat 0.")


def test_nobody_pays_for_the_stand_ins_but_who_starts_them() -> None:
    code = (
        "import sys, rsdat.cli.main\n"
        "print(sorted({'aiohttp', 'jupyterlab', 'rasterio', 'dask'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
