"""The worker script: golden files over the configurations that users have."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import dask.config
import pytest

from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.options import read_options
from rsdat.clusters.script import ScriptPaths, render_script
from rsdat.presets import job_settings, load_presets

GOLDEN = Path(__file__).parent / "golden"
HOME = Path("/home/u/.rsdat")
FOLDER = HOME / "clusters" / "c0ffee00"
PATHS = ScriptPaths.of(ClusterFolder(FOLDER), HOME)

#: name: preset, jobqueue.slurm of the user, options of the request
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "generic": ("generic", {}, {}),
    "spider": ("spider", {}, {}),
    "all-options": (
        "snellius",
        {},
        {
            "cores": 32,
            "memory": "56GiB",
            "walltime": "1-00:00:00",
            "partition": "genoa",
            "account": "proj-1",
            "interface": "ib0",
            "local_directory": "/scratch/$USER/x",
            "prologue": ["module load 2023", "source 'my env/bin/activate'"],
            "directives": ["--constraint=scratch-node", "#SBATCH --reservation=course"],
        },
    ),
    "words-of-their-own": (
        "spider",
        {"job-extra-directives": ["--output", "/x/%j.out", "--constraint", "old", "--exclusive"]},
        {
            "memory": "2500MiB",
            "reservation": "course",
            "constraint": "[a|b]*2&ssd",
            "gres": "gpu:a100:1",
            "processes": 2,
            "environment": {"OMP_NUM_THREADS": "1", "TITLE": "it's $HOME"},
            "python": "/other/env/bin/python",
        },
    ),
    "old-keys": (
        "generic",
        {
            "project": "oldproj",
            "env-extra": ["module load old"],
            "job-extra": ["--qos=short"],
            "extra": ["--resources", "GPU=1"],
            "log-directory": "/nonexistent/logs",
            "name": "mine",
        },
        {},
    ),
    "processes": ("generic", {"processes": 4, "job-cpu": 8}, {"cores": 8, "memory": "16GiB"}),
    "container": (
        "delftblue",
        {
            "python": "apptainer exec --bind /scratch image.sif python",
            "death-timeout": 600,
            "worker_extra_args": ["--lifetime", "55m"],
            "job_extra_directives": {"--gres": "gpu:1"},
            "shebang": "#!/bin/bash -l",
            "job-directives-skip": ["--mem="],
        },
        {"account": "research-eemcs"},
    ),
    "image": (
        "spider",
        {"python": None, "image": "$HOME/images/eo 1.sif", "binds": ["/project/$USER"]},
        {
            "image": "/project/eo/eo.sif",
            "binds": ["/project/$USER", "/my data:/data:ro"],
            "environment": {"OMP_NUM_THREADS": "1", "GREETING": "it's $HOME"},
            "prologue": ["module load apptainer"],
        },
    ),
}


def render(name: str) -> str:
    preset, configured, request = CASES[name]
    configured = {"python": "/env/bin/python", **configured}
    with dask.config.set({"jobqueue.slurm": configured}):
        options = read_options(job_settings(load_presets()[preset]), request)
    return render_script("c0ffee00", options, PATHS)


@pytest.mark.parametrize("name", CASES)
def test_script_is_as_agreed(name: str) -> None:
    """To accept a change: `python -m tests.clusters.test_script`, and read the diff."""
    assert render(name) == (GOLDEN / f"{name}.sh").read_text()


@pytest.mark.parametrize("name", CASES)
def test_scripts_are_shell(name: str) -> None:
    subprocess.run(["bash", "-n"], input=render(name), text=True, check=True, timeout=10)


def test_paths_with_spaces_and_quotes_reach_the_worker(tmp_path: Path) -> None:
    """What the shell makes of the last line is what was meant."""
    folder = tmp_path / "it's a `home` $X"
    show = f"{sys.executable} -c 'import sys, os; print(sys.argv[1:], os.environ[\"RSDAT_HOME\"])'"
    paths = ScriptPaths.of(ClusterFolder(folder), folder)
    with dask.config.set({"jobqueue.slurm": {"python": f"{show} --"}}):
        options = read_options(job_settings(load_presets()["generic"]), {})
    script = render_script("c0ffee00", options, paths)
    environment = {"SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "3"}
    out = subprocess.run(
        ["bash"], input=script, env=environment, text=True, capture_output=True, check=True,
        timeout=20,
    ).stdout  # fmt: skip
    assert str([str(folder / "scheduler.json")])[1:-1] in out
    assert "'c0ffee00-7_3'" in out
    assert out.strip().endswith(str(folder))


def test_amounts_of_resources_are_exact() -> None:
    options = read_options(job_settings(load_presets()["generic"]), {})
    given = {"group-workers": 1.0, "DISK": 1_234_567_890.0, "PART": 0.25}
    script = render_script("c0ffee00", options, PATHS, resources=given)
    assert "'group-workers=1 DISK=1234567890 PART=0.25'" in script


def test_rendering_leaves_the_signals_alone() -> None:
    """dask-jobqueue would take SIGINT for itself when it is imported."""
    code = (
        "import asyncio, signal, tests.clusters.test_script as t\n"
        "before = signal.getsignal(signal.SIGINT)\n"
        "asyncio.run(asyncio.to_thread(t.render, 'generic'))\n"
        "assert signal.getsignal(signal.SIGINT) is before\n"
        "t.render('generic')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    before = signal.getsignal(signal.SIGINT)
    asyncio.run(asyncio.to_thread(render, "generic"))
    assert signal.getsignal(signal.SIGINT) is before


if __name__ == "__main__":
    for each in CASES:
        (GOLDEN / f"{each}.sh").write_text(render(each))
