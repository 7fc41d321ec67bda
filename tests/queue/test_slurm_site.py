"""The private Slurm of the tests leaves nothing behind, whatever happened to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.support import slurm_site as support
from tests.support.slurm_conf import cgroups_of
from tests.support.slurm_processes import poll
from tests.support.slurm_site import (
    PREFIX,
    Features,
    SlurmSite,
    missing_accounting_programs,
    missing_programs,
    sweep,
)

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(bool(missing_programs()), reason=f"no private Slurm: {missing_programs()}"),
]
TOOL = support.__file__


def processes_of(folder: Path) -> list[str]:
    """Command lines and environments of live processes that name the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            text = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in text and int(process.name) != os.getpid():
            found.append(text.decode(errors="replace")[:200])
    return found


def run_a_job(site: SlurmSite) -> None:
    site.command("sbatch", "-o", "/dev/null", "--wrap", "sleep 600; true")
    until = time.monotonic() + 20
    while "R" not in site.command("squeue", "-h", "-o", "%t").stdout:
        assert time.monotonic() < until, "the job does not start"
        time.sleep(0.1)


def test_from_the_shell_in_a_deep_folder(tmp_path: Path) -> None:
    folder = tmp_path / ("a-name-too-long-for-the-path-of-a-unix-socket-" * 2) / "site"
    up = [sys.executable, TOOL, "up", str(folder), "--nodes", "1"]
    done = subprocess.run(up, capture_output=True, text=True, timeout=90, check=True)
    site = SlurmSite(folder, nodes=1)
    assert json.loads(done.stdout) == {"SLURM_CONF": str(folder / "slurm.conf")}
    run_a_job(site)
    down = [sys.executable, TOOL, "down", str(folder)]
    subprocess.run(down, timeout=90, check=True)
    assert processes_of(folder) == []
    subprocess.run(down, timeout=90, check=True)  # again: no error


def test_what_a_crash_left_is_swept() -> None:
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    owner = subprocess.Popen(["sleep", "60"])
    site = SlurmSite(folder, nodes=1, owner=owner.pid)
    site.start()
    run_a_job(site)
    sweep()
    assert site.command("scontrol", "ping").returncode == 0, "its owner lives"
    os.kill(site._controller(), signal.SIGKILL)
    owner.kill()
    owner.wait()
    sweep()
    assert processes_of(folder) == []
    assert not folder.exists()


@pytest.mark.skipif(
    bool(missing_accounting_programs()), reason=f"no accounting: {missing_accounting_programs()}"
)
def test_accounting_goes_with_its_site(tmp_path: Path) -> None:
    """Database, slurmdbd and the kernel's groups are gone afterwards; jobs were accounted."""
    site = SlurmSite(tmp_path / "site", nodes=1, features=Features(accounting=True, memory=True))
    try:
        site.start()
        print(f"memory is enforced by: {site.memory_guard}")
        site.command("sbatch", "--wait", "-o", "/dev/null", "--wrap", "exit 3", check=False)

        def accounted() -> bool:  # a second or two later
            told = site.command("sacct", "-nPX", "-o", "Account,ExitCode").stdout
            return told.splitlines() == ["proj|3:0"]

        assert poll(accounted, 20)
        (node,) = site.node_names()
    finally:
        site.stop()
    assert processes_of(site.folder) == []
    assert cgroups_of(node) == []
