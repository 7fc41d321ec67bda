"""Sections of `jobqueue` that people have: our script asks Slurm for what dask-jobqueue does."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import dask.config
import pytest
import yaml

from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.options import read_options
from rsdat.clusters.renderer import slurm_job_class
from rsdat.clusters.script import ScriptPaths, render_script
from rsdat.presets import job_settings, load_presets
from rsdat.presets.jobqueue import _shipped

HOME = Path("/home/u/.rsdat")
PATHS = ScriptPaths.of(ClusterFolder(HOME / "clusters" / "c0ffee00"), HOME)

#: Made differently on purpose. Name and logs belong to the queue, which passes them to sbatch
#: itself (and with them `--array`); lost workers are replaced by rsdat, so Slurm must not requeue.
OURS_ONLY = {"--no-requeue"}
THEIRS_ONLY = ("-J ", "-e ", "-o ", "--output", "--error", "--job-name", "--requeue")

#: As in people's ~/.config/dask, below `jobqueue.mine`, over what dask-jobqueue ships.
SECTIONS: dict[str, str] = {
    "least": "{cores: 2, memory: 4GB}",
    "spider": """
        {cores: 4, processes: 1, memory: 32GiB, walltime: '01:00:00', queue: normal,
         local-directory: $TMPDIR, death-timeout: 60,
         job-extra-directives: ['--output', '.jupyterdask/%x-%j.out']}""",
    "snellius": "{cores: 16, memory: 28GiB, queue: rome, walltime: '10:00:00', name: dask-jq}",
    "decimal-memory": "{cores: 8, memory: 100GB, log-directory: null}",
    "decimal-g": "{cores: 8, memory: 100G}",
    "small": "{cores: 1, memory: 1500 MB}",
    "in-between": "{cores: 1, memory: 2.5GiB}",
    "job-cpu-and-mem": "{cores: 4, memory: 16GB, job-cpu: 8, job-mem: 20000M, account: proj}",
    "whole-node": "{cores: 128, memory: 200GB, job-mem: '0', processes: 16}",
    "deprecated": """
        {cores: 2, memory: 8GB, project: oldproj, job-extra: ['--qos=short', '--exclusive'],
         env-extra: ['module load x', 'export A=1'], extra: ['--resources', 'GPU=1'],
         header-skip: ['-n 1']}""",
    "deprecated-and-new": """
        {cores: 2, memory: 8GB, project: oldproj, account: newproj, job-extra: ['--qos=old'],
         job-extra-directives: ['--qos=new'], header-skip: ['-p'], job-directives-skip: ['-A'],
         queue: main}""",
    "skip": "{cores: 2, memory: 8GB, queue: q, job-directives-skip: ['--mem=', '-n 1']}",
    "skip-a-lot": "{cores: 2, memory: 8GB, queue: q, job-directives-skip: ['-p', '-t']}",
    "own-directives": """
        {cores: 2, memory: 8GB, name: mine, log-directory: null,
         job-extra-directives: ['-J other', '--requeue', '-C ssd', '--gres=gpu:1', '#SBATCH']}""",
    "prologue": """
        {cores: 2, memory: 8GB, python: /env/bin/python, shebang: '#!/bin/bash -l',
         job-script-prologue: ["source /env/activate\\nexport B=2", '']}""",
    "null-lists": """
        {cores: 2, memory: 8GB, job-extra: null, env-extra: null, header-skip: null,
         job-extra-directives: [], job-directives-skip: []}""",
    "walltimes": "{cores: 2, memory: 8GB, walltime: 1-12:00:00}",
    "no-walltime": "{cores: 2, memory: 8GB, walltime: null}",
    "several-partitions": "{cores: 2, memory: 8GB, queue: 'short,normal', interface: ib0}",
}


def section(name: str) -> dict[str, Any]:
    """Without what would make dask-jobqueue make a folder."""
    own = yaml.safe_load(SECTIONS[name])
    return {**_shipped()["slurm"], **own, "log-directory": None}


def directives(script: str) -> list[str]:
    """What sbatch reads: lines without `#SBATCH`, an option and its value on one."""
    found: list[str] = []
    for line in script.splitlines():
        if line.startswith("#SBATCH"):
            text = line.removeprefix("#SBATCH").strip().removeprefix("#SBATCH").strip()
            if text and not text.startswith("-") and found:
                found[-1] += f" {text}"
            elif text:
                found.append(text)
    return found


def theirs(name: str) -> str:
    with dask.config.set({"jobqueue.mine": section(name)}), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of deprecated keys
        job = slurm_job_class()(scheduler="tcp://x:1", name="w", config_name="mine")
        return str(job.job_script())


def ours(name: str, tmp_path: Path) -> str:
    with dask.config.set({"jobqueue.mine": section(name)}):
        preset = load_presets(tmp_path)["mine"]
        assert (preset.source, preset.title) == ("jobqueue", "jobqueue.mine")
        return render_script("c0ffee00", read_options(job_settings(preset), {}), PATHS)


@pytest.mark.parametrize("name", SECTIONS)
def test_slurm_is_asked_for_the_same(name: str, tmp_path: Path) -> None:
    expected = [line for line in directives(theirs(name)) if not line.startswith(THEIRS_ONLY)]
    assert [line for line in directives(ours(name, tmp_path)) if line not in OURS_ONLY] == expected


@pytest.mark.parametrize("name", SECTIONS)
def test_prologue_and_shebang_are_the_same(name: str, tmp_path: Path) -> None:
    def head(script: str) -> list[str]:
        lines = [line for line in script.splitlines() if line and not line.startswith("#SBATCH")]
        return lines[
            : next(n for n, line in enumerate(lines) if "DASK_CONFIG" in line or " -m " in line)
        ]

    assert head(ours(name, tmp_path)) == head(theirs(name))


def test_what_a_worker_is_told(tmp_path: Path) -> None:
    """Python and a worker's own arguments; the job's memory less what its nanny needs."""
    script = ours("deprecated", tmp_path)
    assert "--resources GPU=1" in script
    assert "--nthreads 2" in script
    assert "--memory-limit 7.75GiB" in script  # 8 GiB of the job, 256 MiB of them the nanny's
    assert "exec /env/bin/python -m distributed.cli.dask_worker" in ours("prologue", tmp_path)


def test_a_section_that_lacks_keys_is_filled_from_jobqueue_slurm(tmp_path: Path) -> None:
    """dask-jobqueue fails on these."""
    both = {"slurm": {"account": "proj", "job-extra": ["--qos=x"]}, "mine": {"cores": 3}}
    with dask.config.set({"jobqueue": both}):
        settings = job_settings(load_presets(tmp_path)["mine"])
    assert (settings["account"], settings["cores"], settings["memory"]) == ("proj", 3, "2GiB")
    assert settings["walltime"] == "00:30:00"
    assert not settings["job-extra-directives"]


def test_nothing_is_laid_over_a_section(tmp_path: Path) -> None:
    both = {"slurm": {"queue": "gpu"}, "mine": section("spider")}
    with dask.config.set({"jobqueue": both}):
        presets = load_presets(tmp_path)
        assert job_settings(presets["mine"])["queue"] == "normal"
        assert job_settings(presets["spider"])["queue"] == "gpu"
        assert job_settings(presets["slurm"])["queue"] == "gpu"


def test_which_sections_are_presets(tmp_path: Path) -> None:
    render_script("c0ffee00", read_options({"cores": 1, "memory": "2GiB"}, {}), PATHS)
    assert "slurm" not in load_presets(tmp_path)
    others = {
        **_shipped(),
        "cheyenne": {**_shipped()["pbs"], "cores": 36},
        "mine": {"cores": 2},
        "odd": 3,
        "empty": {},
    }
    with dask.config.set({"jobqueue": others}):
        found = [
            preset.name for preset in load_presets(tmp_path).values() if preset.source == "jobqueue"
        ]
    assert found == ["mine"]


def test_a_section_of_a_shipped_presets_name_takes_its_place(tmp_path: Path) -> None:
    with dask.config.set({"jobqueue.spider": {"cores": 2, "memory": "15GiB"}}):
        preset = load_presets(tmp_path)["spider"]
        assert (preset.settings["cores"], preset.sites) == (2, ("spider",))
        with dask.config.set({"rsdat.presets.spider": {"cores": 3}}):
            assert load_presets(tmp_path)["spider"].settings["cores"] == 3
