"""The environment that batch jobs get from us: the user's, without secrets and outer jobs."""

from __future__ import annotations

from collections.abc import Mapping

#: Jupyter's and JupyterHub's own; all that they hold is meant for the server alone.
_FOREIGN = ("JUPYTER", "JPY_", "CONFIGPROXY_")
#: Defaults that change what Slurm's commands print, which we then could not read.
_OUTPUT_DEFAULTS = ("SQUEUE_", "SACCT_", "SINFO_", "SCANCEL_", "SCONTROL_")


def job_environment(env: Mapping[str, str]) -> dict[str, str]:
    """What of our environment a job may inherit.

    Dropped are `SLURM_*` of a job we ourselves run in (an inner job would take the outer one's
    array ids for its own), Jupyter's variables, and tokens (`*_TOKEN`). Kept are `SLURM_CONF`,
    the user's defaults for sbatch (`SBATCH_*`), and `FSSPEC_*`: what the user configured there
    for dCache is meant for the workers as well.
    """
    return {name: value for name, value in env.items() if _inherited(name)}


def _inherited(name: str) -> bool:
    if name == "SBATCH_WAIT":  # sbatch would answer only when the jobs have ended
        return False
    if name == "SLURM_CONF" or name.startswith(("SBATCH_", "FSSPEC_")):
        return True
    if name.startswith(("SLURM_", "SLURMD_", *_FOREIGN, *_OUTPUT_DEFAULTS)):
        return False
    # Of the job we ourselves run in.
    if name in ("RSDAT_ENDS_AT", "RSDAT_TIME_LEFT", "RSDAT_SHARED"):
        return False
    return not name.endswith("_TOKEN")


def question_environment(env: Mapping[str, str]) -> dict[str, str]:
    """For commands that submit nothing: times as seconds since 1970, array ids in full.

    Source: man squeue, ENVIRONMENT VARIABLES: `SLURM_TIME_FORMAT` takes any strftime format;
    `SLURM_BITSTR_LEN` cuts `1_[0,2,4,…]` at 64 characters unless it is 0.
    """
    return {**job_environment(env), "SLURM_TIME_FORMAT": "%s", "SLURM_BITSTR_LEN": "0"}
