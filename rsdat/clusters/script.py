"""Renders the batch script of a worker job, with dask-jobqueue's public renderer.

So a user's configuration keeps its meaning. What the renderer does otherwise than we need is
changed here and pinned by golden files: no `exec`, the whole job's memory as the worker's limit, a
job name and log files of its own.
"""

from __future__ import annotations

import math
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask.config

from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.options import Options
from rsdat.clusters.renderer import slurm_job_class

#: Memory of a job that is its nanny's and not its worker's.
NANNY_BYTES = 256 * 2**20
DEATH_TIMEOUT_S = 60
_SECTION = "rsdat-renderer"

# The renderer looks up in `jobqueue.<section>` what it is not given. Ours says nothing, so that
# only the options decide, and old keys of a user's section don't come in by the back door.
_NOTHING: dict[str, Any] = {
    "shebang": "#!/usr/bin/env bash",
    "worker-command": "distributed.cli.dask_worker",
    "worker-extra-args": [],
    "job-script-prologue": [],
    "job-extra-directives": [],
    "job-directives-skip": [],
    **dict.fromkeys(
        (
            *("name", "cores", "memory", "processes", "python", "interface", "death-timeout"),
            *("local-directory", "queue", "account", "walltime", "job-cpu", "job-mem"),
            *("log-directory", "extra", "job-extra", "env-extra", "header-skip", "project"),
        )
    ),
}


@dataclass(frozen=True)
class ScriptPaths:
    """What a worker script refers to; all absolute, on a file system that the nodes share."""

    dask_config: Path
    home: Path
    scheduler_file: Path
    nanny_preload: Path

    @classmethod
    def of(cls, folder: ClusterFolder, home: Path) -> ScriptPaths:
        """Those of a cluster."""
        nanny = folder.preloads / "rsdat_nanny.py"
        return cls(folder.dask, home, folder.scheduler_file, nanny)


def render_script(cluster_id: str, options: Options, paths: ScriptPaths) -> str:
    """The script for one worker job; array, job name and output are the queue's affair.

    Imports dask-jobqueue, half a second the first time: call it in a thread.
    """
    dask.config.update_defaults({"jobqueue": {_SECTION: _NOTHING}})
    more = options.more
    processes = options.processes
    worker_bytes = max(options.memory_bytes - NANNY_BYTES, options.memory_bytes // 2)
    job = slurm_job_class()(
        config_name=_SECTION,
        scheduler=f"--scheduler-file {shlex.quote(str(paths.scheduler_file))}",
        # The shell of the job expands these; they come from the queue, whatever it is.
        name=f"{cluster_id}-${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}",
        cores=options.cores,
        memory=f"{worker_bytes}B",
        job_mem=more.get("job-mem") or f"{math.ceil(options.memory_bytes / 2**20)}M",
        job_cpu=more.get("job-cpu"),
        processes=processes,
        queue=options.partition,
        account=options.account,
        walltime=options.walltime,
        local_directory=options.local_directory,
        interface=options.interface,
        death_timeout=more.get("death-timeout") or DEATH_TIMEOUT_S,
        python=more.get("python") or shlex.quote(sys.executable),
        shebang=more.get("shebang") or "#!/usr/bin/env bash",
        job_script_prologue=[*options.prologue, *_exports(paths)],
        job_extra_directives=["--no-requeue", *options.directives],
        job_directives_skip=list(more.get("job-directives-skip") or ()),
        worker_extra_args=[
            "--no-dashboard",
            "--dashboard-address",
            "127.0.0.1:0",
            # Not by configuration: `dask worker` gives its nannies an empty list when the option
            # is absent, and that hides `distributed.nanny.preload` (distributed 2026.8).
            "--preload-nanny",
            shlex.quote(str(paths.nanny_preload)),
            *(str(argument) for argument in more.get("worker-extra-args") or ()),
        ],
        worker_command=more.get("worker-command") or "distributed.cli.dask_worker",
    )
    *lines, command = job.job_script().rstrip("\n").split("\n")
    # Signals for the batch shell must reach the nanny: there may be no shell between.
    return "\n".join([*lines, f"exec {command}"]) + "\n"


def _exports(paths: ScriptPaths) -> list[str]:
    # After the user's own lines, so that none of them takes the keys away.
    return [
        f"export DASK_CONFIG={shlex.quote(str(paths.dask_config))}",
        f"export RSDAT_HOME={shlex.quote(str(paths.home))}",
    ]
