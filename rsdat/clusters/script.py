"""Renders the batch script of a worker job, with dask-jobqueue's public renderer.

So a user's configuration keeps its meaning. What the renderer does otherwise than we need is
changed here and pinned by golden files: no `exec`, the whole job's memory as the worker's limit, a
job name and log files of its own.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask.config

from rsdat.base.errors import InvalidInput
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.leaving import leave_before_s
from rsdat.clusters.options import Options
from rsdat.clusters.renderer import slurm_job_class

#: Memory of a job that is its nanny's and not its worker's.
NANNY_BYTES = 256 * 2**20
DEATH_TIMEOUT_S = 60
_SECTION = "rsdat-renderer"
_EXPANDING = re.compile(r"[A-Za-z0-9_./@:%+~,={}$-]+")

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
    shared: Path

    @classmethod
    def of(cls, folder: ClusterFolder, home: Path) -> ScriptPaths:
        """Those of a cluster."""
        nanny = folder.preloads / "rsdat_nanny.py"
        return cls(folder.dask, home, folder.scheduler_file, nanny, folder.shared)


def render_script(
    cluster_id: str,
    options: Options,
    paths: ScriptPaths,
    *,
    resources: Mapping[str, float] | None = None,
    directives: Sequence[str] = (),
) -> str:
    """The script for one worker job; array, job name and output are the queue's affair.

    Code chooses among workers by their Dask `resources`; `directives` are more lines for sbatch,
    without their `#SBATCH`. Imports dask-jobqueue, half a second the
    first time: call it in a thread.
    """
    more = options.more
    processes = options.processes
    worker_bytes = max(options.memory_bytes - NANNY_BYTES, options.memory_bytes // 2)
    lines, command = render_job(
        options,
        _exports(options, paths),
        directives=directives,
        scheduler=f"--scheduler-file {shlex.quote(str(paths.scheduler_file))}",
        # The shell of the job expands these; they come from the queue, whatever it is.
        name=f"{cluster_id}-${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}",
        memory=f"{worker_bytes}B",
        processes=processes,
        local_directory=options.local_directory,
        interface=options.interface,
        death_timeout=more.get("death-timeout") or DEATH_TIMEOUT_S,
        python=job_python(options, paths),
        worker_extra_args=[
            "--no-dashboard",
            "--dashboard-address",
            "127.0.0.1:0",
            # Not by configuration: `dask worker` gives its nannies an empty list when the option
            # is absent, and that hides `distributed.nanny.preload` (distributed 2026.8).
            "--preload-nanny",
            shlex.quote(_preload(paths.nanny_preload)),
            *_resources(resources or {}),
            *(str(argument) for argument in more.get("worker-extra-args") or ()),
        ],
        worker_command=more.get("worker-command") or "distributed.cli.dask_worker",
    )
    # Signals for the batch shell must reach the nanny: there may be no shell between.
    return "\n".join([*lines, f"exec {command}"]) + "\n"


def render_job(
    options: Options, exports: Sequence[str], *, directives: Sequence[str] = (), **worker: Any
) -> tuple[list[str], str]:
    """The lines of a job's script before its command, and the command of a worker.

    Args:
        options: What the job asks for.
        exports: Lines after the user's own prologue.
        directives: More lines for sbatch, without their `#SBATCH`.
        worker: What else dask-jobqueue's renderer takes.
    """
    dask.config.update_defaults({"jobqueue": {_SECTION: _NOTHING}})
    more = options.more
    job = slurm_job_class()(
        config_name=_SECTION,
        cores=options.cores,
        job_mem=options.job_memory,
        job_cpu=more.get("job-cpu"),
        queue=options.partition,
        account=options.account,
        walltime=options.walltime,
        shebang=more.get("shebang") or "#!/usr/bin/env bash",
        job_script_prologue=[*options.prologue, *exports],
        job_extra_directives=["--no-requeue", *directives, *options.all_directives],
        job_directives_skip=list(more.get("job-directives-skip") or ()),
        **worker,
    )
    *lines, command = job.job_script().rstrip("\n").split("\n")
    return lines, command


def _resources(resources: Mapping[str, float]) -> list[str]:
    if not resources:
        return []
    # As `dask worker` takes them: one text, with blanks between.
    text = " ".join(f"{name}={amount:.15g}" for name, amount in resources.items())
    return ["--resources", shlex.quote(text)]


def _exports(options: Options, paths: ScriptPaths) -> list[str]:
    # After the user's own lines, so that none of them takes the keys away.
    task = '"${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"'
    ask = f"RSDAT_TIME_LEFT=$(timeout 10 squeue -h -j {task} -o %L 2>/dev/null)"
    # SECONDS is what bash has counted since the script began; other shells don't.
    walltime_s = options.walltime_s
    known = "" if walltime_s is None else f"$(({walltime_s} - ${{SECONDS:-0}}))"
    return [
        *(f"export {name}={shlex.quote(value)}" for name, value in options.environment.items()),
        f"export DASK_CONFIG={shlex.quote(str(paths.dask_config))}",
        f"export RSDAT_HOME={shlex.quote(str(paths.home))}",
        f"export RSDAT_SHARED={shlex.quote(str(paths.shared))}",
        f"export RSDAT_LEAVE_BEFORE_S={leave_before_s():g}",
        # How long is left and not when it ends: the clocks of the nodes may differ. The local
        # queue has said when.
        f'[ -n "${{RSDAT_ENDS_AT:-}}" ] || {ask} || :',
        f'export RSDAT_TIME_LEFT="${{RSDAT_TIME_LEFT:-{known}}}" RSDAT_ASKED_AT="$(date +%s)"',
    ]


def job_python(options: Options, paths: ScriptPaths) -> str:
    """What stands before `-m`: the companion's Python, the user's, or one in an image."""
    if options.image is None:
        # A user's own may be a command of several words.
        return options.python or shlex.quote(sys.executable)
    # Keys, preloads and scheduler file lie in the home, and tasks may look for more of it there.
    shared = [shlex.quote(_bindable(str(paths.home)))]
    if options.local_directory:
        shared.append(options.local_directory)
    shared.extend(_expanding(bind) for bind in options.binds)
    flags = " ".join(f"--bind {bind}" for bind in shared)
    # It passes signals on, and has become the job's process itself: see `exec` above.
    return f"apptainer exec {flags} {_expanding(options.image)} {options.python or 'python'}"


def _bindable(path: str) -> str:
    if "," in path or ":" in path:
        raise InvalidInput(
            f"'{path}' can't be seen from an image: there is a comma or a colon in it",
            hint="Choose another RSDAT_HOME.",
        )
    return path


def _expanding(word: str) -> str:
    """A word of the command line in which `$USER` and the like mean what they say."""
    return word if _EXPANDING.fullmatch(word) else shlex.quote(word)


def _preload(path: Path) -> str:
    # As text and not as a path: of files Dask makes a copy in the local directory, under the same
    # name for all workers there, and one that is just being written is read by others.
    name = json.dumps(str(path), ensure_ascii=False)
    return f'exec(compile(open({name}, encoding="utf-8").read(), "{path.name}", "exec"))'
