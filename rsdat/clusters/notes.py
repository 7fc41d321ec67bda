"""What is allowed and not quite as it looks: it costs more, or runs with fewer workers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from rsdat.base.units import format_bytes, format_span
from rsdat.clusters.limits import fitting_kinds, in_cores, limits_of, partitions_of, whose
from rsdat.clusters.options import Options
from rsdat.clusters.price import (
    billed_cores,
    granted_cores,
    is_exclusive,
    job_memory_bytes,
    memory_per_core_bytes,
    walltime_s,
)
from rsdat.presets import Preset
from rsdat.queue.interface import Limit, Partition, Site

_SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|MACAROON|_KEY\Z", re.IGNORECASE)


def find_notes(
    options: Options,
    site: Site,
    workers: int = 0,
    *,
    rules: Preset | None = None,
    now: datetime | None = None,
) -> list[str]:
    """One sentence each; arguments as of `find_problems`."""
    notes = [
        f"The value of {name} can be read in the job's script: no place for a secret"
        for name in options.environment
        if _SECRET.search(name)
    ]
    known = partitions_of(options, site)
    if known:
        partition = known[0]
        notes += _size(options, partition, rules)
        if options.walltime is None and (lasts_s := walltime_s(options, partition)):
            notes.append(f"Without a walltime, jobs in {partition.name} get {format_span(lasts_s)}")
        notes += _maintenance(options, site, partition, now)
        notes += _together(options, workers, partition, rules)
        for limit in limits_of(options, site, known):
            notes += _within(options, workers, limit, partition, rules)
    return list(dict.fromkeys(notes))


def _size(options: Options, partition: Partition, rules: Preset | None) -> Iterator[str]:
    granted = granted_cores(options, partition, rules)
    if is_exclusive(options):
        yield f"--exclusive: every worker takes a whole node, {granted} cores"
    elif granted > options.job_cores:
        each = memory_per_core_bytes(partition, rules) or 0
        memory = format_bytes(job_memory_bytes(options) or 0)
        yield (
            f"{memory} on {in_cores(options.job_cores)} become {granted} cores: "
            f"{each // 2**20} MB belong to each core here"
        )
    billed = billed_cores(options, partition, rules)
    share = rules.shares.get(partition.name) if rules else None
    if share is not None and billed > granted:
        yield (
            f"Billed as {billed} cores: {partition.name} is billed in parts of {share.cores} "
            f"cores with {format_bytes(share.memory_bytes)}"
        )


def _maintenance(
    options: Options, site: Site, partition: Partition, now: datetime | None
) -> Iterator[str]:
    lasts_s = walltime_s(options, partition)
    for reservation in site.reservations:
        if not reservation.maintenance or reservation.start is None or now is None:
            continue
        until_s = (reservation.start - now).total_seconds()
        if until_s > 0 and (lasts_s is None or lasts_s > until_s):
            yield (
                f"Maintenance begins in {format_span(until_s)}: jobs that may run for longer wait "
                "until it is over"
            )


def _together(
    options: Options, workers: int, partition: Partition, rules: Preset | None
) -> Iterator[str]:
    cores = granted_cores(options, partition, rules)
    memory = job_memory_bytes(options) or 1
    room = sum(
        kind.nodes
        * min((partition.cores_limit or kind.cores) // cores, kind.memory_bytes // memory)
        for kind in fitting_kinds(options, partition)
    )
    if 0 < room < workers:
        yield f"{partition.name} has room for {room} such workers at once"


def _within(
    options: Options, workers: int, limit: Limit, partition: Partition, rules: Preset | None
) -> Iterator[str]:
    cores, memory = granted_cores(options, partition, rules), job_memory_bytes(options)
    rooms = [(limit.jobs, f"{limit.jobs} jobs")]
    if limit.cores is not None:
        rooms.append((limit.cores // cores, f"{limit.cores} cores"))
    if limit.memory_bytes is not None and memory:
        rooms.append((limit.memory_bytes // memory, f"{format_bytes(limit.memory_bytes)}"))
    # Not by `limit.nodes`: a node may hold several workers.
    room, words = min(
        ((number, text) for number, text in rooms if number),
        default=(None, ""),
    )
    if room is not None and workers > room:
        shared = " for all its users" if limit.shared else ""
        yield f"{whose(limit)} lets {room} of {workers} workers run at once ({words}{shared})"
    lasts_s = walltime_s(options, partition)
    if limit.core_minutes is not None and lasts_s and workers:
        hours, all_hours = workers * cores * lasts_s / 3600, limit.core_minutes / 60
        if hours > all_hours:
            yield f"{hours:g} core-hours in all, and {whose(limit)} has {all_hours:g}"
