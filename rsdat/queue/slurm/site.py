"""Configuration, partitions and reservations as Slurm prints them. Pure: text in, facts out."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from rsdat.base.errors import InvalidInput
from rsdat.base.units import parse_walltime_s
from rsdat.queue.site import NodeKind, Partition, Reservation

#: Partition, nodes (allocated/idle/other/all), CPUs, MB, features and gres; with `-e` one line for
#: each kind of node.
SINFO_FORMAT = "%R|%F|%c|%m|%f|%G"
_MEGABYTE = 2**20  # Slurm's M
_NOTHING = frozenset({"", "(null)", "N/A", "NONE", "UNLIMITED", "ALL"})


def parse_config(text: str) -> dict[str, str]:
    """What `scontrol show config` prints."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, _, value in pairs}


def message_timeout_s(config: dict[str, str]) -> int | None:
    """How long Slurm's commands wait for an answer: `MessageTimeout = 10 sec`."""
    return number(config, "MessageTimeout")


def number(facts: dict[str, str], key: str) -> int | None:
    """The number that a value begins with, `10 sec`; None where there is none."""
    match = re.match(r"\d+", facts.get(key, ""))
    return int(match[0]) if match else None


def array_limit(config: dict[str, str]) -> int | None:
    """Most tasks of one job array; 0: there are none. None where the configuration says nothing.

    man slurm.conf: the highest index is one less than `MaxArraySize`, and `max_array_tasks` of
    `SchedulerParameters` may be lower.
    """
    lower = re.search(r"\bmax_array_tasks=(\d+)", config.get("SchedulerParameters", ""))
    limits = [number(config, "MaxArraySize"), int(lower[1]) if lower else None]
    return min((limit for limit in limits if limit is not None), default=None)


def parse_partitions(
    scontrol: str, sinfo: str, config: dict[str, str] | None = None
) -> tuple[Partition, ...]:
    """Partitions from `scontrol -o show partition` and `sinfo -h -e -o SINFO_FORMAT`.

    Those without a node are left out: nothing can run there.

    Args:
        scontrol: What the first prints.
        sinfo: What the second prints.
        config: For the memory limits of partitions that have none of their own.
    """
    kinds = _node_kinds(sinfo)
    partitions = []
    for line in scontrol.splitlines():
        facts = _facts(line)
        name = facts.get("PartitionName")
        if not name or name not in kinds:
            continue
        here = kinds[name]
        # One value in Slurm, per core or per node; a partition's own hides the site's.
        per_core, per_node = _memory(facts, config or {}, "MaxMemPer")
        default_per_core, _ = _memory(facts, config or {}, "DefMemPer")
        partitions.append(
            Partition(
                name=name,
                default=facts.get("Default") == "YES",
                state=facts.get("State", "UNKNOWN"),
                nodes=sum(kind.nodes for kind, _ in here),
                cores_per_node=min(kind.cores for kind, _ in here),
                memory_per_node_bytes=min(kind.memory_bytes for kind, _ in here),
                walltime_limit_s=_limit_s(facts.get("MaxTime", "UNLIMITED")),
                walltime_default_s=_limit_s(facts.get("DefaultTime", "NONE")),
                nodes_down=sum(down for _, down in here),
                nodes_minimum=max(number(facts, "MinNodes") or 1, 1),
                nodes_limit=number(facts, "MaxNodes"),
                cores_limit=number(facts, "MaxCPUsPerNode"),
                memory_limit_bytes=per_node,
                memory_per_core_default_bytes=default_per_core,
                memory_per_core_limit_bytes=per_core,
                accounts=_names(facts, "AllowAccounts") or None,
                denied_accounts=_names(facts, "DenyAccounts"),
                groups=_names(facts, "AllowGroups") or None,
                qos=_names(facts, "AllowQos") or None,
                denied_qos=_names(facts, "DenyQos"),
                partition_qos=_known(facts, "QoS"),
                reservation_only=facts.get("ReqResv") == "YES",
                node_kinds=tuple(
                    sorted((kind for kind, _ in here), key=_size, reverse=True),
                ),
            )
        )
    return tuple(partitions)


def parse_reservations(text: str) -> tuple[Reservation, ...]:
    """What `scontrol -o show reservation` prints, with `SLURM_TIME_FORMAT=%s`."""
    found = []
    for line in text.splitlines():
        facts = _facts(line)
        if "ReservationName" in facts:
            found.append(
                Reservation(
                    name=facts["ReservationName"],
                    active=facts.get("State") == "ACTIVE",
                    start=_time(facts, "StartTime"),
                    end=_time(facts, "EndTime"),
                    partition=_known(facts, "PartitionName"),
                    nodes=number(facts, "NodeCnt") or 0,
                    users=_names(facts, "Users"),
                    accounts=_names(facts, "Accounts"),
                    groups=_names(facts, "Groups"),
                    maintenance="MAINT" in facts.get("Flags", "").split(","),
                )
            )
    return tuple(found)


def parse_accounts(text: str, cluster: str | None) -> tuple[str, ...]:
    """Accounts from `sacctmgr -nP show assoc format=Cluster,Account…`, in its order, once each."""
    accounts: dict[str, None] = {}
    for line in text.splitlines():
        there, account, *_ = [*line.strip().split("|"), ""]
        if account and cluster in (None, there):
            accounts[account] = None
    return tuple(accounts)


def _facts(line: str) -> dict[str, str]:
    return dict(word.partition("=")[::2] for word in line.split() if "=" in word)


def _known(facts: dict[str, str], key: str) -> str | None:
    value = facts.get(key, "")
    return None if value.upper() in _NOTHING or value in _NOTHING else value


def _names(facts: dict[str, str], key: str) -> tuple[str, ...]:
    value = _known(facts, key)
    return tuple(name for name in value.split(",") if name) if value else ()


def _time(facts: dict[str, str], key: str) -> datetime | None:
    value = facts.get(key, "")
    return datetime.fromtimestamp(int(value), timezone.utc) if value.isdigit() else None


def _memory(
    facts: dict[str, str], config: dict[str, str], key: str
) -> tuple[int | None, int | None]:
    """Bytes for each core, or on each node: the partition's if it has one, else the site's."""
    for source in (facts, config):
        per_core, per_node = number(source, f"{key}CPU"), number(source, f"{key}Node")
        if per_core or per_node:
            return (
                per_core * _MEGABYTE if per_core else None,
                per_node * _MEGABYTE if per_node and not per_core else None,
            )
    return None, None


def _node_kinds(sinfo: str) -> dict[str, list[tuple[NodeKind, int]]]:
    """By partition: kinds of nodes, and how many of each are out of use."""
    kinds: dict[str, list[tuple[NodeKind, int]]] = {}
    for line in sinfo.splitlines():
        # Features come from the administrator and gres last, so these two may hold anything.
        fields = [field.strip() for field in line.split("|", 5)]
        if len(fields) < 6:
            continue
        name, nodes, cores, megabytes, features, gres = fields
        counts = nodes.split("/")
        # Without `-e` a mixed group carries a `+`; some versions print it all the same.
        sizes = [cores.rstrip("+"), megabytes.rstrip("+")]
        if len(counts) == 4 and all(text.isdigit() for text in (*counts, *sizes)):
            kind = NodeKind(
                nodes=int(counts[3]),
                cores=int(sizes[0]),
                memory_bytes=int(sizes[1]) * _MEGABYTE,
                features=_list(features),
                # `gpu:a100:4(S:0-1,3)`: the commas of sockets part nothing.
                gres=() if gres == "(null)" else _list(re.sub(r"\([^)]*\)", "", gres)),
            )
            if kind.nodes:
                kinds.setdefault(name, []).append((kind, int(counts[2])))
    return kinds


def _size(kind: NodeKind) -> tuple[int, int]:
    return kind.cores, kind.memory_bytes


def _list(text: str) -> tuple[str, ...]:
    return () if text in _NOTHING else tuple(each for each in text.split(",") if each)


def _limit_s(text: str) -> int | None:
    try:
        return parse_walltime_s(text)
    except InvalidInput:  # `NONE`
        return None
