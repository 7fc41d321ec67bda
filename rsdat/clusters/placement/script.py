"""Renders the batch script of a scheduler's own job: the workers' frame, another command."""

from __future__ import annotations

import shlex
from dataclasses import replace

from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.options import Options
from rsdat.clusters.script import ScriptPaths, job_python, render_job

START = "rsdat_start.py"


def render_scheduler(
    folder: ClusterFolder, options: Options, paths: ScriptPaths, *, local: bool
) -> str:
    """The script; array, job name and output are the queue's affair.

    Imports dask-jobqueue, half a second the first time: call it in a thread.

    Args:
        folder: The cluster's.
        options: What the job asks for.
        paths: As of the workers' scripts.
        local: It runs on this computer, and needs no address that others reach.
    """
    # First, so that what the prologue says can be read there, too.
    framed = replace(options, prologue=(_log(folder), *options.prologue))
    lines, _ = render_job(
        framed,
        [
            *(f"export {name}={shlex.quote(value)}" for name, value in options.environment.items()),
            f"export DASK_CONFIG={shlex.quote(str(paths.dask_config))}",
            f"export RSDAT_HOME={shlex.quote(str(paths.home))}",
            f"export RSDAT_SHARED={shlex.quote(str(paths.shared))}",
        ],
        # Their command is not used; the renderer wants it whole.
        scheduler="--scheduler-file -",
        name="scheduler",
        memory=f"{options.memory_bytes}B",
        processes=1,
    )
    command = [
        "exec",
        job_python(options, paths),
        shlex.quote(str(folder.preloads / START)),
        shlex.quote(_where(options, local=local)),
        "--protocol tls --port 0 --scheduler-file",
        shlex.quote(str(paths.scheduler_file)),
    ]
    return "\n".join([*lines, " ".join(command)]) + "\n"


def _where(options: Options, *, local: bool) -> str:
    if options.interface:
        return f"interface={options.interface}"
    return "address=127.0.0.1" if local else "node"


def _log(folder: ClusterFolder) -> str:
    # The job's own log by another name, so that it holds Slurm's last words; where that can't be,
    # another file.
    task = '"${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}.log"'
    log = shlex.quote(str(folder.scheduler_log))
    return f"ln {shlex.quote(str(folder.logs))}/{task} {log} 2>/dev/null || exec >>{log} 2>&1"
