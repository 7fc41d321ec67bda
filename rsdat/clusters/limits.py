"""Holds a request against what the site allows, before anything is submitted. Pure.

Slurm accepts most of what it will never start (EnforcePartLimits=NO, its default), and
`sbatch --test-only` says "now" to it: so the limits are read from partitions, accounts and QOS.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from rsdat.base.units import format_bytes, format_span
from rsdat.clusters.directives import directive_value
from rsdat.clusters.options import Options
from rsdat.clusters.price import (
    granted_cores,
    job_memory_bytes,
    memory_per_core_bytes,
    walltime_s,
)
from rsdat.presets import Preset
from rsdat.queue.interface import Limit, NodeKind, Partition, Site
from rsdat.queue.site import split_gres

_FEATURE = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]*")


def find_problems(
    options: Options,
    site: Site,
    workers: int = 0,
    *,
    rules: Preset | None = None,
    now: datetime | None = None,
) -> list[str]:
    """What will be refused, or would wait for ever, one sentence each.

    Args:
        options: One worker job.
        site: As the queue told.
        workers: So many jobs.
        rules: The preset that fits the site, for what Slurm does not tell of it.
        now: For reservations; without it their times are not looked at.
    """
    problems = list(_names(options, site))
    known = partitions_of(options, site)
    if known:
        each = [list(_in_partition(options, partition, site, rules)) for partition in known]
        # Slurm takes the first of several partitions that a job can start in.
        problems += [] if not all(each) else each[0]
        problems += _in_reservation(options, site, known, now)
        for limit in limits_of(options, site, known):
            problems += _over(options, workers, limit, known[0], rules)
    return list(dict.fromkeys(problems))


def partitions_of(options: Options, site: Site) -> list[Partition]:
    """Those that the jobs are submitted to and the site has; the default where none is named."""
    named = directive_value(options.directives, "--partition", "-p") or options.partition
    names = named.split(",") if named else [site.default_partition]
    found = {partition.name: partition for partition in site.partitions}
    return [found[name] for name in names if name in found]


def account_of(options: Options, site: Site) -> str | None:
    """What the jobs are charged to, as far as that is known."""
    named = directive_value(options.directives, "--account", "-A") or options.account
    return named or site.default_account


def qos_of(options: Options, site: Site) -> str | None:
    """The QOS of the jobs: as asked for, or the account's own."""
    named = directive_value(options.directives, "--qos", "-q")
    if named:
        return named
    account = account_of(options, site)
    own = [each.default_qos for each in site.limits if each.name == account and not each.shared]
    return next((name for name in own if name), None)


def limits_of(options: Options, site: Site, partitions: Sequence[Partition]) -> list[Limit]:
    """Limits that hold for the jobs: of their account, their QOS and their partition's QOS."""
    account = account_of(options, site)
    qos = {qos_of(options, site), *(partition.partition_qos for partition in partitions[:1])}
    names = {partition.name for partition in partitions}
    return [
        limit
        for limit in site.limits
        if (limit.kind == "account" and limit.name == account)
        or (limit.kind == "qos" and limit.name in qos)
        if limit.partition is None or limit.partition in names
    ]


def fitting_kinds(options: Options, partition: Partition) -> list[NodeKind]:
    """Nodes of a partition with the features and generic resources that are asked for."""
    gres = _gres(options)
    return [
        kind
        for kind in partition.kinds
        if _has_features(options, kind)
        and all(_count(kind, name, of) >= number for name, of, number in gres)
    ]


def _names(options: Options, site: Site) -> Iterator[str]:
    account = directive_value(options.directives, "--account", "-A") or options.account
    if account and site.accounts and account not in site.accounts:
        yield f"'{account}' is none of your accounts ({', '.join(site.accounts)})"
    names = [partition.name for partition in site.partitions]
    asked = directive_value(options.directives, "--partition", "-p") or options.partition
    for name in asked.split(",") if asked and names else ():
        if name not in names:
            yield f"There is no partition '{name}' here ({', '.join(names)})"
    qos = directive_value(options.directives, "--qos", "-q")
    allowed = {
        name
        for limit in site.limits
        if limit.kind == "account" and limit.name == account_of(options, site)
        for name in limit.qos
    }
    if qos and allowed and qos not in allowed:
        yield f"Your account may not use the QOS '{qos}' ({', '.join(sorted(allowed))})"


def _in_partition(
    options: Options, partition: Partition, site: Site, rules: Preset | None
) -> Iterator[str]:
    name = partition.name
    if partition.state != "UP":
        yield f"Partition {name} is {partition.state}"
    elif partition.nodes_down >= partition.nodes > 0:
        yield f"All nodes of {name} are down or drained"
    asked_s, limit_s = walltime_s(options, partition), partition.walltime_limit_s
    if asked_s is not None and limit_s is not None and asked_s > limit_s:
        yield f"{name} allows {format_span(limit_s)}, you asked for {format_span(asked_s)}"
    yield from _who(options, partition, site)
    if partition.nodes_minimum > 1:
        yield f"Jobs in {name} take at least {partition.nodes_minimum} nodes, a worker takes one"
    yield from _on_a_node(options, partition, site, rules)


def _who(options: Options, partition: Partition, site: Site) -> Iterator[str]:
    name = partition.name
    if partition.reservation_only and not _reservation(options):
        yield f"{name} takes only jobs with a reservation"
    account, qos = account_of(options, site), qos_of(options, site)
    for kind, given, allowed, denied in (
        ("account", account, partition.accounts, partition.denied_accounts),
        ("QOS", qos, partition.qos, partition.denied_qos),
    ):
        if given and allowed is not None and given not in allowed:
            yield f"{name} does not take the {kind} '{given}', only {', '.join(allowed)}"
        elif given and given in denied:
            yield f"{name} does not take the {kind} '{given}'"


def _on_a_node(
    options: Options, partition: Partition, site: Site, rules: Preset | None
) -> Iterator[str]:
    name = partition.name
    missing = list(_missing(options, partition, site))
    yield from missing
    kinds = fitting_kinds(options, partition)
    if not kinds:
        if not missing:
            yield f"No node of {name} has all of {_wanted(options)}"
        return
    cores, memory = options.job_cores, job_memory_bytes(options)
    most_cores = max(kind.cores for kind in kinds)
    most_memory = max(kind.memory_bytes for kind in kinds)
    if cores > most_cores:
        yield f"A node of {name} has {most_cores} cores, not {cores}"
    elif partition.cores_limit is not None and cores > partition.cores_limit:
        yield f"{name} lets jobs use {partition.cores_limit} cores of a node, not {cores}"
    limit = partition.memory_limit_bytes
    if memory is not None and memory > most_memory:
        yield f"A node of {name} has {format_bytes(most_memory)} of memory, not {_memory(options)}"
    elif memory is not None and limit is not None and memory > limit:
        yield (
            f"{name} lets jobs use {format_bytes(limit)} of memory on a node, "
            f"not {_memory(options)}"
        )
    granted = granted_cores(options, partition, rules)
    if cores <= most_cores and (memory or 0) <= most_memory:
        if granted > most_cores:
            each = memory_per_core_bytes(partition, rules) or 0
            yield (
                f"{_memory(options)} of memory take {granted} cores here ({format_bytes(each)} "
                f"belong to each), and a node of {name} has {most_cores}"
            )
        elif not any(k.cores >= granted and k.memory_bytes >= (memory or 0) for k in kinds):
            yield f"No node of {name} has both {granted} cores and {_memory(options)} of memory"


def _missing(options: Options, partition: Partition, site: Site) -> Iterator[str]:
    everywhere = {feature for each in site.partitions for feature in each.features}
    for feature in _features(options):
        if feature not in everywhere:
            yield f"No node here has the feature '{feature}'{_list(everywhere)}"
        elif feature not in partition.features and "|" not in (_constraint(options) or ""):
            yield f"No node of {partition.name} has the feature '{feature}'"
    for name, of, number in _gres(options):
        most = max((_count(kind, name, of) for kind in partition.kinds), default=0)
        text = f"{name}:{of}" if of else name
        if most == 0:
            yield f"No node of {partition.name} has '{text}'{_list(partition.gres)}"
        elif number > most:
            yield f"A node of {partition.name} has {most} of '{text}', not {number}"


def _in_reservation(
    options: Options, site: Site, partitions: Sequence[Partition], now: datetime | None
) -> Iterator[str]:
    asked = _reservation(options)
    known = {reservation.name: reservation for reservation in site.reservations}
    for name in asked.split(",") if asked else ():
        found = known.get(name)
        if found is None:
            yield f"There is no reservation '{name}' here{_list(known)}"
            continue
        if found.maintenance:
            yield f"The reservation '{name}' is for maintenance"
        account = account_of(options, site)
        # By whose users a job may also come in; who that is, is not known here.
        only = found.accounts if not (found.users or found.groups) else ()
        if only and account and account not in only:
            yield f"The reservation '{name}' is for {', '.join(only)}, not for '{account}'"
        if found.partition and found.partition not in {each.name for each in partitions}:
            yield f"The reservation '{name}' is in the partition {found.partition}"
        lasts_s = walltime_s(options, partitions[0])
        if now and found.end and lasts_s is not None:
            left_s = (found.end - max(now, found.start or now)).total_seconds()
            if lasts_s > left_s:
                yield (
                    f"The reservation '{name}' has {format_span(max(left_s, 0))} left, "
                    f"you asked for {format_span(lasts_s)}"
                )


def _over(
    options: Options, workers: int, limit: Limit, partition: Partition, rules: Preset | None
) -> Iterator[str]:
    who = whose(limit)
    cores, memory = granted_cores(options, partition, rules), job_memory_bytes(options) or 0
    lasts_s = walltime_s(options, partition)
    if limit.walltime_s is not None and lasts_s is not None and lasts_s > limit.walltime_s:
        yield f"{who} allows {format_span(limit.walltime_s)}, you asked for {format_span(lasts_s)}"
    most_cores = _least(limit.cores_per_job, limit.cores)
    if most_cores is not None and cores > most_cores:
        yield f"{who} allows {in_cores(most_cores)}, and a worker takes {cores}"
    most_memory = _least(limit.memory_per_job_bytes, limit.memory_bytes)
    if most_memory is not None and memory > most_memory:
        yield f"{who} allows {format_bytes(most_memory)} of memory, not {_memory(options)}"
    if limit.submitted is not None and workers > limit.submitted:
        yield f"{who} allows {limit.submitted} jobs in the queue, not {workers}: more are refused"
    if limit.jobs == 0 or limit.nodes == 0:
        yield f"{who} allows no jobs at all"
    if limit.core_minutes is not None and lasts_s and cores * lasts_s / 60 > limit.core_minutes:
        hours = limit.core_minutes / 60
        yield f"One worker takes {cores * lasts_s / 3600:g} core-hours, {who} has {hours:g} in all"


def whose(limit: Limit) -> str:
    """`Account proj`, as a sentence begins."""
    return f"{'Account' if limit.kind == 'account' else 'QOS'} {limit.name}"


def in_cores(number: int) -> str:
    """`1 core`, `2 cores`."""
    return f"{number} core{'' if number == 1 else 's'}"


def _constraint(options: Options) -> str | None:
    return directive_value(options.all_directives, "--constraint", "-C")


def _reservation(options: Options) -> str | None:
    return directive_value(options.all_directives, "--reservation")


def _gres(options: Options) -> list[tuple[str, str | None, int]]:
    asked = directive_value(options.all_directives, "--gres")
    parts = asked.split(",") if asked and asked.lower() != "none" else []
    # `--gpus-per-node` and its like are left to Slurm.
    return [split_gres(part.removeprefix("gres/")) for part in parts if part]


def _features(options: Options) -> list[str]:
    # Without counts: `[rack1*2&rack2*4]`.
    return _FEATURE.findall(re.sub(r"\*\d+", "", _constraint(options) or ""))


def _has_features(options: Options, kind: NodeKind) -> bool:
    asked = _features(options)
    text = _constraint(options) or ""
    if not asked or set("()[]") & set(text) or ("|" in text and "&" in text):
        return True  # not to be judged here
    found = [feature in kind.features for feature in asked]
    return any(found) if "|" in text else all(found)


def _count(kind: NodeKind, name: str, of: str | None) -> int:
    there = (split_gres(text) for text in kind.gres)
    return sum(number for n, each, number in there if n == name and of in (None, each))


def _wanted(options: Options) -> str:
    gres = directive_value(options.all_directives, "--gres")
    return " and ".join(each for each in (_constraint(options), gres) if each)


def _memory(options: Options) -> str:
    given = options.more.get("job-mem")
    return str(given) if given is not None else options.memory


def _least(*numbers: int | None) -> int | None:
    return min((number for number in numbers if number is not None), default=None)


def _list(names: Iterable[str]) -> str:
    known = sorted(names)
    return f" ({', '.join(known)})" if known else ""
