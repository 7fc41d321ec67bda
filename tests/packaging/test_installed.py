"""The wheel alone, in a new environment without Node: Lab finds it, and it works."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.conftest import BUILD_S, COMMAND_S, REPOSITORY, Installed, Release
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.long, pytest.mark.timeout(BUILD_S)]

VERSION = json.loads((REPOSITORY / "package.json").read_text())["version"]
TOKEN = "of-the-packaging-test"


@pytest.fixture(scope="module")
def lab(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running JupyterLab of that environment."""
    folder = tmp_path_factory.mktemp("lab")
    runtime = folder / "runtime"
    with (folder / "lab.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(installed.bin / "jupyter", "lab", "--no-browser", "--allow-root"),
                *("--ip=127.0.0.1", "--ServerApp.port=0", f"--ServerApp.root_dir={folder}"),
            ],
            env=installed.env | {"JUPYTER_TOKEN": TOKEN, "JUPYTER_RUNTIME_DIR": os.fspath(runtime)},
            stdout=log,
            stderr=log,
        )
    facts = runtime / f"jpserver-{process.pid}.json"
    try:
        wait_for(lambda: bool(told(facts)) or process.poll() is not None, COMMAND_S)
        assert process.poll() is None, (folder / "lab.log").read_text()
        url = told(facts)
        wait_for(lambda: answers(f"{url}api"), COMMAND_S)
        yield url
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


def read(url: str) -> bytes:
    """The answer to GET, with the token."""
    request = urllib.request.Request(url, headers={"Authorization": f"token {TOKEN}"})
    with urllib.request.urlopen(request, timeout=COMMAND_S) as answer:
        return bytes(answer.read())


def told(facts: Path) -> str:
    """The address that Jupyter tells in this file; empty until all of it is written."""
    with contextlib.suppress(OSError, ValueError):
        return str(json.loads(facts.read_text())["url"])
    return ""


def answers(url: str) -> bool:
    """Whether somebody listens: the file that tells where is written before."""
    with contextlib.suppress(OSError):
        return bool(read(url))
    return False


def test_lab_and_server_list_it(installed: Installed) -> None:
    extensions = installed.run("jupyter", "labextension", "list")
    assert re.search(rf"jupyterlab-rsdat v{re.escape(VERSION)} .*enabled.*OK", extensions)
    servers = installed.run("jupyter", "server", "extension", "list")
    assert re.search(rf"rsdat {re.escape(VERSION)} .*OK", servers)


def test_command_tells_the_version(installed: Installed) -> None:
    assert VERSION in installed.run("rsdat", "--version")


def test_doctor_finds_both_parts(installed: Installed) -> None:
    told = installed.run("rsdat", "doctor")
    assert re.search(r"^ok +server part", told, re.MULTILINE)
    assert re.search(r"^ok +page part", told, re.MULTILINE)
    assert "No Slurm here" in told


def test_lab_serves_the_page_part_and_the_companion_answers(lab: str) -> None:
    page = read(f"{lab}lab").decode()
    [config] = re.findall(r'id="jupyter-config-data"[^>]*>\s*(\{.*?\})\s*</script>', page, re.S)
    [ours] = [
        each
        for each in json.loads(config)["federated_extensions"]
        if each["name"] == "jupyterlab-rsdat"
    ]
    served = read(f"{lab}lab/extensions/jupyterlab-rsdat/{ours['load']}")
    assert b"jupyterlab-rsdat" in served
    assert json.loads(read(f"{lab}rsdat/api/info"))["version"] == VERSION


def test_wheel_from_the_sdist_is_the_same_and_needs_no_node(
    release: Release, installed: Installed, tmp_path: Path
) -> None:
    uv = shutil.which("uv", path=os.fspath(Path(sys.executable).parent)) or "uv"
    with tarfile.open(release.sdist) as opened:
        epoch = opened.getmembers()[0].mtime
    subprocess.run(
        [
            *(uv, "build", "--wheel", "--out-dir", tmp_path),
            *("--python", installed.bin / "python"),
            *("--build-constraints", REPOSITORY / "scripts" / "build-constraints.txt"),
            release.sdist,
        ],
        check=True,
        timeout=BUILD_S,
        env={**os.environ, "PATH": installed.env["PATH"], "SOURCE_DATE_EPOCH": str(epoch)},
    )
    again = (tmp_path / release.wheel.name).read_bytes()
    assert hashlib.sha256(again).digest() == hashlib.sha256(release.wheel.read_bytes()).digest()
