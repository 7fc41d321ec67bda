"""Holds a request against what the site offers, before anything is submitted. Pure."""

from __future__ import annotations

from typing import Any

from rsdat.base.units import format_bytes, format_walltime
from rsdat.clusters.options import Options
from rsdat.queue.interface import Site


def find_problems(options: Options, site: Site) -> list[str]:
    """What will be refused, or would wait for ever, one sentence each.

    `sbatch --test-only` accepts most of this: the limits are read from the partitions themselves.
    """
    problems = []
    if options.account and site.accounts and options.account not in site.accounts:
        problems.append(
            f"'{options.account}' is none of your accounts ({', '.join(site.accounts)})"
        )
    partitions = {partition.name: partition for partition in site.partitions}
    if not partitions:
        return problems
    names = (options.partition or "").split(",") if options.partition else []
    problems.extend(
        f"There is no partition '{name}' here ({', '.join(partitions)})"
        for name in names
        if name not in partitions
    )
    if not names:
        names = [partition.name for partition in site.partitions if partition.default]
    known = [partitions[name] for name in names if name in partitions]
    if not known:
        return problems
    if all(partition.state != "UP" for partition in known):
        problems.append(f"Partition {known[0].name} is {known[0].state}")
    cores = max(partition.cores_per_node for partition in known)
    if options.cores > cores:
        problems.append(f"A node of {known[0].name} has {cores} cores, not {options.cores}")
    memory = max(partition.memory_per_node_bytes for partition in known)
    if options.memory_bytes > memory:
        problems.append(
            f"A node of {known[0].name} has {format_bytes(memory)} of memory, not {options.memory}"
        )
    limits = [partition.walltime_limit_s for partition in known]
    longest = None if None in limits else max(limit for limit in limits if limit is not None)
    if options.walltime_s is not None and longest is not None and options.walltime_s > longest:
        problems.append(
            f"Jobs in {known[0].name} may run for {format_walltime(longest)}, "
            f"not {format_walltime(options.walltime_s)}"
        )
    return problems


def core_hours(options: Options, workers: int) -> float:
    """If every worker lives for its whole walltime; 0 where that has no end."""
    walltime_s = options.walltime_s or 0
    return round(workers * options.cores * walltime_s / 3600, 3)


def site_dict(site: Site) -> list[dict[str, Any]]:
    """The partitions as the REST interface has them."""
    return [
        {
            "name": partition.name,
            "default": partition.default,
            "state": partition.state,
            "nodes": partition.nodes,
            "cores_per_node": partition.cores_per_node,
            "memory_per_node": partition.memory_per_node_bytes,
            "walltime_limit": partition.walltime_limit_s,
        }
        for partition in site.partitions
    ]
