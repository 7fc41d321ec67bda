"""What a worker job is given and billed, which may be more than it asks for. Pure."""

from __future__ import annotations

import math

from rsdat.base.errors import InvalidInput
from rsdat.base.units import parse_bytes, parse_walltime_s
from rsdat.clusters.directives import directive_value
from rsdat.clusters.options import Options
from rsdat.presets import Preset
from rsdat.queue.interface import Partition


def job_memory_bytes(options: Options) -> int | None:
    """Memory that Slurm is asked for; None for all of a node, or where the site decides.

    Source: man sbatch, `--mem`: megabytes where no unit is given, 0 for all of a node.
    """
    if any(skip in "#SBATCH --mem=" for skip in options.more.get("job-directives-skip") or ()):
        return None
    text = options.job_memory
    return parse_bytes(f"{text}M" if text.isdigit() else text) or None


def memory_per_core_bytes(partition: Partition, rules: Preset | None) -> int | None:
    """What belongs to each core: as Slurm says, or as is known of the site."""
    return partition.memory_per_core_limit_bytes or (rules.memory_per_core_bytes if rules else None)


def granted_cores(options: Options, partition: Partition, rules: Preset | None) -> int:
    """Cores of one job: Slurm adds some where it asks for more memory than its cores bring.

    Source: man slurm.conf, MaxMemPerCPU; seen on 22.05.8 (20000 MB on one core at 8000: 3 cores).
    """
    if is_exclusive(options):
        return max(partition.kinds[0].cores, options.job_cores)
    memory, per_core = job_memory_bytes(options), memory_per_core_bytes(partition, rules)
    if memory is None or per_core is None:
        return options.job_cores
    return max(options.job_cores, math.ceil(memory / per_core))


def billed_cores(options: Options, partition: Partition, rules: Preset | None) -> int:
    """Cores that one job is charged for: whole shares of a node, where the site bills in shares."""
    cores = granted_cores(options, partition, rules)
    share = rules.shares.get(partition.name) if rules else None
    if share is None:
        return cores
    memory = job_memory_bytes(options) or 0
    shares = max(math.ceil(cores / share.cores), math.ceil(memory / share.memory_bytes))
    return shares * share.cores


def is_exclusive(options: Options) -> bool:
    """Whether a job has its node for itself."""
    return directive_value(options.directives, "--exclusive") in ("", "user")


def walltime_s(options: Options, partition: Partition | None) -> int | None:
    """How long a job may run: as asked for, or as the partition gives; None is no limit."""
    asked = directive_value(options.directives, "--time", "-t") or options.walltime
    if asked:
        try:
            return parse_walltime_s(asked)
        except InvalidInput:  # sbatch will say so
            return options.walltime_s
    if partition is None:
        return None
    return partition.walltime_default_s or partition.walltime_limit_s


def core_hours(
    options: Options,
    workers: int,
    partition: Partition | None = None,
    rules: Preset | None = None,
) -> float:
    """If every worker lives for its whole walltime; 0 where that has no end."""
    hours = (walltime_s(options, partition) or 0) / 3600
    return round(per_hour(options, workers, partition, rules) * hours, 3)


def per_hour(
    options: Options, workers: int, partition: Partition | None, rules: Preset | None
) -> int:
    """Core-hours that an hour costs while all workers run."""
    one = options.job_cores if partition is None else billed_cores(options, partition, rules)
    return workers * one
