"""Workers in other environments than the companion's: an image, a Python without rsdat."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rsdat.base.errors import InvalidInput
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.leaving import left_early
from rsdat.clusters.options import read_options
from rsdat.clusters.script import ScriptPaths, render_script
from rsdat.queue.local.queue import LocalQueue
from tests.support.worker_jobs import wait, worker_jobs

pytestmark = pytest.mark.timeout(180)

VALUES = [f"value {number}" for number in range(20)]

#: Checks its arguments as apptainer does, and hands signals on to its child, as apptainer does
#: when it has no terminal (since 3.3; internal/pkg/runtime/engine/apptainer/monitor_linux.go).
FAKE_APPTAINER = """\
#!{python}
import json, os, signal, subprocess, sys

arguments = sys.argv[1:]
assert arguments.pop(0) == "exec", sys.argv
binds = []
while arguments[0] == "--bind":
    binds.append(arguments[1])
    del arguments[:2]
image, command = arguments[0], arguments[1:]
assert not image.startswith("-"), sys.argv
for bind in binds:
    source = bind.split(":")[0]
    if not os.path.exists(source):
        sys.exit(f"FATAL: mount source {{source}} doesn't exist")
assert command.pop(0) == "python", sys.argv
with open({seen!r}, "w") as file:
    json.dump({{"binds": binds, "image": image, "parent": os.getppid()}}, file)
child = subprocess.Popen([{python!r}, *command])
for number in (signal.SIGTERM, signal.SIGUSR1):
    signal.signal(number, lambda number, frame: child.send_signal(number))
sys.exit(child.wait())
"""


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_an_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its worker has what it needs bound, and keeps its data when it is signalled twice."""
    seen = tmp_path / "seen.json"
    text = FAKE_APPTAINER.format(python=sys.executable, seen=str(seen))
    executable(tmp_path / "bin" / "apptainer", text)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    home, data, scratch = tmp_path / "home", tmp_path / "my data", tmp_path / "scratch"
    for folder in (data, scratch):
        folder.mkdir()
    with worker_jobs(home, LocalQueue(home)) as jobs:
        array = jobs.start(
            image="/images/eo 1.sif",
            binds=[f"{data}:/data:ro"],
            local_directory=str(scratch),
            environment={"GREETING": "it's $HOME"},
        )
        facts = json.loads(seen.read_text())
        assert facts["image"] == "/images/eo 1.sif"
        assert facts["binds"] == [str(home), str(scratch), f"{data}:/data:ro"]
        # No shell between the queue and it: what is sent to the job reaches it.
        runner = Path(f"/proc/{facts['parent']}/cmdline").read_bytes()
        assert b"rsdat.queue.local.runner" in runner
        assert jobs.client.submit(os.getenv, "GREETING").result(timeout=30) == "it's $HOME"
        jobs.start()
        futures = jobs.scatter_to(f"{array}_0", VALUES)
        jobs.cancel(array)
        jobs.wait_until_gone(f"{array}_0")
        assert jobs.client.gather(futures, errors="skip") == VALUES


def test_what_an_image_cannot_see(tmp_path: Path) -> None:
    options = read_options({"cores": 1, "memory": "2GiB"}, {"image": "x.sif"})
    home = tmp_path / "with,comma"
    paths = ScriptPaths.of(ClusterFolder(home / "clusters" / "c0ffee00"), home)
    with pytest.raises(InvalidInput, match="comma"):
        render_script("c0ffee00", options, paths)


def test_a_python_without_rsdat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only dask is there: the worker works, and hands its data over when its time is over."""
    monkeypatch.chdir(tmp_path)  # where Python looks first
    blocked = tmp_path / "blocked" / "rsdat"
    blocked.mkdir(parents=True)
    (blocked / "__init__.py").write_text("raise ImportError('there is no rsdat here')\n")
    python = executable(
        tmp_path / "bin" / "python",
        f'#!/bin/sh\nPYTHONPATH={blocked.parent} exec {sys.executable} "$@"\n',
    )
    without = subprocess.run(
        [python, "-c", "import rsdat"], capture_output=True, text=True, timeout=30
    )
    assert "there is no rsdat here" in without.stderr
    home = tmp_path / "home"
    with worker_jobs(home, LocalQueue(home)) as jobs:
        array = jobs.start(python=str(python), walltime="0:40")
        with pytest.raises(ImportError, match="there is no rsdat here"):
            jobs.client.submit(exec, "import rsdat").result(timeout=15)
        # Before the others are there: this one leaves after half a minute.
        futures = jobs.scatter_to(f"{array}_0", VALUES)
        jobs.start()
        jobs.wait_until_gone(f"{array}_0")
        assert jobs.client.gather(futures, errors="skip") == VALUES
        # How it ended is not asked: on a busy machine ten seconds may be too few to be quite gone.
        wait(lambda: left_early(jobs.folder, [f"{array}_0"]), lambda: jobs.log(f"{array}_0"))
